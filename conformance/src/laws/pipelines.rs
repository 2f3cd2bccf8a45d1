//! The life of a pipeline: made, changed, paused, deleted.
//!
//! It is long since most of the documented texts are about pipelines; each law stands alone.

use std::time::Duration;

use serde_json::{Value, json};

use crate::got::Got;
use crate::people::Actor;
use crate::session::Session;
use crate::stage::{Stage, Stop};
use crate::world::World;

use super::bodies::{self, Made};
use super::law::{Law, Need};

const NEEDS: &[Need] = &[Need::Writes, Need::Somebody(Actor::Admin)];

pub(super) const LAWS: &[Law] = &[
    Law {
        id: "pipelines.create",
        says: "a pipeline that was made is listed and read as it was sent, CREATED and active, its jobs PENDING and numbered",
        source: "facts 3 (documented; the answer of the creation inferred)",
        needs: NEEDS,
        check: |stage| Box::pin(create(stage)),
    },
    Law {
        id: "pipelines.unique",
        says: "id and name are unique per customer: 409, and nothing is made",
        source: "facts 3 (documented: unique; 409 inferred)",
        needs: NEEDS,
        check: |stage| Box::pin(unique(stage)),
    },
    Law {
        id: "pipelines.invalid",
        says: "a body without id, name or jobs, or with jobs of two connectors, is a 400 with one text, and makes nothing",
        source: "facts 3 (documented: required, one connector; the answer inferred)",
        needs: NEEDS,
        check: |stage| Box::pin(invalid(stage)),
    },
    Law {
        id: "pipelines.update",
        says: "PATCH changes what it names and nothing else; what is read only is refused with the documented text",
        source: "facts 3 (documented)",
        needs: NEEDS,
        check: |stage| Box::pin(update(stage)),
    },
    Law {
        id: "pipelines.pause",
        says: "pause and unpause answer the documented texts, and a paused pipeline does not execute",
        source: "facts 3 (documented)",
        needs: NEEDS,
        check: |stage| Box::pin(pause(stage)),
    },
    Law {
        id: "pipelines.delete",
        says: "delete needs customer_name, removes pipeline, jobs and runs, and says so in the documented words",
        source: "facts 3 (documented)",
        needs: NEEDS,
        check: |stage| Box::pin(delete(stage)),
    },
    Law {
        id: "pipelines.id-required",
        says: "execute, pause and unpause without a pipeline_id answer 400 `pipeline_id is required`",
        source: "facts 3 (documented for execute)",
        needs: NEEDS,
        check: |stage| Box::pin(id_required(stage)),
    },
];

async fn get<'a>(world: &'a World<'a>, by: &Session, id: &str) -> Result<Got<'a>, Stop> {
    world
        .call("get_pipeline")
        .path("pipelineId", id)
        .by(by)
        .send()
        .await
}

async fn listed(world: &World<'_>, by: &Session, made: &Made) -> Result<Option<Value>, Stop> {
    let got = world.call("list_pipelines").by(by).send().await?;
    got.must(200)?;
    let all = got.json();
    let found = all
        .as_array()
        .into_iter()
        .flatten()
        .find(|known| known["pipeline_id"] == made.answered().as_str());
    Ok(found.cloned())
}

async fn create(stage: &Stage) -> Result<(), Stop> {
    let world = stage.world().await?;
    let admin = world.sign_in(Actor::Admin).await?;
    let made = bodies::make(&world, &admin, "orders").await?;
    let got = get(&world, &admin, &made.id).await?;
    got.must(200)?
        .is("/status", true)
        .is("/data/id", made.answered())
        .is("/data/name", made.name.as_str())
        .is("/data/description", "made by the conformance suite")
        .is("/data/cron", Value::Null)
        .is("/data/status", "active")
        .is("/data/jobs/0/job_id", made.job())
        .is("/data/jobs/0/input", bodies::input("orders"))
        .is("/data/jobs/0/output/plugin", "dadosfera_snowflake");
    let in_list = listed(&world, &admin, &made).await?.unwrap_or(Value::Null);
    for (pointer, expected) in [
        ("/name", json!(made.name)),
        ("/last_status", json!("CREATED")),
        ("/jobs/0/job_id", json!(made.job())),
        ("/jobs/0/job_status", json!("PENDING")),
        ("/jobs/0/input/table_name", json!("orders")),
    ] {
        let value = in_list.pointer(pointer).unwrap_or(&Value::Null);
        stage.check(
            *value == expected,
            &format!("list_pipelines {pointer}"),
            &expected,
            value,
            None,
        );
    }
    let runs = bodies::runs(&world, &admin, &made).await?;
    stage.check(
        runs.is_empty(),
        "runs of a manual pipeline",
        &0,
        &runs.len(),
        None,
    );
    Ok(())
}

async fn unique(stage: &Stage) -> Result<(), Stop> {
    let world = stage.world().await?;
    let admin = world.sign_in(Actor::Admin).await?;
    let made = bodies::make(&world, &admin, "orders").await?;
    for (situation, id, name) in [
        ("a name that is taken", stage.uuid(), made.name.clone()),
        (
            "an id that is taken",
            made.id.clone(),
            format!("{}-other", made.name),
        ),
        (
            "the same id with underscores",
            made.answered(),
            format!("{}-another", made.name),
        ),
    ] {
        let body = bodies::pipeline(&id, &name, bodies::input("orders"));
        let got = world
            .call("create_pipeline")
            .json(body)
            .by(&admin)
            .send()
            .await?;
        let got = got.at(situation);
        got.status(409);
        got.see("detail", !got.text("/detail").is_empty(), "a text", "none");
    }
    let got = get(&world, &admin, &made.id).await?;
    got.status(200).is("/data/name", made.name.as_str());
    let other = bodies::make(&world, &admin, "orders").await?;
    let body = json!({ "name": made.name });
    let got = world
        .call("update_pipeline")
        .path("pipelineId", &other.id)
        .json(body)
        .by(&admin)
        .send()
        .await?;
    got.at("renamed to a name that is taken").status(409);
    get(&world, &admin, &other.id)
        .await?
        .is("/data/name", other.name.as_str());
    Ok(())
}

async fn invalid(stage: &Stage) -> Result<(), Stop> {
    let world = stage.world().await?;
    let admin = world.sign_in(Actor::Admin).await?;
    let whole = bodies::pipeline(
        &stage.uuid(),
        "conformance-invalid",
        bodies::input("orders"),
    );
    let without = |name: &str| {
        let mut body = whole.clone();
        if let Some(fields) = body.as_object_mut() {
            fields.remove(name);
        }
        body
    };
    let mut mixed = whole.clone();
    let singer = json!({"connector": "singer", "plugin": "hubspot", "table_name": "contacts"});
    let second = json!({"input": singer, "output": {"plugin": "dadosfera_snowflake"}});
    if let Some(jobs) = mixed["jobs"].as_array_mut() {
        jobs.push(second);
    }
    let mut empty = whole.clone();
    empty["jobs"] = json!([]);
    for (situation, body) in [
        ("without id", without("id")),
        ("without name", without("name")),
        ("without jobs", without("jobs")),
        ("with no job", empty),
        ("with jobs of two connectors", mixed),
    ] {
        let got = world
            .call("create_pipeline")
            .json(body)
            .by(&admin)
            .send()
            .await?;
        let got = got.at(situation);
        got.status(400);
        got.see("detail", !got.text("/detail").is_empty(), "a text", "none");
    }
    let got = world
        .call("create_pipeline")
        .body("application/json", "{\"id\": ")
        .by(&admin)
        .send()
        .await?;
    got.at("with half a body").status(400);
    let got = world
        .call("create_pipeline")
        .body("text/plain", whole.to_string())
        .by(&admin)
        .send()
        .await?;
    got.at("as text/plain").status(415).is("/statusCode", 415);
    let got = world.call("list_pipelines").by(&admin).send().await?;
    let named = got.answer.text().contains("conformance-invalid");
    got.see("a pipeline of a refused body", !named, "none", "one");
    Ok(())
}

async fn update(stage: &Stage) -> Result<(), Stop> {
    let world = stage.world().await?;
    let admin = world.sign_in(Actor::Admin).await?;
    let made = bodies::make(&world, &admin, "orders").await?;
    let patch = |id: &str, body: Value| {
        world
            .call("update_pipeline")
            .path("pipelineId", id)
            .json(body)
            .by(&admin)
            .send()
    };
    let before = get(&world, &admin, &made.id).await?.json();
    let got = patch(
        &made.id,
        json!({ "cron": "0 6 * * *", "description": null }),
    )
    .await?;
    let text = format!(
        "successfully patched the item of the pipeline_id: {}",
        made.answered()
    );
    got.is_detail(200, &text);
    let got = get(&world, &admin, &made.id).await?;
    got.is("/data/cron", "0 6 * * *")
        .is("/data/description", Value::Null);
    let (mut expected, mut after) = (before, got.json());
    for changed in ["cron", "description", "updated_at"] {
        expected["data"][changed] = Value::Null;
        after["data"][changed] = Value::Null;
    }
    got.see("everything else", expected == after, &expected, &after);
    let renamed = format!("{}-renamed", made.name);
    patch(&made.id, json!({ "name": renamed }))
        .await?
        .must(200)?;
    let got = get(&world, &admin, &made.id).await?;
    let got = got.at("after a change of the name alone");
    got.is("/data/name", renamed.as_str())
        .is("/data/cron", "0 6 * * *")
        .is("/data/description", Value::Null);
    if stage.target.is_emulator() {
        world.advance(Duration::from_secs(5))?;
        let (before, created) = (got.text("/data/updated_at"), got.text("/data/created_at"));
        patch(&made.id, json!({ "description": "later" }))
            .await?
            .must(200)?;
        let later = get(&world, &admin, &made.id).await?;
        let updated = later.text("/data/updated_at");
        later.is("/data/created_at", created).see(
            "updated_at",
            updated > before,
            format!("after {before}"),
            &updated,
        );
    }
    for name in ["pipeline_id", "jobs"] {
        let got = patch(&made.id, json!({ name: "x" })).await?;
        got.is_detail(400, &format!("Property {name} is read only"));
    }
    patch("invalid_pipeline_id", json!({ "description": "x" }))
        .await?
        .is_detail(404, "pipeline_id invalid_pipeline_id not found");
    let got = patch(&made.id, json!({ "cron": "not a schedule" })).await?;
    got.at("with a cron that is none").status(400);
    get(&world, &admin, &made.id)
        .await?
        .is("/data/cron", "0 6 * * *");
    Ok(())
}

async fn pause(stage: &Stage) -> Result<(), Stop> {
    let world = stage.world().await?;
    let admin = world.sign_in(Actor::Admin).await?;
    let made = bodies::make(&world, &admin, "orders").await?;
    let act = |operation: &str, id: &str| {
        world
            .call(operation)
            .json(json!({ "pipeline_id": id }))
            .by(&admin)
            .send()
    };
    act("unpause_pipeline", &made.id).await?.is_exception(
        400,
        "PipelineNotPaused",
        "Pipeline is not paused",
    );
    act("pause_pipeline", &made.id)
        .await?
        .status(200)
        .is("/status", true)
        .is("/data/message", "Pipeline paused successfully")
        .is("/data/pipeline_id", made.answered());
    get(&world, &admin, &made.id)
        .await?
        .is("/data/status", "paused");
    act("pause_pipeline", &made.id).await?.is_exception(
        400,
        "PipelineAlreadyPaused",
        "Pipeline is already paused",
    );
    act("execute_pipeline", &made.id).await?.is_exception(
        400,
        "PipelinePaused",
        "Cannot execute paused pipeline. Use /pipeline/unpause first.",
    );
    let runs = bodies::runs(&world, &admin, &made).await?;
    stage.check(
        runs.is_empty(),
        "runs of a paused pipeline",
        &0,
        &runs.len(),
        None,
    );
    act("unpause_pipeline", &made.id)
        .await?
        .status(200)
        .is("/data/message", "Pipeline unpaused successfully")
        .is("/data/pipeline_id", made.answered());
    get(&world, &admin, &made.id)
        .await?
        .is("/data/status", "active");
    let absent = stage.uuid();
    let text = format!(
        "Pipeline with id {} not found",
        bodies::underscored(&absent)
    );
    for operation in ["execute_pipeline", "pause_pipeline", "unpause_pipeline"] {
        act(operation, &absent)
            .await?
            .is_exception(404, "PipelineNotFound", &text);
    }
    Ok(())
}

async fn delete(stage: &Stage) -> Result<(), Stop> {
    let world = stage.world().await?;
    let admin = world.sign_in(Actor::Admin).await?;
    let made = bodies::make(&world, &admin, "orders").await?;
    bodies::execute(&world, &admin, &made).await?;
    let delete = |id: &str| {
        world
            .call("delete_pipeline")
            .path("pipelineId", id)
            .by(&admin)
    };
    let got = delete(&made.id).send().await?;
    got.at("without customer_name")
        .status(401)
        .is("/msg", "Unauthorized");
    get(&world, &admin, &made.id).await?.status(200);
    let got = delete(&made.id)
        .header("customer_name", &admin.customer_name)
        .send()
        .await?;
    got.status(200)
        .is("/pipeline_id", made.answered())
        .is("/status", "PIPELINE_DELETED");
    let text = format!("Pipeline with id {} not found", made.answered());
    get(&world, &admin, &made.id)
        .await?
        .is_exception(404, "PipelineNotFound", &text);
    let got = world
        .call("list_pipeline_runs")
        .path("pipelineId", &made.id)
        .by(&admin)
        .send()
        .await?;
    got.at("runs of a deleted pipeline").status(404);
    let got = world
        .call("get_jdbc_job")
        .path("jobId", &made.job())
        .by(&admin)
        .send()
        .await?;
    got.at("job of a deleted pipeline")
        .is_detail(404, &format!("job_id {} not found", made.job()));
    for operation in ["execute_pipeline", "pause_pipeline", "unpause_pipeline"] {
        let body = json!({ "pipeline_id": made.id });
        let got = world.call(operation).json(body).by(&admin).send().await?;
        got.at("after it is deleted")
            .is_exception(404, "PipelineNotFound", &text);
    }
    let in_list = listed(&world, &admin, &made).await?;
    stage.check(
        in_list.is_none(),
        "a deleted pipeline in the list",
        &"none",
        &"one",
        None,
    );
    let got = delete(&made.id)
        .header("customer_name", &admin.customer_name)
        .send()
        .await?;
    got.at("deleted again")
        .is_detail(404, &format!("pipeline_id {} not found!!", made.answered()));
    // Its name and its id are free again, and nothing of the old one comes back.
    let body = bodies::pipeline(&made.id, &made.name, bodies::input("orders"));
    world
        .call("create_pipeline")
        .json(body)
        .by(&admin)
        .send()
        .await?
        .must(201)?;
    let runs = bodies::runs(&world, &admin, &made).await?;
    stage.check(
        runs.is_empty(),
        "runs of a pipeline made anew",
        &0,
        &runs.len(),
        None,
    );
    Ok(())
}

async fn id_required(stage: &Stage) -> Result<(), Stop> {
    let world = stage.world().await?;
    let admin = world.sign_in(Actor::Admin).await?;
    for operation in ["execute_pipeline", "pause_pipeline", "unpause_pipeline"] {
        let got = world
            .call(operation)
            .json(json!({}))
            .by(&admin)
            .send()
            .await?;
        got.is_detail(400, "pipeline_id is required");
    }
    Ok(())
}
