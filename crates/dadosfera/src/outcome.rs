//! What an answer means: from statuses, bodies and transport errors to the one [`Error`].
//!
//! Every error of an operation is made here, and only here does one come out of what the generated client returns.

use std::time::SystemTime;

use bytes::Bytes;
use dadosfera_raw::{self as raw, Op};
use reqwest::StatusCode;
use reqwest::header::{CONTENT_TYPE, HeaderMap};

use crate::error::{Error, ErrorKind};
use crate::problem::{Form, Problem};
use crate::retry::{Failure, Retry, retry_after};

/// The status of a made-up response that carries an [`Error`] through the generated client, which cannot return one.
const CARRIER: u16 = 999;

const CHECK_BASE_URL: &str = "check that the base URL is the API's, and what proxy stands between";

/// What a transport that failed answers: a response of a status that no operation declares, with the error inside.
pub(crate) fn carry(error: Error) -> reqwest::Response {
    let mut response = http::Response::new(Bytes::new());
    if let Ok(status) = StatusCode::from_u16(CARRIER) {
        *response.status_mut() = status;
    }
    response.extensions_mut().insert(error);
    response.into()
}

/// Takes the error out of a response that carries one.
pub(crate) fn uncarried(mut response: reqwest::Response) -> Result<reqwest::Response, Error> {
    match response.extensions_mut().remove::<Error>() {
        Some(error) => Err(error),
        None => Ok(response),
    }
}

/// What a failed status means.
pub(crate) fn of_status(
    op: &Op,
    status: StatusCode,
    headers: &HeaderMap,
    body: &[u8],
    now: SystemTime,
) -> Failure {
    let problem = Problem::read(content_type(headers), body);
    let code = status.as_u16();
    let (kind, retry) = kind_of(op, code, problem.form);
    let (what, next) = words(op, kind, code, &problem);
    let error = Error::new(kind, what)
        .of(op.id)
        .next(next)
        .with_status(code)
        .with_code(problem.code)
        .with_api_message(problem.message)
        .with_request_id(request_id(headers).map(str::to_owned))
        .with_retry_after(retry_after(headers, now))
        .with_missing_permission(op.permission.filter(|_| kind == ErrorKind::Forbidden))
        .with_transient(matches!(code, 408 | 429 | 502 | 503 | 504));
    Failure { error, retry }
}

fn kind_of(op: &Op, code: u16, form: Form) -> (ErrorKind, Retry) {
    match code {
        429 => (ErrorKind::RateLimited, Retry::Always),
        502..=504 => (ErrorKind::Server, Retry::IfIdempotent),
        500..=599 => (ErrorKind::Server, Retry::Never),
        408 => (ErrorKind::Timeout, Retry::IfIdempotent),
        // A page for people comes from something else than the API. It must not pass for "there is no such pipeline".
        400..=499 if form == Form::Html => (ErrorKind::UnexpectedAnswer, Retry::Never),
        401 if op.authenticated => (ErrorKind::Unauthorized, Retry::WithOtherToken),
        401 => (ErrorKind::Unauthorized, Retry::Never),
        403 => (ErrorKind::Forbidden, Retry::Never),
        404 => (ErrorKind::NotFound, Retry::Never),
        409 => (ErrorKind::Conflict, Retry::Never),
        400..=499 => (ErrorKind::BadRequest, Retry::Never),
        _ => (ErrorKind::UnexpectedAnswer, Retry::Never),
    }
}

/// What was wrong, and what to do next.
fn words(op: &Op, kind: ErrorKind, code: u16, problem: &Problem) -> (String, String) {
    let owned = |what: &str, next: &str| (what.to_owned(), next.to_owned());
    match kind {
        ErrorKind::RateLimited => owned(
            "too many requests",
            "wait as long as the server asks, and send fewer at a time",
        ),
        ErrorKind::Timeout => owned(
            "the server gave up waiting for the request",
            "try again later",
        ),
        ErrorKind::Unauthorized => owned(
            "the API does not accept these credentials",
            "check that the key or the account still exists and belongs to this server",
        ),
        ErrorKind::Forbidden => match op.permission {
            Some(permission) => (
                format!("the permission `{permission}` is missing"),
                "ask an administrator to grant it to the user or the API key".to_owned(),
            ),
            None => owned(
                "the API forbids it",
                "ask an administrator for the permission",
            ),
        },
        ErrorKind::NotFound
            if problem
                .message
                .as_deref()
                .is_some_and(|it| it.starts_with("Cannot ")) =>
        {
            (
                format!("the server knows no {} {}", op.method, op.path),
                CHECK_BASE_URL.to_owned(),
            )
        }
        ErrorKind::NotFound => owned(
            "there is no such thing",
            "check the id and that it belongs to your customer",
        ),
        ErrorKind::Conflict => owned(
            "the name or the id is taken",
            "choose another, or use what is there",
        ),
        ErrorKind::BadRequest => owned("the API refuses the request", bad_request_remedy(problem)),
        ErrorKind::UnexpectedAnswer if problem.form == Form::Html => owned(
            "the answer is an HTML page and not of the API",
            CHECK_BASE_URL,
        ),
        ErrorKind::UnexpectedAnswer if (300..400).contains(&code) => owned(
            "the server points elsewhere, and credentials do not follow",
            "use the base URL of the API itself",
        ),
        ErrorKind::UnexpectedAnswer => owned(
            "the answer has a status that the API does not use",
            CHECK_BASE_URL,
        ),
        _ if problem.form == Form::Html => owned(
            "a server in front of the API answers an HTML page",
            "try again later; it may have taken effect",
        ),
        _ if matches!(code, 502..=504) => owned(
            "the API cannot be reached behind its gateway",
            "try again later; it may have taken effect",
        ),
        _ => owned(
            "the API failed",
            "look whether it took effect, and tell support the operation and the time",
        ),
    }
}

fn bad_request_remedy(problem: &Problem) -> &'static str {
    match problem.code.as_deref() {
        Some("PipelinePaused") => "unpause the pipeline first",
        Some("PipelineAlreadyPaused" | "PipelineNotPaused") => {
            "it is as you want it, so nothing is to be done"
        }
        _ => "correct what it says and call again",
    }
}

/// What a failure to send or to receive means.
pub(crate) fn of_transport(op: &Op, error: reqwest::Error) -> Failure {
    let error = error.without_url();
    let (kind, retry, what, next) = if error.is_connect() {
        let what = "no connection could be made, so nothing was sent";
        (
            ErrorKind::Connect,
            Retry::Always,
            what,
            "check the base URL, the network and that the server is up",
        )
    } else if error.is_timeout() {
        let what = "no answer came in time";
        (
            ErrorKind::Timeout,
            Retry::IfIdempotent,
            what,
            "look whether it took effect before you repeat it",
        )
    } else if error.is_builder() {
        (
            ErrorKind::InvalidInput,
            Retry::Never,
            "the request cannot be built",
            "check the arguments",
        )
    } else {
        let what = "the connection broke before an answer came";
        (
            ErrorKind::ConnectionLost,
            Retry::IfIdempotent,
            what,
            "look whether it took effect before you repeat it",
        )
    };
    Failure {
        error: Error::new(kind, what)
            .of(op.id)
            .next(next)
            .with_source(error),
        retry,
    }
}

/// The body of an answer stood still.
pub(crate) fn idle(op: &Op, status: StatusCode) -> Failure {
    let error = Error::new(ErrorKind::Timeout, "the body of the answer stood still");
    Failure::if_idempotent(
        error
            .of(op.id)
            .with_status(status.as_u16())
            .next("look whether it took effect before you repeat it"),
    )
}

/// Only half of a success's body came.
pub(crate) fn torn(op: &Op, status: StatusCode, source: Option<reqwest::Error>) -> Failure {
    let mut error = Error::new(ErrorKind::UnexpectedAnswer, "the answer was cut short")
        .of(op.id)
        .with_status(status.as_u16())
        .with_transient(true)
        .next("look whether it took effect before you repeat it");
    if let Some(source) = source {
        error = error.with_source(source.without_url());
    }
    Failure {
        error,
        retry: Retry::IfIdempotent,
    }
}

/// A success whose body is none of the API's.
pub(crate) fn foreign(op: &Op, status: StatusCode, what: &str) -> Failure {
    let error = Error::new(ErrorKind::UnexpectedAnswer, what);
    Failure::never(
        error
            .of(op.id)
            .with_status(status.as_u16())
            .next(CHECK_BASE_URL),
    )
}

/// Checks the body of a success before the generated client decodes it, while the status is known and it can be tried
/// again. An empty one passes: some operations have none.
pub(crate) fn check_success(
    op: &Op,
    status: StatusCode,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<(), Failure> {
    if is_html(headers) || body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'<') {
        return Err(foreign(
            op,
            status,
            "the answer is an HTML page and not of the API",
        ));
    }
    if body.is_empty() {
        return Ok(());
    }
    match serde_json::from_slice::<serde::de::IgnoredAny>(body) {
        Ok(_) => Ok(()),
        Err(error) if error.is_eof() => Err(torn(op, status, None)),
        Err(_) => Err(foreign(op, status, "the answer is not JSON")),
    }
}

/// Whether the answer calls itself an HTML page, as those of proxies do and none of the API's.
pub(crate) fn is_html(headers: &HeaderMap) -> bool {
    content_type(headers).is_some_and(|it| it.to_ascii_lowercase().contains("html"))
}

fn content_type(headers: &HeaderMap) -> Option<&str> {
    headers.get(CONTENT_TYPE)?.to_str().ok()
}

pub(crate) fn request_id(headers: &HeaderMap) -> Option<&str> {
    let text = ["x-request-id", "x-amzn-requestid", "x-amz-cf-id"]
        .iter()
        .find_map(|name| headers.get(*name))?;
    text.to_str()
        .ok()
        .filter(|text| !text.is_empty() && text.len() <= 200)
}

impl<E> From<raw::Error<E>> for Error {
    /// Takes the error of a call through [`Client::raw`](crate::Client::raw): the SDK's own where the transport had one.
    fn from(error: raw::Error<E>) -> Self {
        let unexpected =
            |what: &str, next: &str| Self::new(ErrorKind::UnexpectedAnswer, what).next(next);
        match error {
            raw::Error::UnexpectedResponse(mut response) => {
                if let Some(unreadable) = response.extensions().get::<raw::answer::Unreadable>() {
                    return of_another_shape(unreadable.error())
                        .with_status(response.status().as_u16());
                }
                match response.extensions_mut().remove::<Self>() {
                    Some(error) => error,
                    None => unexpected(
                        "the answer has a status that the API does not use",
                        CHECK_BASE_URL,
                    )
                    .with_status(response.status().as_u16()),
                }
            }
            raw::Error::ErrorResponse(response) => Self::new(ErrorKind::Server, "the API failed")
                .with_status(response.status().as_u16())
                .next("look at the typed answer of the generated client"),
            // The guard of the raw crate says what no path can hold.
            raw::Error::InvalidRequest(what) if what.starts_with("the form") => {
                Self::invalid_input("the form cannot be encoded", "give the file a plain name")
            }
            raw::Error::InvalidRequest(_) => Self::invalid_input(
                "an id cannot be part of a path",
                "pass the id as the API answered it",
            ),
            // The generated error's own words quote the body.
            raw::Error::InvalidResponsePayload(_, error) => of_another_shape(&error),
            raw::Error::ResponseBodyError(error) if error.is_timeout() => Self::new(
                ErrorKind::Timeout,
                "the body of the answer stood still, or took too long",
            )
            .next(
                "ask again, for a file from where it stopped, or allow more time with CallOptions",
            )
            .with_source(error.without_url()),
            raw::Error::CommunicationError(error)
            | raw::Error::InvalidUpgrade(error)
            | raw::Error::ResponseBodyError(error) => Self::new(
                ErrorKind::ConnectionLost,
                "the connection broke before the whole answer came",
            )
            .next("look whether it took effect before you repeat it")
            .with_source(error.without_url()),
            raw::Error::Custom(_) => {
                Self::invalid_input("the request was refused before it was sent", "check it")
            }
        }
    }
}

/// An answer that is not what the description says. The decoder's own words may quote the body, so they are not used.
fn of_another_shape(error: &serde_json::Error) -> Error {
    let unexpected =
        |what: &str, next: &str| Error::new(ErrorKind::UnexpectedAnswer, what).next(next);
    if error.is_eof() && error.column() == 0 {
        return unexpected(
            "the answer is empty",
            "look whether it took effect before you repeat it",
        );
    }
    unexpected(
        &format!(
            "the answer is not of the documented shape ({})",
            place(error)
        ),
        "update the SDK, or report it with the operation's name",
    )
}

/// Where the shape differs. A missing field is named by the SDK's own words; any others might quote a value.
pub(crate) fn place(error: &serde_json::Error) -> String {
    let said = error.to_string();
    match said
        .strip_prefix("missing field `")
        .and_then(|rest| rest.split_once('`'))
    {
        Some((field, _)) => format!("its field `{field}` is missing"),
        None => format!("at its column {}", error.column()),
    }
}

#[cfg(test)]
mod tests;
