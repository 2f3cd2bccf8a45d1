//! Connections: secrets go in and never come out, what is in use stays, and a consent counts once.

use serde_json::json;

use crate::people::Actor;
use crate::stage::{Stage, Stop};

use super::bodies;
use super::law::{Law, Need};
use super::things;

pub(super) const LAWS: &[Law] = &[
    Law {
        id: "connections.secrets",
        says: "no answer about a connection shows its password, and a change that leaves it out leaves it valid",
        source: "inferred: secrets of a configuration are write-only",
        needs: &[Need::Writes, Need::Somebody(Actor::Admin)],
        check: |stage| Box::pin(secrets(stage)),
    },
    Law {
        id: "connections.in-use",
        says: "a connection that a pipeline uses is not deleted: 409 names the pipeline, and without it the deletion works",
        source: "inferred: 409 and its details",
        needs: &[Need::Writes, Need::Somebody(Actor::Admin)],
        check: |stage| Box::pin(in_use(stage)),
    },
    Law {
        id: "connections.oauth-state",
        says: "the state of a consent makes one connection, for the user who began, and a second callback is refused with 400",
        source: "inferred: the authorisation code grant, RFC 6749, 10.12",
        needs: &[Need::Options],
        check: |stage| Box::pin(oauth_state(stage)),
    },
];

async fn secrets(stage: &Stage) -> Result<(), Stop> {
    let world = stage.world().await?;
    let admin = world.sign_in(Actor::Admin).await?;
    let body = things::connection(&stage.name());
    let made = world.call("create_connection").json(body);
    let made = made.by(&admin).send().await?;
    made.must(201)?.is("/config/user", "reader");
    let id = made.text("/id");
    let changed = world.call("update_connection").path("connectionId", &id);
    let changed = changed.json(json!({ "config": { "port": 5433 } }));
    let changed = changed.by(&admin).send().await?;
    changed
        .status(200)
        .is("/config/port", 5433)
        .is("/config/user", "reader");
    let read = world.call("get_connection").path("connectionId", &id);
    let read = read.by(&admin).send().await?;
    read.status(200)
        .is("/config", changed.json()["config"].clone());
    let tested = world.call("test_connection").path("connectionId", &id);
    let tested = tested.by(&admin).send().await?;
    tested.status(200);
    if stage.target.is_emulator() {
        tested.is("/status", "ok");
    }
    let listed = world.call("list_connections").query("connection_id", &id);
    let listed = listed.by(&admin).send().await?;
    listed.status(200).is("/connections/0/id", id.as_str());
    for got in [made, changed, read, tested, listed] {
        let shown = got.answer.text().contains(things::PASSWORD);
        got.see("the password", !shown, "nowhere", "in the answer");
    }
    Ok(())
}

async fn in_use(stage: &Stage) -> Result<(), Stop> {
    let world = stage.world().await?;
    let admin = world.sign_in(Actor::Admin).await?;
    let body = things::connection(&stage.name());
    let made = world.call("create_connection").json(body);
    let made = made.by(&admin).send().await?;
    made.must(201)?;
    let id = made.text("/id");
    let mut input = bodies::input("orders");
    input["auth_parameters"]["config_id"] = json!(id);
    let pipeline = bodies::make_with(&world, &admin, input).await?;
    let delete = || {
        let making = world.call("delete_connection").path("connectionId", &id);
        making.by(&admin).send()
    };
    let refused = delete().await?.at("while a pipeline uses it");
    refused.status(409).is("/statusCode", 409);
    let details = refused.text("/details");
    refused.see(
        "details",
        details.contains(&pipeline.name),
        "the pipeline's name",
        &details,
    );
    let read = world.call("get_connection").path("connectionId", &id);
    read.by(&admin).send().await?.status(200);
    let removed = world
        .call("delete_pipeline")
        .path("pipelineId", &pipeline.id);
    let removed = removed.header("customer_name", &admin.customer_name);
    removed.by(&admin).send().await?.must(200)?;
    delete().await?.at("when none does").status(204);
    let read = world.call("get_connection").path("connectionId", &id);
    read.by(&admin).send().await?.status(404);
    Ok(())
}

async fn oauth_state(stage: &Stage) -> Result<(), Stop> {
    let world = stage.world().await?;
    let admin = world.sign_in(Actor::Admin).await?;
    let stranger = world.sign_in(Actor::Stranger).await?;
    let consent = things::consent(&world, &admin).await?;
    for (session, status, situation) in [
        (&stranger, 400, "the callback of somebody else"),
        (&admin, 201, "the callback"),
        (&admin, 400, "the same callback again"),
    ] {
        let call = world.call("complete_connection").json(consent.clone());
        let got = call.by(session).send().await?.at(situation);
        got.status(status);
    }
    for (session, count) in [(&admin, 1), (&stranger, 0)] {
        let listed = world.call("list_connections").by(session).send().await?;
        let number = listed.json()["connections"].as_array().map_or(0, Vec::len);
        listed.see("connections", number == count, count, number);
    }
    Ok(())
}
