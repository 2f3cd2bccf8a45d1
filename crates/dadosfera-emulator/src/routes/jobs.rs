//! Jobs: get, then sync mode, input, state and memory.

use http::StatusCode;
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::api::Api;
use crate::call::Call;
use crate::routes::{memory, pipelines};
use crate::state::ids;
use crate::state::job_input::{self, LoadType};
use crate::state::jobs::SyncMode;

pub(crate) fn get_jdbc(api: &Api, call: &Call) -> Answer {
    let found = api
        .world
        .pipelines
        .job(&call.caller.customer_id, call.param(0));
    match found {
        Ok((pipeline, job)) if job.is_jdbc() => Answer::ok(json!({
            "job_name": job.name(),
            "source_config": job.input,
            "transformations": job.transformations,
            "output_config": pipelines::output(pipeline, job),
        })),
        _ => not_found(call),
    }
}

pub(crate) fn update_sync_mode(api: &mut Api, call: &Call) -> Answer {
    let job = match api
        .world
        .pipelines
        .job_mut(&call.caller.customer_id, call.param(0))
    {
        Ok(job) if job.is_jdbc() => job,
        _ => return not_found(call),
    };
    let changed = sync_mode(call).and_then(|mode| {
        let change = job.change_mode(&mode)?;
        Ok(json!({
            "status": true,
            "detail": format!(
                "Successfully updated sync mode to {} for job_id {}",
                mode.target.as_str(),
                job.id
            ),
            "state": change.as_str(),
        }))
    });
    answer(changed)
}

pub(crate) fn patch_input(api: &mut Api, call: &Call) -> Answer {
    let Ok(job) = api
        .world
        .pipelines
        .job_mut(&call.caller.customer_id, call.param(0))
    else {
        return not_found(call);
    };
    let patched = job_input::patch(&job.input, &call.body).map(|(input, names)| {
        job.input = input;
        json!({
            "status": true,
            "detail": format!("Successfully updated input fields for job_id {}", job.id),
            "updated_fields": names,
        })
    });
    answer(patched)
}

pub(crate) fn reset_state(api: &mut Api, call: &Call) -> Answer {
    let Ok(job) = api
        .world
        .pipelines
        .job_mut(&call.caller.customer_id, call.param(0))
    else {
        return not_found(call);
    };
    job.reset();
    Answer::ok(json!({
        "status": true,
        "detail": format!("Successfully reset state for job_id {}", job.id),
        "message": "Next job execution will start from beginning (full load/extraction)",
    }))
}

pub(crate) fn update_memory(api: &mut Api, call: &Call) -> Answer {
    let Ok(job) = api
        .world
        .pipelines
        .job_mut(&call.caller.customer_id, call.param(0))
    else {
        return not_found(call);
    };
    let amount = match memory::amount(call) {
        Ok(amount) => amount,
        Err(answer) => return answer,
    };
    job.memory_mb = Some(amount);
    Answer::ok(json!({ "status": true, "data": {
        "message": "Job memory updated successfully",
        "job_id": job.id,
        "memory_mb": amount,
    } }))
}

fn not_found(call: &Call) -> Answer {
    let text = format!("job_id {} not found", ids::canonical(call.param(0)));
    Answer::detail(StatusCode::NOT_FOUND, text)
}

fn answer(result: Result<Value, String>) -> Answer {
    match result {
        Ok(body) => Answer::ok(body),
        Err(why) => Answer::detail(StatusCode::BAD_REQUEST, why),
    }
}

fn sync_mode(call: &Call) -> Result<SyncMode, String> {
    let target = match call.body.get("target_load_type") {
        None | Some(Value::Null) => return Err("target_load_type is required".into()),
        Some(value) => value
            .as_str()
            .and_then(LoadType::parse)
            .ok_or_else(|| format!("target_{}", job_input::unknown_load_type()))?,
    };
    let force = match call.body.get("force") {
        None | Some(Value::Null) => false,
        Some(Value::Bool(force)) => *force,
        Some(_) => return Err("force must be a boolean".into()),
    };
    let mut fields = job_input::Fields::new();
    for name in [
        "incremental_column_name",
        "incremental_column_type",
        "primary_keys",
    ] {
        if let Some(value) = call.body.get(name).filter(|value| !value.is_null()) {
            fields.insert(name.to_owned(), value.clone());
        }
    }
    Ok(SyncMode {
        target,
        fields,
        force,
    })
}
