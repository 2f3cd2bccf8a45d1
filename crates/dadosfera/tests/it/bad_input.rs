//! Whatever goes in wrong ends in one error that names the operation, the fault and what to do next.

use dadosfera::{Client, Environment, ErrorKind};

use crate::outloud::Fails as _;
use crate::support::{ANA, World, a_pipeline};

#[tokio::test]
async fn a_wrong_password_is_sent_once() {
    let world = World::new().await;
    let client = world.client((ANA.0, "canary-password"));
    for _ in 0..3 {
        let error = client.pipelines().list().await.fails("wrong");
        assert_eq!(
            (error.kind(), error.status()),
            (ErrorKind::BadCredentials, Some(401))
        );
        assert_eq!(error.operation(), Some("sign_in"));
        let said = error.to_string();
        assert!(
            said.contains("the user name or the password is wrong") && !said.contains("canary"),
            "{said}"
        );
    }
    world.advance(600);
    client.pipelines().list().await.fails("wrong");
    assert_eq!(world.count("sign_in"), 1);
}

#[tokio::test]
async fn a_disabled_account_is_told_apart_from_a_wrong_password() {
    let world = World::new().await;
    let client = world.client(("disabled@acme.example", "acme-disabled-password"));
    let error = client.pipelines().list().await.fails("disabled");
    assert_eq!(
        (error.kind(), error.code()),
        (ErrorKind::Forbidden, Some("AUTH.USER_DISABLED"))
    );
    client.pipelines().list().await.fails("still");
    assert_eq!(world.count("sign_in"), 1);
}

#[tokio::test]
async fn too_many_wrong_passwords_are_told_with_how_long_to_wait() {
    let world = World::new().await;
    for number in 0..10 {
        let client = world.client((ANA.0, &format!("wrong {number}")));
        client.pipelines().list().await.fails("wrong");
    }
    let sent = world.count("sign_in");
    let error = world.ana().pipelines().list().await.fails("locked out");
    assert_eq!(
        (error.kind(), error.code()),
        (ErrorKind::RateLimited, Some("AUTH.TOO_MANY_ATTEMPTS"))
    );
    assert!(error.retry_after().is_some());
    assert_eq!(world.count("sign_in"), sent + 1);
}

#[tokio::test]
async fn a_missing_permission_is_named() {
    let world = World::new().await;
    let carla = world.client(("carla@acme.example", "acme-carla-password"));
    let error = carla.pipelines().list().await.fails("none");
    assert_eq!(
        (error.kind(), error.code()),
        (ErrorKind::Forbidden, Some("AUTH.FORBIDDEN"))
    );
    let said = error.to_string();
    assert!(
        said.starts_with(
            "list_pipelines: the permission `GET /pipelines` is missing (403 AUTH.FORBIDDEN)"
        ),
        "{said}"
    );
    assert!(said.contains("Você não tem permissões"), "{said}");
}

#[tokio::test]
async fn the_language_of_the_api_is_the_client_s() {
    let world = World::new().await;
    let carla = world
        .builder()
        .password("carla@acme.example", "acme-carla-password")
        .language("EN-US")
        .build()
        .expect("a client");
    let error = carla.pipelines().list().await.fails("none");
    assert!(
        error
            .api_message()
            .is_some_and(|said| said.starts_with("You do not have")),
        "{error}"
    );
}

#[tokio::test]
async fn an_id_that_no_server_could_have_made_is_refused_before_the_network() {
    let world = World::new().await;
    let client = world.ana();
    for id in ["", ".", "..", "../admin", r"..\..\admin", "a\nb"] {
        for error in [
            client.pipelines().get(id).await.map(|_| ()).fails(id),
            client.pipelines().delete(id).await.fails(id),
            client.pipeline(id).pause().await.fails(id),
            client.runs(id).list().await.map(|_| ()).fails(id),
            client.runs("p").get(id).await.map(|_| ()).fails(id),
            client.jobs().get_jdbc(id).await.map(|_| ()).fails(id),
            client.api_keys().delete(id).await.fails(id),
        ] {
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{id:?}");
            assert!(error.operation().is_some(), "{error}");
            assert!(
                error
                    .to_string()
                    .contains("pass the id as the API answered it"),
                "{error}"
            );
        }
    }
    assert!(world.emulator.requests().is_empty());
}

#[tokio::test]
async fn another_customer_s_pipeline_looks_like_none() {
    let world = World::new().await;
    let pipeline = a_pipeline(&world.ana()).await;
    let bob = world.client(("bob@globex.example", "globex-bob-password"));
    let error = bob.pipelines().get(&pipeline).await.fails("not his");
    assert_eq!(
        (error.kind(), error.code()),
        (ErrorKind::NotFound, Some("PipelineNotFound"))
    );
}

#[tokio::test]
async fn deleting_with_an_api_key_asks_for_the_customer_s_name_before_the_network() {
    let world = World::new().await;
    let ana = world.ana();
    let pipeline = a_pipeline(&ana).await;
    let key = ana
        .api_keys()
        .create(["GET /pipelines", "PUT /pipelines"])
        .await
        .expect("made")
        .key;
    let client = world
        .builder()
        .api_key(key.clone())
        .build()
        .expect("a client");
    let error = client.pipelines().delete(&pipeline).await.fails("no name");
    assert_eq!(
        (error.kind(), error.operation()),
        (ErrorKind::Config, Some("delete_pipeline"))
    );
    assert!(
        error.to_string().contains("DADOSFERA_CUSTOMER_NAME"),
        "{error}"
    );
    assert_eq!(world.count("delete_pipeline"), 0);
    let told = world
        .builder()
        .api_key(key)
        .customer_name("acme_corp")
        .build()
        .expect("a client");
    told.pipelines().delete(&pipeline).await.expect("deleted");
}

#[tokio::test]
async fn a_client_without_credentials_says_so_and_can_still_ask_for_health() {
    let world = World::new().await;
    let client = world.builder().anonymous().build().expect("a client");
    assert_eq!(
        client.health().get().await.expect("well").status.as_str(),
        "ok"
    );
    let error = client.pipelines().list().await.fails("nobody");
    assert_eq!(
        (error.kind(), error.operation()),
        (ErrorKind::Config, Some("list_pipelines"))
    );
    assert_eq!(world.count("list_pipelines"), 0);
}

#[test]
fn a_client_from_an_empty_environment_says_what_to_set() {
    let error = Client::builder()
        .environment(Environment::fixed::<&str, &str>([]))
        .build()
        .fails("nothing is set");
    assert!(
        error.to_string().contains("no credentials are set"),
        "{error}"
    );
}

#[tokio::test]
async fn the_environment_and_a_profile_make_a_client() {
    let world = World::new().await;
    let folder = tempfile::tempdir().expect("a folder");
    let config = folder.path().join("config.toml");
    std::fs::write(
        &config,
        format!(
            "[profile.dev]\nbase_url = \"{}\"\nusername = \"{}\"\n",
            world.emulator.base_url(),
            ANA.0
        ),
    )
    .expect("written");
    let environment = Environment::fixed([
        ("DADOSFERA_CONFIG_FILE", config.to_str().expect("UTF-8")),
        ("DADOSFERA_SECRETS_FILE", "/nowhere/secrets.toml"),
        ("DADOSFERA_PROFILE", "dev"),
        ("DADOSFERA_PASSWORD", ANA.1),
    ]);
    let client = Client::builder()
        .environment(environment)
        .build()
        .expect("a client");
    client.pipelines().list().await.expect("signed in");
}
