//! Keys at which OpenAPI knows nothing, of a path and of an operation: what stands there would be passed over without a word.

use serde_json::Value;

use crate::regen::document::{METHODS, entries};
use crate::regen::problem::Problem;
use crate::regen::report::Report;

/// The keys of a path item beside its operations.
const OF_ITEMS: [&str; 5] = ["$ref", "summary", "description", "servers", "parameters"];
/// The keys of an operation.
const OF_OPERATIONS: [&str; 12] = [
    "tags",
    "summary",
    "description",
    "externalDocs",
    "operationId",
    "parameters",
    "requestBody",
    "responses",
    "callbacks",
    "deprecated",
    "security",
    "servers",
];

/// Tells of each unknown key; a method in capitals, and a document without paths, are refused.
pub(super) fn check(root: &Value, report: &mut Report, problems: &mut Vec<Problem>) {
    let older = root["openapi"]
        .as_str()
        .is_some_and(|it| it.starts_with("3.0."));
    if older && root.get("paths").is_none() {
        problems.push(Problem::new(
            "the document",
            "it has no paths, and so describes nothing to call",
            "look whether it is the right one, or write `paths: {}`",
        ));
    }
    let items = entries(root.get("paths")).chain(entries(root["components"].get("pathItems")));
    for (path, item) in items.filter(|(path, _)| !path.starts_with("x-")) {
        for key in unknown(item, &OF_ITEMS) {
            let small = key.to_ascii_lowercase();
            if METHODS.contains(&key) {
                operation(path, key, &item[key], report);
            } else if METHODS.contains(&small.as_str()) {
                problems.push(Problem::new(
                    path,
                    format!("{key} is no method"),
                    format!("write {small}"),
                ));
            } else {
                report.add(path, key, "left out", "OpenAPI knows no such key of a path");
            }
        }
    }
}

fn operation(path: &str, method: &str, operation: &Value, report: &mut Report) {
    let id = operation.get("operationId").and_then(Value::as_str);
    let place = id.map_or_else(
        || format!("{} {path}", method.to_uppercase()),
        str::to_owned,
    );
    for key in unknown(operation, &OF_OPERATIONS) {
        report.add(
            place.clone(),
            key,
            "left out",
            "OpenAPI knows no such key of an operation",
        );
    }
}

/// The keys of a map that are none of these and no extensions.
fn unknown<'a>(value: &'a Value, known: &'a [&str]) -> impl Iterator<Item = &'a str> {
    entries(Some(value))
        .map(|(key, _)| key)
        .filter(|key| !key.starts_with("x-") && !known.contains(key))
}
