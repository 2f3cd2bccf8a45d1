//! Regen as a person runs it: what it takes, what it refuses and with which words, and what `--check` names.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod running;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use running::says;
use serde_json::json;

/// The document with one operation, `read_thing`, and what a test plants at its places.
fn document(planted: &Planted) -> String {
    let line = |key: &str, value: &Option<String>| match value {
        Some(value) => format!("{key}{value}"),
        None => String::new(),
    };
    let text = include_str!("small.yaml")
        .replace(
            "PARAMETER",
            planted.parameter.as_deref().unwrap_or_default(),
        )
        .replace("BODY", &line("requestBody: ", &planted.body))
        .replace("ANSWER", planted.answer.as_deref().unwrap_or(THING))
        .replace("SCHEMA", &line("", &planted.schema));
    match (&planted.replace, &planted.with) {
        (Some(before), Some(after)) => {
            let name = &planted.name;
            assert!(text.contains(before.as_str()), "{name}: nothing to replace");
            text.replace(before.as_str(), after)
        }
        _ => text,
    }
}

const THING: &str = "{$ref: '#/components/schemas/Thing'}";

/// What a test plants in the document, and what it expects to read of it.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Planted {
    name: String,
    parameter: Option<String>,
    body: Option<String>,
    answer: Option<String>,
    schema: Option<String>,
    replace: Option<String>,
    with: Option<String>,
    place: String,
    remedy: String,
}

/// A folder of this test's own, emptied.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// Runs `regen-document` over the text: Ok(what it said) or Err(what it complained).
fn regen(folder: &Path, text: &str, check: bool) -> Result<String, String> {
    std::fs::write(folder.join("small.yaml"), text).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    command
        .current_dir(folder)
        .args(["regen-document", "--from", "small.yaml", "--out", "."]);
    if check {
        command.arg("--check");
    }
    let output = command.output().unwrap();
    if output.status.success() {
        Ok(String::from_utf8(output.stdout).unwrap())
    } else {
        Err(String::from_utf8(output.stderr).unwrap())
    }
}

#[test]
fn what_would_come_out_wrong_is_refused_with_the_place_and_the_remedy() {
    let rows: Vec<Planted> = yaml_serde::from_str(include_str!("refused.yaml")).unwrap();
    assert_eq!(rows.len(), 10, "{} rows", rows.len());
    for row in rows {
        let name = &row.name;
        let folder = folder(&format!("refused-{}", name.replace(' ', "-")));
        let complaint = match regen(&folder, &document(&row), false) {
            Err(complaint) => complaint,
            Ok(said) => panic!("{name}: it was taken: {said}"),
        };
        for words in [&row.place, &row.remedy] {
            assert!(
                complaint.contains(words.as_str()),
                "{name}: no {words:?} in {complaint}"
            );
        }
        let left = std::fs::read_dir(&folder).unwrap().count();
        assert_eq!(left, 1, "{name}: something half-done stays behind");
    }
}

#[test]
fn what_is_no_document_is_refused_by_name() {
    let folder = folder("no-document");
    let complaint = regen(&folder, "paths: [", false).unwrap_err();
    assert!(
        complaint.contains("small.yaml: this is no YAML or JSON document"),
        "{complaint}"
    );
    let complaint = regen(
        &folder,
        &document(&Planted::default()).replace("3.0.3", "2.0.0"),
        false,
    )
    .unwrap_err();
    assert!(
        complaint.contains("\"2.0.0\"; bring it down to 3.0.3"),
        "{complaint}"
    );
}

/// Runs `regen-document` on the folder's `small.yaml` and answers what it says in a form of `diff`.
fn told(folder: &Path, text: &str, format: &str) -> String {
    std::fs::write(folder.join("small.yaml"), text).unwrap();
    let line = "regen-document --from small.yaml --out . --format";
    let arguments: Vec<&str> = line.split(' ').chain([format]).collect();
    says(folder, &arguments)
}

fn git(folder: &Path, arguments: &[&str]) {
    let output = Command::new("git")
        .current_dir(folder)
        .args(["-c", "user.name=t", "-c", "user.email=t@t.invalid"])
        .args(arguments)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "git {arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn a_regen_says_what_its_change_means_since_the_last_regen_where_nothing_is_committed() {
    let folder = folder("told-normalised");
    let text = document(&Planted::default());
    let first = told(&folder, &text, "text");
    assert!(!first.contains("what changed"), "{first}");
    let changed = text.replace("{name: {type: string}}", "{name: {type: integer}}");
    let second = told(&folder, &changed, "text");
    for words in [
        "regen: wrote ./normalized.json",
        "what changed since the last regen:",
        "Breaking: a program that worked can fail (1):",
        "name of the answer 200 is of the type integer, and was string [response-property-type-changed]",
        "It asks for a new major version of the SDK",
    ] {
        assert!(second.contains(words), "no {words:?} in {second}");
    }
}

#[test]
fn a_regen_says_what_its_change_means_since_the_commit() {
    let folder = folder("told-commit");
    let text = document(&Planted::default());
    told(&folder, &text, "text");
    git(&folder, &["init", "--quiet"]);
    git(&folder, &["add", "small.yaml"]);
    git(&folder, &["commit", "--quiet", "--message", "a"]);
    let changed = text.replace(
        "{name: {type: string}}",
        "{name: {type: string}, n: {type: integer}}",
    );
    let said = told(&folder, &changed, "text");
    assert!(said.contains("regen: wrote"), "{said}");
    assert!(said.contains("what changed since the commit:"), "{said}");
    assert!(
        said.contains("n of the answer 200 is new and can be missing"),
        "{said}"
    );
    assert!(
        said.contains("It asks for a new minor version of the SDK."),
        "{said}"
    );
    // The meaning stays that of what is not yet committed, however often it is regenerated.
    let again = told(&folder, &changed, "json");
    let report: serde_json::Value = serde_json::from_str(&again).unwrap();
    assert_eq!(report["wrote"], json!([]));
    assert_eq!(report["since"], "the commit");
    assert_eq!(report["bump"], "minor");
    assert_eq!(
        report["changes"][0]["rule"],
        "response-optional-property-added"
    );
    let page = told(&folder, &changed, "markdown");
    assert!(page.starts_with("## What the change means"), "{page}");
    assert!(
        page.contains("`response-optional-property-added` |"),
        "{page}"
    );
    git(&folder, &["commit", "--quiet", "--all", "--message", "b"]);
    let same = told(&folder, &changed, "text");
    assert_eq!(same.trim(), "regen: everything is up to date");
}

#[test]
fn what_is_deprecated_is_deprecated_in_the_code() {
    let folder = folder("deprecated");
    let text = document(&Planted::default())
        .replace(
            "{name: {type: string}}",
            "{name: {type: string, deprecated: true}}",
        )
        .replace(
            "operationId: read_thing",
            "deprecated: true\n      operationId: read_thing",
        );
    regen(&folder, &text, false).unwrap();
    let code = std::fs::read_to_string(folder.join("generated.rs")).unwrap();
    let marked = |what: &str| {
        let after = code.split("#[deprecated]").skip(1);
        after
            .filter(|after| after.trim_start().starts_with(what))
            .count()
    };
    assert_eq!(marked("pub name: "), 1, "{code}");
    assert_eq!(marked("pub async fn read_thing"), 1, "{code}");
    assert_eq!(code.matches("#[deprecated]").count(), 2, "{code}");
}

/// The generator's complaint about a document that comes to it unprepared.
fn blamed(job: &serde_json::Value) -> String {
    let mut child = Command::new(env!("CARGO_BIN_EXE_xtask"))
        .arg("generate-job")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(job.to_string().as_bytes()).unwrap();
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    assert!(!output.status.success());
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn a_panic_of_the_generator_ends_in_a_message_with_the_operation_at_fault() {
    let good = json!({"operationId": "good", "responses": {"204": {"description": "a"}}});
    let mut bad = good.clone();
    bad["operationId"] = json!("bad");
    bad["responses"]["200"] = json!({"description": "b", "content": {"application/json": {}}});
    let complaint = blamed(&json!({"replacements": [], "document": {
        "openapi": "3.0.3", "info": {"title": "T", "version": "1"}, "components": {"schemas": {}},
        "paths": {"/good": {"get": good}, "/bad": {"get": bad}},
    }}));
    assert!(
        complaint.contains("bad: the generator cannot take it: it panicked: not yet implemented"),
        "{complaint}"
    );
    assert!(!complaint.contains("good:"), "{complaint}");
}

#[test]
fn an_overflow_of_the_generators_stack_ends_in_a_message_with_the_schema_at_fault() {
    let child = |name: &str| json!({"allOf": [{"$ref": "#/components/schemas/Base"}, {"type": "object", "properties": {name: {"type": "string"}}}]});
    let complaint = blamed(&json!({"replacements": [], "document": {
        "openapi": "3.0.3", "info": {"title": "T", "version": "1"}, "paths": {},
        "components": {"schemas": {
            "Fine": {"type": "object"},
            "Base": {"type": "object", "properties": {"kind": {"type": "string"}}, "oneOf": [{"$ref": "#/components/schemas/A"}, {"$ref": "#/components/schemas/B"}]},
            "A": child("a"), "B": child("b"),
        }},
    }}));
    assert!(
        complaint.contains("the generator cannot take it"),
        "{complaint}"
    );
    assert!(complaint.contains("overflowed its stack"), "{complaint}");
    assert!(!complaint.contains("schema Fine"), "{complaint}");
}

#[test]
fn the_same_input_gives_the_same_bytes_and_a_changed_field_is_named() {
    let (one, two) = (folder("bytes-1"), folder("bytes-2"));
    let text = document(&Planted::default());
    regen(&one, &text, false).unwrap();
    regen(&two, &text, false).unwrap();
    let files = [
        "generated.rs",
        "ops.rs",
        "normalized.json",
        "normalize-report.txt",
    ];
    for file in files {
        let read = |folder: &Path| std::fs::read_to_string(folder.join(file)).unwrap();
        assert_eq!(read(&one), read(&two), "{file}");
        assert!(!read(&one).is_empty(), "{file}");
    }
    regen(&one, &text, true).unwrap();
    let changed = text.replace("{name: {type: string}}", "{name: {type: integer}}");
    let complaint = regen(&one, &changed, true).unwrap_err();
    assert!(
        complaint.contains(
            "/components/schemas/Thing/properties/name/type was \"string\", is \"integer\""
        ),
        "{complaint}"
    );
    assert!(complaint.contains("run `cargo xtask regen`"), "{complaint}");
    for file in files {
        let read = |folder: &Path| std::fs::read_to_string(folder.join(file)).unwrap();
        assert_eq!(read(&one), read(&two), "{file}: a check wrote");
    }
}
