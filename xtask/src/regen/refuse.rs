//! What the generator would panic on, or take and turn out wrong without a word: each is refused, with the remedy.
//!
//! A row of the generator's known faults is either rewritten by the normaliser or refused here; there is no third way.

use std::collections::BTreeMap;

use heck::{ToSnakeCase as _, ToUpperCamelCase as _};
use serde_json::Value;

use super::document::{Document, EXTRA, Operation, entries, schema_name, text};
use super::problem::Problem;

/// Operation ids that collide with what the generated client has already.
const RESERVED: [&str; 14] = [
    "new",
    "new_with_client",
    "clone",
    "pre",
    "post",
    "exec",
    "client",
    "baseurl",
    "inner",
    "api_version",
    "default",
    "fmt",
    "into",
    "from",
];

/// Everything that must not reach the generator.
pub(crate) fn refuse(document: &Document) -> Vec<Problem> {
    let mut found = Vec::new();
    version(document, &mut found);
    match document.operations() {
        Ok(operations) => {
            for operation in &operations {
                named(operation, &mut found);
                parameters(document, operation, &mut found);
                request_body(document, operation, &mut found);
                responses(document, operation, &mut found);
            }
        }
        Err(problem) => found.push(problem),
    }
    let mut names: BTreeMap<String, &str> = BTreeMap::new();
    for (name, schema) in document.schemas() {
        if let Some(other) = names.insert(name.to_upper_camel_case(), name) {
            found.push(Problem::new(
                format!("schema {name}"),
                format!("it would get the same type name as {other}"),
                "rename one of them",
            ));
        }
        if name != name.to_upper_camel_case() {
            found.push(Problem::new(
                format!("schema {name}"),
                "its name is not in PascalCase, so the type would be called otherwise",
                format!("call it {}", name.to_upper_camel_case()),
            ));
        }
        shape(document, &format!("schema {name}"), schema, &mut found);
    }
    found
}

fn version(document: &Document, found: &mut Vec<Problem>) {
    let version = text(&document.root, "openapi").unwrap_or_default();
    if !version.starts_with("3.0.") {
        found.push(Problem::new(
            "openapi",
            format!("the document's version is {version:?}"),
            "bring it down to 3.0.3: the generator reads no other",
        ));
    }
}

fn named(operation: &Operation<'_>, found: &mut Vec<Problem>) {
    let name = operation.name();
    if RESERVED.contains(&name.to_snake_case().as_str()) {
        found.push(Problem::new(
            &name,
            "the generated client has a method of that name already",
            "give the operation another operationId",
        ));
    }
    if ["options", "trace"].contains(&operation.method) {
        found.push(Problem::new(
            &name,
            format!(
                "the HTTP client has no method {}",
                operation.method.to_uppercase()
            ),
            "leave the operation out of the description",
        ));
    }
}

fn parameters(document: &Document, operation: &Operation<'_>, found: &mut Vec<Problem>) {
    let name = operation.name();
    let mut spellings: BTreeMap<String, String> = BTreeMap::new();
    for parameter in &operation.parameters {
        let own = text(parameter, "name").unwrap_or_default();
        let place = format!("{name}, parameter {own}");
        let location = text(parameter, "in").unwrap_or_default();
        let mut no = |what: &str, remedy: &str| found.push(Problem::new(&place, what, remedy));
        if let Some(other) = spellings.insert(own.to_snake_case(), own.to_owned()) {
            no(
                &format!("it reads like the parameter {other}"),
                "rename one of them",
            );
        }
        if ["send", "new", "header_map", "client", "body"].contains(&own.to_snake_case().as_str()) {
            no(
                "the generated method has a variable of that name",
                "rename the parameter",
            );
        }
        match location {
            "cookie" => no(
                "cookie parameters are not supported",
                "send a header, or leave it out",
            ),
            "path" if parameter.get("required") != Some(&Value::Bool(true)) => {
                no(
                    "a path parameter that is not required",
                    "set required: true",
                );
            }
            _ => {}
        }
        if parameter.get("content").is_some() {
            no(
                "a parameter with `content` is not supported",
                "give it a schema",
            );
        }
        if text(parameter, "style").is_some_and(|style| !["form", "simple"].contains(&style)) {
            no(
                "its style would not be sent as described",
                "use form (query) or simple (path, header)",
            );
        }
        let schema = document
            .resolve(&parameter["schema"])
            .unwrap_or(&Value::Null);
        let kind = text(schema, "type").unwrap_or_default();
        if kind == "array" && location != "query" {
            no(
                "an array in a path or a header would not compile",
                "make it a string",
            );
        }
        if kind == "array" && parameter.get("explode") == Some(&Value::Bool(false)) {
            no(
                "explode: false is ignored by the generator: the list would be sent as several parameters",
                "make it a string that holds the list",
            );
        }
        if kind == "object" {
            no(
                "an object as a parameter is not supported",
                "write one parameter for each field",
            );
        }
        if text(schema, "format") == Some("date-time") && location != "query" {
            no(
                "a date-time in a path or a header would not be RFC 3339",
                "make it a plain string",
            );
        }
        shape(document, &place, &parameter["schema"], found);
    }
}

fn request_body(document: &Document, operation: &Operation<'_>, found: &mut Vec<Problem>) {
    let Some(Ok(body)) = operation
        .value
        .get("requestBody")
        .map(|body| document.resolve(body))
    else {
        return;
    };
    let place = format!("{}, request body", operation.name());
    if body.get("required") != Some(&Value::Bool(true)) {
        found.push(Problem::new(
            &place,
            "it is optional, and the generator would always ask for it",
            "set required: true, or split the operation",
        ));
    }
    let content: Vec<(&str, &Value)> = entries(body.get("content")).collect();
    if content.len() > 1 {
        found.push(Problem::new(
            &place,
            format!("it has {} media types", content.len()),
            "describe the one that the client sends",
        ));
    }
    for (media_type, media) in content {
        let Some(schema) = media.get("schema") else {
            found.push(Problem::new(
                &place,
                format!("{media_type} has no schema"),
                "name the schema",
            ));
            continue;
        };
        let sendable = match media_type {
            "application/json" => true,
            "application/octet-stream" => text(schema, "format") == Some("binary"),
            "application/x-www-form-urlencoded" => media.get("encoding").is_none(),
            "multipart/form-data" => document
                .resolve(schema)
                .is_ok_and(|schema| schema["properties"].is_object()),
            _ => false,
        };
        let form = media_type == "application/x-www-form-urlencoded";
        let fields = document
            .resolve(schema)
            .map_or(&Value::Null, |schema| &schema["properties"]);
        if form && entries(Some(fields)).any(|(_, field)| text(field, "type") == Some("array")) {
            found.push(Problem::new(
                &place,
                "a list in a form fails when it is sent",
                "make it a string, or send JSON",
            ));
        }
        if !sendable {
            found.push(Problem::new(
                &place,
                format!("the generator cannot send {media_type} like this"),
                "use application/json, or application/octet-stream with format: binary",
            ));
        }
        shape(document, &place, schema, found);
    }
}

fn responses(document: &Document, operation: &Operation<'_>, found: &mut Vec<Problem>) {
    for (status, response) in entries(operation.value.get("responses")) {
        let place = format!("{}, answer {status}", operation.name());
        if status.starts_with('3') {
            found.push(Problem::new(
                &place,
                "a redirect is never matched by the generated client",
                "leave it out; it arrives as UnexpectedResponse",
            ));
        }
        let Ok(response) = document.resolve(response) else {
            continue;
        };
        let content: Vec<(&str, &Value)> = entries(response.get("content")).collect();
        if content.len() > 1 {
            found.push(Problem::new(
                &place,
                format!("it has {} media types", content.len()),
                "describe the one that the client asks for",
            ));
        }
        for (_, media) in content {
            if let Some(schema) = media.get("schema") {
                shape(document, &place, schema, found);
            }
        }
    }
}

/// A schema and all that stands inside it.
fn shape(document: &Document, place: &str, schema: &Value, found: &mut Vec<Problem>) {
    let mut no = |what: String, remedy: &str| found.push(Problem::new(place, what, remedy));
    if schema.get("$ref").is_some() {
        if schema_name(schema).is_none_or(|name| name.contains('/')) {
            no(
                format!(
                    "the reference {} is not to a schema in components",
                    schema["$ref"]
                ),
                "move the schema to components/schemas",
            );
        }
        return;
    }
    if schema["type"].is_array() || schema["type"].is_null() && schema.get("type").is_some() {
        no(
            "a list of types belongs to OpenAPI 3.1".to_owned(),
            "use one type, and nullable: true for null",
        );
    }
    if schema.get("not").is_some() {
        no(
            "`not` would be dropped".to_owned(),
            "describe what is allowed",
        );
    }
    if schema.get("anyOf").is_some() {
        no(
            "`anyOf` comes out as a struct that decodes nothing".to_owned(),
            "use oneOf, or x-extensible-enum for an open vocabulary",
        );
    }
    if schema.get("discriminator").is_some() {
        no(
            "the discriminator would be ignored, and a wrong variant taken".to_owned(),
            "use oneOf of schemas whose required properties differ",
        );
    }
    if let Some(values) = schema.get("enum").and_then(Value::as_array) {
        let mut variants: BTreeMap<String, String> = BTreeMap::new();
        for value in values {
            let wire = value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned);
            let variant = wire.to_upper_camel_case();
            if variant.is_empty() {
                no(
                    format!("the enum value {wire:?} makes no variant name"),
                    "use a plain string",
                );
            } else if let Some(other) = variants.insert(variant, wire.clone()) {
                no(
                    format!("the enum values {other:?} and {wire:?} would get one variant name"),
                    "use a plain string, or x-extensible-enum with one of them",
                );
            }
        }
    }
    conflicting(document, place, schema, found);
    if let Some(variants) = schema.get("oneOf").and_then(Value::as_array) {
        overlapping(document, place, variants, found);
    }
    let mut spellings: BTreeMap<String, &str> = BTreeMap::new();
    for (property, inner) in entries(schema.get("properties")) {
        if inner.get(EXTRA) == Some(&Value::Bool(true)) {
            if schema.get("additionalProperties") != Some(&Value::Bool(true)) {
                found.push(Problem::new(
                    format!("{place}.{property}"),
                    format!(
                        "{EXTRA} keeps the property in `extra`, which this schema does not have"
                    ),
                    "add additionalProperties: true",
                ));
            }
            continue;
        }
        if let Some(other) = spellings.insert(property.to_snake_case(), property) {
            found.push(Problem::new(
                place,
                format!("the properties {other} and {property} would get one field name"),
                "mark one of them with x-raw-extra: true",
            ));
        }
        shape(document, &format!("{place}.{property}"), inner, found);
    }
    for key in ["items", "additionalProperties"] {
        if let Some(inner) = schema.get(key).filter(|inner| inner.is_object()) {
            shape(document, &format!("{place}.{key}"), inner, found);
        }
    }
    for key in ["oneOf", "allOf"] {
        for part in schema
            .get(key)
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            shape(document, place, part, found);
        }
    }
}

/// Parts of an `allOf` that disagree on a property come out as a struct without fields.
fn conflicting(document: &Document, place: &str, schema: &Value, found: &mut Vec<Problem>) {
    let mut types: BTreeMap<&str, &str> = BTreeMap::new();
    for part in schema
        .get("allOf")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        let Ok(part) = document.resolve(part) else {
            continue;
        };
        for (property, inner) in entries(part.get("properties")) {
            let Ok(Some(kind)) = document.resolve(inner).map(|inner| text(inner, "type")) else {
                continue;
            };
            if types
                .insert(property, kind)
                .is_some_and(|other| other != kind)
            {
                found.push(Problem::new(
                    place,
                    format!("the parts of its allOf disagree on the type of {property}"),
                    "give the property one type",
                ));
            }
        }
    }
}

/// Of two objects, the generated type takes the first that fits: some property must tell them apart.
fn overlapping(document: &Document, place: &str, variants: &[Value], found: &mut Vec<Problem>) {
    for (index, one) in variants.iter().enumerate() {
        for other in &variants[index + 1..] {
            let (Ok(first), Ok(second)) = (document.resolve(one), document.resolve(other)) else {
                continue;
            };
            if told_apart(document, first, second) {
                continue;
            }
            found.push(Problem::new(
                place,
                format!("the alternatives {} and {} overlap: a body would decode as the wrong one", label(one), label(other)),
                "require a property in one that the other cannot have, or close the smaller one with additionalProperties: false",
            ));
        }
    }
}

fn told_apart(document: &Document, first: &Value, second: &Value) -> bool {
    let (kind, other) = (text(first, "type"), text(second, "type"));
    if kind != Some("object") || other != Some("object") {
        return kind.is_some() && other.is_some() && kind != other;
    }
    // The generated type tries the one that requires more first.
    let (pickier, other) = if required(first).count() >= required(second).count() {
        (first, second)
    } else {
        (second, first)
    };
    let unknown_to = |property: &str, schema: &Value| schema["properties"].get(property).is_none();
    let decisive = required(pickier).any(|property| unknown_to(property, other));
    let mutual = required(other).any(|property| unknown_to(property, pickier));
    let more = required(pickier).count() > required(other).count();
    decisive && (more || mutual) || differs_in_type(document, first, second)
}

/// Whether both require a property whose type differs.
fn differs_in_type(document: &Document, first: &Value, second: &Value) -> bool {
    required(first).any(|property| {
        let ours = document.resolve(&first["properties"][property]);
        let theirs = document.resolve(&second["properties"][property]);
        required(second).any(|name| name == property)
            && matches!((ours, theirs), (Ok(ours), Ok(theirs))
                if ours["type"].is_string() && theirs["type"].is_string() && ours["type"] != theirs["type"])
    })
}

fn required(schema: &Value) -> impl Iterator<Item = &str> {
    schema["required"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
}

fn label(schema: &Value) -> String {
    schema_name(schema).map_or_else(|| schema.to_string(), str::to_owned)
}
