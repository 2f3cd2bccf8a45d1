//! Users: list, create, delete.

use http::StatusCode;
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::api::Api;
use crate::call::Call;
use crate::mutations::Mutation;
use crate::routes::fields::{self, Fields};
use crate::routes::times;
use crate::state::permissions::Group;
use crate::state::users::{NewUser, User};

/// The documentation's limit for one bulk creation.
const MAX_CREATED: usize = 50;
const SHORTEST_USERNAME: usize = 3;

pub(crate) fn list(api: &Api, call: &Call) -> Answer {
    let users = api.world.users.list(&call.caller.customer_id);
    let users: Vec<Value> = users.map(shown).collect();
    Answer::ok(json!({ "users": users }))
}

pub(crate) fn create(api: &mut Api, call: &Call) -> Answer {
    let cuts = api.options.has(Mutation::TooManyUsersAreCut);
    let new = match new_users(&call.body, cuts) {
        Ok(new) => new,
        Err(wrong) => return Answer::invalid(wrong),
    };
    let world = &mut api.world;
    let customer_id = &call.caller.customer_id;
    match world
        .users
        .invite(customer_id, new, call.now, &mut world.chance)
    {
        Ok(users) => {
            let users: Vec<Value> = users.into_iter().map(shown).collect();
            Answer::created(json!({ "users": users }))
        }
        Err(taken) => {
            let message = format!("Users already exist: {}", taken.join(", "));
            Answer::framework(StatusCode::CONFLICT, message)
        }
    }
}

pub(crate) fn delete(api: &mut Api, call: &Call) -> Answer {
    let id = call.param(0);
    if id == call.caller.user_id {
        let message = "A user cannot delete themselves";
        return Answer::framework(StatusCode::BAD_REQUEST, message);
    }
    if !api.world.users.delete(&call.caller.customer_id, id) {
        let message = format!("User with id {id} not found");
        return Answer::framework(StatusCode::NOT_FOUND, message);
    }
    // The tokens of nobody are refused already; the keys would stay in their customer's list.
    api.world.api_keys.delete_made_by(id);
    Answer::no_content()
}

fn shown(user: &User) -> Value {
    json!({
        "id": user.id,
        "lastLogin": user.last_login.map(times::millis),
        "name": user.name,
        "username": user.username,
        "group": user.group.name(),
        "createdAt": times::millis(user.created_at),
    })
}

fn new_users(body: &Fields, cuts: bool) -> Result<Vec<NewUser>, Vec<String>> {
    let Some(items) = body.get("users").and_then(Value::as_array) else {
        return Err(vec!["users must be an array".into()]);
    };
    if items.is_empty() {
        return Err(vec!["users should not be empty".into()]);
    }
    if items.len() > MAX_CREATED && !cuts {
        let why = format!("users must contain no more than {MAX_CREATED} elements");
        return Err(vec![why]);
    }
    let mut new = Vec::new();
    let mut wrong = Vec::new();
    for (index, item) in items.iter().take(MAX_CREATED).enumerate() {
        let at = |why: String| format!("users.{index}.{why}");
        match item.as_object().map(new_user) {
            Some(Ok(user)) => new.push(user),
            Some(Err(why)) => wrong.extend(why.into_iter().map(at)),
            None => wrong.push(format!("users.{index} must be an object")),
        }
    }
    if wrong.is_empty() {
        Ok(new)
    } else {
        Err(wrong)
    }
}

fn new_user(item: &Fields) -> Result<NewUser, Vec<String>> {
    let mut wrong = Vec::new();
    let mut text = |name| {
        let text = fields::string(item, name);
        text.map_err(|why| wrong.push(why)).unwrap_or_default()
    };
    let (username, name, group) = (text("username"), text("name"), text("group"));
    let known = Group::named(group);
    if wrong.is_empty() {
        if username.chars().count() < SHORTEST_USERNAME {
            let why =
                format!("username must be longer than or equal to {SHORTEST_USERNAME} characters");
            wrong.push(why);
        }
        if name.is_empty() {
            wrong.push("name should not be empty".into());
        }
        if known.is_none() {
            let groups = Group::ALL.map(Group::name).join(", ");
            wrong.push(format!(
                "group must be one of the following values: {groups}"
            ));
        }
    }
    match known {
        Some(group) if wrong.is_empty() => Ok(NewUser {
            username: username.to_owned(),
            name: name.to_owned(),
            group,
        }),
        _ => Err(wrong),
    }
}
