//! What comes late, and what dies on the way.

use std::time::Duration;

use dadosfera::{Client, ErrorKind};
use dadosfera_emulator::FaultEffect;

use crate::outloud::Fails as _;
use crate::support::{Raw, World, json};

#[tokio::test]
async fn a_late_401_of_an_old_token_does_not_throw_the_new_one_away() {
    let server = Raw::start(|request| {
        let customer = r#"{"id": "1", "name": "acme_corp"}"#;
        if request.starts_with("POST /auth/sign-in") {
            let tokens = r#"{"accessToken": "first", "refreshToken": "refresh"}"#;
            let body = format!(
                r#"{{"permissions": [], "mfaStatus": "none", "tokens": {tokens}, "customer": {customer}}}"#
            );
            json("200 OK", &body)
        } else if request.starts_with("POST /auth/refresh-access-token") {
            json("200 OK", r#"{"accessToken": "second"}"#)
        } else if request.contains("authorization: second") {
            json(if request.contains("/pipelines ") { "200 OK" } else { "404 Not Found" }, "[]")
        } else {
            json("401 Unauthorized", "{}")
        }
    })
    .await;
    // A token that was just made is not taken for rejected, so this one is half a minute old.
    let world = World::new().await;
    let client = Client::builder()
        .base_url(&server.base_url)
        .password("a", "b")
        .clock(std::sync::Arc::new(world.clock.clone()))
        .build()
        .expect("a client");
    client.session().sign_in().await.expect("signed in");
    world.clock.pass(Duration::from_secs(30));
    let slow = tokio::spawn({
        let client = client.clone();
        async move { client.pipelines().get("slow").await.map(|_| ()) }
    });
    while !server
        .requests()
        .iter()
        .any(|it| it.starts_with("GET /platform/pipeline/slow"))
    {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    for _ in 0..5 {
        client
            .pipelines()
            .list()
            .await
            .expect("with the second token");
    }
    let error = slow
        .await
        .expect("no panic")
        .fails("it was asked again with the second token");
    assert_eq!(error.kind(), ErrorKind::NotFound);
    let asked = |path: &str| {
        server
            .requests()
            .iter()
            .filter(|it| it.starts_with(path))
            .count()
    };
    assert_eq!(asked("GET /platform/pipeline/slow"), 2);
    assert_eq!(asked("POST /auth/refresh-access-token"), 1);
    assert_eq!(asked("POST /auth/sign-in"), 1);
}

#[test]
fn a_flight_that_dies_with_its_runtime_is_started_again() {
    let runtime = || {
        tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("one")
    };
    let (home, first, second) = (runtime(), runtime(), runtime());
    let world = home.block_on(World::new());
    let client = world.ana();
    world.fail("sign_in", 1, FaultEffect::Delay(Duration::from_secs(20)));
    let lost = first.spawn({
        let client = client.clone();
        async move { client.pipelines().list().await.map(|_| ()) }
    });
    home.block_on(world.eventually("sign_in", 1));
    let waiting = second.spawn(async move { client.pipelines().list().await.map(|_| ()) });
    first.shutdown_background();
    home.block_on(lost).fails("its runtime is gone");
    home.block_on(waiting)
        .expect("no panic")
        .expect("the second runtime signs in");
    assert_eq!(world.count("sign_in"), 2);
}
