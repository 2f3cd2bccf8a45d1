//! Walks over the schemas of a document, wherever they stand.

use serde_json::Value;

/// Keys of a schema that hold one schema.
const ONE: [&str; 3] = ["items", "additionalProperties", "not"];
/// Keys of a schema that hold a list of schemas.
const LIST: [&str; 4] = ["oneOf", "anyOf", "allOf", "prefixItems"];
/// Keys of a schema that hold named schemas.
const NAMED: [&str; 3] = ["properties", "patternProperties", "$defs"];

/// Visits every schema of the document, the inner ones first, with its place.
pub(crate) fn schemas_mut(root: &mut Value, visit: &mut impl FnMut(&str, &mut Value)) {
    if let Some(named) = object_at(root, "/components/schemas") {
        for (name, schema) in named {
            inside(&format!("schema {name}"), schema, visit);
        }
    }
    if let Some(components) = root.get_mut("components") {
        for kind in ["parameters", "headers", "requestBodies", "responses"] {
            if let Some(found) = components.get_mut(kind) {
                holders(kind, found, visit);
            }
        }
    }
    for kind in ["paths", "webhooks"] {
        if let Some(found) = root.get_mut(kind) {
            holders("", found, visit);
        }
    }
    if let Some(items) = object_at(root, "/components/pathItems") {
        for (_, item) in items {
            holders("", item, visit);
        }
    }
}

/// Visits a schema and all inside it, the inner ones first.
pub(crate) fn inside(place: &str, schema: &mut Value, visit: &mut impl FnMut(&str, &mut Value)) {
    for key in ONE {
        if let Some(inner) = schema.get_mut(key).filter(|inner| inner.is_object()) {
            inside(&format!("{place}.{key}"), inner, visit);
        }
    }
    for key in LIST {
        if let Some(list) = schema.get_mut(key).and_then(Value::as_array_mut) {
            for (index, inner) in list.iter_mut().enumerate() {
                inside(&format!("{place}.{key}[{index}]"), inner, visit);
            }
        }
    }
    for key in NAMED {
        if let Some(named) = schema.get_mut(key).and_then(Value::as_object_mut) {
            for (name, inner) in named {
                inside(&format!("{place}.{name}"), inner, visit);
            }
        }
    }
    visit(place, schema);
}

/// Visits the values under `schema` of anything that is no schema itself.
fn holders(place: &str, value: &mut Value, visit: &mut impl FnMut(&str, &mut Value)) {
    match value {
        Value::Object(object) => {
            let named = object.get("operationId").or_else(|| object.get("name"));
            let place = match named.and_then(Value::as_str) {
                Some(name) if place.is_empty() => name.to_owned(),
                Some(name) => format!("{place}, {name}"),
                None => place.to_owned(),
            };
            for (key, inner) in object {
                match key.as_str() {
                    "schema" => inside(&place, inner, visit),
                    "example" | "examples" | "default" | "x-wire" => {}
                    key if key.starts_with('/') => holders(key, inner, visit),
                    _ => holders(&place, inner, visit),
                }
            }
        }
        Value::Array(items) => {
            for item in items {
                holders(place, item, visit);
            }
        }
        _ => {}
    }
}

/// Every `$ref` of the document, wherever it stands.
pub(crate) fn references_mut(value: &mut Value, visit: &mut impl FnMut(&mut String)) {
    match value {
        Value::Object(object) => {
            for (key, inner) in object {
                match inner {
                    Value::String(target) if key == "$ref" => visit(target),
                    _ => references_mut(inner, visit),
                }
            }
        }
        Value::Array(items) => items
            .iter_mut()
            .for_each(|inner| references_mut(inner, visit)),
        _ => {}
    }
}

fn object_at<'a>(
    root: &'a mut Value,
    pointer: &str,
) -> Option<&'a mut serde_json::Map<String, Value>> {
    root.pointer_mut(pointer).and_then(Value::as_object_mut)
}
