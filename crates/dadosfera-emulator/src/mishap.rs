//! What a fault does to a request: the answer that comes instead, or the change to what the operation does and answers.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use http::{StatusCode, header};
use serde_json::Value;

use crate::answer::{Answer, Content};
use crate::changes::Change;
use crate::dispatch::{Request, RequestBody};
use crate::faults::FaultEffect;
use crate::lang::{Language, Told};
use crate::tokens::Tokens;

/// The answer that comes instead of the operation's own; nothing where the operation runs.
pub(crate) fn instead(
    effect: &FaultEffect,
    operation: Option<&str>,
    language: Language,
    now: DateTime<Utc>,
) -> Option<Answer> {
    match effect {
        FaultEffect::Status(status) => Some(error_answer(operation, *status, language)),
        FaultEffect::Html(status) => Some(html_answer(*status)),
        FaultEffect::RetryAfter(seconds) => Some(too_many_requests().with_retry_after(*seconds)),
        FaultEffect::RetryAfterDate(seconds) => {
            let wait = i64::try_from(*seconds)
                .ok()
                .and_then(TimeDelta::try_seconds);
            let at = wait.and_then(|wait| now.checked_add_signed(wait));
            let at = http_date(at.unwrap_or(DateTime::<Utc>::MAX_UTC));
            Some(too_many_requests().with_header(header::RETRY_AFTER, &at))
        }
        _ => None,
    }
}

/// What happens before the operation does: a token that the request brings dies.
pub(crate) fn beforehand(
    effect: Option<&FaultEffect>,
    tokens: &Tokens,
    request: &Request,
) -> Option<Change> {
    let token = match effect {
        Some(FaultEffect::ExpireToken) => brought(request)?,
        _ => return None,
    };
    Some(Change::Expire(tokens.expiring(&token)?))
}

/// How long the access tokens that the operation hands out live, if not as long as usual.
pub(crate) fn token_life(effect: Option<&FaultEffect>) -> Option<Duration> {
    match effect {
        Some(FaultEffect::TokenLife(life)) => Some(*life),
        _ => None,
    }
}

/// What becomes of the answer of the operation.
pub(crate) fn afterwards(effect: Option<&FaultEffect>, answer: Answer) -> Answer {
    match effect {
        Some(FaultEffect::WithoutTokens) => without_tokens(answer),
        _ => answer,
    }
}

/// A time as HTTP writes it.
pub(crate) fn http_date(time: DateTime<Utc>) -> String {
    time.format("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// The access token of a request, else the refresh token in its body.
fn brought(request: &Request) -> Option<String> {
    if let Some(value) = request.headers.get(header::AUTHORIZATION) {
        return value.to_str().ok().map(str::to_owned);
    }
    let RequestBody::Whole(bytes) = &request.body else {
        return None;
    };
    let body: Value = serde_json::from_slice(bytes).ok()?;
    Some(body.get("refreshToken")?.as_str()?.to_owned())
}

fn without_tokens(mut answer: Answer) -> Answer {
    if let Content::Json(Value::Object(fields)) = &mut answer.content {
        for name in ["tokens", "idToken", "accessToken", "refreshToken"] {
            fields.remove(name);
        }
    }
    answer
        .headers
        .retain(|(name, _)| name != header::SET_COOKIE);
    answer
}

/// An error with this status: the documented body where the operation documents one, else the gateway's envelope.
fn error_answer(operation: Option<&str>, status: u16, language: Language) -> Answer {
    let code = final_status(status);
    match (operation, status) {
        (Some("delete_pipeline"), 500) => {
            Answer::detail(code, "Unable to complete transaction due to database error")
        }
        (Some("list_pipeline_runs"), 500) => Answer::msg(code, "Internal Server Error"),
        (Some("get_health"), 503) => {
            let down = serde_json::json!({ "database": { "status": "down" } });
            let body = serde_json::json!({ "status": "error", "info": {}, "error": down, "details": down });
            Answer::json(code, body)
        }
        (_, 401) => Answer::told(Told::Unauthorized, language),
        (_, 403) => Answer::told(Told::Forbidden, language),
        (_, 204 | 304) => Answer::new(code, Content::Empty),
        _ => Answer::framework(code, code.canonical_reason().unwrap_or("Error")),
    }
}

/// What a proxy in front says.
fn html_answer(status: u16) -> Answer {
    let code = final_status(status);
    let title = format!(
        "{} {}",
        code.as_u16(),
        code.canonical_reason().unwrap_or("Error")
    );
    let page = format!(
        "<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1></center>\r\n\
         <hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
    );
    Answer::new(code, Content::Html(page))
}

fn too_many_requests() -> Answer {
    Answer::framework(StatusCode::TOO_MANY_REQUESTS, "Too Many Requests")
}

/// A fault with any other status is not taken.
fn final_status(status: u16) -> StatusCode {
    StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}
