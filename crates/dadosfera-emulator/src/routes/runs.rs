//! Runs: list, get.

use http::StatusCode;
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::api::Api;
use crate::call::Call;
use crate::mutations::Mutation;
use crate::options::Options;
use crate::routes::pipelines::refused;
use crate::routes::times;
use crate::state::ids;
use crate::state::runs::{Run, RunStatus};

pub(crate) fn list(api: &Api, call: &Call) -> Answer {
    let id = call.param(0);
    match api.world.pipelines.get(&call.caller.customer_id, id) {
        Ok(pipeline) => {
            let runs = pipeline.runs.newest_first();
            let mut runs: Vec<Value> = runs
                .map(|run| shown(&api.options, run, &pipeline.id))
                .collect();
            if api.options.has(Mutation::OldestRunFirst) {
                runs.reverse();
            }
            Answer::ok(runs.into())
        }
        Err(_) if api.options.has(Mutation::RunsOutliveTheirPipeline) => Answer::ok(json!([])),
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
    let mut run = pipeline.runs.get(&run_id);
    if api.options.has(Mutation::AnyRunIsFound) {
        run = run.or(pipeline.runs.latest());
    }
    match run {
        Some(run) => Answer::ok(shown(&api.options, run, &pipeline.id)),
        None => {
            let text = format!("pipeline_run_id {run_id} not found");
            Answer::detail(StatusCode::NOT_FOUND, text)
        }
    }
}

fn shown(options: &Options, run: &Run, pipeline_id: &str) -> Value {
    let mut shown = json!({
        "id": run.number,
        "pipeline_run_id": run.id,
        "pipeline_id": pipeline_id,
        "last_status": run.status.as_str(),
        "created_at": times::millis(run.created_at),
        "updated_at": times::millis(run.updated_at),
        "trace": run.trace,
    });
    if options.mutation.is_some() {
        distort(options, run, &mut shown);
    }
    shown
}

/// What mutations make of a run.
fn distort(options: &Options, run: &Run, shown: &mut Value) {
    let has = |mutation| options.has(mutation);
    if has(Mutation::FailureHasNoTrace) {
        shown["trace"] = Value::Null;
    }
    if has(Mutation::FailureIsASuccess) && run.status == RunStatus::Failed {
        shown["last_status"] = json!(RunStatus::Success.as_str());
    }
    if has(Mutation::UnknownWord) && run.status == RunStatus::Success {
        shown["last_status"] = json!("SKIPPED");
    }
    if has(Mutation::UnknownField) {
        shown["duration"] = json!(12);
    }
    if has(Mutation::FieldIsAText) {
        shown["id"] = json!(run.number.to_string());
    }
    if has(Mutation::TimeIsNone) {
        shown["created_at"] = json!("yesterday");
    }
}
