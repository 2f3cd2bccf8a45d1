//! Alternatives: what generated types that are one of several need, and JSON that is kept as it came.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Any JSON, as it came. `Debug` shows nothing of it: what it holds is not known, and may be secret.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Json(pub Value);

impl fmt::Debug for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Json(..)")
    }
}

/// The value of the property that tells which alternative an object is.
#[must_use]
pub fn tag_of<'v>(value: &'v Value, property: &str) -> Option<&'v str> {
    value.get(property)?.as_str()
}

/// An alternative as JSON, with the property that tells which it is.
///
/// # Errors
/// Where the value cannot be serialised.
pub fn with_tag(
    value: &impl Serialize,
    property: &str,
    tags: &[&str],
) -> serde_json::Result<Value> {
    let mut value = serde_json::to_value(value)?;
    let told = tag_of(&value, property).is_some_and(|tag| tags.contains(&tag));
    if let (false, Some(object), Some(tag)) = (told, value.as_object_mut(), tags.first()) {
        object.insert(property.to_owned(), Value::from(*tag));
    }
    Ok(value)
}
