//! The one door to the server: it signs, guards, sends, checks every answer and notes it.
//!
//! A guard stands here and not in the cases: a read-only run cannot write, whatever a case asks for.

use std::sync::Arc;
use std::time::Duration;

use reqwest::Method;
use serde_json::Value;

use super::call::{Answer, Call};
use super::check::{Asked, Contract, variable_of};
use super::curl::curl;
use super::document::Document;
use super::finding::{Code, Finding};
use super::recorder::Recorder;
use super::schema::{Direction, MarkKind};
use super::taint::Taint;

/// What a client may send.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Guard {
    /// Everything.
    Open,
    /// What reads, and the operations named here, which change nothing that a user would see.
    ReadOnly(Vec<&'static str>),
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// The guard kept it back.
    #[error("{0} writes, and this run only reads")]
    ReadOnly(String),
    /// No URL comes of the base URL and the path.
    #[error("{0} is no URL")]
    Url(String),
    /// The server did not answer.
    #[error("no answer from {url}: {why}")]
    NoAnswer {
        /// What was asked, without its query.
        url: String,
        /// What went wrong.
        why: String,
    },
}

/// What all clients of a run share.
#[derive(Debug)]
pub struct Shared {
    /// The document; many runs can share it, since reading it takes longer than most laws.
    pub contract: Arc<Contract>,
    /// What was seen.
    pub recorder: Recorder,
}

/// Sends calls to one base URL for one law.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    base_url: String,
    shown_base_url: String,
    guard: Guard,
    law: String,
    shared: Arc<Shared>,
    taint: Arc<Taint>,
}

impl Shared {
    /// A run that has seen nothing.
    #[must_use]
    pub fn new(document: Document) -> Self {
        Self::of(Arc::new(Contract::new(document)))
    }

    /// A run that has seen nothing, held against a contract that others use too.
    #[must_use]
    pub fn of(contract: Arc<Contract>) -> Self {
        Self {
            contract,
            recorder: Recorder::default(),
        }
    }
}

impl Client {
    /// A client of a run for one law; `shown_base_url` is what curl lines name.
    ///
    /// # Errors
    /// Where the TLS of this machine cannot be set up.
    pub fn new(
        base_url: &str,
        shown_base_url: &str,
        guard: Guard,
        law: &str,
        shared: Arc<Shared>,
        taint: Arc<Taint>,
    ) -> Result<Self, ClientError> {
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(Duration::from_secs(30))
            .no_proxy()
            .build()
            .map_err(|error| ClientError::NoAnswer {
                url: base_url.to_owned(),
                why: error.to_string(),
            })?;
        Ok(Self {
            http,
            base_url: base_url.to_owned(),
            shown_base_url: shown_base_url.to_owned(),
            guard,
            law: law.to_owned(),
            shared,
            taint,
        })
    }

    /// Where it sends to.
    #[must_use]
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// The document behind it.
    #[must_use]
    pub fn contract(&self) -> &Contract {
        &self.shared.contract
    }

    /// The secrets that it must not show.
    #[must_use]
    pub fn taint(&self) -> &Taint {
        &self.taint
    }

    /// Whether the guard would let a call through.
    #[must_use]
    pub fn may(&self, method: &str, operation: Option<&str>) -> bool {
        match &self.guard {
            Guard::Open => true,
            Guard::ReadOnly(named) => {
                matches!(method, "GET" | "HEAD" | "OPTIONS")
                    || operation.is_some_and(|operation| named.contains(&operation))
            }
        }
    }

    /// Sends a call, checks what comes back, and notes both.
    ///
    /// # Errors
    /// Where the guard keeps it back, or no answer comes; the latter is noted as a finding too.
    pub async fn send(&self, call: &Call) -> Result<Answer, ClientError> {
        let operation = call.operation.as_deref();
        if !self.may(&call.method, operation) {
            return Err(ClientError::ReadOnly(
                operation.unwrap_or(&call.path).to_owned(),
            ));
        }
        let url = call
            .url(&self.base_url)
            .ok_or_else(|| ClientError::Url(format!("{}{}", self.base_url, call.path)))?;
        self.learn(call);
        let method = Method::from_bytes(call.method.as_bytes())
            .map_err(|_| ClientError::Url(format!("{} {}", call.method, call.path)))?;
        let mut request = self.http.request(method, url);
        for (name, value) in &call.headers {
            request = request.header(name, value);
        }
        for header in &call.sign.headers {
            request = request.header(&header.name, header.value());
        }
        if let Some(body) = &call.body {
            request = request.body(body.clone());
        }
        match receive(request).await {
            Ok((status, headers, body)) => {
                let answer = Answer {
                    status,
                    headers,
                    body,
                    call: call.clone(),
                    shown_base_url: self.shown_base_url.clone(),
                    operation: call.operation.clone(),
                };
                self.shared
                    .recorder
                    .exchange(operation, &self.law, Some(status));
                self.check(&answer);
                Ok(answer)
            }
            Err(error) => {
                let why = chain(&error.without_url());
                self.shared.recorder.exchange(operation, &self.law, None);
                let code = Code::NoAnswer;
                let finding =
                    Finding::new(code, operation, &call.path, "an answer".into(), why.clone());
                self.note(finding, call);
                Err(ClientError::NoAnswer {
                    url: format!("{}{}", self.base_url, call.path),
                    why,
                })
            }
        }
    }

    /// Notes a finding of this client's law.
    pub fn note(&self, mut finding: Finding, call: &Call) {
        finding.law.clone_from(&self.law);
        finding.curl = curl(call, &self.shown_base_url, &self.taint);
        self.shared.recorder.found(finding, &self.taint);
    }

    fn check(&self, answer: &Answer) {
        let operation = answer.operation.as_deref();
        let Some(operation) =
            operation.and_then(|id| self.shared.contract.document().operation(id))
        else {
            return;
        };
        let asked = Asked {
            operation,
            taint: &self.taint,
        };
        let (findings, secrets) = self.shared.contract.check(&asked, answer);
        for secret in secrets {
            self.taint.learn(&secret.text, &secret.variable);
        }
        for finding in findings {
            self.note(finding, &answer.call);
        }
    }

    /// Remembers the secrets that a call sends: what signs it, and the fields of its body that the document says are secret.
    fn learn(&self, call: &Call) {
        for header in &call.sign.headers {
            self.taint.learn(&header.secret, &header.variable);
        }
        let operation = call
            .operation
            .as_deref()
            .and_then(|id| self.shared.contract.document().operation(id));
        let body: Option<Value> = call
            .body
            .as_deref()
            .and_then(|body| serde_json::from_slice(body).ok());
        let (Some(operation), Some(body)) = (operation, body) else {
            return;
        };
        for schema in operation.request.values() {
            let Ok(schema) = self.shared.contract.schema(schema, Direction::Request) else {
                continue;
            };
            for mark in schema.marks(&body) {
                if let MarkKind::Secret(secret) = mark.kind {
                    self.taint.learn(&secret, &variable_of(&mark.pointer));
                }
            }
        }
    }
}

async fn receive(
    request: reqwest::RequestBuilder,
) -> Result<(u16, reqwest::header::HeaderMap, Vec<u8>), reqwest::Error> {
    let response = request.send().await?;
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let body = response.bytes().await?.to_vec();
    Ok((status, headers, body))
}

/// An error with all that lies below it.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut below = error.source();
    while let Some(error) = below {
        text.push_str(&format!(": {error}"));
        below = error.source();
    }
    text
}
