//! A scenario is performed: step by step against the host, each answer held against the document and the model.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::api::{Api, created_id, header, is_secret, same, set, text_of};
use super::naming::named;
use super::resources::Resource;
use super::scenario::{Handle, Scenario, Step, Why};
use super::shape::flat;
use super::wire::{Exchange, Find, Halt, Wire};
use super::world::{Thing, World};
use crate::engine::{Answer, Call, Operation, entries};

/// What came of a scenario.
#[derive(Default)]
pub(crate) struct Performance {
    /// What was found, each with the number of its step.
    pub(crate) finds: Vec<(usize, Find)>,
    /// What was sent, each with the number of its step.
    pub(crate) exchanges: Vec<(usize, Exchange)>,
    /// Why it ended early.
    pub(crate) halt: Option<Halt>,
}

/// One performance while it goes on.
pub(crate) struct Performer<'a> {
    pub(crate) api: &'a Api,
    pub(crate) wire: &'a Wire,
    pub(crate) world: World,
    pub(crate) done: Performance,
    pub(crate) step: usize,
    located: BTreeSet<String>,
}

/// The body and the name of what is made: so that the parameters stay few.
pub(crate) struct Making<'a> {
    pub(crate) by: usize,
    pub(crate) resource: usize,
    pub(crate) parent: Option<Handle>,
    pub(crate) handle: Handle,
    /// What its step says.
    pub(crate) asked: &'a Value,
    /// What is sent.
    pub(crate) body: &'a Value,
    pub(crate) again: Option<Handle>,
}

/// Performs a scenario, and deletes what it made.
pub(crate) async fn perform(api: &Api, wire: &Wire, scenario: &Scenario) -> Performance {
    let mut performer = Performer {
        api,
        wire,
        world: World::default(),
        done: Performance::default(),
        step: 0,
        located: BTreeSet::new(),
    };
    performer.run(scenario).await;
    performer.clean_up().await;
    performer.done
}

impl Performer<'_> {
    async fn run(&mut self, scenario: &Scenario) {
        if let Err(halt) = self.look_before(scenario).await {
            self.done.halt = Some(halt);
            return;
        }
        for (index, step) in scenario.steps.iter().enumerate() {
            self.step = index;
            match self.take(step).await {
                // A write that is kept back is passed over; what needs it passes itself over.
                Ok(()) | Err(Halt::ReadOnly | Halt::KeptBack(_)) => {}
                Err(halt) => {
                    self.done.halt = Some(halt);
                    return;
                }
            }
        }
    }

    async fn take(&mut self, step: &Step) -> Result<(), Halt> {
        match step {
            Step::Create {
                by,
                resource,
                parent,
                handle,
                body,
                again,
                why,
            } => {
                let making = Making {
                    by: *by,
                    resource: *resource,
                    parent: *parent,
                    handle: *handle,
                    asked: body,
                    body,
                    again: *again,
                };
                self.create(&making, why.as_ref()).await
            }
            Step::Read { by, of } => self.read(*by, *of).await,
            Step::Update {
                by,
                of,
                body,
                stale,
                why,
            } => self.update(*by, *of, body, *stale, why.as_ref()).await,
            Step::Delete { by, of } => self.delete(*by, *of).await,
            Step::List {
                by,
                resource,
                parent,
                limit,
                filter,
            } => {
                self.list(*by, *resource, *parent, *limit, filter.as_ref())
                    .await
            }
            Step::Astray { by, of, through } => self.astray(*by, *of, *through).await,
            Step::Foreign { by, of, operation } => self.foreign(*by, *of, operation).await,
            Step::Request(request) => self.request(request).await,
        }
    }

    /// Sends, judges and notes.
    pub(crate) async fn send(&mut self, call: Call) -> Result<Option<Answer>, Halt> {
        let exchange = self.wire.send(self.api, call).await?;
        for find in self.wire.judge(&exchange) {
            self.done.finds.push((self.step, find));
        }
        let answer = exchange.answer.clone().ok();
        self.done.exchanges.push((self.step, exchange));
        Ok(answer)
    }

    /// Makes one check: counts it, and notes a finding where it does not hold.
    pub(crate) fn check(
        &mut self,
        code: &'static str,
        holds: bool,
        place: &str,
        expected: &str,
        answer: &Answer,
    ) {
        let got = || format!("{} with {}", answer.status, answer.text());
        self.check_value(code, holds, place, expected, answer, got);
    }

    pub(crate) fn check_value(
        &mut self,
        code: &'static str,
        holds: bool,
        place: &str,
        expected: &str,
        answer: &Answer,
        got: impl FnOnce() -> String,
    ) {
        let operation = answer
            .operation
            .clone()
            .unwrap_or_else(|| format!("{} {}", answer.call.method, answer.call.path));
        self.wire.coverage().tally(&operation, code);
        if !holds {
            let find = Find {
                code,
                operation,
                place: place.to_owned(),
                expected: expected.to_owned(),
                got: got(),
                call: Some(answer.call.clone()),
            };
            self.done.finds.push((self.step, find));
        }
    }

    pub(crate) fn resource(&self, index: usize) -> Option<&Resource> {
        self.api.resources.get(index)
    }

    async fn create(&mut self, making: &Making<'_>, why: Option<&Why>) -> Result<(), Halt> {
        let api = self.api;
        let Some((id, pointer)) = self
            .resource(making.resource)
            .and_then(|resource| resource.create.clone())
        else {
            return Ok(());
        };
        let Some(operation) = api.operation(&id) else {
            return Ok(());
        };
        let ids = match making.parent {
            Some(parent) if !self.world.is_reachable(parent) => return Ok(()),
            Some(parent) => self.world.ids(api, parent),
            None => Vec::new(),
        };
        let first = match making.again {
            Some(of) => match self.world.things.get(&of) {
                Some(first) => Some(first.clone()),
                None => return Ok(()),
            },
            None => None,
        };
        let body = match &first {
            Some(first) if first.asked == *making.asked => first.sent.clone(),
            _ => self.named(operation, making.asked, why),
        };
        let making = &Making {
            body: &body,
            ..*making
        };
        let mut call = api.call(operation, &ids, Some(making.body));
        call.sign = api.speakers[making.by].sign();
        let mut key = None;
        if let Some(parameter) = header(operation, "idempotency-key") {
            let fresh = first
                .as_ref()
                .and_then(|first| first.key.clone())
                .unwrap_or_else(|| self.wire.fresh());
            set(&mut call, parameter, &Value::from(fresh.clone()));
            key = Some(fresh);
        }
        let Some(answer) = self.send(call).await? else {
            return Ok(());
        };
        if let Some(why) = why {
            self.wire.coverage().exercised(&operation.id, why, true);
        }
        let created = (200..300).contains(&answer.status);
        if created {
            self.wire.coverage().holds(&operation.id, making.body);
        }
        if let Some(first) = &first {
            self.second_create(making, first, &answer, &pointer);
        } else {
            let place = why.map_or("body".to_owned(), Why::to_string);
            let refused = matches!(answer.status, 400 | 413 | 415 | 422);
            self.check("input.valid-refused", !refused, &place, "success", &answer);
        }
        if !created {
            self.world.refused += 1;
            return Ok(());
        }
        let Some(id) = created_id(&answer, &pointer) else {
            return Ok(());
        };
        if first.as_ref().is_some_and(|first| first.id == id) {
            return Ok(());
        }
        self.new_id(making, &id, &answer);
        self.created(operation, making, &answer);
        let (outer, _) = api.inside(operation, making.resource);
        let shown = answer.json().pointer(&outer).cloned().unwrap_or_default();
        let mut model = wanted(api, operation, making.body, &shown);
        // How an id is spelled is for the host to say.
        model.retain(|name, value| {
            (!value.is_null() || making.body.get(name).is_some()) && !is_id(value, &id)
        });
        let thing = Thing {
            resource: making.resource,
            parent: making.parent,
            id,
            by: making.by,
            asked: making.asked.clone(),
            sent: making.body.clone(),
            model,
            updated: None,
            alive: true,
            etag: answer.header("etag").map(str::to_owned),
            old_etag: None,
            key,
            refused: false,
        };
        self.world.things.insert(making.handle, thing);
        self.follow_location(operation, making.by, &answer).await
    }

    /// The body with a name of its own, where two of one name are refused or the host is not ours alone.
    pub(crate) fn named(&self, operation: &Operation, body: &Value, why: Option<&Why>) -> Value {
        let prefix = self.wire.prefix();
        if prefix.is_none() && !operation.responses.contains_key("409") {
            return body.clone();
        }
        let unique = (prefix.as_deref(), self.wire.unique());
        named(self.api, &self.wire.contract, operation, body, why, unique)
    }

    fn second_create(
        &mut self,
        making: &Making<'_>,
        first: &Thing,
        answer: &Answer,
        pointer: &str,
    ) {
        let created = (200..300).contains(&answer.status);
        if *making.asked == first.asked {
            let id = created_id(answer, pointer);
            let holds = !created || id.as_deref() == Some(&first.id);
            let expected = format!("the thing that the key made first, {}", first.id);
            self.check(
                "law.idempotency-key-ignored",
                holds,
                "header Idempotency-Key",
                &expected,
                answer,
            );
        } else {
            let expected = "a refusal: the key was used for another body";
            self.check(
                "law.idempotency-body-ignored",
                !created,
                "header Idempotency-Key",
                expected,
                answer,
            );
        }
    }

    /// An id is given out once in a run.
    fn new_id(&mut self, making: &Making<'_>, id: &str, answer: &Answer) {
        let chosen_by_us = making
            .body
            .as_object()
            .is_some_and(|fields| fields.values().any(|value| text_of(value) == id));
        let tenant = self.api.speakers[making.by].tenant.clone();
        let known = self
            .wire
            .ids
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .insert((making.resource, id.to_owned()), tenant);
        let holds = known.is_none() || chosen_by_us;
        self.check(
            "law.id-reused",
            holds,
            "id",
            "an id that was never given out before",
            answer,
        );
    }

    /// What a create answers is what was sent, and the defaults of what was not.
    fn created(&mut self, operation: &Operation, making: &Making<'_>, answer: &Answer) {
        let (outer, declared) = self.api.inside(operation, making.resource);
        let root = &self.api.document.root;
        let body = answer.json().pointer(&outer).cloned().unwrap_or_default();
        for (name, sent) in entries(Some(making.body)) {
            if let Some(got) = body.get(name).filter(|_| !self.is_secret(operation, name)) {
                let holds = same(root, &declared["properties"][name], sent, got);
                let place = format!("answer /{name}");
                self.check_value(
                    "law.create-altered",
                    holds,
                    &place,
                    &sent.to_string(),
                    answer,
                    || got.to_string(),
                );
            }
        }
        let Some(schema) = self.api.body_schema(operation) else {
            return;
        };
        let schema = flat(&self.api.document.root, schema);
        for (name, field) in entries(schema.get("properties")) {
            let field = flat(&self.api.document.root, field);
            let (Some(default), None, Some(got)) =
                (field.get("default"), making.body.get(name), body.get(name))
            else {
                continue;
            };
            let (place, expected) = (format!("answer /{name}"), default.to_string());
            let holds = same(root, &Value::Null, default, got);
            self.check_value(
                "law.default-not-applied",
                holds,
                &place,
                &expected,
                answer,
                || got.to_string(),
            );
        }
    }

    pub(crate) fn is_secret(&self, operation: &Operation, name: &str) -> bool {
        let field = self.api.request_field(operation, name);
        field.is_some_and(|field| is_secret(&field))
    }

    async fn follow_location(
        &mut self,
        operation: &Operation,
        by: usize,
        answer: &Answer,
    ) -> Result<(), Halt> {
        let Some(location) = answer.header("location").map(str::to_owned) else {
            return Ok(());
        };
        if !self.located.insert(operation.id.clone()) {
            return Ok(());
        }
        let base = format!("{}/", self.wire.base_url());
        let full = reqwest::Url::parse(&base)
            .and_then(|base| base.join(&location))
            .map(String::from)
            .unwrap_or_default();
        let path = full.strip_prefix(self.wire.base_url()).map_or_else(
            // A path from the root of the host, where the base URL has a path of its own.
            || location.clone(),
            str::to_owned,
        );
        let mut call = Call::undescribed("GET", &path);
        call.sign = self.api.speakers[by].sign();
        let Some(found) = self.send(call).await? else {
            return Ok(());
        };
        let holds = found.status < 400;
        let mut of_create = found;
        of_create.operation = Some(operation.id.clone());
        let expected = "a Location that can be read";
        self.check(
            "law.location-leads-nowhere",
            holds,
            "header Location",
            expected,
            &of_create,
        );
        Ok(())
    }

    async fn clean_up(&mut self) {
        let handles: Vec<Handle> = self.world.things.keys().rev().copied().collect();
        for handle in handles {
            if !self.world.is_reachable(handle) {
                continue;
            }
            let thing = &self.world.things[&handle];
            let delete = self
                .resource(thing.resource)
                .and_then(|resource| resource.delete.clone());
            let Some(operation) = delete.and_then(|id| self.api.operation(&id)) else {
                continue;
            };
            let mut call = self
                .api
                .call(operation, &self.world.ids(self.api, handle), None);
            call.sign = self.api.speakers[thing.by].sign();
            if let Some(etag) = &thing.etag
                && let Some(parameter) = header(operation, "if-match")
            {
                set(&mut call, parameter, &Value::from(etag.clone()));
            }
            // What cannot be deleted stays: the next scenario counts what was there before it.
            let _ = self.wire.send_beyond_budget(self.api, call).await;
        }
    }
}

/// What a thing must hold: what was sent, and of what was not sent what the answer shows of the fields that can be sent.
pub(crate) fn wanted(
    api: &Api,
    operation: &Operation,
    sent: &Value,
    shown: &Value,
) -> Map<String, Value> {
    let mut model = Map::new();
    for (name, value) in entries(Some(shown)) {
        if api.request_field(operation, name).is_some() {
            model.insert(name.to_owned(), value.clone());
        }
    }
    for (name, value) in entries(Some(sent)) {
        let field = api.request_field(operation, name).unwrap_or_default();
        if is_secret(&field) {
            model.remove(name);
        } else {
            model.insert(name.to_owned(), value.clone());
        }
    }
    model
}

/// Whether a value is an id, whatever its dashes and its case.
fn is_id(value: &Value, id: &str) -> bool {
    let plain = |text: &str| text.to_lowercase().replace(['-', '_'], "");
    value.as_str().is_some_and(|text| plain(text) == plain(id))
}
