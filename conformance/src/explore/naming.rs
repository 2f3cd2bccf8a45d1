//! Names and ids that nothing else has: where a document says that two of a kind collide, and on hosts that others use.

use serde_json::{Value, json};

use super::api::Api;
use super::samples::uuid;
use super::scenario::Why;
use super::shape::kind;
use super::values::with;
use crate::engine::{Contract, Direction, Operation};

/// The fields that name a thing, the best first.
const NAMES: [&str; 7] = [
    "name",
    "display_name",
    "displayname",
    "title",
    "label",
    "username",
    "slug",
];
/// The fields by which a client chooses an id.
const IDS: [&str; 3] = ["id", "uuid", "guid"];

/// The field of a create's body that names what it makes.
pub(crate) fn name_field(api: &Api, operation: &Operation) -> Option<String> {
    field(api, operation, &NAMES)
}

fn field(api: &Api, operation: &Operation, names: &[&str]) -> Option<String> {
    let fields = api.request_fields(operation);
    let found = |wanted: &&str| {
        fields.iter().find(|(name, schema)| {
            name.to_ascii_lowercase() == **wanted
                && kind(schema) == "string"
                && schema.get("enum").is_none()
        })
    };
    let (name, _) = names.iter().find_map(found)?;
    Some(name.clone())
}

/// The body with a name that begins with `prefix` where one is given, or with its own; and with an id of its own.
///
/// A field that the request is about stays as it is, and so does all where the body would no longer be as valid as it was.
pub(crate) fn named(
    api: &Api,
    contract: &Contract,
    operation: &Operation,
    body: &Value,
    about: Option<&Why>,
    unique: (Option<&str>, u64),
) -> Value {
    let (prefix, number) = unique;
    let is_about = |name: &str| about.is_some_and(|why| why.place == format!("body /{name}"));
    let mut changed = body.clone();
    if let Some(name) = field(api, operation, &IDS)
        && changed[name.as_str()].is_string()
        && !is_about(&name)
    {
        changed = with(
            &changed,
            &name,
            json!(uuid(u128::from(number) << 64 | 0x5eed)),
        );
    }
    if let Some(name) = name_field(api, operation)
        && let Some(own) = changed[name.as_str()].as_str()
        && !is_about(&name)
    {
        let fields = api.request_fields(operation);
        let most = fields
            .iter()
            .find(|(known, _)| *known == name)
            .and_then(|(_, schema)| schema["maxLength"].as_u64())
            .unwrap_or(200);
        let tail = format!("-{number:x}");
        let room = usize::try_from(most).unwrap_or(200);
        let room = room.saturating_sub(tail.len()).min(80);
        let whole = match prefix {
            Some(prefix) => format!("{prefix}{number:x}"),
            None => own.chars().take(room).chain(tail.chars()).collect(),
        };
        changed = with(&changed, &name, json!(whole));
    }
    let broken = |body: &Value| {
        api.body_schema(operation)
            .and_then(|schema| contract.schema(schema, Direction::Request).ok())
            .map_or(0, |schema| schema.broken(body).len())
    };
    if broken(&changed) > broken(body) {
        body.clone()
    } else {
        changed
    }
}
