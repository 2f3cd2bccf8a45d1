//! The steps about one thing: it is read, changed, deleted, looked for through another parent and by another tenant.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::api::{absent, header, same, set};
use super::perform::Performer;
use super::scenario::{Handle, Why};
use super::wire::Halt;
use super::world::Thing;
use crate::engine::{Answer, Call, Operation, entries};

impl Performer<'_> {
    fn thing(&self, of: Handle, by: usize) -> Option<&Thing> {
        let thing = self.world.things.get(&of)?;
        let ours = self.api.speakers[thing.by].tenant == self.api.speakers[by].tenant;
        // Whether a child outlives its parent is not for a document to say.
        let parent_lives = thing
            .parent
            .is_none_or(|parent| self.world.is_reachable(parent));
        (ours && parent_lives).then_some(thing)
    }

    fn call_about(
        &self,
        operation: &Operation,
        of: Handle,
        by: usize,
        body: Option<&Value>,
    ) -> Call {
        let mut call = self
            .api
            .call(operation, &self.world.ids(self.api, of), body);
        call.sign = self.api.speakers[by].sign();
        call
    }

    pub(super) async fn read(&mut self, by: usize, of: Handle) -> Result<(), Halt> {
        let Some(thing) = self.thing(of, by).cloned() else {
            return Ok(());
        };
        let read = self
            .resource(thing.resource)
            .and_then(|resource| resource.read.clone());
        let api = self.api;
        let Some(operation) = read.and_then(|id| api.operation(&id)) else {
            return Ok(());
        };
        let call = self.call_about(operation, of, by, None);
        let Some(answer) = self.send(call).await? else {
            return Ok(());
        };
        let found = (200..300).contains(&answer.status);
        if !thing.alive {
            let gone = operation
                .response(404)
                .or_else(|| operation.response(410))
                .is_some();
            self.check(
                "law.readable-after-delete",
                !found || !gone,
                "status",
                "404 or 410",
                &answer,
            );
            return Ok(());
        }
        self.check(
            "law.not-readable-after-create",
            found || answer.status >= 500,
            "status",
            "what was created",
            &answer,
        );
        if found {
            self.compare(operation, of, &thing, &answer);
        }
        Ok(())
    }

    /// A thing holds what the model says.
    fn compare(&mut self, operation: &Operation, of: Handle, thing: &Thing, answer: &Answer) {
        let (outer, declared) = self.api.inside(operation, thing.resource);
        let body = answer.json().pointer(&outer).cloned().unwrap_or_default();
        let mut now = Map::new();
        for (name, wanted) in &thing.model {
            let got = body.get(name).cloned();
            if let Some(got) = &got {
                now.insert(name.clone(), got.clone());
            }
            let shown = got.clone().unwrap_or(Value::Null);
            if got.is_none() && (declared["properties"].get(name).is_none() || wanted.is_null()) {
                continue;
            }
            let code = match &thing.updated {
                _ if thing.refused => "law.failed-write-left-trace",
                Some(names) if names.contains(name) => "law.update-not-stored",
                Some(_) => "law.update-changed-more",
                None => "law.create-altered",
            };
            let place = format!("read /{name}");
            self.check_value(
                code,
                same(
                    &self.api.document.root,
                    &declared["properties"][name],
                    wanted,
                    &shown,
                ),
                &place,
                &wanted.to_string(),
                answer,
                || shown.to_string(),
            );
        }
        if let Some(known) = self.world.things.get_mut(&of) {
            known.model = now;
            known.refused = false;
            if let Some(etag) = answer.header("etag") {
                known.etag = Some(etag.to_owned());
            }
        }
    }

    pub(super) async fn update(
        &mut self,
        by: usize,
        of: Handle,
        body: &Value,
        stale: bool,
        why: Option<&Why>,
    ) -> Result<(), Halt> {
        let Some(thing) = self.thing(of, by).filter(|thing| thing.alive).cloned() else {
            return Ok(());
        };
        let api = self.api;
        let Some(resource) = self.resource(thing.resource) else {
            return Ok(());
        };
        let replaces = resource.update.is_none();
        let Some(operation) = resource.change().and_then(|id| api.operation(id)) else {
            return Ok(());
        };
        let mut call = self.call_about(operation, of, by, Some(body));
        if let Some(parameter) = header(operation, "if-match") {
            let version = if stale {
                thing.old_etag.clone()
            } else {
                thing.etag.clone()
            };
            match version {
                Some(version) => set(&mut call, parameter, &Value::from(version)),
                None if stale => return Ok(()),
                None => {}
            }
        } else if stale {
            return Ok(());
        }
        let Some(answer) = self.send(call).await? else {
            return Ok(());
        };
        let accepted = (200..300).contains(&answer.status);
        if stale {
            let expected = "a refusal: 412 for a version that is not the current one";
            self.check(
                "law.lost-update",
                !accepted,
                "header If-Match",
                expected,
                &answer,
            );
        } else {
            let refused = matches!(answer.status, 400 | 413 | 415 | 422);
            let place = why.map_or("body".to_owned(), Why::to_string);
            self.check("input.valid-refused", !refused, &place, "success", &answer);
            self.check(
                "law.not-readable-after-create",
                answer.status != 404,
                "update",
                "what was created",
                &answer,
            );
        }
        if let Some(why) = why {
            self.wire.coverage().exercised(&operation.id, why, true);
        }
        if !accepted {
            self.refused_write(of);
            return Ok(());
        }
        self.wire.coverage().holds(&operation.id, body);
        let names: BTreeSet<String> = entries(Some(body))
            .map(|(name, _)| name.to_owned())
            .collect();
        let (outer, declared) = api.inside(operation, thing.resource);
        let shown = answer.json().pointer(&outer).cloned().unwrap_or_default();
        for (name, sent) in entries(Some(body)) {
            if let Some(got) = shown.get(name).filter(|_| !self.is_secret(operation, name)) {
                let place = format!("answer /{name}");
                self.check_value(
                    "law.update-not-stored",
                    same(&api.document.root, &declared["properties"][name], sent, got),
                    &place,
                    &sent.to_string(),
                    &answer,
                    || got.to_string(),
                );
            }
        }
        let told: Vec<(String, Value)> = entries(Some(body))
            .filter(|(name, _)| !self.is_secret(operation, name))
            .map(|(name, value)| (name.to_owned(), value.clone()))
            .collect();
        if let Some(known) = self.world.things.get_mut(&of) {
            if replaces {
                known.model.clear();
            }
            known.model.extend(told);
            known.updated = Some(names);
            known.old_etag = known.etag.take();
            known.etag = answer.header("etag").map(str::to_owned);
        }
        Ok(())
    }

    pub(super) fn refused_write(&mut self, of: Handle) {
        self.world.refused += 1;
        if let Some(known) = self.world.things.get_mut(&of) {
            known.refused = true;
        }
    }

    pub(super) async fn delete(&mut self, by: usize, of: Handle) -> Result<(), Halt> {
        let Some(thing) = self.thing(of, by).cloned() else {
            return Ok(());
        };
        let api = self.api;
        let delete = self
            .resource(thing.resource)
            .and_then(|resource| resource.delete.clone());
        let Some(operation) = delete.and_then(|id| api.operation(&id)) else {
            return Ok(());
        };
        let mut call = self.call_about(operation, of, by, None);
        if let (Some(parameter), Some(etag)) = (header(operation, "if-match"), &thing.etag) {
            set(&mut call, parameter, &Value::from(etag.clone()));
        }
        let Some(answer) = self.send(call).await? else {
            return Ok(());
        };
        let deleted = (200..300).contains(&answer.status);
        if thing.alive {
            self.check(
                "law.not-readable-after-create",
                answer.status != 404,
                "delete",
                "what was created",
                &answer,
            );
        } else if operation
            .response(404)
            .or_else(|| operation.response(410))
            .is_some()
        {
            self.check(
                "law.second-delete",
                !deleted,
                "status",
                "404 or 410",
                &answer,
            );
        }
        if deleted && let Some(known) = self.world.things.get_mut(&of) {
            known.alive = false;
        }
        Ok(())
    }

    pub(super) async fn astray(
        &mut self,
        by: usize,
        of: Handle,
        through: Handle,
    ) -> Result<(), Halt> {
        let Some(thing) = self.thing(of, by).filter(|thing| thing.alive).cloned() else {
            return Ok(());
        };
        if thing.parent == Some(through) || !self.world.is_reachable(through) {
            return Ok(());
        }
        let api = self.api;
        let read = self
            .resource(thing.resource)
            .and_then(|resource| resource.read.clone());
        let Some(operation) = read.and_then(|id| api.operation(&id)) else {
            return Ok(());
        };
        let mut ids = self.world.ids(api, through);
        if let Some(parameter) = api.resources[thing.resource].id_parameter() {
            ids.push((parameter.to_owned(), thing.id.clone()));
        }
        let mut call = api.call(operation, &ids, None);
        call.sign = api.speakers[by].sign();
        let Some(answer) = self.send(call).await? else {
            return Ok(());
        };
        let holds = !(200..300).contains(&answer.status);
        self.check(
            "law.child-through-other-parent",
            holds,
            "path",
            "404: it is the child of another",
            &answer,
        );
        Ok(())
    }

    pub(super) async fn foreign(&mut self, by: usize, of: Handle, id: &str) -> Result<(), Halt> {
        let api = self.api;
        let Some(operation) = api.operation(id) else {
            return Ok(());
        };
        let Some(thing) = self.world.things.get(&of) else {
            return Ok(());
        };
        if !self.world.is_reachable(of) || api.speakers[thing.by].tenant == api.speakers[by].tenant
        {
            return Ok(());
        }
        let ids = self.world.ids(api, of);
        let nowhere: Vec<(String, String)> = ids
            .iter()
            .map(|(name, id)| (name.clone(), absent(id)))
            .collect();
        let ask = |ids: &[(String, String)]| {
            let mut call = api.call(operation, ids, None);
            call.sign = api.speakers[by].sign();
            call
        };
        let Some(missing) = self.send(ask(&nowhere)).await? else {
            return Ok(());
        };
        let Some(answer) = self.send(ask(&ids)).await? else {
            return Ok(());
        };
        let accepted = (200..300).contains(&answer.status);
        let reads = operation.method == "GET";
        let code = if reads {
            "auth.foreign-read"
        } else {
            "auth.foreign-write"
        };
        // A host may answer a delete of what is not there with success; then success here says nothing yet.
        let says_nothing = !reads && (200..300).contains(&missing.status);
        self.check(
            code,
            !accepted || says_nothing,
            "path",
            "a refusal: it belongs to another tenant",
            &answer,
        );
        if !accepted {
            let told = |answer: &Answer, ids: &[(String, String)]| {
                ids.iter().fold(answer.text(), |text, (_, id)| {
                    text.replace(id.as_str(), "ID")
                })
            };
            let alike =
                answer.status == missing.status && told(&answer, &ids) == told(&missing, &nowhere);
            let expected = format!(
                "as for an id that is not there: {} with {}",
                missing.status,
                missing.text()
            );
            self.check(
                "auth.foreign-distinguishable",
                alike,
                "answer",
                &expected,
                &answer,
            );
            if !reads {
                self.refused_write(of);
            }
        } else if operation.method == "DELETE"
            && !says_nothing
            && let Some(known) = self.world.things.get_mut(&of)
        {
            known.alive = false;
        }
        Ok(())
    }
}
