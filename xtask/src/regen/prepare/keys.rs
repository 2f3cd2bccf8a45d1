//! Whether a document has the shape of one: what stands at the wrong place, or is of the wrong kind, would be passed over.

use serde_json::{Map, Value};

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
/// The maps of components that the client is made from.
const OF_COMPONENTS: [&str; 5] = [
    "schemas",
    "parameters",
    "requestBodies",
    "responses",
    "pathItems",
];

/// What a value has to be.
#[derive(Clone, Copy)]
enum Kind {
    Map,
    List,
    Text,
}

/// Looks at everything down to schemas, which have their own steps.
pub(super) fn check(root: &Value, report: &mut Report, problems: &mut Vec<Problem>) {
    let mut look = Look { problems };
    for key in ["paths", "components", "info"] {
        look.member(root, key, "the document", Kind::Map);
    }
    let older = root["openapi"]
        .as_str()
        .is_some_and(|it| it.starts_with("3.0."));
    if older && root.get("paths").is_none() {
        look.problems.push(Problem::new(
            "the document",
            "it has no paths, and so describes nothing to call",
            "look whether it is the right one, or write `paths: {}`",
        ));
    }
    for kind in OF_COMPONENTS {
        look.member(&root["components"], kind, "components", Kind::Map);
    }
    for (name, response) in entries(root["components"].get("responses")) {
        look.answer(response, &format!("response {name}"));
    }
    for (name, body) in entries(root["components"].get("requestBodies")) {
        look.body(body, &format!("request body {name}"));
    }
    for (name, parameter) in entries(root["components"].get("parameters")) {
        look.parameter(parameter, &format!("parameter {name}"));
    }
    let items = entries(root.get("paths")).chain(entries(root["components"].get("pathItems")));
    for (path, item) in items {
        look.item(path, item, report);
    }
}

struct Look<'a> {
    problems: &'a mut Vec<Problem>,
}

impl Look<'_> {
    fn item(&mut self, path: &str, item: &Value, report: &mut Report) {
        if path.starts_with("x-") {
            return;
        }
        let Some(members) = self.map(item, path) else {
            return;
        };
        for key in members.keys().filter(|key| !key.starts_with("x-")) {
            if METHODS.contains(&key.as_str()) || OF_ITEMS.contains(&key.as_str()) {
                continue;
            }
            if METHODS.contains(&key.to_ascii_lowercase().as_str()) {
                self.problems.push(Problem::new(
                    path,
                    format!("{key} is no method"),
                    format!("write {}", key.to_ascii_lowercase()),
                ));
            } else {
                report.add(path, key, "left out", "OpenAPI knows no such key of a path");
            }
        }
        self.member(item, "$ref", path, Kind::Text);
        self.parameters(item, path);
        for method in METHODS {
            let Some(operation) = item.get(method) else {
                continue;
            };
            let id = operation.get("operationId").and_then(Value::as_str);
            let place = id.map_or_else(
                || format!("{} {path}", method.to_uppercase()),
                str::to_owned,
            );
            self.operation(operation, &place, report);
        }
    }

    fn operation(&mut self, operation: &Value, place: &str, report: &mut Report) {
        let Some(members) = self.map(operation, place) else {
            return;
        };
        for key in members.keys() {
            if !key.starts_with("x-") && !OF_OPERATIONS.contains(&key.as_str()) {
                report.add(
                    place,
                    key,
                    "left out",
                    "OpenAPI knows no such key of an operation",
                );
            }
        }
        self.member(operation, "operationId", place, Kind::Text);
        self.parameters(operation, place);
        for key in ["tags", "security"] {
            self.member(operation, key, place, Kind::List);
        }
        if let Some(body) = operation.get("requestBody") {
            self.body(body, &format!("{place}, request body"));
        }
        self.member(operation, "responses", place, Kind::Map);
        for (status, answer) in entries(operation.get("responses")) {
            if !status.starts_with("x-") {
                self.answer(answer, &format!("{place}, answer {status}"));
            }
        }
    }

    fn parameters(&mut self, holder: &Value, place: &str) {
        self.member(holder, "parameters", place, Kind::List);
        let list = holder.get("parameters").and_then(Value::as_array);
        for (index, parameter) in list.into_iter().flatten().enumerate() {
            let name = parameter.get("name").and_then(Value::as_str);
            let name = name.map_or_else(|| index.to_string(), str::to_owned);
            self.parameter(parameter, &format!("{place}, parameter {name}"));
        }
    }

    fn parameter(&mut self, parameter: &Value, place: &str) {
        if self.map(parameter, place).is_none() {
            return;
        }
        for key in ["$ref", "name", "in", "style"] {
            self.member(parameter, key, place, Kind::Text);
        }
        self.content(parameter, place);
    }

    fn body(&mut self, body: &Value, place: &str) {
        if self.map(body, place).is_some() {
            self.member(body, "$ref", place, Kind::Text);
            self.content(body, place);
        }
    }

    fn answer(&mut self, answer: &Value, place: &str) {
        if self.map(answer, place).is_some() {
            self.member(answer, "$ref", place, Kind::Text);
            self.member(answer, "headers", place, Kind::Map);
            self.content(answer, place);
        }
    }

    fn content(&mut self, holder: &Value, place: &str) {
        self.member(holder, "content", place, Kind::Map);
        for (media_type, media) in entries(holder.get("content")) {
            self.map(media, &format!("{place}, {media_type}"));
        }
    }

    /// The members of what has to be a map.
    fn map<'v>(&mut self, value: &'v Value, place: &str) -> Option<&'v Map<String, Value>> {
        if !value.is_object() {
            self.problems
                .push(Problem::new(place, "it is no object", "write a map"));
        }
        value.as_object()
    }

    /// What stands under a key, if anything does.
    fn member(&mut self, holder: &Value, key: &str, place: &str, kind: Kind) {
        let Some(value) = holder.get(key) else {
            return;
        };
        let (fits, what) = match kind {
            Kind::Map => (value.is_object(), "a map"),
            Kind::List => (value.is_array(), "a list"),
            Kind::Text => (value.is_string(), "a text"),
        };
        if !fits {
            let found = format!("{key} is {}", shortened(value));
            self.problems
                .push(Problem::new(place, found, format!("write {what}")));
        }
    }
}

fn shortened(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() <= 60 {
        return text;
    }
    text.chars().take(57).chain("...".chars()).collect()
}
