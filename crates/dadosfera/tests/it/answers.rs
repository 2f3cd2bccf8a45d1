//! Whatever comes back wrong ends in one error that names the operation, its status and what to do next.

use dadosfera::{Client, ErrorKind};
use dadosfera_emulator::FaultEffect;

use crate::outloud::Fails as _;
use crate::support::{Raw, World, http, json, new_pipeline};

#[tokio::test]
async fn html_is_no_answer_whatever_its_status() {
    let world = World::new().await;
    let client = world.ana();
    client.session().sign_in().await.expect("signed in");
    for (status, kind) in [
        (200, ErrorKind::UnexpectedAnswer),
        (404, ErrorKind::UnexpectedAnswer),
        (403, ErrorKind::UnexpectedAnswer),
        (401, ErrorKind::UnexpectedAnswer),
        (500, ErrorKind::Server),
    ] {
        world.fail("list_pipelines", 1, FaultEffect::Html(status));
        let before = world.count("list_pipelines");
        let error = client.pipelines().list().await.fails("HTML");
        assert_eq!(
            (error.kind(), error.status()),
            (kind, Some(status)),
            "{error}"
        );
        assert!(
            error.to_string().contains("HTML") && !error.to_string().contains('<'),
            "{error}"
        );
        assert_eq!(world.count("list_pipelines"), before + 1, "not tried again");
    }
    assert_eq!(world.count("refresh_access_token"), 0);
}

#[tokio::test]
async fn html_at_sign_in_is_told_and_heals() {
    let world = World::new().await;
    let client = world.ana();
    world.fail("sign_in", 1, FaultEffect::Html(200));
    let error = client.pipelines().list().await.fails("HTML");
    assert_eq!(
        (error.kind(), error.operation()),
        (ErrorKind::UnexpectedAnswer, Some("sign_in"))
    );
    world.advance(1);
    client.pipelines().list().await.expect("healed");
}

#[tokio::test]
async fn half_a_body_is_told_with_its_status() {
    let world = World::new().await;
    let client = world.ana();
    client.session().sign_in().await.expect("signed in");
    world.fail("list_pipelines", 4, FaultEffect::Truncate);
    let error = client.pipelines().list().await.fails("cut short");
    assert_eq!(
        (error.kind(), error.status()),
        (ErrorKind::UnexpectedAnswer, Some(200))
    );
    assert_eq!(error.operation(), Some("list_pipelines"));
    assert!(error.to_string().contains("cut short"), "{error}");
}

#[tokio::test]
async fn a_dropped_connection_is_told() {
    let world = World::new().await;
    let client = world.ana();
    client.session().sign_in().await.expect("signed in");
    world.fail("list_pipelines", 4, FaultEffect::DropBefore);
    let error = client.pipelines().list().await.fails("dropped");
    assert_eq!(
        (error.kind(), error.operation()),
        (ErrorKind::ConnectionLost, Some("list_pipelines"))
    );
}

#[tokio::test]
async fn a_server_that_is_not_there_is_told() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port");
    let base_url = format!("http://{}", listener.local_addr().expect("bound"));
    drop(listener);
    let client = Client::builder()
        .base_url(base_url)
        .api_key("k")
        .build()
        .expect("a client");
    let error = client.pipelines().list().await.fails("nobody listens");
    assert_eq!(
        (error.kind(), error.operation()),
        (ErrorKind::Connect, Some("list_pipelines"))
    );
    assert!(error.to_string().contains("nothing was sent"), "{error}");
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let server = Raw::start(|_| {
        http(
            "302 Found",
            "location: http://127.0.0.1:1/elsewhere\r\n",
            "",
        )
    })
    .await;
    let error = server.client().pipelines().list().await.fails("a redirect");
    assert_eq!(
        (error.kind(), error.status()),
        (ErrorKind::UnexpectedAnswer, Some(302))
    );
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn torn_and_foreign_answers_are_told_with_their_status() {
    let torn = b"HTTP/1.1 201 Created\r\ncontent-length: 500\r\ncontent-type: application/json\r\n\r\n{\"status\": tr".to_vec();
    let cases: Vec<(Vec<u8>, Option<u16>, &str)> = vec![
        (torn, Some(201), "cut short"),
        (
            http("201 Created", "", r#"{"status": true, "data""#),
            Some(201),
            "cut short",
        ),
        (json("201 Created", ""), Some(201), "empty"),
        (
            json("201 Created", r#"{"other": "shape"}"#),
            Some(201),
            "its field `data` is missing",
        ),
        (json("201 Created", "OK"), Some(201), "not JSON"),
        (
            json("202 Accepted", r#"{"other": "shape"}"#),
            Some(202),
            "another kind than documented",
        ),
        (b"HTTP/1.1 20".to_vec(), None, "connection broke"),
        (
            b"not http at all\r\n\r\n".to_vec(),
            None,
            "connection broke",
        ),
    ];
    for (bytes, status, part) in cases {
        let server = Raw::start(move |_| bytes.clone()).await;
        let error = server
            .client()
            .pipelines()
            .create(new_pipeline("Orders", "orders"))
            .await
            .fails(part);
        assert_eq!(
            (error.status(), error.operation()),
            (status, Some("create_pipeline")),
            "{error}"
        );
        assert!(error.to_string().contains(part), "{error}");
        assert_eq!(server.requests().len(), 1, "{part}");
    }
}

#[tokio::test]
async fn a_success_of_another_number_than_described_is_a_success() {
    let body = r#"{"status": true, "data": {"message": "ok", "pipeline_id": "1b33ad2f_33d3_4837_9eeb_83c82c8b909d"}}"#;
    let server = Raw::start(move |_| json("200 OK", body)).await;
    let pipeline = server
        .client()
        .pipelines()
        .create(new_pipeline("Orders", "orders"))
        .await;
    assert_eq!(
        pipeline.expect("created").as_str(),
        "1b33ad2f_33d3_4837_9eeb_83c82c8b909d"
    );
}

#[tokio::test]
async fn each_kind_of_credentials_is_sent_alone_and_bare() {
    let server = Raw::start(|_| json("200 OK", "[]")).await;
    server.client().pipelines().list().await.expect("listed");
    let request = server.requests().remove(0).to_lowercase();
    assert!(
        request.contains("x-api-key: ddf_canary-key") && !request.contains("authorization:"),
        "{request}"
    );

    let sign_in = r#"{"permissions": [], "mfaStatus": "none", "tokens": {"accessToken": "abc"},
        "customer": {"id": "1", "name": "acme_corp"}}"#;
    let server = Raw::start(move |request| {
        json(
            "200 OK",
            if request.starts_with("POST /auth/sign-in") {
                sign_in
            } else {
                "[]"
            },
        )
    })
    .await;
    let client = Client::builder()
        .base_url(&server.base_url)
        .password("a", "b")
        .build()
        .expect("a client");
    client.pipelines().list().await.expect("listed");
    let request = server.requests().remove(1).to_lowercase();
    assert!(
        request.contains("authorization: abc\r\n") && !request.contains("x-api-key"),
        "{request}"
    );
}
