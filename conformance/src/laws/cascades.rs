//! What goes with a thing and what stays, that what is gone stays gone, and that ids lead where they say.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};

use crate::people::Actor;
use crate::session::Session;
use crate::stage::{Stage, Stop};
use crate::world::World;

use super::actions::{Names, call};
use super::bodies;
use super::law::{Law, Need};
use super::things;

const WRITES: &[Need] = &[Need::Writes, Need::Somebody(Actor::Admin)];

/// What deletes a thing, and what reads it: nothing where only its list does.
const DELETIONS: [(&str, Option<&str>); 8] = [
    ("delete_pipeline", Some("get_pipeline")),
    ("delete_api_key", None),
    ("delete_connection", Some("get_connection")),
    ("delete_data_asset", Some("get_data_asset")),
    ("delete_dataset", Some("get_dataset")),
    ("delete_file", Some("download_file")),
    ("delete_table", Some("get_table")),
    ("delete_user", None),
];

pub(super) const LAWS: &[Law] = &[
    Law {
        id: "pipelines.delete-leaves",
        says: "a deleted pipeline leaves the tables that it landed, their assets, and the connections that it read through",
        source: "facts 3, DELETE (documented: leaves destination tables and connections)",
        needs: &[Need::HeldClock],
        check: |stage| Box::pin(delete_leaves(stage)),
    },
    Law {
        id: "deletions.twice",
        says: "what was deleted is a 404, to who reads it and to who deletes it again",
        source: "facts 1.4 and 3 (documented for keys and pipelines; inferred for the others)",
        needs: WRITES,
        check: |stage| Box::pin(twice(stage)),
    },
    Law {
        id: "ids.never-reused",
        says: "what is made after a deletion has another id than what was deleted, unless the client chose it",
        source: "inferred: an id names one thing",
        needs: WRITES,
        check: |stage| Box::pin(never_reused(stage)),
    },
    Law {
        id: "ids.lead-somewhere",
        says: "every id that an answer gives is read by who got it: of a pipeline's jobs and runs, of an upload's dataset, of lists",
        source: "inferred: an id that leads nowhere is no id",
        needs: WRITES,
        check: |stage| Box::pin(lead_somewhere(stage)),
    },
];

async fn delete_leaves(stage: &Stage) -> Result<(), Stop> {
    let world = stage.world().await?;
    let admin = world.sign_in(Actor::Admin).await?;
    let body = things::connection(&format!("conformance-{}", stage.uuid()));
    let connection = world.call("create_connection").json(body).by(&admin);
    let connection = connection.send().await?;
    connection.must(201)?;
    let connection = connection.text("/id");
    let path = format!("/conformance/{}/rows.csv", stage.uuid());
    things::upload(&world, &admin, &path, things::ROWS.as_bytes()).await?;
    let mut input = things::from_storage(&path);
    input["auth_parameters"] =
        json!({ "auth_type": "connection_manager", "config_id": connection });
    let made = bodies::make_with(&world, &admin, input).await?;
    bodies::execute(&world, &admin, &made).await?;
    world.advance(Duration::from_secs(31))?;
    let tables = || async {
        let got = world.call("list_tables").by(&admin).send().await?;
        got.must(200)?;
        Ok::<_, Stop>(got.json())
    };
    let assets = || async {
        let got = world.call("list_catalog").query("pipeline_id", &made.id);
        let got = got.by(&admin).send().await?;
        got.must(200)?;
        Ok::<_, Stop>(got.json())
    };
    let (landed, listed) = (tables().await?, assets().await?);
    let rows = &landed["tables"][0]["rows"];
    stage.check(*rows == 3, "rows of the landed table", &3, rows, None);
    let delete = world.call("delete_pipeline").path("pipelineId", &made.id);
    let delete = delete.header("customer_name", &admin.customer_name);
    delete.by(&admin).send().await?.must(200)?;
    let after = tables().await?;
    stage.check(
        landed == after,
        "tables after the deletion",
        &landed,
        &after,
        None,
    );
    let after = assets().await?;
    stage.check(
        listed == after,
        "assets after the deletion",
        &listed,
        &after,
        None,
    );
    let read = world
        .call("get_connection")
        .path("connectionId", &connection);
    let read = read.by(&admin).send().await?;
    read.at("the connection after the deletion").status(200);
    Ok(())
}

async fn delete(world: &World<'_>, by: &Session, names: &Names) -> Result<(), Stop> {
    for (operation, _) in DELETIONS {
        let got = operate(world, operation, by, names).await?;
        let status = got.0;
        world.stage().check(
            matches!(status, 200 | 204),
            &format!("{operation}: status"),
            &"200 or 204",
            &status,
            None,
        );
    }
    Ok(())
}

async fn operate(
    world: &World<'_>,
    operation: &str,
    by: &Session,
    names: &Names,
) -> Result<(u16, Value), Stop> {
    let found = world
        .operations()
        .iter()
        .find(|known| known.id == operation);
    let found = found.ok_or_else(|| Stop::Incomplete(format!("there is no {operation}")))?;
    let got = call(world, found, names, by.sign()).await?;
    Ok((got.answer.status, got.json()))
}

async fn twice(stage: &Stage) -> Result<(), Stop> {
    let world = stage.world().await?;
    let admin = world.sign_in(Actor::Admin).await?;
    let names = things::own(&world, &admin).await?;
    delete(&world, &admin, &names).await?;
    for (deletes, reads) in DELETIONS {
        for operation in [Some(deletes), reads].into_iter().flatten() {
            let (status, _) = operate(&world, operation, &admin, &names).await?;
            let place = format!("{operation} of what was deleted: status");
            stage.check(status == 404, &place, &404, &status, None);
        }
    }
    Ok(())
}

async fn never_reused(stage: &Stage) -> Result<(), Stop> {
    let world = stage.world().await?;
    let admin = world.sign_in(Actor::Admin).await?;
    let mut seen = BTreeSet::new();
    for round in 1..=2 {
        let names = things::own(&world, &admin).await?;
        for (id, what) in [
            (&names.run, "run"),
            (&names.key, "key"),
            (&names.connection, "connection"),
            (&names.asset, "asset"),
            (&names.dataset, "dataset"),
            (&names.table, "table"),
            (&names.user, "user"),
        ] {
            let place = format!("id of a {what} in round {round}");
            stage.check(seen.insert(id.clone()), &place, &"a new one", id, None);
        }
        delete(&world, &admin, &names).await?;
    }
    Ok(())
}

/// Lists, where their ids are, and what reads one by which parameter of its path.
const LISTED: [(&str, &str, &str, &str, &str); 6] = [
    (
        "list_pipelines",
        "",
        "pipeline_id",
        "get_pipeline",
        "pipelineId",
    ),
    (
        "list_connections",
        "/connections",
        "id",
        "get_connection",
        "connectionId",
    ),
    (
        "list_catalog",
        "/data_assets",
        "id",
        "get_data_asset",
        "dataAssetId",
    ),
    (
        "list_datasets",
        "/datasets",
        "id",
        "get_dataset",
        "datasetId",
    ),
    ("list_tables", "/tables", "id", "get_table", "tableId"),
    (
        "list_customers",
        "/customers",
        "id",
        "get_customer",
        "customerId",
    ),
];
/// How many things of each list are read.
const READ: usize = 5;

async fn lead_somewhere(stage: &Stage) -> Result<(), Stop> {
    let world = stage.world().await?;
    let admin = world.sign_in(Actor::Admin).await?;
    let names = things::own(&world, &admin).await?;
    for operation in ["get_dataset", "get_jdbc_job", "get_pipeline_run"] {
        let (status, _) = operate(&world, operation, &admin, &names).await?;
        let place = format!("{operation} of the id that was answered: status");
        stage.check(status == 200, &place, &200, &status, None);
    }
    for (list, pointer, field, reads, parameter) in LISTED {
        let got = world.call(list).by(&admin).send().await?;
        got.must(200)?;
        let body = got.json();
        let items = body.pointer(pointer).and_then(Value::as_array);
        let ids = items
            .into_iter()
            .flatten()
            .filter_map(|item| item[field].as_str());
        for id in ids.take(READ) {
            let read = world
                .call(reads)
                .path(parameter, id)
                .by(&admin)
                .send()
                .await?;
            read.at(&format!("an id of {list}")).status(200);
        }
    }
    Ok(())
}
