//! What an operation answers: status, headers, content, and the five shapes of an error.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use http::{HeaderName, HeaderValue, StatusCode, header};
use serde_json::{Value, json};

use crate::lang::{Language, Told};
use crate::state::files::FileContent;

/// One answer, before it is written to a connection.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    pub(crate) content: Content,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Content {
    Empty,
    Json(Value),
    Text(String),
    Html(String),
    File(FilePart),
    Later(Later),
    /// A text under any media type, or under none: what only a mutation answers.
    Raw(Option<&'static str>, String),
}

/// A part of a file, streamed from disk.
#[derive(Debug, Clone)]
pub(crate) struct FilePart {
    pub(crate) content: Arc<FileContent>,
    pub(crate) range: Range<u64>,
}

/// An answer that is worked out after the API's lock is let go, since it reads much from disk.
#[derive(Clone)]
pub(crate) struct Later(Arc<dyn Fn() -> Answer + Send + Sync>);

impl Answer {
    pub(crate) fn ok(body: Value) -> Self {
        Self::json(StatusCode::OK, body)
    }

    pub(crate) fn created(body: Value) -> Self {
        Self::json(StatusCode::CREATED, body)
    }

    pub(crate) fn no_content() -> Self {
        Self::new(StatusCode::NO_CONTENT, Content::Empty)
    }

    pub(crate) fn text(text: String) -> Self {
        Self::new(StatusCode::OK, Content::Text(text))
    }

    pub(crate) fn json(status: StatusCode, body: Value) -> Self {
        Self::new(status, Content::Json(body))
    }

    pub(crate) fn new(status: StatusCode, content: Content) -> Self {
        Self {
            status,
            headers: Vec::new(),
            content,
        }
    }

    /// An answer that takes its time; what it reads must be held by it, and must not change.
    pub(crate) fn later(work: impl Fn() -> Self + Send + Sync + 'static) -> Self {
        Self::new(StatusCode::OK, Content::Later(Later(Arc::new(work))))
    }

    /// The emulator's own trouble, which is none of the API's.
    pub(crate) fn disk_fails() -> Self {
        Self::framework(StatusCode::SERVICE_UNAVAILABLE, "the emulator's disk fails")
    }

    /// The way back to whoever sent somebody here; there is none to an unknown place.
    pub(crate) fn sent_back(location: Option<&str>) -> Self {
        match location {
            Some(location) => Self::new(StatusCode::FOUND, Content::Empty)
                .with_header(header::LOCATION, location)
                .with_header(header::CACHE_CONTROL, "no-store")
                .with_header(header::REFERRER_POLICY, "no-referrer"),
            None => Self::framework(StatusCode::NOT_FOUND, "Nobody waits for this consent"),
        }
    }

    /// The emulator's own trouble with its journal: what was asked for did not happen.
    pub(crate) fn not_journaled(why: &str) -> Self {
        Self::framework(
            StatusCode::SERVICE_UNAVAILABLE,
            format!("the emulator's journal cannot be written, so nothing was changed: {why}"),
        )
    }

    /// Shape 1: `{"detail": "<text>"}`.
    pub(crate) fn detail(status: StatusCode, text: impl Into<String>) -> Self {
        let text: String = text.into();
        Self::json(status, json!({ "detail": text }))
    }

    /// Shape 2: a platform exception.
    pub(crate) fn exception(status: StatusCode, exception_type: &str, traceback: &str) -> Self {
        let detail = json!({
            "status": false,
            "exception_type": exception_type,
            "traceback": traceback,
            "data": null,
        });
        Self::json(status, json!({ "detail": detail }))
    }

    /// Shape 3: `{"msg": "<word>"}`.
    pub(crate) fn msg(status: StatusCode, text: &str) -> Self {
        Self::json(status, json!({ "msg": text }))
    }

    /// Shape 4: a message and the status, and nothing else.
    pub(crate) fn status_message(status: StatusCode, text: &str) -> Self {
        Self::json(
            status,
            json!({ "message": text, "statusCode": status.as_u16() }),
        )
    }

    /// Shape 5 with a code, in the caller's language.
    pub(crate) fn told(told: Told, language: Language) -> Self {
        let status = StatusCode::from_u16(told.status()).unwrap_or(StatusCode::UNAUTHORIZED);
        Self::json(
            status,
            json!({
                "statusCode": told.status(),
                "message": told.message(language),
                "error": told.error(language),
                "code": told.code(),
            }),
        )
    }

    /// Shape 5 without a code: the framework's own words, always English.
    pub(crate) fn framework(status: StatusCode, message: impl Into<Value>) -> Self {
        let message: Value = message.into();
        Self::json(
            status,
            json!({
                "statusCode": status.as_u16(),
                "message": message,
                "error": status.canonical_reason().unwrap_or("Error"),
            }),
        )
    }

    /// Shape 5 for what the API itself did not expect, which is a 500.
    pub(crate) fn unknown(details: &str) -> Self {
        let status = StatusCode::INTERNAL_SERVER_ERROR;
        let body = json!({
            "statusCode": status.as_u16(),
            "message": "An unknown error occurred. If the error persists, please contact support",
            "error": "Oops... Unable to perform your action",
            "code": "UNKNOWN",
            "details": details,
        });
        Self::json(status, body)
    }

    /// Shape 5 for input that does not validate: one message for each thing that is wrong.
    pub(crate) fn invalid(messages: Vec<String>) -> Self {
        Self::framework(StatusCode::BAD_REQUEST, messages)
    }

    /// Adds `details` to an error, which only a mutation does.
    pub(crate) fn with_details(mut self, details: &str) -> Self {
        if let Content::Json(body) = &mut self.content {
            body["details"] = json!(details);
        }
        self
    }

    pub(crate) fn with_header(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.push((name, value));
        }
        self
    }

    pub(crate) fn with_retry_after(self, seconds: u64) -> Self {
        self.with_header(header::RETRY_AFTER, &seconds.to_string())
    }
}

impl Content {
    pub(crate) fn media_type(&self) -> Option<&'static str> {
        match self {
            Self::Empty => None,
            Self::Json(_) => Some("application/json; charset=utf-8"),
            Self::Text(_) => Some("text/plain; charset=utf-8"),
            Self::Html(_) => Some("text/html; charset=utf-8"),
            Self::File(_) => Some("application/octet-stream"),
            Self::Later(_) => None,
            Self::Raw(media_type, _) => *media_type,
        }
    }

    /// What is in memory; a file is not, and what comes later is not there.
    pub(crate) fn into_bytes(self) -> Vec<u8> {
        match self {
            Self::Empty | Self::File(_) | Self::Later(_) => Vec::new(),
            Self::Json(value) => value.to_string().into_bytes(),
            Self::Text(text) | Self::Html(text) | Self::Raw(_, text) => text.into_bytes(),
        }
    }
}

impl Later {
    pub(crate) fn answer(&self) -> Answer {
        (self.0)()
    }
}

impl fmt::Debug for Later {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Later")
    }
}

impl PartialEq for Later {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl PartialEq for FilePart {
    fn eq(&self, other: &Self) -> bool {
        self.range == other.range && Arc::ptr_eq(&self.content, &other.content)
    }
}
