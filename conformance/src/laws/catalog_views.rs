//! What the catalog shows of many assets, and of the rows behind one: filters, a walk while others write, columns, preview.

use std::time::Duration;

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
        id: "catalog.filters",
        says: "a filter shows what the list without it shows of its kind, in the same order, whatever the size of a page",
        source: "facts 4 (observed: search, data_asset_type; that a search folds case is inferred)",
        needs: WRITES,
        check: |stage| Box::pin(filters(stage)),
    },
    Law {
        id: "catalog.walk",
        says: "who walks the catalog by created_at, oldest first, sees each asset once, though others are made and deleted",
        source: "facts 4 (observed: order, sort_by; that the order is total is inferred)",
        needs: WRITES,
        check: |stage| Box::pin(walk(stage)),
    },
    Law {
        id: "catalog.columns",
        says: "columns-metadata has the columns of the landed table with their types, and true counts, extremes and samples",
        source: "facts 4 (library: the route and its parameters; the shape is inferred)",
        needs: &[Need::HeldClock],
        check: |stage| Box::pin(columns(stage)),
    },
    Law {
        id: "catalog.preview",
        says: "a preview has the rows of the landed table in their order, as limit, offset and columns ask, and counts them all",
        source: "facts 4 (library: the route and its parameters; the shape is inferred)",
        needs: &[Need::HeldClock],
        check: |stage| Box::pin(preview(stage)),
    },
];

/// The ids on a page of the catalog.
async fn ids(world: &World<'_>, by: &Session, query: &[(&str, &str)]) -> Result<Vec<String>, Stop> {
    let mut call = world.call("list_catalog");
    for (name, value) in query {
        call = call.query(name, value);
    }
    let got = call.by(by).send().await?;
    got.must(200)?;
    let body = got.json();
    let assets = body["data_assets"].as_array().into_iter().flatten();
    let ids = assets.filter_map(|asset| Some(asset["id"].as_str()?.to_owned()));
    Ok(ids.collect())
}

async fn make(world: &World<'_>, by: &Session, name: &str, kind: &str) -> Result<String, Stop> {
    let mut body = things::asset(name);
    body["data_asset_type"] = json!(kind);
    let made = world.call("create_data_asset").json(body).by(by);
    let made = made.send().await?;
    made.must(201)?;
    Ok(made.text("/data_asset/id"))
}

fn same(stage: &Stage, place: &str, expected: &[String], got: &[String]) {
    let (one, other) = (expected.join(" "), got.join(" "));
    stage.check(expected == got, place, &one, &other, None);
}

async fn filters(stage: &Stage) -> Result<(), Stop> {
    let world = stage.world().await?;
    let admin = world.sign_in(Actor::Admin).await?;
    let word = format!("conformance-{}", stage.uuid());
    let mut made = Vec::new();
    for (number, kind) in ["dataset", "dashboard", "dataset", "dataapp", "dataset"]
        .into_iter()
        .enumerate()
    {
        let name = format!("{} {number}", word.to_uppercase());
        made.push((make(&world, &admin, &name, kind).await?, kind));
    }
    let order = [("order", "asc"), ("sort_by", "display_name")];
    let query = |more: &[(&'static str, &'static str)], search: &str| {
        let own = [("search", search.to_owned()), ("size", "50".to_owned())];
        let more = more.iter().chain(&order);
        let more = more.map(|(name, value)| (*name, (*value).to_owned()));
        own.into_iter().chain(more).collect::<Vec<_>>()
    };
    let all: Vec<String> = made.iter().map(|(id, _)| id.clone()).collect();
    for search in [word.clone(), word.to_uppercase()] {
        let query = query(&[], &search);
        let query: Vec<_> = query
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        let got = ids(&world, &admin, &query).await?;
        same(
            stage,
            "a search in small letters and in capitals",
            &all,
            &got,
        );
    }
    for kind in ["dataset", "dashboard", "dataapp", "table"] {
        let expected: Vec<String> = made
            .iter()
            .filter(|(_, of)| *of == kind)
            .map(|(id, _)| id.clone())
            .collect();
        let query = query(&[("data_asset_type", kind)], &word);
        let query: Vec<_> = query
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        let got = ids(&world, &admin, &query).await?;
        same(stage, &format!("data_asset_type={kind}"), &expected, &got);
    }
    for size in ["1", "4", "5", "6"] {
        let mut walked = Vec::new();
        for page in ["1", "2", "3", "4", "5", "6"] {
            let query = [
                ("search", word.as_str()),
                ("size", size),
                ("page", page),
                order[0],
                order[1],
            ];
            walked.extend(ids(&world, &admin, &query).await?);
        }
        same(stage, &format!("all pages of {size}"), &all, &walked);
    }
    Ok(())
}

async fn walk(stage: &Stage) -> Result<(), Stop> {
    let world = stage.world().await?;
    let admin = world.sign_in(Actor::Admin).await?;
    let word = format!("conformance-{}", stage.uuid());
    let mut made = Vec::new();
    for number in 0..6 {
        made.push(make(&world, &admin, &format!("{word} {number}"), "dataset").await?);
        if stage.target.is_emulator() {
            world.advance(Duration::from_secs(1))?;
        }
    }
    let mut walked = Vec::new();
    for page in ["1", "2", "3"] {
        let query = [
            ("search", word.as_str()),
            ("size", "2"),
            ("page", page),
            ("sort_by", "created_at"),
            ("order", "asc"),
        ];
        walked.extend(ids(&world, &admin, &query).await?);
        // The newest comes last, so that what is made in between moves nothing that is still to be seen.
        let name = format!("{word} a later one");
        let later = make(&world, &admin, &name, "dataset").await?;
        let delete = world.call("delete_data_asset").path("dataAssetId", &later);
        delete.by(&admin).send().await?.must(200)?;
    }
    same(stage, "all pages one after another", &made, &walked);
    Ok(())
}

/// A pipeline that reads an uploaded file, run to its end: the id of the asset of what landed.
async fn landed(world: &World<'_>, by: &Session) -> Result<String, Stop> {
    let path = format!("/conformance/{}/rows.csv", world.stage().uuid());
    things::upload(world, by, &path, things::ROWS.as_bytes()).await?;
    let made = bodies::make_with(world, by, things::from_storage(&path)).await?;
    bodies::execute(world, by, &made).await?;
    world.advance(Duration::from_secs(31))?;
    let id = made.answered();
    let landed = ids(world, by, &[("pipeline_id", &id)]).await?;
    world.stage().check(
        landed.len() == 1,
        "assets of a pipeline that landed one table",
        &1,
        &landed.len(),
        None,
    );
    landed.into_iter().next().ok_or(Stop::Broken)
}

async fn columns(stage: &Stage) -> Result<(), Stop> {
    let world = stage.world().await?;
    let admin = world.sign_in(Actor::Admin).await?;
    let id = landed(&world, &admin).await?;
    let read = |with: &'static str| {
        let call = world.call("get_columns_metadata").path("dataAssetId", &id);
        call.query("include_stats", with)
            .query("include_samples", with)
            .by(&admin)
            .send()
    };
    for with in ["false", "true"] {
        let got = read(with).await?;
        let got = got.at(&format!("include_stats={with}"));
        got.must(200)?
            .lacks(&format!("/columns/{}", things::COLUMNS.len()));
        for (index, (name, kind)) in things::COLUMNS.iter().enumerate() {
            got.is(&format!("/columns/{index}/name"), *name)
                .is(&format!("/columns/{index}/type"), *kind);
        }
        if with == "false" {
            got.lacks("/columns/0/stats").lacks("/columns/0/samples");
            continue;
        }
        got.is(
            "/columns/0/stats",
            json!({ "count": 3, "nulls": 0, "distinct": 3, "min": 1, "max": 3 }),
        )
        .is(
            "/columns/1/stats",
            json!({ "count": 3, "nulls": 1, "distinct": 2, "min": 3.25, "max": 9.5 }),
        )
        .is("/columns/3/stats/distinct", 3)
        .is("/columns/3/samples", json!(["Ana", "Bob", "Eva"]));
    }
    Ok(())
}

async fn preview(stage: &Stage) -> Result<(), Stop> {
    let world = stage.world().await?;
    let admin = world.sign_in(Actor::Admin).await?;
    let id = landed(&world, &admin).await?;
    let names =
        |rows: &[&str]| -> Value { rows.iter().map(|name| json!({ "name": name })).collect() };
    for (query, rows) in [
        (vec![("columns", "name")], names(&["Ana", "Bob", "Eva"])),
        (
            vec![("columns", "name"), ("limit", "2")],
            names(&["Ana", "Bob"]),
        ),
        (
            vec![("columns", "name"), ("limit", "1"), ("offset", "1")],
            names(&["Bob"]),
        ),
        (vec![("columns", "name"), ("offset", "3")], json!([])),
        (
            vec![("columns", "total,id"), ("offset", "2")],
            json!([{ "id": 3, "total": null }]),
        ),
    ] {
        let mut call = world.call("get_data_preview").path("dataAssetId", &id);
        for (name, value) in &query {
            call = call.query(name, value);
        }
        let got = call.by(&admin).send().await?;
        got.at(&format!("{query:?}"))
            .must(200)?
            .is("/rows", rows)
            .is("/total", 3);
    }
    let call = world.call("get_data_preview").path("dataAssetId", &id);
    let whole = call.by(&admin).send().await?;
    let all = things::COLUMNS.map(|(name, _)| name);
    whole.must(200)?.is("/columns", json!(all));
    whole
        .is("/rows/0/id", 1)
        .is("/rows/0/total", 9.5)
        .is("/rows/2/name", "Eva");
    Ok(())
}
