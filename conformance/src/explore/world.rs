//! The reference model: what a scenario made, what each thing must hold, and what was there before.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::api::Api;
use super::scenario::Handle;

/// One thing that a scenario made.
#[derive(Debug, Clone)]
pub(crate) struct Thing {
    pub(crate) resource: usize,
    pub(crate) parent: Option<Handle>,
    pub(crate) id: String,
    /// Who made it.
    pub(crate) by: usize,
    /// The body that its step named, and the one that made it: they differ where its name had to be its own.
    pub(crate) asked: Value,
    pub(crate) sent: Value,
    /// What it must hold.
    pub(crate) model: Map<String, Value>,
    /// The fields that the last update named; nothing where there was none.
    pub(crate) updated: Option<BTreeSet<String>>,
    pub(crate) alive: bool,
    pub(crate) etag: Option<String>,
    pub(crate) old_etag: Option<String>,
    /// The idempotency key that made it.
    pub(crate) key: Option<String>,
    /// Whether a write on it was refused since it was last looked at.
    pub(crate) refused: bool,
}

/// What a scenario made, and what was there before.
#[derive(Debug, Default)]
pub(crate) struct World {
    pub(crate) things: BTreeMap<Handle, Thing>,
    /// For each actor and resource the ids that were there before; nothing where there were too many to read.
    pub(crate) before: BTreeMap<(usize, usize), Option<BTreeSet<String>>>,
    /// What a whole list held when it was last read.
    pub(crate) whole: BTreeMap<(usize, usize, Option<Handle>), BTreeSet<String>>,
    /// How many writes were refused.
    pub(crate) refused: usize,
}

impl World {
    /// The parameters of the paths to a thing: its own id and those of its parents.
    pub(crate) fn ids(&self, api: &Api, handle: Handle) -> Vec<(String, String)> {
        let mut ids = Vec::new();
        let mut next = Some(handle);
        while let Some(thing) = next.and_then(|handle| self.things.get(&handle)) {
            if let Some(parameter) = api.resources[thing.resource].id_parameter() {
                ids.push((parameter.to_owned(), thing.id.clone()));
            }
            next = thing.parent;
        }
        ids
    }

    /// Whether a thing and all that it lies in are there.
    pub(crate) fn is_reachable(&self, handle: Handle) -> bool {
        let mut next = Some(handle);
        while let Some(handle) = next {
            match self.things.get(&handle) {
                Some(thing) if thing.alive => next = thing.parent,
                _ => return false,
            }
        }
        true
    }

    /// The ids that an actor must find in a list, those that must be gone, and those of others.
    pub(crate) fn expected(
        &self,
        api: &Api,
        by: usize,
        resource: usize,
        parent: Option<Handle>,
    ) -> Expected {
        let mut expected = Expected::default();
        for (handle, thing) in &self.things {
            if thing.resource != resource {
                continue;
            }
            if api.speakers[thing.by].tenant != api.speakers[by].tenant {
                expected.foreign.insert(thing.id.clone());
            } else if thing.parent != parent {
            } else if self.is_reachable(*handle) {
                expected.live.insert(thing.id.clone(), thing.model.clone());
            } else if !thing.alive {
                expected.dead.insert(thing.id.clone());
            }
        }
        expected
    }
}

/// What a list must and must not hold.
#[derive(Debug, Default)]
pub(crate) struct Expected {
    pub(crate) live: BTreeMap<String, Map<String, Value>>,
    pub(crate) dead: BTreeSet<String>,
    pub(crate) foreign: BTreeSet<String>,
}
