//! One call of one operation: a generated client of its own, whose transport notes the answer's status.
//!
//! The generated client drops the status of an answer that it cannot decode; the note keeps it. It costs two counters and
//! the text of the base URL, beside a round trip.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};

use dadosfera_raw::{self as raw, BoxFuture, Inner, Op, ResponseValue};
use serde::de::DeserializeOwned;

use crate::error::{Error, ErrorKind};
use crate::outcome;
use crate::scope::Scope;
use crate::transport::Transport;

/// Makes calls; cheap to clone.
#[derive(Clone)]
pub(crate) struct Caller {
    base_url: Arc<str>,
    http: reqwest::Client,
    transport: Arc<Transport>,
}

/// A call under way.
pub(crate) struct Call {
    operation: &'static str,
    raw: raw::Client,
    status: Arc<AtomicU16>,
}

impl Caller {
    pub(crate) fn new(base_url: &str, http: reqwest::Client, transport: Arc<Transport>) -> Self {
        Self {
            base_url: base_url.into(),
            http,
            transport,
        }
    }

    /// Begins a call of this operation.
    pub(crate) fn call(&self, operation: &'static str) -> Call {
        self.call_in(operation, Scope::default())
    }

    /// Begins a call of this operation with options or somebody who listens.
    pub(crate) fn call_in(&self, operation: &'static str, scope: Scope) -> Call {
        let status = Arc::new(AtomicU16::new(0));
        let noting = Noting {
            transport: Arc::clone(&self.transport),
            status: Some(Arc::clone(&status)),
            scope,
        };
        Call {
            operation,
            raw: self.client(noting),
            status,
        }
    }

    /// A generated client for operations that the SDK does not wrap.
    pub(crate) fn raw(&self, scope: Scope) -> raw::Client {
        self.client(Noting {
            transport: Arc::clone(&self.transport),
            status: None,
            scope,
        })
    }

    /// Sends a request that no generated method makes.
    pub(crate) async fn send(
        &self,
        request: reqwest::Request,
        op: &'static Op,
        scope: &Scope,
    ) -> Result<reqwest::Response, Error> {
        let response = self.transport.send(&self.http, request, op, scope).await;
        match outcome::uncarried(response) {
            Ok(response) => Ok(response),
            Err(error) => Err(error.of_if_unknown(op.id)),
        }
    }

    fn client(&self, noting: Noting) -> raw::Client {
        raw::Client::new_with_client(&self.base_url, self.http.clone(), Inner::new(noting))
    }
}

impl Call {
    /// The generated client of this call.
    pub(crate) const fn raw(&self) -> &raw::Client {
        &self.raw
    }

    /// Takes an argument that may not be an id at all.
    pub(crate) fn id<T>(&self, id: impl TryInto<T, Error: Into<Error>>) -> Result<T, Error> {
        id.try_into()
            .map_err(|error| error.into().of_if_unknown(self.operation))
    }

    /// The value that was answered, or the error of this operation.
    pub(crate) async fn finish<T, E>(
        self,
        answer: Result<ResponseValue<T>, raw::Error<E>>,
    ) -> Result<T, Error>
    where
        T: DeserializeOwned,
    {
        match answer {
            Ok(value) => Ok(value.into_inner()),
            // Where the documentation is silent on which success it is, any will do that holds the value.
            Err(raw::Error::UnexpectedResponse(response)) if is_another_success(&response) => {
                match response
                    .bytes()
                    .await
                    .ok()
                    .and_then(|body| serde_json::from_slice(&body).ok())
                {
                    Some(value) => Ok(value),
                    None => Err(self.failed(Error::new(
                        ErrorKind::UnexpectedAnswer,
                        "the answer is a success of another kind than documented",
                    ))),
                }
            }
            Err(error) => Err(self.failed(error.into())),
        }
    }

    /// Success, whatever was answered.
    pub(crate) fn finish_empty<T, E>(
        self,
        answer: Result<ResponseValue<T>, raw::Error<E>>,
    ) -> Result<(), Error> {
        match answer {
            Ok(_) => Ok(()),
            Err(raw::Error::UnexpectedResponse(response)) if is_another_success(&response) => {
                Ok(())
            }
            Err(error) => Err(self.failed(error.into())),
        }
    }

    pub(crate) fn failed(&self, error: Error) -> Error {
        let error = error.of_if_unknown(self.operation);
        match (error.status(), self.status.load(Ordering::Relaxed)) {
            (None, status) if status != 0 && error.kind() == ErrorKind::UnexpectedAnswer => {
                error.with_status(status)
            }
            _ => error,
        }
    }
}

/// Whether it is a success that the documentation does not name, and not one whose body could not be read.
fn is_another_success(response: &reqwest::Response) -> bool {
    let unreadable = response.extensions().get::<raw::answer::Unreadable>();
    response.status().is_success() && unreadable.is_none()
}

/// Passes requests on, and notes the status of what comes back.
struct Noting {
    transport: Arc<Transport>,
    status: Option<Arc<AtomicU16>>,
    scope: Scope,
}

impl raw::Transport for Noting {
    fn call<'a>(
        &'a self,
        http: &'a reqwest::Client,
        request: reqwest::Request,
        op: &'static Op,
    ) -> BoxFuture<'a, reqwest::Result<reqwest::Response>> {
        Box::pin(async move {
            let response = self.transport.send(http, request, op, &self.scope).await;
            if let Some(status) = &self.status {
                status.store(response.status().as_u16(), Ordering::Relaxed);
            }
            Ok(response)
        })
    }
}

impl fmt::Debug for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Caller")
            .field("base_url", &self.base_url)
            .finish_non_exhaustive()
    }
}
