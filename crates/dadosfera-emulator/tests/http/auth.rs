//! Sign-in, the life of tokens, refresh in its variants, and how credentials are sent.

use dadosfera_emulator::{Emulator, Options, RefreshAnswer};
use reqwest::Method;
use serde_json::{Value, json};

use crate::caller::World;

async fn refresh(world: &World, token: &Value) -> (u16, Value) {
    let body = json!({ "refreshToken": token, "customerName": "acme_corp" });
    world.post_as("", "/auth/refresh-access-token", body).await
}

async fn with_options(options: Options) -> World {
    World::start(Emulator::builder().hold_clock().options(options)).await
}

#[tokio::test]
async fn a_sign_in_answers_all_that_was_seen_and_sets_cookies() {
    let world = World::ana().await;
    let body =
        json!({"username": "vera@acme.example", "password": "acme-vera-password", "totp": null});
    let request = world.http.post(world.url("/auth/sign-in")).json(&body);
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let cookies: Vec<_> = answer.headers().get_all("set-cookie").iter().collect();
    assert_eq!(cookies.len(), 2);
    assert!(
        cookies
            .iter()
            .all(|cookie| cookie.to_str().unwrap().starts_with("ddf-"))
    );
    let body: Value = answer.json().await.unwrap();
    assert_eq!(
        body["permissions"],
        json!(["GET /pipelines", "GET /catalog", "GET /customers"])
    );
    assert_eq!(body["mfaStatus"], "none");
    assert_eq!(body["tokens"]["idToken"], "");
    assert_eq!(body["termsOfUse"]["status"], "ok");
    assert_eq!(body["user"]["username"], "vera@acme.example");
    assert_eq!(
        body["customer"],
        json!({
            "id": "acme_corp", "name": "acme_corp", "tier": "STANDARD", "scheduleLimit": "hourly",
            "modules": ["catalog", "pipelines"], "links": [{}],
        })
    );
}

#[tokio::test]
async fn without_a_valid_code_mfa_answers_200_with_three_members() {
    let world = World::ana().await;
    let sign_in = |code| world.sign_in("mfa@acme.example", "acme-mfa-password", code);
    for code in [None, Some("000000x"), Some("")] {
        let (status, body) = sign_in(code).await;
        assert_eq!((status, &body["mfaStatus"]), (200, &json!("required")));
        let mut members: Vec<_> = body.as_object().unwrap().keys().collect();
        members.sort();
        assert_eq!(members, ["customer", "mfaStatus", "permissions"]);
    }
    let code = world.emulator.totp_now("mfa@acme.example").unwrap();
    assert!(sign_in(Some(&code)).await.1["tokens"]["accessToken"].is_string());
    assert_eq!(sign_in(Some(&code)).await.1["mfaStatus"], "required");
    world.advance(30);
    let code = world.emulator.totp_now("mfa@acme.example").unwrap();
    assert!(sign_in(Some(&code)).await.1["tokens"].is_object());
}

#[tokio::test]
async fn refused_sign_ins_say_why_in_both_languages() {
    let world = World::ana().await;
    let sign_in = async |username: &str, password: &str, lang: &str| {
        let body = json!({"username": username, "password": password});
        let headers = [("dadosfera-lang", lang)];
        world
            .call(Method::POST, "/auth/sign-in", &headers, Some(body))
            .await
    };
    assert_eq!(
        sign_in("ana@acme.example", "wrong", "EN-US").await,
        (
            401,
            json!({
                "statusCode": 401, "message": "Invalid username or password", "error": "Unauthorized",
                "code": "AUTH.UNAUTHORIZED",
            })
        )
    );
    assert_eq!(
        sign_in("disabled@acme.example", "acme-disabled-password", "pt-br").await,
        (
            403,
            json!({
                "statusCode": 403, "message": "Usuário desativado", "error": "Não autorizado",
                "code": "AUTH.USER_DISABLED",
            })
        )
    );
    let (status, _) = sign_in("disabled@acme.example", "wrong", "pt-br").await;
    assert_eq!(status, 401);
}

#[tokio::test]
async fn a_body_that_does_not_validate_names_each_field() {
    let world = World::ana().await;
    assert_eq!(
        world
            .post_as(
                "",
                "/auth/sign-in",
                json!({"email": "ana@acme.example", "totp": 1})
            )
            .await,
        (
            400,
            json!({
                "statusCode": 400,
                "message": ["username must be a string", "password must be a string", "totp must be a string"],
                "error": "Bad Request",
            })
        )
    );
}

#[tokio::test]
async fn ten_wrong_passwords_ask_for_patience() {
    let world = World::ana().await;
    for _ in 0..10 {
        assert_eq!(
            world.sign_in("vera@acme.example", "wrong", None).await.0,
            401
        );
    }
    let body = json!({"username": "vera@acme.example", "password": "acme-vera-password"});
    let request = world.http.post(world.url("/auth/sign-in")).json(&body);
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status(), 429);
    assert_eq!(answer.headers()["retry-after"], "300");
    assert_eq!(
        answer.json::<Value>().await.unwrap()["code"],
        "AUTH.TOO_MANY_ATTEMPTS"
    );
    world.advance(300);
    assert_eq!(
        world
            .sign_in("vera@acme.example", "acme-vera-password", None)
            .await
            .0,
        200
    );
}

#[tokio::test]
async fn an_access_token_lives_thirty_minutes_and_a_refresh_token_a_day_to_the_second() {
    let world = World::ana().await;
    let (_, body) = world
        .sign_in("ana@acme.example", "acme-ana-password", None)
        .await;
    let (access, refresh_token) = (
        &body["tokens"]["accessToken"],
        &body["tokens"]["refreshToken"],
    );
    let read = || world.get_as(access.as_str().unwrap(), "/platform/pipelines");
    world.advance(30 * 60 - 1);
    assert_eq!(read().await.0, 200);
    world.advance(1);
    assert_eq!(
        read().await,
        (
            401,
            json!({
                "statusCode": 401, "message": "Não autorizado", "error": "Não autorizado", "code": "AUTH.UNAUTHORIZED",
            })
        )
    );
    world.advance(24 * 3600 - 30 * 60 - 1);
    assert_eq!(refresh(&world, refresh_token).await.0, 200);
    world.advance(1);
    assert_eq!(refresh(&world, refresh_token).await.0, 401);
}

#[tokio::test]
async fn credentials_count_bare_and_alone_or_not_at_all() {
    let world = World::ana().await;
    let (_, key) = world.post("/api-key", json!({"permissions": [1]})).await;
    let key = key["key"].as_str().unwrap();
    let token = world.token.as_str();
    let bearer = format!("Bearer {token}");
    let refresh_token = world
        .sign_in("ana@acme.example", "acme-ana-password", None)
        .await
        .1;
    let refresh_token = refresh_token["tokens"]["refreshToken"].as_str().unwrap();
    let cookie = format!("ddf-access-token={token}");
    for (headers, expected) in [
        (vec![("authorization", token)], 200),
        (vec![("x-api-key", key)], 200),
        (vec![], 401),
        (vec![("authorization", bearer.as_str())], 401),
        (vec![("authorization", key)], 401),
        (vec![("authorization", refresh_token)], 401),
        (vec![("authorization", "")], 401),
        (vec![("x-api-key", token)], 401),
        (vec![("cookie", cookie.as_str())], 401),
        (vec![("authorization", token), ("x-api-key", key)], 401),
        (
            vec![("authorization", token), ("authorization", token)],
            401,
        ),
    ] {
        let (status, body) = world
            .call(Method::GET, "/platform/pipelines", &headers, None)
            .await;
        assert_eq!(status, expected, "{headers:?}: {body}");
    }
}

#[tokio::test]
async fn a_missing_permission_is_told_in_portuguese_unless_english_is_asked_for() {
    let world = World::ana().await;
    let token = world
        .token_of("carla@acme.example", "acme-carla-password")
        .await;
    assert_eq!(
        world.get_as(&token, "/platform/pipelines").await,
        (
            403,
            json!({
                "statusCode": 403,
                "message": "Você não tem permissões suficientes para realizar essa operação",
                "error": "Não autorizado",
                "code": "AUTH.FORBIDDEN",
            })
        )
    );
    let headers = [
        ("authorization", token.as_str()),
        ("dadosfera-lang", "En-Us"),
    ];
    assert_eq!(
        world.call(Method::GET, "/api-key", &headers, None).await,
        (
            403,
            json!({
                "statusCode": 403,
                "message": "You do not have sufficient permissions to perform this operation",
                "error": "Unauthorized",
                "code": "AUTH.FORBIDDEN",
            })
        )
    );
}

#[tokio::test]
async fn a_refresh_needs_the_customers_name_unless_told_otherwise() {
    let world = World::ana().await;
    let (_, body) = world
        .sign_in("ana@acme.example", "acme-ana-password", None)
        .await;
    let token = &body["tokens"]["refreshToken"];
    let path = "/auth/refresh-access-token";
    assert_eq!(
        world
            .post_as("", path, json!({"refreshToken": token}))
            .await,
        (
            400,
            json!({"statusCode": 400, "message": ["customerName must be a string"], "error": "Bad Request"})
        )
    );
    let other = json!({"refreshToken": token, "customerName": "globex"});
    assert_eq!(world.post_as("", path, other).await.0, 401);
    let (status, answer) = refresh(&world, token).await;
    assert_eq!(status, 200);
    let access = answer["tokens"]["accessToken"].as_str().unwrap();
    assert_eq!(world.get_as(access, "/platform/pipelines").await.0, 200);
    assert_eq!(answer["tokens"]["refreshToken"], Value::Null);
    assert_eq!(refresh(&world, &json!("no.such.token")).await.0, 401);
    assert_eq!(refresh(&world, &body["tokens"]["accessToken"]).await.0, 401);
}

#[tokio::test]
async fn the_disputed_forms_of_a_refresh_are_options() {
    let world = with_options(Options {
        refresh_requires_customer_name: false,
        refresh_answer: RefreshAnswer::Flat,
        rotate_refresh_tokens: true,
        ..Options::default()
    })
    .await;
    let (_, body) = world
        .sign_in("ana@acme.example", "acme-ana-password", None)
        .await;
    let body = json!({"refreshToken": body["tokens"]["refreshToken"]});
    let (status, answer) = world.post_as("", "/auth/refresh-access-token", body).await;
    assert_eq!(status, 200);
    assert!(answer["accessToken"].is_string() && answer["refreshToken"].is_string());
    assert_eq!(answer["tokens"], Value::Null);
}

#[tokio::test]
async fn a_single_use_token_that_is_used_twice_revokes_its_family() {
    let world = with_options(Options {
        rotate_refresh_tokens: true,
        single_use_refresh_tokens: true,
        ..Options::default()
    })
    .await;
    let (_, body) = world
        .sign_in("ana@acme.example", "acme-ana-password", None)
        .await;
    let first = &body["tokens"]["refreshToken"];
    let (_, answer) = refresh(&world, first).await;
    let second = &answer["tokens"]["refreshToken"];
    let (_, answer) = refresh(&world, second).await;
    let third = &answer["tokens"]["refreshToken"];
    assert_eq!(refresh(&world, first).await.0, 401);
    assert_eq!(refresh(&world, third).await.0, 401);
    let (_, other) = world
        .sign_in("ana@acme.example", "acme-ana-password", None)
        .await;
    assert_eq!(
        refresh(&world, &other["tokens"]["refreshToken"]).await.0,
        200
    );
}

#[tokio::test]
async fn health_needs_nobody() {
    let world = World::ana().await;
    assert_eq!(
        world.call(Method::GET, "/health", &[], None).await,
        (
            200,
            json!({
                "status": "ok", "info": {"database": {"status": "up"}}, "error": {},
                "details": {"database": {"status": "up"}},
            })
        )
    );
}
