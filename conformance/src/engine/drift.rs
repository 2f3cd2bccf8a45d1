//! Drift: what a host answers beyond its document, and the smallest widening of the document that would allow it.
//!
//! A proposal widens and never narrows. It holds no value that a host sent but words of a vocabulary and names of fields.

use std::collections::BTreeMap;

use openapi_overlay::{Action, Overlay, Target};
use serde_json::{Map, Value, json};

use super::call::Answer;
use super::check::Contract;
use super::document::{Operation, entries};
use super::schema::Direction;
use super::taint::Taint;

/// Headers that every host sends and no document lists.
const OF_HTTP: [&str; 22] = [
    "accept-ranges",
    "age",
    "allow",
    "alt-svc",
    "cache-control",
    "connection",
    "content-encoding",
    "content-length",
    "content-security-policy",
    "content-type",
    "date",
    "etag",
    "expires",
    "keep-alive",
    "last-modified",
    "location",
    "server",
    "strict-transport-security",
    "transfer-encoding",
    "vary",
    "via",
    "x-content-type-options",
];

/// What was seen beyond a document.
#[derive(Debug, Default)]
pub struct Drift {
    seen: BTreeMap<(Target, String), Seen>,
}

#[derive(Debug)]
struct Seen {
    what: String,
    at: String,
    count: usize,
    update: Value,
    /// A member that has to go first, since a merge cannot replace it.
    instead_of: Option<&'static str>,
}

/// A value and the schemas that speak about it.
struct Judged<'a> {
    contract: &'a Contract,
    taint: &'a Taint,
    at: &'a str,
}

impl Drift {
    /// How many proposals there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.seen.len()
    }

    /// Whether nothing was seen beyond the document.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.seen.is_empty()
    }

    /// The proposals as an OpenAPI Overlay.
    #[must_use]
    pub fn overlay(&self, title: &str) -> Overlay {
        let mut actions = Vec::new();
        for ((target, _), seen) in &self.seen {
            let description = format!(
                "{}: seen {} times, first at {}",
                seen.what, seen.count, seen.at
            );
            if let Some(member) = seen.instead_of {
                actions.push(observed(Action::remove(target.child(member), &description)));
            }
            let update = Action::update(target.clone(), &description, seen.update.clone());
            actions.push(observed(update));
        }
        Overlay::new(title, actions)
    }

    /// Notes what an answer shows beyond the document.
    pub(crate) fn observe(
        &mut self,
        contract: &Contract,
        operation: &Operation,
        answer: &Answer,
        taint: &Taint,
    ) {
        let root = &contract.document().root;
        let at = format!("{} {}", operation.id, answer.status);
        let method = operation.method.to_lowercase();
        let responses = Target::of(&["paths", &operation.path, &method, "responses"]);
        let media_type = answer.media_type();
        let Some((status, _)) = operation.response(answer.status) else {
            let mut response =
                json!({ "description": "Seen at a host.", "x-evidence": "observed" });
            if let (Some(media_type), false) = (media_type, answer.body.is_empty()) {
                let body = answer.json();
                let (schema, example) = match media_type.ends_with("json") {
                    true => (shape(&body), sample(&body)),
                    false => (json!({ "type": "string" }), json!("text")),
                };
                let media = json!({ "schema": schema, "example": example });
                response["content"] = json!({ media_type: media });
            }
            let update = json!({ answer.status.to_string(): response });
            self.note(
                responses,
                &format!("the status {}", answer.status),
                &at,
                update,
            );
            return;
        };
        let response = responses.child(status).followed(root);
        let declared = response.value(root);
        for name in answer
            .headers
            .keys()
            .map(reqwest::header::HeaderName::as_str)
        {
            let mut known = entries(
                declared["headers"]
                    .as_object()
                    .map(|_| &declared["headers"]),
            );
            let of_http = OF_HTTP.contains(&name) || name.starts_with("access-control-");
            if !of_http && !known.any(|(known, _)| known.eq_ignore_ascii_case(name)) {
                let header = json!({ "schema": { "type": "string" }, "x-evidence": "observed" });
                let update = json!({ "headers": { name: header } });
                self.note(response.clone(), &format!("the header {name}"), &at, update);
            }
        }
        let Some(media_type) = media_type.filter(|it| it.ends_with("json")) else {
            return;
        };
        let schema = response.child("content").child(&media_type).child("schema");
        if !schema.value(root).is_null() {
            let judged = Judged {
                contract,
                taint,
                at: &at,
            };
            self.walk(&judged, vec![schema], &answer.json());
        }
    }

    fn walk(&mut self, judged: &Judged<'_>, schemas: Vec<Target>, value: &Value) {
        let root = &judged.contract.document().root;
        let mut active = Vec::new();
        for schema in schemas {
            judged.activate(schema, value, &mut active);
        }
        self.kind(judged, &active, value);
        match value {
            Value::Object(fields) => {
                for (name, inner) in fields {
                    self.field(judged, &active, name, inner);
                }
            }
            Value::Array(items) => {
                let children: Vec<Target> = active
                    .iter()
                    .filter(|it| !it.value(root)["items"].is_null())
                    .map(|it| it.child("items"))
                    .collect();
                for inner in items {
                    self.walk(judged, children.clone(), inner);
                }
            }
            Value::String(text) => self.word(judged, &active, text),
            _ => {}
        }
    }

    fn field(&mut self, judged: &Judged<'_>, active: &[Target], name: &str, value: &Value) {
        let root = &judged.contract.document().root;
        let member = |schema: &Target, key: &str| schema.value(root)[key].clone();
        let mut children: Vec<Target> = active
            .iter()
            .filter(|it| !member(it, "properties")[name].is_null())
            .map(|it| it.child("properties").child(name))
            .collect();
        if children.is_empty() {
            if active
                .iter()
                .any(|it| member(it, "additionalProperties") == Value::Bool(true))
            {
                return;
            }
            children = active
                .iter()
                .filter(|it| member(it, "additionalProperties").is_object())
                .map(|it| it.child("additionalProperties"))
                .collect();
        }
        if !children.is_empty() {
            return self.walk(judged, children, value);
        }
        // A schema that names no field at all remarks on none.
        let Some(home) = active
            .iter()
            .find(|it| member(it, "properties").is_object())
        else {
            return;
        };
        let mut field = shape(value);
        field["x-evidence"] = json!("observed");
        let update = json!({ name: field });
        let what = format!("the field {name}");
        self.note(home.child("properties"), &what, judged.at, update);
    }

    /// A word that a vocabulary lacks, if it is no secret.
    fn word(&mut self, judged: &Judged<'_>, active: &[Target], text: &str) {
        let root = &judged.contract.document().root;
        if judged.taint.redact(text) != text {
            return;
        }
        for schema in active {
            for key in ["enum", "x-extensible-enum"] {
                let known = schema.value(root)[key].as_array().cloned();
                if known.is_some_and(|known| !known.iter().any(|it| it == text)) {
                    let what = format!("the value {text:?}");
                    self.note(schema.child(key), &what, judged.at, json!(text));
                }
            }
        }
    }

    /// A type that the schemas do not allow.
    fn kind(&mut self, judged: &Judged<'_>, active: &[Target], value: &Value) {
        let root = &judged.contract.document().root;
        for schema in active {
            let declared = schema.value(root);
            let Some(wanted) = declared["type"].as_str() else {
                continue;
            };
            let got = kind(value);
            let fits = wanted == got || wanted == "number" && got == "integer";
            if fits || got == "null" && declared["nullable"] == true {
                continue;
            }
            let what = format!("{got} where {wanted} is said");
            if got == "null" {
                let update = json!({ "nullable": true, "x-evidence": "observed" });
                self.note(schema.clone(), &what, judged.at, update);
            } else if declared["enum"].is_null() && declared["oneOf"].is_null() {
                let either = json!([{ "type": wanted }, { "type": got }]);
                let update = json!({ "oneOf": either, "x-evidence": "observed" });
                self.note(schema.clone(), &what, judged.at, update);
                if let Some(seen) = self.seen.get_mut(&(schema.clone(), what)) {
                    seen.instead_of = Some("type");
                }
            }
        }
    }

    fn note(&mut self, target: Target, what: &str, at: &str, update: Value) {
        let seen = self.seen.entry((target, what.to_owned()));
        seen.or_insert_with(|| Seen {
            what: what.to_owned(),
            at: at.to_owned(),
            count: 0,
            update,
            instead_of: None,
        })
        .count += 1;
    }
}

impl Judged<'_> {
    /// The schemas that speak about a value: through references, all of `allOf`, and the branches that it satisfies.
    fn activate(&self, schema: Target, value: &Value, active: &mut Vec<Target>) {
        let root = &self.contract.document().root;
        let schema = schema.followed(root);
        let declared = schema.value(root);
        for (key, all) in [("allOf", true), ("oneOf", false), ("anyOf", false)] {
            let branches = declared[key].as_array().into_iter().flatten();
            for (index, branch) in branches.enumerate() {
                let compiled = self.contract.schema(branch, Direction::Answer);
                if all || compiled.is_ok_and(|branch| branch.broken(value).is_empty()) {
                    self.activate(schema.child(key).item(index), value, active);
                }
            }
        }
        active.push(schema);
    }
}

fn observed(action: Action) -> Action {
    action.with_extension("x-evidence", json!("observed"))
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// A schema that allows a value and says nothing of what is in it.
fn shape(value: &Value) -> Value {
    match value {
        Value::Null => json!({}),
        Value::Array(items) => {
            let items = items.first().map_or_else(|| json!({}), shape);
            json!({ "type": "array", "items": items })
        }
        Value::Object(fields) => {
            let fields: Map<String, Value> = fields
                .iter()
                .map(|(name, inner)| (name.clone(), shape(inner)))
                .collect();
            json!({ "type": "object", "properties": fields })
        }
        other => json!({ "type": kind(other) }),
    }
}

/// A value of the same shape that holds nothing of what a host sent.
fn sample(value: &Value) -> Value {
    match value {
        Value::Null => Value::Null,
        Value::Bool(_) => json!(true),
        Value::Number(number) if number.is_f64() => json!(0.5),
        Value::Number(_) => json!(1),
        Value::String(_) => json!("text"),
        Value::Array(items) => items.iter().take(1).map(sample).collect(),
        Value::Object(fields) => fields
            .iter()
            .map(|(name, inner)| (name.clone(), sample(inner)))
            .collect(),
    }
}
