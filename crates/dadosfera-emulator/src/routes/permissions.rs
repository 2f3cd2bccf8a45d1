//! The permissions that an API key can hold.

use serde_json::json;

use crate::answer::Answer;
use crate::api::Api;
use crate::call::Call;
use crate::state::permissions::PERMISSIONS;

pub(crate) fn list(_: &Api, _: &Call) -> Answer {
    let listed = PERMISSIONS
        .iter()
        .map(|permission| json!({ "id": permission.id, "name": permission.name }));
    Answer::ok(listed.collect())
}
