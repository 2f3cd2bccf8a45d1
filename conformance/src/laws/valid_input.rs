//! Every operation once with valid input, so that each is known to answer at all.

use serde_json::json;

use crate::people::Actor;
use crate::session::Session;
use crate::stage::{Stage, Stop};
use crate::world::World;

use super::actions::{authenticated, call};
use super::bodies;
use super::law::{Law, Need};
use super::things;

/// What removes what `things::own` makes, in an order that works, and how each answers.
const REMOVERS: [(&str, u16); 8] = [
    ("delete_pipeline", 200),
    ("delete_api_key", 204),
    ("delete_connection", 204),
    ("delete_data_asset", 200),
    ("delete_dataset", 204),
    ("delete_file", 204),
    ("delete_table", 204),
    ("delete_user", 204),
];

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

/// Lists, where the first item's id is in each, and what reads that item.
const ITEMS: [(&str, &str, &[&str]); 7] = [
    ("list_connections", "/connections/0/id", &["get_connection"]),
    (
        "list_catalog",
        "/data_assets/0/id",
        &[
            "get_data_asset",
            "get_data_asset_docs",
            "get_columns_metadata",
            "get_data_preview",
        ],
    ),
    ("list_files", "/files/0/path", &["download_file"]),
    ("list_datasets", "/datasets/0/path", &["download_file"]),
    ("list_datasets", "/datasets/0/id", &["get_dataset"]),
    ("list_tables", "/tables/0/id", &["get_table"]),
    ("get_current_customer", "/id", &["get_customer"]),
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
    let names = things::own(&world, &admin).await?;
    if stage.target.is_emulator() {
        let consent = things::consent(&world, &admin).await?;
        let made = world.call("complete_connection").json(consent);
        made.by(&admin).send().await?.status(201);
    }
    // What makes things has made them above; what deletes them comes last.
    let mut operations: Vec<_> = authenticated(&world)
        .filter(|known| !things::MAKERS.contains(&known.id.as_str()))
        .filter(|known| REMOVERS.iter().all(|(remover, _)| *remover != known.id))
        .collect();
    // A paused pipeline can be unpaused, and not the other way round.
    operations.sort_by_key(|operation| operation.id == "unpause_pipeline");
    for operation in operations {
        call(&world, operation, &names, admin.sign())
            .await?
            .status(200);
    }
    for (operation, status) in REMOVERS {
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
        things::own(&world, &admin).await?;
    }
    for operation in [
        "list_permissions",
        "list_connection_plugins",
        "get_current_customer",
    ]
    .into_iter()
    .chain(things::LISTS)
    {
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
    read_pipelines(&world, &admin).await?;
    for (list, first, reads) in ITEMS {
        let got = world.call(list).by(&admin).send().await?;
        let id = got.text(first);
        for operation in world.operations() {
            if reads.contains(&operation.id.as_str()) && !id.is_empty() {
                let mut making = world.call(&operation.id);
                making = match operation.path_parameters.first() {
                    Some(parameter) => making.path(parameter, &id),
                    None => making.query("path", &id),
                };
                making.by(&admin).send().await?.status(200);
            }
        }
    }
    Ok(())
}

async fn read_pipelines(world: &World<'_>, admin: &Session) -> Result<(), Stop> {
    let list = world.call("list_pipelines").by(admin).send().await?;
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
        .by(admin)
        .send()
        .await?;
    runs.status(200);
    let run = runs.text("/0/pipeline_run_id");
    if !run.is_empty() {
        let got = world
            .call("get_pipeline_run")
            .path("pipelineId", &id)
            .path("runId", &run)
            .by(admin)
            .send()
            .await?;
        got.status(200).is("/pipeline_run_id", run.as_str());
    }
    world
        .call("get_pipeline")
        .path("pipelineId", &id)
        .by(admin)
        .send()
        .await?
        .status(200)
        .is("/data/id", id.as_str());
    world
        .call("get_pipeline_v2_status")
        .path("id", &id)
        .by(admin)
        .send()
        .await?
        .status(200);
    world
        .call("download_pipeline_logs")
        .query("pipeline_id", &id)
        .by(admin)
        .send()
        .await?
        .status(200);
    if list.text("/0/jobs/0/input/connector") == "jdbc" {
        let job = list.text("/0/jobs/0/job_id");
        world
            .call("get_jdbc_job")
            .path("jobId", &job)
            .by(admin)
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
