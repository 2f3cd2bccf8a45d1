//! Reading the fields of a body, with one text for each thing that is wrong.

use serde_json::{Map, Value};

/// A body, or an object in one.
pub(crate) type Fields = Map<String, Value>;

/// A string that must be there.
pub(crate) fn string<'a>(fields: &'a Fields, name: &str) -> Result<&'a str, String> {
    match fields.get(name) {
        Some(Value::String(text)) => Ok(text),
        _ => Err(format!("{name} must be a string")),
    }
}

/// A string that must be there and say something.
pub(crate) fn non_empty<'a>(fields: &'a Fields, name: &str) -> Result<&'a str, String> {
    match fields.get(name) {
        None | Some(Value::Null) => Err(format!("{name} is required")),
        Some(Value::String(text)) if text.trim().is_empty() => {
            Err(format!("{name} must not be empty"))
        }
        Some(Value::String(text)) => Ok(text),
        Some(_) => Err(format!("{name} must be a string")),
    }
}

/// A string that may be null; the outer option says whether it was sent at all.
pub(crate) fn nullable(fields: &Fields, name: &str) -> Result<Option<Option<String>>, String> {
    match fields.get(name) {
        None => Ok(None),
        Some(Value::Null) => Ok(Some(None)),
        Some(Value::String(text)) => Ok(Some(Some(text.clone()))),
        Some(_) => Err(format!("{name} must be a string or null")),
    }
}

/// An object that must be there.
pub(crate) fn object<'a>(fields: &'a Fields, name: &str) -> Result<&'a Fields, String> {
    match fields.get(name) {
        Some(Value::Object(object)) => Ok(object),
        None | Some(Value::Null) => Err(format!("{name} is required")),
        Some(_) => Err(format!("{name} must be an object")),
    }
}

/// A string that may be left out.
pub(crate) fn optional(fields: &Fields, name: &str, wrong: &mut Vec<String>) -> Option<String> {
    match fields.get(name) {
        None => None,
        Some(Value::String(text)) => Some(text.clone()),
        Some(_) => {
            wrong.push(format!("{name} must be a string"));
            None
        }
    }
}

/// An array of strings, if it is one.
pub(crate) fn strings(value: &Value) -> Option<Vec<String>> {
    let items = value.as_array()?.iter();
    items
        .map(|item| item.as_str().map(ToOwned::to_owned))
        .collect()
}
