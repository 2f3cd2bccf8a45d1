//! `allOf` and what stands beside `oneOf`, merged into one schema each: the generator's own merge drops what disagrees,
//! overflows its stack where a base names its children, and knows nothing of null and absent.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::regen::document::{Document, entries, schema_name, text};
use crate::regen::problem::Problem;
use crate::regen::report::Report;
use crate::regen::walk;

/// Words that say nothing of what fits.
const NOTES: [&str; 11] = [
    "description",
    "title",
    "example",
    "examples",
    "externalDocs",
    "xml",
    "deprecated",
    "readOnly",
    "writeOnly",
    "nullable",
    "default",
];
/// How deep schemas extend each other; what goes deeper has no end.
const DEEPEST: usize = 96;
/// The most alternatives that one schema is spread over.
const MOST: usize = 64;

pub(super) fn flatten(document: &mut Document, report: &mut Report, problems: &mut Vec<Problem>) {
    let snapshot = document.clone();
    let mut added: Map<String, Value> = Map::new();
    walk::schemas_mut(&mut document.root, &mut |place, schema| {
        let own = place
            .strip_prefix("schema ")
            .filter(|name| !name.contains(['.', '[', ',']));
        if schema.get("discriminator").is_some() {
            if let Err(problem) = discriminated(&snapshot, place, own, schema, &mut added, report) {
                problems.push(problem);
            }
            return;
        }
        let beside = schema.get("properties").is_some() || schema.get("required").is_some();
        let alternatives = schema.get("oneOf").is_some() || schema.get("anyOf").is_some();
        if schema.get("allOf").is_none() && !(alternatives && beside) || is_alias(schema) {
            return;
        }
        let mut stack: Vec<String> = own.map(str::to_owned).into_iter().collect();
        match flat(&snapshot, place, schema, &mut stack, report) {
            Ok(merged) => {
                report.add(
                    place,
                    if schema.get("allOf").is_some() {
                        "allOf"
                    } else {
                        "properties beside oneOf"
                    },
                    if merged.get("oneOf").is_some() {
                        "an alternative of merged objects"
                    } else {
                        "one merged schema"
                    },
                    "the generator's own merge loses what disagrees",
                );
                *schema = merged;
            }
            Err(problem) => problems.push(problem),
        }
    });
    if !added.is_empty()
        && let Some(schemas) = document
            .root
            .pointer_mut("/components/schemas")
            .and_then(Value::as_object_mut)
    {
        schemas.extend(added);
    }
}

/// Bounds, which the generator ignores or turns into types that are awkward to build: they make no other type.
pub(crate) const BOUNDS: [&str; 14] = [
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minLength",
    "maxLength",
    "pattern",
    "minItems",
    "maxItems",
    "uniqueItems",
    "minProperties",
    "maxProperties",
    "not",
];

/// One reference with nothing beside it but notes and bounds: another name for the same type.
pub(crate) fn is_alias(schema: &Value) -> bool {
    let parts = schema.get("allOf").and_then(Value::as_array);
    let one = parts.is_some_and(|parts| parts.len() == 1 && parts[0].get("$ref").is_some());
    one && schema.as_object().is_some_and(|object| {
        object.keys().all(|key| {
            key == "allOf"
                || NOTES.contains(&key.as_str())
                || BOUNDS.contains(&key.as_str())
                || key.starts_with("x-")
        })
    })
}

/// An alternative with a discriminator: what stands beside it belongs to each of its schemas, and they are named.
fn discriminated(
    snapshot: &Document,
    place: &str,
    own: Option<&str>,
    schema: &mut Value,
    added: &mut Map<String, Value>,
    report: &mut Report,
) -> Result<(), Problem> {
    let mut base = schema.clone();
    if let Some(object) = base.as_object_mut() {
        for key in ["oneOf", "anyOf", "discriminator"] {
            object.remove(key);
        }
    }
    let base = flat(snapshot, place, &base, &mut Vec::new(), report)?;
    let mut parts = Vec::new();
    let mut mapping = schema["discriminator"]["mapping"].clone();
    for part in schema
        .get("oneOf")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        let Some(name) = schema_name(part) else {
            parts.push(part.clone());
            continue;
        };
        let merged = flat(snapshot, place, part, &mut Vec::new(), report)?;
        let missing = entries(base.get("properties"))
            .any(|(property, _)| merged["properties"].get(property).is_none());
        if !missing {
            parts.push(part.clone());
            continue;
        }
        let mut both = base.clone();
        merge(place, &mut both, &merged, report)?;
        let new = format!("{}{name}", own.unwrap_or("Of"));
        report.add(
            place,
            format!("{name} and what stands beside the alternative"),
            &new,
            "each alternative is one object",
        );
        added.insert(new.clone(), both);
        let (before, after) = (
            format!("#/components/schemas/{name}"),
            format!("#/components/schemas/{new}"),
        );
        for target in mapping
            .as_object_mut()
            .into_iter()
            .flat_map(Map::values_mut)
            .filter(|target| **target == json!(before))
        {
            *target = json!(after);
        }
        parts.push(json!({ "$ref": after }));
    }
    let mut kept = Map::new();
    for (key, value) in schema.as_object().into_iter().flatten() {
        if NOTES.contains(&key.as_str()) {
            kept.insert(key.clone(), value.clone());
        }
    }
    kept.insert("oneOf".to_owned(), Value::Array(parts));
    kept.insert(
        "discriminator".to_owned(),
        json!({ "propertyName": schema["discriminator"]["propertyName"], "mapping": mapping }),
    );
    *schema = Value::Object(kept);
    Ok(())
}

/// A schema without `allOf`, and with `oneOf` only where nothing stands beside it.
fn flat(
    document: &Document,
    place: &str,
    schema: &Value,
    stack: &mut Vec<String>,
    report: &mut Report,
) -> Result<Value, Problem> {
    if stack.len() >= DEEPEST {
        return Err(Problem::new(
            place,
            "an alternative extends what it is an alternative of",
            "take it out of its own allOf",
        ));
    }
    stack.push(String::new());
    let merged = flat_inside(document, place, schema, stack, report);
    stack.pop();
    merged
}

fn flat_inside(
    document: &Document,
    place: &str,
    schema: &Value,
    stack: &mut Vec<String>,
    report: &mut Report,
) -> Result<Value, Problem> {
    if let Some(name) = schema_name(schema) {
        if stack.iter().any(|other| other == name) {
            return Err(Problem::new(
                place,
                format!("{name} extends itself"),
                "take it out of its own allOf",
            ));
        }
        stack.push(name.to_owned());
        let mut target = document.resolve(schema)?.clone();
        // A base that names its children is, for a child, only what it holds itself.
        if target.get("discriminator").is_some()
            && let Some(object) = target.as_object_mut()
        {
            for key in ["discriminator", "oneOf", "anyOf"] {
                object.remove(key);
            }
        }
        let merged = flat(document, place, &target, stack, report);
        stack.pop();
        let mut merged = merged?;
        if let Some(object) = merged.as_object_mut() {
            for key in ["description", "title", "example", "deprecated"] {
                object.remove(key);
            }
        }
        return Ok(merged);
    }
    let mut own = schema.clone();
    let mut alternatives: Vec<Vec<Value>> = Vec::new();
    let mut parts = Vec::new();
    if let Some(object) = own.as_object_mut() {
        parts = take(object, "allOf");
        for key in ["oneOf", "anyOf"] {
            let list = take(object, key);
            if !list.is_empty() {
                alternatives.push(list);
            }
        }
    }
    let nullable = schema.get("nullable").cloned();
    let mut whole = json!({});
    for part in &parts {
        let mut part = flat(document, place, part, stack, report)?;
        if let Some(object) = part.as_object_mut() {
            let list = take(object, "oneOf");
            if !list.is_empty() {
                alternatives.push(list);
            }
            object.remove("nullable");
        }
        merge(place, &mut whole, &part, report)?;
    }
    merge(place, &mut whole, &own, report)?;
    if let Some(nullable) = nullable {
        whole["nullable"] = nullable;
    }
    for list in alternatives {
        whole = spread(document, place, whole, &list, stack, report)?;
    }
    Ok(whole)
}

/// What stands beside an alternative, merged into each part of it.
fn spread(
    document: &Document,
    place: &str,
    whole: Value,
    list: &[Value],
    stack: &mut Vec<String>,
    report: &mut Report,
) -> Result<Value, Problem> {
    let only_required = |part: &Value| {
        part.as_object().is_some_and(|object| {
            object
                .keys()
                .all(|key| key == "required" || NOTES.contains(&key.as_str()))
        })
    };
    if whole.get("properties").is_some() && list.iter().all(only_required) {
        report.add(
            place,
            "alternatives of what is required",
            "all optional",
            "the server checks which go together",
        );
        return Ok(whole);
    }
    let bare = whole
        .as_object()
        .is_some_and(|object| object.keys().all(|key| NOTES.contains(&key.as_str())));
    let before: Vec<Value> = match whole.get("oneOf").and_then(Value::as_array) {
        Some(parts) => parts.clone(),
        None if bare => {
            let mut whole = whole;
            whole["oneOf"] = Value::Array(list.to_vec());
            return Ok(whole);
        }
        None => vec![whole.clone()],
    };
    let mut parts = Vec::new();
    for one in &before {
        for other in list {
            let mut both = flat(document, place, one, stack, report)?;
            let other = flat(document, place, other, stack, report)?;
            merge(place, &mut both, &other, report)?;
            parts.push(both);
        }
    }
    if parts.len() > MOST {
        return Err(Problem::new(
            place,
            format!("its alternatives make {} combinations", parts.len()),
            "describe those that occur",
        ));
    }
    let mut kept = json!({ "oneOf": parts });
    for key in NOTES {
        if let Some(note) = whole.get(key) {
            kept[key] = note.clone();
        }
    }
    Ok(kept)
}

/// Adds what the second schema asks for to the first.
fn merge(place: &str, whole: &mut Value, part: &Value, report: &mut Report) -> Result<(), Problem> {
    let Some(object) = whole.as_object_mut() else {
        return Ok(());
    };
    for (key, value) in part.as_object().into_iter().flatten() {
        match (key.as_str(), object.get_mut(key)) {
            (_, Some(same)) if same == value => {}
            ("properties", Some(known)) => properties(place, known, value, report)?,
            ("required", Some(Value::Array(known))) => {
                for name in value.as_array().into_iter().flatten() {
                    if !known.contains(name) {
                        known.push(name.clone());
                    }
                }
            }
            ("type", Some(known)) => {
                let numbers = [known.clone(), value.clone()];
                if numbers.contains(&json!("integer")) && numbers.contains(&json!("number")) {
                    *known = json!("integer");
                } else {
                    return Err(Problem::new(
                        place,
                        format!("the parts of its allOf disagree on the type: {known} and {value}"),
                        "no value fits both: mend one",
                    ));
                }
            }
            ("enum", Some(Value::Array(known))) => {
                let theirs: BTreeSet<String> = value
                    .as_array()
                    .into_iter()
                    .flatten()
                    .map(Value::to_string)
                    .collect();
                known.retain(|value| theirs.contains(&value.to_string()));
                if known.is_empty() {
                    return Err(Problem::new(
                        place,
                        "the parts of its allOf have no enum value in common",
                        "no value fits: mend one",
                    ));
                }
            }
            ("items", Some(known)) => {
                if known.get("$ref").is_none() && value.get("$ref").is_none() {
                    merge(place, known, value, report)?;
                } else if known.as_object().is_some_and(Map::is_empty) {
                    known.clone_from(value);
                } else if value != &json!({}) {
                    return Err(Problem::new(
                        place,
                        "the parts of its allOf disagree on the items",
                        "give them one type",
                    ));
                }
            }
            (_, Some(_)) => {}
            (_, None) => {
                object.insert(key.clone(), value.clone());
            }
        }
    }
    if object.contains_key("properties")
        && object.get("additionalProperties") == Some(&Value::Bool(false))
        && part.get("additionalProperties") != Some(&Value::Bool(false))
    {
        report.add(
            place,
            "additionalProperties: false in a part of an allOf",
            "left out",
            "the other parts could hold nothing",
        );
        object.remove("additionalProperties");
    }
    Ok(())
}

fn properties(
    place: &str,
    known: &mut Value,
    others: &Value,
    report: &mut Report,
) -> Result<(), Problem> {
    for (property, other) in entries(Some(others)) {
        let Some(own) = known.get_mut(property) else {
            known[property] = other.clone();
            continue;
        };
        let (empty, theirs) = (
            own.as_object().is_some_and(Map::is_empty),
            other.as_object().is_some_and(Map::is_empty),
        );
        if own == other || theirs {
            continue;
        }
        if empty {
            own.clone_from(other);
            continue;
        }
        let inner = format!("{place}.{property}");
        let named = own.get("$ref").is_some() || other.get("$ref").is_some();
        if named
            || text(own, "type") != text(other, "type")
                && text(own, "type").is_some()
                && text(other, "type").is_some()
        {
            let number =
                |schema: &Value| matches!(text(schema, "type"), Some("integer" | "number"));
            if named || !(number(own) && number(other)) {
                return Err(Problem::new(
                    place,
                    format!("the parts of its allOf disagree on the type of {property}"),
                    "give the property one type",
                ));
            }
        }
        merge(&inner, own, other, report)?;
    }
    Ok(())
}

fn take(object: &mut Map<String, Value>, key: &str) -> Vec<Value> {
    match object.remove(key) {
        Some(Value::Array(list)) => list,
        _ => Vec::new(),
    }
}
