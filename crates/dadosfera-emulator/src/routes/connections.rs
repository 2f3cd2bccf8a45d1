//! Connections: list, get, create, update, delete, test, their plugins, and OAuth.

use chrono::TimeDelta;
use http::uri::Authority;
use http::{StatusCode, header};
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::api::Api;
use crate::call::Call;
use crate::mutations::Mutation;
use crate::routes::{fields, query, times};
use crate::state::connections::{Connection, ConnectionChanges, Filter, NewConnection, Refused};
use crate::state::oauth::{Authorization, CONSENT_PATH};
use crate::state::plugins::{self, Auth, PLUGINS, VERSION};
use crate::state::redirects;

const DEFAULT_SIZE: usize = 50;
const STATUS: &str = "status must be one of active, inactive";

pub(crate) fn list(api: &Api, call: &Call) -> Answer {
    let mut wrong = Vec::new();
    let size = query::positive(call, "size", DEFAULT_SIZE, &mut wrong);
    let page = query::positive(call, "start_page", 1, &mut wrong);
    let active = match given(call, "status") {
        None => None,
        Some(text) => is_active(text).map(Some).unwrap_or_else(|| {
            wrong.push(STATUS.into());
            None
        }),
    };
    if !wrong.is_empty() {
        return Answer::invalid(wrong);
    }
    let filter = Filter {
        id: given(call, "connection_id"),
        plugin: given(call, "type"),
        active,
        name: given(call, "name"),
    };
    let connections: Vec<Value> = api
        .world
        .connections
        .list(&call.caller.customer_id, filter)
        .skip(size.saturating_mul(page - 1))
        .take(size)
        .map(shown)
        .collect();
    let body = json!({ "connections": connections });
    if api.options.has(Mutation::ReadIsPartial) {
        return Answer::json(StatusCode::PARTIAL_CONTENT, body);
    }
    Answer::ok(body)
}

pub(crate) fn get(api: &Api, call: &Call) -> Answer {
    let id = call.param(0);
    match api.world.connections.get(&call.caller.customer_id, id) {
        Ok(connection) => {
            let mut body = shown(connection);
            if api.options.has(Mutation::ConnectionOlderThanItself) {
                let earlier = connection.created_at - TimeDelta::hours(1);
                body["updated_at"] = json!(times::millis(earlier));
            }
            Answer::ok(body)
        }
        Err(refused) => refusal(id, refused),
    }
}

pub(crate) fn create(api: &mut Api, call: &Call) -> Answer {
    let (mut name, mut plugin, mut config) = (None, None, None);
    let wrong: Vec<String> = [
        fields::non_empty(&call.body, "name").map(|sent| name = Some(sent)),
        fields::non_empty(&call.body, "plugin")
            .and_then(plugins::named)
            .map(|known| plugin = Some(known)),
        fields::object(&call.body, "config").map(|sent| config = Some(sent)),
    ]
    .into_iter()
    .filter_map(Result::err)
    .collect();
    let (Some(name), Some(plugin), Some(config)) = (name, plugin, config) else {
        return Answer::invalid(wrong);
    };
    let new = NewConnection {
        name,
        plugin,
        config,
    };
    let world = &mut api.world;
    let created =
        world
            .connections
            .create(&call.caller.customer_id, &new, call.now, &mut world.chance);
    match created {
        Ok(connection) => {
            let mut body = shown(connection);
            if api.options.has(Mutation::ConnectionShowsItsPassword) {
                body["config"]["password"] = json!(config.get("password"));
            }
            Answer::created(body)
        }
        Err(refused) => refusal("", refused),
    }
}

pub(crate) fn update(api: &mut Api, call: &Call) -> Answer {
    let id = call.param(0);
    let customer_id = &call.caller.customer_id;
    let connections = &mut api.world.connections;
    let plugin = match connections.get(customer_id, id) {
        Ok(connection) => connection.plugin,
        Err(refused) => return refusal(id, refused),
    };
    let mut wrong = Vec::new();
    let mut changes = ConnectionChanges::default();
    if call.body.contains_key("name") {
        match fields::non_empty(&call.body, "name") {
            Ok(name) => changes.name = Some(name),
            Err(why) => wrong.push(why),
        }
    }
    if let Some(sent) = call.body.get("status") {
        changes.active = sent.as_str().and_then(is_active);
        if changes.active.is_none() {
            wrong.push(STATUS.into());
        }
    }
    if call.body.contains_key("config") {
        match fields::object(&call.body, "config") {
            Ok(config) => changes.config = Some(config),
            Err(why) => wrong.push(why),
        }
    }
    if call
        .body
        .get("plugin")
        .is_some_and(|sent| sent != plugin.name)
    {
        wrong.push("plugin cannot be changed".into());
    }
    if !wrong.is_empty() {
        return Answer::invalid(wrong);
    }
    match connections.update(customer_id, id, &changes, call.now) {
        Ok(connection) => Answer::ok(shown(connection)),
        Err(refused) => refusal(id, refused),
    }
}

pub(crate) fn delete(api: &mut Api, call: &Call) -> Answer {
    let id = call.param(0);
    let world = &mut api.world;
    let deleted = world
        .connections
        .delete(&call.caller.customer_id, id, &world.pipelines);
    match deleted {
        Ok(()) => Answer::no_content(),
        Err(refused) => refusal(id, refused),
    }
}

pub(crate) fn test(api: &Api, call: &Call) -> Answer {
    let id = call.param(0);
    match api.world.connections.test(&call.caller.customer_id, id) {
        Ok(Ok(())) => Answer::ok(json!({ "status": "ok", "detail": "connected" })),
        Ok(Err(why)) => Answer::ok(json!({ "status": "failed", "detail": why })),
        Err(refused) => refusal(id, refused),
    }
}

pub(crate) fn list_plugins(_: &Api, _: &Call) -> Answer {
    let listed: Vec<Value> = PLUGINS
        .iter()
        .map(|plugin| {
            json!({
                "plugin": plugin.name,
                "version": VERSION,
                "auth_type": plugin.auth.as_str(),
                "config_schema": plugin.schema(),
            })
        })
        .collect();
    Answer::ok(json!({ "plugins": listed }))
}

pub(crate) fn authorize(api: &mut Api, call: &Call) -> Answer {
    let (mut plugin, mut redirect_uri) = (None, None);
    let wrong: Vec<String> = [
        fields::non_empty(&call.body, "plugin")
            .and_then(plugins::named)
            .and_then(|known| match known.auth {
                Auth::OAuth => Ok(known),
                Auth::Form => Err(format!("plugin {} does not connect by OAuth", known.name)),
            })
            .map(|known| plugin = Some(known)),
        fields::non_empty(&call.body, "redirect_uri")
            .and_then(|uri| redirects::check(uri).map(|()| uri).map_err(Into::into))
            .map(|uri| redirect_uri = Some(uri)),
    ]
    .into_iter()
    .filter_map(Result::err)
    .collect();
    let (Some(plugin), Some(redirect_uri)) = (plugin, redirect_uri) else {
        return Answer::invalid(wrong);
    };
    let Some(host) = host(call) else {
        return Answer::invalid(vec!["the Host header must name a host".into()]);
    };
    let caller = &call.caller;
    let begun = Authorization::new(
        &caller.user_id,
        &caller.username,
        plugin,
        redirect_uri,
        call.now,
    );
    let world = &mut api.world;
    let state = world.authorizations.begin(begun, &mut world.chance);
    Answer::ok(json!({
        "authorization_url": format!("http://{host}{CONSENT_PATH}?state={state}"),
        "state": state,
    }))
}

pub(crate) fn complete(api: &mut Api, call: &Call) -> Answer {
    let (mut state, mut code) = (None, None);
    let wrong: Vec<String> = [
        fields::string(&call.body, "state").map(|sent| state = Some(sent)),
        fields::string(&call.body, "code").map(|sent| code = Some(sent)),
    ]
    .into_iter()
    .filter_map(Result::err)
    .collect();
    let (Some(state), Some(code)) = (state, code) else {
        return Answer::invalid(wrong);
    };
    let caller = &call.caller;
    let world = &mut api.world;
    let completed = world
        .authorizations
        .complete(&caller.user_id, state, code, call.now);
    match completed {
        Ok(consented) => Answer::created(shown(world.connections.create_consented(
            &caller.customer_id,
            consented.plugin,
            &consented.username,
            call.now,
            &mut world.chance,
        ))),
        Err(refusal) => Answer::invalid(vec![refusal.to_string()]),
    }
}

fn shown(connection: &Connection) -> Value {
    json!({
        "id": connection.id,
        "name": connection.name,
        "plugin": connection.plugin.name,
        "type": connection.plugin.name,
        "status": if connection.active { "active" } else { "inactive" },
        "config": connection.config.shown(),
        "created_at": times::millis(connection.created_at),
        "updated_at": times::millis(connection.updated_at),
    })
}

fn refusal(id: &str, refused: Refused) -> Answer {
    match refused {
        Refused::NotFound => {
            let message = format!("Connection with id {id} not found");
            Answer::framework(StatusCode::NOT_FOUND, message)
        }
        Refused::Invalid(wrong) => Answer::invalid(wrong),
        Refused::Taken(why) => Answer::framework(StatusCode::CONFLICT, why),
        Refused::InUse(details) => Answer::json(
            StatusCode::CONFLICT,
            json!({
                "statusCode": 409,
                "message": format!("Connection with id {id} is in use"),
                "error": "Conflict",
                "details": details,
            }),
        ),
    }
}

/// Where the caller found this emulator: the one name of it that surely works for them.
fn host(call: &Call) -> Option<Authority> {
    let host: Authority = call.header(header::HOST.as_str())?.parse().ok()?;
    (!host.as_str().contains('@')).then_some(host)
}

fn is_active(text: &str) -> Option<bool> {
    match text {
        "active" => Some(true),
        "inactive" => Some(false),
        _ => None,
    }
}

/// A query parameter; an empty one, as forms send it, is none.
fn given<'a>(call: &'a Call, name: &str) -> Option<&'a str> {
    call.query(name).filter(|value| !value.is_empty())
}
