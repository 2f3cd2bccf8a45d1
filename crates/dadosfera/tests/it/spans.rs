//! The spans of calls: what they name, and what they never hold.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use dadosfera::{CallOptions, Client};
use dadosfera_emulator::FaultEffect;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use crate::support::{Raw, World, json};

type Fields = BTreeMap<String, String>;
/// A span's name, its parent, and its fields.
type Spanned = (&'static str, Option<u64>, Fields);

/// Keeps every span that was opened, with the fields that were recorded by its end, and every event.
#[derive(Clone, Default)]
struct Kept {
    next: Arc<AtomicU64>,
    spans: Arc<Mutex<Vec<Spanned>>>,
    events: Arc<Mutex<Vec<Fields>>>,
}

struct Into<'a>(&'a mut Fields);

impl Visit for Into<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let text = format!("{value:?}").trim_matches('"').to_owned();
        self.0.insert(field.name().to_owned(), text);
    }
}

impl Subscriber for Kept {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let mut fields = Fields::new();
        span.record(&mut Into(&mut fields));
        let parent = span.parent().map(Id::into_u64);
        self.spans
            .lock()
            .expect("unpoisoned")
            .push((span.metadata().name(), parent, fields));
        Id::from_u64(self.next.fetch_add(1, Ordering::Relaxed) + 1)
    }

    fn record(&self, span: &Id, values: &Record<'_>) {
        let index = usize::try_from(span.into_u64() - 1).expect("few");
        values.record(&mut Into(
            &mut self.spans.lock().expect("unpoisoned")[index].2,
        ));
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut fields = Fields::new();
        event.record(&mut Into(&mut fields));
        self.events.lock().expect("unpoisoned").push(fields);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

impl Kept {
    /// The spans of the SDK.
    fn spans(&self) -> Vec<Spanned> {
        let all = self.spans.lock().expect("unpoisoned").clone();
        all.into_iter()
            .filter(|(name, _, _)| name.starts_with("dadosfera."))
            .collect()
    }

    fn everything(&self) -> String {
        format!(
            "{:?} {:?}",
            self.spans.lock().expect("unpoisoned"),
            self.events.lock().expect("unpoisoned")
        )
    }
}

#[tokio::test]
async fn a_call_is_a_span_with_one_child_for_each_attempt() {
    let world = World::new().await;
    let client = world.ana();
    client.session().sign_in().await.expect("signed in");
    let kept = Kept::default();
    let _on = tracing::subscriber::set_default(kept.clone());
    world.fail("get_pipeline", 2, FaultEffect::Status(503));
    client
        .pipelines()
        .get("canary_id")
        .await
        .expect_err("not there");
    let spans = kept.spans();
    let names: Vec<_> = spans.iter().map(|it| it.0).collect();
    assert_eq!(
        names,
        [
            "dadosfera.call",
            "dadosfera.attempt",
            "dadosfera.attempt",
            "dadosfera.attempt"
        ]
    );
    assert!(spans.iter().skip(1).all(|it| it.1.is_some()), "{spans:?}");
    let expect = |fields: &Fields, wanted: &[(&str, &str)]| {
        for (name, value) in wanted {
            assert_eq!(
                fields.get(*name).map(String::as_str),
                Some(*value),
                "{name}"
            );
        }
    };
    let port = world
        .emulator
        .base_url()
        .rsplit(':')
        .next()
        .expect("a port");
    expect(
        &spans[0].2,
        &[
            ("otel.name", "get_pipeline"),
            ("dadosfera.operation", "get_pipeline"),
            ("http.request.method", "GET"),
            ("url.template", "/platform/pipeline/{pipelineId}"),
            ("server.address", "127.0.0.1"),
            ("server.port", port),
            ("http.response.status_code", "404"),
            ("error.type", "not_found"),
            ("http.request.resend_count", "2"),
        ],
    );
    expect(
        &spans[1].2,
        &[
            ("otel.kind", "client"),
            ("otel.name", "GET /platform/pipeline/{pipelineId}"),
            ("http.response.status_code", "503"),
            ("error.type", "server"),
            ("http.request.resend_count", "0"),
        ],
    );
    expect(
        &spans[3].2,
        &[
            ("http.request.resend_count", "2"),
            ("error.type", "not_found"),
        ],
    );
    assert!(
        !kept.everything().contains("canary"),
        "an id is no template"
    );
}

#[tokio::test]
async fn no_secret_header_body_or_message_is_in_a_span() {
    let server = Raw::start(|request| {
        if request.starts_with("POST /auth/sign-in") {
            let tokens = r#"{"accessToken": "canary-token", "refreshToken": "canary-refresh"}"#;
            let customer = r#"{"id": "1", "name": "acme_corp"}"#;
            let body = format!(
                r#"{{"permissions": [], "mfaStatus": "none", "tokens": {tokens}, "customer": {customer}}}"#
            );
            return json("200 OK", &body);
        }
        json("400 Bad Request", &serde_json::json!({"detail": request}).to_string())
    })
    .await;
    let kept = Kept::default();
    let _on = tracing::subscriber::set_default(kept.clone());
    let builder = || Client::builder().base_url(&server.base_url);
    let clients = [
        builder().password("canary-user", "canary-password").build(),
        builder().api_key("canary-key").build(),
    ];
    for client in clients {
        let client = client
            .expect("a client")
            .with_call(CallOptions::new().header("x-canary", "canary-header"));
        client
            .request("POST", "/canary-path")
            .query("canary", "canary")
            .json(&serde_json::json!({"canary": "canary-body"}))
            .send()
            .await
            .expect_err("400");
        client.pipelines().get("canary-id").await.expect_err("400");
        client
            .storage()
            .download("/canary.csv")
            .await
            .expect_err("400");
    }
    assert!(kept.spans().len() >= 12);
    let everything = kept.everything();
    let own: Vec<&str> = everything.split("canary").skip(1).collect();
    assert!(own.is_empty(), "{own:?}");
}
