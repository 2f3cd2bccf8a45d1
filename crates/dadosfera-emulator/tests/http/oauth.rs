//! Connections by OAuth, from begin to end: the page, the code, the state, and who may bring them back.

use reqwest::StatusCode;
use reqwest::redirect::Policy;
use serde_json::{Value, json};

use crate::caller::World;

fn invalid(messages: &[&str]) -> (u16, Value) {
    (
        400,
        json!({"statusCode": 400, "message": messages, "error": "Bad Request"}),
    )
}

/// A browser that tells where it is sent instead of going there.
struct Browser(reqwest::Client);

impl Browser {
    fn new() -> Self {
        Self(
            reqwest::Client::builder()
                .redirect(Policy::none())
                .build()
                .unwrap(),
        )
    }

    async fn sent_to(&self, url: &str) -> String {
        let answer = self.0.get(url).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::FOUND, "{url}");
        answer.headers()["location"].to_str().unwrap().to_owned()
    }
}

async fn begin(world: &World, token: &str, redirect_uri: &str) -> (String, String) {
    let body = json!({"plugin": "google-sheets", "redirect_uri": redirect_uri});
    let (status, begun) = world
        .post_as(token, "/connections/oauth/authorize", body)
        .await;
    assert_eq!(status, 200, "{begun}");
    let text = |name: &str| begun[name].as_str().unwrap().to_owned();
    (text("authorization_url"), text("state"))
}

fn code_of(location: &str) -> String {
    let query = location.split('?').nth(1).unwrap();
    let code = query.split('&').find_map(|pair| pair.strip_prefix("code="));
    code.unwrap().to_owned()
}

#[tokio::test]
async fn consent_makes_a_connection_once() {
    let world = World::ana().await;
    let browser = Browser::new();
    let back = "http://127.0.0.1:9000/callback";
    let (url, state) = begin(&world, &world.token, back).await;
    assert_eq!(
        url,
        world.url(&format!("/__emulator__/oauth/consent?state={state}"))
    );
    let page = browser.0.get(&url).send().await.unwrap();
    assert_eq!(page.headers()["content-type"], "text/html; charset=utf-8");
    let html = page.text().await.unwrap();
    assert!(html.contains("google-sheets") && html.contains(back) && html.contains("Allow"));
    let location = browser.sent_to(&format!("{url}&approve=1")).await;
    let code = code_of(&location);
    assert_eq!(location, format!("{back}?code={code}&state={state}"));
    let callback = json!({"state": state, "code": code});
    let (status, made) = world
        .post("/connections/oauth/callback", callback.clone())
        .await;
    assert_eq!(status, 201);
    assert_eq!(
        (&made["name"], &made["plugin"], &made["config"]),
        (
            &json!("google-sheets"),
            &json!("google-sheets"),
            &json!({"account": "ana@acme.example"})
        )
    );
    assert!(
        made["id"]
            .as_str()
            .unwrap()
            .ends_with("_google-sheets-1.0.0")
    );
    assert_eq!(
        world.post("/connections/oauth/callback", callback).await,
        invalid(&["state is unknown or was used"])
    );
    let gone = browser.0.get(&url).send().await.unwrap();
    assert_eq!(gone.status(), 400);
    // The page is no operation: neither its state nor its code is in the record.
    let record = format!("{:?}", world.emulator.requests());
    assert!(!record.contains(&state) && !record.contains(&code));
}

#[tokio::test]
async fn a_state_is_of_its_user_and_of_its_ten_minutes() {
    let world = World::ana().await;
    let browser = Browser::new();
    let back = "https://app.example.com/callback?from=x";
    let (url, state) = begin(&world, &world.token, back).await;
    let location = browser.sent_to(&format!("{url}&approve=1")).await;
    assert!(location.starts_with("https://app.example.com/callback?from=x&code="));
    let callback = json!({"state": state, "code": code_of(&location)});
    let bob = world
        .token_of("bob@globex.example", "globex-bob-password")
        .await;
    let mfa = world
        .sign_in(
            "mfa@acme.example",
            "acme-mfa-password",
            world.emulator.totp_now("mfa@acme.example").as_deref(),
        )
        .await;
    for other in [
        bob.as_str(),
        mfa.1["tokens"]["accessToken"].as_str().unwrap(),
    ] {
        assert_eq!(
            world
                .post_as(other, "/connections/oauth/callback", callback.clone())
                .await,
            invalid(&["state is unknown or was used"])
        );
    }
    world.advance(601);
    assert_eq!(browser.0.get(&url).send().await.unwrap().status(), 400);
    assert_eq!(
        world.post("/connections/oauth/callback", callback).await,
        invalid(&["state is older than 10 minutes"])
    );
    let (url, state) = begin(&world, &world.token, back).await;
    let denied = browser.sent_to(&format!("{url}&approve=0")).await;
    assert_eq!(denied, format!("{back}&error=access_denied&state={state}"));
    assert_eq!(
        world
            .post(
                "/connections/oauth/callback",
                json!({"state": state, "code": ""})
            )
            .await,
        invalid(&["code is none that was handed out for this state"])
    );
    assert_eq!(
        world.get("/connections").await.1,
        json!({"connections": []})
    );
}

#[tokio::test]
async fn what_cannot_be_authorized_is_told() {
    let world = World::ana().await;
    let wrong_uri = "redirect_uri must be an https URL, or an http URL of a loopback address, without user and fragment";
    for (body, messages) in [
        (
            json!({}),
            vec!["plugin is required", "redirect_uri is required"],
        ),
        (
            json!({"plugin": "postgresql", "redirect_uri": "http://app.example.com/"}),
            vec!["plugin postgresql does not connect by OAuth", wrong_uri],
        ),
        (
            json!({"plugin": "google-sheets", "redirect_uri": "javascript:alert(1)"}),
            vec![wrong_uri],
        ),
        (
            json!({"plugin": "google-sheets", "redirect_uri": "http://127.0.0.1@app.example.com/"}),
            vec![wrong_uri],
        ),
    ] {
        assert_eq!(
            world
                .post("/connections/oauth/authorize", body.clone())
                .await,
            invalid(&messages),
            "{body}"
        );
    }
    assert_eq!(
        world
            .post("/connections/oauth/callback", json!({"state": 1}))
            .await,
        invalid(&["state must be a string", "code must be a string"])
    );
}

#[tokio::test]
async fn the_consent_page_shows_text_as_text_and_runs_nothing() {
    let world = World::ana().await;
    let browser = Browser::new();
    let (url, _) = begin(
        &world,
        &world.token,
        "https://app.example.com/?a='onload='&b=1",
    )
    .await;
    let page = browser.0.get(&url).send().await.unwrap();
    let policy = page.headers()["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("default-src 'none'"));
    assert_eq!(page.headers()["cache-control"], "no-store");
    let html = page.text().await.unwrap();
    assert!(html.contains("https://app.example.com/?a=&#39;onload=&#39;&amp;b=1"));
    for query in [
        "",
        "?state=%22%3E%3Cscript%3E",
        "?state=x&approve=1",
        "?state=x&approve=0",
    ] {
        let path = format!("/__emulator__/oauth/consent{query}");
        let page = browser.0.get(world.url(&path)).send().await.unwrap();
        assert_eq!(page.status(), 400, "{query}");
        assert!(!page.text().await.unwrap().contains("<script"));
    }
    let answer = browser
        .0
        .post(world.url("/__emulator__/oauth/consent"))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 404);
}
