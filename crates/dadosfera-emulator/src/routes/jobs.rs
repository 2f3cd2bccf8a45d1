//! Jobs: get, then sync mode, input, state and memory.

use http::StatusCode;
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::api::Api;
use crate::call::Call;
use crate::mutations::Mutation;
use crate::routes::{memory, pipelines};
use crate::state::ids;
use crate::state::job_input::{self, LoadType};
use crate::state::jobs::{StateChange, SyncMode};
use crate::state::landing;

pub(crate) fn get_jdbc(api: &Api, call: &Call) -> Answer {
    let found = api
        .world
        .pipelines
        .job(&call.caller.customer_id, call.param(0));
    match found {
        Ok((pipeline, job)) if job.is_jdbc() => {
            let mut output = pipelines::output(pipeline, job);
            let code = output["raw"]["table_name"].as_str().map(str::to_uppercase);
            if api.options.has(Mutation::LandingInCapitals) {
                output["raw"]["table_name"] = json!(code);
            }
            if api.options.has(Mutation::QualifiedLandsInPublic) && output.get("qualify").is_some()
            {
                output["qualify"]["table_schema"] = json!(landing::RAW_SCHEMA);
            }
            Answer::ok(json!({
                "job_name": job.name(),
                "source_config": job.input,
                "transformations": job.transformations,
                "output_config": output,
            }))
        }
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
    let column_needed = !api.options.has(Mutation::ModeWithoutItsColumn);
    let changed = sync_mode(call, column_needed).and_then(|mode| {
        let change = job.change_mode(&mode).inspect_err(|_| {
            if api.options.has(Mutation::RefusedModeCounts) {
                let load_type = json!(mode.target.as_str());
                job.input.insert("load_type".into(), load_type);
            }
        });
        let mut change = change?;
        if change == StateChange::Preserved && api.options.has(Mutation::EveryModeResets) {
            job.reset();
            change = StateChange::Reset;
        }
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
        let before = job.input.insert("column_include_list".into(), Value::Null);
        job.input = input;
        let sent = call.body.get("column_include_list").cloned();
        if let (Some(Value::Array(before)), Some(Value::Array(sent))) = (before, sent) {
            if api.options.has(Mutation::ColumnsAreReplaced) {
                job.input.insert("column_include_list".into(), sent.into());
            } else if api.options.has(Mutation::ColumnsRepeat) {
                let both = [before, sent].concat();
                job.input.insert("column_include_list".into(), both.into());
            }
        }
        json!({
            "status": true,
            "detail": format!("Successfully updated input fields for job_id {}", job.id),
            "updated_fields": names,
        })
    });
    answer(patched)
}

pub(crate) fn reset_state(api: &mut Api, call: &Call) -> Answer {
    let mut customer_id = call.caller.customer_id.clone();
    if api.options.has(Mutation::ForeignJobIsReset) {
        let id = ids::canonical(call.param(0));
        let pipeline =
            ids::split_job_id(&id).and_then(|(pipeline, _)| api.world.pipelines.anybodys(pipeline));
        customer_id = pipeline.map_or(customer_id, |pipeline| pipeline.customer_id.clone());
    }
    let Ok(job) = api.world.pipelines.job_mut(&customer_id, call.param(0)) else {
        return not_found(call);
    };
    job.reset();
    let message = if api.options.has(Mutation::ResetIsTerse) {
        "Done"
    } else {
        "Next job execution will start from beginning (full load/extraction)"
    };
    Answer::ok(json!({
        "status": true,
        "detail": format!("Successfully reset state for job_id {}", job.id),
        "message": message,
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
    let amount = match memory::amount(&api.options, call) {
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

fn sync_mode(call: &Call, column_needed: bool) -> Result<SyncMode, String> {
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
    if !column_needed {
        fields.insert("incremental_column_name".into(), json!("id"));
        fields.insert("incremental_column_type".into(), json!("integer"));
    }
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
