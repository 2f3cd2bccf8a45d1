//! A scenario that shows something is shortened: first to the steps that its step needs, then step by step, then body by body.

use std::collections::BTreeSet;

use serde_json::Value;

use super::api::Api;
use super::known::{Expected, reason};
use super::perform::{Performance, perform};
use super::scenario::{Handle, Scenario, Step};
use super::wire::{Find, Wire};

/// The shortest scenario that was found, and what came of it.
pub(crate) struct Shortest {
    pub(crate) scenario: Scenario,
    pub(crate) performance: Performance,
    pub(crate) step: usize,
    pub(crate) find: Find,
}

/// What is looked for: the same finding, as far as names go.
pub(crate) struct Wanted<'a> {
    pub(crate) code: &'static str,
    pub(crate) operation: &'a str,
    pub(crate) place: &'a str,
    /// Why it is expected: what is expected is never taken for what is not.
    pub(crate) reason: Option<String>,
    pub(crate) expected: &'a [Expected],
}

impl Wanted<'_> {
    pub(crate) fn in_performance(&self, performance: &Performance) -> Option<(usize, Find)> {
        let wanted = (self.code, self.operation, self.place);
        performance
            .finds
            .iter()
            .find(|(_, find)| {
                find.fingerprint() == wanted && reason(self.expected, find) == self.reason
            })
            .cloned()
    }
}

/// Shortens; at most so many performances.
pub(crate) async fn shortest(
    api: &Api,
    wire: &Wire,
    first: Shortest,
    wanted: &Wanted<'_>,
    most: usize,
) -> Shortest {
    let mut search = Search {
        api,
        wire,
        wanted,
        left: most,
        best: first,
    };
    search.best.scenario.steps.truncate(search.best.step + 1);
    search.slice().await;
    search.drop_steps().await;
    search.smaller_bodies().await;
    search.best
}

struct Search<'a> {
    api: &'a Api,
    wire: &'a Wire,
    wanted: &'a Wanted<'a>,
    left: usize,
    best: Shortest,
}

impl Search<'_> {
    /// Performs a candidate and keeps it where it still shows what is looked for.
    async fn keeps(&mut self, steps: Vec<Step>) -> bool {
        if self.left == 0 {
            return false;
        }
        self.left -= 1;
        let scenario = Scenario {
            name: self.best.scenario.name.clone(),
            steps,
        };
        let performance = perform(self.api, self.wire, &scenario).await;
        if performance.halt.is_some() {
            self.left = 0;
        }
        let Some((step, find)) = self.wanted.in_performance(&performance) else {
            return false;
        };
        self.best = Shortest {
            scenario,
            performance,
            step,
            find,
        };
        self.best.scenario.steps.truncate(step + 1);
        true
    }

    /// The last step, and what makes the things that it is about.
    async fn slice(&mut self) {
        let steps = &self.best.scenario.steps;
        let Some(last) = steps.last() else { return };
        let mut needed: BTreeSet<Handle> = needs(last).into_iter().collect();
        let mut kept = vec![last.clone()];
        for step in steps.iter().rev().skip(1) {
            if step.makes().is_some_and(|handle| needed.contains(&handle)) {
                needed.extend(needs(step));
                kept.insert(0, step.clone());
            }
        }
        if kept.len() < steps.len() {
            self.keeps(kept).await;
        }
    }

    async fn drop_steps(&mut self) {
        let mut size = self.best.scenario.steps.len() / 2;
        while size >= 1 && self.left > 0 {
            let mut at = 0;
            while at < self.best.scenario.steps.len() && self.left > 0 {
                let mut steps = self.best.scenario.steps.clone();
                steps.drain(at..(at + size).min(steps.len()));
                if steps.is_empty() || !self.keeps(steps).await {
                    at += size;
                }
            }
            size /= 2;
        }
    }

    async fn smaller_bodies(&mut self) {
        for at in 0..self.best.scenario.steps.len() {
            let Some(small) = self.smallest_body(at) else {
                continue;
            };
            if self.put(at, small).await {
                continue;
            }
            for name in self.optional_fields(at) {
                let mut body = body_of(&self.best.scenario.steps, at)
                    .cloned()
                    .unwrap_or_default();
                if let Some(fields) = body.as_object_mut() {
                    fields.remove(&name);
                }
                self.put(at, body).await;
            }
        }
    }

    async fn put(&mut self, at: usize, body: Value) -> bool {
        if body_of(&self.best.scenario.steps, at) == Some(&body) {
            return true;
        }
        let mut steps = self.best.scenario.steps.clone();
        match steps.get_mut(at) {
            Some(Step::Create { body: old, .. } | Step::Update { body: old, .. }) => *old = body,
            _ => return false,
        }
        self.keeps(steps).await
    }

    fn smallest_body(&self, at: usize) -> Option<Value> {
        let step = self.best.scenario.steps.get(at)?;
        let resource = self.resource_of(step)?;
        let known = &self.api.resources[resource];
        let id = match step {
            Step::Create { why: None, .. } => &known.create.as_ref()?.0,
            Step::Update { why: None, .. } => known.change()?,
            _ => return None,
        };
        Some(self.api.base(self.api.operation(id)?)?.small.clone())
    }

    fn optional_fields(&self, at: usize) -> Vec<String> {
        let small = self.smallest_body(at).unwrap_or_default();
        let body = body_of(&self.best.scenario.steps, at).and_then(Value::as_object);
        body.into_iter()
            .flat_map(|fields| fields.keys())
            .filter(|name| small.get(*name).is_none())
            .cloned()
            .collect()
    }

    fn resource_of(&self, step: &Step) -> Option<usize> {
        match step {
            Step::Create { resource, .. } => Some(*resource),
            Step::Update { of, .. } => {
                self.best.scenario.steps.iter().find_map(|step| match step {
                    Step::Create {
                        resource, handle, ..
                    } if handle == of => Some(*resource),
                    _ => None,
                })
            }
            _ => None,
        }
    }
}

fn body_of(steps: &[Step], at: usize) -> Option<&Value> {
    match steps.get(at)? {
        Step::Create { body, .. } | Step::Update { body, .. } => Some(body),
        _ => None,
    }
}

/// The things that a step is about.
fn needs(step: &Step) -> Vec<Handle> {
    match step {
        Step::Create { parent, again, .. } => parent.iter().chain(again).copied().collect(),
        Step::Read { of, .. }
        | Step::Update { of, .. }
        | Step::Delete { of, .. }
        | Step::Foreign { of, .. } => vec![*of],
        Step::List { parent, .. } => parent.iter().copied().collect(),
        Step::Astray { of, through, .. } => vec![*of, *through],
        Step::Request(request) => request.of.iter().copied().collect(),
    }
}
