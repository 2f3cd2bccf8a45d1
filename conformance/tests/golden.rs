//! What the SDK sends for each operation: method, path, query, the headers that matter, body. Secrets are named, not shown.

#![expect(clippy::unwrap_used, reason = "helpers of tests may panic as tests do")]

use std::sync::{Arc, Mutex};

use dadosfera::WaitOptions;
use dadosfera_conformance::engine::{Call, Document};
use dadosfera_conformance::front::{Behind, BoxFuture, Front, Reply};
use dadosfera_conformance::people::{Actor, People};
use dadosfera_conformance::sdk::Walk;
use dadosfera_conformance::session::Session;
use dadosfera_conformance::suite::DESCRIPTION;
use dadosfera_emulator::{Emulator, Seed};
use serde_json::{Value, json};

/// Headers that say something about a request, beside those that every HTTP client sends.
const TELLING: [&str; 5] = [
    "content-type",
    "accept",
    "dadosfera-lang",
    "customer_name",
    "user-agent",
];
const ID: &str = "1b33ad2f-33d3-4837-9eeb-83c82c8b909d";

/// Writes down what comes in, and answers as the emulator does.
struct Recording {
    base_url: String,
    http: reqwest::Client,
    document: Document,
    seen: Mutex<Vec<(String, Value)>>,
}

impl Behind for Recording {
    fn serve(&self, call: Call) -> BoxFuture<'_, Result<Reply, String>> {
        Box::pin(async move {
            let operation = self.document.matching(&call.method, &call.path);
            let id = operation
                .map_or("none", |operation| operation.id.as_str())
                .to_owned();
            self.seen.lock().unwrap().push((id, shown(&call)));
            let url = format!("{}{}", self.base_url, call.path);
            let mut request = self
                .http
                .request(call.method.parse().unwrap(), url)
                .query(&call.query);
            for (name, value) in call.headers.iter().cloned().chain(call.sign.shown()) {
                request = request.header(name, value);
            }
            let response = request
                .body(call.body.unwrap_or_default())
                .send()
                .await
                .map_err(|error| error.to_string())?;
            let (status, headers) = (response.status().as_u16(), response.headers().clone());
            let body = response
                .bytes()
                .await
                .map_err(|error| error.to_string())?
                .to_vec();
            Ok(Reply {
                status,
                headers,
                body,
            })
        })
    }
}

/// A request as a snapshot shows it.
fn shown(call: &Call) -> Value {
    let mut headers = serde_json::Map::new();
    for (name, value) in &call.headers {
        if TELLING.contains(&name.as_str()) {
            // The version of this crate is no news.
            let mut value = value.replace(env!("CARGO_PKG_VERSION"), "VERSION");
            if let Some(boundary) = boundary(call) {
                value = value.replace(boundary, "BOUNDARY");
            }
            headers.insert(name.clone(), json!(value));
        }
    }
    for (name, value) in call.sign.shown() {
        let form = if value.starts_with("eyJ") {
            "a bare JWT"
        } else {
            "something else"
        };
        headers.insert(name, json!(form));
    }
    let mut body: Value = call.body.as_deref().map_or(Value::Null, |body| {
        serde_json::from_slice(body).unwrap_or_else(|_| form(call, body))
    });
    for secret in ["password", "refreshToken", "totp", "state", "code"] {
        for holder in ["", "/config"] {
            if let Some(Value::Object(fields)) = body.pointer_mut(holder)
                && fields.contains_key(secret)
            {
                fields.insert(secret.to_owned(), json!("a secret"));
            }
        }
    }
    if body.get("datasetId").is_some() {
        body["datasetId"] = json!("an-id");
    }
    // Ids that the emulator makes differ from run to run.
    let path = call.path.split('/').map(|part| {
        let is_made = part.len() == 36 || part.ends_with("_postgresql-1.0.0");
        if is_made && !part.starts_with("1b33ad2f") {
            "an-id"
        } else {
            part
        }
    });
    let mut request = json!({
        "request": format!("{} {}", call.method, path.collect::<Vec<_>>().join("/")),
        "headers": headers,
    });
    if !call.query.is_empty() {
        let mut query = call.query.clone();
        for (_, value) in &mut query {
            if value.ends_with("_postgresql-1.0.0") {
                "an-id".clone_into(value);
            }
        }
        request["query"] = json!(query);
    }
    if call.body.is_some() {
        request["body"] = body;
    }
    request
}

/// A form as lines, with its boundary named instead of shown.
fn form(call: &Call, body: &[u8]) -> Value {
    let text = String::from_utf8_lossy(body);
    let text = match boundary(call) {
        Some(boundary) => text.replace(boundary, "BOUNDARY"),
        None => text.into_owned(),
    };
    json!(text.split("\r\n").collect::<Vec<_>>())
}

fn boundary(call: &Call) -> Option<&str> {
    let content_type = call.headers.iter().find(|(name, _)| name == "content-type");
    content_type?
        .1
        .split_once("boundary=")
        .map(|(_, boundary)| boundary)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sdk_sends_these_requests() {
    let emulator = Emulator::builder()
        .seed(Seed::default())
        .hold_clock()
        .start()
        .await
        .unwrap();
    let recording = Arc::new(Recording {
        base_url: emulator.base_url().to_owned(),
        http: reqwest::Client::builder().no_proxy().build().unwrap(),
        document: Document::parse(DESCRIPTION).unwrap(),
        seen: Mutex::default(),
    });
    let people = People::of_the_emulator();
    let person = people.get(Actor::Admin).unwrap();
    let session = session(&recording, &person.username, &person.password).await;
    let behind: Arc<dyn Behind> = Arc::<Recording>::clone(&recording);
    let front = Front::start(behind).await.unwrap();
    let walk = Walk {
        base_url: front.base_url(),
        person,
        session: &session,
        id: ID,
        consents: true,
        wait: WaitOptions::new(),
    };
    let clock = emulator.clock();
    let steps = walk
        .run(|| clock.advance(std::time::Duration::from_secs(31)))
        .await;
    let failed: Vec<_> = steps.iter().filter(|step| step.error.is_some()).collect();
    assert!(failed.is_empty(), "{failed:#?}");

    let seen = recording.seen.lock().unwrap().clone();
    let mut golden = serde_json::Map::new();
    for operation in recording.document.operations() {
        // The first request of each operation; later ones differ by what was read before.
        let sent = seen
            .iter()
            .find(|(id, _)| *id == operation.id)
            .map(|(_, request)| request.clone());
        golden.insert(
            operation.id.clone(),
            sent.unwrap_or_else(|| panic!("{} was not sent", operation.id)),
        );
    }
    let undescribed: Vec<_> = seen.iter().filter(|(id, _)| id == "none").collect();
    assert!(undescribed.is_empty(), "{undescribed:#?}");
    insta::with_settings!({ sort_maps => true }, {
        insta::assert_json_snapshot!("sdk_requests", golden);
    });
}

async fn session(recording: &Recording, username: &str, password: &str) -> Session {
    let body = json!({ "username": username, "password": password });
    let url = format!("{}/auth/sign-in", recording.base_url);
    let answer: Value = recording
        .http
        .post(url)
        .json(&body)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    Session::of(&answer).unwrap()
}
