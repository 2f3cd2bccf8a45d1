//! Whether the service is up, in the shape of the framework's standard health module.

use serde_json::{Map, Value, json};

use crate::answer::Answer;
use crate::api::Api;
use crate::call::Call;
use crate::mutations::Mutation;
use crate::state::health;

pub(crate) fn get(api: &Api, _: &Call) -> Answer {
    let up: Map<String, Value> = health::UP
        .iter()
        .map(|part| ((*part).to_owned(), json!({ "status": "up" })))
        .collect();
    let is_down = api.options.has(Mutation::HealthIsDown);
    let status = if is_down { "error" } else { "ok" };
    Answer::ok(json!({ "status": status, "info": up, "error": {}, "details": up }))
}
