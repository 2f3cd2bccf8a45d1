//! The recursive merge of an `update` into what a target selects, with every place that it changed.
//!
//! Maps are merged member by member, lists are joined, and any other value is replaced: what the specification calls a
//! recursive merge, in the reading of its version 1.1, which says of lists what 1.0 leaves open. A map or a list that would
//! become something else is an error: it has to be removed first.

use serde_json::Value;

use crate::action::Change;
use crate::target::Target;

/// Merges, and notes what changed; or answers the place that is not compatible.
pub(crate) fn merge(
    place: &Target,
    target: &mut Value,
    update: &Value,
    changes: &mut Vec<Change>,
) -> Result<(), Target> {
    match (target, update) {
        (Value::Object(target), Value::Object(update)) => {
            for (name, value) in update {
                let inner = place.child(name);
                match target.get_mut(name) {
                    Some(known) => merge(&inner, known, value, changes)?,
                    None => {
                        target.insert(name.clone(), value.clone());
                        changes.push(Change::new(inner, None, Some(value.clone())));
                    }
                }
            }
            Ok(())
        }
        (Value::Array(items), Value::Array(more)) => {
            more.iter()
                .for_each(|value| append(place, items, value, changes));
            Ok(())
        }
        (Value::Object(_) | Value::Array(_), _) => Err(place.clone()),
        (target, update) => {
            if target != update {
                let before = std::mem::replace(target, update.clone());
                changes.push(Change::new(
                    place.clone(),
                    Some(before),
                    Some(update.clone()),
                ));
            }
            Ok(())
        }
    }
}

/// Puts an entry at the end of a list.
pub(crate) fn append(
    place: &Target,
    items: &mut Vec<Value>,
    value: &Value,
    changes: &mut Vec<Change>,
) {
    changes.push(Change::new(
        place.item(items.len()),
        None,
        Some(value.clone()),
    ));
    items.push(value.clone());
}
