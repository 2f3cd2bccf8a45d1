//! The step that is one request with something about it that matters: invalid input, a method or a credential.

use serde_json::Value;

use super::api::{created_id, set, text_of};
use super::perform::Performer;
use super::scenario::{Expect, Request, Sent, Who};
use super::wire::Halt;
use crate::engine::{Answer, Call, Operation, Sign};

impl Performer<'_> {
    pub(super) async fn request(&mut self, request: &Request) -> Result<(), Halt> {
        let api = self.api;
        let Some(operation) = api.operation(&request.operation) else {
            return Ok(());
        };
        let ids = match request.of {
            Some(of) if !self.world.things.contains_key(&of) => return Ok(()),
            Some(of) => self.world.ids(api, of),
            None => Vec::new(),
        };
        let call = self.built(operation, request, ids);
        let Some(answer) = self.send(call).await? else {
            return Ok(());
        };
        let accepted = (200..300).contains(&answer.status);
        if !matches!(request.by, Who::Actor(_)) || request.method.is_some() {
            // A credential or a method is no constraint of a schema.
        } else {
            let kept = request.expect == Expect::Accepted;
            self.wire
                .coverage()
                .exercised(&operation.id, &request.why, kept);
        }
        if let (Expect::Accepted, true, Sent::Json(body)) =
            (request.expect, accepted, &request.body)
        {
            self.wire.coverage().holds(&operation.id, body);
        }
        self.verdict(operation, request, accepted, &answer);
        if accepted {
            self.adopt(operation, request, &answer).await?;
        } else if operation.method != "GET" {
            self.world.refused += 1;
            if let Some(of) = request.of {
                self.refused_write(of);
            }
        }
        Ok(())
    }

    fn built(
        &self,
        operation: &Operation,
        request: &Request,
        mut ids: Vec<(String, String)>,
    ) -> Call {
        let api = self.api;
        for (place, name, value) in &request.parameters {
            if place == "path" {
                ids.retain(|(known, _)| known != name);
                ids.push((name.clone(), text_of(value)));
            }
        }
        let usual = api.base(operation).map(|base| &base.small);
        let body = match &request.body {
            Sent::Json(body) => Some(body),
            Sent::Usual => usual,
            Sent::Text(..) | Sent::Oversize(_) => None,
        };
        let makes = request.method.is_none() && api.made_by(&operation.id).is_some();
        let named = body
            .filter(|_| makes)
            .map(|body| self.named(operation, body, Some(&request.why)));
        let mut call = api.call(operation, &ids, named.as_ref().or(body));
        for (place, name, value) in &request.parameters {
            let parameter = operation
                .parameters
                .iter()
                .find(|parameter| parameter.place == *place && parameter.name == *name);
            if let Some(parameter) = parameter {
                set(&mut call, parameter, value);
            }
        }
        match &request.body {
            Sent::Usual | Sent::Json(_) => {}
            Sent::Text(text, media_type) => {
                call.headers.retain(|(name, _)| name != "content-type");
                if !media_type.is_empty() {
                    call.headers
                        .push(("content-type".to_owned(), media_type.clone()));
                }
                call.body = Some(text.clone().into_bytes());
            }
            Sent::Oversize(bytes) => {
                call.body = Some(format!("{{\"a\":\"{}\"}}", "a".repeat(*bytes)).into_bytes())
            }
        }
        if let Some(method) = &request.method {
            call.method.clone_from(method);
            call.operation = None;
        }
        call.sign = self.signed(&request.by);
        call
    }

    fn signed(&self, who: &Who) -> Sign {
        let speaker = |by: &usize| &self.api.speakers[*by];
        match who {
            Who::Actor(by) => speaker(by).sign(),
            Who::Nobody => Sign::none(),
            Who::Nearly(by, way) => {
                let speaker = speaker(by);
                let (nearly, variable) = nearly(&speaker.token, &speaker.variable, way);
                speaker.scheme.sign(&nearly, &variable)
            }
            Who::Otherwise(by, scheme) => {
                let speaker = speaker(by);
                let mut ways = speaker
                    .scheme
                    .otherwise(&speaker.token, &speaker.variable)
                    .into_iter();
                ways.find(|(name, _)| name == scheme)
                    .map(|(_, sign)| sign)
                    .unwrap_or_default()
            }
        }
    }

    fn verdict(
        &mut self,
        operation: &Operation,
        request: &Request,
        accepted: bool,
        answer: &Answer,
    ) {
        let place = request.why.to_string();
        let what = &request.why.what;
        let status = answer.status;
        // An answer to how often was asked, and not to what.
        if status == 429 {
            return;
        }
        match request.expect {
            Expect::Accepted => {
                let refused = matches!(status, 400 | 413 | 415 | 422);
                self.check(
                    "input.valid-refused",
                    !refused,
                    &place,
                    &format!("success: {what} is valid"),
                    answer,
                );
            }
            Expect::Refused | Expect::RefusedMedia => {
                let expected = format!("a refusal: {what}");
                self.check(
                    "input.invalid-accepted",
                    !accepted,
                    &place,
                    &expected,
                    answer,
                );
                let mut proper = vec![400, 413, 415, 422];
                if request.why.place.starts_with("path ") {
                    proper.push(404);
                }
                if request.expect == Expect::RefusedMedia {
                    proper.push(406);
                }
                proper.retain(|status| operation.response(*status).is_some());
                let made_up = request.of.is_none() && !operation.path_parameters.is_empty();
                let nothing_there = status == 404 && made_up;
                // Where the document lists no such refusal, or the path named nothing, there is none that proves anything.
                if !accepted && status < 500 && !proper.is_empty() && !nothing_there {
                    let expected = format!("one of {proper:?}: {what}");
                    self.check(
                        "input.refused-otherwise",
                        proper.contains(&status),
                        &place,
                        &expected,
                        answer,
                    );
                }
            }
            Expect::AnswerBelow500 => {}
            Expect::NoSuchMethod => {
                let mut answer = answer.clone();
                answer.operation = Some(operation.id.clone());
                let method = request.method.as_deref().unwrap_or_default();
                let place = format!("{method} {}", operation.path);
                let expected = "405 for a method that is not described";
                self.check(
                    "method.undocumented-answered",
                    !accepted,
                    &place,
                    expected,
                    &answer,
                );
                if status == 405 {
                    let named = answer.header("allow").is_some();
                    self.check(
                        "method.allow-missing",
                        named,
                        &place,
                        "the header Allow",
                        &answer,
                    );
                }
            }
            Expect::Unauthorized => {
                let code = match request.by {
                    Who::Nearly(..) => "auth.accepted-malformed",
                    Who::Otherwise(..) => "auth.accepted-wrong-scheme",
                    _ => "auth.accepted-without-credentials",
                };
                self.check(code, !accepted, what, "401", answer);
                if !accepted && status < 500 && operation.response(401).is_some() {
                    self.check("auth.refused-otherwise", status == 401, what, "401", answer);
                }
            }
            Expect::Forbidden => {
                let expected = "403: the credential lacks the scope";
                self.check("auth.scope-ignored", !accepted, what, expected, answer);
            }
        }
    }

    /// What a request made that should have been refused is ours all the same: it is known, and deleted at the end.
    async fn adopt(
        &mut self,
        operation: &Operation,
        request: &Request,
        answer: &Answer,
    ) -> Result<(), Halt> {
        if operation.method == "DELETE"
            && request.method.is_none()
            && let Some(known) = request.of.and_then(|of| self.world.things.get_mut(&of))
        {
            known.alive = false;
        }
        let made = self
            .api
            .resources
            .iter()
            .enumerate()
            .find_map(|(index, resource)| {
                let (id, pointer) = resource.create.as_ref()?;
                (*id == operation.id && request.method.is_none()).then(|| (index, pointer.clone()))
            });
        let by = match request.by {
            Who::Actor(by) | Who::Nearly(by, _) | Who::Otherwise(by, _) => by,
            Who::Nobody => 0,
        };
        let Some((resource, pointer)) = made else {
            return Ok(());
        };
        let Some(id) = created_id(answer, &pointer) else {
            return Ok(());
        };
        let thing = super::world::Thing {
            resource,
            parent: request.of,
            id,
            by,
            asked: Value::Null,
            sent: Value::Null,
            model: serde_json::Map::new(),
            updated: None,
            alive: true,
            etag: answer.header("etag").map(str::to_owned),
            old_etag: None,
            key: None,
            refused: false,
        };
        // Handles of steps are small; those of what nobody meant to make lie far above them.
        self.world.things.insert(1_000_000 + self.step, thing);
        Ok(())
    }
}

/// A token that is nearly right, and how a shell makes it of the right one.
fn nearly(token: &str, variable: &str, way: &str) -> (String, String) {
    let length = token.chars().count();
    match way {
        "cut" => {
            let cut = length.div_ceil(3);
            let kept = token.chars().take(length - cut).collect();
            (kept, format!("{{{variable}%{}}}", "?".repeat(cut)))
        }
        "altered" => {
            let altered = length.min(6);
            let mut kept: String = token.chars().take(length - altered).collect();
            let tail = if token.ends_with('x') { "y" } else { "x" }.repeat(altered);
            kept.push_str(&tail);
            (
                kept,
                format!("{{{variable}%{}}}{tail}", "?".repeat(altered)),
            )
        }
        _ => ("no-such-token".to_owned(), String::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_that_is_nearly_right_is_made_by_the_shell_too() {
        let cut = nearly("abcdefghi", "TOKEN", "cut");
        assert_eq!(cut, ("abcdef".to_owned(), "{TOKEN%???}".to_owned()));
        let altered = nearly("abcdefghx", "TOKEN", "altered");
        assert_eq!(
            altered,
            ("abcyyyyyy".to_owned(), "{TOKEN%??????}yyyyyy".to_owned())
        );
        assert_eq!(nearly("abc", "TOKEN", "made-up").1, "");
    }
}
