//! No secret is in any text that the SDK makes, even where a server repeats everything that it was sent.

use dadosfera::raw::types::SignInRequest;
use dadosfera::{Client, Environment, Error, Maybe};

use crate::outloud::Fails as _;
use crate::support::{Raw, json, new_pipeline};

const CANARIES: [&str; 4] = [
    "canary-password",
    "canary-refresh",
    "canary-key",
    "GEZDGNBVGY3TQOJQ",
];

fn clean(what: &str, text: &str) {
    for canary in CANARIES {
        assert!(!text.contains(canary), "{canary} in {what}: {text}");
    }
}

fn clean_error(error: &Error) {
    clean("Display", &error.to_string());
    clean("Debug", &format!("{error:?} {error:#?}"));
    let mut source = std::error::Error::source(error);
    while let Some(inner) = source {
        clean("a source", &format!("{inner} {inner:?}"));
        source = inner.source();
    }
}

/// A server that answers its whole request as the message of an error.
async fn echo(status: &'static str) -> Raw {
    Raw::start(move |request| {
        let body = serde_json::json!({"statusCode": 400, "message": request, "error": "x", "code": request});
        json(status, &body.to_string())
    })
    .await
}

#[tokio::test]
async fn a_server_that_repeats_everything_leaks_nothing() {
    for status in [
        "400 Bad Request",
        "401 Unauthorized",
        "403 Forbidden",
        "500 Internal Server Error",
    ] {
        let server = echo(status).await;
        let builder = || Client::builder().base_url(&server.base_url);
        let clients = [
            builder()
                .password("ana", "canary-password")
                .totp_secret("GEZDGNBVGY3TQOJQ")
                .build(),
            builder()
                .refresh_token("canary-refresh", "acme_corp")
                .build(),
            builder().api_key("canary-key").build(),
        ];
        for client in clients {
            let client = client.expect("a client");
            clean("a client", &format!("{client:?} {client:#?}"));
            clean_error(&client.pipelines().list().await.fails(status));
            clean_error(
                &client
                    .pipelines()
                    .create(new_pipeline("x", "y"))
                    .await
                    .fails(status),
            );
        }
    }
}

#[tokio::test]
async fn a_server_that_answers_everything_as_a_success_leaks_nothing() {
    let server = Raw::start(|request| {
        json(
            "200 OK",
            &serde_json::json!({"tokens": request, "x": request}).to_string(),
        )
    })
    .await;
    let client = Client::builder()
        .base_url(&server.base_url)
        .password("ana", "canary-password")
        .build()
        .expect("a client");
    clean_error(&client.pipelines().list().await.fails("no sign-in"));
    let client = Client::builder()
        .base_url(&server.base_url)
        .api_key("canary-key")
        .build()
        .expect("a client");
    clean_error(&client.pipelines().list().await.fails("no list"));
}

#[tokio::test]
async fn a_token_that_the_server_repeats_is_taken_out() {
    let server = Raw::start(|request| {
        if request.starts_with("POST /auth/sign-in") {
            let tokens = r#"{"accessToken": "canary-token", "refreshToken": "canary-refresh"}"#;
            let customer = r#"{"id": "1", "name": "acme_corp"}"#;
            let body = format!(r#"{{"permissions": [], "mfaStatus": "none", "tokens": {tokens}, "customer": {customer}}}"#);
            return json("200 OK", &body);
        }
        json("400 Bad Request", &serde_json::json!({"detail": request}).to_string())
    })
    .await;
    let client = Client::builder()
        .base_url(&server.base_url)
        .password("ana", "canary-password")
        .build()
        .expect("a client");
    let error = client.pipelines().list().await.fails("400");
    assert!(
        error
            .api_message()
            .is_some_and(|said| said.contains("(secret)")),
        "{error}"
    );
    clean_error(&error);
    clean("a client", &format!("{client:?} {:?}", client.session()));
    clean(
        "who is signed in",
        &format!("{:?}", client.session().sign_in().await.expect("signed in")),
    );
}

#[test]
fn builders_and_what_they_are_given_show_nothing() {
    let builder = Client::builder()
        .password("ana", "canary-password")
        .totp_secret("GEZDGNBVGY3TQOJQ")
        .refresh_token("canary-refresh", "acme_corp")
        .api_key("canary-key")
        .environment(Environment::fixed([(
            "DADOSFERA_PASSWORD",
            "canary-password",
        )]));
    clean("a builder", &format!("{builder:?} {builder:#?}"));
    clean_error(&builder.build().fails("too many credentials"));
    let body = SignInRequest {
        username: "ana".to_owned(),
        password: "canary-password".into(),
        totp: Maybe::Absent,
    };
    clean("a body", &format!("{body:?}"));
}

/// Printed on purpose: `cargo xtask ci` fails where it does not find this in the output of the tests, and where it finds
/// another one.
#[test]
fn a_leak_is_planted_where_ci_looks_for_leaks() {
    println!("planted where ci looks for leaks: canary");
}
