//! The catalog: paging and its trap, assets that are never merged, changes in part, documentation, certification.

use serde_json::{Value, json};

use crate::people::Actor;
use crate::session::Session;
use crate::stage::{Stage, Stop};
use crate::world::World;

use super::law::{Law, Need};
use super::things;

const WRITES: &[Need] = &[Need::Writes, Need::Somebody(Actor::Admin)];

pub(super) const LAWS: &[Law] = &[
    Law {
        id: "catalog.paging",
        says: "pages of a size hold every asset once, in order, then comes an empty page; total counts them all",
        source: "facts on the catalog (observed: page, size, order, sort_by, total)",
        needs: WRITES,
        check: |stage| Box::pin(paging(stage)),
    },
    Law {
        id: "catalog.limit-trap",
        says: "whoever sends `limit` to the catalog gets an empty list, whatever there is",
        source: "facts on the catalog (observed)",
        needs: WRITES,
        check: |stage| Box::pin(limit_trap(stage)),
    },
    Law {
        id: "catalog.no-deduplication",
        says: "the same asset created twice is two assets",
        source: "facts on the catalog (observed)",
        needs: WRITES,
        check: |stage| Box::pin(no_deduplication(stage)),
    },
    Law {
        id: "catalog.partial-put",
        says: "a PUT changes what it names, and what it leaves out stays; tags that are no texts are a 500 and change nothing",
        source: "facts on the catalog (observed)",
        needs: WRITES,
        check: |stage| Box::pin(partial_put(stage)),
    },
    Law {
        id: "catalog.docs",
        says: "an asset's documentation comes back as it was written, and is that asset's alone",
        source: "facts on the catalog (observed)",
        needs: WRITES,
        check: |stage| Box::pin(docs(stage)),
    },
    Law {
        id: "catalog.certification",
        says: "`approved` certifies an asset, null takes it back, and any other status is refused",
        source: "facts on the catalog (observed: approved, null, a refusal); the refusal as 400 is inferred",
        needs: WRITES,
        check: |stage| Box::pin(certification(stage)),
    },
];

async fn make(world: &World<'_>, by: &Session, name: &str) -> Result<String, Stop> {
    let made = world.call("create_data_asset").json(things::asset(name));
    let made = made.by(by).send().await?;
    made.must(201)?;
    Ok(made.text("/data_asset/id"))
}

/// What one page shows of assets with a text in their names: their ids, and the total.
async fn page(
    world: &World<'_>,
    by: &Session,
    query: &[(&str, &str)],
) -> Result<(Vec<String>, Value), Stop> {
    let mut making = world.call("list_catalog");
    for (name, value) in query {
        making = making.query(name, value);
    }
    let got = making.by(by).send().await?;
    got.must(200)?;
    let body = got.json();
    let assets = body["data_assets"].as_array().into_iter().flatten();
    let ids = assets.filter_map(|asset| Some(asset["id"].as_str()?.to_owned()));
    Ok((ids.collect(), body["total"].clone()))
}

async fn paging(stage: &Stage) -> Result<(), Stop> {
    let world = stage.world().await?;
    let admin = world.sign_in(Actor::Admin).await?;
    let word = stage.name();
    let mut made = Vec::new();
    for number in 1..=5 {
        made.push(make(&world, &admin, &format!("{word} {number}")).await?);
    }
    let mut walked = Vec::new();
    for number in ["1", "2", "3", "4"] {
        let query = [
            ("search", word.as_str()),
            ("size", "2"),
            ("page", number),
            ("sort_by", "display_name"),
            ("order", "asc"),
        ];
        let (ids, total) = page(&world, &admin, &query).await?;
        let total = total.as_str().map_or(total.to_string(), str::to_owned);
        stage.check(
            total == "5",
            &format!("total on page {number}"),
            &5,
            &total,
            None,
        );
        let expected = match number {
            "1" | "2" => 2,
            "3" => 1,
            _ => 0,
        };
        let place = format!("assets on page {number}");
        stage.check(ids.len() == expected, &place, &expected, &ids.len(), None);
        walked.extend(ids);
    }
    let (expected, got) = (made.join(" "), walked.join(" "));
    stage.check(
        made == walked,
        "all pages one after another",
        &expected,
        &got,
        None,
    );
    made.reverse();
    let (ids, _) = page(&world, &admin, &[("search", &word)]).await?;
    stage.check(
        ids == made,
        "the default order: display_name, descending",
        &made.join(" "),
        &ids.join(" "),
        None,
    );
    Ok(())
}

async fn limit_trap(stage: &Stage) -> Result<(), Stop> {
    let world = stage.world().await?;
    let admin = world.sign_in(Actor::Admin).await?;
    make(&world, &admin, &stage.name()).await?;
    let (ids, _) = page(&world, &admin, &[]).await?;
    stage.check(!ids.is_empty(), "without limit", &"assets", &"none", None);
    for limit in ["1", "10", "100"] {
        let (ids, _) = page(&world, &admin, &[("limit", limit)]).await?;
        let place = format!("assets with limit={limit}");
        stage.check(ids.is_empty(), &place, &0, &ids.len(), None);
    }
    Ok(())
}

async fn no_deduplication(stage: &Stage) -> Result<(), Stop> {
    let world = stage.world().await?;
    let admin = world.sign_in(Actor::Admin).await?;
    let name = stage.name();
    let first = make(&world, &admin, &name).await?;
    let second = make(&world, &admin, &name).await?;
    stage.check(first != second, "ids of the two", &"two", &"one", None);
    let (ids, _) = page(&world, &admin, &[("search", &name)]).await?;
    stage.check(ids.len() == 2, "assets of that name", &2, &ids.len(), None);
    Ok(())
}

async fn partial_put(stage: &Stage) -> Result<(), Stop> {
    let world = stage.world().await?;
    let admin = world.sign_in(Actor::Admin).await?;
    let name = stage.name();
    let id = make(&world, &admin, &name).await?;
    let put = |body| {
        let making = world.call("update_data_asset").path("dataAssetId", &id);
        making.json(body).by(&admin).send()
    };
    let get = || {
        let making = world.call("get_data_asset").path("dataAssetId", &id);
        making.by(&admin).send()
    };
    put(json!({ "tags": ["gold", "sales"] })).await?.must(200)?;
    put(json!({ "description": "changed" })).await?.must(200)?;
    let after = get().await?;
    after
        .status(200)
        .is("/data_asset/display_name", name.as_str())
        .is("/data_asset/description", "changed")
        .is("/data_asset/tags", json!(["gold", "sales"]))
        .is("/data_asset/data_asset_type", "dashboard");
    put(json!({ "description": "lost", "tags": [{ "name": "gold" }] }))
        .await?
        .at("tags as objects")
        .status(500);
    let (before, after) = (after.json(), get().await?.json());
    stage.check(
        before == after,
        "the asset after that",
        &before,
        &after,
        None,
    );
    Ok(())
}

async fn docs(stage: &Stage) -> Result<(), Stop> {
    let world = stage.world().await?;
    let admin = world.sign_in(Actor::Admin).await?;
    let id = make(&world, &admin, &stage.name()).await?;
    let other = make(&world, &admin, &stage.name()).await?;
    let html =
        "<h1>Sales</h1><p>What was <strong>sold</strong> &amp; \u{e9}\u{1f680} \"quoted\"</p>";
    let set = world.call("set_data_asset_docs").path("dataAssetId", &id);
    let set = set
        .query("asset_type", "dataset")
        .json(json!({ "docs": html }));
    set.by(&admin)
        .send()
        .await?
        .must(200)?
        .is("/id", id.as_str());
    for (id, expected) in [(&id, html), (&other, "")] {
        let got = world.call("get_data_asset_docs").path("dataAssetId", id);
        let got = got.by(&admin).send().await?;
        got.status(200).is("/docs", expected);
    }
    Ok(())
}

async fn certification(stage: &Stage) -> Result<(), Stop> {
    let world = stage.world().await?;
    let admin = world.sign_in(Actor::Admin).await?;
    let id = make(&world, &admin, &stage.name()).await?;
    let (approved, none) = (json!("approved"), Value::Null);
    for (sent, status, shown) in [
        (&approved, 200, &approved),
        (&json!("gold"), 400, &approved),
        (&none, 200, &none),
    ] {
        let set = world
            .call("set_certification_status")
            .path("dataAssetId", &id);
        let set = set.json(json!({ "certification_status": sent }));
        let set = set.by(&admin).send().await?;
        set.at(&format!("a status of {sent}")).status(status);
        let got = world.call("get_data_asset").path("dataAssetId", &id);
        let got = got.by(&admin).send().await?;
        got.status(200)
            .is("/data_asset/certification_status", shown.clone());
    }
    Ok(())
}
