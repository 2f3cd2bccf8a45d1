//! One action of an overlay: where it looks, and what it does there.

use serde_json::{Map, Value, json};
use serde_json_path::JsonPath;

use crate::merge::{append, merge};
use crate::overlay::OverlayError;
use crate::target::{Part, Target};

/// One change to all places that a query selects.
#[derive(Debug, Clone, PartialEq)]
pub struct Action {
    target: Selector,
    description: String,
    /// What is merged into each place; the places go where there is none.
    update: Option<Value>,
    /// What the action says beyond the specification, under names that begin with `x-`.
    extensions: Map<String, Value>,
}

/// Where an action looks.
#[derive(Debug, Clone, PartialEq)]
enum Selector {
    Place(Target),
    /// A query, with its text as it was written.
    Query(String, JsonPath),
}

/// What an action did.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Applied {
    /// The places that its target selected, in the order of the document.
    pub selected: Vec<Target>,
    /// Each value that is another now; empty where the document said so already.
    pub changes: Vec<Change>,
}

/// One value that is another now.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// Where.
    pub place: Target,
    /// What stood there; nothing where the place is new.
    pub before: Option<Value>,
    /// What stands there; nothing where the place is gone.
    pub after: Option<Value>,
}

impl Change {
    pub(crate) fn new(place: Target, before: Option<Value>, after: Option<Value>) -> Self {
        Self {
            place,
            before,
            after,
        }
    }
}

impl Action {
    /// Merges into one place.
    #[must_use]
    pub fn update(target: Target, description: &str, update: Value) -> Self {
        Self::new(Selector::Place(target), description, Some(update))
    }

    /// Takes one place away.
    #[must_use]
    pub fn remove(target: Target, description: &str) -> Self {
        Self::new(Selector::Place(target), description, None)
    }

    /// One with a target as it is written in a file.
    pub(crate) fn read(
        target: String,
        description: &str,
        update: Option<Value>,
    ) -> Result<Self, OverlayError> {
        let query = JsonPath::parse(&target).map_err(|error| {
            OverlayError::Unreadable(format!(
                "the target {target:?} is no JSONPath of RFC 9535: {error}"
            ))
        })?;
        let target = Selector::Query(target, query);
        Ok(Self::new(target, description, update))
    }

    fn new(target: Selector, description: &str, update: Option<Value>) -> Self {
        Self {
            target,
            description: description.to_owned(),
            update,
            extensions: Map::new(),
        }
    }

    /// The action with something that the specification does not know, under a name that begins with `x-`.
    #[must_use]
    pub fn with_extension(mut self, name: &str, value: Value) -> Self {
        self.extensions.insert(name.to_owned(), value);
        self
    }

    /// The query, as it was written.
    #[must_use]
    pub fn target(&self) -> String {
        match &self.target {
            Selector::Place(place) => place.to_string(),
            Selector::Query(text, _) => text.clone(),
        }
    }

    /// Why, in the words of whoever wrote it; may be empty.
    #[must_use]
    pub fn description(&self) -> &str {
        &self.description
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

    /// The places that its target selects, in the order of the document.
    #[must_use]
    pub fn selected(&self, root: &Value) -> Vec<Target> {
        match &self.target {
            Selector::Place(place) if place.is_in(root) => vec![place.clone()],
            Selector::Place(_) => Vec::new(),
            Selector::Query(_, query) => {
                let nodes = query.query_located(root).dedup();
                nodes.locations().map(Target::located).collect()
            }
        }
    }

    /// Does it. Where it fails, the document may hold a part of the change.
    ///
    /// # Errors
    /// Where it would remove the document itself, update a place that is no map and no list, or merge what is not
    /// compatible.
    pub fn apply(&self, root: &mut Value) -> Result<Applied, OverlayError> {
        let selected = self.selected(root);
        let mut changes = Vec::new();
        match &self.update {
            Some(update) => {
                for place in &selected {
                    self.update_at(place, root, update, &mut changes)?;
                }
            }
            None => {
                // From the end, so that no place that is still to go is moved by one that went.
                let mut last_first = selected.clone();
                last_first.sort();
                for place in last_first.into_iter().rev() {
                    let before = take(root, &place).ok_or_else(|| {
                        self.fails("the document itself cannot be removed".to_owned())
                    })?;
                    changes.push(Change::new(place, Some(before), None));
                }
                changes.reverse();
            }
        }
        Ok(Applied { selected, changes })
    }

    fn update_at(
        &self,
        place: &Target,
        root: &mut Value,
        update: &Value,
        changes: &mut Vec<Change>,
    ) -> Result<(), OverlayError> {
        let Some(node) = place.value_mut(root) else {
            return Ok(());
        };
        match (node, update) {
            (Value::Array(items), entry) if !entry.is_array() => {
                append(place, items, entry, changes);
                Ok(())
            }
            (node @ (Value::Object(_) | Value::Array(_)), update) => {
                merge(place, node, update, changes).map_err(|at| {
                    self.fails(format!(
                        "the update is not of the kind of what stands at {at}; remove that first"
                    ))
                })
            }
            _ => Err(self.fails(format!(
                "{place} is neither a map nor a list; target what holds it"
            ))),
        }
    }

    fn fails(&self, why: String) -> OverlayError {
        OverlayError::Action {
            target: self.target(),
            why,
        }
    }

    pub(crate) fn to_value(&self) -> Value {
        let mut shown = Map::new();
        shown.insert("target".to_owned(), json!(self.target()));
        if !self.description.is_empty() {
            shown.insert("description".to_owned(), json!(self.description));
        }
        shown.extend(self.extensions.clone());
        match &self.update {
            Some(update) => shown.insert("update".to_owned(), update.clone()),
            None => shown.insert("remove".to_owned(), json!(true)),
        };
        Value::Object(shown)
    }
}

/// Takes a place out of what holds it; nothing where it is the root.
fn take(root: &mut Value, place: &Target) -> Option<Value> {
    let (parent, last) = place.split()?;
    match (parent.value_mut(root)?, last) {
        (Value::Object(object), Part::Name(name)) => object.remove(name),
        (Value::Array(items), Part::Index(index)) if *index < items.len() => {
            Some(items.remove(*index))
        }
        _ => None,
    }
}
