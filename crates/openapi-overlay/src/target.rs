//! One place of a document, as a normalised path of RFC 9535: `$['paths']['/things']['get']['parameters'][0]`.

use std::fmt;

use serde_json::Value;
use serde_json_path::{NormalizedPath, PathElement};

/// One step of a path.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// The member of an object.
    Name(String),
    /// The item of a list.
    Index(usize),
}

/// One place of a document.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Target(Vec<Part>);

impl Target {
    /// The place that is reached from the root through these members.
    #[must_use]
    pub fn of(names: &[&str]) -> Self {
        Self(
            names
                .iter()
                .map(|&name| Part::Name(name.to_owned()))
                .collect(),
        )
    }

    pub(crate) fn located(path: &NormalizedPath<'_>) -> Self {
        let parts = path.iter().map(|part| match part {
            PathElement::Name(name) => Part::Name((*name).to_owned()),
            PathElement::Index(index) => Part::Index(*index),
        });
        Self(parts.collect())
    }

    /// A member of the object that stands here.
    #[must_use]
    pub fn child(&self, name: &str) -> Self {
        self.then(Part::Name(name.to_owned()))
    }

    /// An item of the list that stands here.
    #[must_use]
    pub fn item(&self, index: usize) -> Self {
        self.then(Part::Index(index))
    }

    fn then(&self, part: Part) -> Self {
        let mut parts = self.0.clone();
        parts.push(part);
        Self(parts)
    }

    /// The steps from the root.
    #[must_use]
    pub fn parts(&self) -> &[Part] {
        &self.0
    }

    /// The place itself, where a `$ref` within the document stands in its place.
    #[must_use]
    pub fn followed(self, root: &Value) -> Self {
        let mut target = self;
        // A chain of references that is longer than this is a circle.
        for _ in 0..32 {
            let reference = target.value(root)["$ref"].as_str();
            let Some(pointer) = reference.and_then(|it| it.strip_prefix("#/")) else {
                break;
            };
            let mut followed = Self::default();
            for word in pointer.split('/') {
                let word = word.replace("~1", "/").replace("~0", "~");
                followed = match (followed.value(root), word.parse()) {
                    (Value::Array(_), Ok(index)) => followed.item(index),
                    _ => followed.child(&word),
                };
            }
            target = followed;
        }
        target
    }

    /// What stands there; null where nothing does.
    #[must_use]
    pub fn value<'a>(&self, root: &'a Value) -> &'a Value {
        self.0.iter().fold(root, |value, part| match part {
            Part::Name(name) => &value[name.as_str()],
            Part::Index(index) => &value[*index],
        })
    }

    /// Whether something stands there, be it null.
    pub(crate) fn is_in(&self, root: &Value) -> bool {
        let step = |value: &'_ Value, part: &Part| -> bool {
            match part {
                Part::Name(name) => value.get(name.as_str()).is_some(),
                Part::Index(index) => value.get(*index).is_some(),
            }
        };
        self.split()
            .is_none_or(|(parent, last)| step(parent.value(root), last))
    }

    pub(crate) fn value_mut<'a>(&self, root: &'a mut Value) -> Option<&'a mut Value> {
        self.0.iter().try_fold(root, |value, part| match part {
            Part::Name(name) => value.get_mut(name.as_str()),
            Part::Index(index) => value.get_mut(*index),
        })
    }

    /// What holds the place, and the step from there; nothing for the root.
    pub(crate) fn split(&self) -> Option<(Self, &Part)> {
        let (last, rest) = self.0.split_last()?;
        Some((Self(rest.to_vec()), last))
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("$")?;
        for part in &self.0 {
            match part {
                Part::Name(name) => {
                    f.write_str("['")?;
                    name.chars().try_for_each(|c| escaped(f, c))?;
                    f.write_str("']")?;
                }
                Part::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

/// A character of a name in single quotes, as RFC 9535, section 2.7, writes it.
fn escaped(f: &mut fmt::Formatter<'_>, c: char) -> fmt::Result {
    match c {
        '\'' => f.write_str("\\'"),
        '\\' => f.write_str("\\\\"),
        '\n' => f.write_str("\\n"),
        '\r' => f.write_str("\\r"),
        '\t' => f.write_str("\\t"),
        c if (c as u32) < 0x20 => write!(f, "\\u{:04x}", c as u32),
        c => write!(f, "{c}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_reference_leads_to_its_place_through_names_and_lists() {
        let root = json!({
            "a": { "$ref": "#/b/1" },
            "b": [0, { "$ref": "#/c~1d" }],
            "c/d": { "x": 7 },
            "loop": { "$ref": "#/loop" },
        });
        let target = Target::of(&["a"]).followed(&root);
        assert_eq!(target, Target::of(&["c/d"]));
        assert_eq!(target.child("x").value(&root), 7);
        let item = Target::of(&["b"]).item(1);
        assert_eq!(item.to_string(), "$['b'][1]");
        assert_eq!(item.followed(&root), Target::of(&["c/d"]));
        let circle = Target::of(&["loop"]);
        assert_eq!(circle.clone().followed(&root), circle);
        assert_eq!(Target::of(&["no", "where"]).value(&root), &Value::Null);
    }
}
