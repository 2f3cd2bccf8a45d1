//! Clients that none of us wrote: the vendor's own Python package, unmodified, against an emulator behind a tap, and
//! schemathesis.
//!
//! What the package gets is checked against the description like every other answer; what it makes of it is judged here.

mod catalog;
mod python;
mod schemathesis;

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use crate::engine::{Document, Severity, Shared};
use crate::laws::pipeline_with_runs;
use crate::people::Actor;
use crate::report;
use crate::stage::{Stage, Stop};
use crate::suite::DESCRIPTION;
use crate::target::Target;

pub use python::PythonError;
pub use schemathesis::{Fuzzed, run as fuzz};

const PINS: python::Pins = python::Pins {
    folder: "interop-venv",
    file: "interop/python/requirements.txt",
    text: include_str!("../../interop/python/requirements.txt"),
};
const SCRIPT: &str = include_str!("../../interop/python/client.py");
const LIMIT: Duration = Duration::from_secs(120);

/// Why the package could not be run, or not to its end.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InteropError {
    /// Python or its packages are not there.
    #[error(transparent)]
    Python(#[from] PythonError),
    /// The emulator's side failed.
    #[error("the emulator could not be prepared: {0}")]
    Emulator(String),
}

/// What came of it.
#[derive(Debug)]
pub struct Interop {
    /// What the script printed.
    pub results: Value,
    /// A text for a person.
    pub text: String,
    /// Whether everything was as it should be.
    pub clean: bool,
}

impl From<Stop> for InteropError {
    fn from(stop: Stop) -> Self {
        Self::Emulator(format!("{stop:?}"))
    }
}

/// Runs the package against an emulator.
///
/// # Errors
/// Where Python, its packages or the emulator cannot be had.
pub async fn run() -> Result<Interop, InteropError> {
    let python = python::Venv::ready(&PINS).await?;
    let document =
        Document::parse(DESCRIPTION).map_err(|error| InteropError::Emulator(error.to_string()))?;
    let shared = Arc::new(Shared::new(document));
    let stage = Stage::new(
        Arc::clone(&shared),
        Arc::default(),
        Target::emulator(),
        Arc::default(),
        "interop.python",
        0,
    );
    let world = stage.world().await?;
    let admin = world.sign_in(Actor::Admin).await?;
    let first = pipeline_with_runs(&world, &admin, "orders", 2).await?;
    let second = pipeline_with_runs(&world, &admin, "orders_broken", 1).await?;
    world.advance(Duration::from_secs(61))?;
    catalog::prepare(&world, &admin).await?;
    let front = stage.tap(&world).await?;
    let (user, mfa) = (world.person(Actor::Admin)?, world.person(Actor::WithMfa)?);
    let who = json!({
        "user": { "username": user.username, "password": user.password },
        "mfa": { "username": mfa.username, "password": mfa.password, "totp": world.totp(mfa)? },
    });
    let mut command = python.isolated();
    command.args(["-c", SCRIPT, front.base_url()]);
    let output = python::script(command, &who.to_string(), LIMIT).await?;
    let results: Value = serde_json::from_str(&output.stdout).map_err(|error| {
        let stderr = stage.taint.redact(&output.stderr);
        PythonError::Script(format!("it printed no JSON ({error}); it said:\n{stderr}"))
    })?;
    judge(&stage, &results, &[first, second]);
    catalog::judge(&stage, &results);
    let findings = shared.recorder.findings();
    let (checks, breaches) = stage.tally();
    let errors = findings
        .iter()
        .filter(|finding| finding.severity == Severity::Error)
        .count();
    let mut text = format!("{:#}\n", results);
    for finding in &findings {
        text.push_str(&report::finding_to_text(finding, 0));
    }
    text.push_str(&format!(
        "the vendor's Python package {}: {checks} checks, {breaches} did not hold; {} requests, {errors} findings\n",
        results["package"]["version"],
        shared.recorder.requests(),
    ));
    Ok(Interop {
        results,
        text: stage.taint.redact(&text),
        clean: errors == 0 && breaches == 0,
    })
}

/// What the script must have seen; `ids` are those of a pipeline with two runs and of one with a failed run.
fn judge(stage: &Stage, results: &Value, ids: &[String; 2]) {
    let tokens = json!(["accessToken", "idToken", "refreshToken"]);
    let nobody = Value::Null;
    for (place, expected) in [
        ("/package/version", json!("1.22.0")),
        ("/package/files_that_differ", json!([])),
        ("/get_user_config/tokens", tokens.clone()),
        ("/get_user_config/mfaStatus", json!("none")),
        ("/get_user_config/username", json!("ana@acme.example")),
        ("/get_user_config/customer", json!("acme_corp")),
        ("/get_user_config with a code/tokens", tokens),
        (
            "/get_user_config with a code/username",
            json!("mfa@acme.example"),
        ),
        ("/get_user_config without a code/tokens", json!([])),
        (
            "/get_user_config without a code/mfaStatus",
            json!("required"),
        ),
        ("/get_user_config without a code/username", nobody.clone()),
        ("/get_user_config with a wrong password/tokens", json!([])),
        ("/get_user_config with a wrong password/username", nobody),
        (
            "/get_user_config with a wrong password/code",
            json!("AUTH.UNAUTHORIZED"),
        ),
        // Its own bugs, which the facts name: it drops the code, and makes of every refusal a KeyError.
        ("/get_token of a user with MFA", json!("KeyError: 'tokens'")),
        ("/with Bearer", json!("KeyError: 'pipelines'")),
        ("/signature/alg", json!("ES512")),
        ("/signature/life", json!(1800)),
        ("/signature/customer", json!("acme_corp")),
        (
            "/signature/forged",
            json!("InvalidSignatureError: Signature verification failed"),
        ),
    ] {
        let got = results.pointer(place).unwrap_or(&Value::Null);
        stage.check(*got == expected, place, &expected, got, None);
    }
    // They are sorted by name, which the ids decide.
    let mut listed: Vec<&str> = results["fetch_paginated_pipelines"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let second_page = results["fetch_paginated_pipelines, second page of one"].clone();
    stage.check(
        listed.len() == 2 && second_page == json!([listed[1]]),
        "second page of one",
        &"the second of both",
        &second_page,
        None,
    );
    listed.sort_unstable();
    let mut made: Vec<&str> = ids.iter().map(String::as_str).collect();
    made.sort_unstable();
    stage.check(
        listed == made,
        "fetch_paginated_pipelines",
        &format!("{made:?}"),
        &format!("{listed:?}"),
        None,
    );
    let history = &results["fetch_pipeline_execution_history"];
    for (id, expected) in [
        (&ids[0], json!(["SUCCESS", "SUCCESS"])),
        (&ids[1], json!(["FAILED"])),
    ] {
        let got = &history[id.as_str()];
        stage.check(
            *got == expected,
            "fetch_pipeline_execution_history",
            &expected,
            got,
            None,
        );
    }
    let everything = results["fetch_execution_history_all_pipelines"]
        .as_array()
        .map_or(0, Vec::len);
    stage.check(
        everything == 3,
        "fetch_execution_history_all_pipelines",
        &3,
        &everything,
        None,
    );
}
