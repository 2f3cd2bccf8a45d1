//! The table of operations, `ops.rs` of the raw crate: what a transport must know of an operation beyond its id.

use std::fmt::Write as _;

use serde_json::Value;

use super::document::{Document, text};
use super::lint::authenticated;
use super::normalise::Normalised;
use super::problem::Problem;

/// Writes the table's source.
pub(crate) fn table(document: &Document, normalised: &Normalised) -> Result<String, Problem> {
    let mut source = String::from(
        "use crate::operation::{Evidence, Op};\n\n\
         /// Every operation of the description, in its order.\n\
         pub static OPS: &[Op] = &[\n",
    );
    for operation in document.operations()? {
        let value = operation.value;
        let name = operation.name();
        let evidence = match text(value, "x-evidence").unwrap_or_default() {
            "documented" => "Documented",
            "observed" => "Observed",
            "library" => "Library",
            "reported" => "Reported",
            _ => "Inferred",
        };
        let tag = value["tags"][0].as_str().unwrap_or_default();
        let flag = |key: &str| value.get(key).and_then(Value::as_bool).unwrap_or_default();
        // Writing to a String cannot fail.
        let _ = writeln!(
            source,
            "    Op {{\n        id: {name:?},\n        method: {:?},\n        path: {:?},\n        tag: {tag:?},\n        \
             authenticated: {},\n        idempotent: {},\n        permission: {:?},\n        evidence: Evidence::{evidence},\n        \
             streams: {},\n        empty_is_null: {},\n    }},",
            operation.method.to_uppercase(),
            operation.path,
            authenticated(document, value),
            flag("x-idempotent"),
            text(value, "x-permission"),
            normalised.streams(operation.path, operation.method),
            normalised.empty_is_null.contains(&name),
        );
    }
    source.push_str("];\n");
    Ok(source)
}
