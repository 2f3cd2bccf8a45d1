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

pub(crate) struct Run {
    pub(crate) code: Option<i32>,
    pub(crate) screen: String,
    pub(crate) complaint: String,
}

pub(crate) fn check(base_url: &str, more: &[&str]) -> Run {
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
    // And by the real program: the request that was found is answered once more as it was.
    let by_hand = finding_of(&view, "auth.accepted-malformed", "list_projects");
    let again = Command::new("sh")
        .args(["-c", by_hand["curl"].as_str().unwrap()])
        .env("TOKEN", "token-of-ada-7f3a9c51e2")
        .output()
        .unwrap();
    let answered: Value = serde_json::from_slice(&again.stdout).unwrap_or_default();
    if !again.status.success() || !answered["items"].is_array() {
        return Err(format!("{by_hand:#}\n{again:?}").into());
    }
    let cut = said.contains("authorization: Bearer token-of-ada-")
        && !said.contains("token-of-ada-7f3a9c51e2")
        && said.contains(shelf.base_url());
    if cut && output.status.success() {
        Ok(())
    } else {
        Err(format!("{line}\n{said}").into())
    }
}

fn finding_of<'a>(view: &'a Value, code: &str, operation: &str) -> &'a Value {
    let all = view["findings"].as_array().unwrap();
    let found = all
        .iter()
        .find(|finding| finding["code"] == code && finding["operation"] == operation);
    found.unwrap()
}

/// JSON fits its published schema; SARIF, HAR and JUnit keep the rules of theirs.
pub(crate) fn are_of_their_schemas() -> Result<(), Failed> {
    let folder = tempfile::tempdir().unwrap();
    let shelf =
        Shelf::start("second-delete-succeeds,undeclared-field,total-is-page-length,flaky-status");
    let reports = all_reports(folder.path());
    check(
        shelf.base_url(),
        &reports.iter().map(String::as_str).collect::<Vec<_>>(),
    );
    let schema = include_str!("../../report.schema.json");
    let schema: Value = serde_json::from_str(schema).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let view = json(folder.path(), "json");
    let mut wrong: Vec<String> = validator
        .iter_errors(&view)
        .map(|error| format!("json: {error} at {}", error.instance_path()))
        .collect();
    if view["findings"].as_array().unwrap().len() < 4 {
        wrong.push(format!("too few findings: {:#}", view["findings"]));
    }
    wrong.extend(sarif_rules(&json(folder.path(), "sarif")));
    wrong.extend(har_rules(&json(folder.path(), "har")));
    let junit = std::fs::read_to_string(folder.path().join("junit")).unwrap();
    for (attribute, element) in [("tests", "<testcase "), ("failures", "<failure ")] {
        let said = junit.split_once(&format!(" {attribute}=\"")).unwrap().1;
        let said: usize = said.split_once('"').unwrap().0.parse().unwrap();
        if said != junit.matches(element).count() || said == 0 {
            wrong.push(format!("junit: {attribute} says {said}"));
        }
    }
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(wrong.join("\n").into())
    }
}

/// What SARIF 2.1.0 requires of a log such as ours.
fn sarif_rules(sarif: &Value) -> Vec<String> {
    let run = &sarif["runs"][0];
    let driver = &run["tool"]["driver"];
    let rules: Vec<&Value> = driver["rules"]
        .as_array()
        .unwrap()
        .iter()
        .map(|rule| &rule["id"])
        .collect();
    let mut wrong = Vec::new();
    if sarif["version"] != "2.1.0"
        || !driver["name"].is_string()
        || !run["invocations"][0]["executionSuccessful"].is_boolean()
    {
        wrong.push("sarif: its head".to_owned());
    }
    for result in run["results"].as_array().unwrap() {
        let place = &result["locations"][0]["physicalLocation"];
        let holds = rules.contains(&&result["ruleId"])
            && ["error", "warning"]
                .iter()
                .any(|level| result["level"] == *level)
            && result["message"]["text"].is_string()
            && place["artifactLocation"]["uri"].is_string()
            && place["region"]["startLine"].as_u64() >= Some(1)
            && result["partialFingerprints"]["conformance/v1"].is_string();
        if !holds {
            wrong.push(format!("sarif: {result}"));
        }
    }
    wrong
}

/// What HAR 1.2 requires of each entry.
fn har_rules(har: &Value) -> Vec<String> {
    let has = |value: &Value, names: &[&str]| {
        names
            .iter()
            .filter(|name| value.get(**name).is_none())
            .map(|name| format!("har: no {name} in {value}"))
            .collect::<Vec<_>>()
    };
    let mut wrong = has(&har["log"], &["version", "creator", "entries"]);
    let entries = har["log"]["entries"].as_array().unwrap();
    if entries.is_empty() {
        wrong.push("har: no entries".to_owned());
    }
    for entry in entries {
        wrong.extend(has(
            entry,
            &[
                "startedDateTime",
                "time",
                "request",
                "response",
                "cache",
                "timings",
            ],
        ));
        let began = entry["startedDateTime"].as_str().unwrap();
        if chrono::DateTime::parse_from_rfc3339(began).is_err() {
            wrong.push(format!("har: {began}"));
        }
        let both = [
            "httpVersion",
            "cookies",
            "headers",
            "headersSize",
            "bodySize",
        ];
        wrong.extend(has(&entry["request"], &both));
        wrong.extend(has(&entry["request"], &["method", "url", "queryString"]));
        wrong.extend(has(&entry["response"], &both));
        wrong.extend(has(
            &entry["response"],
            &["status", "statusText", "content", "redirectURL"],
        ));
        wrong.extend(has(&entry["timings"], &["send", "wait", "receive"]));
    }
    wrong
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
