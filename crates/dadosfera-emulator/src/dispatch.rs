//! From a request to its answer: credentials, permission, body, then the operation.
//!
//! The order is a rule: 404 for what is no operation, 401, 403, then 413, 415 and 400 for the body. Whoever may not
//! call an operation learns nothing about the body that it wants.

use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::{HeaderMap, Method, StatusCode, header};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

use crate::answer::Answer;
use crate::api::Api;
use crate::call::{Call, Caller};
use crate::lang::{Language, Told};
use crate::operations::{BodyKind, Operation};
use crate::state::files::Upload;
use crate::tokens::Use;

/// The largest body that is read.
pub(crate) const MAX_BODY: usize = 1024 * 1024;

/// A request, read whole; the files of a form lie on disk.
pub(crate) struct Request {
    pub(crate) method: Method,
    /// As it was asked for, without the query.
    pub(crate) path: String,
    pub(crate) query: Option<String>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: RequestBody,
}

/// The body of a request.
pub(crate) enum RequestBody {
    Whole(Bytes),
    TooLarge,
    Form(Vec<Upload>),
    /// A form that was told to be wrong while it was read.
    Refused(Answer),
}

impl Request {
    /// The language that it asks for.
    pub(crate) fn language(&self) -> Language {
        let value = self.headers.get("dadosfera-lang");
        Language::from_header(value.and_then(|value| value.to_str().ok()))
    }
}

/// The answer to what is no operation.
pub(crate) fn not_found(request: &Request) -> Answer {
    let message = format!("Cannot {} {}", request.method, request.path);
    Answer::framework(StatusCode::NOT_FOUND, message)
}

/// Answers a request for an operation at a time.
pub(crate) fn dispatch(
    api: &mut Api,
    operation: &Operation,
    params: Vec<String>,
    request: Request,
    now: DateTime<Utc>,
) -> Answer {
    let now = api.world.catch_up(now);
    let caller = match admit(api, operation, &request, now) {
        Ok(caller) => caller,
        Err(answer) => return answer,
    };
    let body = match read_body(operation, &request) {
        Ok(body) => body,
        Err(answer) => return answer,
    };
    let uploads = match request.body {
        RequestBody::Form(ref uploads) => uploads.clone(),
        _ => Vec::new(),
    };
    let call = Call {
        now,
        language: request.language(),
        caller,
        uploads,
        params,
        query: parse_query(request.query.as_deref().unwrap_or_default()),
        headers: request.headers,
        body,
    };
    (operation.handle)(api, &call)
}

/// Whether whoever asks may call this operation: what is known before the body is read.
pub(crate) fn admit(
    api: &mut Api,
    operation: &Operation,
    request: &Request,
    now: DateTime<Utc>,
) -> Result<Caller, Answer> {
    let Some(permission) = operation.permission else {
        return Ok(Caller::default());
    };
    let language = request.language();
    let caller = authenticate(api, &request.headers, now)
        .ok_or_else(|| Answer::told(Told::Unauthorized, language))?;
    if caller.permissions.contains(&permission) {
        Ok(caller)
    } else {
        Err(Answer::told(Told::Forbidden, language))
    }
}

/// A bare access token in `Authorization`, or a key in `x-api-key`; never both, and nothing else.
fn authenticate(api: &mut Api, headers: &HeaderMap, now: DateTime<Utc>) -> Option<Caller> {
    let authorization = single(headers, header::AUTHORIZATION.as_str())?;
    let api_key = single(headers, "x-api-key")?;
    match (authorization, api_key) {
        (Some(token), None) => {
            let claims = api.tokens.verify(token, Use::Access, now)?;
            let user = api.world.users.by_id(&claims.sub)?;
            let customer = api.world.customers.get(&user.customer_id)?;
            (!user.disabled).then(|| Caller {
                user_id: user.id.clone(),
                username: user.username.clone(),
                customer_id: customer.id.clone(),
                customer_name: customer.name.clone(),
                group: user.group,
                platform_admin: user.platform_admin,
                permissions: user.permissions(),
            })
        }
        (None, Some(text)) => {
            let key = api.world.api_keys.authenticate(text)?;
            let maker = api.world.users.by_id(&key.created_by)?;
            let customer = api.world.customers.get(&key.customer_id)?;
            Some(Caller {
                user_id: maker.id.clone(),
                username: maker.username.clone(),
                customer_id: customer.id.clone(),
                customer_name: customer.name.clone(),
                group: maker.group,
                platform_admin: false,
                permissions: key.permissions.iter().map(|known| known.name).collect(),
            })
        }
        _ => None,
    }
}

/// A header that may come once: nothing at all where it comes twice or is no text.
fn single<'a>(headers: &'a HeaderMap, name: &str) -> Option<Option<&'a str>> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Some(None),
        (Some(value), None) => value.to_str().ok().map(Some),
        (Some(_), Some(_)) => None,
    }
}

/// The body as an object; no body at all is an empty object, so that it is told which fields are missing.
fn read_body(operation: &Operation, request: &Request) -> Result<Map<String, Value>, Answer> {
    let bytes = match &request.body {
        RequestBody::TooLarge => return Err(too_large()),
        RequestBody::Refused(answer) => return Err(answer.clone()),
        RequestBody::Form(_) => return Ok(Map::new()),
        RequestBody::Whole(bytes) => bytes,
    };
    if operation.body == BodyKind::None || bytes.is_empty() {
        return Ok(Map::new());
    }
    if !is_json(&request.headers) {
        let message = "Content-Type must be application/json";
        return Err(Answer::framework(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            message,
        ));
    }
    let why = match serde_json::from_slice(bytes) {
        Ok(Value::Object(fields)) => return Ok(fields),
        Ok(_) => "body must be a JSON object",
        Err(_) => "body is not valid JSON",
    };
    Err(if operation.is_platform() {
        Answer::detail(StatusCode::BAD_REQUEST, why)
    } else {
        Answer::invalid(vec![why.into()])
    })
}

/// The answer to a body, or a file in it, that is larger than what is taken.
pub(crate) fn too_large() -> Answer {
    Answer::framework(StatusCode::PAYLOAD_TOO_LARGE, "request entity too large")
}

fn is_json(headers: &HeaderMap) -> bool {
    let value = headers.get(header::CONTENT_TYPE);
    let text = value
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let essence = text.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json")
}

/// The parameters of a query, decoded as a form is.
pub(crate) fn parse_query(query: &str) -> Vec<(String, String)> {
    let decode = |text: &str| {
        let spaced = text.replace('+', " ");
        percent_decode_str(&spaced).decode_utf8_lossy().into_owned()
    };
    query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(name), decode(value))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_decoded_like_a_form() {
        assert_eq!(
            parse_query("a=1&&b=x+y%2Bz&c"),
            [
                ("a".to_owned(), "1".to_owned()),
                ("b".to_owned(), "x y+z".to_owned()),
                ("c".to_owned(), String::new()),
            ]
        );
    }
}
