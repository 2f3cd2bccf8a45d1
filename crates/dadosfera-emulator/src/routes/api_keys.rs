//! API keys: list, create, delete.

use http::StatusCode;
use serde_json::{Value, json};

use crate::answer::{Answer, Content};
use crate::api::Api;
use crate::call::Call;
use crate::mutations::Mutation;
use crate::routes::times;
use crate::state::api_keys::{ApiKey, NewApiKey};

pub(crate) fn list(api: &Api, call: &Call) -> Answer {
    let keys = api.world.api_keys.list(&call.caller.customer_id);
    let keys: Value = keys.map(shown).collect();
    if api.options.has(Mutation::NoContentType) {
        return Answer::new(StatusCode::OK, Content::Raw(None, keys.to_string()));
    }
    Answer::ok(keys)
}

pub(crate) fn create(api: &mut Api, call: &Call) -> Answer {
    let permission_ids = match permission_ids(call.body.get("permissions")) {
        Ok(ids) => ids,
        Err(why) => return Answer::invalid(vec![why.into()]),
    };
    let world = &mut api.world;
    let created = world.api_keys.create(NewApiKey {
        id: world.chance.uuid().to_string(),
        secret: world.chance.bytes(),
        permission_ids: &permission_ids,
        created_by: &call.caller.user_id,
        customer_id: &call.caller.customer_id,
        now: call.now,
    });
    match created {
        Ok((text, key)) => {
            let mut body = shown(key);
            body["key"] = json!(text);
            body["created_by"] = json!(key.created_by);
            Answer::created(body)
        }
        Err(unknown) => {
            let ids: Vec<String> = unknown.iter().map(ToString::to_string).collect();
            Answer::unknown(&format!("Invalid permission IDs: {}", ids.join(", ")))
        }
    }
}

pub(crate) fn delete(api: &mut Api, call: &Call) -> Answer {
    let id = call.param(0);
    if api.options.has(Mutation::DeletedKeyLives) {
        return Answer::no_content();
    }
    if api.world.api_keys.delete(&call.caller.customer_id, id) {
        return Answer::no_content();
    }
    if api.options.has(Mutation::KeyDeletedTwice) {
        return Answer::no_content();
    }
    let body = json!({
        "error": "API Key not found",
        "message": format!("API Key with ID {id} was not found"),
    });
    Answer::json(StatusCode::NOT_FOUND, body)
}

/// The names of the permissions are empty in every documented answer, so they are here.
fn shown(key: &ApiKey) -> Value {
    let permissions: Vec<Value> = key
        .permissions
        .iter()
        .map(|permission| json!({ "id": permission.id, "name": "" }))
        .collect();
    json!({
        "permissions": permissions,
        "id": key.id,
        "key_mask": key.mask,
        "created_at": times::millis(key.created_at),
    })
}

fn permission_ids(value: Option<&Value>) -> Result<Vec<i64>, &'static str> {
    let items = value
        .and_then(Value::as_array)
        .ok_or("permissions must be an array")?;
    items
        .iter()
        .map(Value::as_i64)
        .collect::<Option<_>>()
        .ok_or("each value in permissions must be an integer number")
}
