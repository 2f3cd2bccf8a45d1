//! The admin interface under `/__emulator__/`, for those who drive an emulator from outside its process.
//!
//! It answers callers on this machine only. It never passes through faults, and is not recorded.

use std::time::Duration;

use http::{Method, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use crate::answer::Answer;
use crate::changes::Change;
use crate::clock;
use crate::dispatch::{Request, RequestBody};
use crate::faults::Fault;
use crate::operations::OPERATIONS;
use crate::options::Options;
use crate::shared::Shared;

/// Where it lives; no operation's path begins so.
pub(crate) const PREFIX: &str = "/__emulator__/";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClockChange {
    advance_seconds: Option<u64>,
    hold: Option<bool>,
}

/// Answers a request whose path begins with [`PREFIX`].
pub(crate) fn handle(shared: &Shared, request: &Request) -> Answer {
    let what = request.path.strip_prefix(PREFIX).unwrap_or_default();
    match (&request.method, what) {
        (&Method::GET, "") => Answer::ok(info(shared)),
        (&Method::GET, "clock") => Answer::ok(clock(shared)),
        (&Method::POST, "clock") => with_body(request, |change| change_clock(shared, &change)),
        (&Method::GET, "jwks.json" | "jwks") => Answer::ok(shared.api().tokens.jwks()),
        (&Method::GET, "faults") => Answer::ok(faults(shared)),
        (&Method::POST, "faults") => with_body(request, |fault| add_fault(shared, fault)),
        (&Method::DELETE, "faults") => {
            shared.faults.clear();
            Answer::no_content()
        }
        (&Method::GET, "options") => Answer::ok(json!(shared.api().options)),
        (&Method::PATCH, "options") => with_body(request, |change| change_options(shared, change)),
        (&Method::GET, "requests") => Answer::ok(requests(shared)),
        (&Method::GET, _) if what.starts_with("totp/") => totp(shared, &what["totp/".len()..]),
        _ => Answer::framework(
            StatusCode::NOT_FOUND,
            format!("Cannot {} {}", request.method, request.path),
        ),
    }
}

/// The answer to callers from elsewhere.
pub(crate) fn forbidden() -> Answer {
    Answer::framework(
        StatusCode::FORBIDDEN,
        "The admin interface answers this machine only",
    )
}

fn info(shared: &Shared) -> Value {
    let operations: Vec<Value> = OPERATIONS
        .iter()
        .map(|operation| {
            json!({
                "id": operation.id,
                "method": operation.method,
                "path": operation.path,
                "authenticated": operation.authenticated(),
                "permission": operation.permission,
            })
        })
        .collect();
    json!({
        "name": env!("CARGO_PKG_NAME"),
        "version": env!("CARGO_PKG_VERSION"),
        "mutation": mutation(shared),
        "clock": clock(shared),
        "operations": operations,
    })
}

/// What is wrong here on purpose; null where nothing is.
fn mutation(shared: &Shared) -> Value {
    let mutation = shared.api().options.mutation;
    mutation.map_or(Value::Null, |mutation| {
        json!({
            "name": mutation.name(),
            "breaks": mutation.breaks(),
            "fact": mutation.fact(),
        })
    })
}

fn clock(shared: &Shared) -> Value {
    json!({ "now": shared.clock.now(), "held": shared.clock.is_held() })
}

fn change_clock(shared: &Shared, change: &ClockChange) -> Answer {
    let held = change.hold.map(|hold| match hold {
        true => clock::Change::Hold,
        false => clock::Change::Release,
    });
    let moved = change.advance_seconds.map(Duration::from_secs);
    let changes = held.into_iter().chain(moved.map(clock::Change::Advance));
    for change in changes {
        if let Err(why) = shared.clock.change(change) {
            return Answer::not_journaled(&why);
        }
    }
    Answer::ok(clock(shared))
}

fn faults(shared: &Shared) -> Value {
    json!({ "pending": shared.faults.list() })
}

fn add_fault(shared: &Shared, fault: Fault) -> Answer {
    match shared.faults.add(fault) {
        Ok(()) => Answer::created(faults(shared)),
        Err(why) => Answer::invalid(vec![why.to_string()]),
    }
}

/// Takes over what the change names, and leaves the rest.
fn change_options(shared: &Shared, change: Map<String, Value>) -> Answer {
    let mut changed = json!(shared.api().options);
    if let Value::Object(options) = &mut changed {
        options.extend(change);
    }
    let options: Options = match serde_path_to_error::deserialize(changed) {
        Ok(options) => options,
        Err(error) => return Answer::invalid(vec![error.to_string()]),
    };
    let answer = shared.change_now(Change::Options(Box::new(options)));
    if answer.status.is_success() {
        Answer::ok(json!(shared.api().options))
    } else {
        answer
    }
}

fn requests(shared: &Shared) -> Value {
    let requests = shared.requests().into_iter();
    let requests: Vec<Value> = requests
        .map(|request| {
            json!({
                "operation": request.operation,
                "method": request.method,
                "path": request.path,
                "status": request.status,
            })
        })
        .collect();
    json!({ "requests": requests })
}

fn totp(shared: &Shared, username: &str) -> Answer {
    let username = percent_encoding::percent_decode_str(username).decode_utf8_lossy();
    let now = shared.clock.now();
    match shared.api().world.users.totp_now(&username, now) {
        Some(code) => Answer::ok(json!({ "totp": code })),
        None => Answer::framework(StatusCode::NOT_FOUND, "No user with MFA has this name"),
    }
}

fn with_body<T: DeserializeOwned>(request: &Request, act: impl FnOnce(T) -> Answer) -> Answer {
    let RequestBody::Whole(bytes) = &request.body else {
        return Answer::framework(StatusCode::PAYLOAD_TOO_LARGE, "request entity too large");
    };
    let reader = &mut serde_json::Deserializer::from_slice(bytes);
    match serde_path_to_error::deserialize(reader) {
        Ok(body) => act(body),
        Err(error) => Answer::invalid(vec![error.to_string()]),
    }
}
