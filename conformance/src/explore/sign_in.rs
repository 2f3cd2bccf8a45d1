//! The actors sign in: their steps are sent, their tokens kept, and every secret on the way is remembered.

use std::collections::BTreeMap;

use reqwest::Method;
use serde_json::Value;

use super::actors::{Actor, ActorsError};
use super::api::Speaker;
use super::wire::Wire;
use crate::engine::Call;

/// Why an actor is not signed in.
#[derive(Debug)]
pub(crate) enum SignInError {
    /// Something is missing on our side.
    Actors(ActorsError),
    /// The host refused it.
    Refused(String),
    /// The host did not answer.
    Host(String),
}

/// Signs an actor in.
pub(crate) async fn signed_in(
    actor: &Actor,
    index: usize,
    wire: &Wire,
    environment: &(dyn Fn(&str) -> Option<String> + Sync),
) -> Result<Speaker, SignInError> {
    let mut taken: BTreeMap<String, String> = BTreeMap::new();
    for step in &actor.steps {
        let from_environment = |name: &str| {
            let value = environment(name);
            if let Some(value) = &value {
                wire.taint.learn(value, name);
            }
            value
        };
        let known = |name: &str| taken.get(name).cloned().or_else(|| from_environment(name));
        let path = actor
            .filled(&step.path, &known)
            .map_err(SignInError::Actors)?;
        let method = step.method.to_ascii_uppercase();
        if Method::from_bytes(method.as_bytes()).is_err() || !path.starts_with('/') {
            let wrong = format!(
                "actor {}: {method} {path} is no method and path",
                actor.name
            );
            return Err(SignInError::Actors(ActorsError::File(wrong)));
        }
        let mut call = Call::undescribed(&method, &path);
        for (name, value) in &step.headers {
            let value = actor.filled(value, &known).map_err(SignInError::Actors)?;
            call.headers.push((name.clone(), value));
        }
        if let Some(body) = &step.body {
            call = call.with_json(
                &actor
                    .filled_value(body, &known)
                    .map_err(SignInError::Actors)?,
            );
        }
        let answer = wire.sign_in(call).await.map_err(|why| {
            SignInError::Host(format!("actor {}: {method} {path}: {why}", actor.name))
        })?;
        if !(200..300).contains(&answer.status) {
            let said = wire.taint.redact(&answer.text());
            let why = format!(
                "actor {}: {method} {path} was answered {}: {said}",
                actor.name, answer.status
            );
            return Err(SignInError::Refused(why));
        }
        let body = answer.json();
        for (name, pointer) in &step.take {
            let value = match body.pointer(pointer) {
                Some(Value::String(text)) => text.clone(),
                Some(Value::Number(number)) => number.to_string(),
                _ => {
                    let why = format!(
                        "actor {}: the answer to {method} {path} has no text at {pointer}",
                        actor.name
                    );
                    return Err(SignInError::Refused(why));
                }
            };
            let variable = if name == "token" {
                actor.variable(index)
            } else {
                name.to_ascii_uppercase()
            };
            wire.taint.learn(&value, &variable);
            taken.insert(name.clone(), value);
        }
    }
    let known = |name: &str| taken.get(name).cloned().or_else(|| environment(name));
    let token = match &actor.token {
        Some(template) => actor
            .filled(template, &known)
            .map_err(SignInError::Actors)?,
        None => taken.get("token").cloned().unwrap_or_default(),
    };
    wire.taint.learn(&token, &actor.variable(index));
    Ok(Speaker {
        name: actor.name.clone(),
        tenant: actor.tenant.clone(),
        scopes: actor.scopes.clone(),
        scheme: actor.sign.clone(),
        token,
        variable: actor.variable(index),
    })
}
