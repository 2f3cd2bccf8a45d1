//! What a run tries: the scenarios that follow from a document, its actors and a seed. The same three give the same plan.

mod access;
mod input;
mod laws;
mod sequences;

use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::TestRunner;
use serde_json::Value;

use super::api::Api;
use super::scenario::{Handle, Scenario, Step};
use super::values::{drawn, runner, strategy};
use crate::engine::{Contract, Direction, Operation, entries};

/// How much is tried.
#[derive(Debug, Clone)]
pub struct Effort {
    /// Decides every random value.
    pub seed: u64,
    /// How many random bodies each operation gets, after the boundaries.
    pub examples: usize,
    /// How many random sequences.
    pub sequences: usize,
    /// How many steps a sequence has.
    pub steps: usize,
    /// How many bytes an oversize body has.
    pub oversize: usize,
}

impl Effort {
    /// The options that bring the same plan again, each with a space before it; the seed is told apart.
    #[must_use]
    pub fn options(&self) -> String {
        format!(
            " --examples {} --sequences {} --steps {}",
            self.examples, self.sequences, self.steps
        )
    }
}

/// The plan while it is made.
pub(crate) struct Planner<'a> {
    pub(crate) api: &'a Api,
    pub(crate) contract: &'a Contract,
    pub(crate) effort: &'a Effort,
}

/// Every scenario, in the order in which they are tried.
pub(crate) fn plan(planner: &Planner<'_>) -> Vec<Scenario> {
    let mut scenarios = Vec::new();
    planner.input(&mut scenarios);
    planner.access(&mut scenarios);
    planner.laws(&mut scenarios);
    planner.sequences(&mut scenarios);
    scenarios.retain(|scenario| !scenario.steps.is_empty());
    scenarios
}

impl Planner<'_> {
    /// The steps that make a thing of a resource and all that it lies in; the last handle is its.
    pub(crate) fn thing(
        &self,
        resource: usize,
        by: usize,
        steps: &mut Vec<Step>,
    ) -> Option<Handle> {
        let known = self.api.resources.get(resource)?;
        let parent = match known.parent {
            Some(parent) => Some(self.thing(parent, by, steps)?),
            None => None,
        };
        self.thing_in(resource, by, parent, steps)
    }

    /// The step that makes a thing in a parent that is there.
    pub(crate) fn thing_in(
        &self,
        resource: usize,
        by: usize,
        parent: Option<Handle>,
        steps: &mut Vec<Step>,
    ) -> Option<Handle> {
        let operation = self.create(resource)?;
        self.api.speakers[by].may(operation).then_some(())?;
        let body = self.smallest_body(operation)?;
        Some(self.made(resource, by, parent, body, steps))
    }

    pub(crate) fn made(
        &self,
        resource: usize,
        by: usize,
        parent: Option<Handle>,
        body: Value,
        steps: &mut Vec<Step>,
    ) -> Handle {
        let handle = steps
            .iter()
            .filter_map(Step::makes)
            .max()
            .map_or(0, |last| last + 1);
        steps.push(Step::Create {
            by,
            resource,
            parent,
            handle,
            body,
            again: None,
            why: None,
        });
        handle
    }

    pub(crate) fn create(&self, resource: usize) -> Option<&Operation> {
        let (id, _) = self.api.resources.get(resource)?.create.as_ref()?;
        self.api.operation(id)
    }

    /// The handles that an operation's path needs: the thing that it is about, or the parent of its collection.
    ///
    /// `Some(None)` where its path needs nothing.
    pub(crate) fn about(
        &self,
        operation: &Operation,
        by: usize,
        steps: &mut Vec<Step>,
    ) -> Option<Option<Handle>> {
        match self.resource_of(operation) {
            Some(resource) => Some(Some(self.thing(resource, by, steps)?)),
            None => Some(None),
        }
    }

    /// The innermost resource whose item an operation's path goes through.
    pub(crate) fn resource_of(&self, operation: &Operation) -> Option<usize> {
        self.api.resources.iter().rposition(|resource| {
            resource.item.as_ref().is_some_and(|(path, _)| {
                operation
                    .path
                    .strip_prefix(path.as_str())
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            })
        })
    }

    /// The smallest body of an operation; an empty object where it takes none.
    pub(crate) fn smallest_body(&self, operation: &Operation) -> Option<Value> {
        match (self.api.body_schema(operation), self.api.base(operation)) {
            (Some(schema), Some(base)) => self
                .is_valid(schema, &base.small)
                .then(|| base.small.clone()),
            _ => Some(serde_json::json!({})),
        }
    }

    /// Random bodies of an operation. Where the document shows an example, each is that with some of its fields drawn.
    pub(crate) fn random_bodies(
        &self,
        operation: &Operation,
        name: &str,
        count: usize,
    ) -> Vec<Value> {
        let Some(schema) = self.api.body_schema(operation) else {
            return Vec::new();
        };
        let mut runner = runner(self.effort.seed, name);
        // Some draws are dropped, where a schema says more than its strategy understands.
        (0..count * 3)
            .filter_map(|_| self.drawn_body(operation, schema, &mut runner))
            .take(count)
            .collect()
    }

    /// One random body, where it comes out valid.
    pub(crate) fn drawn_body(
        &self,
        operation: &Operation,
        schema: &Value,
        runner: &mut TestRunner,
    ) -> Option<Value> {
        let mut body = drawn(&strategy(&self.api.document.root, schema, 0), runner);
        if let Some(base) = self.api.base(operation).filter(|base| base.is_example) {
            body = mixed(&base.small, &body, runner);
        }
        self.is_valid(schema, &body).then_some(body)
    }

    pub(crate) fn is_valid(&self, schema: &Value, value: &Value) -> bool {
        self.contract
            .schema(schema, Direction::Request)
            .is_ok_and(|schema| schema.broken(value).is_empty())
    }

    /// An actor of another tenant than the first.
    pub(crate) fn other_tenant(&self) -> Option<usize> {
        self.api
            .speakers
            .iter()
            .position(|speaker| speaker.tenant != self.api.speakers[0].tenant)
    }
}

/// An example with about a third of its fields replaced by, or joined with, those of a body that was drawn.
fn mixed(example: &Value, body: &Value, runner: &mut TestRunner) -> Value {
    let mut mixed = example.clone();
    if let Some(fields) = mixed.as_object_mut() {
        for (name, value) in entries(Some(body)) {
            if pick(runner, 3) == 0 {
                fields.insert(name.to_owned(), value.clone());
            }
        }
    }
    mixed
}

fn pick(runner: &mut TestRunner, count: usize) -> usize {
    (0..count.max(1))
        .new_tree(runner)
        .map_or(0, |tree| tree.current())
}
