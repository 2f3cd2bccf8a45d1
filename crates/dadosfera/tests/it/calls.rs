//! What each call can be told, what it answers beside its value, and requests that no method makes.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use dadosfera::{AttemptEnd, CallEnd, CallOptions, Client, ErrorKind, Metrics, Upload};
use dadosfera_emulator::FaultEffect;
use serde_json::json;

use crate::outloud::Fails as _;
use crate::support::{Raw, World, a_pipeline, http, json as json_answer, new_pipeline};

#[tokio::test]
async fn a_call_can_be_told_how_often_it_is_tried() {
    for (attempts, sent) in [(0, 1), (1, 1), (2, 2), (6, 6)] {
        let world = World::new().await;
        let client = world.ana();
        client.session().sign_in().await.expect("signed in");
        world.fail("list_pipelines", 9, FaultEffect::Status(503));
        let options = CallOptions::new().attempts(attempts);
        client
            .with_call(options)
            .pipelines()
            .list()
            .await
            .fails("always 503");
        assert_eq!(world.count("list_pipelines"), sent, "{attempts}");
    }
}

#[tokio::test]
async fn a_post_is_repeated_after_an_unknown_outcome_only_where_the_caller_says_so() {
    let world = World::new().await;
    let client = world.ana();
    world.fail("create_pipeline", 1, FaultEffect::DropBefore);
    client
        .with_call(CallOptions::new().idempotent(true))
        .pipelines()
        .create(new_pipeline("Orders", "orders"))
        .await
        .expect("created at the second try");
    assert_eq!(world.count("create_pipeline"), 2);

    world.fail("list_pipelines", 1, FaultEffect::DropBefore);
    client
        .with_call(CallOptions::new().idempotent(false))
        .pipelines()
        .list()
        .await
        .fails("told to send it once");
    assert_eq!(world.count("list_pipelines"), 1);
}

#[tokio::test]
async fn headers_and_language_go_with_the_calls_that_were_told_and_no_others() {
    let server = Raw::start(|_| json_answer("200 OK", "[]")).await;
    let client = server.client();
    let told = client.with_call(
        CallOptions::new()
            .header("x-correlation-id", "nightly-42")
            .language("en-us"),
    );
    told.pipelines().list().await.expect("listed");
    told.with_call(CallOptions::new().language("pt-br"))
        .pipelines()
        .list()
        .await
        .expect("listed");
    client.pipelines().list().await.expect("listed");
    let requests = server.requests();
    assert!(requests[0].contains("x-correlation-id: nightly-42\r\n"));
    assert!(requests[0].contains("dadosfera-lang: en-us\r\n"));
    assert!(requests[1].contains("x-correlation-id: nightly-42\r\n"));
    assert!(requests[1].contains("dadosfera-lang: pt-br\r\n"));
    assert!(!requests[2].contains("x-correlation-id") && !requests[2].contains("dadosfera-lang"));
}

#[tokio::test]
async fn an_option_that_cannot_be_is_told_by_the_first_call_and_nothing_is_sent() {
    let world = World::new().await;
    let error = world
        .ana()
        .with_call(CallOptions::new().header("authorization", "canary"))
        .pipelines()
        .list()
        .await
        .fails("the SDK's own header");
    assert_eq!(
        (error.kind(), error.operation()),
        (ErrorKind::InvalidInput, Some("list_pipelines"))
    );
    assert!(!error.to_string().contains("canary"));
    assert!(world.emulator.requests().is_empty());
}

#[tokio::test]
async fn an_attempt_that_takes_too_long_is_given_up_and_repeated() {
    let world = World::new().await;
    let client = world.ana();
    client.session().sign_in().await.expect("signed in");
    world.fail(
        "list_pipelines",
        1,
        FaultEffect::Delay(Duration::from_secs(20)),
    );
    let began = Instant::now();
    client
        .with_call(CallOptions::new().attempt_timeout(Duration::from_millis(200)))
        .pipelines()
        .list()
        .await
        .expect("at the second try");
    assert!(began.elapsed() < Duration::from_secs(15));
    assert_eq!(world.count("list_pipelines"), 2);
}

/// Begins a body of 100 bytes, and goes on after a while with what is missing.
fn half_a_body(content_type: &str) -> Vec<u8> {
    format!("HTTP/1.1 200 OK\r\ncontent-type: {content_type}\r\ncontent-length: 100\r\n\r\n[1,")
        .into_bytes()
}

#[tokio::test]
async fn a_body_that_stands_still_ends_at_the_idle_limit() {
    let server = Raw::open_ended(|_| half_a_body("application/json")).await;
    let options = CallOptions::new()
        .idle_timeout(Duration::from_millis(100))
        .attempts(1);
    let began = Instant::now();
    let error = server
        .client()
        .with_call(options)
        .pipelines()
        .list()
        .await
        .fails("it stands still");
    assert_eq!(
        (error.kind(), error.status()),
        (ErrorKind::Timeout, Some(200)),
        "{error}"
    );
    assert!(began.elapsed() < Duration::from_secs(10));
}

#[tokio::test]
async fn a_download_that_stands_still_or_takes_too_long_is_told_as_a_timeout() {
    let server = Raw::open_ended(|_| half_a_body("text/plain")).await;
    for options in [
        CallOptions::new().idle_timeout(Duration::from_millis(100)),
        CallOptions::new().timeout(Duration::from_millis(300)),
    ] {
        let began = Instant::now();
        let client = server.client().with_call(options);
        let mut download = client.storage().download("/a.csv").await.expect("a head");
        let first = download.chunk().await.expect("what came");
        assert_eq!(first.as_deref(), Some(b"[1,".as_slice()));
        let error = download.chunk().await.fails("it stands still");
        assert_eq!(
            (error.kind(), error.operation()),
            (ErrorKind::Timeout, Some("download_file")),
            "{error}"
        );
        assert!(began.elapsed() < Duration::from_secs(10));
    }
}

#[tokio::test]
async fn an_upload_ends_at_the_limit_that_the_caller_sets() {
    let server = Raw::silent().await;
    let began = Instant::now();
    let error = server
        .client()
        .with_call(CallOptions::new().timeout(Duration::from_millis(200)))
        .storage()
        .upload_bytes("/raw", "a.csv", "a\n1\n")
        .await
        .fails("nobody answers");
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(began.elapsed() < Duration::from_secs(10));
}

#[tokio::test]
async fn an_upload_of_which_the_server_takes_nothing_more_ends_at_the_idle_limit() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port");
    let base_url = format!("http://{}", listener.local_addr().expect("bound"));
    tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok((stream, _)) = listener.accept().await {
            held.push(stream);
        }
    });
    let client = Client::builder()
        .base_url(base_url)
        .api_key("k")
        .idle_timeout(Duration::from_millis(200))
        .build()
        .expect("a client");
    let began = Instant::now();
    let error = client
        .storage()
        .upload_bytes("/raw", "a.bin", vec![0; 64 << 20])
        .await
        .fails("nobody reads");
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(
        error.to_string().contains("stopped taking the body"),
        "{error}"
    );
    assert!(began.elapsed() < Duration::from_secs(20));
}

#[tokio::test]
async fn a_server_that_took_an_upload_whole_may_think_about_it() {
    let world = World::new().await;
    let client = world
        .builder()
        .password("ana@acme.example", "acme-ana-password")
        .idle_timeout(Duration::from_millis(150))
        .build()
        .expect("a client");
    client.session().sign_in().await.expect("signed in");
    let delay = FaultEffect::Delay(Duration::from_millis(900));
    world.fail("upload_files", 1, delay);
    let stored = client
        .storage()
        .upload_bytes("/raw", "a.csv", vec![b'a'; 200_000])
        .await;
    assert_eq!(stored.expect("stored").size, 200_000);
}

#[tokio::test]
async fn a_streamed_body_is_sent_once_and_the_error_says_so() {
    for effect in [
        FaultEffect::Status(503),
        FaultEffect::RetryAfter(1),
        FaultEffect::DropBefore,
    ] {
        let world = World::new().await;
        world.fail("upload_files", 1, effect.clone());
        let content = futures::stream::iter([Ok(bytes::Bytes::from_static(b"a\n1\n"))]);
        let error = world
            .ana()
            .with_call(CallOptions::new().idempotent(true))
            .storage()
            .upload("/raw", Upload::stream("a.csv", 4, content))
            .await
            .fails("a failure");
        assert!(
            error.to_string().contains("its body is a stream"),
            "{effect:?}: {error}"
        );
        assert_eq!(world.count("upload_files"), 1, "{effect:?}");
    }
}

#[tokio::test]
async fn an_upload_that_met_a_dead_token_gives_the_token_up() {
    let world = World::new().await;
    let client = world.ana();
    client.session().sign_in().await.expect("signed in");
    world.advance(1);
    world.fail("upload_files", 1, FaultEffect::Status(401));
    client
        .storage()
        .upload_bytes("/raw", "a.csv", "a\n1\n")
        .await
        .fails("401");
    client
        .storage()
        .upload_bytes("/raw", "a.csv", "a\n1\n")
        .await
        .expect("signed with another token");
    assert_eq!(
        world.count("refresh_access_token") + world.count("sign_in"),
        2
    );
}

#[tokio::test]
async fn a_client_whose_calls_all_fail_runs_out_of_retries_and_earns_them_back() {
    let world = World::new().await;
    let client = world.ana();
    client.session().sign_in().await.expect("signed in");
    world.fail("list_pipelines", 100, FaultEffect::RetryAfter(0));
    let mut told = 0;
    for _ in 0..10 {
        let error = client.pipelines().list().await.fails("429");
        told += usize::from(error.to_string().contains("used up its retries"));
    }
    let sent = world.count("list_pipelines");
    assert!(
        (20..=22).contains(&sent),
        "10 calls, 10 retries of the reserve and a fifth of the calls: {sent}"
    );
    assert!(told > 0);
    world.advance(1);
    client.pipelines().list().await.fails("429");
    assert_eq!(world.count("list_pipelines"), sent + 4);
}

#[tokio::test]
async fn an_answer_shows_status_headers_body_and_request_id() {
    let server = Raw::start(|_| {
        http(
            "200 OK",
            "content-type: application/json\r\nx-request-id: r-17\r\nx-canary: canary-header\r\n",
            "[]",
        )
    })
    .await;
    let answer = server
        .client()
        .with_answer(|client| async move { client.pipelines().list().await })
        .await
        .expect("listed");
    assert!(answer.value.is_empty());
    assert_eq!(
        (answer.status(), answer.request_id()),
        (Some(200), Some("r-17"))
    );
    assert_eq!(answer.header("x-canary"), Some("canary-header"));
    let head = answer.last().expect("one");
    assert_eq!(head.body.as_deref(), Some(b"[]".as_slice()));
    assert_eq!((head.operation, head.attempts), ("list_pipelines", 1));
    assert!(!format!("{answer:?}").contains("canary"), "{answer:?}");
}

#[tokio::test]
async fn an_answer_counts_its_attempts_and_keeps_every_request_but_the_sign_in() {
    let world = World::new().await;
    let client = world.ana();
    world.fail("list_permissions", 2, FaultEffect::Status(503));
    let answer = client
        .with_answer(|client| async move { client.api_keys().create(["GET /catalog"]).await })
        .await
        .expect("made");
    let heads: Vec<_> = answer
        .heads
        .iter()
        .map(|head| (head.operation, head.status, head.attempts))
        .collect();
    assert_eq!(
        heads,
        [("list_permissions", 200, 3), ("create_api_key", 201, 1)]
    );
}

#[tokio::test]
async fn a_request_of_one_s_own_is_signed_refreshed_and_retried() {
    let world = World::new().await;
    let client = world.ana();
    a_pipeline(&client).await;
    world.advance(1);
    world.fail("list_pipelines", 1, FaultEffect::Status(401));
    world.fail("list_pipelines", 1, FaultEffect::Status(503));
    let answer = client
        .request("GET", "/platform/pipelines")
        .send()
        .await
        .expect("listed");
    assert_eq!(answer.value[0]["name"], "Orders");
    assert_eq!(answer.last().map(|head| head.attempts), Some(3));
    assert_eq!(world.count("refresh_access_token"), 1);
}

#[tokio::test]
async fn a_request_of_one_s_own_sends_and_takes_json() {
    #[derive(Debug, serde::Deserialize)]
    struct Made {
        id: String,
    }
    let world = World::new().await;
    let client = world.ana();
    let body = json!({"name": "t", "schema": "s", "columns": [{"name": "id", "type": "INTEGER"}]});
    let made = client
        .request("POST", "/storage-explorer/tables")
        .json(&body)
        .send_as::<Made>()
        .await
        .expect("made");
    assert_eq!(made.status(), Some(201));
    let path = format!("/storage-explorer/tables/{}", made.value.id);
    let gone = client.request("DELETE", path).send().await.expect("gone");
    assert!(gone.value.is_null() || gone.value.is_object());
    let found = client
        .request("GET", "/catalog")
        .query("search", "a b&c=d")
        .send()
        .await
        .expect("found");
    assert!(found.value["data_assets"].is_array());
    let error = client
        .request("GET", "/catalog")
        .send_as::<Made>()
        .await
        .fails("another shape");
    assert!(error.to_string().contains("`id` is missing"), "{error}");
}

#[tokio::test]
async fn a_request_of_one_s_own_to_a_path_that_is_not_there_is_told() {
    let world = World::new().await;
    let error = world
        .ana()
        .request("POST", "/brand/new")
        .json(&json!({}))
        .send()
        .await
        .fails("not there");
    assert_eq!(
        (error.kind(), error.operation()),
        (ErrorKind::NotFound, Some("request"))
    );
}

#[tokio::test]
async fn a_request_of_one_s_own_never_leaves_the_server() {
    let world = World::new().await;
    let client = world.ana();
    for path in [
        "",
        "catalog",
        "//evil.example/x",
        "/\\evil.example",
        "https://evil.example/",
        "/a/../b",
        "/a/%2e%2e/b",
        "/a/./b",
        "/a?x=1",
        "/a#b",
        "/a\nb",
        "/a b",
    ] {
        let error = client.request("GET", path).send().await.fails(path);
        assert_eq!(
            (error.kind(), error.operation()),
            (ErrorKind::InvalidInput, Some("request")),
            "{path}: {error}"
        );
    }
    for method in ["", "GE T", "TRACE", "CONNECT"] {
        let error = client.request(method, "/catalog").send().await;
        assert_eq!(
            error.fails(method).kind(),
            ErrorKind::InvalidInput,
            "{method}"
        );
    }
    assert!(world.emulator.requests().is_empty());
}

/// Keeps what it is told.
#[derive(Debug, Default)]
struct Told(Mutex<Vec<String>>);

impl Told {
    fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().expect("unpoisoned"))
    }

    fn keep(&self, text: String) {
        self.0.lock().expect("unpoisoned").push(text);
    }
}

impl Metrics for Told {
    fn attempt_ended(&self, it: &AttemptEnd<'_>) {
        self.keep(format!(
            "attempt {} of {} {} {}: {:?} {:?}",
            it.attempt, it.operation, it.method, it.url_template, it.status, it.error
        ));
    }

    fn call_ended(&self, it: &CallEnd<'_>) {
        self.keep(format!(
            "{} at {}: {} attempts, {:?} {:?} after {} s",
            it.operation,
            it.server_address,
            it.attempts,
            it.status,
            it.error,
            it.duration.as_secs()
        ));
    }
}

#[tokio::test]
async fn metrics_are_told_of_every_attempt_and_every_call() {
    let world = World::new().await;
    let told = Arc::new(Told::default());
    let client = world
        .builder()
        .password("ana@acme.example", "acme-ana-password")
        .metrics(Arc::clone(&told) as Arc<dyn Metrics>)
        .build()
        .expect("a client");
    client.session().sign_in().await.expect("signed in");
    assert_eq!(
        told.take(),
        [
            "attempt 1 of sign_in POST /auth/sign-in: Some(200) None",
            "sign_in at 127.0.0.1: 1 attempts, Some(200) None after 0 s",
        ]
    );
    world.fail("get_pipeline", 1, FaultEffect::RetryAfter(7));
    client
        .pipelines()
        .get("an-unknown-id")
        .await
        .fails("not there");
    let heard = told.take();
    assert_eq!(
        heard,
        [
            "attempt 1 of get_pipeline GET /platform/pipeline/{pipelineId}: Some(429) Some(RateLimited)",
            "attempt 2 of get_pipeline GET /platform/pipeline/{pipelineId}: Some(404) Some(NotFound)",
            "get_pipeline at 127.0.0.1: 2 attempts, Some(404) Some(NotFound) after 7 s",
        ]
    );
}

#[tokio::test]
async fn a_forbidden_call_says_whether_the_user_holds_the_permission() {
    let world = World::new().await;
    let carla = world.client(("carla@acme.example", "acme-carla-password"));
    let error = carla.pipelines().list().await.fails("forbidden");
    assert_eq!(error.missing_permission(), Some("GET /pipelines"));
    assert!(
        error
            .to_string()
            .contains("carla@acme.example does not hold it"),
        "{error}"
    );
    let ana = world.ana();
    world.fail("list_pipelines", 1, FaultEffect::Status(403));
    let error = ana.pipelines().list().await.fails("forbidden");
    assert_eq!(
        (error.kind(), error.missing_permission()),
        (ErrorKind::Forbidden, None)
    );
    assert!(
        error
            .to_string()
            .contains("although the user held `GET /pipelines`"),
        "{error}"
    );
}

#[test]
fn a_client_of_one_call_is_still_cheap_and_can_go_to_another_thread() {
    fn goes_anywhere<T: Send + Sync + Clone + 'static>() {}
    goes_anywhere::<Client>();
    goes_anywhere::<CallOptions>();
}
