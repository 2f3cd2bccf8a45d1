//! What can be seen of calls from outside: a hook for metrics and, with the feature `tracing`, spans.
//!
//! Rule: operations, statuses, kinds of errors, counts and durations are told; URLs, headers, bodies and messages never.
//! Without a hook and without the feature nothing is measured.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use dadosfera_raw::Op;
use reqwest::Response;

use crate::clock::Clock;
use crate::config::BaseUrl;
use crate::error::{Error, ErrorKind};
use crate::retry::Failure;
use crate::spans::Span;

/// Is told of every attempt and every call; for [`ClientBuilder::metrics`](crate::ClientBuilder::metrics).
///
/// The methods are called on the task of the call, so they should only count. A sign-in or a refresh is a call like any
/// other, and is told once however many callers wait for it.
///
/// ```
/// use std::sync::atomic::{AtomicU64, Ordering};
///
/// use dadosfera::{AttemptEnd, CallEnd, Metrics};
///
/// #[derive(Debug, Default)]
/// struct Failures(AtomicU64);
///
/// impl Metrics for Failures {
///     fn attempt_ended(&self, attempt: &AttemptEnd<'_>) {
///         println!("{} {} took {:?}", attempt.method, attempt.url_template, attempt.duration);
///     }
///
///     fn call_ended(&self, call: &CallEnd<'_>) {
///         if call.error.is_some() {
///             self.0.fetch_add(1, Ordering::Relaxed);
///         }
///     }
/// }
/// ```
pub trait Metrics: fmt::Debug + Send + Sync {
    /// One attempt ended.
    fn attempt_ended(&self, attempt: &AttemptEnd<'_>) {
        let _ = attempt;
    }

    /// A call ended, with all its attempts.
    fn call_ended(&self, call: &CallEnd<'_>) {
        let _ = call;
    }
}

/// How one attempt ended.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct AttemptEnd<'a> {
    /// The operation, such as `list_pipelines`; `request` for one that the SDK does not know.
    pub operation: &'static str,
    /// The HTTP method.
    pub method: &'static str,
    /// The path with its parameters' names, such as `/platform/pipeline/{pipelineId}`; empty for `request`.
    pub url_template: &'static str,
    /// The server's name or address.
    pub server_address: &'a str,
    /// Which attempt it was, counted from 1.
    pub attempt: u32,
    /// The status of the answer, where one came.
    pub status: Option<u16>,
    /// What went wrong, where something did.
    pub error: Option<ErrorKind>,
    /// How long it took; of a download up to its head.
    pub duration: Duration,
}

/// How a call ended.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct CallEnd<'a> {
    /// The operation, such as `list_pipelines`; `request` for one that the SDK does not know.
    pub operation: &'static str,
    /// The HTTP method.
    pub method: &'static str,
    /// The path with its parameters' names; empty for `request`.
    pub url_template: &'static str,
    /// The server's name or address.
    pub server_address: &'a str,
    /// How often it was sent; 0 where it was refused before.
    pub attempts: u32,
    /// The status of the last answer, where one came.
    pub status: Option<u16>,
    /// What went wrong, where something did.
    pub error: Option<ErrorKind>,
    /// How long it took, with its pauses.
    pub duration: Duration,
}

/// What watches the calls of one transport.
#[derive(Debug, Clone)]
pub(crate) struct Observer {
    pub(crate) metrics: Option<Arc<dyn Metrics>>,
    pub(crate) base_url: BaseUrl,
    pub(crate) clock: Arc<dyn Clock>,
}

/// A call that is watched.
pub(crate) struct Watch<'a> {
    observer: &'a Observer,
    op: &'static Op,
    span: Span,
    began: Option<Duration>,
    attempts: u32,
}

/// An attempt that is watched.
pub(crate) struct AttemptWatch {
    span: Span,
    began: Option<Duration>,
}

impl Observer {
    pub(crate) fn watch(&self, op: &'static Op) -> Watch<'_> {
        Watch {
            observer: self,
            op,
            span: Span::of_call(op, &self.base_url),
            began: self.now(),
            attempts: 0,
        }
    }

    /// The time, where anybody wants to know.
    fn now(&self) -> Option<Duration> {
        self.metrics.as_ref().map(|_| self.clock.monotonic())
    }

    fn since(&self, began: Option<Duration>) -> Duration {
        began.map_or(Duration::ZERO, |began| {
            self.clock.monotonic().saturating_sub(began)
        })
    }
}

impl Watch<'_> {
    pub(crate) const fn span(&self) -> &Span {
        &self.span
    }

    /// How often it was sent.
    pub(crate) const fn attempts(&self) -> u32 {
        self.attempts
    }

    pub(crate) fn attempt(&mut self) -> AttemptWatch {
        self.attempts += 1;
        AttemptWatch {
            span: self
                .span
                .of_attempt(self.op, &self.observer.base_url, self.attempts - 1),
            began: self.observer.now(),
        }
    }

    pub(crate) fn attempt_ended(
        &self,
        attempt: &AttemptWatch,
        outcome: &Result<Response, Failure>,
    ) {
        let (status, error) = match outcome {
            Ok(response) => (Some(response.status().as_u16()), None),
            Err(failure) => (failure.error.status(), Some(failure.error.kind())),
        };
        attempt.span.ended(status, error, None);
        if let Some(metrics) = &self.observer.metrics {
            metrics.attempt_ended(&AttemptEnd {
                operation: self.op.id,
                method: self.op.method,
                url_template: self.op.path,
                server_address: self.observer.base_url.host(),
                attempt: self.attempts,
                status,
                error,
                duration: self.observer.since(attempt.began),
            });
        }
    }

    pub(crate) fn ended(&self, outcome: &Result<Response, Error>) {
        let (status, error) = match outcome {
            Ok(response) => (Some(response.status().as_u16()), None),
            Err(error) => (error.status(), Some(error.kind())),
        };
        self.span
            .ended(status, error, Some(self.attempts.saturating_sub(1)));
        if let Some(metrics) = &self.observer.metrics {
            metrics.call_ended(&CallEnd {
                operation: self.op.id,
                method: self.op.method,
                url_template: self.op.path,
                server_address: self.observer.base_url.host(),
                attempts: self.attempts,
                status,
                error,
                duration: self.observer.since(self.began),
            });
        }
    }
}

impl AttemptWatch {
    pub(crate) const fn span(&self) -> &Span {
        &self.span
    }
}
