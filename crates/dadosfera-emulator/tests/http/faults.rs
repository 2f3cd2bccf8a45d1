//! Faults on demand, the record of requests, and the admin interface.

use std::io::{ErrorKind, Read, Write};
use std::time::{Duration, Instant};

use dadosfera_emulator::{Emulator, Fault, FaultEffect, Seed};
use reqwest::Method;
use serde_json::{Value, json};

use crate::caller::{ORDERS, World, orders};

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
        (FaultEffect::ResetBefore, 0),
        (FaultEffect::ResetAfter, 1),
        (FaultEffect::TornHead, 1),
        (FaultEffect::Status(503), 0),
        (FaultEffect::Html(502), 0),
        (FaultEffect::RetryAfter(7), 0),
        (FaultEffect::RetryAfterDate(7), 0),
        (FaultEffect::SlowBody(Duration::from_millis(20)), 1),
    ] {
        let world = World::ana().await;
        world.fault(Fault::on("create_pipeline", effect.clone()));
        let result = create(&world).await;
        match effect {
            FaultEffect::Status(status) | FaultEffect::Html(status) => {
                assert_eq!(result.unwrap(), status)
            }
            FaultEffect::RetryAfter(_) | FaultEffect::RetryAfterDate(_) => {
                assert_eq!(result.unwrap(), 429);
            }
            FaultEffect::SlowBody(_) => assert_eq!(result.unwrap(), 201),
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
    world.fault(Fault::on("get_health", FaultEffect::DropBefore));
    let request = "GET /health HTTP/1.1\r\nHost: x\r\n\r\n";
    assert_eq!(world.raw(request).await, "");
}

#[tokio::test]
async fn a_truncated_body_promises_more_than_it_gives() {
    let world = World::ana().await;
    world.fault(Fault::on("get_health", FaultEffect::Truncate));
    let answer = world.raw("GET /health HTTP/1.1\r\nHost: x\r\n\r\n").await;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200 "));
    let promised = head.split("content-length: ").nth(1).unwrap();
    let promised: usize = promised.lines().next().unwrap().parse().unwrap();
    assert_eq!(body.len(), promised / 2);
}

#[tokio::test]
async fn half_a_status_line_is_all_that_a_torn_answer_has() {
    let world = World::ana().await;
    world.fault(Fault::on("get_health", FaultEffect::TornHead));
    let request = "GET /health HTTP/1.1\r\nHost: x\r\n\r\n";
    assert_eq!(world.raw(request).await, "HTTP/1");
}

#[tokio::test]
async fn a_reset_is_told_from_a_connection_that_closes() {
    let world = World::ana().await;
    let address = world.emulator.base_url().trim_start_matches("http://");
    for (effect, expected) in [
        (FaultEffect::ResetBefore, Err(ErrorKind::ConnectionReset)),
        (FaultEffect::ResetAfter, Err(ErrorKind::ConnectionReset)),
        (FaultEffect::DropBefore, Ok(0)),
    ] {
        world.fault(Fault::on("get_health", effect.clone()));
        let address = address.to_owned();
        let met = tokio::task::spawn_blocking(move || {
            let mut stream = std::net::TcpStream::connect(address).unwrap();
            stream
                .write_all(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
                .unwrap();
            stream.read(&mut [0; 16]).map_err(|error| error.kind())
        });
        assert_eq!(met.await.unwrap(), expected, "{effect:?}");
    }
}

#[tokio::test]
async fn a_slow_body_comes_whole_in_the_end() {
    let world = World::ana().await;
    let pause = Duration::from_millis(150);
    world.fault(Fault::on("get_health", FaultEffect::SlowBody(pause)));
    let start = Instant::now();
    assert_eq!(world.get("/health").await.1["status"], "ok");
    assert!(start.elapsed() >= pause);
}

#[tokio::test]
async fn the_date_after_which_to_retry_is_of_the_virtual_clock() {
    let seed = Seed::from_json(r#"{"starts_at": "2025-06-01T12:00:00Z"}"#).unwrap();
    let world = World::start(Emulator::builder().seed(seed).hold_clock()).await;
    world.fault(Fault::on("get_health", FaultEffect::RetryAfterDate(90)));
    let answer = world.http.get(world.url("/health")).send().await.unwrap();
    assert_eq!(answer.status(), 429);
    let at = &answer.headers()["retry-after"];
    assert_eq!(at, "Sun, 01 Jun 2025 12:01:30 GMT");
}

#[tokio::test]
async fn a_token_that_dies_early_is_dead_for_good_and_others_live() {
    let mut world = World::ana().await;
    let (_, again) = world
        .sign_in("ana@acme.example", "acme-ana-password", None)
        .await;
    world.fault(Fault::on("list_pipelines", FaultEffect::ExpireToken));
    for _ in 0..2 {
        let (status, body) = world.get("/platform/pipelines").await;
        assert_eq!((status, &body["code"]), (401, &json!("AUTH.UNAUTHORIZED")));
    }
    let tokens = &again["tokens"];
    world.token = tokens["accessToken"].as_str().unwrap().to_owned();
    assert_eq!(world.get("/platform/pipelines").await.0, 200);

    let refresh = json!({"refreshToken": tokens["refreshToken"], "customerName": "acme_corp"});
    let refreshed = || world.post_as("", "/auth/refresh-access-token", refresh.clone());
    assert_eq!(refreshed().await.0, 200);
    world.fault(Fault::on("refresh_access_token", FaultEffect::ExpireToken));
    assert_eq!(refreshed().await.0, 401);
    assert_eq!(refreshed().await.0, 401);
    assert_eq!(world.get("/platform/pipelines").await.0, 200);
}

#[tokio::test]
async fn a_token_can_be_handed_out_with_a_short_life_or_not_at_all() {
    let mut world = World::ana().await;
    let life = FaultEffect::TokenLife(Duration::from_secs(5));
    world.fault(Fault::on("sign_in", life));
    let ana = ("ana@acme.example", "acme-ana-password");
    world.token = world.token_of(ana.0, ana.1).await;
    world.advance(4);
    assert_eq!(world.get("/platform/pipelines").await.0, 200);
    world.advance(1);
    assert_eq!(world.get("/platform/pipelines").await.0, 401);
    world.token = world.token_of(ana.0, ana.1).await;
    world.advance(29 * 60);
    assert_eq!(world.get("/platform/pipelines").await.0, 200);
    world.fault(Fault::on("sign_in", FaultEffect::WithoutTokens));
    let (status, body) = world.sign_in(ana.0, ana.1, None).await;
    assert_eq!((status, &body["tokens"]), (200, &Value::Null));
    assert_eq!(body["user"]["username"], ana.0);
}

#[tokio::test]
async fn options_change_while_it_runs_and_a_replayed_refresh_token_revokes_its_family() {
    let world = World::ana().await;
    let change = json!({"rotate_refresh_tokens": true, "single_use_refresh_tokens": true});
    let options = "/__emulator__/options";
    let (status, now) = world.patch(options, change).await;
    assert_eq!((status, &now["access_token_life"]), (200, &json!(1800)));
    assert!(world.emulator.options().rotate_refresh_tokens);
    assert_eq!(world.get(options).await.1, now);
    let (_, signed_in) = world
        .sign_in("ana@acme.example", "acme-ana-password", None)
        .await;
    let refresh = |token: Value| {
        let body = json!({"refreshToken": token, "customerName": "acme_corp"});
        world.post_as("", "/auth/refresh-access-token", body)
    };
    let first = &signed_in["tokens"]["refreshToken"];
    let (status, rotated) = refresh(first.clone()).await;
    let second = &rotated["tokens"]["refreshToken"];
    assert_eq!((status, second.is_string()), (200, true));
    assert_eq!(refresh(first.clone()).await.0, 401);
    assert_eq!(refresh(second.clone()).await.0, 401);
    for (change, why) in [
        (json!({"no_such": 1}), "unknown field `no_such`"),
        (json!({"run_duration": -1}), "run_duration: invalid value"),
    ] {
        let (status, body) = world.patch(options, change).await;
        let told = body["message"][0].as_str().unwrap();
        assert!(status == 400 && told.contains(why), "{body}");
    }
    assert_eq!(world.get(options).await.1, now);
}

#[tokio::test]
async fn faults_over_http_are_those_of_rust_and_wrong_ones_are_told() {
    let world = World::ana().await;
    let faults = "/__emulator__/faults";
    for effect in [
        json!({"status": 503}),
        json!({"html": 200}),
        json!({"retry_after": 7}),
        json!({"retry_after_date": 7}),
        json!("drop_before"),
        json!("drop_after"),
        json!("reset_before"),
        json!("reset_after"),
        json!("torn_head"),
        json!("truncate"),
        json!({"delay_ms": 5}),
        json!({"slow_body_ms": 5}),
        json!("without_tokens"),
        json!({"token_life_seconds": 5}),
        json!("expire_token"),
    ] {
        let (status, _) = world.post(faults, json!({"effect": effect.clone()})).await;
        assert_eq!(status, 201, "{effect}");
        let expected = json!({
            "operation": null, "times": 1, "after": 0, "probability": 1.0, "seed": 0, "effect": effect,
        });
        assert_eq!(world.get(faults).await.1, json!({"pending": [expected]}));
        assert_eq!(world.delete(faults).await.0, 204);
    }
    let often = json!({
        "operation": "get_health", "times": null, "after": 2, "probability": 0.5, "seed": 9, "effect": {"status": 503},
    });
    assert_eq!(
        world.post(faults, often.clone()).await.1["pending"][0],
        often
    );
    let mut statuses = Vec::new();
    for _ in 0..20 {
        statuses.push(world.get("/health").await.0);
    }
    assert_eq!(statuses[..2], [200, 200]);
    assert!(
        statuses.contains(&503) && statuses[2..].contains(&200),
        "{statuses:?}"
    );
    world.delete(faults).await;
    for (fault, why) in [
        (
            json!({"operation": "sing_in", "effect": "truncate"}),
            "there is no operation `sing_in`; did you mean `sign_in`?",
        ),
        (
            json!({"effect": {"status": 99}}),
            "status 99 is none of a final answer; take one from 200 to 599",
        ),
        (
            json!({"effect": "no_such"}),
            "effect: unknown variant `no_such`",
        ),
        (json!({"times": 1}), "missing field `effect`"),
        (
            json!({"effect": "truncate", "time": 1}),
            "unknown field `time`",
        ),
    ] {
        let (status, body) = world.post(faults, fault).await;
        let told = body["message"][0].as_str().unwrap();
        assert!(status == 400 && told.contains(why), "{body}");
    }
    assert_eq!(world.get(faults).await.1, json!({"pending": []}));
}

#[tokio::test]
async fn errors_on_demand_look_like_the_documented_ones() {
    let world = World::ana().await;
    let once = |operation: &str, effect| world.fault(Fault::on(operation, effect));
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
    let delay = FaultEffect::Delay(Duration::from_millis(150));
    world.fault(Fault::on("get_health", delay));
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
