//! The one door to the server: it signs, guards, sends, checks every answer and notes it.
//!
//! A guard stands here and not in the cases: a read-only run cannot write, whatever a case asks for.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use reqwest::Method;
use serde_json::Value;

use super::call::{Answer, Call};
use super::check::{Asked, Contract, variable_of};
use super::curl::curl;
use super::document::Document;
use super::drift::Drift;
use super::finding::{Code, Finding};
use super::keeper::Keeper;
use super::pace::{Pace, Spent};
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
    /// What somebody who knows the things of the host lets through.
    Kept(Arc<dyn Keeper>),
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// The guard kept it back.
    #[error("{0} writes, and this run only reads")]
    ReadOnly(String),
    /// The keeper of the host kept it back.
    #[error("{operation} was not sent: {why}")]
    Refused {
        /// What was not sent.
        operation: String,
        /// What would have been touched.
        why: String,
    },
    /// The budget is spent, or the server has had enough.
    #[error(transparent)]
    Spent(#[from] Spent),
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
    drift: Option<Mutex<Drift>>,
}

/// Sends calls to one base URL for one law.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    base_url: String,
    shown_base_url: String,
    guard: Guard,
    pace: Arc<Pace>,
    cleaning: bool,
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
            drift: None,
        }
    }

    /// The same, and it notes what answers show beyond the document.
    #[must_use]
    pub fn watching(mut self) -> Self {
        self.drift = Some(Mutex::default());
        self
    }

    /// What answers showed beyond the document, if the run watches for it.
    #[must_use]
    pub fn drift(&self) -> Option<MutexGuard<'_, Drift>> {
        let drift = self.drift.as_ref()?;
        Some(drift.lock().unwrap_or_else(PoisonError::into_inner))
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
            pace: Arc::default(),
            cleaning: false,
            law: law.to_owned(),
            shared,
            taint,
        })
    }

    /// Counts and paces what it sends together with all who share this pace.
    #[must_use]
    pub fn paced(mut self, pace: Arc<Pace>) -> Self {
        self.pace = pace;
        self
    }

    /// For what cleans up: a spent budget does not hold it back.
    #[must_use]
    pub fn for_cleaning(mut self) -> Self {
        self.pace.forgive();
        self.cleaning = true;
        self
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
                reads(method) || operation.is_some_and(|operation| named.contains(&operation))
            }
            Guard::Kept(keeper) => {
                reads(method) || operation.is_none_or(|operation| keeper.may(operation))
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
            let operation = operation.unwrap_or(&call.path).to_owned();
            return Err(match self.guard {
                Guard::Kept(_) => ClientError::Refused {
                    operation,
                    why: "it is never sent to a live host".to_owned(),
                },
                _ => ClientError::ReadOnly(operation),
            });
        }
        let url = call
            .url(&self.base_url)
            .ok_or_else(|| ClientError::Url(format!("{}{}", self.base_url, call.path)))?;
        self.learn(call);
        let method = Method::from_bytes(call.method.as_bytes())
            .map_err(|_| ClientError::Url(format!("{} {}", call.method, call.path)))?;
        let ticket = self.ask(call)?;
        loop {
            self.pace.turn(self.cleaning).await?;
            let mut request = self.http.request(method.clone(), url.clone());
            for (name, value) in &call.headers {
                request = request.header(name, value);
            }
            for header in &call.sign.headers {
                request = request.header(&header.name, header.value());
            }
            if let Some(body) = &call.body {
                request = request.body(body.clone());
            }
            let (status, headers, body) = match receive(request).await {
                Ok(received) => received,
                Err(error) => return Err(self.silent(call, &error.without_url())),
            };
            self.shared
                .recorder
                .exchange(operation, &self.law, Some(status));
            // On an emulator of our own a 429 is what the law asked for.
            if let Guard::Kept(_) | Guard::ReadOnly(_) = self.guard {
                let after = headers.get("retry-after").and_then(|it| it.to_str().ok());
                if let Some(wait) = self.pace.saw(status, after) {
                    tokio::time::sleep(wait).await;
                    continue;
                }
                if status == 429 && !self.cleaning {
                    self.pace.turn(false).await?;
                }
            }
            let answer = Answer {
                status,
                headers,
                body,
                call: call.clone(),
                shown_base_url: self.shown_base_url.clone(),
                operation: call.operation.clone(),
            };
            self.heard(ticket, &answer)?;
            self.check(&answer);
            return Ok(answer);
        }
    }

    /// Notes that no answer came.
    fn silent(&self, call: &Call, error: &dyn std::error::Error) -> ClientError {
        let (why, operation) = (chain(error), call.operation.as_deref());
        self.shared.recorder.exchange(operation, &self.law, None);
        let code = Code::NoAnswer;
        let finding = Finding::new(code, operation, &call.path, "an answer".into(), why.clone());
        self.note(finding, call);
        ClientError::NoAnswer {
            url: format!("{}{}", self.base_url, call.path),
            why,
        }
    }

    /// Asks the keeper for leave to write.
    fn ask(&self, call: &Call) -> Result<Option<u64>, ClientError> {
        match &self.guard {
            Guard::Kept(keeper) if !reads(&call.method) => {
                let known = self.known(call);
                keeper.ask(call, known).map_err(|why| ClientError::Refused {
                    operation: call.operation.clone().unwrap_or_else(|| call.path.clone()),
                    why,
                })
            }
            _ => Ok(None),
        }
    }

    /// Tells the keeper what came of it.
    fn heard(&self, ticket: Option<u64>, answer: &Answer) -> Result<(), ClientError> {
        match &self.guard {
            Guard::Kept(keeper) if !reads(&answer.call.method) => keeper
                .heard(ticket, answer, self.known(&answer.call))
                .map_err(|why| ClientError::Refused {
                    operation: "what comes next".to_owned(),
                    why,
                }),
            _ => Ok(()),
        }
    }

    fn known(&self, call: &Call) -> Option<&super::document::Operation> {
        let id = call.operation.as_deref()?;
        self.shared.contract.document().operation(id)
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
        if let Some(mut drift) = self.shared.drift() {
            drift.observe(&self.shared.contract, operation, answer, &self.taint);
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

fn reads(method: &str) -> bool {
    matches!(method, "GET" | "HEAD" | "OPTIONS")
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
