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
    Bug {
        name: "a_read_answers_202",
        law: "api.reads",
        answer: |e, c| Box::pin(says_instead(e, c, 200, 202)),
    },
    Bug {
        name: "mfa_is_always_said_to_be_on",
        law: "auth.sign-in",
        answer: |e, c| Box::pin(puts(e, c, "POST /auth/sign-in", "/mfaStatus", json!("on"))),
    },
    Bug {
        name: "tokens_claim_another_algorithm",
        law: "auth.token-form",
        answer: |e, c| Box::pin(rewrites(e, c, "eyJhbGciOiJFUzUxMiI", "eyJhbGciOiJIUzUxMiI")),
    },
    Bug {
        name: "a_refresh_token_signs_requests",
        law: "auth.refresh-confusion",
        answer: |e, c| Box::pin(as_ana_on(e, c, 401)),
    },
    Bug {
        name: "a_refresh_brings_no_refresh_token",
        law: "auth.refresh-rotation",
        answer: |e, c| {
            Box::pin(puts(
                e,
                c,
                "POST /auth/refresh",
                "/tokens/refreshToken",
                Value::Null,
            ))
        },
    },
    Bug {
        name: "half_a_body_breaks_the_server",
        law: "bodies.half",
        answer: |e, c| Box::pin(says_instead(e, c, 400, 500)),
    },
    Bug {
        name: "an_id_is_respelled",
        law: "ids.no-uuid",
        answer: |e, c| Box::pin(rewrites(e, c, "test_pipeline_", "testpipeline")),
    },
    Bug {
        name: "a_strange_id_breaks_the_server",
        law: "ids.strange",
        answer: |e, c| Box::pin(says_instead(e, c, 404, 500)),
    },
    Bug {
        name: "any_sync_mode_will_do",
        law: "jobs.sync-mode-refused",
        answer: |e, c| Box::pin(says_instead(e, c, 400, 200)),
    },
    Bug {
        name: "an_unknown_permission_is_said_to_be_granted",
        law: "keys.unknown-permission",
        answer: |e, c| Box::pin(says_instead(e, c, 500, 201)),
    },
    Bug {
        name: "everybody_may_do_everything",
        law: "permissions.matrix",
        answer: |e, c| Box::pin(as_ana_on(e, c, 403)),
    },
    Bug {
        name: "any_pipeline_will_do",
        law: "pipelines.invalid",
        answer: |e, c| Box::pin(says_instead(e, c, 400, 201)),
    },
    Bug {
        name: "read_only_is_said_otherwise",
        law: "pipelines.update",
        answer: |e, c| Box::pin(rewrites(e, c, "is read only", "is locked")),
    },
    Bug {
        name: "an_absent_run_is_found",
        law: "runs.absent",
        answer: |e, c| Box::pin(says_instead(e, c, 404, 200)),
    },
    Bug {
        name: "runs_start_in_spite_of_a_pause",
        law: "runs.pause",
        answer: |e, c| Box::pin(only_says(e, c, "POST /platform/pipeline/pause", 200)),
    },
    Bug {
        name: "a_schedule_is_forgotten",
        law: "runs.schedule",
        answer: |e, c| Box::pin(only_says(e, c, "PATCH /platform/pipeline/", 200)),
    },
    Bug {
        name: "ids_are_unique_across_customers",
        law: "tenants.names",
        answer: |e, c| Box::pin(as_ana_always(e, c)),
    },
    Bug {
        name: "every_page_is_the_first",
        law: "catalog.paging",
        answer: |e, c| Box::pin(without_query(e, c, "page")),
    },
    Bug {
        name: "limit_is_ignored",
        law: "catalog.limit-trap",
        answer: |e, c| Box::pin(without_query(e, c, "limit")),
    },
    Bug {
        name: "the_same_asset_is_merged",
        law: "catalog.no-deduplication",
        answer: |e, c| Box::pin(merges(e, c, "POST /catalog")),
    },
    Bug {
        name: "a_put_forgets_what_it_leaves_out",
        law: "catalog.partial-put",
        answer: |e, c| {
            Box::pin(puts(
                e,
                c,
                "GET /catalog/data-asset/",
                "/data_asset/tags",
                json!([]),
            ))
        },
    },
    Bug {
        name: "documentation_loses_its_markup",
        law: "catalog.docs",
        answer: |e, c| Box::pin(rewrites(e, c, "<strong>", "")),
    },
    Bug {
        name: "any_certification_will_do",
        law: "catalog.certification",
        answer: |e, c| Box::pin(says_instead(e, c, 400, 200)),
    },
    Bug {
        name: "a_connection_shows_its_password",
        law: "connections.secrets",
        answer: |e, c| Box::pin(shows_password(e, c)),
    },
    Bug {
        name: "a_connection_in_use_is_deleted",
        law: "connections.in-use",
        answer: |e, c| Box::pin(only_says(e, c, "DELETE /connections/", 204)),
    },
    Bug {
        name: "a_consent_counts_twice",
        law: "connections.oauth-state",
        answer: |e, c| Box::pin(says_instead(e, c, 400, 201)),
    },
    Bug {
        name: "ranges_are_ignored",
        law: "storage.bytes",
        answer: |e, c| Box::pin(no_ranges(e, c)),
    },
    Bug {
        name: "every_column_is_text",
        law: "storage.csv-dataset",
        answer: |e, c| Box::pin(rewrites(e, c, "INTEGER", "VARCHAR")),
    },
    Bug {
        name: "a_dataset_is_only_said_to_be_added",
        law: "storage.tables",
        answer: |e, c| Box::pin(only_says(e, c, "POST /storage-explorer/tables/", 204)),
    },
    Bug {
        name: "too_many_users_are_cut",
        law: "users.bulk",
        answer: |e, c| Box::pin(cuts_users(e, c)),
    },
    Bug {
        name: "taken_names_are_skipped",
        law: "users.all-or-none",
        answer: |e, c| Box::pin(skips_taken_users(e, c)),
    },
    Bug {
        name: "customers_see_another",
        law: "customers.own",
        answer: |e, c| Box::pin(as_ana_always(e, c)),
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

pub(crate) fn every_law_has_a_bug() -> Result<(), Failed> {
    let unproven: Vec<&str> = laws::all()
        .map(|law| law.id)
        .filter(|id| BUGS.iter().all(|bug| bug.law != *id))
        .collect();
    if unproven.is_empty() {
        Ok(())
    } else {
        Err(format!("no planted bug breaks {unproven:?}").into())
    }
}

impl Behind for Planted {
    fn serve(&self, call: Call) -> BoxFuture<'_, Result<Reply, String>> {
        Box::pin(async { Ok((self.bug.answer)(&self.emulated, call).await) })
    }
}
