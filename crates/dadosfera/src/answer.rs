//! A value together with the raw answers that it came from.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use reqwest::header::HeaderMap;
use serde::de::DeserializeOwned;

use crate::error::{Error, ErrorKind};
use crate::outcome;

/// A value and the answers that it was made from; from [`Client::with_answer`](crate::Client::with_answer) and
/// [`Request::send`](crate::Request::send).
///
/// ```
/// # dadosfera::__example!(client => {
/// use dadosfera::types::PipelineSummary;
/// use dadosfera::{Answer, AnswerHead};
///
/// let answer = client.request("GET", "/platform/pipelines").send().await?;
/// println!("{:?} {:?} {:?}", answer.status(), answer.header("content-type"), answer.request_id());
/// let head: &AnswerHead = answer.last().ok_or("nothing was asked")?;
/// println!("{} {} after {} attempts, {:?}", head.operation, head.status, head.attempts, head.request_id());
/// let typed: Answer<Vec<PipelineSummary>> = answer.into_typed()?;
/// assert!(typed.value.is_empty());
/// # });
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Answer<T> {
    /// What the call answered.
    pub value: T,
    /// What the server answered, one for each request that succeeded, the last one last. A sign-in or a refresh that was
    /// done on the way is not among them.
    pub heads: Vec<AnswerHead>,
}

/// One answer of the server.
#[derive(Clone)]
#[non_exhaustive]
pub struct AnswerHead {
    /// The operation that was asked for, such as `list_pipelines`.
    pub operation: &'static str,
    /// The status, a success.
    pub status: u16,
    /// The headers as they came.
    pub headers: HeaderMap,
    /// The body as it came; nothing for a download, whose body the value reads.
    pub body: Option<Bytes>,
    /// How often the request was sent: 1 without a retry.
    pub attempts: u32,
}

impl<T> Answer<T> {
    /// The last answer, where anything had to be asked.
    #[must_use]
    pub fn last(&self) -> Option<&AnswerHead> {
        self.heads.last()
    }

    /// The status of the last answer.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.last().map(|head| head.status)
    }

    /// The id that the server gave the last request, where it gave one: for a support ticket.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.last().and_then(AnswerHead::request_id)
    }

    /// A header of the last answer, where it is text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.last()?.headers.get(name)?.to_str().ok()
    }

    pub(crate) const fn new(value: T, heads: Vec<AnswerHead>) -> Self {
        Self { value, heads }
    }
}

impl Answer<serde_json::Value> {
    /// The same answer with its JSON as a type.
    ///
    /// # Errors
    /// [`ErrorKind::UnexpectedAnswer`] where the JSON is of another shape.
    pub fn into_typed<T: DeserializeOwned>(self) -> Result<Answer<T>, Error> {
        let value = T::deserialize(self.value).map_err(|error| {
            let error = Error::new(
                ErrorKind::UnexpectedAnswer,
                format!(
                    "the answer is not of the expected shape ({})",
                    outcome::place(&error)
                ),
            )
            .next("compare the type with the answer's body");
            match self.heads.last() {
                Some(head) => error.of(head.operation).with_status(head.status),
                None => error,
            }
        })?;
        Ok(Answer::new(value, self.heads))
    }
}

impl AnswerHead {
    /// The id that the server gave the request, where it gave one.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        outcome::request_id(&self.headers)
    }
}

impl fmt::Debug for AnswerHead {
    /// Shows neither headers nor body: both may hold secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AnswerHead")
            .field("operation", &self.operation)
            .field("status", &self.status)
            .field("request_id", &self.request_id())
            .field("body_bytes", &self.body.as_ref().map(Bytes::len))
            .field("attempts", &self.attempts)
            .finish_non_exhaustive()
    }
}

/// Keeps the heads of the answers to one call.
#[derive(Debug, Clone, Default)]
pub(crate) struct Recorder(Arc<Mutex<Vec<AnswerHead>>>);

impl Recorder {
    pub(crate) fn note(&self, head: AnswerHead) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(head);
    }

    pub(crate) fn take(&self) -> Vec<AnswerHead> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
