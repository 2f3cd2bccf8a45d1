//! Faults on demand, the record of requests, and the admin interface.

use std::time::{Duration, Instant};

use dadosfera_emulator::{Emulator, Fault, FaultEffect};
use reqwest::Method;
use serde_json::{Value, json};

use crate::caller::{ORDERS, World, orders};

fn fault(operation: &'static str, effect: FaultEffect) -> Fault {
    Fault {
        operation: Some(operation),
        times: 1,
        effect,
    }
}

async fn create(world: &World) -> Result<u16, reqwest::Error> {
    let request = world.http.post(world.url("/platform/pipeline"));
    let request =
        request
            .header("authorization", &world.token)
            .json(&orders(ORDERS, "Orders", Value::Null));
    let answer = request.send().await?;
    let status = answer.status().as_u16();
    answer.bytes().await?;
    Ok(status)
}

async fn pipelines(world: &World) -> usize {
    world
        .get("/platform/pipelines")
        .await
        .1
        .as_array()
        .unwrap()
        .len()
}

#[tokio::test]
async fn a_dropped_connection_has_its_effect_or_none_as_asked() {
    for (effect, made) in [
        (FaultEffect::DropBefore, 0),
        (FaultEffect::DropAfter, 1),
        (FaultEffect::Truncate, 1),
        (FaultEffect::Status(503), 0),
        (FaultEffect::Html(502), 0),
        (FaultEffect::RetryAfter(7), 0),
    ] {
        let world = World::ana().await;
        world
            .emulator
            .inject(fault("create_pipeline", effect.clone()));
        let result = create(&world).await;
        match effect {
            FaultEffect::Status(status) | FaultEffect::Html(status) => {
                assert_eq!(result.unwrap(), status)
            }
            FaultEffect::RetryAfter(_) => assert_eq!(result.unwrap(), 429),
            _ => assert!(result.is_err(), "{effect:?}"),
        }
        assert_eq!(world.emulator.pending_faults(), 0);
        assert_eq!(pipelines(&world).await, made, "{effect:?}");
        assert_eq!(world.emulator.count("create_pipeline"), 1);
    }
}

#[tokio::test]
async fn a_dropped_connection_answers_not_one_byte() {
    let world = World::ana().await;
    world
        .emulator
        .inject(fault("get_health", FaultEffect::DropBefore));
    let request = "GET /health HTTP/1.1\r\nHost: x\r\n\r\n";
    assert_eq!(world.raw(request).await, "");
}

#[tokio::test]
async fn a_truncated_body_promises_more_than_it_gives() {
    let world = World::ana().await;
    world
        .emulator
        .inject(fault("get_health", FaultEffect::Truncate));
    let answer = world.raw("GET /health HTTP/1.1\r\nHost: x\r\n\r\n").await;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200 "));
    let promised = head.split("content-length: ").nth(1).unwrap();
    let promised: usize = promised.lines().next().unwrap().parse().unwrap();
    assert_eq!(body.len(), promised / 2);
}

#[tokio::test]
async fn errors_on_demand_look_like_the_documented_ones() {
    let world = World::ana().await;
    let once = |operation, effect| world.emulator.inject(fault(operation, effect));
    once("delete_pipeline", FaultEffect::Status(500));
    assert_eq!(
        world.delete("/platform/pipeline/x").await,
        (
            500,
            json!({"detail": "Unable to complete transaction due to database error"})
        )
    );
    once("list_pipeline_runs", FaultEffect::Status(500));
    let (status, body) = world.get("/platform/pipeline/x/pipeline_run").await;
    assert!(status == 500 && body["msg"].is_string());
    once("get_health", FaultEffect::RetryAfter(7));
    let answer = world.http.get(world.url("/health")).send().await.unwrap();
    assert_eq!(
        (answer.status().as_u16(), &answer.headers()["retry-after"]),
        (429, &"7".parse().unwrap())
    );
    once("get_health", FaultEffect::Html(502));
    let answer = world.http.get(world.url("/health")).send().await.unwrap();
    assert_eq!(answer.headers()["content-type"], "text/html; charset=utf-8");
}

#[tokio::test]
async fn a_delay_is_of_real_time_and_then_all_is_well() {
    let world = World::ana().await;
    world.emulator.inject(fault(
        "get_health",
        FaultEffect::Delay(Duration::from_millis(150)),
    ));
    let start = Instant::now();
    assert_eq!(world.get("/health").await.0, 200);
    assert!(start.elapsed() >= Duration::from_millis(150));
}

#[tokio::test]
async fn requests_are_recorded_without_their_secrets() {
    let world = World::ana().await;
    world.get("/platform/pipelines?token=secret").await;
    world.get("/nope").await;
    let recorded: Vec<_> = world
        .emulator
        .requests()
        .into_iter()
        .map(|request| {
            (
                request.operation,
                request.method,
                request.path,
                request.status,
            )
        })
        .collect();
    assert_eq!(
        recorded,
        [
            (
                Some("sign_in"),
                "POST".to_owned(),
                "/auth/sign-in".to_owned(),
                200
            ),
            (
                Some("list_pipelines"),
                "GET".to_owned(),
                "/platform/pipelines".to_owned(),
                200
            ),
            (None, "GET".to_owned(), "/nope".to_owned(), 404),
        ]
    );
}

#[tokio::test]
async fn the_admin_interface_moves_the_clock_and_makes_faults() {
    let world = World::ana().await;
    let post = |path: &'static str, body| world.post_as("", path, body);
    let before = world.emulator.clock().now();
    let (status, clock) = post("/__emulator__/clock", json!({"advance_seconds": 60})).await;
    assert_eq!((status, &clock["held"]), (200, &json!(true)));
    assert_eq!((world.emulator.clock().now() - before).num_seconds(), 60);
    assert_eq!(
        post("/__emulator__/clock", json!({"hold": false})).await.1["held"],
        false
    );
    assert_eq!(
        post("/__emulator__/clock", json!({"hold": "x"})).await.0,
        400
    );
    let refused = post(
        "/__emulator__/faults",
        json!({"operation": "no_such", "effect": "truncate"}),
    )
    .await;
    assert_eq!(refused.0, 400);
    let added = post(
        "/__emulator__/faults",
        json!({"operation": "get_health", "effect": {"status": 503}}),
    )
    .await;
    assert_eq!(added.0, 201);
    assert_eq!(world.get("/health").await.0, 503);
    let (_, info) = world.get("/__emulator__/").await;
    assert_eq!(info["operations"][0]["id"], "sign_in");
    let (_, jwks) = world.get("/__emulator__/jwks.json").await;
    assert_eq!(jwks["keys"][0]["alg"], "ES512");
    let (_, code) = world.get("/__emulator__/totp/mfa%40acme.example").await;
    assert_eq!(
        code["totp"].as_str(),
        world.emulator.totp_now("mfa@acme.example").as_deref()
    );
    assert_eq!(world.get("/__emulator__/nope").await.0, 404);
}

#[tokio::test]
async fn a_dropped_emulator_stops_and_a_stopped_one_frees_its_port() {
    let emulator = Emulator::start().await.unwrap();
    let url = format!("{}/health", emulator.base_url());
    let port = emulator
        .base_url()
        .rsplit(':')
        .next()
        .unwrap()
        .parse()
        .unwrap();
    assert!(Emulator::builder().port(port).start().await.is_err());
    emulator.stop().await;
    let again = Emulator::builder().port(port).start().await.unwrap();
    assert_eq!(reqwest::get(&url).await.unwrap().status(), 200);
    drop(again);
    tokio::time::sleep(Duration::from_millis(50)).await;
    let client = reqwest::Client::new();
    assert!(client.request(Method::GET, &url).send().await.is_err());
}
