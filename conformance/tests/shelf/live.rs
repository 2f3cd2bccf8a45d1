//! `check` on a host that others use: names of its own, a ledger, nothing of others touched, and a clean-up after a crash.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Stdio};

use libtest_mimic::Failed;
use serde_json::{Value, json};

use super::reports::check;
use super::server::{Shelf, environment};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/shelf");
const TOKEN: &str = "token-of-ada-7f3a9c51e2";

/// One request by hand, as ada.
fn by_hand(shelf: &Shelf, method: &str, path: &str, body: Option<&Value>) -> Value {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let mut request = client
            .request(method, format!("{}{path}", shelf.base_url()))
            .bearer_auth(TOKEN)
            .header("X-Reason", "by hand");
        if let Some(body) = body {
            request = request.json(body);
        }
        let text = request.send().await.unwrap().text().await.unwrap();
        serde_json::from_str(&text).unwrap_or_default()
    })
}

/// What is there, but for what changes by itself.
fn there(shelf: &Shelf) -> (Value, Value) {
    let projects = by_hand(shelf, "GET", "/projects?limit=50", None);
    (projects, by_hand(shelf, "GET", "/keys", None))
}

fn lines(ledger: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(ledger).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// What a run makes has a name of ours and is in the ledger before it is made; what others made is as it was.
pub(crate) fn keeps_to_itself() -> Result<(), Failed> {
    let folder = tempfile::tempdir().unwrap();
    let ledger = folder.path().join("ledger.jsonl");
    let shelf = Shelf::start("none");
    let project = json!({ "name": "of somebody else", "priority": 2, "note": "mine" });
    by_hand(&shelf, "POST", "/projects", Some(&project));
    by_hand(&shelf, "POST", "/keys", Some(&json!({ "label": "theirs" })));
    let before = there(&shelf);
    let run = check(shelf.base_url(), &["--ledger", ledger.to_str().unwrap()]);
    let after = there(&shelf);
    if run.code != Some(0) || before != after {
        return Err(format!(
            "{:?}\n{}{}\n{before:?}\n{after:?}",
            run.code, run.screen, run.complaint
        )
        .into());
    }
    let lines = lines(&ledger);
    let of = |kind: &str| {
        lines
            .iter()
            .filter(|line| line["line"] == kind)
            .collect::<Vec<_>>()
    };
    let named = of("intent").into_iter().all(|intent| {
        let names = intent["names"].as_array().unwrap();
        names.len() == 1 || names[1].as_str().unwrap().starts_with("conformance-")
    });
    let ids = |kind: &str| {
        let ids = of(kind).into_iter().map(|line| line["id"].to_string());
        ids.collect::<BTreeSet<_>>()
    };
    // A task goes with its project, and its own delete is then a 404.
    if named && of("made").len() > 50 && ids("made") == ids("gone") {
        Ok(())
    } else {
        Err(format!(
            "{named} {} {:?}",
            of("made").len(),
            ids("made").difference(&ids("gone"))
        )
        .into())
    }
}

/// A rule of a live host is still found broken there, by requests that keep to what is ours.
pub(crate) fn finds_there_too() -> Result<(), Failed> {
    let folder = tempfile::tempdir().unwrap();
    let shelf = Shelf::start("foreign-delete");
    let ledger = folder.path().join("ledger.jsonl");
    let run = check(
        shelf.base_url(),
        &[
            "--ledger",
            ledger.to_str().unwrap(),
            "--until",
            "auth.foreign-write",
        ],
    );
    if run.code == Some(1) && run.screen.contains("auth.foreign-write delete_project") {
        Ok(())
    } else {
        Err(format!("{:?}\n{}{}", run.code, run.screen, run.complaint).into())
    }
}

/// Killed at once after something was made: `clean` removes it, and only it; a second run is refused before that.
pub(crate) fn is_cleaned_after_a_crash() -> Result<(), Failed> {
    let folder = tempfile::tempdir().unwrap();
    let ledger = folder.path().join("ledger.jsonl");
    let file = ledger.to_str().unwrap();
    let shelf = Shelf::start("none");
    let theirs = json!({ "name": "of somebody else", "priority": 2 });
    by_hand(&shelf, "POST", "/projects", Some(&theirs));
    let before = there(&shelf);
    let names = [
        "SHELF_ADA_PASSWORD",
        "SHELF_BOB_PASSWORD",
        "SHELF_EVE_TOKEN",
    ];
    let variables = names.map(|name| (name, environment(name).unwrap()));
    let common = [
        "--document",
        &format!("{FOLDER}/shelf.yaml"),
        "--actors",
        &format!("{FOLDER}/actors.toml"),
        "--ledger",
        file,
    ];
    let mut child = Command::new(env!("CARGO_BIN_EXE_conformance"))
        .args(["check", "--base-url", shelf.base_url(), "--rate", "60"])
        .args(common)
        .envs(variables.clone())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    // As soon as the ledger tells of something that is not gone again.
    loop {
        let made = std::fs::read_to_string(&ledger).unwrap_or_default();
        let count = |kind: &str| made.matches(&format!("\"line\":\"{kind}\"")).count();
        if count("made") > count("gone") + 1 || child.try_wait().unwrap().is_some() {
            break;
        }
        std::thread::yield_now();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    // One whose answer nobody heard: it is there, and the ledger knows its name alone.
    let lost = json!({ "name": "conformance-lost", "priority": 1 });
    by_hand(&shelf, "POST", "/projects", Some(&lost));
    let text = std::fs::read_to_string(&ledger).unwrap();
    let whole = text.rfind('\n').map_or("", |end| &text[..=end]);
    let intent = json!({ "line": "intent", "number": 900_001, "operation": "create_project", "names": ["/projects", "conformance-lost"] });
    std::fs::write(&ledger, format!("{whole}{intent}\n")).unwrap();
    let left = there(&shelf);
    let refused = check(shelf.base_url(), &["--ledger", file]);
    let clean = |common: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_conformance"))
            .arg("clean")
            .args(common)
            .envs(variables.clone())
            .output()
            .unwrap();
        let said = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8(said).unwrap())
    };
    let without = clean(&["--ledger", file]);
    let first = clean(&common);
    let second = clean(&common);
    let holds = left != before
        && refused.code == Some(2)
        && refused.complaint.contains("conformance clean")
        && without.0 == Some(2)
        && without.1.contains("--document")
        && first.0 == Some(0)
        && second.0 == Some(0)
        && second.1.contains("0 removed")
        && there(&shelf) == before;
    if holds {
        Ok(())
    } else {
        let after = there(&shelf);
        Err(format!(
            "{:?} {}\n{without:?}\n{first:?}\n{second:?}\n{before:?}\n{left:?}\n{after:?}",
            refused.code, refused.complaint
        )
        .into())
    }
}
