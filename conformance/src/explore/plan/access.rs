//! Who may do what: no credentials, wrong ones, those of another tenant, and methods that nobody described.

use super::Planner;
use super::input::why;
use crate::engine::Operation;
use crate::explore::scenario::{Expect, Scenario, Sent, Step, Who};

impl Planner<'_> {
    pub(super) fn access(&self, scenarios: &mut Vec<Scenario>) {
        for operation in self.api.document.operations() {
            let steps = self.credentials(operation).unwrap_or_default();
            scenarios.push(Scenario {
                name: format!("auth/{}", operation.id),
                steps,
            });
            let steps = self.foreign(operation).unwrap_or_default();
            scenarios.push(Scenario {
                name: format!("foreign/{}", operation.id),
                steps,
            });
        }
        self.foreign_lists(scenarios);
        self.methods(scenarios);
    }

    fn credentials(&self, operation: &Operation) -> Option<Vec<Step>> {
        let first = &self.api.speakers[0];
        if operation.may_be_anonymous() || first.token.is_empty() {
            return None;
        }
        let mut steps = Vec::new();
        // What nobody can make has an id all the same: who may not ask gets the same refusal for any.
        let of = self.about(operation, 0, &mut steps).unwrap_or_else(|| {
            steps.clear();
            None
        });
        let mut ask = |by: Who, expect: Expect, what: &str| {
            let mut step = self.request(
                operation,
                of,
                expect,
                Sent::Usual,
                why("credentials", "security", what),
            );
            if let Step::Request(request) = &mut step {
                request.by = by;
            }
            steps.push(step);
        };
        ask(Who::Nobody, Expect::Unauthorized, "no credentials");
        for way in ["cut", "altered", "made-up"] {
            ask(
                Who::Nearly(0, way.to_owned()),
                Expect::Unauthorized,
                &format!("a token that is {way}"),
            );
        }
        for (scheme, _) in first.scheme.otherwise(&first.token, &first.variable) {
            ask(
                Who::Otherwise(0, scheme.to_owned()),
                Expect::Unauthorized,
                &format!("the token as {scheme}"),
            );
        }
        for (index, speaker) in self.api.speakers.iter().enumerate() {
            if !speaker.may(operation) && speaker.tenant == first.tenant {
                ask(
                    Who::Actor(index),
                    Expect::Forbidden,
                    "a token without the scope",
                );
            }
        }
        Some(steps)
    }

    /// Another tenant calls an operation about a thing of ours; then we look at it.
    fn foreign(&self, operation: &Operation) -> Option<Vec<Step>> {
        let other = self.other_tenant()?;
        if operation.may_be_anonymous() || !self.api.speakers[other].may(operation) {
            return None;
        }
        let mut steps = Vec::new();
        let of = self.about(operation, 0, &mut steps)??;
        steps.push(Step::Foreign {
            by: other,
            of,
            operation: operation.id.clone(),
        });
        steps.push(Step::Read { by: 0, of });
        Some(steps)
    }

    fn foreign_lists(&self, scenarios: &mut Vec<Scenario>) {
        let Some(other) = self.other_tenant() else {
            return;
        };
        for (resource, known) in self.api.resources.iter().enumerate() {
            if known.list.is_none() || known.parent.is_some() {
                continue;
            }
            let mut steps = Vec::new();
            let ours = self.thing(resource, 0, &mut steps);
            let theirs = self.thing(resource, other, &mut steps);
            if ours.is_none() || theirs.is_none() {
                continue;
            }
            for by in [0, other] {
                steps.push(Step::List {
                    by,
                    resource,
                    parent: None,
                    limit: None,
                    filter: None,
                });
            }
            scenarios.push(Scenario {
                name: format!("foreign/list {}", known.collection),
                steps,
            });
        }
    }

    /// Methods that are not described. What is deleted or overwritten is a thing of ours: collections are left alone.
    fn methods(&self, scenarios: &mut Vec<Scenario>) {
        let mut paths: Vec<&str> = Vec::new();
        for operation in self.api.document.operations() {
            let path = operation.path.as_str();
            let about_item = self
                .api
                .resources
                .iter()
                .any(|resource| resource.item.as_ref().is_some_and(|(item, _)| item == path));
            if paths.contains(&path) || !about_item && path.contains('{') {
                continue;
            }
            paths.push(path);
            let mut steps = Vec::new();
            let Some(of) = self.about(operation, 0, &mut steps) else {
                continue;
            };
            let tried: &[&str] = if about_item {
                &["PUT", "PATCH", "POST", "DELETE"]
            } else {
                &["PATCH"]
            };
            for method in tried {
                let described = self
                    .api
                    .document
                    .operations()
                    .iter()
                    .any(|other| other.path == path && other.method == *method);
                if !described {
                    let about = why("method", method, "a method that is not described");
                    let mut step =
                        self.request(operation, of, Expect::NoSuchMethod, Sent::Usual, about);
                    if let Step::Request(request) = &mut step {
                        request.method = Some((*method).to_owned());
                    }
                    steps.push(step);
                }
            }
            scenarios.push(Scenario {
                name: format!("methods/{path}"),
                steps,
            });
        }
    }
}
