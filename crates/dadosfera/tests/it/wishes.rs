//! What users of this API stumble over (`api-facts.md`, section 8): a test for each of the ten lines, in their order.

use std::time::Duration;

use dadosfera::manifest::{ApplyOptions, Manifest};
use dadosfera::types::{DocsAssetType, RunStatus};
use dadosfera::{
    CatalogQuery, ConnectionQuery, Done, ErrorKind, NewFileJob, NewPipeline, Upload, WaitOptions,
};
use dadosfera_emulator::{FaultEffect, Options};

use crate::outloud::Fails as _;
use crate::support::{ANA, MFA, Raw, TOTP_SECRET, VERA, World, asset, json, new_pipeline};

#[tokio::test]
async fn wish_1_nobody_has_to_know_how_a_token_is_asked_for_and_sent() {
    let server = Raw::start(|request| {
        if request.starts_with("POST /auth/sign-in") {
            return json(
                "200 OK",
                r#"{"permissions": [], "mfaStatus": "none", "customer": {"id": "c", "name": "c"},
                    "tokens": {"idToken": "", "accessToken": "the-token", "refreshToken": "other"}}"#,
            );
        }
        json("200 OK", "[]")
    })
    .await;
    let client = dadosfera::Client::builder()
        .base_url(&server.base_url)
        .password("ana@acme.example", "secret")
        .build()
        .expect("a client");
    client.pipelines().list().await.expect("signed in");
    let requests = server.requests();
    assert!(
        requests[0].contains(r#""username":"ana@acme.example""#) && !requests[0].contains("email"),
        "{}",
        requests[0]
    );
    let list = requests[1].to_ascii_lowercase();
    assert!(
        list.contains("authorization: the-token\r\n") && !list.contains("bearer"),
        "{list}"
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
async fn wish_3_a_token_that_grows_old_is_nobody_s_business_and_no_secret_is_shown() {
    let world = World::new().await;
    let client = world.ana();
    for _ in 0..60 {
        client.pipelines().list().await.expect("listed");
        world.advance(60);
    }
    assert!(world.count("sign_in") <= 4, "the refresh token lives a day");
    let shown = format!("{client:?} {}", client.credentials_report());
    assert!(!shown.contains(ANA.1), "{shown}");
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
async fn wish_5_errors_say_what_happened_and_lists_work_by_default_and_end() {
    let options = Options {
        total_overcounts: 7,
        total_as_string: true,
        ..Options::default()
    };
    let world = World::with(options).await;
    let wrong = world
        .client((ANA.0, "wrong"))
        .pipelines()
        .list()
        .await
        .fails("wrong");
    assert_eq!(
        (wrong.kind(), wrong.status()),
        (ErrorKind::BadCredentials, Some(401))
    );
    let nobody = world
        .builder()
        .base_url("http://127.0.0.1:1")
        .password(ANA.0, ANA.1)
        .build()
        .expect("a client");
    let away = nobody.pipelines().list().await.fails("nobody there");
    assert_eq!(away.kind(), ErrorKind::Connect, "{away}");
    let client = world.ana();
    client
        .connections()
        .list(&ConnectionQuery::default())
        .await
        .expect("listed");
    client.catalog().create(&asset("One")).await.expect("made");
    let assets = client.catalog().stream(CatalogQuery::default());
    assert_eq!(assets.collect_all().await.expect("it ends").len(), 1);
}

#[tokio::test]
async fn wish_6_a_list_of_many_pages_is_one_stream_that_can_be_left_and_resumed() {
    let world = World::new().await;
    let client = world.ana();
    let before = client.catalog().stream(CatalogQuery::default());
    let before = before.collect_all().await.expect("all").len();
    for number in 0..23 {
        let asset = asset(&format!("asset {number}"));
        client.catalog().create(&asset).await.expect("made");
    }
    let small = || CatalogQuery {
        size: Some(10),
        ..CatalogQuery::default()
    };
    let mut some = client.catalog().stream(small());
    for _ in 0..14 {
        some.next().await.expect("an asset").expect("no error");
    }
    let rest = client.catalog().stream(small()).resume(&some.position());
    let rest = rest.expect("the same list").collect_all().await;
    assert_eq!(14 + rest.expect("all").len(), before + 23);
}

#[tokio::test]
async fn wish_7_what_is_ensured_twice_is_there_once_with_a_dry_run_and_a_backup() {
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

    let folder = tempfile::tempdir().expect("a folder");
    let text = |words: &str| {
        let text = format!(
            "version = 1\n[[asset]]\nname = \"Orders\"\ntype = \"dataset\"\ndescription = \"{words}\"\n"
        );
        Manifest::parse(&text, "catalog.toml", None).expect("a manifest")
    };
    let options = ApplyOptions::new().backup(folder.path());
    for (words, kept) in [("first", 0), ("second", 1), ("second", 1)] {
        let plan = client
            .catalog()
            .plan(&text(words))
            .await
            .expect("a dry run");
        client
            .catalog()
            .apply(&plan, &options)
            .await
            .expect("applied");
        let backups = std::fs::read_dir(folder.path()).expect("a folder").count();
        assert_eq!(backups, kept, "{words}");
    }
    assert_eq!(
        (
            world.count("create_data_asset"),
            world.count("update_data_asset")
        ),
        (1, 1)
    );
}

#[tokio::test]
async fn wish_8_a_pipeline_is_built_from_types_and_ensured_and_run_and_waited_for_with_a_limit() {
    let world = World::new().await;
    let client = world.ana();
    client
        .storage()
        .upload("/raw", Upload::bytes("orders.csv", "id\n1\n"))
        .await
        .expect("stored");
    let job = NewFileJob::new("storage", "/raw/orders.csv", "shop", "orders").full_table();
    let wanted = NewPipeline::new("Orders").job(job);
    let ensured = client.pipelines().ensure(wanted).await.expect("ensured");
    let pipeline = ensured.id;
    let run = client.pipeline(&pipeline).execute().await.expect("started");
    let short = WaitOptions::new().limit(Duration::from_secs(2));
    let error = run.wait_with(short).await.fails("too short");
    assert_eq!(error.kind(), ErrorKind::WaitTimeout);
    let ended = run.wait().await.expect("ended");
    assert_eq!(ended.last_status, RunStatus::Success);
    let landed = pipeline.landing_table("shop", "orders").expect("a UUID");
    let tables = client.tables().list().await.expect("listed");
    assert!(tables.iter().any(|table| table.name == landed), "{landed}");
}

#[tokio::test]
async fn wish_9_what_a_user_may_not_do_is_known_before_it_is_refused() {
    let world = World::new().await;
    let vera = world.client(VERA);
    let who = vera.session().sign_in().await.expect("signed in");
    assert!(who.may("GET /catalog") && !who.may("catalog:create"));
    let manifest = "version = 1\n[[asset]]\nname = \"Orders\"\ntype = \"dataset\"\n";
    let manifest = Manifest::parse(manifest, "catalog.toml", None).expect("a manifest");
    let plan = vera
        .catalog()
        .plan(&manifest)
        .await
        .expect("reading is allowed");
    let check = vera.check_plan(plan.operations()).await.expect("checked");
    let refused = check.allowed().fails("one is missing");
    assert_eq!(refused.missing_permission(), Some("catalog:create"));
    assert_eq!(world.count("create_data_asset"), 0);
    let error = vera
        .catalog()
        .create(&asset("Orders"))
        .await
        .fails("refused");
    assert_eq!(error.kind(), ErrorKind::Forbidden);
    assert!(
        error
            .to_string()
            .contains("the permission `catalog:create` is missing"),
        "{error}"
    );
}

#[tokio::test]
async fn wish_10_docs_are_written_in_markdown() {
    let world = World::new().await;
    let client = world.ana();
    let id = client
        .catalog()
        .create(&asset("Orders"))
        .await
        .expect("made");
    client
        .catalog()
        .set_docs_from_markdown(
            &id,
            &DocsAssetType::Dataset,
            "# Orders\n\n1. a **bold** one",
        )
        .await
        .expect("written");
    assert_eq!(
        client.catalog().docs(&id).await.expect("there"),
        "<h1>Orders</h1><ol><li>a <strong>bold</strong> one</li></ol>"
    );
}
