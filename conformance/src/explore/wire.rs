//! The one door to a host under exploration: it guards, counts, waits, sends, and judges every answer by the document.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use reqwest::Method;
use serde_json::Value;

use super::api::Api;
use super::checks::check;
use super::coverage::Coverage;
use super::guard::{Guard, Keeping, Refusal};
use crate::engine::{Answer, Asked, Call, Contract, Direction, MarkKind, Pace, Taint, variable_of};

/// So many requests without an answer, one after another, and the host is given up.
const SILENT: usize = 4;
/// So often is a request that is answered 429 sent again.
const PATIENCE: usize = 3;
/// So many operations that answer 429 are a host that has had enough.
const BUSY: usize = 3;
/// Longer than this no `Retry-After` is waited for.
const LONGEST_WAIT: u64 = 10;

/// What a run may cost.
#[derive(Debug, Clone)]
pub struct Limits {
    /// How many requests.
    pub requests: usize,
    /// How long in all.
    pub time: Duration,
    /// How long one request may take.
    pub timeout: Duration,
    /// How many requests a second; as many as the host answers where nothing is said.
    pub per_second: Option<NonZeroU32>,
    /// Whether other methods than GET and HEAD leave this machine.
    pub writes: bool,
}

/// Why no more is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Halt {
    /// This one is kept back: it writes, and the run only reads.
    ReadOnly,
    /// This one is kept back: it would touch what the run did not make.
    KeptBack(String),
    /// The budget of requests or of time is spent.
    Budget(String),
    /// The host does not answer any more.
    Host(String),
    /// The host asks to be left alone.
    Throttled(String),
}

/// One request and what came of it.
#[derive(Clone)]
pub(crate) struct Exchange {
    pub(crate) call: Call,
    pub(crate) answer: Result<Answer, String>,
    /// Milliseconds since the run began, and how many it took.
    pub(crate) began: f64,
    pub(crate) took: f64,
}

/// Something that is not as it should be, before it is repeated.
#[derive(Clone)]
pub(crate) struct Find {
    pub(crate) code: &'static str,
    pub(crate) operation: String,
    pub(crate) place: String,
    pub(crate) expected: String,
    pub(crate) got: String,
    pub(crate) call: Option<Call>,
}

pub(crate) struct Wire {
    http: reqwest::Client,
    base_url: String,
    limits: Limits,
    pace: Pace,
    guard: Option<Guard>,
    /// The operations that ask to be left alone, as they are documented to.
    busy: Mutex<BTreeSet<String>>,
    /// The words that requests held.
    said: Mutex<BTreeSet<String>>,
    /// Why writes were kept back, and how often.
    kept: Mutex<BTreeMap<String, usize>>,
    pub(crate) contract: Contract,
    pub(crate) taint: Taint,
    coverage: Mutex<Coverage>,
    /// The ids that were given out: for each resource and id the tenant.
    pub(crate) ids: Mutex<BTreeMap<(usize, String), String>>,
    began: Instant,
    nonce: u64,
    fresh: AtomicU64,
    sent: AtomicUsize,
    silent: AtomicUsize,
}

impl Find {
    /// What stays the same when it is found again.
    pub(crate) fn fingerprint(&self) -> (&'static str, &str, &str) {
        (self.code, &self.operation, &self.place)
    }
}

impl Wire {
    pub(crate) fn new(
        base_url: &str,
        limits: Limits,
        keeping: Option<Keeping>,
        contract: Contract,
    ) -> Result<Self, reqwest::Error> {
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(limits.timeout)
            // A connection that the host is about to close must not cost an answer.
            .pool_idle_timeout(Duration::from_secs(1))
            .no_proxy()
            .build()?;
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        Ok(Self {
            http,
            base_url: base_url.trim_end_matches('/').to_owned(),
            pace: Pace::new(crate::engine::Limits {
                requests: None,
                per_second: limits.per_second,
            }),
            limits,
            guard: keeping.map(Guard::new),
            busy: Mutex::default(),
            said: Mutex::default(),
            kept: Mutex::default(),
            contract,
            taint: Taint::default(),
            coverage: Mutex::default(),
            ids: Mutex::default(),
            began: Instant::now(),
            nonce: u64::from(now.subsec_nanos()) ^ now.as_secs() << 20,
            fresh: AtomicU64::new(0),
            sent: AtomicUsize::new(0),
            silent: AtomicUsize::new(0),
        })
    }

    pub(crate) fn base_url(&self) -> &str {
        &self.base_url
    }

    pub(crate) fn requests(&self) -> usize {
        self.sent.load(Ordering::Relaxed)
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    pub(crate) fn coverage(&self) -> MutexGuard<'_, Coverage> {
        self.coverage.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A text that no other run sends: for idempotency keys.
    pub(crate) fn fresh(&self) -> String {
        let count = self.fresh.fetch_add(1, Ordering::Relaxed);
        format!("key-{:016x}-{count:06x}", self.nonce)
    }

    /// A number that no other thing of this run has, nor one of another run but by chance.
    pub(crate) fn unique(&self) -> u64 {
        let count = self.fresh.fetch_add(1, Ordering::Relaxed);
        self.nonce << 20 ^ count
    }

    pub(crate) fn guard(&self) -> Option<&Guard> {
        self.guard.as_ref()
    }

    /// What the name of each thing that is made begins with, on a host that is not ours alone.
    pub(crate) fn prefix(&self) -> Option<String> {
        self.guard.as_ref().map(|guard| guard.prefix().to_owned())
    }

    fn said(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The operations that ask to be left alone.
    pub(crate) fn busy(&self) -> BTreeSet<String> {
        self.busy
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Why writes were kept back, and how often.
    pub(crate) fn kept(&self) -> BTreeMap<String, usize> {
        self.kept
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Sends within the budget.
    pub(crate) async fn send(&self, api: &Api, call: Call) -> Result<Exchange, Halt> {
        let sent = self.requests();
        if sent >= self.limits.requests {
            return Err(Halt::Budget(format!(
                "the budget of {sent} requests is spent"
            )));
        }
        if self.elapsed() >= self.limits.time {
            return Err(Halt::Budget(format!(
                "the budget of {} s is spent",
                self.limits.time.as_secs()
            )));
        }
        self.send_beyond_budget(api, call).await
    }

    /// Sends whatever the budget: what was made is deleted even when it is spent.
    pub(crate) async fn send_beyond_budget(&self, api: &Api, call: Call) -> Result<Exchange, Halt> {
        if !self.limits.writes && !matches!(call.method.as_str(), "GET" | "HEAD") {
            return Err(Halt::ReadOnly);
        }
        if let Some(id) = &call.operation
            && self.busy().contains(id)
        {
            return Err(Halt::KeptBack(format!("{id} asked to be left alone")));
        }
        let ticket = self.ask(api, &call)?;
        self.learn(&call);
        for attempt in 1..=PATIENCE {
            // A rate is kept whatever the budget, so there is nothing here that could be spent.
            let _ = self.pace.turn(true).await;
            let began = self.elapsed();
            let answer = self.once(&call).await;
            self.sent.fetch_add(1, Ordering::Relaxed);
            let took = (self.elapsed() - began).as_secs_f64() * 1000.0;
            let status = answer.as_ref().ok().map(|answer| answer.status);
            if let Some(operation) = &call.operation {
                self.coverage().answered(operation, status, took);
            }
            match &answer {
                Ok(answer) if answer.status == 429 => {
                    let asked = answer.header("retry-after");
                    let wait = asked.and_then(|text| text.parse().ok()).unwrap_or(1);
                    if attempt < PATIENCE && wait <= LONGEST_WAIT {
                        tokio::time::sleep(Duration::from_secs(wait)).await;
                        continue;
                    }
                    self.hear(api, ticket, &call, answer)?;
                    self.leave_alone(api, &call, wait)?;
                }
                Ok(answer) => {
                    self.silent.store(0, Ordering::Relaxed);
                    self.hear(api, ticket, &call, answer)?;
                }
                Err(why) => {
                    if self.silent.fetch_add(1, Ordering::Relaxed) + 1 >= SILENT {
                        return Err(Halt::Host(format!(
                            "{SILENT} requests in a row got no answer; the last one: {why}"
                        )));
                    }
                }
            }
            return Ok(Exchange {
                call,
                answer,
                began: began.as_secs_f64() * 1000.0,
                took,
            });
        }
        Err(Halt::Throttled("no attempt was made".to_owned()))
    }

    /// An operation that lists 429 is left alone from then on; where another answers so, or too many do, the host has had enough.
    fn leave_alone(&self, api: &Api, call: &Call, wait: u64) -> Result<(), Halt> {
        let operation = call.operation.as_deref().and_then(|id| api.operation(id));
        let listed = operation.filter(|operation| operation.responses.contains_key("429"));
        let mut busy = self.busy.lock().unwrap_or_else(PoisonError::into_inner);
        busy.extend(listed.map(|operation| operation.id.clone()));
        if listed.is_some() && busy.len() < BUSY {
            return Ok(());
        }
        Err(Halt::Throttled(format!(
            "{} {} was answered 429 after the waits that it asked for; the last one is {wait} s",
            call.method, call.path
        )))
    }

    /// Leave for a request, with the number under which its answer is heard.
    fn ask(&self, api: &Api, call: &Call) -> Result<Option<u64>, Halt> {
        let reads = matches!(call.method.as_str(), "GET" | "HEAD");
        let Some(guard) = self.guard.as_ref().filter(|_| !reads) else {
            return Ok(None);
        };
        guard.ask(api, call).map_err(|refusal| match refusal {
            Refusal::Kept(why) => {
                let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
                *kept.entry(why.clone()).or_default() += 1;
                Halt::KeptBack(why)
            }
            Refusal::Ledger(error) => Halt::Budget(error.to_string()),
        })
    }

    fn hear(
        &self,
        api: &Api,
        ticket: Option<u64>,
        call: &Call,
        answer: &Answer,
    ) -> Result<(), Halt> {
        match &self.guard {
            Some(guard) => guard
                .heard(api, ticket, call, answer)
                .map_err(|error| Halt::Budget(error.to_string())),
            None => Ok(()),
        }
    }

    /// A request of a sign-in, which the guard lets through: it changes nothing that a user would see.
    pub(crate) async fn sign_in(&self, call: Call) -> Result<Answer, String> {
        // As above: there is nothing here that could be spent.
        let _ = self.pace.turn(true).await;
        self.sent.fetch_add(1, Ordering::Relaxed);
        let began = self.elapsed();
        let answer = self.once(&call).await;
        let path = call.path.split('?').next().unwrap_or_default();
        if let (Some(operation), Ok(answer)) = (
            self.contract.document().matching(&call.method, path),
            &answer,
        ) {
            let took = (self.elapsed() - began).as_secs_f64() * 1000.0;
            self.coverage()
                .answered(&operation.id, Some(answer.status), took);
        }
        answer
    }

    async fn once(&self, call: &Call) -> Result<Answer, String> {
        let url = call
            .url(&self.base_url)
            .ok_or_else(|| format!("{}{} is no URL", self.base_url, call.path))?;
        let method =
            Method::from_bytes(call.method.as_bytes()).map_err(|error| error.to_string())?;
        let mut request = self.http.request(method, url);
        for (name, value) in call.headers.iter().cloned().chain(call.sign.shown()) {
            request = request.header(name, value);
        }
        if let Some(body) = &call.body {
            request = request.body(body.clone());
        }
        let told = |error: reqwest::Error| chain(&error.without_url());
        let response = request.send().await.map_err(told)?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = response.bytes().await.map_err(told)?.to_vec();
        Ok(Answer {
            status,
            headers,
            body,
            call: call.clone(),
            shown_base_url: self.base_url.clone(),
            operation: call.operation.clone(),
        })
    }

    /// What an exchange does otherwise than the document says.
    pub(crate) fn judge(&self, exchange: &Exchange) -> Vec<Find> {
        let call = &exchange.call;
        let name = call
            .operation
            .clone()
            .unwrap_or_else(|| format!("{} {}", call.method, call.path));
        let find = |code: &'static str, place: &str, expected: &str, got: String| Find {
            code,
            operation: name.clone(),
            place: place.to_owned(),
            expected: expected.to_owned(),
            got,
            call: Some(call.clone()),
        };
        let answer = match &exchange.answer {
            Ok(answer) => answer,
            Err(why) => return vec![find("answer.none", "", "an answer", why.clone())],
        };
        let Some(operation) = call
            .operation
            .as_deref()
            .and_then(|id| self.contract.document().operation(id))
        else {
            return Vec::new();
        };
        self.tally_answer(&operation.id, answer.status);
        if answer.status >= 500 {
            let got = format!("{} with {}", answer.status, answer.text());
            return vec![find(
                "answer.server-error",
                "status",
                "no server error",
                got,
            )];
        }
        let asked = Asked {
            operation,
            taint: &self.taint,
        };
        let (findings, secrets) = self.contract.check(&asked, answer);
        for secret in secrets {
            self.taint.learn(&secret.text, &secret.variable);
        }
        findings
            .into_iter()
            .filter(|finding| {
                // A word that we made up ourselves is no drift of the host.
                let is_word = finding.code.name() == "drift.undeclared-value";
                let word: Option<String> = serde_json::from_str(&finding.got).ok();
                !is_word || word.is_none_or(|word| !self.said().contains(&word))
            })
            .filter_map(|finding| {
                let code = check(finding.code.name())?.code;
                Some(find(code, &finding.place, &finding.expected, finding.got))
            })
            .collect()
    }

    fn tally_answer(&self, operation: &str, status: u16) {
        let mut coverage = self.coverage();
        for code in [
            "answer.none",
            "answer.server-error",
            "answer.status-not-listed",
            "answer.secret-shown",
        ] {
            coverage.tally(operation, code);
        }
        let response = self
            .contract
            .document()
            .operation(operation)
            .and_then(|operation| operation.response(status));
        let Some((_, response)) = response else {
            return;
        };
        if response.content.is_empty() {
            coverage.tally(operation, "answer.body-unexpected");
        } else {
            for code in [
                "answer.content-type-missing",
                "answer.content-type-not-listed",
                "answer.body-unreadable",
                "answer.body-mismatch",
                "drift.undeclared-field",
                "drift.undeclared-value",
            ] {
                coverage.tally(operation, code);
            }
        }
        if !response.headers.is_empty() {
            coverage.tally(operation, "answer.header-missing");
            coverage.tally(operation, "answer.header-mismatch");
        }
    }

    /// Remembers the secrets that a call sends.
    fn learn(&self, call: &Call) {
        // A token without a variable is made up.
        for header in call
            .sign
            .headers
            .iter()
            .filter(|header| !header.variable.is_empty())
        {
            self.taint.learn(&header.secret, &header.variable);
        }
        let operation = call
            .operation
            .as_deref()
            .and_then(|id| self.contract.document().operation(id));
        let body: Option<Value> = call
            .body
            .as_deref()
            .and_then(|body| serde_json::from_slice(body).ok());
        let (Some(operation), Some(body)) = (operation, body) else {
            return;
        };
        words(&body, &mut self.said());
        for schema in operation.request.values() {
            let Ok(schema) = self.contract.schema(schema, Direction::Request) else {
                continue;
            };
            for mark in schema.marks(&body) {
                // Bodies are made up here, those of a sign-in excepted, whose secrets are learned there.
                if let MarkKind::Secret(secret) = mark.kind {
                    self.taint.watch(&secret, &variable_of(&mark.pointer));
                }
            }
        }
    }
}

/// Every text of a body that could pass for a word of a vocabulary.
fn words(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::String(text) if text.len() <= 100 => {
            found.insert(text.clone());
        }
        Value::Array(items) => items.iter().for_each(|item| words(item, found)),
        Value::Object(fields) => fields.values().for_each(|field| words(field, found)),
        _ => {}
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut below = error.source();
    while let Some(error) = below {
        text.push_str(&format!(": {error}"));
        below = error.source();
    }
    text
}
