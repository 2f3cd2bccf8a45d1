//! Forms with files whose fields are described: how each is written, or why the form stays bytes that the caller makes.

use serde_json::{Map, Value, json};

use super::down::MEDIA_TYPE;
use super::operations::{is_json, kind};
use crate::regen::document::{Document, entries, text};

/// What a file is where nothing says more, says OpenAPI.
const BYTES: &str = "application/octet-stream";

/// How each field of a multipart form is written; in words, why that is not certain.
pub(super) fn fields(
    document: &Document,
    schema: &Value,
    encoding: Option<&Value>,
) -> Result<Map<String, Value>, String> {
    if schema.get("oneOf").is_some() || schema.get("anyOf").is_some() {
        return Err("it is one of several forms".to_owned());
    }
    let mut fields = Map::new();
    for (name, property) in entries(schema.get("properties")) {
        let property = document
            .resolve(property)
            .map_err(|problem| problem.to_string())?;
        if property.get("readOnly") == Some(&Value::Bool(true)) {
            continue;
        }
        let how = encoding.and_then(|encoding| encoding.get(name));
        let how =
            field(document, property, how).map_err(|why| format!("the field {name} {why}"))?;
        fields.insert(name.to_owned(), how);
    }
    if fields.is_empty() {
        return Err("it names no fields".to_owned());
    }
    match schema.get("additionalProperties") {
        None | Some(Value::Bool(false)) => {}
        Some(Value::Bool(true)) => {
            fields.insert("*".to_owned(), json!({ "extra": true }));
        }
        Some(more) => {
            let more = document
                .resolve(more)
                .map_err(|problem| problem.to_string())?;
            let plain = matches!(
                kind(document, more),
                Some("string" | "integer" | "number" | "boolean")
            );
            if !plain || is_file(more) {
                return Err("it has more fields than it names, and they are no texts".to_owned());
            }
            fields.insert("*".to_owned(), json!({ "extra": true }));
        }
    }
    Ok(fields)
}

/// Whether a schema is the content of a file.
pub(crate) fn is_file(schema: &Value) -> bool {
    text(schema, "type") == Some("string") && text(schema, "format") == Some("binary")
}

fn field(document: &Document, property: &Value, how: Option<&Value>) -> Result<Value, String> {
    for key in ["style", "explode", "allowReserved", "headers"] {
        if how.is_some_and(|how| how.get(key).is_some()) {
            return Err(format!("has an encoding with {key}"));
        }
    }
    let item = match property.get("items") {
        Some(items) if text(property, "type") == Some("array") => document
            .resolve(items)
            .map_err(|problem| problem.to_string())?,
        _ => property,
    };
    let media_type = how.and_then(|how| text(how, "contentType"));
    if is_file(item) {
        let named = media_type.or_else(|| text(item, MEDIA_TYPE));
        let first = named
            .and_then(|named| named.split(',').next())
            .map(str::trim)
            .filter(|named| !named.contains('*') && named.contains('/'));
        return Ok(json!({ "file": first.unwrap_or(BYTES) }));
    }
    let as_json = media_type.is_some_and(is_json);
    match kind(document, item) {
        Some("object") => match media_type {
            None => Ok(json!({ "json": "application/json" })),
            Some(media_type) if as_json => Ok(json!({ "json": media_type })),
            Some(media_type) => Err(format!("is an object in {media_type}")),
        },
        Some("string" | "integer" | "number" | "boolean") => match media_type {
            Some(media_type) if as_json => Ok(json!({ "json": media_type })),
            Some(media_type) if media_type.contains([',', '*']) => {
                Err(format!("has a choice of media types, {media_type}"))
            }
            media_type => Ok(json!({ "text": media_type })),
        },
        Some("array") => Err("is a list of lists".to_owned()),
        _ => Err("does not say what it is".to_owned()),
    }
}
