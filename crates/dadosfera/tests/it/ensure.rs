//! Ensuring by name: never two, never none, and nothing is sent that need not be.

use dadosfera::types::{CreateConnectionRequest, CreateDataAssetRequest};
use dadosfera::{CatalogQuery, Client, Done, ErrorKind, NewJdbcJob, NewPipeline};
use dadosfera_emulator::{FaultEffect, Options};
use serde_json::json;

use crate::outloud::Fails as _;
use crate::support::{World, new_pipeline};

fn asset(description: &str) -> CreateDataAssetRequest {
    serde_json::from_value(json!({
        "display_name": "Orders of the shop", "data_asset_type": "dataset",
        "description": description, "tags": ["sales", "shop"],
    }))
    .expect("a request")
}

fn connection(database: &str) -> CreateConnectionRequest {
    let config = json!({
        "endpoint": "db.example.com", "port": 5432, "network": "direct",
        "user": "reader", "password": "canary-secret", "database": database,
    });
    CreateConnectionRequest {
        name: "orders".to_owned(),
        plugin: "postgresql".to_owned(),
        config: config.as_object().cloned().expect("an object").into(),
    }
}

fn job() -> NewJdbcJob {
    NewJdbcJob::new(
        "postgresql",
        "public",
        "orders",
        "1763991009206_kvpd3364_postgresql-1.0.0",
    )
    .columns(["id"])
}

/// What a POST or PUT was sent for, so far.
fn writes(world: &World) -> usize {
    [
        "create_pipeline",
        "update_pipeline",
        "patch_job_input",
        "update_job_sync_mode",
        "create_connection",
        "update_connection",
        "create_data_asset",
        "update_data_asset",
    ]
    .iter()
    .map(|operation| world.count(operation))
    .sum()
}

#[tokio::test]
async fn a_pipeline_is_created_then_left_alone_then_changed_where_it_differs() {
    let world = World::new().await;
    let client = world.ana();
    let first = client
        .pipelines()
        .ensure(new_pipeline("Orders", "orders"))
        .await;
    let first = first.expect("made");
    assert_eq!(first.done, Done::Created);
    assert_eq!(writes(&world), 1);

    let again = client
        .pipelines()
        .ensure(new_pipeline("Orders", "orders"))
        .await;
    let again = again.expect("there");
    assert_eq!((again.id, again.done), (first.id.clone(), Done::Unchanged));
    assert_eq!(writes(&world), 1);

    let changed = NewPipeline::new("Orders")
        .description("of the shop")
        .cron("0 6 * * *")
        .job(
            job()
                .columns(["id", "total"])
                .incremental("updated_at", "timestamp"),
        );
    let done = client
        .pipelines()
        .ensure(changed.clone())
        .await
        .expect("changed")
        .done;
    let Done::Updated(mut fields) = done else {
        panic!("{done:?}");
    };
    fields.sort();
    assert_eq!(
        fields,
        [
            "cron",
            "description",
            "jobs[0].input.column_include_list",
            "jobs[0].input.incremental_column_name",
            "jobs[0].input.incremental_column_type",
            "jobs[0].input.load_type",
        ]
    );
    assert_eq!(
        writes(&world),
        4,
        "one for each route that has something to change"
    );
    let again = client.pipelines().ensure(changed).await.expect("there");
    assert_eq!((again.id, again.done), (first.id, Done::Unchanged));
    assert_eq!(writes(&world), 4);
}

#[tokio::test]
async fn what_the_api_cannot_change_in_a_pipeline_is_told_and_nothing_is_sent() {
    let world = World::new().await;
    let client = world.ana();
    let there = NewPipeline::new("Orders").job(job().columns(["id", "total"]));
    client.pipelines().ensure(there).await.expect("made");
    let other = "1763991009206_kvpd3364_mysql-1.0.0";
    for (wanted, part) in [
        (
            NewPipeline::new("Orders").job(job()).job(job()),
            "1 jobs and is to have 2",
        ),
        (
            NewPipeline::new("Orders").job(NewJdbcJob::new("mysql", "public", "orders", other)),
            "`jobs[0].input.plugin` differs",
        ),
        (
            NewPipeline::new("Orders").job(job().columns(["id"])),
            r#"is to lose "total""#,
        ),
    ] {
        let error = client.pipelines().ensure(wanted).await.fails(part);
        assert_eq!(error.kind(), ErrorKind::Conflict);
        assert!(error.to_string().contains(part), "{error}");
    }
    assert_eq!(writes(&world), 1);
}

#[tokio::test]
async fn a_connection_is_created_then_left_alone_then_changed_where_it_differs() {
    let world = World::new().await;
    let client = world.ana();
    let made = client
        .connections()
        .ensure(&connection("shop"))
        .await
        .expect("made");
    assert_eq!(made.done, Done::Created);
    let again = client
        .connections()
        .ensure(&connection("shop"))
        .await
        .expect("there");
    assert_eq!((&again.id, again.done), (&made.id, Done::Unchanged));
    assert_eq!(writes(&world), 1);
    let changed = client
        .connections()
        .ensure(&connection("stock"))
        .await
        .expect("changed");
    assert_eq!(
        changed.done,
        Done::Updated(vec!["config.database".to_owned()])
    );
    let again = client
        .connections()
        .ensure(&connection("stock"))
        .await
        .expect("there");
    assert_eq!((again.id, again.done), (made.id, Done::Unchanged));
    assert_eq!(writes(&world), 2);

    let mut other = connection("stock");
    other.plugin = "mysql".to_owned();
    let error = client
        .connections()
        .ensure(&other)
        .await
        .fails("another plugin");
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert!(!error.to_string().contains("canary"), "{error}");
}

#[tokio::test]
async fn an_asset_is_created_then_left_alone_then_changed_where_it_differs() {
    let world = World::with(Options {
        created_tags_are_lost: true,
        ..Options::default()
    })
    .await;
    let client = world.ana();
    let made = client.catalog().ensure(&asset("raw")).await.expect("made");
    assert_eq!(made.done, Done::Created);
    let there = client.catalog().get(&made.id).await.expect("there");
    assert_eq!(
        there.tags.map(|tags| tags.len()),
        Some(2),
        "lost tags are written again"
    );
    let sent = writes(&world);
    let mut same = asset("raw");
    same.tags.as_mut().expect("tags").reverse();
    let again = client.catalog().ensure(&same).await.expect("there");
    assert_eq!((&again.id, again.done), (&made.id, Done::Unchanged));
    assert_eq!(writes(&world), sent);
    let changed = client
        .catalog()
        .ensure(&asset("clean"))
        .await
        .expect("changed");
    assert_eq!(changed.done, Done::Updated(vec!["description".to_owned()]));
    assert_eq!(writes(&world), sent + 1);
}

#[tokio::test]
async fn several_of_one_name_are_told_with_their_ids() {
    let world = World::new().await;
    let client = world.ana();
    let first = client.catalog().create(&asset("one")).await.expect("made");
    let second = client.catalog().create(&asset("two")).await.expect("made");
    let error = client.catalog().ensure(&asset("one")).await.fails("two");
    assert_eq!(error.kind(), ErrorKind::Conflict);
    let said = error.to_string();
    assert!(
        said.contains(first.as_str()) && said.contains(second.as_str()),
        "{said}"
    );
}

#[tokio::test]
async fn many_tasks_of_one_client_make_one() {
    let world = World::new().await;
    let client = world.ana();
    let tasks: Vec<_> = (0..10)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { client.catalog().ensure(&asset("raw")).await })
        })
        .collect();
    let mut created = 0;
    for task in tasks {
        created +=
            usize::from(task.await.expect("no panic").expect("ensured").done == Done::Created);
    }
    assert_eq!((created, world.count("create_data_asset")), (1, 1));
}

async fn how_many(client: &Client, kind: usize) -> Result<usize, dadosfera::Error> {
    Ok(match kind {
        0 => client.pipelines().list().await?.len(),
        1 => {
            let all = client
                .connections()
                .stream(dadosfera::ConnectionQuery::default());
            let all = all.collect_all().await?;
            all.iter()
                .filter(|it| it.name.as_deref() == Some("orders"))
                .count()
        }
        _ => {
            let all = client.catalog().stream(CatalogQuery::default());
            let all = all.collect_all().await?;
            all.iter()
                .filter(|it| it.display_name == "Orders of the shop")
                .count()
        }
    })
}

/// Until it succeeds: the faults of a test are used up at some time.
async fn at_last<T, F: Future<Output = Result<T, dadosfera::Error>>>(
    what: &str,
    call: impl Fn() -> F,
) -> T {
    let mut last = call().await;
    for _ in 0..10 {
        if last.is_err() {
            last = call().await;
        }
    }
    last.expect(what)
}

async fn ensure(client: &Client, kind: usize) -> Result<Done, dadosfera::Error> {
    Ok(match kind {
        0 => {
            client
                .pipelines()
                .ensure(new_pipeline("Orders", "orders"))
                .await?
                .done
        }
        1 => client.connections().ensure(&connection("shop")).await?.done,
        _ => client.catalog().ensure(&asset("raw")).await?.done,
    })
}

#[tokio::test]
async fn whatever_is_lost_on_the_way_there_is_never_none_and_never_two() {
    let seed = std::env::var("DADOSFERA_TEST_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok())
        .unwrap_or_else(|| fastrand::u64(..));
    println!("repeat with DADOSFERA_TEST_SEED={seed}");
    let mut chance = fastrand::Rng::with_seed(seed);
    let effects = [
        FaultEffect::DropBefore,
        FaultEffect::DropAfter,
        FaultEffect::ResetBefore,
        FaultEffect::ResetAfter,
        FaultEffect::TornHead,
        FaultEffect::Truncate,
        FaultEffect::Status(500),
        FaultEffect::Status(503),
        FaultEffect::Html(502),
        FaultEffect::RetryAfter(1),
    ];
    let operations = [
        ["create_pipeline", "list_pipelines", "get_pipeline"],
        ["create_connection", "list_connections", "get_connection"],
        ["create_data_asset", "list_catalog", "get_data_asset"],
    ];
    for round in 0..48 {
        let kind = round % 3;
        let world = World::new().await;
        let client = world.ana();
        client.session().sign_in().await.expect("signed in");
        let mut faults = Vec::new();
        // Creations fail up to three times, looks a few times beside it.
        for _ in 0..chance.usize(0..=3) {
            faults.push((
                operations[kind][0],
                effects[chance.usize(..effects.len())].clone(),
            ));
        }
        for _ in 0..chance.usize(0..=2) {
            let operation = operations[kind][chance.usize(1..3)];
            faults.push((operation, effects[chance.usize(..effects.len())].clone()));
        }
        for (operation, effect) in &faults {
            world.fail(operation, 1, effect.clone());
        }
        let what = format!("seed {seed}, round {round}, {faults:?}");
        // A look that fails for good is told; whoever ensures again then gets it.
        at_last(&what, || ensure(&client, kind)).await;
        assert_eq!(
            at_last(&what, || how_many(&client, kind)).await,
            1,
            "{what}"
        );
        let again = at_last(&what, || ensure(&client, kind)).await;
        assert_eq!(again, Done::Unchanged, "{what}");
    }
}

#[tokio::test]
async fn whoever_cannot_look_after_a_lost_creation_does_not_create_again() {
    let world = World::new().await;
    let client = world.ana();
    client.session().sign_in().await.expect("signed in");
    // The first look succeeds, the creation takes effect unseen, and then the list is away for long.
    world.fail("create_data_asset", 1, FaultEffect::DropAfter);
    world.fail_after("list_catalog", 2, 40, FaultEffect::Status(500));
    let error = client
        .catalog()
        .ensure(&asset("raw"))
        .await
        .fails("it could not look");
    assert!(
        error
            .to_string()
            .contains("whether it was created is not known"),
        "{error}"
    );
    assert_eq!(world.count("create_data_asset"), 1);
}
