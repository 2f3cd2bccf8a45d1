//! Runs: list, get.

use http::StatusCode;
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::api::Api;
use crate::call::Call;
use crate::routes::pipelines::refused;
use crate::routes::times;
use crate::state::ids;
use crate::state::runs::Run;

pub(crate) fn list(api: &Api, call: &Call) -> Answer {
    let id = call.param(0);
    match api.world.pipelines.get(&call.caller.customer_id, id) {
        Ok(pipeline) => {
            let runs = pipeline.runs.newest_first();
            Answer::ok(runs.map(|run| shown(run, &pipeline.id)).collect())
        }
        Err(why) => refused(&why, id),
    }
}

pub(crate) fn get(api: &Api, call: &Call) -> Answer {
    let id = call.param(0);
    let pipeline = match api.world.pipelines.get(&call.caller.customer_id, id) {
        Ok(pipeline) => pipeline,
        Err(why) => return refused(&why, id),
    };
    let run_id = ids::canonical(call.param(1));
    match pipeline.runs.get(&run_id) {
        Some(run) => Answer::ok(shown(run, &pipeline.id)),
        None => {
            let text = format!("pipeline_run_id {run_id} not found");
            Answer::detail(StatusCode::NOT_FOUND, text)
        }
    }
}

fn shown(run: &Run, pipeline_id: &str) -> Value {
    json!({
        "id": run.number,
        "pipeline_run_id": run.id,
        "pipeline_id": pipeline_id,
        "last_status": run.status.as_str(),
        "created_at": times::millis(run.created_at),
        "updated_at": times::millis(run.updated_at),
        "trace": run.trace,
    })
}
