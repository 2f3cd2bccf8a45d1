//! Every operation once with valid input, so that each is known to answer at all.

use serde_json::json;

use crate::people::Actor;
use crate::stage::{Stage, Stop};

use super::actions::{Names, authenticated, call};
use super::bodies;
use super::law::{Law, Need};

pub(super) const LAWS: &[Law] = &[
    Law {
        id: "api.valid-input",
        says: "every operation answers valid input with success",
        source: "the description: each operation lists a 2xx answer",
        needs: &[Need::Writes, Need::Somebody(Actor::Admin)],
        check: |stage| Box::pin(valid_input(stage)),
    },
    Law {
        id: "api.reads",
        says: "every operation that reads answers what is there with success",
        source: "the description: each operation lists a 2xx answer",
        needs: &[Need::Somebody(Actor::Admin)],
        check: |stage| Box::pin(reads(stage)),
    },
    Law {
        id: "api.health",
        says: "health answers without credentials that the service is up",
        source: "facts 7 (inferred)",
        needs: &[],
        check: |stage| Box::pin(health(stage)),
    },
];

async fn valid_input(stage: &Stage) -> Result<(), Stop> {
    let world = stage.world().await?;
    let admin = world.sign_in(Actor::Admin).await?;
    let body = json!({ "refreshToken": admin.refresh_token, "customerName": admin.customer_name });
    world
        .call("refresh_access_token")
        .json(body)
        .send()
        .await?
        .status(200);
    let key = world
        .call("create_api_key")
        .json(json!({ "permissions": [1] }))
        .by(&admin)
        .send()
        .await?;
    key.must(201)?;
    let made = bodies::make(&world, &admin, "orders").await?;
    bodies::execute(&world, &admin, &made).await?;
    let runs = bodies::runs(&world, &admin, &made).await?;
    let run = runs
        .first()
        .and_then(|run| run["pipeline_run_id"].as_str())
        .unwrap_or_default();
    let names = Names {
        job: made.job(),
        run: run.to_owned(),
        pipeline: made.id,
        key: key.text("/id"),
        customer: admin.customer_name.clone(),
    };
    // What makes things has made them above; what deletes them comes last.
    let done = [
        "create_api_key",
        "create_pipeline",
        "delete_pipeline",
        "delete_api_key",
    ];
    let mut operations: Vec<_> = authenticated(&world)
        .filter(|known| !done.contains(&known.id.as_str()))
        .collect();
    // A paused pipeline can be unpaused, and not the other way round.
    operations.sort_by_key(|operation| operation.id == "unpause_pipeline");
    for operation in operations {
        call(&world, operation, &names, admin.sign())
            .await?
            .status(200);
    }
    for (operation, status) in [("delete_pipeline", 200), ("delete_api_key", 204)] {
        let Some(operation) = world
            .operations()
            .iter()
            .find(|known| known.id == operation)
        else {
            continue;
        };
        call(&world, operation, &names, admin.sign())
            .await?
            .status(status);
    }
    Ok(())
}

async fn reads(stage: &Stage) -> Result<(), Stop> {
    let world = stage.world().await?;
    let admin = world.sign_in(Actor::Admin).await?;
    if stage.target.is_emulator() {
        let made = bodies::make(&world, &admin, "orders").await?;
        bodies::execute(&world, &admin, &made).await?;
    }
    for operation in [
        "list_permissions",
        "list_api_keys",
        "list_pipelines",
        "list_pipelines_v2",
    ] {
        let got = world.call(operation).by(&admin).send().await?;
        // Some may lack the permission on a live server; that they are told so is another law's affair.
        if got.answer.status != 403 || stage.target.is_emulator() {
            got.status(200);
        }
    }
    let page = world
        .call("list_pipelines_v2")
        .query("size", "1")
        .query("page", "1")
        .query("order", "asc")
        .query("sort_by", "display_name");
    page.by(&admin)
        .send()
        .await?
        .at("a page of one")
        .status(200)
        .lacks("/pipelines/1");
    let list = world.call("list_pipelines").by(&admin).send().await?;
    list.must(200)?;
    let id = list.text("/0/pipeline_id");
    if id.is_empty() {
        return Err(Stop::Incomplete(
            "the customer has no pipeline to read".to_owned(),
        ));
    }
    let runs = world
        .call("list_pipeline_runs")
        .path("pipelineId", &id)
        .by(&admin)
        .send()
        .await?;
    runs.status(200);
    let run = runs.text("/0/pipeline_run_id");
    if !run.is_empty() {
        let got = world
            .call("get_pipeline_run")
            .path("pipelineId", &id)
            .path("runId", &run)
            .by(&admin)
            .send()
            .await?;
        got.status(200).is("/pipeline_run_id", run.as_str());
    }
    world
        .call("get_pipeline")
        .path("pipelineId", &id)
        .by(&admin)
        .send()
        .await?
        .status(200)
        .is("/data/id", id.as_str());
    world
        .call("get_pipeline_v2_status")
        .path("id", &id)
        .by(&admin)
        .send()
        .await?
        .status(200);
    world
        .call("download_pipeline_logs")
        .query("pipeline_id", &id)
        .by(&admin)
        .send()
        .await?
        .status(200);
    if list.text("/0/jobs/0/input/connector") == "jdbc" {
        let job = list.text("/0/jobs/0/job_id");
        world
            .call("get_jdbc_job")
            .path("jobId", &job)
            .by(&admin)
            .send()
            .await?
            .status(200);
    }
    Ok(())
}

async fn health(stage: &Stage) -> Result<(), Stop> {
    let world = stage.world().await?;
    world
        .call("get_health")
        .send()
        .await?
        .status(200)
        .is("/status", "ok");
    Ok(())
}
