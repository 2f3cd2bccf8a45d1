//! From a request to its answer: credentials, permission, body, then the operation.
//!
//! The order is a rule: 404 for what is no operation, 401, 403, then 413, 415 and 400 for the body. Whoever may not
//! call an operation learns nothing about the body that it wants.

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

use crate::answer::Answer;
use crate::api::Api;
use crate::call::{Call, Caller};
use crate::intent::{Credential, HEADERS_OF_WRITES, Intent};
use crate::lang::{Language, Told};
use crate::mutations::Mutation;
use crate::operations::{BodyKind, Handle, Operation};
use crate::options::Options;
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

/// What is known of a request before its operation runs.
pub(crate) struct Admitted {
    credential: Option<Credential>,
    caller: Caller,
}

/// Answers a request for an operation that only reads.
pub(crate) fn read(
    api: &Api,
    operation: &Operation,
    handle: fn(&Api, &Call) -> Answer,
    params: Vec<String>,
    request: Request,
    now: DateTime<Utc>,
) -> Answer {
    let language = language(&api.options, &request);
    let admitted = match admit(api, operation, &request, now) {
        Ok(admitted) => admitted,
        Err(answer) => return answer,
    };
    let body = match read_body(&api.options, operation, &request) {
        Ok(body) => body,
        Err(answer) => return answer,
    };
    let call = Call {
        now,
        language,
        caller: admitted.caller,
        uploads: Vec::new(),
        token_life: None,
        params,
        query: parse_query(request.query.as_deref().unwrap_or_default()),
        headers: request.headers,
        body,
    };
    handle(api, &call)
}

/// What a request asks to be changed; or the answer of one that may not ask, or cannot be read.
pub(crate) fn intend(
    api: &Api,
    operation: &'static Operation,
    params: Vec<String>,
    request: Request,
    now: DateTime<Utc>,
) -> Result<Intent, Answer> {
    let admitted = admit(api, operation, &request, now)?;
    read_body(&api.options, operation, &request)?;
    let language = language(&api.options, &request);
    let headers = HEADERS_OF_WRITES
        .iter()
        .filter_map(|name| {
            let value = request.headers.get(*name)?.to_str().ok()?;
            Some(((*name).to_owned(), value.to_owned()))
        })
        .collect();
    let (body, uploads) = match request.body {
        RequestBody::Form(uploads) => (String::new(), uploads),
        // It was read as JSON right now, or is not read at all.
        RequestBody::Whole(bytes) if operation.body == BodyKind::Json => {
            (String::from_utf8_lossy(&bytes).into_owned(), Vec::new())
        }
        _ => (String::new(), Vec::new()),
    };
    Ok(Intent {
        operation,
        credential: admitted.credential,
        language,
        params,
        query: parse_query(request.query.as_deref().unwrap_or_default()),
        headers,
        body,
        uploads,
        token_life: None,
    })
}

/// Does what a request asked for, if whoever asked still may.
pub(crate) fn run(api: &mut Api, intent: Intent, now: DateTime<Utc>) -> Answer {
    let Handle::Writes(handle) = intent.operation.handle else {
        return Answer::framework(
            StatusCode::NOT_FOUND,
            "nothing is written by this operation",
        );
    };
    let caller = match known(
        api,
        intent.operation,
        intent.credential.as_ref(),
        intent.language,
    ) {
        Ok(caller) => caller,
        Err(answer) => return answer,
    };
    let headers = intent.headers.iter().filter_map(|(name, value)| {
        let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
        Some((name, HeaderValue::from_str(value).ok()?))
    });
    let call = Call {
        now,
        language: intent.language,
        caller,
        headers: headers.collect(),
        params: intent.params,
        query: intent.query,
        body: serde_json::from_str(&intent.body).unwrap_or_default(),
        uploads: intent.uploads,
        token_life: intent.token_life,
    };
    handle(api, &call)
}

/// Whether whoever asks may call this operation: what is known before the body is read.
pub(crate) fn admit(
    api: &Api,
    operation: &Operation,
    request: &Request,
    now: DateTime<Utc>,
) -> Result<Admitted, Answer> {
    let credential = match operation.permission {
        Some(_) => credential(api, &request.headers, now),
        None => None,
    };
    let language = language(&api.options, request);
    let caller = known(api, operation, credential.as_ref(), language)
        .map_err(|answer| refused(&api.options, request, answer))?;
    Ok(Admitted { credential, caller })
}

/// Whom a credential names, if they may call this operation.
fn known(
    api: &Api,
    operation: &Operation,
    credential: Option<&Credential>,
    language: Language,
) -> Result<Caller, Answer> {
    let Some(permission) = operation.permission else {
        return Ok(Caller::default());
    };
    let caller = credential
        .and_then(|credential| caller(api, credential))
        .ok_or_else(|| Answer::told(Told::Unauthorized, language))?;
    if holds(&api.options, &caller, permission) {
        Ok(caller)
    } else {
        Err(Answer::told(Told::Forbidden, language))
    }
}

/// A refusal of who asks, as mutations tell it.
fn refused(options: &Options, request: &Request, answer: Answer) -> Answer {
    if answer.status != StatusCode::UNAUTHORIZED {
        return answer;
    }
    let shown = request.headers.get(header::AUTHORIZATION);
    match shown.and_then(|token| token.to_str().ok()) {
        Some(token) if options.has(Mutation::TokenIsEchoed) => answer.with_details(token),
        None if options.has(Mutation::CredentialsNotAskedFor) => {
            Answer::told(Told::Forbidden, language(options, request))
        }
        _ => answer,
    }
}

fn holds(options: &Options, caller: &Caller, permission: &str) -> bool {
    let held = |permission: &str| caller.permissions.contains(&permission);
    let reads = options.has(Mutation::ReadersMayWrite) && permission == "PUT /pipelines";
    let lost = options.has(Mutation::ListedPermissionIsNotHeld) && permission == "catalog:edit";
    options.has(Mutation::PermissionsNotChecked)
        || reads && held("GET /pipelines")
        || !lost && held(permission)
}

/// The language that a request is answered in.
fn language(options: &Options, request: &Request) -> Language {
    let asked = request.headers.get("dadosfera-lang");
    let in_capitals =
        asked.is_some_and(|value| value.as_bytes().iter().any(u8::is_ascii_uppercase));
    if options.has(Mutation::EverythingInPortuguese)
        || in_capitals && options.has(Mutation::LanguageInSmallLetters)
    {
        return Language::Portuguese;
    }
    request.language()
}

/// The time by which an access token is alive or not.
fn token_time(options: &Options, now: DateTime<Utc>) -> DateTime<Utc> {
    if options.has(Mutation::TokensNeverExpire) {
        DateTime::UNIX_EPOCH
    } else if options.has(Mutation::TokenLivesASecondLonger) {
        now - TimeDelta::seconds(1)
    } else if options.has(Mutation::TokenDiesASecondEarly) {
        now + TimeDelta::seconds(1)
    } else {
        now
    }
}

/// A bare access token in `Authorization`, or a key in `x-api-key`; never both, and nothing else.
fn credential(api: &Api, headers: &HeaderMap, now: DateTime<Utc>) -> Option<Credential> {
    let authorization = single(headers, header::AUTHORIZATION.as_str())?;
    let api_key = single(headers, "x-api-key")?;
    let options = &api.options;
    let authorization = match authorization {
        Some(_) if options.has(Mutation::TokenAndKeyAccepted) && api_key.is_some() => None,
        Some(token) if options.has(Mutation::BearerAccepted) => {
            Some(token.strip_prefix("Bearer ").unwrap_or(token))
        }
        other => other,
    };
    match (authorization, api_key) {
        (Some(token), None) => {
            let now = token_time(&api.options, now);
            let mut claims = api.tokens.verify(token, Use::Access, now);
            if api.options.has(Mutation::RefreshTokenSigns) && claims.is_none() {
                claims = api.tokens.verify(token, Use::Refresh, now);
            }
            Some(Credential::UserOfToken(claims?.sub))
        }
        (None, Some(text)) => {
            let key = api.world.api_keys.authenticate(text)?;
            Some(Credential::ApiKey(key.id.clone()))
        }
        _ => None,
    }
}

fn caller(api: &Api, credential: &Credential) -> Option<Caller> {
    match credential {
        Credential::UserOfToken(id) => {
            let user = api.world.users.by_id(id)?;
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
        Credential::ApiKey(id) => {
            let key = api.world.api_keys.by_id(id)?;
            let maker = api.world.users.by_id(&key.created_by)?;
            let customer = api.world.customers.get(&key.customer_id)?;
            Some(Caller {
                user_id: maker.id.clone(),
                username: maker.username.clone(),
                customer_id: customer.id.clone(),
                customer_name: customer.name.clone(),
                group: maker.group,
                platform_admin: false,
                permissions: if api.options.has(Mutation::KeyReachesEverything) {
                    maker.permissions()
                } else {
                    key.permissions.iter().map(|known| known.name).collect()
                },
            })
        }
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

/// The body as an object; where something is created or done, no body at all is an empty object, so that it is told
/// which fields are missing.
fn read_body(
    options: &Options,
    operation: &Operation,
    request: &Request,
) -> Result<Map<String, Value>, Answer> {
    let bytes = match &request.body {
        RequestBody::TooLarge if options.has(Mutation::LargeBodyIsWrong) => {
            return Err(Answer::invalid(vec!["body is too large".into()]));
        }
        RequestBody::TooLarge => return Err(too_large()),
        RequestBody::Refused(answer) => return Err(answer.clone()),
        RequestBody::Form(_) => return Ok(Map::new()),
        RequestBody::Whole(bytes) => bytes,
    };
    if operation.body == BodyKind::None {
        return Ok(Map::new());
    }
    if bytes.is_empty() {
        // A change that says nothing would pass for one; a creation is told which fields are missing.
        return match request.method {
            Method::PUT | Method::PATCH => Err(invalid_body(operation, "body is required")),
            _ => Ok(Map::new()),
        };
    }
    if !is_json(&request.headers) && !options.has(Mutation::AnyMediaType) {
        let message = "Content-Type must be application/json";
        return Err(Answer::framework(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            message,
        ));
    }
    let why = match serde_json::from_slice(bytes) {
        Ok(Value::Object(fields)) => return Ok(fields),
        Ok(_) => "body must be a JSON object",
        Err(_) if options.has(Mutation::HalfABodyCrashes) => {
            return Err(Answer::unknown("unexpected end of JSON input"));
        }
        Err(_) => "body is not valid JSON",
    };
    Err(invalid_body(operation, why))
}

fn invalid_body(operation: &Operation, why: &str) -> Answer {
    if operation.is_platform() {
        Answer::detail(StatusCode::BAD_REQUEST, why)
    } else {
        Answer::invalid(vec![why.into()])
    }
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
