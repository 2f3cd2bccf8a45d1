//! Whether each word of a document is of the kind that OpenAPI says, down into schemas, so that no later step finds a text
//! where a map must be. That operations and what is around them have their shape, `keys.rs` has seen before.
//!
//! A key without a value is left out with a line in the report; what is of another kind is refused with its place.

use serde_json::{Value, json};

use crate::regen::problem::Problem;
use crate::regen::report::Report;

/// What stands at a key.
enum Shape {
    Text,
    Texts,
    Flag,
    Number,
    FlagOrNumber,
    /// A word or a list of words; also nothing, which is a type in careless YAML.
    Types,
    List,
    One(&'static Table),
    Many(&'static Table),
    Named(&'static Table),
    NamedTexts,
}

/// The keys of one thing; others are not looked at.
struct Table(&'static [(&'static str, Shape)]);

static DOCUMENT: Table = Table(&[
    ("info", Shape::One(&INFO)),
    ("paths", Shape::Named(&PATH)),
    ("webhooks", Shape::Named(&PATH)),
    ("components", Shape::One(&COMPONENTS)),
    ("servers", Shape::List),
    ("security", Shape::List),
    ("tags", Shape::List),
]);
static INFO: Table = Table(&[("title", Shape::Text), ("version", Shape::Text)]);
static COMPONENTS: Table = Table(&[
    ("schemas", Shape::Named(&SCHEMA)),
    ("parameters", Shape::Named(&PARAMETER)),
    ("headers", Shape::Named(&PARAMETER)),
    ("requestBodies", Shape::Named(&BODY)),
    ("responses", Shape::Named(&RESPONSE)),
    ("pathItems", Shape::Named(&PATH)),
]);
static PATH: Table = Table(&[
    ("$ref", Shape::Text),
    ("parameters", Shape::Many(&PARAMETER)),
    ("get", Shape::One(&OPERATION)),
    ("put", Shape::One(&OPERATION)),
    ("post", Shape::One(&OPERATION)),
    ("delete", Shape::One(&OPERATION)),
    ("patch", Shape::One(&OPERATION)),
    ("head", Shape::One(&OPERATION)),
    ("options", Shape::One(&OPERATION)),
    ("trace", Shape::One(&OPERATION)),
]);
static OPERATION: Table = Table(&[
    ("operationId", Shape::Text),
    ("summary", Shape::Text),
    ("description", Shape::Text),
    ("tags", Shape::Texts),
    ("deprecated", Shape::Flag),
    ("parameters", Shape::Many(&PARAMETER)),
    ("requestBody", Shape::One(&BODY)),
    ("responses", Shape::Named(&RESPONSE)),
    ("security", Shape::List),
]);
static PARAMETER: Table = Table(&[
    ("$ref", Shape::Text),
    ("name", Shape::Text),
    ("in", Shape::Text),
    ("description", Shape::Text),
    ("required", Shape::Flag),
    ("deprecated", Shape::Flag),
    ("explode", Shape::Flag),
    ("style", Shape::Text),
    ("schema", Shape::One(&SCHEMA)),
    ("content", Shape::Named(&MEDIA)),
]);
static BODY: Table = Table(&[
    ("$ref", Shape::Text),
    ("description", Shape::Text),
    ("required", Shape::Flag),
    ("content", Shape::Named(&MEDIA)),
]);
static RESPONSE: Table = Table(&[
    ("$ref", Shape::Text),
    ("description", Shape::Text),
    ("headers", Shape::Named(&PARAMETER)),
    ("content", Shape::Named(&MEDIA)),
]);
static MEDIA: Table = Table(&[
    ("schema", Shape::One(&SCHEMA)),
    ("encoding", Shape::Named(&ENCODING)),
]);
static ENCODING: Table = Table(&[
    ("contentType", Shape::Text),
    ("style", Shape::Text),
    ("explode", Shape::Flag),
]);
static SCHEMA: Table = Table(&[
    ("$ref", Shape::Text),
    ("type", Shape::Types),
    ("format", Shape::Text),
    ("title", Shape::Text),
    ("description", Shape::Text),
    ("pattern", Shape::Text),
    ("nullable", Shape::Flag),
    ("readOnly", Shape::Flag),
    ("writeOnly", Shape::Flag),
    ("deprecated", Shape::Flag),
    ("uniqueItems", Shape::Flag),
    ("minimum", Shape::Number),
    ("maximum", Shape::Number),
    ("multipleOf", Shape::Number),
    ("minLength", Shape::Number),
    ("maxLength", Shape::Number),
    ("minItems", Shape::Number),
    ("maxItems", Shape::Number),
    ("minProperties", Shape::Number),
    ("maxProperties", Shape::Number),
    ("exclusiveMinimum", Shape::FlagOrNumber),
    ("exclusiveMaximum", Shape::FlagOrNumber),
    ("enum", Shape::List),
    ("x-extensible-enum", Shape::List),
    ("required", Shape::Texts),
    ("properties", Shape::Named(&SCHEMA)),
    ("patternProperties", Shape::Named(&SCHEMA)),
    ("$defs", Shape::Named(&SCHEMA)),
    ("items", Shape::One(&SCHEMA)),
    ("additionalProperties", Shape::One(&SCHEMA)),
    ("not", Shape::One(&SCHEMA)),
    ("oneOf", Shape::Many(&SCHEMA)),
    ("anyOf", Shape::Many(&SCHEMA)),
    ("allOf", Shape::Many(&SCHEMA)),
    ("discriminator", Shape::One(&DISCRIMINATOR)),
]);
static DISCRIMINATOR: Table = Table(&[
    ("propertyName", Shape::Text),
    ("mapping", Shape::NamedTexts),
]);

pub(super) fn hold(root: &mut Value, report: &mut Report, problems: &mut Vec<Problem>) {
    let version = root.get("openapi").and_then(Value::as_str);
    // What is no document of ours is told so by the step that reads the version.
    if version.is_none_or(|version| version.starts_with("3.")) && root.get("swagger").is_none() {
        thing("", root, &DOCUMENT, report, problems);
    }
}

fn thing(
    place: &str,
    value: &mut Value,
    table: &'static Table,
    report: &mut Report,
    problems: &mut Vec<Problem>,
) {
    // A schema may be true or false, which later steps know.
    if std::ptr::eq(table, &SCHEMA) && value.is_boolean() {
        return;
    }
    let Some(object) = value.as_object_mut() else {
        problems.push(wrong(place, value, "a map"));
        return;
    };
    for (key, shape) in table.0 {
        let at = if place.is_empty() {
            (*key).to_owned()
        } else {
            format!("{place}, {key}")
        };
        let Some(inner) = object.get_mut(*key) else {
            continue;
        };
        let careless = inner.is_null() && !matches!(shape, Shape::Types)
            || *key == "required" && matches!(shape, Shape::Texts) && inner.is_boolean();
        if careless {
            report.add(at, format!("{key}: {inner}"), "left out", "it says nothing");
            object.remove(*key);
            continue;
        }
        within(&at, inner, shape, report, problems);
    }
}

fn within(
    place: &str,
    value: &mut Value,
    shape: &Shape,
    report: &mut Report,
    problems: &mut Vec<Problem>,
) {
    let all_texts = |value: &Value| {
        value
            .as_array()
            .is_some_and(|items| items.iter().all(Value::is_string))
    };
    let (fits, wanted) = match shape {
        Shape::Text => (value.is_string(), "a text"),
        Shape::Texts => (all_texts(value), "a list of texts"),
        Shape::Flag => (value.is_boolean(), "true or false"),
        Shape::Number => (value.is_number(), "a number"),
        Shape::FlagOrNumber => (value.is_boolean() || value.is_number(), "a number or true"),
        Shape::Types => (
            value.is_string() || value.is_null() || all_texts(value),
            "a type or a list of types",
        ),
        Shape::List => (value.is_array(), "a list"),
        Shape::NamedTexts => (
            value
                .as_object()
                .is_some_and(|named| named.values().all(Value::is_string)),
            "a map of texts",
        ),
        Shape::One(table) => {
            thing(place, value, table, report, problems);
            return;
        }
        Shape::Many(table) => {
            if let Some(items) = value.as_array_mut() {
                for (index, item) in items.iter_mut().enumerate() {
                    thing(&format!("{place}[{index}]"), item, table, report, problems);
                }
                return;
            }
            (false, "a list")
        }
        Shape::Named(table) => {
            if let Some(named) = value.as_object_mut() {
                for (name, inner) in named {
                    if name.starts_with("x-") && !std::ptr::eq(*table, &SCHEMA) {
                        continue;
                    }
                    // A schema without a word, or a media type: anything.
                    if inner.is_null() {
                        *inner = json!({});
                        report.add(
                            format!("{place}, {name}"),
                            "nothing",
                            "{}",
                            "it says nothing",
                        );
                        continue;
                    }
                    thing(&format!("{place}, {name}"), inner, table, report, problems);
                }
                return;
            }
            (false, "a map")
        }
    };
    if !fits {
        problems.push(wrong(place, value, wanted));
    }
}

fn wrong(place: &str, value: &Value, wanted: &str) -> Problem {
    let shown: String = value.to_string().chars().take(40).collect();
    let place = if place.is_empty() {
        "the document"
    } else {
        place
    };
    Problem::new(place, format!("it is {shown}"), format!("write {wanted}"))
}
