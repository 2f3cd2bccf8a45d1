//! The catalog as code: planned, applied, broken off, gone on with, and nothing left to do.

use std::sync::{Arc, Mutex};

use dadosfera::manifest::{ApplyOptions, CatalogPlan, Manifest, PlannedAction};
use dadosfera::{CatalogQuery, Client, ErrorKind, Maybe};
use dadosfera_emulator::{FaultEffect, Options};
use futures::TryStreamExt as _;

use crate::outloud::Fails as _;
use crate::support::{World, asset};

/// Everything that an asset can say, thrice.
const THREE: &str = r##"
version = 1

[[asset]]
name = "Orders"
type = "dataset"
description = "of the shop"
tags = ["shop", "gold"]
location = "PUBLIC.ORDERS"
external_url = "https://example.com/orders"
embed_url = "https://example.com/embed"
certification = "approved"
docs = """
# Orders

- one a day
"""

[[asset]]
name = "Customers"
type = "dataset"
docs = "Who **bought**."

[[asset]]
name = "Shop"
type = "dataapp"
tags = []
docs = "An app."
"##;

fn manifest(text: &str) -> Manifest {
    Manifest::parse(text, "catalog.toml", None).expect("a manifest")
}

async fn plan(client: &Client, text: &str) -> CatalogPlan {
    client
        .catalog()
        .plan(&manifest(text))
        .await
        .expect("a plan")
}

/// Requests that change something, of whatever kind.
fn writes(world: &World) -> usize {
    let requests = world.emulator.requests();
    requests
        .iter()
        .filter(|request| request.method != "GET" && !request.path.starts_with("/auth/"))
        .count()
}

async fn assets(client: &Client) -> usize {
    let assets = client.catalog().stream(CatalogQuery::default());
    assets.try_collect::<Vec<_>>().await.expect("listed").len()
}

#[tokio::test]
async fn a_plan_writes_nothing_an_apply_makes_it_so_and_a_second_one_writes_nothing() {
    let world = World::new().await;
    let client = world.ana();
    let first = plan(&client, THREE).await;
    assert_eq!(first.count(PlannedAction::Create), 3);
    assert_eq!(
        first.permissions().into_iter().collect::<Vec<_>>(),
        ["catalog:create", "catalog:edit"]
    );
    assert_eq!(writes(&world), 0);

    let steps = Arc::<Mutex<Vec<String>>>::default();
    let seen = Arc::clone(&steps);
    let options = ApplyOptions::new().with_progress(move |step| {
        let told = format!("{}/{} {}", step.done, step.total, step.name);
        seen.lock().expect("unpoisoned").push(told);
    });
    let applied = client
        .catalog()
        .apply(&first, &options)
        .await
        .expect("applied");
    assert_eq!((applied.created, applied.changed), (3, 0));
    assert_eq!(
        *steps.lock().expect("unpoisoned"),
        ["1/3 Orders", "2/3 Customers", "3/3 Shop"]
    );
    let orders = &plan(&client, THREE).await.assets[0];
    let id = orders.id.clone().expect("there");
    let asset = client.catalog().get(id.as_str()).await.expect("there");
    assert_eq!(
        asset.certification_status,
        Maybe::Value("approved".to_owned())
    );
    assert_eq!(
        client.catalog().docs(id.as_str()).await.expect("there"),
        "<h1>Orders</h1><ul><li>one a day</li></ul>"
    );

    let before = writes(&world);
    let second = plan(&client, THREE).await;
    assert!(second.is_empty(), "{second}");
    client
        .catalog()
        .apply(&second, &options)
        .await
        .expect("nothing to do");
    assert_eq!(writes(&world), before);
    assert_eq!(assets(&client).await, 3);
}

#[tokio::test]
async fn only_what_differs_is_written_and_the_diff_shows_it() {
    let world = World::new().await;
    let client = world.ana();
    let first = plan(&client, THREE).await;
    client
        .catalog()
        .apply(&first, &ApplyOptions::new())
        .await
        .expect("applied");
    let before = writes(&world);

    let text = THREE
        .replace("[\"shop\", \"gold\"]", "[\"gold\", \"silver\"]")
        .replace("- one a day", "- one a day\n- and two on Sundays")
        .replace("certification = \"approved\"", "certification = \"none\"");
    let changed = plan(&client, &text).await;
    let id = changed.assets[0].id.clone().expect("there");
    assert_eq!(
        changed.to_string(),
        format!(
            "~ dataset `Orders` ({id}, catalog.toml:4)\n    \
             tags: gold, shop -> gold, silver\n    \
             certification: approved -> (none)\n    \
             docs:\n      \
             + <li>and two on Sundays</li>\n      \
             (4 lines as they are)\n\
             0 to create, 1 to change, 2 as they are\n"
        )
    );
    client
        .catalog()
        .apply(&changed, &ApplyOptions::new())
        .await
        .expect("applied");
    // One for the fields, one for the docs, one for the certification.
    assert_eq!(writes(&world) - before, 3);
    assert!(plan(&client, &text).await.is_empty());
}

#[tokio::test]
async fn an_apply_that_breaks_off_anywhere_is_gone_on_with_and_makes_nothing_twice() {
    for operation in [
        "create_data_asset",
        "set_data_asset_docs",
        "set_certification_status",
    ] {
        for effect in [
            FaultEffect::DropBefore,
            FaultEffect::DropAfter,
            FaultEffect::Truncate,
            FaultEffect::Status(500),
            FaultEffect::Html(502),
        ] {
            let world = World::new().await;
            let client = world.ana();
            let text = THREE.replace(
                "type = \"dataapp\"\n",
                "type = \"dataapp\"\ncertification = \"approved\"\n",
            );
            // The second of its kind breaks; the first goes through.
            let fault = dadosfera_emulator::Fault::on(operation, effect.clone()).after(1);
            world
                .emulator
                .inject(fault)
                .expect("a fault that can happen");
            let first = plan(&client, &text).await;
            let outcome = client.catalog().apply(&first, &ApplyOptions::new()).await;
            if let Err(error) = &outcome {
                let said = error.to_string();
                assert!(said.contains(" of 3 done, then `"), "{said}");
                assert!(said.contains("(catalog.toml:"), "{said}");
                assert!(said.ends_with("plan and apply again to go on"), "{said}");
            }
            assert_eq!(world.emulator.pending_faults(), 0);
            let rest = plan(&client, &text).await;
            client
                .catalog()
                .apply(&rest, &ApplyOptions::new())
                .await
                .unwrap_or_else(|error| panic!("{operation} {effect:?}: {error}"));
            let left = plan(&client, &text).await;
            assert!(left.is_empty(), "{operation} {effect:?}: {left}");
            assert_eq!(assets(&client).await, 3, "{operation} {effect:?}");
        }
    }
}

#[tokio::test]
async fn what_is_changed_is_kept_as_it_was_and_can_be_brought_back() {
    let world = World::new().await;
    let client = world.ana();
    let folder = tempfile::tempdir().expect("a folder");
    let backups = folder.path().join("backups");
    let options = ApplyOptions::new().backup(&backups);
    let first = plan(&client, THREE).await;
    let applied = client
        .catalog()
        .apply(&first, &options)
        .await
        .expect("applied");
    assert!(applied.backups.is_empty(), "what is created has no past");

    let text = THREE
        .replace("of the shop", "of another shop")
        .replace("# Orders", "# Other");
    let changed = plan(&client, &text).await;
    // The docs break off after the fields were written: the first state is the one that is kept for good.
    world.fail("set_data_asset_docs", 1, FaultEffect::Status(500));
    client
        .catalog()
        .apply(&changed, &options)
        .await
        .fails("broke off");
    let again = plan(&client, &text).await;
    assert_eq!(again.assets[0].changes.len(), 1);
    client
        .catalog()
        .apply(&again, &options)
        .await
        .expect("applied");
    let mut kept: Vec<_> = std::fs::read_dir(&backups)
        .expect("made")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    assert_eq!(kept.len(), 2, "one for each state that was changed");
    kept.retain(|path| {
        std::fs::read_to_string(path)
            .expect("there")
            .contains("of the shop")
    });
    client.catalog().restore(&kept[0]).await.expect("restored");
    let back = plan(&client, THREE).await;
    assert!(back.is_empty(), "{back}");

    // A folder that cannot be made stops it before the first write.
    let file = folder.path().join("file");
    std::fs::write(&file, "").expect("written");
    let changed = plan(&client, &text).await;
    let before = writes(&world);
    let options = ApplyOptions::new().backup(file.join("backups"));
    let error = client
        .catalog()
        .apply(&changed, &options)
        .await
        .fails("no folder");
    assert_eq!(error.kind(), ErrorKind::File);
    assert_eq!(writes(&world), before);
}

#[tokio::test]
async fn a_plan_that_is_out_of_date_is_refused() {
    let world = World::new().await;
    let client = world.ana();
    let stale = plan(&client, THREE).await;
    client
        .catalog()
        .apply(&stale, &ApplyOptions::new())
        .await
        .expect("applied");
    // It would have created all of them again.
    let error = client
        .catalog()
        .apply(&stale, &ApplyOptions::new())
        .await
        .fails("stale");
    assert_eq!(error.kind(), ErrorKind::Conflict, "{error}");
    assert_eq!(assets(&client).await, 3);

    let text = THREE.replace("of the shop", "ours");
    let stale = plan(&client, &text).await;
    let meanwhile = plan(&client, &THREE.replace("of the shop", "theirs")).await;
    client
        .catalog()
        .apply(&meanwhile, &ApplyOptions::new())
        .await
        .expect("applied");
    let error = client
        .catalog()
        .apply(&stale, &ApplyOptions::new())
        .await
        .fails("stale");
    assert!(
        error.to_string().contains("was changed since the plan"),
        "{error}"
    );
    let theirs = plan(&client, THREE).await;
    assert_eq!(
        theirs.assets[0].changes[0].before.as_deref(),
        Some("theirs")
    );
}

#[tokio::test]
async fn two_of_one_name_are_told_apart_by_their_id_only() {
    let world = World::new().await;
    let client = world.ana();
    let one = "version = 1\n[[asset]]\nname = \"Orders\"\ntype = \"dataset\"\n";
    let first = plan(&client, one).await;
    client
        .catalog()
        .apply(&first, &ApplyOptions::new())
        .await
        .expect("applied");
    let id = plan(&client, one).await.assets[0]
        .id
        .clone()
        .expect("there");
    client
        .catalog()
        .create(&asset("Orders"))
        .await
        .expect("made");
    let error = client.catalog().plan(&manifest(one)).await.fails("two");
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert!(
        error
            .to_string()
            .contains("catalog.toml:2: 2 datasets are called `Orders`"),
        "{error}"
    );
    assert!(error.to_string().contains(&id), "{error}");

    let named = format!(
        "version = 1\n[[asset]]\nid = \"{id}\"\nname = \"Orders of old\"\ntype = \"dataset\"\n"
    );
    let renaming = plan(&client, &named).await;
    assert_eq!(renaming.assets[0].changes[0].field, "name");
    client
        .catalog()
        .apply(&renaming, &ApplyOptions::new())
        .await
        .expect("applied");
    assert!(plan(&client, one).await.is_empty());

    let none = "version = 1\n[[asset]]\nid = \"none\"\nname = \"X\"\ntype = \"dataset\"\n";
    let error = client.catalog().plan(&manifest(none)).await.fails("none");
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(
        error
            .to_string()
            .contains("catalog.toml:2: there is no asset of this id"),
        "{error}"
    );
}

#[tokio::test]
async fn tags_that_the_api_loses_at_creation_are_written_again() {
    let options = Options {
        created_tags_are_lost: true,
        ..Options::default()
    };
    let world = World::with(options).await;
    let client = world.ana();
    let first = plan(&client, THREE).await;
    client
        .catalog()
        .apply(&first, &ApplyOptions::new())
        .await
        .expect("applied");
    assert!(plan(&client, THREE).await.is_empty());
}
