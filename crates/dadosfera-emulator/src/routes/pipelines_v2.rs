//! The older routes of the web application: list, status, logs.

use std::fmt::Write;

use http::StatusCode;
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::api::Api;
use crate::call::Call;
use crate::mutations::Mutation;
use crate::routes::{query, times};
use crate::state::ids;
use crate::state::jobs::{Job, Progress};
use crate::state::pipeline::Pipeline;

const DEFAULT_SIZE: usize = 500;

pub(crate) fn list(api: &Api, call: &Call) -> Answer {
    if api.options.has(Mutation::ServerError) {
        return Answer::unknown("canceling statement due to statement timeout");
    }
    let mut wrong = Vec::new();
    let size = query::positive(call, "size", DEFAULT_SIZE, &mut wrong);
    let page = query::positive(call, "page", 1, &mut wrong);
    let order = query::one_of(call, "order", ["asc", "desc"], "asc", &mut wrong);
    let keys = ["display_name", "created_at"];
    let sort = query::one_of(call, "sort_by", keys, "display_name", &mut wrong);
    if !wrong.is_empty() {
        return Answer::invalid(wrong);
    }
    let mut pipelines = api.world.pipelines.list(&call.caller.customer_id);
    if sort == "display_name" {
        pipelines.sort_by(|one, other| one.name.cmp(&other.name));
    }
    if order == "desc" {
        pipelines.reverse();
    }
    let first = size.saturating_mul(page - 1);
    let shown: Vec<Value> = pipelines
        .into_iter()
        .skip(first)
        .take(size)
        .map(shown)
        .collect();
    Answer::ok(json!({ "pipelines": shown }))
}

pub(crate) fn status(api: &Api, call: &Call) -> Answer {
    let id = call.param(0);
    let Ok(pipeline) = api.world.pipelines.get(&call.caller.customer_id, id) else {
        return not_found(id);
    };
    let status: Vec<Value> = pipeline
        .runs
        .newest_first()
        .map(|run| {
            json!({
                "id": run.id,
                "pipeline_id": pipeline.id,
                "status": run.status.as_str(),
                "created_at": times::millis(run.created_at),
                "updated_at": times::millis(run.updated_at),
            })
        })
        .collect();
    Answer::ok(json!({ "status": status }))
}

pub(crate) fn download_logs(api: &Api, call: &Call) -> Answer {
    let id = match call.query("pipeline_id") {
        Some(id) if !id.is_empty() => id,
        _ => return Answer::invalid(vec!["pipeline_id must be a string".into()]),
    };
    match api.world.pipelines.get(&call.caller.customer_id, id) {
        Ok(pipeline) => Answer::text(log(pipeline)),
        Err(_) => not_found(id),
    }
}

fn shown(pipeline: &Pipeline) -> Value {
    json!({
        "id": pipeline.id,
        "display_name": pipeline.name,
        "name": pipeline.name,
        "description": pipeline.description,
        "cron": pipeline.cron,
        "status": pipeline.state(),
        "last_status": pipeline.last_status(),
        "created_at": times::millis(pipeline.created_at),
        "updated_at": times::millis(pipeline.updated_at),
    })
}

fn not_found(id: &str) -> Answer {
    let message = format!("Pipeline with id {} not found", ids::canonical(id));
    Answer::framework(StatusCode::NOT_FOUND, message)
}

/// The latest run, as a log that a person can read.
fn log(pipeline: &Pipeline) -> String {
    let Some(run) = pipeline.runs.latest() else {
        return String::new();
    };
    let mut log = format!(
        "{} run {} of pipeline {} started\n",
        times::millis(run.created_at),
        run.id,
        pipeline.id
    );
    for job in &pipeline.jobs {
        // Writing to a String cannot fail.
        let _ = writeln!(
            log,
            "{} job {} {} with {} MB: {}",
            times::millis(run.created_at),
            job.id,
            job.status.as_str(),
            job.memory_mb.unwrap_or(pipeline.memory_mb),
            progress(job)
        );
    }
    if run.updated_at > run.created_at {
        let trace = run.trace.as_deref().unwrap_or("no error");
        let _ = writeln!(
            log,
            "{} run {}: {trace}",
            times::millis(run.updated_at),
            run.status.as_str()
        );
    }
    log
}

fn progress(job: &Job) -> String {
    match job.progress {
        Progress::None => "full extraction".into(),
        Progress::Beginning => "incremental, from the beginning".into(),
        Progress::ReadUntil(time) => format!("incremental, read until {}", times::millis(time)),
    }
}
