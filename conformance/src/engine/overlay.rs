//! OpenAPI Overlay 1.0: a list of changes to a document that a person reads before they are applied.
//!
//! A target is always a JSONPath of names and indices in brackets, `$['paths']['/things']['get']`; no other is written, and
//! no other is read.

use std::fmt;

use serde_json::{Map, Value, json};

/// One place of a document.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Target(Vec<String>);

/// One change.
#[derive(Debug, Clone, PartialEq)]
pub struct Action {
    target: Target,
    description: String,
    /// What is merged into the target, or appended where it is a list; the target goes where there is none.
    update: Option<Value>,
}

/// A list of changes.
#[derive(Debug, Clone, PartialEq)]
pub struct Overlay {
    title: String,
    actions: Vec<Action>,
}

/// Why an overlay cannot be read or applied.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OverlayError {
    /// It is none.
    #[error("the overlay: {0}")]
    Unreadable(String),
    /// It does not belong to this document.
    #[error("the overlay is of another document: there is no {0}")]
    NoTarget(String),
}

impl Target {
    pub(crate) fn of(parts: &[&str]) -> Self {
        Self(parts.iter().map(|&part| part.to_owned()).collect())
    }

    pub(crate) fn child(&self, name: &str) -> Self {
        let mut parts = self.0.clone();
        parts.push(name.to_owned());
        Self(parts)
    }

    /// The place itself, where a reference stands in its place.
    pub(crate) fn followed(self, root: &Value) -> Self {
        let mut target = self;
        // A chain of references that is longer than this is a circle.
        for _ in 0..32 {
            let reference = target.value(root)["$ref"].as_str();
            let Some(pointer) = reference.and_then(|it| it.strip_prefix("#/")) else {
                break;
            };
            let parts = pointer.split('/');
            target = Self(
                parts
                    .map(|it| it.replace("~1", "/").replace("~0", "~"))
                    .collect(),
            );
        }
        target
    }

    /// What stands there; null where nothing does.
    pub(crate) fn value<'a>(&self, root: &'a Value) -> &'a Value {
        self.0.iter().fold(root, |value, part| match value {
            Value::Array(items) => part
                .parse()
                .ok()
                .and_then(|index: usize| items.get(index))
                .unwrap_or(&Value::Null),
            other => &other[part.as_str()],
        })
    }

    fn pointer(&self) -> String {
        let escaped = self
            .0
            .iter()
            .map(|it| it.replace('~', "~0").replace('/', "~1"));
        escaped.map(|part| format!("/{part}")).collect()
    }

    fn parse(text: &str) -> Option<Self> {
        let inner = text.strip_prefix("$['")?.strip_suffix("']")?;
        Some(Self(
            inner
                .split("']['")
                .map(|it| it.replace("\\'", "'"))
                .collect(),
        ))
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("$")?;
        self.0
            .iter()
            .try_for_each(|part| write!(f, "['{}']", part.replace('\'', "\\'")))
    }
}

impl Action {
    pub(crate) fn update(target: Target, description: &str, update: Value) -> Self {
        Self {
            target,
            description: description.to_owned(),
            update: Some(update),
        }
    }

    pub(crate) fn remove(target: Target, description: &str) -> Self {
        Self {
            target,
            description: description.to_owned(),
            update: None,
        }
    }
}

impl Overlay {
    pub(crate) fn new(title: &str, actions: Vec<Action>) -> Self {
        Self {
            title: title.to_owned(),
            actions,
        }
    }

    /// Reads one from YAML or JSON.
    ///
    /// # Errors
    /// Where it is none, or has a target that is no plain path.
    pub fn parse(text: &str) -> Result<Self, OverlayError> {
        let root: Value = yaml_serde::from_str(text)
            .map_err(|error| OverlayError::Unreadable(error.to_string()))?;
        if !root["overlay"]
            .as_str()
            .is_some_and(|it| it.starts_with("1."))
        {
            return Err(OverlayError::Unreadable(
                "it does not say `overlay: 1.0.0`".to_owned(),
            ));
        }
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let actions = root["actions"].as_array().into_iter().flatten();
        let actions = actions.map(|action| {
            let target = text(&action["target"]);
            Ok(Action {
                target: Target::parse(&target).ok_or_else(|| {
                    OverlayError::Unreadable(format!("{target} is no path like $['a']['b']"))
                })?,
                description: text(&action["description"]),
                update: (action["remove"] != true).then(|| action["update"].clone()),
            })
        });
        Ok(Self {
            title: text(&root["info"]["title"]),
            actions: actions.collect::<Result<_, _>>()?,
        })
    }

    /// The overlay as YAML.
    #[must_use]
    pub fn to_yaml(&self) -> String {
        let actions: Vec<Value> = self
            .actions
            .iter()
            .map(|action| {
                let mut shown = json!({
                    "target": action.target.to_string(),
                    "description": action.description,
                    "x-evidence": "observed",
                });
                match &action.update {
                    Some(update) => shown["update"] = update.clone(),
                    None => shown["remove"] = json!(true),
                }
                shown
            })
            .collect();
        let overlay = json!({
            "overlay": "1.0.0",
            "info": { "title": self.title, "version": "1" },
            "actions": actions,
        });
        yaml_serde::to_string(&overlay).unwrap_or_default()
    }

    /// Applies every change to a document, YAML or JSON; the answer is YAML without the document's comments.
    ///
    /// # Errors
    /// Where the document has no such place.
    pub fn apply(&self, document: &str) -> Result<String, OverlayError> {
        let unreadable = |error: yaml_serde::Error| OverlayError::Unreadable(error.to_string());
        let mut root: Value = yaml_serde::from_str(document).map_err(unreadable)?;
        for action in &self.actions {
            let missing = || OverlayError::NoTarget(action.target.to_string());
            let pointer = action.target.pointer();
            if let Some(update) = &action.update {
                merge(root.pointer_mut(&pointer).ok_or_else(missing)?, update);
                continue;
            }
            let (parent, name) = pointer.rsplit_once('/').ok_or_else(missing)?;
            let parent = root.pointer_mut(parent).and_then(Value::as_object_mut);
            parent
                .ok_or_else(missing)?
                .remove(name)
                .ok_or_else(missing)?;
        }
        yaml_serde::to_string(&root).map_err(unreadable)
    }
}

/// Merges members into an object, and appends to a list what it lacks; anything else is replaced.
fn merge(target: &mut Value, update: &Value) {
    match (target, update) {
        (Value::Object(target), Value::Object(update)) => {
            for (name, value) in update {
                merge_member(target, name, value);
            }
        }
        (Value::Array(items), update) if !update.is_array() => {
            if !items.contains(update) {
                items.push(update.clone());
            }
        }
        (target, update) => *target = update.clone(),
    }
}

fn merge_member(target: &mut Map<String, Value>, name: &str, value: &Value) {
    match target.get_mut(name) {
        Some(known) => merge(known, value),
        None => {
            target.insert(name.to_owned(), value.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_applied() {
        let update = Target::of(&["paths", "/a'b", "get"]);
        let overlay = Overlay::new(
            "t",
            vec![
                Action::update(update, "d", json!({ "x": { "z": 1 } })),
                Action::update(Target::of(&["list"]), "d", json!("two")),
                Action::remove(Target::of(&["old"]), "d"),
            ],
        );
        assert_eq!(Overlay::parse(&overlay.to_yaml()).unwrap(), overlay);
        let document = json!({ "paths": { "/a'b": { "get": { "x": { "y": 0 } } } }, "list": ["one"], "old": 1 });
        let applied = overlay.apply(&document.to_string()).unwrap();
        let applied: Value = yaml_serde::from_str(&applied).unwrap();
        let expected = json!({ "paths": { "/a'b": { "get": { "x": { "y": 0, "z": 1 } } } }, "list": ["one", "two"] });
        assert_eq!(applied, expected);
        let error = overlay.apply("{}").unwrap_err().to_string();
        assert!(error.contains("there is no $['paths']"), "{error}");
    }
}
