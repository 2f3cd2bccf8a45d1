//! OpenAPI 3.1 in the words of 3.0, where that loses nothing; refused with the place where it would.

use serde_json::{Map, Value, json};

use crate::regen::document::text;
use crate::regen::problem::Problem;
use crate::regen::report::Report;
use crate::regen::walk;

/// Words of JSON Schema 2020-12 that only a validator reads.
const CHECKS: [&str; 10] = [
    "propertyNames",
    "contains",
    "minContains",
    "maxContains",
    "dependentRequired",
    "unevaluatedItems",
    "unevaluatedProperties",
    "contentSchema",
    "$comment",
    "$schema",
];
/// Words that decide what a value is, and for which 3.0 has no word.
const LOST: [&str; 6] = [
    "if",
    "then",
    "else",
    "dependentSchemas",
    "prefixItems",
    "$dynamicRef",
];
/// Where the words that only a validator reads are kept, so that a change of them can be told.
pub(crate) const UNCHECKED: &str = "x-not-checked";
/// Where the media type of a text is kept, which 3.0 has no word for.
pub(crate) const MEDIA_TYPE: &str = "x-media-type";
const WHY: &str = "the generator reads OpenAPI 3.0";

pub(super) fn to_3_0(root: &mut Value, report: &mut Report, problems: &mut Vec<Problem>) {
    let version = text(root, "openapi").unwrap_or_default().to_owned();
    let newer = version.starts_with("3.1.");
    if !newer && !version.starts_with("3.0.") {
        let found = match text(root, "swagger") {
            Some(swagger) => format!("the document is Swagger {swagger}"),
            None => format!("the document's version is {version:?}"),
        };
        problems.push(Problem::new(
            "openapi",
            found,
            "bring it down to 3.0.3: only 3.0 and 3.1 are read",
        ));
        return;
    }
    if newer {
        document(root, &version, report, problems);
    }
    walk::schemas_mut(root, &mut |place, schema_value| {
        schema(place, schema_value, report, problems);
    });
    walk::schemas_mut(root, &mut |place, schema_value| {
        if schema_value["type"] == "null" {
            problems.push(only_null(place));
        }
    });
}

fn document(root: &mut Value, version: &str, report: &mut Report, problems: &mut Vec<Problem>) {
    report.add("openapi", version, "3.0.3", WHY);
    root["openapi"] = json!("3.0.3");
    let Some(object) = root.as_object_mut() else {
        return;
    };
    if object.remove("webhooks").is_some() {
        report.add("webhooks", "described", "left out", "a client calls none");
    }
    if let Some(dialect) = object.remove("jsonSchemaDialect") {
        let plain = dialect
            .as_str()
            .is_some_and(|name| name.contains("2020-12") || name.contains("oas/3.1"));
        if !plain {
            problems.push(Problem::new(
                "jsonSchemaDialect",
                format!("it is {dialect}"),
                "use the dialect of OpenAPI 3.1",
            ));
        }
    }
    object.entry("paths").or_insert_with(|| json!({}));
}

fn schema(place: &str, value: &mut Value, report: &mut Report, problems: &mut Vec<Problem>) {
    match value {
        Value::Bool(true) => {
            *value = json!({});
            return;
        }
        Value::Bool(false) => {
            problems.push(Problem::new(
                place,
                "the schema `false` fits no value",
                "leave the place out",
            ));
            return;
        }
        _ => {}
    }
    let Some(object) = value.as_object_mut() else {
        problems.push(Problem::new(
            place,
            "the schema is no object",
            "write a schema",
        ));
        return;
    };
    for key in LOST {
        if object.contains_key(key) {
            problems.push(Problem::new(
                place,
                format!("`{key}` has no word in OpenAPI 3.0, and its meaning would be lost"),
                "say it with oneOf, or leave it out",
            ));
        }
    }
    let mut unchecked = Map::new();
    for key in CHECKS {
        if let Some(value) = object.remove(key) {
            report.add(place, key, "not checked", "the server checks it");
            if !key.starts_with('$') {
                unchecked.insert(key.to_owned(), value);
            }
        }
    }
    if !unchecked.is_empty() {
        object.insert(UNCHECKED.to_owned(), Value::Object(unchecked));
    }
    names_of_its_own(place, object, report, problems);
    siblings(place, object, report);
    if let Some(constant) = object.remove("const") {
        report.add(place, "const", "an enum of one value", WHY);
        object.insert("enum".to_owned(), json!([constant]));
    }
    if let Some(examples) = object.get("examples").and_then(Value::as_array).cloned() {
        object.remove("examples");
        if let Some(first) = examples.into_iter().next() {
            object.entry("example").or_insert(first);
        }
    }
    for (key, inclusive) in [
        ("exclusiveMinimum", "minimum"),
        ("exclusiveMaximum", "maximum"),
    ] {
        if object.get(key).is_some_and(Value::is_number) {
            let bound = object.insert(key.to_owned(), json!(true));
            object.insert(inclusive.to_owned(), bound.unwrap_or_default());
            report.add(place, format!("a numeric {key}"), inclusive, WHY);
        }
    }
    encoding(place, object, report);
    patterns(place, object, report);
    nulls(place, object, report, problems);
    types(place, object, report, problems);
}

/// Names by which a schema could be referred to from elsewhere. References by them are refused where they stand, so only what
/// an `$id` does to the references inside of its schema can be lost.
fn names_of_its_own(
    place: &str,
    object: &mut Map<String, Value>,
    report: &mut Report,
    problems: &mut Vec<Problem>,
) {
    if object.remove("$anchor").is_some() {
        report.add(place, "$anchor", "left out", "nothing refers to it by that");
    }
    if object.remove("$id").is_none() {
        return;
    }
    let mut inside = Value::Object(object.clone());
    let mut references = 0;
    walk::references_mut(&mut inside, &mut |_| references += 1);
    if references > 0 {
        problems.push(Problem::new(
            place,
            "`$id` changes what the references inside of it mean",
            "leave it out, and refer to #/components/schemas",
        ));
    } else {
        report.add(place, "$id", "left out", "nothing refers to it by that");
    }
}

/// 3.0 ignores what stands beside a `$ref`; 3.1 does not.
fn siblings(place: &str, object: &mut Map<String, Value>, report: &mut Report) {
    if !object.get("$ref").is_some_and(Value::is_string) {
        return;
    }
    let mut rest = object.clone();
    let reference = rest.remove("$ref").unwrap_or_default();
    rest.retain(|key, _| {
        !key.starts_with("x-")
            && !["description", "title", "example", "examples", "summary"].contains(&key.as_str())
    });
    if rest.is_empty() {
        return;
    }
    report.add(place, "words beside a $ref", "allOf", WHY);
    let mut parts = vec![json!({ "$ref": reference })];
    let nullable = rest.remove("nullable");
    let notes: Map<String, Value> = ["readOnly", "writeOnly", "deprecated", "default"]
        .into_iter()
        .filter_map(|key| Some((key.to_owned(), rest.remove(key)?)))
        .collect();
    if !rest.is_empty() {
        parts.push(Value::Object(rest));
    }
    object.clear();
    object.insert("allOf".to_owned(), Value::Array(parts));
    object.extend(notes);
    if let Some(nullable) = nullable {
        object.insert("nullable".to_owned(), nullable);
    }
}

fn encoding(place: &str, object: &mut Map<String, Value>, report: &mut Report) {
    let format = match object.remove("contentEncoding") {
        Some(encoding) if encoding == "base64" => Some("byte"),
        Some(_) => None,
        None if object.contains_key("contentMediaType") => Some("binary"),
        None => return,
    };
    if let Some(media_type) = object.remove("contentMediaType") {
        object.insert(MEDIA_TYPE.to_owned(), media_type);
    }
    if let Some(format) = format {
        report.add(place, "contentEncoding", format!("format: {format}"), WHY);
        object.insert("format".to_owned(), json!(format));
        object.entry("type").or_insert_with(|| json!("string"));
    }
}

fn patterns(place: &str, object: &mut Map<String, Value>, report: &mut Report) {
    let Some(patterns) = object.remove("patternProperties") else {
        return;
    };
    let mut values = patterns
        .as_object()
        .into_iter()
        .flat_map(|named| named.values());
    let first = values.next().cloned().unwrap_or_else(|| json!({}));
    let alone = !object.contains_key("properties")
        && !object
            .get("additionalProperties")
            .is_some_and(Value::is_object);
    if alone && values.all(|other| *other == first) {
        report.add(
            place,
            "patternProperties",
            "additionalProperties",
            "the server checks the keys",
        );
        object.insert("additionalProperties".to_owned(), first);
    } else {
        report.add(
            place,
            "patternProperties beside others",
            "additionalProperties: true",
            "3.0 cannot say which key holds what, so that their values are kept as JSON",
        );
        object.insert("additionalProperties".to_owned(), json!(true));
    }
    object.entry("type").or_insert_with(|| json!("object"));
}

/// `null` among alternatives makes the others nullable.
fn nulls(
    place: &str,
    object: &mut Map<String, Value>,
    report: &mut Report,
    problems: &mut Vec<Problem>,
) {
    for key in ["oneOf", "anyOf"] {
        let Some(list) = object.get_mut(key).and_then(Value::as_array_mut) else {
            continue;
        };
        let before = list.len();
        list.retain(|part| !is_null(part));
        if list.len() == before {
            continue;
        }
        if list.is_empty() {
            problems.push(only_null(place));
            return;
        }
        report.add(place, format!("{key} with null"), "nullable: true", WHY);
        let rest = std::mem::take(list);
        object.remove(key);
        object.insert("nullable".to_owned(), json!(true));
        match rest.as_slice() {
            [Value::Object(one)] if !one.contains_key("$ref") => object.extend(one.clone()),
            [one] => {
                object.insert("allOf".to_owned(), json!([one]));
            }
            _ => {
                object.insert(key.to_owned(), Value::Array(rest));
            }
        }
    }
    if let Some(values) = object.get_mut("enum").and_then(Value::as_array_mut) {
        let before = values.len();
        values.retain(|value| !value.is_null());
        if values.len() < before {
            if values.is_empty() {
                object.remove("enum");
                object.insert("type".to_owned(), json!("null"));
                return;
            }
            object.insert("nullable".to_owned(), json!(true));
        }
    }
}

fn types(
    place: &str,
    object: &mut Map<String, Value>,
    report: &mut Report,
    problems: &mut Vec<Problem>,
) {
    match object.get("type").cloned() {
        Some(Value::Array(types)) => {
            let named: Vec<&Value> = types.iter().filter(|kind| *kind != "null").collect();
            if named.len() < types.len() {
                object.insert("nullable".to_owned(), json!(true));
            }
            report.add(
                place,
                format!("type: {}", Value::from(types.clone())),
                "one type, and nullable or oneOf",
                WHY,
            );
            match named.as_slice() {
                [] => {
                    object.insert("type".to_owned(), json!("null"));
                }
                [one] => {
                    object.insert("type".to_owned(), (*one).clone());
                }
                many => {
                    let parts: Vec<Value> = many.iter().map(|kind| part(object, kind)).collect();
                    for key in [
                        "type",
                        "properties",
                        "required",
                        "items",
                        "format",
                        "additionalProperties",
                        "enum",
                    ] {
                        object.remove(key);
                    }
                    object.insert("oneOf".to_owned(), Value::Array(parts));
                }
            }
        }
        // Whether it stands among alternatives is seen by the schema around it.
        Some(Value::Null) => {
            object.insert("type".to_owned(), json!("null"));
        }
        Some(kind) if kind == "null" => {}
        Some(Value::String(kind))
            if !["string", "integer", "number", "boolean", "array", "object"]
                .contains(&kind.as_str()) =>
        {
            problems.push(Problem::new(
                place,
                format!("there is no type {kind:?}"),
                "use string, integer, number, boolean, array or object",
            ));
        }
        Some(Value::String(kind)) if kind == "array" && !object.contains_key("items") => {
            report.add(
                place,
                "an array without items",
                "items: {}",
                "any value fits",
            );
            object.insert("items".to_owned(), json!({}));
        }
        None => untyped(place, object, report),
        _ => {}
    }
}

/// A schema that holds properties or items and does not say what it is.
fn untyped(place: &str, object: &mut Map<String, Value>, report: &mut Report) {
    let kind = if object.contains_key("properties") {
        "object"
    } else if object.contains_key("items") {
        "array"
    } else {
        let values = object.get("enum").and_then(Value::as_array);
        match values.filter(|values| !values.is_empty()) {
            Some(values) if values.iter().all(Value::is_string) => "string",
            Some(values) if values.iter().all(|value| value.is_i64() || value.is_u64()) => {
                "integer"
            }
            Some(values) if values.iter().all(Value::is_boolean) => "boolean",
            _ => return,
        }
    };
    if object.contains_key("oneOf") || object.contains_key("anyOf") || object.contains_key("allOf")
    {
        return;
    }
    report.add(
        place,
        "no type",
        format!("type: {kind}"),
        "what it holds says so",
    );
    object.insert("type".to_owned(), json!(kind));
}

/// What of a schema with several types belongs to one of them.
fn part(object: &Map<String, Value>, kind: &Value) -> Value {
    let keys: &[&str] = match kind.as_str().unwrap_or_default() {
        "object" => &["properties", "required", "additionalProperties"],
        "array" => &["items"],
        "string" => &["format"],
        _ => &[],
    };
    let mut part = json!({ "type": kind });
    for key in keys {
        if let Some(value) = object.get(*key) {
            part[*key] = value.clone();
        }
    }
    if kind == "array" && part.get("items").is_none() {
        part["items"] = json!({});
    }
    part
}

fn is_null(schema: &Value) -> bool {
    schema["type"] == "null"
        || schema["type"] == json!(["null"])
        || schema.get("const") == Some(&Value::Null)
        || schema["enum"] == json!([null])
        || schema
            .as_object()
            .is_some_and(|object| object.len() == 1 && object.contains_key("nullable"))
}

fn only_null(place: &str) -> Problem {
    Problem::new(
        place,
        "it can only be null, and OpenAPI 3.0 has no word for that",
        "leave it out, or say what else it can be",
    )
}
