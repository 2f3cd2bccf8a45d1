//! The lines of the wish list that the manifest, markdown, storage and the `testing` module answer; the others are in
//! `wishes.rs`.

use std::time::Duration;

use dadosfera::manifest::{ApplyOptions, Manifest};
use dadosfera::types::{CreateDataAssetRequest, DataAssetType, DocsAssetType};
use dadosfera::{
    CatalogQuery, ConnectionQuery, ErrorKind, NewFileJob, NewPipeline, Upload, WaitOptions,
};
use dadosfera_emulator::Options;
use futures::TryStreamExt as _;

use crate::outloud::Fails as _;
use crate::support::{ANA, Raw, World, a_pipeline, json};

fn asset(name: &str) -> CreateDataAssetRequest {
    CreateDataAssetRequest {
        display_name: name.to_owned(),
        data_asset_type: DataAssetType::Dataset,
        description: None,
        embed: None,
        external_url: None,
        location: None,
        name: None,
        tags: None,
    }
}

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
    assert_eq!(assets.try_collect::<Vec<_>>().await.expect("ends").len(), 1);
}

#[tokio::test]
async fn wish_7_the_catalog_is_ensured_by_name_with_a_dry_run_and_a_backup() {
    let world = World::new().await;
    let client = world.ana();
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
async fn wish_8_a_pipeline_is_built_from_types_and_run_and_waited_for_with_a_limit() {
    let world = World::new().await;
    let client = world.ana();
    client
        .storage()
        .upload("/raw", Upload::bytes("orders.csv", "id\n1\n"))
        .await
        .expect("stored");
    let job = NewFileJob::new("storage", "/raw/orders.csv", "shop", "orders").full_table();
    let pipeline = client
        .pipelines()
        .create(NewPipeline::new("Orders").job(job))
        .await
        .expect("created");
    let run = client.pipeline(&pipeline).execute().await.expect("started");
    let short = WaitOptions::new().limit(Duration::from_secs(2));
    let error = run.wait_with(short).await.fails("too short");
    assert_eq!(error.kind(), ErrorKind::WaitTimeout);
    let ended = run.wait().await.expect("ended");
    assert_eq!(ended.last_status.as_str(), "SUCCESS");
    let landed = pipeline.landing_table("shop", "orders").expect("a UUID");
    let tables = client.tables().list().await.expect("listed");
    assert!(tables.iter().any(|table| table.name == landed), "{landed}");
}

#[tokio::test]
async fn wish_9_what_a_user_may_not_do_is_known_before_it_is_refused() {
    let world = World::new().await;
    let vera = world.client(("vera@acme.example", "acme-vera-password"));
    let who = vera.session().sign_in().await.expect("signed in");
    assert!(who.may("GET /catalog") && !who.may("catalog:create"));
    let manifest = "version = 1\n[[asset]]\nname = \"Orders\"\ntype = \"dataset\"\n";
    let manifest = Manifest::parse(manifest, "catalog.toml", None).expect("a manifest");
    let plan = vera
        .catalog()
        .plan(&manifest)
        .await
        .expect("reading is allowed");
    let missing: Vec<&str> = plan
        .permissions()
        .into_iter()
        .filter(|name| !who.may(name))
        .collect();
    assert_eq!(missing, ["catalog:create"]);
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

#[tokio::test]
async fn the_testing_module_holds_the_clock_and_brings_its_own_world() {
    use dadosfera::testing::{Platform, Seed, SeedUser};
    let mut seed = Seed::default();
    seed.users.insert(
        0,
        SeedUser::new("eva@acme.example", "eva-password", "Viewer", "acme_corp"),
    );
    let platform = Platform::with_seed(seed).await.expect("started");
    let eva = platform.client().expect("a client");
    let who = eva.session().sign_in().await.expect("signed in");
    assert!(!who.may("catalog:create"));
    let ana = platform.client_of(ANA.0, ANA.1).expect("a client");
    let pipeline = a_pipeline(&ana).await;
    // A run of half a minute, and an hour's pause: none of it is waited for.
    let began = platform.emulator().clock().now();
    ana.pipeline(&pipeline)
        .execute()
        .await
        .expect("started")
        .wait()
        .await
        .expect("ended");
    platform.advance(Duration::from_secs(3600));
    let passed = platform.emulator().clock().now() - began;
    assert!(passed.num_seconds() >= 3630, "{passed}");
}
