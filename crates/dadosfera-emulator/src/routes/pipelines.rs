//! Pipelines: list, get, create, update, delete, then execute, pause, unpause and memory.

use http::StatusCode;
use serde_json::{Value, json};

use crate::answer::{Answer, Content};
use crate::api::Api;
use crate::call::Call;
use crate::lang::Told;
use crate::mutations::Mutation;
use crate::options::Options;
use crate::routes::fields::{self, Fields};
use crate::routes::{memory, times};
use crate::state::ids;
use crate::state::job_input;
use crate::state::jobs::{Job, NewJob};
use crate::state::pipeline::{NewPipeline, Owner, Pipeline, PipelineChanges};
use crate::state::pipelines::Refused;

/// What no PATCH can change.
const READ_ONLY: [&str; 9] = [
    "pipeline_id",
    "id",
    "customer_id",
    "user_id",
    "status",
    "last_status",
    "created_at",
    "updated_at",
    "jobs",
];

pub(crate) fn list(api: &Api, call: &Call) -> Answer {
    let pipelines = api.world.pipelines.list(&call.caller.customer_id);
    let mut listed: Vec<Value> = pipelines.into_iter().map(summary).collect();
    if api.options.has(Mutation::FieldIsMissing) {
        for pipeline in listed.iter_mut().filter_map(Value::as_object_mut) {
            pipeline.remove("last_status");
        }
    }
    if api.options.has(Mutation::ListIsAnObject) {
        return Answer::ok(json!({}));
    }
    if api.options.has(Mutation::HalfAnAnswer) {
        let mut text = Value::from(listed).to_string();
        text.pop();
        let content = Content::Raw(Some("application/json"), text);
        return Answer::new(StatusCode::OK, content);
    }
    Answer::ok(listed.into())
}

pub(crate) fn get(api: &Api, call: &Call) -> Answer {
    let id = call.param(0);
    match api.world.pipelines.get(&call.caller.customer_id, id) {
        Ok(pipeline) => Answer::ok(json!({ "status": true, "data": detail(pipeline) })),
        Err(_) if api.options.has(Mutation::EnvelopeIsOpen) => {
            Answer::framework(StatusCode::NOT_FOUND, "Pipeline not found")
        }
        Err(_) if api.options.has(Mutation::StrangeIdCrashes) && id.contains('\'') => {
            Answer::unknown("syntax error at or near \"drop\"")
        }
        Err(_)
            if api.options.has(Mutation::ForeignPipelineIsForbidden)
                && api.world.pipelines.anybodys(id).is_some() =>
        {
            Answer::told(Told::Forbidden, call.language)
        }
        Err(why) => refused(&why, id),
    }
}

pub(crate) fn create(api: &mut Api, call: &Call) -> Answer {
    let new = match new_pipeline(&call.body) {
        Ok(new) => new,
        Err(why) => return Answer::detail(StatusCode::BAD_REQUEST, why),
    };
    if api.options.has(Mutation::IdsMustBeUuids) && ids::uuid_of(&new.id).is_none() {
        return Answer::detail(StatusCode::BAD_REQUEST, "id must be a UUID");
    }
    let owner = Owner {
        customer_id: &call.caller.customer_id,
        username: &call.caller.username,
    };
    let world = &mut api.world;
    match world
        .pipelines
        .create(owner, new, call.now, &mut world.chance)
    {
        Ok(pipeline) => {
            let body = message("Pipeline created successfully", pipeline);
            if api.options.has(Mutation::StatusNotListed) {
                return Answer::json(StatusCode::ACCEPTED, body);
            }
            Answer::created(body)
        }
        Err(why) => refused(&why, ""),
    }
}

pub(crate) fn update(api: &mut Api, call: &Call) -> Answer {
    let (customer_id, id) = (&call.caller.customer_id, call.param(0));
    let not_found = || {
        let text = format!("pipeline_id {} not found", ids::canonical(id));
        Answer::detail(StatusCode::NOT_FOUND, text)
    };
    let world = &mut api.world;
    // The pipeline comes first, so that another customer's looks like none whatever the body.
    if world.pipelines.get(customer_id, id).is_err() {
        return not_found();
    }
    let changes = match changes(&api.options, &call.body) {
        Ok(changes) => changes,
        Err(why) => return Answer::detail(StatusCode::BAD_REQUEST, why),
    };
    match world
        .pipelines
        .update(customer_id, id, changes, call.now, &mut world.chance)
    {
        Ok(pipeline) => Answer::ok(json!({
            "detail": format!("successfully patched the item of the pipeline_id: {}", pipeline.id),
        })),
        Err(Refused::NotFound) => not_found(),
        Err(why) => refused(&why, id),
    }
}

pub(crate) fn delete(api: &mut Api, call: &Call) -> Answer {
    let named = call.header("customer_name") == Some(call.caller.customer_name.as_str());
    if !named && !api.options.has(Mutation::DeleteNeedsNoCustomer) {
        return Answer::msg(StatusCode::UNAUTHORIZED, "Unauthorized");
    }
    let id = call.param(0);
    match api.world.pipelines.delete(&call.caller.customer_id, id) {
        Ok(pipeline) => {
            delete_more(api, &pipeline);
            Answer::ok(json!({
                "pipeline_id": pipeline.id,
                "status": "PIPELINE_DELETED",
            }))
        }
        Err(_) => {
            let text = format!("pipeline_id {} not found!!", ids::canonical(id));
            Answer::detail(StatusCode::NOT_FOUND, text)
        }
    }
}

/// What goes with a pipeline: nothing, unless a mutation lets more go.
fn delete_more(api: &mut Api, pipeline: &Pipeline) {
    let customer_id = &pipeline.customer_id;
    for job in &pipeline.jobs {
        if api.options.has(Mutation::DeletionTakesTables) {
            let (raw, _) = job.landing(&pipeline.id);
            let name = |name: &str| raw[name].as_str().unwrap_or_default().to_owned();
            let tables = &mut api.world.storage.tables;
            let landed = tables.named(customer_id, &name("table_schema"), &name("table_name"));
            if let Some(id) = landed.map(|table| table.id.clone()) {
                tables.delete(customer_id, &id);
            }
        }
        if api.options.has(Mutation::DeletionTakesConnections) {
            let parameters = job.input.get("auth_parameters");
            let id = parameters.and_then(|parameters| parameters["config_id"].as_str());
            let world = &mut api.world;
            // It may be gone, or another pipeline's too: then it stays.
            let _ = id.map(|id| world.connections.delete(customer_id, id, &world.pipelines));
        }
    }
}

pub(crate) fn execute(api: &mut Api, call: &Call) -> Answer {
    let hyphens = api.options.has(Mutation::AnswersSpellWithHyphens);
    let always = api.options.has(Mutation::ExecutesWhatIsDeleted);
    let missing = missing_id(&api.options);
    with_pipeline_id(call, missing, |id| {
        let world = &mut api.world;
        let customer_id = &call.caller.customer_id;
        let executed = world
            .pipelines
            .execute(customer_id, id, call.now, &mut world.chance);
        let text = "Pipeline execution triggered successfully";
        let mut body = match executed {
            Err(Refused::NotFound) if always => {
                json!({ "status": true, "data": { "message": text, "pipeline_id": id } })
            }
            executed => message(text, executed?),
        };
        if hyphens {
            body["data"]["pipeline_id"] = json!(id.replace('_', "-"));
        }
        body["data"]["run_id"] = json!(times::run_id(call.now));
        Ok(body)
    })
}

pub(crate) fn pause(api: &mut Api, call: &Call) -> Answer {
    let missing = missing_id(&api.options);
    let mut answer = with_pipeline_id(call, missing, |id| {
        let customer_id = &call.caller.customer_id;
        let paused = api.world.pipelines.pause(customer_id, id, call.now);
        paused.map(|pipeline| message("Pipeline paused successfully", pipeline))
    });
    if answer.status == StatusCode::OK && api.options.has(Mutation::WriteIsAccepted) {
        answer.status = StatusCode::ACCEPTED;
    }
    answer
}

pub(crate) fn unpause(api: &mut Api, call: &Call) -> Answer {
    let missing = missing_id(&api.options);
    with_pipeline_id(call, missing, |id| {
        let world = &mut api.world;
        let customer_id = &call.caller.customer_id;
        let unpaused = world
            .pipelines
            .unpause(customer_id, id, call.now, &mut world.chance);
        unpaused.map(|pipeline| message("Pipeline unpaused successfully", pipeline))
    })
}

pub(crate) fn update_memory(api: &mut Api, call: &Call) -> Answer {
    let (customer_id, id) = (&call.caller.customer_id, call.param(0));
    if let Err(why) = api.world.pipelines.get(customer_id, id) {
        return refused(&why, id);
    }
    let amount = match memory::amount(&api.options, call) {
        Ok(amount) => amount,
        Err(answer) => {
            if api.options.has(Mutation::RefusedMemoryCounts) {
                let pipelines = &mut api.world.pipelines;
                let amount = call.body.get("amount").and_then(Value::as_i64);
                // The pipeline is there, as was seen above.
                let _ = pipelines.set_memory(customer_id, id, amount.unwrap_or(0), call.now);
            }
            return answer;
        }
    };
    match api
        .world
        .pipelines
        .set_memory(customer_id, id, amount, call.now)
    {
        Ok(pipeline) => {
            let mut body = message("Pipeline memory updated successfully", pipeline);
            body["data"]["memory_mb"] = json!(pipeline.memory_mb);
            Answer::ok(body)
        }
        Err(why) => refused(&why, id),
    }
}

/// A refusal in the shape that most operations on pipelines use.
pub(crate) fn refused(why: &Refused, id: &str) -> Answer {
    let bad = StatusCode::BAD_REQUEST;
    match why {
        Refused::NotFound => Answer::exception(
            StatusCode::NOT_FOUND,
            "PipelineNotFound",
            &format!("Pipeline with id {} not found", ids::canonical(id)),
        ),
        Refused::Invalid(text) => Answer::detail(bad, text),
        Refused::Taken(text) => Answer::detail(StatusCode::CONFLICT, text),
        Refused::Paused => Answer::exception(
            bad,
            "PipelinePaused",
            "Cannot execute paused pipeline. Use /pipeline/unpause first.",
        ),
        Refused::AlreadyPaused => {
            Answer::exception(bad, "PipelineAlreadyPaused", "Pipeline is already paused")
        }
        Refused::NotPaused => Answer::exception(bad, "PipelineNotPaused", "Pipeline is not paused"),
    }
}

/// What a body without a `pipeline_id` is.
fn missing_id(options: &Options) -> StatusCode {
    if options.has(Mutation::MissingIdIsNotFound) {
        StatusCode::NOT_FOUND
    } else {
        StatusCode::BAD_REQUEST
    }
}

fn with_pipeline_id(
    call: &Call,
    missing: StatusCode,
    act: impl FnOnce(&str) -> Result<Value, Refused>,
) -> Answer {
    let id = match call.body.get("pipeline_id") {
        Some(Value::String(id)) if !id.is_empty() => id,
        None | Some(Value::Null | Value::String(_)) => {
            return Answer::detail(missing, "pipeline_id is required");
        }
        Some(_) => return Answer::detail(StatusCode::BAD_REQUEST, "pipeline_id must be a string"),
    };
    match act(id) {
        Ok(body) => Answer::ok(body),
        Err(why) => refused(&why, id),
    }
}

fn message(text: &str, pipeline: &Pipeline) -> Value {
    json!({ "status": true, "data": { "message": text, "pipeline_id": pipeline.id } })
}

fn summary(pipeline: &Pipeline) -> Value {
    let jobs: Vec<Value> = pipeline
        .jobs
        .iter()
        .map(|job| job_summary(pipeline, job))
        .collect();
    json!({
        "id": pipeline.number,
        "pipeline_id": pipeline.id,
        "customer_id": pipeline.customer_id,
        "user_id": pipeline.user_id,
        "name": pipeline.name,
        "description": pipeline.description,
        "cron": pipeline.cron,
        "last_status": pipeline.last_status(),
        "jobs": jobs,
    })
}

fn job_summary(pipeline: &Pipeline, job: &Job) -> Value {
    let mut input = Fields::new();
    for name in ["connector", "plugin", "table_name"] {
        if let Some(value) = job.input.get(name) {
            input.insert(name.to_owned(), value.clone());
        }
    }
    json!({
        "id": job.number,
        "job_id": job.id,
        "job_status": job.status.as_str(),
        "input": input,
        "output": output(pipeline, job),
    })
}

/// Where a job writes, as the list and the job's own route show it.
pub(crate) fn output(pipeline: &Pipeline, job: &Job) -> Value {
    let (raw, qualify) = job.landing(&pipeline.id);
    let mut output = job.output.clone();
    output.insert("raw".into(), raw);
    if let Some(qualify) = qualify {
        output.insert("qualify".into(), qualify);
    }
    Value::Object(output)
}

fn detail(pipeline: &Pipeline) -> Value {
    let jobs: Vec<Value> = pipeline
        .jobs
        .iter()
        .map(|job| {
            let mut output = job.output.clone();
            let (raw, _) = job.landing(&pipeline.id);
            output.remove("raw");
            output.remove("qualify");
            output.insert("table_name".into(), raw["table_name"].clone());
            json!({
                "job_id": job.id,
                "job_name": job.name(),
                "input": job.input,
                "output": output,
            })
        })
        .collect();
    json!({
        "id": pipeline.id,
        "name": pipeline.name,
        "description": pipeline.description,
        "cron": pipeline.cron,
        "customer_id": pipeline.customer_id,
        "status": pipeline.state(),
        "created_at": times::seconds(pipeline.created_at),
        "updated_at": times::seconds(pipeline.updated_at),
        "jobs": jobs,
    })
}

/// Reads a pipeline out of a body.
pub(crate) fn new_pipeline(body: &Fields) -> Result<NewPipeline, String> {
    let jobs = match body.get("jobs") {
        Some(Value::Array(jobs)) => jobs,
        None | Some(Value::Null) => return Err("jobs is required".into()),
        Some(_) => return Err("jobs must be an array".into()),
    };
    let jobs = jobs.iter().enumerate().map(|(index, job)| {
        let job = job
            .as_object()
            .ok_or_else(|| format!("jobs[{index}] must be an object"))?;
        new_job(job).map_err(|why| format!("jobs[{index}].{why}"))
    });
    Ok(NewPipeline {
        id: fields::non_empty(body, "id")?.to_owned(),
        name: fields::non_empty(body, "name")?.to_owned(),
        description: fields::nullable(body, "description")?.flatten(),
        cron: fields::nullable(body, "cron")?.flatten(),
        jobs: jobs.collect::<Result<_, _>>()?,
    })
}

fn new_job(job: &Fields) -> Result<NewJob, String> {
    let output = fields::object(job, "output")?;
    if job_input::text(output, "plugin").is_none_or(str::is_empty) {
        return Err("output.plugin is required".into());
    }
    if output
        .get("table_name")
        .is_some_and(|name| !name.is_string())
    {
        return Err("output.table_name must be a string".into());
    }
    for name in ["raw", "qualify"] {
        let fits = match output.get(name) {
            None => true,
            Some(Value::Object(table)) => {
                fields::string(table, "table_name").is_ok()
                    && fields::string(table, "table_schema").is_ok()
            }
            Some(_) => false,
        };
        if !fits {
            return Err(format!(
                "output.{name} must name table_name and table_schema"
            ));
        }
    }
    let transformations = match job.get("transformations") {
        None => Vec::new(),
        Some(Value::Array(items)) if items.iter().all(Value::is_object) => items.clone(),
        Some(_) => return Err("transformations must be an array of objects".into()),
    };
    Ok(NewJob {
        input: fields::object(job, "input")?.clone(),
        transformations,
        output: output.clone(),
    })
}

fn changes(options: &Options, body: &Fields) -> Result<PipelineChanges, String> {
    let mut read_only = READ_ONLY.iter();
    if let Some(name) = read_only.find(|name| body.contains_key(**name))
        && !options.has(Mutation::ReadOnlyIsIgnored)
    {
        return Err(format!("Property {name} is read only"));
    }
    Ok(PipelineChanges {
        name: match body.get("name") {
            None => None,
            Some(_) => Some(fields::non_empty(body, "name")?.to_owned()),
        },
        description: fields::nullable(body, "description")?,
        cron: fields::nullable(body, "cron")?,
    })
}
