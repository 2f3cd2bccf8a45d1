//! The session against the emulator: how often the API is asked for a token, and what callers see meanwhile.

use std::time::Duration;

use dadosfera::raw::types::SignInRequest;
use dadosfera::{Client, Error, ErrorKind, Maybe, Secret};
use dadosfera_emulator::{FaultEffect, Options, RefreshAnswer};

use crate::outloud::Fails as _;
use crate::support::{ANA, World};

/// This many callers at once; answers each one's outcome.
async fn herd(client: &Client, callers: usize) -> Vec<Result<(), Error>> {
    let tasks: Vec<_> = (0..callers)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { client.pipelines().list().await.map(|_| ()) })
        })
        .collect();
    let mut outcomes = Vec::new();
    for task in tasks {
        outcomes.push(task.await.expect("no panic"));
    }
    outcomes
}

async fn all_succeed(client: &Client, callers: usize) {
    for outcome in herd(client, callers).await {
        outcome.expect("each caller succeeds");
    }
}

async fn refresh_token_of_ana(world: &World) -> Secret {
    let body = SignInRequest {
        username: ANA.0.to_owned(),
        password: ANA.1.into(),
        totp: Maybe::Absent,
    };
    let raw = world.builder().anonymous().build().expect("a client").raw();
    let tokens = raw
        .sign_in(&body)
        .await
        .expect("signed in")
        .into_inner()
        .tokens
        .expect("tokens");
    tokens.refresh_token.expect("a refresh token")
}

#[tokio::test]
async fn any_number_of_first_callers_sign_in_once() {
    let world = World::new().await;
    all_succeed(&world.ana(), 50).await;
    assert_eq!(world.count("sign_in"), 1);
    assert_eq!(world.count("refresh_access_token"), 0);
}

#[tokio::test]
async fn fifty_callers_at_expiry_refresh_once() {
    let world = World::new().await;
    let client = world.ana();
    all_succeed(&client, 1).await;
    world.advance(31);
    all_succeed(&client, 50).await;
    assert_eq!(world.count("refresh_access_token"), 1);
    assert_eq!(world.count("sign_in"), 1);
}

#[tokio::test]
async fn a_token_is_refreshed_before_it_expires_and_nobody_waits() {
    let world = World::new().await;
    let client = world.ana();
    all_succeed(&client, 1).await;
    world.advance(17);
    all_succeed(&client, 10).await;
    assert_eq!(world.count("refresh_access_token"), 0);
    world.advance(8);
    world.fail(
        "refresh_access_token",
        1,
        FaultEffect::Delay(Duration::from_millis(200)),
    );
    all_succeed(&client, 10).await;
    world.eventually("refresh_access_token", 1).await;
    assert_eq!(world.count("sign_in"), 1);
}

#[tokio::test]
async fn an_outage_of_the_refresh_is_not_seen_while_the_token_lives() {
    let world = World::new().await;
    let client = world.ana();
    all_succeed(&client, 1).await;
    world.advance(25);
    world.fail("refresh_access_token", 1, FaultEffect::Status(503));
    all_succeed(&client, 40).await;
    world.eventually("refresh_access_token", 1).await;
    world.advance(1);
    all_succeed(&client, 1).await;
    world.eventually("refresh_access_token", 2).await;
}

#[tokio::test]
async fn an_outage_with_a_dead_token_is_one_request_and_one_error_for_all_and_then_heals() {
    let world = World::new().await;
    let client = world.ana();
    all_succeed(&client, 1).await;
    world.advance(31);
    world.fail("refresh_access_token", 1, FaultEffect::Status(503));
    for outcome in herd(&client, 40).await {
        let error = outcome.fails("the refresh failed");
        assert_eq!(
            (error.kind(), error.operation()),
            (ErrorKind::Server, Some("refresh_access_token"))
        );
        assert!(error.is_transient());
    }
    assert_eq!(world.count("refresh_access_token"), 1);
    world.emulator.clock().advance(Duration::from_secs(2));
    all_succeed(&client, 40).await;
    assert_eq!(world.count("refresh_access_token"), 2);
}

#[tokio::test]
async fn a_refresh_token_that_is_over_is_not_sent_but_replaced_by_a_sign_in() {
    let world = World::new().await;
    let client = world.ana();
    all_succeed(&client, 1).await;
    world.advance(25 * 60);
    all_succeed(&client, 50).await;
    assert_eq!(world.count("refresh_access_token"), 0);
    assert_eq!(world.count("sign_in"), 2);
}

#[tokio::test]
async fn a_refused_refresh_falls_back_to_the_password() {
    let world = World::new().await;
    let client = world.ana();
    all_succeed(&client, 1).await;
    world.advance(31);
    world.fail("refresh_access_token", 1, FaultEffect::Status(401));
    all_succeed(&client, 50).await;
    assert_eq!(world.count("refresh_access_token"), 1);
    assert_eq!(world.count("sign_in"), 2);
}

#[tokio::test]
async fn a_caller_that_goes_away_does_not_disturb_the_refresh() {
    let world = World::new().await;
    let client = world.ana();
    all_succeed(&client, 1).await;
    world.advance(31);
    world.fail(
        "refresh_access_token",
        1,
        FaultEffect::Delay(Duration::from_millis(300)),
    );
    let first = tokio::spawn({
        let client = client.clone();
        async move { client.pipelines().list().await.map(|_| ()) }
    });
    world.eventually("refresh_access_token", 1).await;
    first.abort();
    all_succeed(&client, 5).await;
    assert_eq!(world.count("refresh_access_token"), 1);
    assert_eq!(world.count("sign_in"), 1);
}

#[tokio::test]
async fn callers_that_meet_a_401_together_refresh_once_and_none_sees_it() {
    let world = World::new().await;
    let client = world.ana();
    all_succeed(&client, 1).await;
    world.advance(1);
    world.fail("list_pipelines", 50, FaultEffect::Status(401));
    all_succeed(&client, 50).await;
    assert_eq!(world.count("list_pipelines"), 101);
    assert_eq!(world.emulator.pending_faults(), 0);
    assert_eq!(world.count("refresh_access_token"), 1);
}

#[tokio::test]
async fn a_401_that_no_token_mends_costs_one_refresh_and_is_told() {
    let world = World::new().await;
    let client = world.ana();
    all_succeed(&client, 1).await;
    world.advance(1);
    world.fail("list_pipelines", 2, FaultEffect::Status(401));
    let error = client.pipelines().list().await.fails("two 401s");
    assert_eq!(
        (error.kind(), error.status()),
        (ErrorKind::Unauthorized, Some(401))
    );
    assert_eq!(error.operation(), Some("list_pipelines"));
    assert_eq!(world.count("refresh_access_token"), 1);
    assert_eq!(world.count("list_pipelines"), 3);
}

#[tokio::test]
async fn rotated_refresh_tokens_that_work_once_are_each_used_once() {
    let world = World::rotating().await;
    let client = world.ana();
    all_succeed(&client, 1).await;
    for refreshes in 1..=5 {
        world.advance(31);
        all_succeed(&client, 20).await;
        assert_eq!(world.count("refresh_access_token"), refreshes);
    }
    assert_eq!(world.count("sign_in"), 1);
}

#[tokio::test]
async fn the_other_reported_form_of_a_refresh_is_understood() {
    let world = World::with(Options {
        refresh_answer: RefreshAnswer::Flat,
        refresh_requires_customer_name: false,
        ..Options::default()
    })
    .await;
    let client = world.ana();
    all_succeed(&client, 1).await;
    world.advance(31);
    all_succeed(&client, 1).await;
    assert_eq!(
        (world.count("refresh_access_token"), world.count("sign_in")),
        (1, 1)
    );
}

#[tokio::test]
async fn a_refresh_token_from_elsewhere_starts_a_session_without_a_password() {
    let world = World::new().await;
    let token = refresh_token_of_ana(&world).await;
    let client = world
        .builder()
        .refresh_token(token.clone(), "acme_corp")
        .build()
        .expect("a client");
    all_succeed(&client, 10).await;
    assert_eq!(
        (world.count("refresh_access_token"), world.count("sign_in")),
        (1, 1)
    );
    let error = client
        .session()
        .sign_in()
        .await
        .fails("nobody knows who it is");
    assert_eq!(error.kind(), ErrorKind::InvalidInput);

    let wrong = world
        .builder()
        .refresh_token(token, "globex")
        .build()
        .expect("a client");
    let error = wrong
        .pipelines()
        .list()
        .await
        .fails("another customer's name");
    assert_eq!(
        (error.kind(), error.operation()),
        (ErrorKind::SessionExpired, Some("refresh_access_token"))
    );
    let asked = world.count("refresh_access_token");
    wrong.pipelines().list().await.fails("still");
    assert_eq!(
        world.count("refresh_access_token"),
        asked,
        "nothing is sent again"
    );
}

#[tokio::test]
async fn an_api_key_is_sent_alone_and_never_refreshed() {
    let world = World::new().await;
    let ana = world.ana();
    let made = ana
        .api_keys()
        .create(["GET /pipelines"])
        .await
        .expect("made");
    let client = world.builder().api_key(made.key).build().expect("a client");
    world.advance(60 * 24 * 30);
    all_succeed(&client, 10).await;
    let error = client
        .pipelines()
        .create(crate::support::new_pipeline("x", "x"))
        .await
        .fails("no permission");
    assert_eq!(error.kind(), ErrorKind::Forbidden);
    assert!(
        error
            .to_string()
            .contains("the permission `POST /pipelines` is missing"),
        "{error}"
    );

    ana.api_keys().delete(made.id).await.expect("deleted");
    let error = client.pipelines().list().await.fails("deleted");
    assert_eq!(error.kind(), ErrorKind::Unauthorized);
    assert!(error.to_string().contains("API key"), "{error}");
}

#[tokio::test]
async fn a_session_tells_who_is_signed_in_and_what_they_may_do() {
    let world = World::new().await;
    let who = world
        .client(("vera@acme.example", "acme-vera-password"))
        .session()
        .sign_in()
        .await
        .expect("signed in");
    assert_eq!(who.customer.name, "acme_corp");
    assert!(who.may("GET /pipelines") && !who.may("POST /pipelines"));
    assert_eq!(
        who.user.as_ref().map(|user| user.username.as_str()),
        Some("vera@acme.example")
    );
}

#[tokio::test]
async fn a_session_that_signed_out_sends_nothing_more() {
    let world = World::new().await;
    let client = world.ana();
    all_succeed(&client, 1).await;
    client.session().sign_out();
    let error = client.pipelines().list().await.fails("signed out");
    assert_eq!(
        (error.kind(), error.operation()),
        (ErrorKind::Closed, Some("list_pipelines"))
    );
    assert_eq!(world.count("list_pipelines"), 1);
}
