//! What users of this API stumble over, as one test for each line of their list. The order is the list's; its tenth line,
//! docs in markdown, is where markdown is.

use dadosfera::{CallOptions, CatalogQuery, Client, Done, ErrorKind, WaitOptions, types};
use dadosfera_emulator::{FaultEffect, Options};

use crate::outloud::Fails as _;
use crate::support::{MFA, TOTP_SECRET, World, new_pipeline};

#[tokio::test]
async fn wish_1_whoever_has_a_user_name_and_a_password_needs_to_know_nothing_of_tokens() {
    let world = World::new().await;
    assert!(
        world
            .ana()
            .pipelines()
            .list()
            .await
            .expect("listed")
            .is_empty()
    );
}

#[tokio::test]
async fn wish_2_a_second_factor_that_is_missing_is_told_and_one_that_is_given_is_used() {
    let world = World::new().await;
    let error = world.client(MFA).pipelines().list().await.fails("no code");
    assert_eq!(error.kind(), ErrorKind::MfaRequired);
    assert!(error.to_string().contains("totp_secret"), "{error}");
    let client = world
        .builder()
        .password(MFA.0, MFA.1)
        .totp_secret(TOTP_SECRET)
        .build()
        .expect("a client");
    client.pipelines().list().await.expect("signed in");
}

#[tokio::test]
async fn wish_3_a_token_that_grows_old_is_nobody_s_business() {
    let world = World::new().await;
    let client = world.ana();
    for _ in 0..60 {
        client.pipelines().list().await.expect("listed");
        world.advance(60);
    }
    assert!(world.count("sign_in") <= 4, "the refresh token lives a day");
}

#[tokio::test]
async fn wish_4_a_dropped_connection_costs_a_read_nothing_and_makes_no_second_pipeline() {
    let world = World::new().await;
    let client = world.ana();
    world.fail("list_pipelines", 1, FaultEffect::DropBefore);
    client.pipelines().list().await.expect("at the second try");
    world.fail("create_pipeline", 1, FaultEffect::DropAfter);
    client
        .pipelines()
        .create(new_pipeline("Orders", "orders"))
        .await
        .fails("it is not known");
    assert_eq!(client.pipelines().list().await.expect("listed").len(), 1);
    assert_eq!(world.count("create_pipeline"), 1);
}

#[tokio::test]
async fn wish_5_errors_are_told_as_they_are_and_a_total_that_overcounts_ends() {
    let world = World::with(Options {
        total_overcounts: 1000,
        ..Options::default()
    })
    .await;
    let error = world
        .client(("ana@acme.example", "wrong"))
        .connections()
        .list(&dadosfera::ConnectionQuery::default())
        .await
        .fails("wrong");
    assert_eq!(
        (error.kind(), error.status()),
        (ErrorKind::BadCredentials, Some(401))
    );
    let all = world.ana().catalog().stream(CatalogQuery::default());
    all.collect_all().await.expect("it ends");
}

async fn assets(client: &Client, count: usize) {
    for number in 0..count {
        let asset: types::CreateDataAssetRequest = serde_json::from_value(serde_json::json!({
            "display_name": format!("asset {number}"), "data_asset_type": "dataset",
        }))
        .expect("a request");
        client.catalog().create(&asset).await.expect("made");
    }
}

#[tokio::test]
async fn wish_6_a_list_of_many_pages_is_one_stream() {
    let world = World::new().await;
    let client = world.ana();
    let before = client.catalog().stream(CatalogQuery::default());
    let before = before.collect_all().await.expect("all").len();
    assets(&client, 23).await;
    let small = CatalogQuery {
        size: Some(10),
        ..CatalogQuery::default()
    };
    let all = client.catalog().stream(small).collect_all().await;
    assert_eq!(all.expect("all").len(), before + 23);
}

#[tokio::test]
async fn wish_7_what_is_ensured_twice_is_there_once() {
    let world = World::new().await;
    let client = world.ana();
    for done in [Done::Created, Done::Unchanged] {
        let ensured = client
            .pipelines()
            .ensure(new_pipeline("Orders", "orders"))
            .await;
        assert_eq!(ensured.expect("ensured").done, done);
    }
    assert_eq!(world.count("create_pipeline"), 1);
}

#[tokio::test]
async fn wish_8_a_pipeline_is_built_with_types_then_run_and_waited_for_with_a_limit() {
    let world = World::new().await;
    let client = world.ana();
    let pipeline = client
        .pipelines()
        .create(new_pipeline("Orders", "orders"))
        .await
        .expect("made");
    let limit = WaitOptions::new().limit(std::time::Duration::from_secs(600));
    let run = client
        .pipeline(&pipeline)
        .execute()
        .await
        .expect("started")
        .wait_with(limit)
        .await
        .expect("ended");
    assert_eq!(run.last_status, types::RunStatus::Success);
}

#[tokio::test]
async fn wish_9_a_missing_permission_is_known_before_the_403() {
    let world = World::new().await;
    let vera = world.client(("vera@acme.example", "acme-vera-password"));
    let plan = vera.check_plan(["list_pipelines", "create_pipeline"]).await;
    let error = plan.expect("signed in").allowed().fails("one is missing");
    assert_eq!(error.missing_permission(), Some("POST /pipelines"));
    assert_eq!(world.count("create_pipeline"), 0);
    let told = vera
        .with_call(CallOptions::new().language("en-us"))
        .pipelines()
        .create(new_pipeline("Orders", "orders"))
        .await
        .fails("forbidden");
    assert_eq!(told.missing_permission(), Some("POST /pipelines"));
}
