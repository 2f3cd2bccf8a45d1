//! The overlay document: read strictly, written as it is read, applied in order.

use serde_json::{Map, Value, json};

use crate::action::Action;

/// A list of changes.
#[derive(Debug, Clone, PartialEq)]
pub struct Overlay {
    title: String,
    version: String,
    extends: Option<String>,
    actions: Vec<Action>,
    extensions: Map<String, Value>,
}

/// Why an overlay cannot be read or applied.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OverlayError {
    /// It is none.
    #[error("the overlay: {0}")]
    Unreadable(String),
    /// An action cannot do what it says.
    #[error("the action at {target}: {why}")]
    Action {
        /// Its target, as it was written.
        target: String,
        /// What is wrong, and what to do.
        why: String,
    },
    /// It does not belong to this document.
    #[error("the overlay is of another document: there is no {0}")]
    NoTarget(String),
}

impl Overlay {
    /// An overlay of these actions, as its version 1.
    #[must_use]
    pub fn new(title: &str, actions: Vec<Action>) -> Self {
        Self {
            title: title.to_owned(),
            version: "1".to_owned(),
            extends: None,
            actions,
            extensions: Map::new(),
        }
    }

    /// Reads one from YAML or JSON.
    ///
    /// # Errors
    /// Where it is none of version 1.0, holds a key that the specification does not know and that does not begin with
    /// `x-`, lacks one that it asks for, or has a target that is no JSONPath.
    pub fn parse(text: &str) -> Result<Self, OverlayError> {
        let root: Value = yaml_serde::from_str(text)
            .map_err(|error| OverlayError::Unreadable(error.to_string()))?;
        let mut root = Members::of(root, "the document")?;
        let version = root.text("overlay")?;
        if !version.starts_with("1.0.") {
            return Err(OverlayError::Unreadable(format!(
                "it says `overlay: {version}`; only 1.0 is read, such as `overlay: 1.0.0`"
            )));
        }
        let mut info = Members::of(root.take("info").unwrap_or_default(), "info")?;
        let (title, version) = (info.text("title")?, info.text("version")?);
        info.rest()?;
        let extends = match root.take("extends") {
            None => None,
            Some(Value::String(extends)) => Some(extends),
            Some(other) => return Err(root.wrong("extends", &format!("{other} is no text"))),
        };
        let listed = match root.take("actions") {
            Some(Value::Array(actions)) if !actions.is_empty() => actions,
            _ => return Err(root.wrong("actions", "a list of at least one is asked for")),
        };
        let mut actions: Vec<Action> = Vec::new();
        for (index, action) in listed.into_iter().enumerate() {
            let action = read_action(action, &format!("actions[{index}]"))?;
            if actions.contains(&action) {
                return Err(OverlayError::Unreadable(format!(
                    "actions[{index}]: it stands there twice; take one out"
                )));
            }
            actions.push(action);
        }
        Ok(Self {
            title,
            version,
            extends,
            actions,
            extensions: root.rest()?,
        })
    }

    /// Its name, `info.title`.
    #[must_use]
    pub fn title(&self) -> &str {
        &self.title
    }

    /// The document that it says it is for, as a URI reference; it is not fetched.
    #[must_use]
    pub fn extends(&self) -> Option<&str> {
        self.extends.as_deref()
    }

    /// The changes, in their order.
    #[must_use]
    pub fn actions(&self) -> &[Action] {
        &self.actions
    }

    /// What it says under a name that begins with `x-`.
    #[must_use]
    pub fn extension(&self, name: &str) -> Option<&Value> {
        self.extensions.get(name)
    }

    /// The names under which it says something that the specification does not know.
    pub fn extensions(&self) -> impl Iterator<Item = &str> {
        self.extensions.keys().map(String::as_str)
    }

    /// The overlay as YAML.
    #[must_use]
    pub fn to_yaml(&self) -> String {
        let actions: Vec<Value> = self.actions.iter().map(Action::to_value).collect();
        let mut overlay = json!({
            "overlay": "1.0.0",
            "info": { "title": self.title, "version": self.version },
            "actions": actions,
        });
        if let Some(extends) = &self.extends {
            overlay["extends"] = json!(extends);
        }
        if let Some(object) = overlay.as_object_mut() {
            object.extend(self.extensions.clone());
        }
        yaml_serde::to_string(&overlay).unwrap_or_default()
    }

    /// Applies every change to the text of a document, YAML or JSON; the answer is YAML without the document's comments.
    ///
    /// The specification allows a target that selects nothing; here it is a sign that the document is another one.
    ///
    /// # Errors
    /// Where a target selects nothing, or as [`Action::apply`] says.
    pub fn patch(&self, document: &str) -> Result<String, OverlayError> {
        let unreadable = |error: yaml_serde::Error| OverlayError::Unreadable(error.to_string());
        let mut root: Value = yaml_serde::from_str(document).map_err(unreadable)?;
        for action in &self.actions {
            if action.apply(&mut root)?.selected.is_empty() {
                return Err(OverlayError::NoTarget(action.target()));
            }
        }
        yaml_serde::to_string(&root).map_err(unreadable)
    }
}

fn read_action(action: Value, place: &str) -> Result<Action, OverlayError> {
    let mut action = Members::of(action, place)?;
    let target = action.text("target")?;
    let description = match action.take("description") {
        None => String::new(),
        Some(Value::String(text)) => text,
        Some(other) => return Err(action.wrong("description", &format!("{other} is no text"))),
    };
    let removes = match action.take("remove") {
        None => false,
        Some(Value::Bool(removes)) => removes,
        Some(other) => return Err(action.wrong("remove", &format!("{other} is not true or false"))),
    };
    // Where `remove` is true, says the specification, `update` has no impact.
    let update = action.take("update").filter(|_| !removes);
    if update.is_none() && !removes {
        return Err(action.wrong("update", "neither it nor `remove: true` is there"));
    }
    let mut read = Action::read(target, &description, update)
        .map_err(|error| OverlayError::Unreadable(format!("{place}: {error}")))?;
    for (name, value) in action.rest()? {
        read = read.with_extension(&name, value);
    }
    Ok(read)
}

/// The members of a map, each of which is taken once; what is left must begin with `x-`.
struct Members {
    place: String,
    members: Map<String, Value>,
}

impl Members {
    fn of(value: Value, place: &str) -> Result<Self, OverlayError> {
        match value {
            Value::Object(members) => Ok(Self {
                place: place.to_owned(),
                members,
            }),
            _ => Err(OverlayError::Unreadable(format!("{place}: it is no map"))),
        }
    }

    fn take(&mut self, name: &str) -> Option<Value> {
        self.members.remove(name)
    }

    fn text(&mut self, name: &str) -> Result<String, OverlayError> {
        match self.take(name) {
            Some(Value::String(text)) => Ok(text),
            Some(other) => Err(self.wrong(name, &format!("{other} is no text; put it in quotes"))),
            None => Err(self.wrong(name, "it is missing")),
        }
    }

    fn rest(self) -> Result<Map<String, Value>, OverlayError> {
        match self.members.keys().find(|name| !name.starts_with("x-")) {
            Some(name) => Err(self.wrong(
                name,
                "no such key is known; names of one's own begin with x-",
            )),
            None => Ok(self.members),
        }
    }

    fn wrong(&self, name: &str, what: &str) -> OverlayError {
        OverlayError::Unreadable(format!("{}, {name}: {what}", self.place))
    }
}
