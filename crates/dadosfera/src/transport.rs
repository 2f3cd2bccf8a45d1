//! The one attempt loop: gate, token, signature, send, classify, and again where that is allowed.
//!
//! Rules: the token is taken inside the loop, so that no attempt is signed with a dead one. A 401 is answered with another
//! token once a call. Credentials go to the configured server and nowhere else. No request carries both kinds.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use dadosfera_raw::{Op, Secret};
use reqwest::header::{AUTHORIZATION, HeaderName, HeaderValue};
use reqwest::{Request, Response, StatusCode};

use crate::auth::session::{Session, Signature};
use crate::chance;
use crate::clock::{Clock, Moment};
use crate::config::BaseUrl;
use crate::error::{Error, ErrorKind};
use crate::outcome;
use crate::retry::{Failure, Retry};

const API_KEY: HeaderName = HeaderName::from_static("x-api-key");
const LANGUAGE: HeaderName = HeaderName::from_static("dadosfera-lang");
/// No answer of these operations comes near; a body that goes on for ever must not fill the memory.
const LARGEST_ANSWER: usize = 64 * 1024 * 1024;
/// A file that goes up takes as long as it takes, but a server that takes nothing must not be waited for for ever.
const LONGEST_UPLOAD: Duration = Duration::from_secs(6 * 3600);
/// Of a failure only its first words count.
const LARGEST_PROBLEM: usize = 64 * 1024;

/// Sends requests.
pub(crate) struct Transport {
    pub(crate) base_url: BaseUrl,
    pub(crate) signer: Signer,
    pub(crate) language: Option<HeaderValue>,
    /// One attempt may take this long.
    pub(crate) attempt: Duration,
    /// One call may take this long, with its retries and the sign-in that it waits for.
    pub(crate) total: Duration,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) gate: Gate,
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

/// What an attempt was signed with.
enum Signed {
    Nothing,
    Key,
    Token(Signature),
}

/// After a 429 nothing is sent to this server until the pause that it asked for is over.
#[derive(Debug, Default)]
pub(crate) struct Gate(Mutex<Option<(Moment, Duration)>>);

impl Transport {
    /// Sends a request until it succeeds or may not be sent again. A failure comes back inside a made-up response.
    pub(crate) async fn send(
        &self,
        http: &reqwest::Client,
        request: Request,
        op: &'static Op,
    ) -> Response {
        match self.attempts(http, request, op).await {
            Ok(response) => response,
            Err(error) => outcome::carry(error),
        }
    }

    async fn attempts(
        &self,
        http: &reqwest::Client,
        mut request: Request,
        op: &'static Op,
    ) -> Result<Response, Error> {
        self.prepare(&mut request, op)?;
        let started = Moment::now(&*self.clock);
        let (mut retries, mut has_other_token) = (0, false);
        loop {
            self.pass_gate(op, started).await?;
            // A body that cannot be copied is sent once.
            let spare = request.try_clone();
            let signed = self.sign(&mut request, op, self.left(started)).await?;
            let failure = match self.attempt(http, request, op, self.left(started)).await {
                Ok(response) => return Ok(response),
                Err(failure) => self.scrubbed(failure, &signed),
            };
            let Some(next) = spare else {
                return Err(failure.error);
            };
            request = next;
            if failure.retry == Retry::WithOtherToken {
                match (&self.signer, &signed) {
                    (Signer::Session(session), Signed::Token(signature))
                        if !has_other_token && session.reject(signature) =>
                    {
                        has_other_token = true;
                        continue;
                    }
                    _ => return Err(self.unauthorized(failure.error)),
                }
            }
            let Some(delay) = failure.delay(op.idempotent, retries, chance::fraction()) else {
                return Err(failure.error);
            };
            if failure.error.kind() == ErrorKind::RateLimited {
                self.gate.close(Moment::now(&*self.clock), delay);
            }
            if delay >= self.left(started) {
                return Err(failure.error);
            }
            self.clock.sleep(delay).await;
            retries += 1;
        }
    }

    /// What every attempt carries. A request for another server is refused: it would take the credentials along.
    fn prepare(&self, request: &mut Request, op: &Op) -> Result<(), Error> {
        if !self.base_url.is_origin_of(request.url()) {
            return Err(Error::invalid_input(
                "the request is for another server than the client's",
                "build a client for that server",
            )
            .of(op.id));
        }
        if let Some(language) = &self.language {
            request.headers_mut().insert(LANGUAGE, language.clone());
        }
        Ok(())
    }

    async fn sign(&self, request: &mut Request, op: &Op, left: Duration) -> Result<Signed, Error> {
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
                let signature = match tokio::time::timeout(left, session.acquire()).await {
                    Ok(signature) => signature.map_err(|error| error.of_if_unknown(op.id))?,
                    Err(_) => return Err(timed_out(op, "the sign-in took too long, and goes on")),
                };
                request
                    .headers_mut()
                    .insert(AUTHORIZATION, signature.header.clone());
                Ok(Signed::Token(signature))
            }
        }
    }

    async fn attempt(
        &self,
        http: &reqwest::Client,
        mut request: Request,
        op: &Op,
        left: Duration,
    ) -> Result<Response, Failure> {
        if left.is_zero() {
            return Err(Failure::never(timed_out(
                op,
                "the time limit of the call passed",
            )));
        }
        let is_streamed_up = request.body().is_some_and(|body| body.as_bytes().is_none());
        if !op.streams && !is_streamed_up {
            *request.timeout_mut() = Some(self.attempt.min(left));
        }
        // A file takes as long as it takes; the head of an answer to a small request does not.
        let patience = if is_streamed_up {
            left.max(LONGEST_UPLOAD)
        } else {
            self.attempt.min(left)
        };
        let mut response = match tokio::time::timeout(patience, http.execute(request)).await {
            Ok(sent) => sent.map_err(|error| outcome::of_transport(op, error))?,
            Err(_) => {
                return Err(Failure::if_idempotent(timed_out(
                    op,
                    "no answer came in time",
                )));
            }
        };
        let (status, is_answer) = (response.status(), response.status().is_success());
        if op.streams && is_answer && !outcome::is_html(response.headers()) {
            return Ok(response);
        }
        let body = match read(
            &mut response,
            if is_answer {
                LARGEST_ANSWER
            } else {
                LARGEST_PROBLEM
            },
        )
        .await
        {
            Ok(Body::Whole(body)) => body,
            Ok(Body::TooLarge(_)) if is_answer => {
                return Err(outcome::foreign(
                    op,
                    status,
                    "the answer is larger than any of the API's",
                ));
            }
            Ok(Body::TooLarge(start)) => start,
            Err(error) if is_answer && error.is_timeout() => {
                return Err(outcome::of_transport(op, error));
            }
            Err(error) if is_answer => return Err(outcome::torn(op, status, Some(error))),
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
        let mut whole = http::Response::new(body);
        *whole.status_mut() = status;
        *whole.headers_mut() = std::mem::take(response.headers_mut());
        Ok(whole.into())
    }

    async fn pass_gate(&self, op: &Op, started: Moment) -> Result<(), Error> {
        while let Some(pause) = self.gate.pause(Moment::now(&*self.clock)) {
            if pause >= self.left(started) {
                return Err(Error::new(
                    ErrorKind::RateLimited,
                    "the server asked for a pause, so nothing was sent",
                )
                .of(op.id)
                .with_retry_after(Some(pause))
                .next("wait as long as retry_after() says"));
            }
            self.clock.sleep(pause).await;
        }
        Ok(())
    }

    fn left(&self, started: Moment) -> Duration {
        self.total
            .saturating_sub(Moment::now(&*self.clock).since(&started))
    }

    /// Takes out of a failure what the server may have repeated.
    fn scrubbed(&self, failure: Failure, signed: &Signed) -> Failure {
        let error = match (signed, &self.signer) {
            (Signed::Token(signature), _) => failure.error.without(&[signature.token.expose()]),
            (Signed::Key, Signer::ApiKey { key, .. }) => failure.error.without(&[key.expose()]),
            _ => failure.error,
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

impl Gate {
    fn close(&self, now: Moment, pause: Duration) {
        let mut closed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_longer =
            closed.is_none_or(|(since, current)| current.saturating_sub(now.since(&since)) < pause);
        if is_longer {
            *closed = Some((now, pause));
        }
    }

    /// How long it stays closed.
    fn pause(&self, now: Moment) -> Option<Duration> {
        let mut closed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (since, pause) = (*closed)?;
        let left = pause.saturating_sub(now.since(&since));
        if left.is_zero() {
            *closed = None;
            return None;
        }
        Some(left)
    }
}

enum Body {
    Whole(Bytes),
    /// As much as was read.
    TooLarge(Bytes),
}

async fn read(response: &mut Response, largest: usize) -> reqwest::Result<Body> {
    let mut body = BytesMut::new();
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > largest {
            return Ok(Body::TooLarge(body.freeze()));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Body::Whole(body.freeze()))
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
