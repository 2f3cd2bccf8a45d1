//! Bugs that stand before the emulator: each takes one rule away, and the law that names the rule must break.

use std::sync::Arc;

use dadosfera_conformance::engine::Call;
use dadosfera_conformance::front::{Behind, BoxFuture, Reply};
use dadosfera_conformance::laws;
use dadosfera_conformance::target::PlantedBug;
use libtest_mimic::Failed;
use serde_json::{Value, json};

use crate::answers::*;

/// One rule taken away.
pub(crate) struct Bug {
    /// What is wrong.
    pub(crate) name: &'static str,
    /// The law that must notice.
    pub(crate) law: &'static str,
    /// How a request is answered instead.
    answer: for<'a> fn(&'a Emulated, Call) -> BoxFuture<'a, Reply>,
}

struct Planted {
    emulated: Emulated,
    bug: &'static Bug,
}

/// Laws that no planted bug breaks yet. A law leaves this list when it has one.
const NOT_PROVEN: &[&str] = &[
    "api.reads",
    "auth.refresh-confusion",
    "auth.refresh-rotation",
    "auth.sign-in",
    "auth.token-form",
    "bodies.half",
    "ids.no-uuid",
    "ids.strange",
    "jobs.sync-mode-refused",
    "keys.unknown-permission",
    "permissions.matrix",
    "pipelines.invalid",
    "pipelines.update",
    "runs.absent",
    "runs.pause",
    "runs.schedule",
    "tenants.names",
];

pub(crate) const BUGS: &[Bug] = &[
    Bug {
        name: "bearer_is_let_through",
        law: "auth.bare-token",
        answer: |e, c| Box::pin(bearer(e, c)),
    },
    Bug {
        name: "tokens_never_expire",
        law: "auth.token-life",
        answer: |e, c| Box::pin(as_ana_on(e, c, 401)),
    },
    Bug {
        name: "refresh_tokens_never_expire",
        law: "auth.refresh-life",
        answer: |e, c| Box::pin(replays_refresh(e, c)),
    },
    Bug {
        name: "a_replayed_refresh_token_works",
        law: "auth.refresh-single-use",
        answer: |e, c| Box::pin(replays_refresh(e, c)),
    },
    Bug {
        name: "nobody_is_asked_for_credentials",
        law: "auth.no-credentials",
        answer: |e, c| Box::pin(as_ana_on(e, c, 401)),
    },
    Bug {
        name: "the_key_wins_over_the_token",
        law: "auth.one-credential",
        answer: |e, c| Box::pin(one_of_both(e, c)),
    },
    Bug {
        name: "refresh_answers_the_old_token",
        law: "auth.refresh",
        answer: |e, c| Box::pin(old_token(e, c)),
    },
    Bug {
        name: "the_form_of_a_refresh_is_always_flat",
        law: "auth.refresh-forms",
        answer: |e, c| Box::pin(flat(e, c)),
    },
    Bug {
        name: "customer_name_is_not_needed",
        law: "auth.refresh-customer-name",
        answer: |e, c| Box::pin(adds_customer(e, c)),
    },
    Bug {
        name: "attempts_are_not_counted",
        law: "auth.sign-in-refused",
        answer: |e, c| Box::pin(forgets_attempts(e, c)),
    },
    Bug {
        name: "a_code_works_twice",
        law: "auth.mfa",
        answer: |e, c| Box::pin(code_twice(e, c)),
    },
    Bug {
        name: "a_listed_key_is_not_masked",
        law: "keys.shown-once",
        answer: |e, c| Box::pin(unmasked(e, c)),
    },
    Bug {
        name: "a_key_reaches_everything",
        law: "keys.limited",
        answer: |e, c| Box::pin(as_ana_on(e, c, 403)),
    },
    Bug {
        name: "a_deleted_key_lives_on",
        law: "keys.dead-after-delete",
        answer: |e, c| Box::pin(only_says(e, c, "DELETE /api-key/", 204)),
    },
    Bug {
        name: "permissions_are_not_looked_at",
        law: "permissions.needed",
        answer: |e, c| Box::pin(as_ana_on(e, c, 403)),
    },
    Bug {
        name: "another_customers_things_are_found",
        law: "tenants.foreign-is-absent",
        answer: |e, c| Box::pin(as_ana_on(e, c, 404)),
    },
    Bug {
        name: "lists_are_of_all_customers",
        law: "tenants.lists",
        answer: |e, c| Box::pin(as_ana_always(e, c)),
    },
    Bug {
        name: "hyphens_are_no_spelling",
        law: "ids.spelling",
        answer: |e, c| Box::pin(no_hyphens(e, c)),
    },
    Bug {
        name: "a_created_pipeline_is_paused",
        law: "pipelines.create",
        answer: |e, c| {
            Box::pin(puts(
                e,
                c,
                "GET /platform/pipeline/",
                "/data/status",
                json!("paused"),
            ))
        },
    },
    Bug {
        name: "a_name_may_be_taken_twice",
        law: "pipelines.unique",
        answer: |e, c| Box::pin(says_instead(e, c, 409, 201)),
    },
    Bug {
        name: "pause_does_nothing",
        law: "pipelines.pause",
        answer: |e, c| Box::pin(only_says(e, c, "POST /platform/pipeline/pause", 200)),
    },
    Bug {
        name: "delete_needs_no_customer",
        law: "pipelines.delete",
        answer: |e, c| Box::pin(adds_header(e, c)),
    },
    Bug {
        name: "a_missing_id_is_not_found",
        law: "pipelines.id-required",
        answer: |e, c| Box::pin(says_instead(e, c, 400, 404)),
    },
    Bug {
        name: "runs_never_end",
        law: "runs.life",
        answer: |e, c| Box::pin(rewrites(e, c, "SUCCESS", "RUNNING")),
    },
    Bug {
        name: "a_failure_has_no_trace",
        law: "runs.failed",
        answer: |e, c| {
            Box::pin(puts(
                e,
                c,
                "GET /platform/pipeline/",
                "/0/trace",
                Value::Null,
            ))
        },
    },
    Bug {
        name: "executions_do_not_queue",
        law: "runs.queue",
        answer: |e, c| Box::pin(once(e, c)),
    },
    Bug {
        name: "state_is_reset_by_every_mode",
        law: "jobs.sync-mode",
        answer: |e, c| Box::pin(rewrites(e, c, "preserved", "reset")),
    },
    Bug {
        name: "columns_are_replaced",
        law: "jobs.column-union",
        answer: |e, c| {
            Box::pin(puts(
                e,
                c,
                "GET /platform/jobs/",
                "/source_config/column_include_list",
                json!(["status"]),
            ))
        },
    },
    Bug {
        name: "reset_says_something_else",
        law: "jobs.reset-state",
        answer: |e, c| Box::pin(rewrites(e, c, "Successfully reset", "Reset")),
    },
    Bug {
        name: "tables_are_named_in_capitals",
        law: "jobs.landing-table",
        answer: |e, c| Box::pin(rewrites(e, c, "tb__", "TB__")),
    },
    Bug {
        name: "memory_has_no_limit",
        law: "memory.limits",
        answer: |e, c| Box::pin(says_instead(e, c, 400, 200)),
    },
    Bug {
        name: "any_media_type_will_do",
        law: "bodies.media-type",
        answer: |e, c| Box::pin(says_instead(e, c, 415, 400)),
    },
    Bug {
        name: "any_size_will_do",
        law: "bodies.size",
        answer: |e, c| Box::pin(says_instead(e, c, 413, 400)),
    },
    Bug {
        name: "everything_is_said_in_portuguese",
        law: "errors.language",
        answer: |e, c| Box::pin(no_language(e, c)),
    },
    Bug {
        name: "the_service_is_down",
        law: "api.health",
        answer: |e, c| Box::pin(puts(e, c, "GET /health", "/status", json!("error"))),
    },
    Bug {
        name: "a_write_answers_202",
        law: "api.valid-input",
        answer: |e, c| Box::pin(says_instead(e, c, 200, 202)),
    },
    Bug {
        name: "a_client_gets_half_an_answer",
        law: "sdk.calls",
        answer: |e, c| Box::pin(puts(e, c, "GET /platform/pipelines", "", json!({}))),
    },
];

impl Bug {
    /// Plants it.
    pub(crate) fn plant(&'static self) -> PlantedBug {
        Arc::new(move |base_url| {
            let emulated = Emulated::new(base_url);
            Arc::new(Planted {
                emulated,
                bug: self,
            })
        })
    }
}

pub(crate) fn every_law_has_a_bug_or_is_named() -> Result<(), Failed> {
    for law in laws::all() {
        let proven = BUGS.iter().any(|bug| bug.law == law.id);
        let named = NOT_PROVEN.contains(&law.id);
        if proven == named {
            let what = if proven {
                "has a bug and is still named in"
            } else {
                "has no bug and is not named in"
            };
            return Err(format!("{} {what} NOT_PROVEN", law.id).into());
        }
    }
    let unknown = NOT_PROVEN.iter().find(|id| laws::law(id).is_none());
    unknown.map_or(Ok(()), |id| {
        Err(format!("NOT_PROVEN names {id}, which is no law").into())
    })
}

impl Behind for Planted {
    fn serve(&self, call: Call) -> BoxFuture<'_, Result<Reply, String>> {
        Box::pin(async { Ok((self.bug.answer)(&self.emulated, call).await) })
    }
}
