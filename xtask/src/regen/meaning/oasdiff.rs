//! The checks of oasdiff (`xtask/oasdiff.yaml`), each held against what we say of the same change.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Finding, Level, between};
use crate::regen::document::Document;

/// One line of the table.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    checks: Vec<String>,
    change: Option<Change>,
    body: Option<[Value; 2]>,
    answer: Option<[Value; 2]>,
    operation: Option<[Value; 2]>,
    document: Option<[Value; 2]>,
    ours: Option<String>,
    level: Option<Level>,
    request: Option<Level>,
    response: Option<Level>,
    why: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Change {
    Schemas([Value; 2]),
    /// `bound`: the id itself says what changes.
    Bound(String),
}

/// Where the ids put a schema, and how our rules call the place. The longer names come first.
const PLACES: [(&str, &str); 10] = [
    ("request-parameter-property-", "request-parameter-property-"),
    ("request-read-only-property-", "request-property-"),
    ("request-header-property-", "request-parameter-property-"),
    ("request-parameter-", "request-parameter-"),
    ("request-property-", "request-property-"),
    ("request-body-", "request-body-"),
    ("response-mediatype-", "response-body-"),
    ("response-property-", "response-property-"),
    ("response-header-", "response-header-"),
    ("response-body-", "response-body-"),
];

/// `a-{b,c}-{d,e}` as four ids.
fn expanded(pattern: &str) -> Vec<String> {
    let Some((before, rest)) = pattern.split_once('{') else {
        return vec![pattern.to_owned()];
    };
    let (words, after) = rest.split_once('}').unwrap();
    let tails = expanded(after);
    words
        .split(',')
        .flat_map(|word| {
            tails
                .iter()
                .map(move |tail| format!("{before}{word}{tail}"))
        })
        .collect()
}

/// The schemas of `max-length-increased` and the like, and whether more values fit after it.
fn bound(what: &str) -> ([Value; 2], bool) {
    let (word, step) = what.rsplit_once('-').unwrap();
    let (exclusive, word) = match word.strip_prefix("exclusive-") {
        Some(word) => (true, word),
        None => (false, word),
    };
    let (upper, kind) = match word.split_once('-') {
        Some((side, kind)) => (side == "max", kind),
        None => (word == "max", ""),
    };
    let (key, name) = match (kind, exclusive) {
        ("length", _) => ("Length", "string"),
        ("items", _) => ("Items", "array"),
        ("contains", _) => ("Contains", "array"),
        ("properties", _) => ("Properties", "object"),
        (_, false) => ("imum", "integer"),
        (_, true) => ("Maximum", "number"),
    };
    let key = match (exclusive, upper) {
        (true, true) => "exclusiveMaximum".to_owned(),
        (true, false) => "exclusiveMinimum".to_owned(),
        (false, true) => format!("max{key}"),
        (false, false) => format!("min{key}"),
    };
    let schema = |value: Option<u32>| {
        let mut schema = json!({ "type": name });
        if name == "array" {
            schema["items"] = json!({});
        }
        if let Some(value) = value {
            schema[key.as_str()] = json!(value);
        }
        schema
    };
    let (before, after, wider) = match step {
        "set" => (None, Some(5), false),
        "unset" => (Some(5), None, true),
        "increased" => (Some(5), Some(6), upper),
        "decreased" => (Some(6), Some(5), !upper),
        other => panic!("no step {other}"),
    };
    ([schema(before), schema(after)], wider)
}

/// A description whose one operation is as given.
fn described(operation: &Value) -> Value {
    let mut whole = json!({ "operationId": "x", "responses": { "200": { "description": "a" } } });
    let mut document =
        json!({ "openapi": "3.1.0", "info": { "title": "T", "version": "1.0.0" }, "paths": {} });
    if !operation.is_null() {
        overlay(&mut whole, operation);
        document["paths"]["/x"]["get"] = whole;
    }
    document
}

/// The operation that holds a schema where the id puts it.
fn placed(place: &str, schema: &Value) -> Value {
    let mut inner = schema.clone();
    if place == "request-read-only-property-" {
        inner["readOnly"] = json!(true);
    }
    let property = json!({ "type": "object", "properties": { "p": inner } });
    let schema = if place.contains("property") {
        &property
    } else {
        schema
    };
    let media = json!({ "application/json": { "schema": schema } });
    match place {
        "request-parameter-" | "request-parameter-property-" => {
            json!({ "parameters": [{ "name": "p", "in": "query", "schema": schema }] })
        }
        "request-header-property-" => {
            json!({ "parameters": [{ "name": "p", "in": "header", "schema": schema }] })
        }
        "response-header-" => {
            json!({ "responses": { "200": { "headers": { "X": { "schema": schema } } } } })
        }
        place if place.starts_with("request") => {
            json!({ "requestBody": { "required": true, "content": media } })
        }
        _ => json!({ "responses": { "200": { "content": media } } }),
    }
}

fn overlay(base: &mut Value, more: &Value) {
    match (base, more) {
        (Value::Object(base), Value::Object(more)) => {
            for (key, value) in more {
                if value.is_null() {
                    base.remove(key);
                } else {
                    let inner = base.entry(key.clone()).or_insert(Value::Null);
                    overlay(inner, value);
                }
            }
        }
        (base, more) => base.clone_from(more),
    }
}

fn findings(both: &[Value; 2]) -> Vec<Finding> {
    let parse = |value: &Value| Document {
        root: value.clone(),
    };
    between(parse(&both[0]), parse(&both[1])).unwrap_or_else(|error| panic!("{error}: {both:?}"))
}

/// The two descriptions of a line for one id, the rule that is expected of us, and its level.
fn case(line: &Line, check: &str) -> ([Value; 2], String, Option<Level>) {
    let per_operation = |both: [Value; 2]| both.map(|operation| described(&operation));
    let whole_rule = || line.ours.clone().unwrap_or_else(|| check.to_owned());
    if let Some(change) = &line.change {
        let (place, ours) = PLACES
            .into_iter()
            .find(|(prefix, _)| check.starts_with(prefix))
            .unwrap_or_else(|| panic!("{check} names no place"));
        let what = &check[place.len()..];
        let request = place.starts_with("request");
        let (schemas, level) = match change {
            Change::Schemas(schemas) => (
                schemas.clone(),
                if request { line.request } else { line.response },
            ),
            Change::Bound(word) => {
                assert_eq!(word, "bound", "{check}");
                let (schemas, wider) = bound(what);
                let level = if wider == request {
                    Level::Compatible
                } else {
                    Level::Breaking
                };
                (schemas, Some(level))
            }
        };
        let what = line.ours.as_deref().unwrap_or(what);
        let rule = match what {
            "nothing" => "nothing".to_owned(),
            what => format!("{ours}{what}"),
        };
        return (
            per_operation(schemas.map(|schema| placed(place, &schema))),
            rule,
            level,
        );
    }
    let both = if let Some(both) = &line.body {
        per_operation(both.clone().map(|schema| placed("request-body-", &schema)))
    } else if let Some(both) = &line.answer {
        per_operation(both.clone().map(|schema| placed("response-body-", &schema)))
    } else if let Some(both) = &line.operation {
        per_operation(both.clone())
    } else if let Some(both) = &line.document {
        both.clone().map(|more| {
            let mut document = described(&json!({}));
            overlay(&mut document, &more);
            if document.get("paths").is_none() {
                document["paths"] = Value::Object(Map::new());
            }
            document
        })
    } else {
        panic!("{check}: the line says neither what changes nor why it does not matter");
    };
    (both, whole_rule(), line.level)
}

#[test]
fn each_check_of_oasdiff_is_reported_or_does_not_matter_for_a_reason() {
    let lines: Vec<Line> = yaml_serde::from_str(include_str!("../../../oasdiff.yaml")).unwrap();
    let mut seen = BTreeSet::new();
    let mut failures = Vec::new();
    let mut reasons = 0;
    for line in &lines {
        for check in line.checks.iter().flat_map(|pattern| expanded(pattern)) {
            assert!(seen.insert(check.clone()), "{check} stands twice");
            if let Some(why) = &line.why {
                assert!(why.len() > 20, "{check}: {why:?} is no reason");
                reasons += 1;
                continue;
            }
            let (both, rule, level) = case(line, &check);
            let found = findings(&both);
            if rule == "nothing" {
                if found.iter().any(|finding| finding.level > Level::Text) {
                    failures.push(format!("{check}: it is nothing, and {found:?}"));
                }
                continue;
            }
            assert!(level.is_some(), "{check} has no level");
            if !found
                .iter()
                .any(|finding| finding.rule == rule && Some(finding.level) == level)
            {
                let said: Vec<_> = found
                    .iter()
                    .map(|finding| (&finding.rule, finding.level))
                    .collect();
                failures.push(format!("{check}: no {rule} {level:?} in {said:?}"));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert_eq!(
        (seen.len(), reasons),
        (755, 70),
        "checks, and those with a reason"
    );
}
