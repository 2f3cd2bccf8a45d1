//! The laws that every resource keeps, each as a short scenario of its own.

use serde_json::{Value, json};

use super::Planner;
use crate::engine::{Operation, array};
use crate::explore::api::header;
use crate::explore::scenario::{Handle, Scenario, Step};
use crate::explore::shape::flat;
use crate::explore::values::{boundaries, with};

/// How many things a paging scenario makes.
const THINGS: u64 = 5;

impl Planner<'_> {
    pub(super) fn laws(&self, scenarios: &mut Vec<Scenario>) {
        for (resource, known) in self.api.resources.iter().enumerate() {
            let mut add = |law: &str, steps: Option<Vec<Step>>| {
                let name = format!("law/{law} {}", known.collection);
                scenarios.push(Scenario {
                    name,
                    steps: steps.unwrap_or_default(),
                });
            };
            add("life", self.life(resource));
            add("updates", self.updates(resource));
            add("pages", self.pages(resource));
            add("filters", self.filters(resource));
            add("idempotency", self.idempotency(resource));
            add("versions", self.versions(resource));
            add("parents", self.parents(resource));
        }
    }

    fn may_change(&self, resource: usize) -> Option<&Operation> {
        let operation = self.api.operation(self.api.resources[resource].change()?)?;
        self.api.speakers[0].may(operation).then_some(operation)
    }

    fn parent(&self, resource: usize, steps: &mut Vec<Step>) -> Option<Option<Handle>> {
        match self.api.resources[resource].parent {
            Some(parent) => Some(Some(self.thing(parent, 0, steps)?)),
            None => Some(None),
        }
    }

    /// Made, read, listed, deleted, and looked for again.
    fn life(&self, resource: usize) -> Option<Vec<Step>> {
        let mut steps = Vec::new();
        let parent = self.parent(resource, &mut steps)?;
        let of = self.thing_in(resource, 0, parent, &mut steps)?;
        let list = |steps: &mut Vec<Step>| {
            steps.push(Step::List {
                by: 0,
                resource,
                parent,
                limit: None,
                filter: None,
            });
        };
        steps.push(Step::Read { by: 0, of });
        list(&mut steps);
        for _ in 0..2 {
            steps.push(Step::Delete { by: 0, of });
            steps.push(Step::Read { by: 0, of });
        }
        let next = self.thing_in(resource, 0, parent, &mut steps)?;
        list(&mut steps);
        steps.push(Step::Delete { by: 0, of: next });
        Some(steps)
    }

    /// Each field is changed alone; the others stay as they were.
    fn updates(&self, resource: usize) -> Option<Vec<Step>> {
        let operation = self.may_change(resource)?;
        let schema = self.api.body_schema(operation)?;
        let root = &self.api.document.root;
        let mut steps = Vec::new();
        let parent = self.parent(resource, &mut steps)?;
        let create = self.create(resource)?;
        let mut full = self.api.base(create)?.full.clone();
        if !self.is_valid(self.api.body_schema(create)?, &full) {
            full = self.smallest_body(create)?;
        }
        let of = self.made(resource, 0, parent, full, &mut steps);
        let replaces = self.api.resources[resource].update.is_none();
        let bodies = self.api.base(operation)?;
        let base = if replaces {
            bodies.small.clone()
        } else {
            json!({})
        };
        for name in flat(root, schema)["properties"].as_object()?.keys() {
            let value = bodies.full.get(name).cloned()?;
            let body = with(&base, name, value);
            if self.is_valid(schema, &body) {
                steps.push(Step::Update {
                    by: 0,
                    of,
                    body,
                    stale: false,
                    why: None,
                });
                steps.push(Step::Read { by: 0, of });
            }
        }
        Some(steps)
    }

    /// Things are made, and the list is walked with pages of several sizes.
    fn pages(&self, resource: usize) -> Option<Vec<Step>> {
        let (_, listing) = self.api.resources[resource].list.as_ref()?;
        let mut steps = Vec::new();
        let parent = self.parent(resource, &mut steps)?;
        let operation = self.create(resource)?;
        let name = format!("law/pages {}", operation.id);
        for body in self.random_bodies(operation, &name, usize::try_from(THINGS).unwrap_or(5)) {
            self.made(resource, 0, parent, body, &mut steps);
        }
        if let (None, Some(other)) = (parent, self.other_tenant()) {
            self.thing(resource, other, &mut steps);
        }
        let list = |limit| Step::List {
            by: 0,
            resource,
            parent,
            limit,
            filter: None,
        };
        steps.push(list(None));
        if let Some(paging) = &listing.paging {
            for limit in [1, 2, THINGS - 1, THINGS, THINGS + 1, paging.most] {
                steps.push(list(Some(limit)));
            }
        }
        Some(steps)
    }

    /// One thing for each value of a filter, and the list for each.
    fn filters(&self, resource: usize) -> Option<Vec<Step>> {
        let (id, listing) = self.api.resources[resource].list.as_ref()?;
        let list = self.api.operation(id)?;
        let operation = self.create(resource)?;
        let schema = self.api.body_schema(operation)?;
        let body = self.smallest_body(operation)?;
        let mut steps = Vec::new();
        let parent = self.parent(resource, &mut steps)?;
        let mut asked = Vec::new();
        for name in &listing.filters {
            let Some(field) = self.api.request_field(operation, name) else {
                continue;
            };
            let parameter = list
                .parameters
                .iter()
                .find(|parameter| parameter.name == *name)?;
            let mut values: Vec<Value> = array(field.get("enum")).cloned().collect();
            if values.is_empty() {
                values = boundaries(&self.api.document.root, &field)
                    .into_iter()
                    .map(|case| case.value)
                    .take(3)
                    .collect();
            }
            // A filter that is empty is none.
            values.retain(|value| *value != "");
            for value in values {
                let filled = with(&body, name, value.clone());
                if self.is_valid(schema, &filled) && self.is_valid(&parameter.schema, &value) {
                    self.made(resource, 0, parent, filled, &mut steps);
                    asked.push((name.clone(), value));
                }
            }
        }
        if asked.is_empty() {
            return None;
        }
        for filter in asked {
            steps.push(Step::List {
                by: 0,
                resource,
                parent,
                limit: None,
                filter: Some(filter),
            });
        }
        Some(steps)
    }

    /// The same key again: with the same body, and with another.
    fn idempotency(&self, resource: usize) -> Option<Vec<Step>> {
        let operation = self.create(resource)?;
        header(operation, "idempotency-key")?;
        let bodies = self.random_bodies(operation, &format!("law/idempotency {}", operation.id), 2);
        let [first, second] = bodies.as_slice() else {
            return None;
        };
        let mut steps = Vec::new();
        let parent = self.parent(resource, &mut steps)?;
        let of = self.made(resource, 0, parent, first.clone(), &mut steps);
        for body in [first, second] {
            let handle = self.made(resource, 0, parent, body.clone(), &mut steps);
            if let Some(Step::Create { again, .. }) =
                steps.last_mut().filter(|step| step.makes() == Some(handle))
            {
                *again = Some(of);
            }
        }
        steps.push(Step::Read { by: 0, of });
        Some(steps)
    }

    /// Two writers who read the same version: the second is refused.
    fn versions(&self, resource: usize) -> Option<Vec<Step>> {
        let operation = self.may_change(resource)?;
        header(operation, "if-match")?;
        let bodies = self.random_bodies(operation, &format!("law/versions {}", operation.id), 2);
        let [first, second] = bodies.as_slice() else {
            return None;
        };
        let mut steps = Vec::new();
        let of = self.thing(resource, 0, &mut steps)?;
        steps.push(Step::Read { by: 0, of });
        steps.push(Step::Update {
            by: 0,
            of,
            body: first.clone(),
            stale: false,
            why: None,
        });
        steps.push(Step::Update {
            by: 0,
            of,
            body: second.clone(),
            stale: true,
            why: None,
        });
        steps.push(Step::Read { by: 0, of });
        Some(steps)
    }

    /// A child is looked for in another parent.
    fn parents(&self, resource: usize) -> Option<Vec<Step>> {
        let above = self.api.resources[resource].parent?;
        let mut steps = Vec::new();
        let of = self.thing(resource, 0, &mut steps)?;
        let through = self.thing(above, 0, &mut steps)?;
        steps.push(Step::Astray { by: 0, of, through });
        Some(steps)
    }
}
