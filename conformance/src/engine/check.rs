//! One answer against the document: its status, its media type, its headers, its body.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;

use super::call::Answer;
use super::document::{Document, Operation, Response};
use super::finding::{Code, Finding};
use super::schema::{Direction, MarkKind, Schema, SchemaError};
use super::taint::Taint;

/// A document whose schemas are ready to judge.
#[derive(Debug)]
pub struct Contract {
    document: Document,
    schemas: Mutex<BTreeMap<(Direction, String), Arc<Schema>>>,
}

/// A document with a schema that cannot be compiled.
#[derive(Debug, thiserror::Error)]
#[error("{operation}, {place}: {source}")]
pub struct ContractError {
    operation: String,
    place: String,
    source: SchemaError,
}

/// What the answer was to: what is known of it before it came.
pub(crate) struct Asked<'a> {
    pub(crate) operation: &'a Operation,
    /// The secrets that were known before the answer came.
    pub(crate) taint: &'a Taint,
}

/// A secret of an answer, and the shell variable that stands for it: the name of its field.
pub(crate) struct Secret {
    pub(crate) text: String,
    pub(crate) variable: String,
}

impl Contract {
    /// Wraps a document; schemas are compiled when they are first needed.
    #[must_use]
    pub fn new(document: Document) -> Self {
        Self {
            document,
            schemas: Mutex::default(),
        }
    }

    /// The document.
    #[must_use]
    pub fn document(&self) -> &Document {
        &self.document
    }

    /// Compiles every schema of every body.
    ///
    /// # Errors
    /// With the first one that cannot be compiled.
    pub fn compile_all(&self) -> Result<(), ContractError> {
        for operation in self.document.operations() {
            let named = |place: String| {
                move |source| ContractError {
                    operation: operation.id.clone(),
                    place,
                    source,
                }
            };
            for schema in operation.request.values() {
                self.schema(schema, Direction::Request)
                    .map_err(named("request".to_owned()))?;
            }
            for (status, response) in &operation.responses {
                let headers = response.headers.values().map(|(_, schema)| schema);
                for schema in response.content.values().chain(headers) {
                    self.schema(schema, Direction::Answer)
                        .map_err(named(status.clone()))?;
                }
            }
        }
        Ok(())
    }

    /// The schema, compiled.
    ///
    /// # Errors
    /// Where it cannot be compiled.
    pub fn schema(&self, schema: &Value, direction: Direction) -> Result<Arc<Schema>, SchemaError> {
        let key = (direction, schema.to_string());
        let mut schemas = self.schemas.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = schemas.get(&key) {
            return Ok(Arc::clone(known));
        }
        let compiled = Arc::new(Schema::compile(&self.document.root, schema, direction)?);
        schemas.insert(key, Arc::clone(&compiled));
        Ok(compiled)
    }

    /// Everything that an answer does otherwise than the document says, and the secrets that it holds.
    pub(crate) fn check(&self, asked: &Asked<'_>, answer: &Answer) -> (Vec<Finding>, Vec<Secret>) {
        let operation = asked.operation;
        let mut findings = Vec::new();
        let mut secrets = Vec::new();
        let Some((_, response)) = operation.response(answer.status) else {
            let listed: Vec<&str> = operation.responses.keys().map(String::as_str).collect();
            let place = format!("status of {}", operation.path);
            let got = format!("{} with {}", answer.status, answer.text());
            findings.push(found(
                operation,
                Code::StatusNotListed,
                &place,
                listed.join(", "),
                got,
            ));
            return (findings, secrets);
        };
        self.headers(operation, response, answer, &mut findings);
        let status = answer.status.to_string();
        if response.content.is_empty() {
            if !answer.body.is_empty() {
                findings.push(found(
                    operation,
                    Code::BodyUnexpected,
                    &status,
                    "no body".into(),
                    answer.text(),
                ));
            }
            return (findings, secrets);
        }
        let listed = response
            .content
            .keys()
            .cloned()
            .collect::<Vec<_>>()
            .join(", ");
        let Some(media_type) = answer.media_type() else {
            findings.push(found(
                operation,
                Code::ContentTypeMissing,
                &status,
                listed,
                "none".into(),
            ));
            return (findings, secrets);
        };
        let Some(schema) = response.content.get(&media_type) else {
            let got = format!("{media_type}: {}", answer.text());
            findings.push(found(
                operation,
                Code::ContentTypeNotListed,
                &status,
                listed,
                got,
            ));
            return (findings, secrets);
        };
        match body(&media_type, answer) {
            Ok(body) => self.body(asked, schema, &status, &body, &mut findings, &mut secrets),
            Err(why) => {
                let got = format!("{why}: {}", answer.text());
                findings.push(found(
                    operation,
                    Code::BodyUnreadable,
                    &status,
                    media_type,
                    got,
                ));
            }
        }
        (findings, secrets)
    }

    fn headers(
        &self,
        operation: &Operation,
        response: &Response,
        answer: &Answer,
        findings: &mut Vec<Finding>,
    ) {
        for (name, (required, schema)) in &response.headers {
            let place = format!("{} header {name}", answer.status);
            match answer.header(name) {
                None if *required => {
                    findings.push(found(
                        operation,
                        Code::HeaderMissing,
                        &place,
                        "the header".into(),
                        "none".into(),
                    ));
                }
                None => {}
                Some(text) => {
                    let Ok(compiled) = self.schema(schema, Direction::Answer) else {
                        continue;
                    };
                    // Header values are texts; a schema may still speak of a number.
                    let number = text.parse::<i64>().map(Value::from);
                    let as_text = compiled.mismatches(&Value::from(text));
                    let fits = as_text.is_empty()
                        || number.is_ok_and(|number| compiled.mismatches(&number).is_empty());
                    if !fits {
                        let expected = as_text
                            .into_iter()
                            .map(|wrong| wrong.expected)
                            .collect::<Vec<_>>()
                            .join("; ");
                        findings.push(found(
                            operation,
                            Code::HeaderMismatch,
                            &place,
                            expected,
                            text.to_owned(),
                        ));
                    }
                }
            }
        }
    }

    fn body(
        &self,
        asked: &Asked<'_>,
        schema: &Value,
        status: &str,
        body: &Value,
        findings: &mut Vec<Finding>,
        secrets: &mut Vec<Secret>,
    ) {
        let operation = asked.operation;
        let schema = match self.schema(schema, Direction::Answer) {
            Ok(schema) => schema,
            Err(error) => {
                let expected = "a schema that can be compiled".to_owned();
                findings.push(found(
                    operation,
                    Code::BodyMismatch,
                    status,
                    expected,
                    error.to_string(),
                ));
                return;
            }
        };
        for wrong in schema.mismatches(body) {
            let place = format!("{status} {}", plain(&wrong.pointer));
            findings.push(found(
                operation,
                Code::BodyMismatch,
                place.trim_end(),
                wrong.expected,
                wrong.got,
            ));
        }
        let mut public = body.clone();
        for mark in schema.marks(body) {
            let place = format!("{status} {}", plain(&mark.pointer));
            let got = || {
                body.pointer(&mark.pointer)
                    .unwrap_or(&Value::Null)
                    .to_string()
            };
            match mark.kind {
                MarkKind::UndeclaredField => {
                    findings.push(found(
                        operation,
                        Code::UndeclaredField,
                        &place,
                        "a declared field".into(),
                        got(),
                    ));
                }
                MarkKind::UndeclaredValue(known) => {
                    findings.push(found(
                        operation,
                        Code::UndeclaredValue,
                        &place,
                        known.join(", "),
                        got(),
                    ));
                }
                MarkKind::Secret(secret) => {
                    secrets.push(Secret {
                        text: secret,
                        variable: variable_of(&mark.pointer),
                    });
                    if let Some(slot) = public.pointer_mut(&mark.pointer) {
                        *slot = Value::Null;
                    }
                }
            }
        }
        // What was secret before, and what this answer itself declares secret, shows nowhere else in it.
        let public = public.to_string();
        let known = asked.taint.found_in(&public);
        let own = || {
            secrets
                .iter()
                .find(|secret| secret.text.len() > 12 && public.contains(&secret.text))
                .map(|secret| format!("${}", secret.variable))
        };
        if let Some(shown) = known.or_else(own) {
            findings.push(found(
                operation,
                Code::SecretShown,
                status,
                "no secret".into(),
                shown,
            ));
        }
    }
}

fn found(operation: &Operation, code: Code, place: &str, expected: String, got: String) -> Finding {
    Finding::new(code, Some(&operation.id), place, expected, got)
}

/// The body as a value: JSON parsed, text as a text.
fn body(media_type: &str, answer: &Answer) -> Result<Value, String> {
    if media_type == "application/json" || media_type.ends_with("+json") {
        serde_json::from_slice(&answer.body).map_err(|error| format!("no JSON ({error})"))
    } else if media_type.starts_with("text/") {
        String::from_utf8(answer.body.clone())
            .map(Value::from)
            .map_err(|_| "no UTF-8".to_owned())
    } else {
        Ok(Value::from(answer.text()))
    }
}

/// A pointer without the indices of arrays, so that the same mistake in each item is one finding.
fn plain(pointer: &str) -> String {
    pointer
        .split('/')
        .map(|part| {
            if !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()) {
                "*"
            } else {
                part
            }
        })
        .collect::<Vec<_>>()
        .join("/")
}

/// The shell variable for a field: `/tokens/accessToken` is `ACCESS_TOKEN`.
pub(crate) fn variable_of(pointer: &str) -> String {
    let mut variable = String::new();
    for c in pointer.rsplit('/').next().unwrap_or_default().chars() {
        if c.is_ascii_uppercase() {
            variable.push('_');
        }
        variable.push(if c.is_ascii_alphanumeric() {
            c.to_ascii_uppercase()
        } else {
            '_'
        });
    }
    if variable.is_empty() {
        "SECRET".to_owned()
    } else {
        variable
    }
}
