//! A schema of OpenAPI 3.0 with its references followed and its `allOf` merged: the form from which values are made.

use serde_json::{Map, Value, json};

use crate::engine::{array, entries, resolve};

/// Schemas nest no deeper than this; a recursive one is cut off here.
pub(crate) const DEEPEST: usize = 6;

/// The schema as one object without `$ref` and `allOf`; `readOnly` fields, which no request holds, are taken out.
pub(crate) fn flat(root: &Value, schema: &Value) -> Value {
    let mut merged = Map::new();
    merge(root, schema, &mut merged, 0);
    let read_only: Vec<String> = entries(merged.get("properties"))
        .filter(|(_, field)| resolve(root, field).is_ok_and(|field| field["readOnly"] == true))
        .map(|(name, _)| name.to_owned())
        .collect();
    for name in &read_only {
        if let Some(fields) = merged.get_mut("properties").and_then(Value::as_object_mut) {
            fields.remove(name);
        }
        if let Some(required) = merged.get_mut("required").and_then(Value::as_array_mut) {
            required.retain(|required| required != name);
        }
    }
    Value::Object(merged)
}

fn merge(root: &Value, schema: &Value, into: &mut Map<String, Value>, depth: usize) {
    let Ok(schema) = resolve(root, schema) else {
        return;
    };
    for (key, value) in entries(Some(schema)) {
        match (key, into.get_mut(key)) {
            ("allOf", _) => {}
            ("properties", Some(Value::Object(known))) => {
                for (name, field) in entries(Some(value)) {
                    known.insert(name.to_owned(), field.clone());
                }
            }
            ("required", Some(Value::Array(known))) => known.extend(array(Some(value)).cloned()),
            _ => {
                into.insert(key.to_owned(), value.clone());
            }
        }
    }
    if depth < DEEPEST {
        for part in array(schema.get("allOf")) {
            merge(root, part, into, depth + 1);
        }
    }
}

/// What a flat schema calls its values; guessed from its keywords where it does not say.
pub(crate) fn kind(schema: &Value) -> &str {
    if let Some(kind) = schema["type"].as_str() {
        return kind;
    }
    let has = |keys: &[&str]| keys.iter().any(|key| schema.get(*key).is_some());
    if has(&[
        "properties",
        "additionalProperties",
        "required",
        "minProperties",
    ]) {
        "object"
    } else if has(&["items", "minItems", "maxItems"]) {
        "array"
    } else if has(&["pattern", "minLength", "maxLength"]) {
        "string"
    } else if has(&["minimum", "maximum", "multipleOf"]) {
        "number"
    } else {
        "any"
    }
}

pub(crate) fn is_required(schema: &Value, name: &str) -> bool {
    array(schema.get("required")).any(|required| required == name)
}

pub(crate) fn is_closed(schema: &Value) -> bool {
    schema.get("additionalProperties") == Some(&Value::Bool(false))
}

/// The least and the most that a flat schema of numbers allows, in whole steps of `step` for its exclusive bounds.
pub(crate) fn range(schema: &Value, step: f64) -> (Option<f64>, Option<f64>) {
    let bound = |key: &str, exclusive: &str, inward: f64| {
        let bound = schema[key].as_f64()?;
        Some(if schema[exclusive] == true {
            bound + inward
        } else {
            bound
        })
    };
    let (mut least, mut most) = (
        bound("minimum", "exclusiveMinimum", step),
        bound("maximum", "exclusiveMaximum", -step),
    );
    match schema["format"].as_str() {
        Some("int32") => {
            least = least.or(Some(f64::from(i32::MIN)));
            most = most.or(Some(f64::from(i32::MAX)));
        }
        Some("int64") => {
            // What a double holds exactly: beyond it two JSON readers may see two numbers.
            least = least.or(Some(-9_007_199_254_740_991.0));
            most = most.or(Some(9_007_199_254_740_991.0));
        }
        _ => {}
    }
    (least, most)
}

/// A number as JSON; whole ones without a fraction.
pub(crate) fn number(value: f64) -> Value {
    if value.fract() == 0.0 && value.abs() < 9.1e15 {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "it is whole and far from the ends of i64"
        )]
        let whole = value as i64;
        json!(whole)
    } else {
        json!(value)
    }
}

/// Every constraint of a schema that a request can keep or break: its place as a pointer, and its keyword.
pub(crate) fn constraints(root: &Value, schema: &Value) -> Vec<(String, String)> {
    let mut found = Vec::new();
    collect(root, schema, "", 0, &mut found);
    found
}

fn collect(
    root: &Value,
    schema: &Value,
    place: &str,
    depth: usize,
    found: &mut Vec<(String, String)>,
) {
    const KEYWORDS: [&str; 17] = [
        "type",
        "enum",
        "format",
        "pattern",
        "minLength",
        "maxLength",
        "minimum",
        "maximum",
        "multipleOf",
        "minItems",
        "maxItems",
        "uniqueItems",
        "minProperties",
        "maxProperties",
        "nullable",
        "oneOf",
        "anyOf",
    ];
    if depth > DEEPEST {
        return;
    }
    let schema = flat(root, schema);
    for keyword in KEYWORDS {
        if schema.get(keyword).is_some() {
            found.push((place.to_owned(), keyword.to_owned()));
        }
    }
    if is_closed(&schema) {
        found.push((place.to_owned(), "additionalProperties".to_owned()));
    }
    for (name, field) in entries(schema.get("properties")) {
        let inner = format!("{place}/{name}");
        if is_required(&schema, name) {
            found.push((inner.clone(), "required".to_owned()));
        }
        collect(root, field, &inner, depth + 1, found);
    }
    if let Some(items) = schema.get("items") {
        collect(root, items, &format!("{place}/*"), depth + 1, found);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_and_all_of_become_one_schema() {
        let root = json!({ "components": { "schemas": {
            "Base": { "type": "object", "required": ["a"], "properties": { "a": { "type": "string" } } }
        } } });
        let schema = json!({ "allOf": [
            { "$ref": "#/components/schemas/Base" },
            { "required": ["b"], "properties": { "b": { "type": "integer" }, "id": { "readOnly": true } } },
        ] });
        let flat = flat(&root, &schema);
        assert_eq!(flat["required"], json!(["a", "b"]));
        assert_eq!(flat["properties"].as_object().unwrap().len(), 2);
        assert_eq!(kind(&flat), "object");
    }

    #[test]
    fn every_constraint_is_listed() {
        let schema = json!({
            "type": "object", "additionalProperties": false, "required": ["a"],
            "properties": { "a": { "type": "array", "maxItems": 2, "items": { "maxLength": 3 } } },
        });
        let listed: Vec<String> = constraints(&json!({}), &schema)
            .into_iter()
            .map(|(place, keyword)| format!("{place} {keyword}"))
            .collect();
        assert_eq!(
            listed,
            [
                " type",
                " additionalProperties",
                "/a required",
                "/a type",
                "/a maxItems",
                "/a/* maxLength"
            ]
        );
    }
}
