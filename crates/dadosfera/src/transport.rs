//! The one attempt loop: gate, token, signature, send, classify, and again where that is allowed.
//!
//! Rules: the token is taken inside the loop, so that no attempt is signed with a dead one. A 401 is answered with another
//! token once a call. Credentials go to the configured server and nowhere else. No request carries both kinds.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use dadosfera_raw::{Op, Secret};
use reqwest::header::{AUTHORIZATION, HeaderName, HeaderValue};
use reqwest::{Request, Response, StatusCode};

use crate::answer::AnswerHead;
use crate::auth::session::{Session, Signature};
use crate::body::{self, Broken, Read};
use crate::budget::Budget;
use crate::chance;
use crate::clock::{Clock, Moment};
use crate::config::BaseUrl;
use crate::error::{Error, ErrorKind};
use crate::gate::Gate;
use crate::limits::Limits;
use crate::observe::{Observer, Watch};
use crate::outcome;
use crate::retry::{Failure, Retry};
use crate::scope::Scope;

const API_KEY: HeaderName = HeaderName::from_static("x-api-key");
const LANGUAGE: HeaderName = HeaderName::from_static("dadosfera-lang");
/// No answer of these operations comes near; a body that goes on for ever must not fill the memory.
const LARGEST_ANSWER: usize = 64 * 1024 * 1024;
/// Of a failure only its first words count.
const LARGEST_PROBLEM: usize = 64 * 1024;

/// Sends requests.
pub(crate) struct Transport {
    pub(crate) base_url: BaseUrl,
    pub(crate) signer: Signer,
    pub(crate) language: Option<HeaderValue>,
    pub(crate) limits: Limits,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) gate: Gate,
    /// One for all transports of a client.
    pub(crate) budget: Arc<Budget>,
    pub(crate) observer: Observer,
}

/// How requests are signed.
pub(crate) enum Signer {
    /// Not at all: operations without credentials only.
    None,
    ApiKey {
        header: HeaderValue,
        key: Secret,
    },
    Session(Session),
}

impl Signer {
    pub(crate) fn api_key(key: Secret) -> Result<Self, Error> {
        let mut header = HeaderValue::from_str(key.expose()).map_err(|_| {
            Error::config(
                "the API key holds characters that no header can carry",
                "copy it again, without a line break",
            )
        })?;
        header.set_sensitive(true);
        Ok(Self::ApiKey { header, key })
    }
}

/// What an attempt was signed with.
enum Signed {
    Nothing,
    Key,
    Token(Signature),
}

/// What every attempt of one call shares.
struct Course<'a> {
    op: &'static Op,
    scope: &'a Scope,
    limits: Limits,
    started: Moment,
}

impl Transport {
    /// Sends a request until it succeeds or may not be sent again. A failure comes back inside a made-up response.
    pub(crate) async fn send(
        &self,
        http: &reqwest::Client,
        request: Request,
        op: &'static Op,
        scope: &Scope,
    ) -> Response {
        let course = Course {
            op,
            scope,
            limits: self.limits.of(scope.options()),
            started: Moment::now(&*self.clock),
        };
        let mut watch = self.observer.watch(op);
        let span = watch.span().clone();
        let outcome = span
            .run(self.attempts(http, request, &course, &mut watch))
            .await;
        watch.ended(&outcome);
        outcome.unwrap_or_else(outcome::carry)
    }

    async fn attempts(
        &self,
        http: &reqwest::Client,
        mut request: Request,
        course: &Course<'_>,
        watch: &mut Watch<'_>,
    ) -> Result<Response, Error> {
        let op = course.op;
        self.prepare(&mut request, course)?;
        let is_idempotent = course.scope.is_idempotent(op);
        self.budget.deposit(self.clock.monotonic());
        let (mut retries, mut has_other_token) = (0, false);
        loop {
            self.pass_gate(course).await?;
            // A body that cannot be copied is sent once.
            let spare = request.try_clone();
            let signed = self.sign(&mut request, course).await?;
            let attempt = watch.attempt();
            let sent = self.attempt(http, request, course, watch.attempts());
            let outcome = attempt.span().run(sent).await;
            watch.attempt_ended(&attempt, &outcome);
            let failure = match outcome {
                Ok(response) => return Ok(response),
                Err(failure) => self.explained(self.scrubbed(failure, &signed), op),
            };
            if failure.retry == Retry::WithOtherToken {
                // The token is given up in any case: the next call must not be signed with it.
                let may_have_another = match (&self.signer, &signed) {
                    (Signer::Session(session), Signed::Token(signature)) => {
                        session.reject(signature)
                    }
                    _ => false,
                };
                match spare {
                    Some(next) if may_have_another && !has_other_token => {
                        (request, has_other_token) = (next, true);
                        continue;
                    }
                    None if may_have_another => {
                        return Err(failure.error.next(
                            "the token was given up, and a streamed body is sent once; call again",
                        ));
                    }
                    _ => return Err(self.unauthorized(failure.error)),
                }
            }
            let Some(next) = spare else {
                return Err(sent_once(&failure, is_idempotent));
            };
            request = next;
            let most = course.limits.attempts.saturating_sub(1);
            let Some(delay) = failure.delay(is_idempotent, retries, most, chance::fraction())
            else {
                return Err(failure.error);
            };
            if failure.error.kind() == ErrorKind::RateLimited {
                self.gate.close(Moment::now(&*self.clock), delay);
            }
            if delay >= self.left(course) {
                return Err(failure.error);
            }
            if !self.budget.has_one(self.clock.monotonic()) {
                return Err(out_of_budget(failure.error));
            }
            self.clock.sleep(delay).await;
            if !self.budget.withdraw(self.clock.monotonic()) {
                return Err(out_of_budget(failure.error));
            }
            retries += 1;
        }
    }

    /// What every attempt carries. A request for another server is refused: it would take the credentials along.
    fn prepare(&self, request: &mut Request, course: &Course<'_>) -> Result<(), Error> {
        if !self.base_url.is_origin_of(request.url()) {
            return Err(Error::invalid_input(
                "the request is for another server than the client's",
                "build a client for that server",
            )
            .of(course.op.id));
        }
        if let Some(language) = &self.language {
            request.headers_mut().insert(LANGUAGE, language.clone());
        }
        let Some(options) = course.scope.options() else {
            return Ok(());
        };
        if let Some(fault) = &options.fault {
            return Err(fault.clone().of(course.op.id));
        }
        if let Some(language) = options.language {
            request
                .headers_mut()
                .insert(LANGUAGE, HeaderValue::from_static(language));
        }
        for (name, value) in &options.headers {
            request.headers_mut().insert(name.clone(), value.clone());
        }
        Ok(())
    }

    async fn sign(&self, request: &mut Request, course: &Course<'_>) -> Result<Signed, Error> {
        let op = course.op;
        if !op.authenticated {
            return Ok(Signed::Nothing);
        }
        match &self.signer {
            Signer::None => Err(Error::config(
                "the client has no credentials, and this operation needs some",
                "build it without anonymous()",
            )
            .of(op.id)),
            Signer::ApiKey { header, .. } => {
                request.headers_mut().insert(API_KEY, header.clone());
                Ok(Signed::Key)
            }
            Signer::Session(session) => {
                let signature = match tokio::time::timeout(self.left(course), session.acquire())
                    .await
                {
                    Ok(signature) => signature.map_err(|error| error.of_if_unknown(op.id))?,
                    Err(_) => return Err(timed_out(op, "the sign-in took too long, and goes on")),
                };
                request
                    .headers_mut()
                    .insert(AUTHORIZATION, signature.header().clone());
                Ok(Signed::Token(signature))
            }
        }
    }

    async fn attempt(
        &self,
        http: &reqwest::Client,
        mut request: Request,
        course: &Course<'_>,
        number: u32,
    ) -> Result<Response, Failure> {
        let (op, limits, left) = (course.op, &course.limits, self.left(course));
        if left.is_zero() {
            return Err(Failure::never(timed_out(
                op,
                "the time limit of the call passed",
            )));
        }
        let is_streamed_up = request.body().is_some_and(|body| body.as_bytes().is_none());
        let patience = if is_streamed_up {
            limits.upload
        } else {
            limits.attempt.min(left)
        };
        if !op.streams && !is_streamed_up {
            *request.timeout_mut() = Some(patience);
        }
        let pace = match request.body_mut() {
            Some(body) if is_streamed_up => {
                let (watched, pace) = body::paced(std::mem::take(body));
                *body = watched;
                Some(pace)
            }
            _ => None,
        };
        let stalled = async {
            match &pace {
                Some(pace) => pace.stalled(limits.idle).await,
                None => std::future::pending().await,
            }
        };
        let too_late = |what| Failure::if_idempotent(timed_out(op, what));
        let mut response = tokio::select! {
            sent = tokio::time::timeout(patience, http.execute(request)) => match sent {
                Ok(sent) => sent.map_err(|error| outcome::of_transport(op, error))?,
                Err(_) => return Err(too_late("no answer came in time")),
            },
            () = stalled => return Err(too_late("the server stopped taking the body")),
        };
        let (status, is_answer) = (response.status(), response.status().is_success());
        if op.streams && is_answer && !outcome::is_html(response.headers()) {
            note(course, &response, None, number);
            let limit = limits.download.map(|limit| limit.min(self.left(course)));
            return Ok(body::watched(response, limits.idle, limit));
        }
        let largest = if is_answer {
            LARGEST_ANSWER
        } else {
            LARGEST_PROBLEM
        };
        let body = match body::read(&mut response, largest, limits.idle).await {
            Ok(Read::Whole(body)) => body,
            Ok(Read::TooLarge(_)) if is_answer => {
                return Err(outcome::foreign(
                    op,
                    status,
                    "the answer is larger than any of the API's",
                ));
            }
            Ok(Read::TooLarge(start)) => start,
            Err(Broken::Idle) if is_answer => return Err(outcome::idle(op, status)),
            Err(Broken::Network(error)) if is_answer && error.is_timeout() => {
                return Err(outcome::of_transport(op, error));
            }
            Err(Broken::Network(error)) if is_answer => {
                return Err(outcome::torn(op, status, Some(error)));
            }
            // The status says what happened, with or without its words.
            Err(_) => Bytes::new(),
        };
        if is_answer {
            outcome::check_success(op, status, response.headers(), &body)?;
        } else if !is_answer_in_disguise(op, status, &body) {
            return Err(outcome::of_status(
                op,
                status,
                response.headers(),
                &body,
                self.clock.wall(),
            ));
        }
        note(course, &response, Some(&body), number);
        let mut whole = http::Response::new(body);
        *whole.status_mut() = status;
        *whole.headers_mut() = std::mem::take(response.headers_mut());
        Ok(whole.into())
    }

    async fn pass_gate(&self, course: &Course<'_>) -> Result<(), Error> {
        while let Some(pause) = self.gate.pause(Moment::now(&*self.clock)) {
            if pause >= self.left(course) {
                return Err(Error::new(
                    ErrorKind::RateLimited,
                    "the server asked for a pause, so nothing was sent",
                )
                .of(course.op.id)
                .with_retry_after(Some(pause))
                .next("wait as long as retry_after() says"));
            }
            self.clock.sleep(pause).await;
        }
        Ok(())
    }

    fn left(&self, course: &Course<'_>) -> Duration {
        let total = course.limits.total;
        total.saturating_sub(Moment::now(&*self.clock).since(&course.started))
    }

    /// Takes out of a failure what the server may have repeated.
    fn scrubbed(&self, failure: Failure, signed: &Signed) -> Failure {
        let error = match (signed, &self.signer) {
            (Signed::Token(signature), _) => failure.error.without(&[signature.token().expose()]),
            (Signed::Key, Signer::ApiKey { key, .. }) => failure.error.without(&[key.expose()]),
            _ => failure.error,
        };
        Failure { error, ..failure }
    }

    /// Says of a 403 whether the signed-in user holds the permission that the operation needs.
    fn explained(&self, failure: Failure, op: &Op) -> Failure {
        let (Some(permission), Signer::Session(session)) =
            (failure.error.missing_permission(), &self.signer)
        else {
            return failure;
        };
        let Some(who) = session.signed_in() else {
            return failure;
        };
        let error = if who.may(permission) {
            failure
                .error
                .into_kind(
                    ErrorKind::Forbidden,
                    format!("the API forbids it, although the user held `{permission}` at sign-in"),
                    "sign in again to see whether it was taken away, and ask an administrator what else it needs",
                )
                .with_missing_permission(None)
        } else {
            let name = who.user.as_ref().map_or("the user", |user| &user.username);
            failure.error.next(format!(
                "{name} does not hold it; ask an administrator to grant it, or look beforehand with can(\"{permission}\") \
                 and check_plan([\"{}\"])",
                op.id
            ))
        };
        Failure { error, ..failure }
    }

    fn unauthorized(&self, error: Error) -> Error {
        match &self.signer {
            Signer::ApiKey { .. } => error.into_kind(
                ErrorKind::Unauthorized,
                "the API does not accept the API key",
                "check that it was not deleted and belongs to this server",
            ),
            Signer::Session(_) => error.into_kind(
                ErrorKind::Unauthorized,
                "the API does not accept the token, not even a new one",
                "check that the account still exists and that the base URL is the one that it belongs to",
            ),
            Signer::None => error,
        }
    }
}

/// Keeps the answer for whoever wants to see it.
fn note(course: &Course<'_>, response: &Response, body: Option<&Bytes>, attempts: u32) {
    if let Some(recorder) = course.scope.recorder() {
        recorder.note(AnswerHead {
            operation: course.op.id,
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            body: body.cloned(),
            attempts,
        });
    }
}

/// The error of a request whose body was a stream, which nobody can send again but the caller.
fn sent_once(failure: &Failure, is_idempotent: bool) -> Error {
    let error = failure.error.clone();
    if failure.may_repeat(is_idempotent) {
        return error.next(
            "its body is a stream, so it was sent once; look whether it took effect and send it again",
        );
    }
    error
}

fn out_of_budget(error: Error) -> Error {
    error.next(
        "the client has used up its retries for the moment, since too many calls fail; try again later",
    )
}

/// An API that is not well answers 503 and the same report as when it is.
fn is_answer_in_disguise(op: &Op, status: StatusCode, body: &[u8]) -> bool {
    op.id == "get_health"
        && status == StatusCode::SERVICE_UNAVAILABLE
        && serde_json::from_slice::<dadosfera_raw::types::HealthReport>(body).is_ok()
}

fn timed_out(op: &Op, what: &str) -> Error {
    Error::new(ErrorKind::Timeout, what)
        .of(op.id)
        .next("allow it more time, or look whether it took effect")
}
