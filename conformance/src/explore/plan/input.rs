//! Valid input, each boundary in turn, and invalid input, each constraint broken in turn.

use serde_json::{Value, json};

use super::Planner;
use crate::engine::{Operation, Parameter};
use crate::explore::api::text_of;
use crate::explore::broken::{broken, broken_in};
use crate::explore::scenario::{Expect, Handle, Request, Scenario, Sent, Step, Who, Why};
use crate::explore::shape::{flat, kind};
use crate::explore::values::{Case, boundaries, boundaries_in};

impl Planner<'_> {
    pub(super) fn input(&self, scenarios: &mut Vec<Scenario>) {
        for operation in self.api.document.operations() {
            if !self.api.speakers[0].may(operation) || !self.api.can_be_made(operation) {
                continue;
            }
            let steps = self.valid(operation).unwrap_or_default();
            scenarios.push(Scenario {
                name: format!("valid/{}", operation.id),
                steps,
            });
            let steps = self.invalid(operation).unwrap_or_default();
            scenarios.push(Scenario {
                name: format!("invalid/{}", operation.id),
                steps,
            });
        }
    }

    fn valid(&self, operation: &Operation) -> Option<Vec<Step>> {
        let mut steps = Vec::new();
        if let Some(resource) = self.api.made_by(&operation.id) {
            let parent = match self.api.resources[resource].parent {
                Some(parent) => Some(self.thing(parent, 0, &mut steps)?),
                None => None,
            };
            for (why, body) in self.valid_bodies(operation) {
                let handle = self.made(resource, 0, parent, body, &mut steps);
                if let Some(Step::Create { why: about, .. }) = steps.last_mut() {
                    *about = why;
                }
                steps.push(Step::Read { by: 0, of: handle });
            }
            self.valid_parameters(operation, parent, &mut steps);
            return Some(steps);
        }
        if !operation.request.is_empty() && self.api.body_schema(operation).is_none() {
            // Forms and bytes are not made, so no request of it is known to be valid.
            return None;
        }
        let of = self.about(operation, 0, &mut steps)?;
        let resource = self
            .resource_of(operation)
            .and_then(|index| self.api.resources.get(index));
        if let (Some(of), Some(resource)) = (of, resource)
            && resource.change() == Some(operation.id.as_str())
        {
            for (why, body) in self.valid_bodies(operation) {
                steps.push(Step::Update {
                    by: 0,
                    of,
                    body,
                    stale: false,
                    why,
                });
                steps.push(Step::Read { by: 0, of });
            }
            return Some(steps);
        }
        let usual = |body, why| self.request(operation, of, Expect::Accepted, body, why);
        steps.push(usual(
            Sent::Usual,
            why("request", "usual", "what is required, and no more"),
        ));
        for (about, body) in self.valid_bodies(operation) {
            steps.push(usual(
                Sent::Json(body),
                about.unwrap_or_else(|| why("body", "random", "a random body")),
            ));
        }
        self.valid_parameters(operation, of, &mut steps);
        Some(steps)
    }

    /// The bodies that keep to the schema: its boundaries, then random ones.
    fn valid_bodies(&self, operation: &Operation) -> Vec<(Option<Why>, Value)> {
        let (Some(schema), Some(base)) =
            (self.api.body_schema(operation), self.api.base(operation))
        else {
            return Vec::new();
        };
        let root = &self.api.document.root;
        let mut bodies = Vec::new();
        for case in boundaries_in(root, schema, &base.small, &base.full) {
            if self.is_valid(schema, &case.value) {
                bodies.push((Some(of_body(&case)), case.value));
            }
        }
        let name = format!("valid/{}", operation.id);
        bodies.extend(
            self.random_bodies(operation, &name, self.effort.examples)
                .into_iter()
                .map(|body| (None, body)),
        );
        bodies
    }

    fn valid_parameters(&self, operation: &Operation, of: Option<Handle>, steps: &mut Vec<Step>) {
        for parameter in operation
            .parameters
            .iter()
            .filter(|parameter| is_sent(parameter))
        {
            for case in boundaries(&self.api.document.root, &parameter.schema) {
                let text = text_of(&case.value);
                let sendable = parameter.place == "query" || is_header_text(&text);
                // Null has no text, and an array of them no agreed one.
                let plain =
                    !case.value.is_null() && !case.value.is_object() && !case.value.is_array();
                if sendable && plain && self.is_valid(&parameter.schema, &case.value) {
                    let mut step = self.request(
                        operation,
                        of,
                        Expect::Accepted,
                        Sent::Usual,
                        of_parameter(parameter, &case),
                    );
                    set(&mut step, parameter, case.value);
                    steps.push(step);
                }
            }
        }
    }

    fn invalid(&self, operation: &Operation) -> Option<Vec<Step>> {
        let mut steps = Vec::new();
        let of = match self
            .api
            .made_by(&operation.id)
            .map(|resource| self.api.resources[resource].parent)
        {
            Some(Some(parent)) => Some(self.thing(parent, 0, &mut steps)?),
            Some(None) => None,
            None => self.about(operation, 0, &mut steps)?,
        };
        let before = steps.len();
        self.invalid_bodies(operation, of, &mut steps);
        self.invalid_parameters(operation, of, &mut steps);
        if steps.len() == before {
            return None;
        }
        // What was refused must have left no trace.
        if let Some(resource) = self.api.made_by(&operation.id) {
            if self.api.resources[resource].list.is_some() {
                steps.push(Step::List {
                    by: 0,
                    resource,
                    parent: of,
                    limit: None,
                    filter: None,
                });
            }
        } else if let Some(of) = of {
            steps.push(Step::Read { by: 0, of });
        }
        Some(steps)
    }

    fn invalid_bodies(&self, operation: &Operation, of: Option<Handle>, steps: &mut Vec<Step>) {
        let (Some(schema), Some(base)) =
            (self.api.body_schema(operation), self.api.base(operation))
        else {
            return;
        };
        for case in broken_in(&self.api.document.root, schema, &base.small, &base.full) {
            if !self.is_valid(schema, &case.value) {
                let about = of_body(&case);
                steps.push(self.request(
                    operation,
                    of,
                    Expect::Refused,
                    Sent::Json(case.value),
                    about,
                ));
            }
        }
        let valid = self
            .smallest_body(operation)
            .unwrap_or(json!({}))
            .to_string();
        let json = "application/json";
        let texts = [
            (
                "malformed",
                "JSON that is cut off",
                valid[..valid.len() - 1].to_owned(),
            ),
            (
                "malformed",
                "a text that is no JSON",
                "this is no JSON".to_owned(),
            ),
            (
                "malformed",
                "NaN, which no JSON has",
                "{\"a\": NaN}".to_owned(),
            ),
            ("malformed", "an empty body", String::new()),
        ];
        for (keyword, what, text) in texts {
            let sent = Sent::Text(text, json.to_owned());
            steps.push(self.request(
                operation,
                of,
                Expect::Refused,
                sent,
                why("body", keyword, what),
            ));
        }
        for media_type in ["text/plain", "application/xml"] {
            let known = operation
                .request
                .keys()
                .any(|known| known == media_type || known == "*/*");
            if !known {
                let sent = Sent::Text(valid.clone(), media_type.to_owned());
                let about = why(
                    "header Content-Type",
                    "content",
                    &format!("{media_type}, which is not listed"),
                );
                steps.push(self.request(operation, of, Expect::RefusedMedia, sent, about));
            }
        }
        if self.effort.oversize > 0 {
            let what = format!("a body of {} bytes", self.effort.oversize);
            let about = why("body", "oversize", &what);
            steps.push(self.request(
                operation,
                of,
                Expect::AnswerBelow500,
                Sent::Oversize(self.effort.oversize),
                about,
            ));
        }
    }

    fn invalid_parameters(&self, operation: &Operation, of: Option<Handle>, steps: &mut Vec<Step>) {
        for parameter in &operation.parameters {
            if parameter.required && parameter.place != "path" && is_sent(parameter) {
                let about = why(
                    &format!("{} {}", parameter.place, parameter.name),
                    "required",
                    "left out",
                );
                let mut step = self.request(operation, of, Expect::Refused, Sent::Usual, about);
                set(&mut step, parameter, Value::Null);
                steps.push(step);
            }
            // A key that is used once is tried by its own law, and a broken one here.
            let is_key = parameter.name.eq_ignore_ascii_case("idempotency-key");
            if !is_sent(parameter) && !is_key && parameter.place != "path" {
                continue;
            }
            let schema = flat(&self.api.document.root, &parameter.schema);
            for case in broken(&self.api.document.root, &parameter.schema) {
                if self.stays_broken(parameter, kind(&schema), &case.value) {
                    let mut step = self.request(
                        operation,
                        of,
                        Expect::Refused,
                        Sent::Usual,
                        of_parameter(parameter, &case),
                    );
                    set(&mut step, parameter, case.value);
                    steps.push(step);
                }
            }
        }
    }

    /// Whether a value is still wrong once it is a text.
    fn stays_broken(&self, parameter: &Parameter, kind: &str, value: &Value) -> bool {
        let text = text_of(value);
        let plain = !value.is_null() && !value.is_object() && !value.is_array();
        let sendable = match parameter.place.as_str() {
            "header" => is_header_text(&text),
            // An empty segment is another path.
            "path" => !text.is_empty() && !text.contains('\n'),
            _ => true,
        };
        let as_text = self.is_valid(&parameter.schema, &json!(text));
        let as_value = kind != "string"
            && serde_json::from_str(&text)
                .is_ok_and(|value| self.is_valid(&parameter.schema, &value));
        // Lists and objects have texts of several styles, in which a plain one may be another parameter.
        let of_one_text = !["array", "object", "any"].contains(&kind);
        plain && sendable && of_one_text && !as_text && !as_value
    }

    pub(crate) fn request(
        &self,
        operation: &Operation,
        of: Option<Handle>,
        expect: Expect,
        body: Sent,
        why: Why,
    ) -> Step {
        Step::Request(Request {
            by: Who::Actor(0),
            operation: operation.id.clone(),
            method: None,
            of,
            parameters: Vec::new(),
            body,
            expect,
            why,
        })
    }
}

fn set(step: &mut Step, parameter: &Parameter, value: Value) {
    if let Step::Request(request) = step {
        request
            .parameters
            .push((parameter.place.clone(), parameter.name.clone(), value));
    }
}

/// What the scenarios that are about something else set themselves, and what no client sets.
fn is_sent(parameter: &Parameter) -> bool {
    let own = [
        "authorization",
        "if-match",
        "idempotency-key",
        "content-type",
        "accept",
    ];
    matches!(parameter.place.as_str(), "query" | "header")
        && !own.contains(&parameter.name.to_ascii_lowercase().as_str())
}

fn is_header_text(text: &str) -> bool {
    text.bytes().all(|byte| (0x20..0x7f).contains(&byte)) && text.trim() == text
}

fn of_body(case: &Case) -> Why {
    why(
        format!("body {}", case.place).trim_end(),
        &case.keyword,
        &case.what,
    )
}

fn of_parameter(parameter: &Parameter, case: &Case) -> Why {
    why(
        &format!("{} {}{}", parameter.place, parameter.name, case.place),
        &case.keyword,
        &case.what,
    )
}

pub(crate) fn why(place: &str, keyword: &str, what: &str) -> Why {
    Why {
        place: place.to_owned(),
        keyword: keyword.to_owned(),
        what: what.to_owned(),
    }
}
