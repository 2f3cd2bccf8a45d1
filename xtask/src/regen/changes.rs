//! The difference between two documents, place by place, so that a stale file is explained by the field that made it so.

use serde_json::Value;

/// The places where two documents differ, at most `limit` of them, each with what happened there.
pub(crate) fn between(old: &Value, new: &Value, limit: usize) -> Vec<String> {
    let mut found = Vec::new();
    walk("", old, new, &mut found);
    let more = found.len().saturating_sub(limit);
    found.truncate(limit);
    if more > 0 {
        found.push(format!("and {more} more"));
    }
    found
}

fn walk(place: &str, old: &Value, new: &Value, found: &mut Vec<String>) {
    match (old, new) {
        (Value::Object(before), Value::Object(after)) => {
            for (key, value) in before {
                let inner = format!("{place}/{}", key.replace('~', "~0").replace('/', "~1"));
                match after.get(key) {
                    Some(other) => walk(&inner, value, other, found),
                    None => found.push(format!("{inner} was removed")),
                }
            }
            for key in after.keys().filter(|key| !before.contains_key(*key)) {
                let inner = format!("{place}/{}", key.replace('~', "~0").replace('/', "~1"));
                found.push(format!("{inner} was added"));
            }
        }
        (before, after) if before == after => {}
        // What was taken out or put in says more than two long lists.
        (Value::Array(before), Value::Array(after)) if is_set_change(before, after) => {
            for value in before.iter().filter(|value| !after.contains(value)) {
                found.push(format!("{place} lost {value}"));
            }
            for value in after.iter().filter(|value| !before.contains(value)) {
                found.push(format!("{place} gained {value}"));
            }
        }
        (before, after) => found.push(format!(
            "{place} was {}, is {}",
            shortened(before),
            shortened(after)
        )),
    }
}

/// Whether two lists of words differ by what they hold, and not by the order alone.
fn is_set_change(before: &[Value], after: &[Value]) -> bool {
    let words = before.iter().chain(after).all(Value::is_string);
    words
        && (before.iter().any(|value| !after.contains(value))
            || after.iter().any(|value| !before.contains(value)))
}

fn shortened(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() <= 60 {
        return text;
    }
    text.chars().take(57).chain("...".chars()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_property_that_is_no_longer_required_is_named() {
        let (old, new) = (
            json!({"required": ["id", "name"]}),
            json!({"required": ["id", "size"]}),
        );
        assert_eq!(
            between(&old, &new, 10),
            ["/required lost \"name\"", "/required gained \"size\""]
        );
        let (old, new) = (
            json!({"required": ["a", "b"]}),
            json!({"required": ["b", "a"]}),
        );
        assert_eq!(
            between(&old, &new, 10).len(),
            1,
            "another order is a change too"
        );
    }

    #[test]
    fn a_changed_field_is_named_by_its_place() {
        let old = json!({"components": {"schemas": {"Run": {"properties": {"id": {"type": "integer"}, "trace": {}}}}}});
        let new = json!({"components": {"schemas": {"Run": {"properties": {"id": {"type": "string"}, "log/s": {}}}}}});
        assert_eq!(
            between(&old, &new, 10),
            [
                "/components/schemas/Run/properties/id/type was \"integer\", is \"string\"",
                "/components/schemas/Run/properties/trace was removed",
                "/components/schemas/Run/properties/log~1s was added",
            ]
        );
    }
}
