//! What holds for every write: what was written is read, what was refused left no trace, and times are in order.

use serde_json::{Value, json};

use crate::people::Actor;
use crate::session::Session;
use crate::stage::{Stage, Stop};
use crate::world::World;

use super::bodies;
use super::law::{Law, Need};
use super::things;

const WRITES: &[Need] = &[Need::Writes, Need::Somebody(Actor::Admin)];

pub(super) const LAWS: &[Law] = &[
    Law {
        id: "writes.read-back",
        says: "what a write answers is what the next read answers: of a new and of a changed connection, asset, table and key",
        source: "inferred: no source speaks of writes that are read later",
        needs: WRITES,
        check: |stage| Box::pin(read_back(stage)),
    },
    Law {
        id: "writes.refused-leave-no-trace",
        says: "a write that is refused with 4xx changes no list and nothing in it",
        source: "inferred: a refusal is the answer to something that did not happen",
        needs: WRITES,
        check: |stage| Box::pin(no_trace(stage)),
    },
    Law {
        id: "times.order",
        says: "nothing was changed before it was made, and the Date of an answer is the time of its server",
        source: "facts 3 and 5 (documented: created_at, updated_at); Date as in RFC 9110, 6.6.1",
        needs: WRITES,
        check: |stage| Box::pin(times(stage)),
    },
];

async fn read_back(stage: &Stage) -> Result<(), Stop> {
    let world = stage.world().await?;
    let admin = world.sign_in(Actor::Admin).await?;
    let name = format!("conformance-{}", stage.uuid());
    let made = world
        .call("create_connection")
        .json(things::connection(&name));
    let made = made.by(&admin).send().await?;
    made.must(201)?;
    let id = made.text("/id");
    let get = |operation: &str, parameter: &str, id: &str| {
        world.call(operation).path(parameter, id).by(&admin).send()
    };
    get("get_connection", "connectionId", &id)
        .await?
        .is("", made.json());
    let body = json!({ "status": "inactive", "config": { "database": "other" } });
    let changed = world.call("update_connection").path("connectionId", &id);
    let changed = changed.json(body).by(&admin).send().await?;
    changed.must(200)?;
    let read = get("get_connection", "connectionId", &id).await?;
    read.at("a changed connection").is("", changed.json());

    let made = world.call("create_data_asset").json(things::asset(&name));
    let made = made.by(&admin).send().await?;
    made.must(201)?;
    let id = made.text("/data_asset/id");
    let changed = world.call("update_data_asset").path("dataAssetId", &id);
    let changed = changed.json(json!({ "description": "changed", "comment": "seen" }));
    let changed = changed.by(&admin).send().await?;
    changed.must(200)?;
    let read = get("get_data_asset", "dataAssetId", &id).await?;
    read.at("a changed asset").is("", changed.json());

    let table = format!("conformance_{}", bodies::underscored(&stage.uuid()));
    let made = world.call("create_table").json(things::table(&table));
    let made = made.by(&admin).send().await?;
    made.must(201)?;
    let read = get("get_table", "tableId", &made.text("/id")).await?;
    read.at("a new table").is("", made.json());

    let body = json!({ "permissions": [1] });
    let made = world
        .call("create_api_key")
        .json(body)
        .by(&admin)
        .send()
        .await?;
    made.must(201)?;
    let listed = world.call("list_api_keys").by(&admin).send().await?;
    let keys = listed.json();
    let keys = keys.as_array().into_iter().flatten();
    let count = keys.filter(|key| key["id"] == made.text("/id")).count();
    listed.see("the new key in the list", count == 1, "once", count);
    Ok(())
}

async fn lists(world: &World<'_>, by: &Session) -> Result<Vec<(&'static str, String)>, Stop> {
    let mut all = Vec::new();
    for operation in things::LISTS {
        let got = world.call(operation).by(by).send().await?;
        got.must(200)?;
        all.push((operation, got.answer.text()));
    }
    Ok(all)
}

/// Bodies that are refused, each with what refuses it: wrong in one thing, and right in all else.
fn refused(taken: &str, stage: &Stage) -> Vec<(&'static str, &'static str, Value)> {
    let id = stage.uuid();
    let mut without_password = things::connection(&format!("conformance-{id}"));
    without_password["config"]["password"] = Value::Null;
    let mut bad_port = things::connection(&format!("conformance-{id}"));
    bad_port["config"]["port"] = json!(0);
    let mut bad_type = things::table(&format!("conformance_{}", bodies::underscored(&id)));
    bad_type["columns"][0]["type"] = json!("BLOB");
    let mut no_type = things::asset(&format!("conformance-{id}"));
    no_type["data_asset_type"] = json!(7);
    let mut no_plugin =
        bodies::pipeline(&id, &format!("conformance-{id}"), bodies::input("orders"));
    no_plugin["jobs"][0]["output"] = json!({});
    let user = things::user(&id);
    vec![
        (
            "create_connection",
            "without its password",
            without_password,
        ),
        ("create_connection", "with the port 0", bad_port),
        (
            "create_connection",
            "of a taken name",
            things::connection(taken),
        ),
        ("create_table", "with a type that is none", bad_type),
        ("create_data_asset", "with a type that is no text", no_type),
        ("create_pipeline", "with an output of no plugin", no_plugin),
        (
            "create_users",
            "where the second user has no group",
            json!({ "users": [user, { "username": "somebody" }] }),
        ),
        (
            "create_api_key",
            "with a permission that is a text",
            json!({ "permissions": [1, "2"] }),
        ),
    ]
}

async fn no_trace(stage: &Stage) -> Result<(), Stop> {
    let world = stage.world().await?;
    let admin = world.sign_in(Actor::Admin).await?;
    let taken = format!("conformance-{}", stage.uuid());
    let made = world
        .call("create_connection")
        .json(things::connection(&taken));
    made.by(&admin).send().await?.must(201)?;
    let before = lists(&world, &admin).await?;
    for (operation, situation, body) in refused(&taken, stage) {
        let got = world.call(operation).json(body).by(&admin).send().await?;
        let status = got.answer.status;
        let got = got.at(situation);
        got.see("status", matches!(status, 400 | 409), "400 or 409", status);
    }
    for ((operation, before), (_, after)) in before.iter().zip(lists(&world, &admin).await?) {
        let place = format!("{operation} after all refusals");
        stage.check(*before == after, &place, before, &after, None);
    }
    Ok(())
}

async fn times(stage: &Stage) -> Result<(), Stop> {
    /// A live server's clock and ours may differ by this many seconds.
    const SKEW: i64 = 300;
    let world = stage.world().await?;
    let admin = world.sign_in(Actor::Admin).await?;
    let names = things::own(&world, &admin).await?;
    let body = json!({ "description": "changed" });
    let changed = world
        .call("update_pipeline")
        .path("pipelineId", &names.pipeline);
    changed.json(body).by(&admin).send().await?.must(200)?;
    for (operation, parameter, id, within) in [
        ("get_pipeline", "pipelineId", &names.pipeline, "/data"),
        ("get_connection", "connectionId", &names.connection, ""),
        ("get_table", "tableId", &names.table, ""),
    ] {
        let got = world
            .call(operation)
            .path(parameter, id)
            .by(&admin)
            .send()
            .await?;
        got.must(200)?;
        let time = |name: &str| {
            chrono::DateTime::parse_from_rfc3339(&got.text(&format!("{within}/{name}")))
        };
        let (made, changed) = (time("created_at"), time("updated_at"));
        let in_order = matches!((&made, &changed), (Ok(made), Ok(changed)) if made <= changed);
        let shown = format!("{made:?} and {changed:?}");
        got.see("created_at and updated_at", in_order, "in order", shown);
        let date = got.answer.header("date").unwrap_or_default();
        let date = chrono::DateTime::parse_from_rfc2822(date);
        let skew = date.map(|date| (date.timestamp() - world.now()).abs());
        let allowed = if stage.target.is_emulator() { 0 } else { SKEW };
        let near = skew.as_ref().is_ok_and(|skew| *skew <= allowed);
        got.see(
            "Date",
            near,
            format!("within {allowed} s"),
            format!("{skew:?}"),
        );
    }
    Ok(())
}
