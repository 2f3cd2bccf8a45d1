//! The nightly workflow cannot run here, so each of its scripts is run against an emulator, in the shell and the order of a runner.

#![expect(clippy::unwrap_used, reason = "helpers of tests may panic as tests do")]

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Output};

use dadosfera_emulator::Emulator;
use serde_json::Value;

const WORKFLOW: &str = include_str!("../../.github/workflows/nightly.yml");
/// What the secrets of the environment `staging` would hold, if staging were an emulator.
const SECRETS: [(&str, &str); 5] = [
    ("CONFORMANCE_USERNAME", "ana@acme.example"),
    ("CONFORMANCE_PASSWORD", "acme-ana-password"),
    ("CONFORMANCE_TOTP_SECRET", ""),
    ("CONFORMANCE_OTHER_USERNAME", "bob@globex.example"),
    ("CONFORMANCE_OTHER_PASSWORD", "globex-bob-password"),
];

fn workflow() -> Value {
    yaml_serde::from_str(WORKFLOW).unwrap()
}

fn job() -> Value {
    workflow()["jobs"]["staging"].clone()
}

/// The script of a step.
fn script(name: &str) -> String {
    let steps = job()["steps"].clone();
    let step = steps
        .as_array()
        .unwrap()
        .iter()
        .find(|step| step["name"] == name);
    step.unwrap()["run"].as_str().unwrap().to_owned()
}

/// The job's variables, with the secrets in their places.
fn variables(with_secrets: bool) -> BTreeMap<String, String> {
    let secrets = BTreeMap::from(SECRETS);
    let env = job()["env"].clone();
    let filled = env.as_object().unwrap().iter().map(|(name, value)| {
        let text = value.as_str().unwrap();
        let secret = text
            .strip_prefix("${{ secrets.")
            .and_then(|rest| rest.strip_suffix(" }}"));
        let value = match secret {
            Some(secret) if with_secrets => secrets[secret],
            Some(_) => "",
            None => text,
        };
        (name.clone(), value.to_owned())
    });
    filled.collect()
}

/// Runs a step as GitHub does: `bash -e FILE`, without pipefail.
fn step(name: &str, folder: &Path, variables: &BTreeMap<String, String>) -> Output {
    let file = folder.join("step.sh");
    std::fs::write(&file, script(name)).unwrap();
    Command::new("bash")
        .arg("-e")
        .arg(&file)
        .current_dir(folder)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap())
        .env("GITHUB_RUN_ID", "7301")
        .env("GITHUB_STEP_SUMMARY", folder.join("summary.md"))
        .envs(variables)
        .output()
        .unwrap()
}

/// A checkout that was built.
fn built() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("target/debug");
    std::fs::create_dir_all(&place).unwrap();
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_conformance"), place.join("conformance"))
        .unwrap();
    folder
}

#[test]
fn the_workflow_is_what_a_live_host_may_be_asked_for() {
    let workflow = workflow();
    assert_eq!(
        workflow["permissions"],
        serde_json::json!({ "contents": "read" })
    );
    assert_eq!(workflow["concurrency"]["cancel-in-progress"], false);
    let job = job();
    assert!(job["timeout-minutes"].as_u64().unwrap() <= 60);
    let steps = job["steps"].as_array().unwrap().clone();
    for step in &steps {
        let (uses, run) = (&step["uses"], &step["run"]);
        assert!(uses.is_string() != run.is_string(), "{step}");
        // A secret in a script would be in its log.
        assert!(!run.to_string().contains("secrets."), "{step}");
    }
    let names: Vec<&str> = steps
        .iter()
        .filter_map(|step| step["name"].as_str())
        .collect();
    assert_eq!(
        names,
        [
            "Are the secrets here?",
            "Build",
            "Conformance, reading only",
            "Was anything run?"
        ]
    );
    assert_eq!(
        script("Build"),
        "cargo build --locked -p dadosfera-conformance"
    );
    assert!(!script("Conformance, reading only").contains("--write"));
}

#[test]
fn without_secrets_the_first_step_says_which_are_missing() {
    let folder = tempfile::tempdir().unwrap();
    let output = step("Are the secrets here?", folder.path(), &variables(false));
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stdout).contains("CONFORMANCE_USERNAME"));
    let output = step("Are the secrets here?", folder.path(), &variables(true));
    assert_eq!(output.status.code(), Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_script_does_against_an_emulator_what_it_is_to_do() {
    let emulator = Emulator::builder().start().await.unwrap();
    let folder = built();
    let mut variables = variables(true);
    variables.insert("TARGET".to_owned(), emulator.base_url().to_owned());
    let output = step("Conformance, reading only", folder.path(), &variables);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    // An empty host can be read only in part: incomplete, and neither a finding nor a usage error; tee does not hide it.
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(
        said.contains("seed 7301") && said.contains("0 findings"),
        "{said}"
    );
    let written = std::fs::read_dir(folder.path().join("target/nightly")).unwrap();
    let mut names: Vec<String> = written
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    let kinds = ["html", "json", "sarif", "txt", "xml"];
    assert_eq!(names, kinds.map(|kind| format!("conformance.{kind}")));
    let summary = || std::fs::read_to_string(folder.path().join("summary.md")).unwrap();
    assert!(summary().contains("Conformance of the Maestro API"));
    let writes = emulator
        .requests()
        .into_iter()
        .filter(|request| request.method != "GET");
    let other: Vec<_> = writes
        .filter(|request| !request.path.starts_with("/auth/"))
        .collect();
    assert!(other.is_empty(), "{other:?}");
    let before = summary();
    let output = step("Was anything run?", folder.path(), &variables);
    assert_eq!((output.status.code(), summary()), (Some(0), before));
}

#[test]
fn a_host_that_is_not_there_fails_the_step_and_is_told_in_the_summary() {
    let folder = built();
    let mut variables = variables(true);
    variables.insert("TARGET".to_owned(), "no URL".to_owned());
    let output = step("Conformance, reading only", folder.path(), &variables);
    assert_eq!(output.status.code(), Some(2));
    let output = step("Was anything run?", folder.path(), &variables);
    assert_eq!(output.status.code(), Some(0));
    let summary = std::fs::read_to_string(folder.path().join("summary.md")).unwrap();
    assert!(summary.contains("Nothing was run"), "{summary}");
}
