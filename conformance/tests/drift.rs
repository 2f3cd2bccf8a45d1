//! A host that answers more than the description says: it is proposed, and what was proposed is enough.

#![expect(clippy::unwrap_used, reason = "helpers of tests may panic as tests do")]

use std::sync::Arc;

use dadosfera_conformance::engine::{
    Call, Client, Contract, Document, Guard, Overlay, Shared, Sign,
};
use dadosfera_conformance::front::{Behind, BoxFuture, Front, Reply};
use dadosfera_conformance::suite::DESCRIPTION;
use dadosfera_emulator::Emulator;
use reqwest::Method;
use serde_json::{Value, json};

/// Sends on to an emulator, and answers more than it does.
struct Newer {
    emulator: String,
    http: reqwest::Client,
}

impl Behind for Newer {
    fn serve(&self, call: Call) -> BoxFuture<'_, Result<Reply, String>> {
        Box::pin(async move {
            let method = Method::from_bytes(call.method.as_bytes()).unwrap();
            let url = format!("{}{}", self.emulator, call.path);
            let mut request = self.http.request(method, url).query(&call.query);
            for (name, value) in call.headers.iter().chain(&call.sign.shown()) {
                request = request.header(name, value);
            }
            let request = request.body(call.body.clone().unwrap_or_default());
            let answer = request.send().await.map_err(|error| error.to_string())?;
            let mut reply = Reply {
                status: answer.status().as_u16(),
                headers: answer.headers().clone(),
                body: answer.bytes().await.unwrap().to_vec(),
            };
            let mut body: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
            match call.path.as_str() {
                _ if call.method != "GET" => return Ok(reply),
                "/catalog" => {
                    body["data_assets"][0]["data_asset_type"] = json!("hologram");
                    body["mood"] = json!({ "level": 3 });
                    body["data_assets"][0]["id"] = json!(7);
                    let left = reqwest::header::HeaderValue::from_static("12");
                    reply.headers.insert("x-quota-left", left);
                }
                "/permissions" => reply.status = 299,
                _ => return Ok(reply),
            }
            reply.body = body.to_string().into_bytes();
            Ok(reply)
        })
    }
}

/// What three reads found, and what they propose.
async fn seen(description: &str, base_url: &str) -> (Vec<String>, Overlay, usize) {
    let contract = Contract::new(Document::parse(description).unwrap());
    contract.compile_all().unwrap();
    let shared = Arc::new(Shared::of(Arc::new(contract)).watching());
    let client = Client::new(
        base_url,
        base_url,
        Guard::Open,
        "drift",
        Arc::clone(&shared),
        Arc::default(),
    )
    .unwrap();
    let call = |id: &str| Call::new(shared.contract.document().operation(id).unwrap(), &[]);
    let who = json!({ "username": "ana@acme.example", "password": "acme-ana-password" });
    let signed = client.send(&call("sign_in").with_json(&who)).await.unwrap();
    let token = signed.json()["tokens"]["accessToken"]
        .as_str()
        .unwrap()
        .to_owned();
    let signed = |mut call: Call| {
        call.sign = Sign::none().with("authorization", &token, "TOKEN");
        call
    };
    let asset = json!({ "display_name": "Sales", "data_asset_type": "dashboard" });
    let asset = signed(call("create_data_asset").with_json(&asset));
    client.send(&asset).await.unwrap();
    for id in ["list_catalog", "list_permissions", "list_pipelines"] {
        client.send(&signed(call(id))).await.unwrap();
    }
    let findings = shared.recorder.findings();
    let codes = findings
        .iter()
        .map(|it| format!("{} {}", it.code, it.place));
    let drift = shared.drift().unwrap();
    (codes.collect(), drift.overlay("a test"), drift.len())
}

#[tokio::test]
async fn what_a_newer_host_answers_is_proposed_and_the_patched_description_allows_it() {
    let emulator = Emulator::builder().start().await.unwrap();
    let front = Front::start(Arc::new(Newer {
        emulator: emulator.base_url().to_owned(),
        http: reqwest::Client::builder().no_proxy().build().unwrap(),
    }))
    .await
    .unwrap();
    let (findings, overlay, _) = seen(DESCRIPTION, front.base_url()).await;
    assert_eq!(findings.len(), 4, "{findings:#?}");
    let text = overlay.to_yaml();
    for what in [
        "the field mood: seen 1 times, first at list_catalog 200",
        "the header x-quota-left: seen 1 times, first at list_catalog 200",
        "the status 299: seen 1 times, first at list_permissions 299",
        "the value \"hologram\": seen 1 times, first at list_catalog 200",
        "integer where string is said: seen 1 times, first at list_catalog 200",
    ] {
        assert!(text.contains(what), "{what} is not in\n{text}");
    }
    // xtask's tests hold the description that this overlay makes against the rules of the house.
    let kept = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/drift.overlay.yaml");
    if std::env::var_os("UPDATE_OVERLAY").is_some() {
        std::fs::write(kept, &text).unwrap();
    }
    assert_eq!(
        std::fs::read_to_string(kept).unwrap(),
        text,
        "UPDATE_OVERLAY=1 writes {kept}"
    );
    let patched = Overlay::parse(&text).unwrap().patch(DESCRIPTION).unwrap();
    // Of the field, the header, the status and the type; a word of a list cannot bear a mark.
    let marks = |text: &str| text.matches("x-evidence: observed").count();
    assert_eq!(marks(&patched), marks(DESCRIPTION) + 4);
    let (findings, overlay, proposals) = seen(&patched, front.base_url()).await;
    assert_eq!(findings, [] as [String; 0]);
    assert_eq!(proposals, 0, "{}", overlay.to_yaml());
}

#[tokio::test]
async fn a_host_that_answers_what_is_described_has_no_drift() {
    let emulator = Emulator::builder().start().await.unwrap();
    let (findings, overlay, proposals) = seen(DESCRIPTION, emulator.base_url()).await;
    assert_eq!(findings, [] as [String; 0]);
    assert_eq!(proposals, 0, "{}", overlay.to_yaml());
}
