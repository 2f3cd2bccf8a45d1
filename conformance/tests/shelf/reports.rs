//! The command and its reports: exit code, no secret in any of them, nothing unescaped, curl lines that run.

use std::path::Path;
use std::process::Command;

use libtest_mimic::Failed;
use serde_json::Value;

use super::server::{Shelf, environment};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/shelf");
const VARIABLES: [&str; 3] = [
    "SHELF_ADA_PASSWORD",
    "SHELF_BOB_PASSWORD",
    "SHELF_EVE_TOKEN",
];

struct Run {
    code: Option<i32>,
    screen: String,
    complaint: String,
}

fn check(base_url: &str, more: &[&str]) -> Run {
    let mut command = Command::new(env!("CARGO_BIN_EXE_conformance"));
    command.args(["check", "--base-url", base_url]);
    if !more.contains(&"--document") {
        command.args(["--document", &format!("{FOLDER}/shelf.yaml")]);
    }
    command.args([
        "--actors",
        &format!("{FOLDER}/actors.toml"),
        "--examples",
        "1",
        "--sequences",
        "2",
        "--shrink",
        "8",
    ]);
    command.args(more);
    command.envs(VARIABLES.map(|name| (name, environment(name).unwrap())));
    let output = command.output().unwrap();
    Run {
        code: output.status.code(),
        screen: String::from_utf8(output.stdout).unwrap(),
        complaint: String::from_utf8(output.stderr).unwrap(),
    }
}

fn all_reports(folder: &Path) -> Vec<String> {
    ["html", "json", "junit", "sarif", "har", "summary"]
        .map(|kind| format!("{kind}={}", folder.join(kind).display()))
        .into_iter()
        .flat_map(|report| ["--report".to_owned(), report])
        .collect()
}

fn json(folder: &Path, kind: &str) -> Value {
    serde_json::from_str(&std::fs::read_to_string(folder.join(kind)).unwrap()).unwrap()
}

/// A list shows keys again: their secrets are in the traffic, and in no report.
pub(crate) fn hold_no_secret() -> Result<(), Failed> {
    let folder = tempfile::tempdir().unwrap();
    let shelf = Shelf::start("secret-shown-again");
    let reports = all_reports(folder.path());
    let run = check(
        shelf.base_url(),
        &reports.iter().map(String::as_str).collect::<Vec<_>>(),
    );
    if run.code != Some(1) || run.screen.lines().count() > 40 {
        return Err(format!("{:?}\n{}{}", run.code, run.screen, run.complaint).into());
    }
    let mut texts = vec![("screen", run.screen)];
    for kind in ["html", "json", "junit", "sarif", "har", "summary"] {
        texts.push((
            kind,
            std::fs::read_to_string(folder.path().join(kind)).unwrap(),
        ));
    }
    let secrets = [
        "sk-",
        "token-of-ada-7f3a9c51e2",
        "token-of-bob-c04b8d17a6",
        "ada-has-a-long-password",
    ];
    for (kind, text) in &texts {
        if let Some(secret) = secrets.iter().find(|secret| text.contains(**secret)) {
            return Err(format!("{kind} holds {secret}").into());
        }
        if !text.contains("answer.secret-shown") {
            return Err(format!("{kind} does not name the finding").into());
        }
    }
    let (har, sarif, view) = (
        json(folder.path(), "har"),
        json(folder.path(), "sarif"),
        json(folder.path(), "json"),
    );
    let result = &sarif["runs"][0]["results"][0];
    let line = result["locations"][0]["physicalLocation"]["region"]["startLine"]
        .as_u64()
        .unwrap();
    let document = std::fs::read_to_string(format!("{FOLDER}/shelf.yaml")).unwrap();
    let operation = result["locations"][0]["logicalLocations"][0]["name"]
        .as_str()
        .unwrap();
    let holds = har["log"]["version"] == "1.2"
        && !har["log"]["entries"].as_array().unwrap().is_empty()
        && document
            .lines()
            .nth(usize::try_from(line).unwrap() - 1)
            .unwrap()
            .contains(operation)
        && view["version"] == 2
        && view["exit_code"] == 1;
    if holds {
        Ok(())
    } else {
        Err(format!("{har:#}\n{result:#}").into())
    }
}

/// The curl line of a finding, run by a shell in which `curl` prints what it was given.
pub(crate) fn print_curl_lines_that_run() -> Result<(), Failed> {
    let folder = tempfile::tempdir().unwrap();
    let shelf = Shelf::start("malformed-token-accepted");
    let report = format!("json={}", folder.path().join("json").display());
    check(shelf.base_url(), &["--report", &report]);
    let view = json(folder.path(), "json");
    let finding = view["findings"]
        .as_array()
        .unwrap()
        .iter()
        .find(|finding| finding["code"] == "auth.accepted-malformed");
    let line = finding.unwrap()["curl"].as_str().unwrap().to_owned();
    let script = format!("curl() {{ printf '%s\\n' \"$@\"; }}\n{line}");
    let output = Command::new("sh")
        .args(["-c", &script])
        .env("TOKEN", "token-of-ada-7f3a9c51e2")
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let cut = said.contains("authorization: Bearer token-of-ada-")
        && !said.contains("token-of-ada-7f3a9c51e2")
        && said.contains(shelf.base_url());
    if cut && output.status.success() {
        Ok(())
    } else {
        Err(format!("{line}\n{said}").into())
    }
}

/// A host that answers with markup cannot put any into the page, nor into the summary.
pub(crate) fn escape_everything() -> Result<(), Failed> {
    use dadosfera_conformance::explore::Verdict;
    use dadosfera_conformance::report::{
        FindingView, OperationView, RuleView, VIEW_VERSION, View, to_html, to_junit, to_summary,
    };
    let evil = "<script>alert('&\"')</script>|`\u{1}]]>";
    let text = || evil.to_owned();
    let view = View {
        version: VIEW_VERSION,
        command: "check".to_owned(),
        target: text(),
        document: text(),
        seed: 1,
        options: text(),
        actors: vec![text()],
        requests: 1,
        seconds: None,
        exit_code: 1,
        ending: "found".to_owned(),
        gaps: vec![text()],
        rules: vec![RuleView {
            code: text(),
            says: text(),
            source: text(),
            severity: "error",
            looked: 1,
            findings: 1,
            not_tried: Some(text()),
        }],
        operations: vec![OperationView {
            id: text(),
            method: text(),
            path: text(),
            called: 1,
            milliseconds: None,
            listed: vec![text()],
            seen: [(200, 1)].into(),
            rules: [(text(), 1)].into(),
        }],
        constraints: Vec::new(),
        findings: vec![FindingView {
            name: text(),
            code: text(),
            rule: text(),
            source: text(),
            severity: "error",
            operation: text(),
            place: text(),
            expected: text(),
            got: text(),
            verdict: Verdict::Confirmed,
            expected_because: None,
            count: 1,
            steps: vec![text()],
            steps_data: Value::Null,
            exchanges: Vec::new(),
            curl: text(),
            replay: text(),
        }],
    };
    for page in [to_html(&view), to_junit(&view).unwrap(), to_summary(&view)] {
        if page.contains("<script") || page.contains('\u{1}') && page.starts_with("<?xml") {
            return Err(page.into());
        }
    }
    Ok(())
}

pub(crate) fn exit_as_documented() -> Result<(), Failed> {
    let folder = tempfile::tempdir().unwrap();
    let newer = folder.path().join("newer.yaml");
    std::fs::write(&newer, "openapi: 3.1.0\npaths: {}\n").unwrap();
    let shelf = Shelf::start("none");
    let clean = check(shelf.base_url(), &[]);
    let newer = check(shelf.base_url(), &["--document", newer.to_str().unwrap()]);
    let no_replay = check(shelf.base_url(), &["--replay", "list.total@law/no such"]);
    let spent = check(shelf.base_url(), &["--max-requests", "20"]);
    for (run, code, word) in [
        (clean, 0, "(exit 0)"),
        (newer, 4, "only 3.0"),
        (no_replay, 2, "no scenario"),
        (spent, 3, "budget"),
    ] {
        if run.code != Some(code) || !format!("{}{}", run.screen, run.complaint).contains(word) {
            return Err(format!(
                "{:?} and not {code}: {}{}",
                run.code, run.screen, run.complaint
            )
            .into());
        }
    }
    Ok(())
}
