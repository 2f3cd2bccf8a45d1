//! What the user may do is known before the first 403.

use dadosfera::ErrorKind;

use crate::outloud::Fails as _;
use crate::support::{World, a_pipeline};

const VERA: (&str, &str) = ("vera@acme.example", "acme-vera-password");

#[tokio::test]
async fn a_client_says_what_its_user_can() {
    let world = World::new().await;
    let vera = world.client(VERA);
    assert!(vera.can("GET /pipelines").await.expect("signed in"));
    assert!(!vera.can("POST /pipelines").await.expect("signed in"));
    assert!(!vera.can("no such permission").await.expect("signed in"));
    assert!(world.ana().can("catalog:delete").await.expect("signed in"));
    assert_eq!(
        world.emulator.requests().len(),
        2,
        "one sign-in for each client"
    );
}

#[tokio::test]
async fn a_plan_is_checked_before_its_first_step() {
    let world = World::new().await;
    let plan = [
        "list_pipelines",
        "create_pipeline",
        "delete_data_asset",
        "create_pipeline",
    ];
    let vera = world
        .client(VERA)
        .check_plan(plan)
        .await
        .expect("signed in");
    let missing: Vec<_> = vera
        .missing
        .iter()
        .map(|it| (it.operation, it.permission))
        .collect();
    assert_eq!(
        missing,
        [
            ("create_pipeline", "POST /pipelines"),
            ("delete_data_asset", "catalog:delete")
        ]
    );
    assert!(!vera.is_allowed());
    let error = vera.allowed().fails("two are missing");
    assert_eq!(
        (error.kind(), error.missing_permission()),
        (ErrorKind::Forbidden, Some("POST /pipelines"))
    );
    assert!(
        error
            .to_string()
            .contains("delete_data_asset needs `catalog:delete`"),
        "{error}"
    );
    let ana = world.ana().check_plan(plan).await.expect("signed in");
    ana.allowed().expect("everything");
    assert_eq!(world.count("sign_in"), 2);
    assert_eq!(world.emulator.requests().len(), 2);
}

#[tokio::test]
async fn what_a_check_forbids_the_api_forbids_and_the_other_way_round() {
    let world = World::new().await;
    let pipeline = a_pipeline(&world.ana()).await;
    for user in [
        VERA,
        ("carla@acme.example", "acme-carla-password"),
        ("rita@acme.example", "acme-rita-password"),
    ] {
        let client = world.client(user);
        let allowed = |operation: &'static str| {
            let client = client.clone();
            async move {
                client
                    .check_plan([operation])
                    .await
                    .expect("signed in")
                    .is_allowed()
            }
        };
        let forbidden = |error: dadosfera::Error| error.kind() == ErrorKind::Forbidden;
        let refused = client.pipelines().list().await.is_err_and(forbidden);
        assert_eq!(allowed("list_pipelines").await, !refused, "{user:?}");
        let refused = client
            .pipeline(&pipeline)
            .set_memory(1000)
            .await
            .is_err_and(forbidden);
        assert_eq!(
            allowed("update_pipeline_memory").await,
            !refused,
            "{user:?}"
        );
        let refused = client.users().list().await.is_err_and(forbidden);
        assert_eq!(allowed("list_users").await, !refused, "{user:?}");
        let refused = client.api_keys().list().await.is_err_and(forbidden);
        assert_eq!(allowed("list_api_keys").await, !refused, "{user:?}");
    }
}

#[tokio::test]
async fn an_operation_that_is_none_is_refused_with_its_likes_and_an_api_key_cannot_be_asked() {
    let world = World::new().await;
    let error = world
        .ana()
        .check_plan(["pipeline_create"])
        .await
        .fails("none");
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(error.to_string().contains("create_pipeline"), "{error}");
    assert!(world.emulator.requests().is_empty());
    let key = world.builder().api_key("ddf_x").build().expect("a client");
    let error = key.can("catalog:delete").await.fails("a key");
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
}
