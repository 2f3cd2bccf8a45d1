//! An inline `allOf` that extends the very schema that it stands in gets a name: merged where it stands, it would hold
//! itself without end.

use std::collections::BTreeSet;

use heck::ToUpperCamelCase as _;
use serde_json::{Map, Value, json};

use super::merge::is_alias;
use super::names::{pascal, unique};
use crate::regen::document::{Document, schema_name};
use crate::regen::report::Report;
use crate::regen::walk;

const SCHEMAS: &str = "#/components/schemas/";

pub(super) fn tie(document: &mut Document, report: &mut Report) {
    let snapshot = document.clone();
    let mut taken: BTreeSet<String> = snapshot
        .schemas()
        .map(|(name, _)| name.to_owned())
        .collect();
    let mut added: Map<String, Value> = Map::new();
    let schemas = document
        .root
        .pointer_mut("/components/schemas")
        .and_then(Value::as_object_mut);
    let Some(schemas) = schemas else {
        return;
    };
    for (name, schema) in schemas.iter_mut() {
        walk::inside(name, schema, &mut |place, inner| {
            let merges = inner.get("allOf").is_some() && !is_alias(inner);
            if place == name || !merges || !reaches(&snapshot, inner, name) {
                return;
            }
            let base: String = place
                .chars()
                .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
                .collect();
            let own = unique(&pascal(&base.to_upper_camel_case()), "", &taken);
            report.add(
                place,
                format!("an inline allOf that holds {name} again"),
                format!("the component {own}"),
                "where it stands it would hold itself without end",
            );
            taken.insert(own.clone());
            let nullable = inner
                .as_object_mut()
                .and_then(|object| object.remove("nullable"));
            let reference = json!({ "$ref": format!("{SCHEMAS}{own}") });
            let instead = match nullable {
                Some(nullable) => json!({ "nullable": nullable, "allOf": [reference] }),
                None => reference,
            };
            added.insert(own, std::mem::replace(inner, instead));
        });
    }
    schemas.extend(added);
}

/// Whether the schema leads to the named one by references.
fn reaches(document: &Document, schema: &Value, name: &str) -> bool {
    let mut seen = BTreeSet::new();
    let mut waiting = vec![schema];
    while let Some(value) = waiting.pop() {
        if let Some(target) = schema_name(value) {
            if target == name {
                return true;
            }
            if seen.insert(target)
                && let Ok(schema) = document.resolve(value)
            {
                waiting.push(schema);
            }
        }
        match value {
            Value::Object(object) => waiting.extend(object.values()),
            Value::Array(items) => waiting.extend(items),
            _ => {}
        }
    }
    false
}
