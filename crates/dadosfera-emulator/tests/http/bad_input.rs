//! Input that no client of ours would send: each gets one plain answer, and the emulator lives on.

use reqwest::Method;
use serde_json::{Value, json};

use crate::caller::World;

async fn send(
    world: &World,
    path: &str,
    content_type: Option<&str>,
    body: Vec<u8>,
) -> (u16, Value) {
    let mut request = world
        .http
        .post(world.url(path))
        .header("authorization", &world.token)
        .body(body);
    if let Some(content_type) = content_type {
        request = request.header("content-type", content_type);
    }
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

#[tokio::test]
async fn what_is_no_operation_is_the_frameworks_404() {
    let world = World::ana().await;
    for (method, path) in [
        (Method::GET, "/nope"),
        (Method::PUT, "/api-key"),
        (Method::OPTIONS, "/health"),
        (Method::POST, "/platform/pipeline/"),
    ] {
        assert_eq!(
            world.call(method.clone(), path, &[], None).await,
            (
                404,
                json!({"statusCode": 404, "message": format!("Cannot {method} {path}"), "error": "Not Found"})
            )
        );
    }
}

#[tokio::test]
async fn a_body_that_is_broken_large_or_of_another_type_is_told_in_the_routes_shape() {
    let world = World::ana().await;
    let json_type = Some("application/json; charset=utf-8");
    for broken in [
        &b"{"[..],
        b"\xff\xfe",
        b"nul",
        b"{\"a\":1e999}",
        "[".repeat(100_000).as_bytes(),
    ] {
        assert_eq!(
            send(&world, "/platform/pipeline", json_type, broken.to_vec()).await,
            (400, json!({"detail": "body is not valid JSON"}))
        );
        assert_eq!(
            send(&world, "/api-key", json_type, broken.to_vec()).await,
            (
                400,
                json!({"statusCode": 400, "message": ["body is not valid JSON"], "error": "Bad Request"})
            )
        );
    }
    for path in ["/platform/pipeline", "/auth/sign-in"] {
        for content_type in [None, Some("text/plain"), Some("application/jsonp")] {
            assert_eq!(
                send(&world, path, content_type, b"{}".to_vec()).await,
                (
                    415,
                    json!({
                        "statusCode": 415, "message": "Content-Type must be application/json",
                        "error": "Unsupported Media Type",
                    })
                )
            );
        }
        let large = format!("{{\"a\":\"{}\"}}", "x".repeat(1024 * 1024));
        assert_eq!(
            send(&world, path, json_type, large.into_bytes()).await,
            (
                413,
                json!({"statusCode": 413, "message": "request entity too large", "error": "Payload Too Large"})
            )
        );
    }
}

#[tokio::test]
async fn whoever_may_not_call_learns_nothing_about_the_body() {
    let world = World::ana().await;
    let vera = world
        .token_of("vera@acme.example", "acme-vera-password")
        .await;
    for (token, expected) in [("", 401), (vera.as_str(), 403)] {
        let headers = [("authorization", token)];
        let answer = world
            .call(
                Method::POST,
                "/platform/pipeline",
                &headers,
                Some(json!([])),
            )
            .await;
        assert_eq!(answer.0, expected);
    }
}

#[tokio::test]
async fn an_id_that_no_server_made_is_an_absent_id() {
    let world = World::ana().await;
    for (segment, id) in [
        ("..", ".."),
        ("%2e%2e", ".."),
        ("..%2F..%2Fadmin", "../../admin"),
        ("a%5C..%5Cb", "a\\..\\b"),
        ("%0A", "\n"),
        ("%00", "\u{0}"),
        ("%F0%9F%9A%80", "🚀"),
        ("%FF", "\u{fffd}"),
        ("%", "%"),
        ("execute", "execute"),
    ] {
        let request = format!(
            "GET /platform/pipeline/{segment} HTTP/1.1\r\nHost: x\r\nAuthorization: {}\r\nConnection: close\r\n\r\n",
            world.token
        );
        let answer = world.raw(&request).await;
        assert!(answer.starts_with("HTTP/1.1 404 "), "{segment}: {answer}");
        let body: Value = serde_json::from_str(answer.split("\r\n\r\n").nth(1).unwrap()).unwrap();
        assert_eq!(
            body["detail"]["traceback"],
            format!("Pipeline with id {id} not found")
        );
    }
    assert_eq!(world.get("/health").await.0, 200);
}

#[tokio::test]
async fn text_that_is_no_http_ends_its_own_connection_only() {
    let world = World::ana().await;
    for text in [
        "GET\r\n\r\n",
        "POST /auth/sign-in HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n",
    ] {
        let answer = world.raw(text).await;
        assert!(
            answer.is_empty() || answer.starts_with("HTTP/1.1 400"),
            "{text:?}: {answer}"
        );
    }
    assert_eq!(world.get("/health").await.0, 200);
}
