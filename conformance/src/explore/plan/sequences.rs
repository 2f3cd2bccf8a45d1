//! Random sequences: several actors make, read, change, delete and list, in an order that no case would think of.

use proptest::test_runner::TestRunner;

use super::{Planner, pick};
use crate::explore::scenario::{Handle, Scenario, Step};
use crate::explore::values::runner;

/// What a sequence has made so far, as far as it can know before it is performed.
struct Made {
    handle: Handle,
    resource: usize,
    by: usize,
}

impl Planner<'_> {
    pub(super) fn sequences(&self, scenarios: &mut Vec<Scenario>) {
        let makeable: Vec<usize> = (0..self.api.resources.len())
            .filter(|resource| {
                self.api.resources[*resource].item.is_some() && self.create(*resource).is_some()
            })
            .collect();
        if makeable.is_empty() {
            return;
        }
        for number in 0..self.effort.sequences {
            let name = format!("sequence/{number}");
            let steps = self.sequence(&name, &makeable);
            scenarios.push(Scenario { name, steps });
        }
    }

    fn sequence(&self, name: &str, makeable: &[usize]) -> Vec<Step> {
        let mut runner = runner(self.effort.seed, name);
        let mut steps = Vec::new();
        let mut made: Vec<Made> = Vec::new();
        // A draw can come to nothing; so many more are made.
        for _ in 0..self.effort.steps * 3 {
            if steps.len() >= self.effort.steps {
                break;
            }
            let by = self.someone(&mut runner);
            let choice = pick(&mut runner, 100);
            if made.is_empty() || choice < 30 {
                let resource = makeable[pick(&mut runner, makeable.len())];
                self.make(resource, by, &mut made, &mut runner, &mut steps);
            } else if choice < 85 {
                let about = pick(&mut runner, made.len());
                self.about_thing(&made[about], by, choice, &made, &mut runner, &mut steps);
            } else {
                self.look(
                    by,
                    makeable[pick(&mut runner, makeable.len())],
                    &made,
                    &mut runner,
                    &mut steps,
                );
            }
        }
        // What the sequence left is looked at once more.
        for thing in &made {
            steps.push(Step::Read {
                by: thing.by,
                of: thing.handle,
            });
        }
        steps
    }

    /// An actor whose credentials are good for everything.
    fn someone(&self, runner: &mut TestRunner) -> usize {
        let able: Vec<usize> = (0..self.api.speakers.len())
            .filter(|by| {
                self.api
                    .document
                    .operations()
                    .iter()
                    .all(|operation| self.api.speakers[*by].may(operation))
            })
            .collect();
        if able.is_empty() {
            0
        } else {
            able[pick(runner, able.len())]
        }
    }

    fn make(
        &self,
        resource: usize,
        by: usize,
        made: &mut Vec<Made>,
        runner: &mut TestRunner,
        steps: &mut Vec<Step>,
    ) {
        let Some(operation) = self.create(resource) else {
            return;
        };
        let parent = match self.api.resources[resource].parent {
            Some(above) => {
                let ours: Vec<Handle> = made
                    .iter()
                    .filter(|thing| thing.resource == above && self.is_same_tenant(thing.by, by))
                    .map(|thing| thing.handle)
                    .collect();
                if ours.is_empty() {
                    return;
                }
                Some(ours[pick(runner, ours.len())])
            }
            None => None,
        };
        let body = match self.api.body_schema(operation) {
            Some(schema) => match self.drawn_body(operation, schema, runner) {
                Some(body) => body,
                None => return,
            },
            None => serde_json::json!({}),
        };
        let handle = self.made(resource, by, parent, body, steps);
        made.push(Made {
            handle,
            resource,
            by,
        });
    }

    fn about_thing(
        &self,
        thing: &Made,
        by: usize,
        choice: usize,
        made: &[Made],
        runner: &mut TestRunner,
        steps: &mut Vec<Step>,
    ) {
        let (of, resource) = (thing.handle, &self.api.resources[thing.resource]);
        if !self.is_same_tenant(thing.by, by) {
            let ids = [resource.read.as_ref(), resource.delete.as_ref()];
            let operations: Vec<&String> = ids.into_iter().flatten().collect();
            if !operations.is_empty() {
                let operation = operations[pick(runner, operations.len())].clone();
                steps.push(Step::Foreign { by, of, operation });
            }
            return;
        }
        match choice {
            30..50 => steps.push(Step::Read { by, of }),
            50..68 => {
                let Some(operation) = resource.change().and_then(|id| self.api.operation(id))
                else {
                    return;
                };
                let Some(schema) = self.api.body_schema(operation) else {
                    return;
                };
                if let Some(body) = self.drawn_body(operation, schema, runner) {
                    let stale = pick(runner, 6) == 0;
                    steps.push(Step::Update {
                        by,
                        of,
                        body,
                        stale,
                        why: None,
                    });
                }
            }
            68..80 => steps.push(Step::Delete { by, of }),
            _ => {
                let Some(above) = resource.parent else { return };
                let others: Vec<Handle> = made
                    .iter()
                    .filter(|other| other.resource == above)
                    .map(|other| other.handle)
                    .collect();
                if !others.is_empty() {
                    steps.push(Step::Astray {
                        by,
                        of,
                        through: others[pick(runner, others.len())],
                    });
                }
            }
        }
    }

    fn look(
        &self,
        by: usize,
        resource: usize,
        made: &[Made],
        runner: &mut TestRunner,
        steps: &mut Vec<Step>,
    ) {
        if self.api.resources[resource].list.is_none() {
            return;
        }
        let parent = match self.api.resources[resource].parent {
            Some(above) => {
                let found = made
                    .iter()
                    .find(|thing| thing.resource == above && self.is_same_tenant(thing.by, by));
                let Some(found) = found else { return };
                Some(found.handle)
            }
            None => None,
        };
        let limit = [None, Some(1), Some(2), Some(3)][pick(runner, 4)];
        steps.push(Step::List {
            by,
            resource,
            parent,
            limit,
            filter: None,
        });
    }

    fn is_same_tenant(&self, one: usize, other: usize) -> bool {
        self.api.speakers[one].tenant == self.api.speakers[other].tenant
    }
}
