//! What is tried again, how often, after how long, and what never is.

use std::time::{Duration, Instant};

use dadosfera::ErrorKind;
use dadosfera_emulator::FaultEffect;

use crate::outloud::Fails as _;
use crate::support::{World, a_pipeline, new_pipeline};

#[tokio::test]
async fn a_read_outlives_three_failures_of_each_passing_kind() {
    for effect in [
        FaultEffect::Status(502),
        FaultEffect::Status(503),
        FaultEffect::Status(504),
        FaultEffect::Html(502),
        FaultEffect::DropBefore,
        FaultEffect::DropAfter,
        FaultEffect::Truncate,
        FaultEffect::RetryAfter(1),
    ] {
        let world = World::new().await;
        let client = world.ana();
        client.session().sign_in().await.expect("signed in");
        world.fail("list_pipelines", 3, effect.clone());
        client
            .pipelines()
            .list()
            .await
            .unwrap_or_else(|error| panic!("{effect:?}: {error}"));
        assert_eq!(world.count("list_pipelines"), 4, "{effect:?}");
    }
}

#[tokio::test]
async fn a_read_gives_up_after_three_retries() {
    let world = World::new().await;
    world.fail("list_pipelines", 9, FaultEffect::Status(503));
    let error = world.ana().pipelines().list().await.fails("always 503");
    assert_eq!(
        (error.kind(), error.status()),
        (ErrorKind::Server, Some(503))
    );
    assert_eq!(world.count("list_pipelines"), 4);
    let sleeps = world.clock.sleeps();
    for (slept, most) in sleeps.iter().zip([200, 400, 800]) {
        assert!(*slept <= Duration::from_millis(most), "{sleeps:?}");
    }
}

#[tokio::test]
async fn what_will_not_pass_is_not_tried_again() {
    for status in [400, 403, 404, 409, 500] {
        let world = World::new().await;
        world.fail("list_pipelines", 2, FaultEffect::Status(status));
        let error = world.ana().pipelines().list().await.fails("a failure");
        assert_eq!(error.status(), Some(status));
        assert_eq!(world.count("list_pipelines"), 1, "{status}");
        assert_eq!(world.count("refresh_access_token"), 0, "{status}");
    }
}

#[tokio::test]
async fn a_post_whose_answer_was_lost_is_not_sent_again() {
    for (effect, kind) in [
        (FaultEffect::DropBefore, ErrorKind::ConnectionLost),
        (FaultEffect::DropAfter, ErrorKind::ConnectionLost),
        (FaultEffect::Truncate, ErrorKind::UnexpectedAnswer),
        (FaultEffect::Status(502), ErrorKind::Server),
        (FaultEffect::Status(503), ErrorKind::Server),
    ] {
        let world = World::new().await;
        world.fail("create_pipeline", 1, effect.clone());
        let error = world
            .ana()
            .pipelines()
            .create(new_pipeline("Orders", "orders"))
            .await
            .fails("a failure");
        assert_eq!(
            (error.kind(), error.operation()),
            (kind, Some("create_pipeline")),
            "{effect:?}"
        );
        assert!(error.is_transient());
        assert!(
            error.to_string().contains("took effect") || error.to_string().contains("taken effect"),
            "{error}"
        );
        assert_eq!(world.count("create_pipeline"), 1, "{effect:?}");
    }
}

#[tokio::test]
async fn a_lost_create_is_found_by_repeating_it_with_the_same_id() {
    let world = World::new().await;
    let client = world.ana();
    world.fail("create_pipeline", 1, FaultEffect::DropAfter);
    let pipeline = new_pipeline("Orders", "orders");
    client
        .pipelines()
        .create(pipeline.clone())
        .await
        .fails("the answer was lost");
    let error = client
        .pipelines()
        .create(pipeline.clone())
        .await
        .fails("it is there");
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert_eq!(
        client
            .pipelines()
            .get(pipeline.pipeline_id())
            .await
            .expect("created")
            .name,
        "Orders"
    );
}

#[tokio::test]
async fn a_post_that_was_not_processed_is_sent_again() {
    let world = World::new().await;
    world.fail("create_pipeline", 1, FaultEffect::RetryAfter(7));
    a_pipeline(&world.ana()).await;
    assert_eq!(world.count("create_pipeline"), 2);
    assert_eq!(world.clock.sleeps(), [Duration::from_secs(7)]);
}

#[tokio::test]
async fn a_pause_that_is_asked_for_as_a_date_is_slept_through() {
    let world = World::new().await;
    let client = world.ana();
    client.session().sign_in().await.expect("signed in");
    world.fail("list_pipelines", 1, FaultEffect::RetryAfterDate(7));
    client.pipelines().list().await.expect("after the pause");
    assert_eq!(world.count("list_pipelines"), 2);
    assert_eq!(world.clock.sleeps(), [Duration::from_secs(7)]);
}

#[tokio::test]
async fn a_pause_longer_than_a_minute_is_told_and_not_slept() {
    let world = World::new().await;
    world.fail("list_pipelines", 1, FaultEffect::RetryAfter(61));
    let error = world.ana().pipelines().list().await.fails("too long");
    assert_eq!(
        (error.kind(), error.retry_after()),
        (ErrorKind::RateLimited, Some(Duration::from_secs(61)))
    );
    assert_eq!(world.count("list_pipelines"), 1);
    assert!(world.clock.sleeps().is_empty());
}

#[tokio::test]
async fn a_sign_in_waits_where_the_server_asks_for_it() {
    let world = World::new().await;
    world.fail("sign_in", 1, FaultEffect::RetryAfter(7));
    world
        .ana()
        .pipelines()
        .list()
        .await
        .expect("signed in at the second try");
    assert_eq!(world.count("sign_in"), 2);
    assert_eq!(world.clock.sleeps(), [Duration::from_secs(7)]);
}

#[tokio::test]
async fn a_lost_sign_in_is_not_sent_again_by_itself() {
    let world = World::new().await;
    let client = world.ana();
    world.fail("sign_in", 1, FaultEffect::DropAfter);
    let error = client.pipelines().list().await.fails("lost");
    assert_eq!(
        (error.kind(), error.operation()),
        (ErrorKind::ConnectionLost, Some("sign_in"))
    );
    assert_eq!(world.count("sign_in"), 1);
    world.advance(1);
    client
        .pipelines()
        .list()
        .await
        .expect("the next call heals it");
}

#[tokio::test]
async fn an_answer_that_takes_too_long_ends_at_the_limit_of_the_call() {
    let world = World::new().await;
    let client = world
        .builder()
        .password("ana@acme.example", "acme-ana-password")
        .timeout(Duration::from_millis(300))
        .build()
        .expect("a client");
    client.session().sign_in().await.expect("signed in");
    world.fail(
        "execute_pipeline",
        1,
        FaultEffect::Delay(Duration::from_secs(20)),
    );
    let pipeline = a_pipeline(&client).await;
    let began = Instant::now();
    let error = client.pipeline(pipeline).execute().await.fails("too slow");
    assert_eq!(
        (error.kind(), error.operation()),
        (ErrorKind::Timeout, Some("execute_pipeline"))
    );
    assert!(began.elapsed() < Duration::from_secs(5));
    assert_eq!(world.count("execute_pipeline"), 1);
}
