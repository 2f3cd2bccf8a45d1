//! `cargo xtask diff`: each kind of change has its rule, its level and the version that it asks for.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod running;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use running::says;
use serde_json::{Value, json};

/// Two descriptions in short hand, and what is to be said of the change.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    rule: String,
    level: String,
    document: Option<[Value; 2]>,
    operation: Option<[Value; 2]>,
    path: Option<[String; 2]>,
    parameter: Option<[Value; 2]>,
    body: Option<[Value; 2]>,
    answer: Option<[Value; 2]>,
}

fn overlay(base: &mut Value, more: &Value) {
    match (base, more) {
        (Value::Object(base), Value::Object(more)) => {
            for (key, value) in more {
                match value {
                    Value::Null => drop(base.remove(key)),
                    Value::Object(empty) if empty.is_empty() => {
                        drop(base.insert(key.clone(), json!({})))
                    }
                    value => overlay(base.entry(key.clone()).or_insert(Value::Null), value),
                }
            }
        }
        (base, more) => base.clone_from(more),
    }
}

fn description(row: &Row, side: usize) -> Value {
    let mut operation =
        json!({ "operationId": "x", "responses": { "200": { "description": "a" } } });
    if let Some(schemas) = &row.parameter {
        operation["parameters"] = json!([{ "name": "p", "in": "query", "schema": schemas[side] }]);
    }
    if let Some(schemas) = &row.body {
        operation["requestBody"] = json!({ "required": true, "content": { "application/json": { "schema": schemas[side] } } });
    }
    if let Some(schemas) = &row.answer {
        operation["responses"]["200"]["content"] =
            json!({ "application/json": { "schema": schemas[side] } });
    }
    let path = row.path.as_ref().map_or("/x", |paths| paths[side].as_str());
    let mut document =
        json!({ "openapi": "3.0.3", "info": { "title": "T", "version": "1.0.0" }, "paths": {} });
    let gone = row
        .operation
        .as_ref()
        .is_some_and(|both| both[side].is_null());
    if !gone {
        if let Some(both) = &row.operation {
            overlay(&mut operation, &both[side]);
        }
        document["paths"][path] = json!({ "get": operation });
    }
    if let Some(both) = &row.document {
        overlay(&mut document, &both[side]);
    }
    document
}

fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

fn diff(folder: &Path, old: &Value, new: &Value, format: &str) -> String {
    std::fs::write(folder.join("old.json"), old.to_string()).unwrap();
    std::fs::write(folder.join("new.json"), new.to_string()).unwrap();
    says(
        folder,
        &["diff", "old.json", "new.json", "--format", format],
    )
}

/// The changes as (rule, level), and the version asked for.
fn changes(folder: &Path, old: &Value, new: &Value) -> (BTreeSet<(String, String)>, String) {
    let report: Value = serde_json::from_str(&diff(folder, old, new, "json")).unwrap();
    let word = |value: &Value| value.as_str().unwrap().to_owned();
    let found = report["changes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|change| (word(&change["rule"]), word(&change["level"])))
        .collect();
    (found, word(&report["bump"]))
}

#[test]
fn each_kind_of_change_has_its_rule_and_its_level() {
    let rows: Vec<Row> = yaml_serde::from_str(include_str!("changes.yaml")).unwrap();
    assert!(rows.len() >= 130, "{} rows", rows.len());
    let folder = folder("changes");
    let mut failures = Vec::new();
    for row in &rows {
        let (old, new) = (description(row, 0), description(row, 1));
        let (found, bump) = changes(&folder, &old, &new);
        if !found.contains(&(row.rule.clone(), row.level.clone())) {
            failures.push(format!("{} {}: {found:?}", row.rule, row.level));
        }
        let asked = match row.level.as_str() {
            "text" => ["patch", "major", "minor"].as_slice(),
            "compatible" => ["minor"].as_slice(),
            _ => ["major"].as_slice(),
        };
        if !asked.contains(&bump.as_str()) {
            failures.push(format!("{}: it asks for {bump}", row.rule));
        }
        let (same, none) = changes(&folder, &old, &old);
        if !same.is_empty() || none != "none" {
            failures.push(format!(
                "{}: a description differs from itself: {same:?}",
                row.rule
            ));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// A bound that is set, raised, lowered and taken away, in each place: eight words, three places, four changes.
#[test]
fn each_bound_is_seen_in_each_place_and_direction() {
    let words = [
        ("maximum", "max", "integer", true),
        ("minimum", "min", "integer", false),
        ("maxLength", "max-length", "string", true),
        ("minLength", "min-length", "string", false),
        ("maxItems", "max-items", "array", true),
        ("minItems", "min-items", "array", false),
        ("maxProperties", "max-properties", "object", true),
        ("minProperties", "min-properties", "object", false),
    ];
    let folder = folder("bounds");
    let mut tried = 0;
    for (word, rule, kind, more) in words {
        for (place, request) in [("parameter", true), ("body", true), ("answer", false)] {
            let steps = [
                ("set", None, Some(5), false),
                ("unset", Some(5), None, true),
                ("increased", Some(5), Some(6), more),
                ("decreased", Some(6), Some(5), !more),
            ];
            for (change, before, after, wider) in steps {
                let schema = |bound: Option<i64>| {
                    let mut schema = json!({ "type": kind });
                    if let Some(bound) = bound {
                        schema[word] = json!(bound);
                    }
                    schema
                };
                let both = Some([schema(before), schema(after)]);
                let mut row = Row {
                    rule: String::new(),
                    level: String::new(),
                    document: None,
                    operation: None,
                    path: None,
                    parameter: None,
                    body: None,
                    answer: None,
                };
                match place {
                    "parameter" => row.parameter = both,
                    "body" => row.body = both,
                    _ => row.answer = both,
                }
                let (found, _) = changes(&folder, &description(&row, 0), &description(&row, 1));
                let site = match place {
                    "parameter" => "request-parameter",
                    "body" => "request-body",
                    _ => "response-body",
                };
                let level = if wider == request {
                    "compatible"
                } else {
                    "breaking"
                };
                assert!(
                    found.contains(&(format!("{site}-{rule}-{change}"), level.to_owned())),
                    "{site} {word} {change}: {found:?}"
                );
                tried += 1;
            }
        }
    }
    assert_eq!(tried, 96);
}

#[test]
fn a_change_is_said_in_words_in_json_and_in_markdown() {
    let folder = folder("formats");
    let row = Row {
        rule: String::new(),
        level: String::new(),
        document: None,
        operation: None,
        path: None,
        parameter: None,
        body: None,
        answer: Some([
            json!({ "type": "object", "required": ["a"], "properties": { "a": { "type": "string" } } }),
            json!({ "type": "object", "properties": { "a": { "type": "string" } } }),
        ]),
    };
    let (old, new) = (description(&row, 0), description(&row, 1));
    let text = diff(&folder, &old, &new, "text");
    assert!(text.contains("x (GET /x): a of the answer 200 can be missing: its type is an Option [response-property-became-optional]"), "{text}");
    assert!(text.contains("It asks for a new major version"), "{text}");
    let page = diff(&folder, &old, &new, "markdown");
    assert!(page.contains("| x (GET /x) | a of the answer 200 can be missing: its type is an Option | `response-property-became-optional` |"), "{page}");
    let same = diff(&folder, &old, &old, "text");
    assert_eq!(same.trim(), "Nothing changes for those who call the SDK.");
}
