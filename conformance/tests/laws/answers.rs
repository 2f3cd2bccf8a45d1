//! The emulator behind a bug, and the ways in which a bug answers.

use std::collections::BTreeMap;
use std::sync::Mutex;

use dadosfera_conformance::engine::{Call, Sign};
use dadosfera_conformance::front::Reply;
use dadosfera_conformance::session::{api_key, token};
use serde_json::{Value, json};

/// The emulator behind a bug.
pub(crate) struct Emulated {
    base_url: String,
    http: reqwest::Client,
    /// What a bug remembers.
    notes: Mutex<BTreeMap<String, String>>,
}

/// It follows nobody who sends it elsewhere: that is for who asked.
fn http() -> reqwest::Client {
    let builder = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
    builder.no_proxy().build().unwrap()
}

impl Emulated {
    pub(crate) fn new(base_url: &str) -> Self {
        Self {
            base_url: base_url.to_owned(),
            http: http(),
            notes: Mutex::default(),
        }
    }

    /// What the emulator itself answers.
    async fn honest(&self, call: &Call) -> Reply {
        let url = format!("{}{}", self.base_url, call.path);
        let mut request = self
            .http
            .request(call.method.parse().unwrap(), url)
            .query(&call.query);
        for (name, value) in call.headers.iter().cloned().chain(call.sign.shown()) {
            request = request.header(name, value);
        }
        let response = request
            .body(call.body.clone().unwrap_or_default())
            .send()
            .await
            .unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Reply {
            status,
            headers,
            body: response.bytes().await.unwrap().to_vec(),
        }
    }

    async fn ana(&self) -> Sign {
        let body = json!({ "username": "ana@acme.example", "password": "acme-ana-password" });
        let call = Call::undescribed("POST", "/auth/sign-in").with_json(&body);
        let answer = json_of(&self.honest(&call).await);
        token(answer["tokens"]["accessToken"].as_str().unwrap())
    }

    fn note(&self, key: &str, value: &str) {
        self.notes
            .lock()
            .unwrap()
            .insert(key.to_owned(), value.to_owned());
    }

    fn noted(&self, key: &str) -> Option<String> {
        self.notes.lock().unwrap().get(key).cloned()
    }
}

fn json_of(reply: &Reply) -> Value {
    serde_json::from_slice(&reply.body).unwrap_or(Value::Null)
}

fn body_of(call: &Call) -> Value {
    call.body.as_deref().map_or(Value::Null, |body| {
        serde_json::from_slice(body).unwrap_or(Value::Null)
    })
}

fn is(call: &Call, method_and_path: &str) -> bool {
    format!("{} {}", call.method, call.path).starts_with(method_and_path)
}

pub(crate) async fn bearer(emulated: &Emulated, mut call: Call) -> Reply {
    if let Some((_, value)) = call.sign.shown().first() {
        let bare = value.strip_prefix("Bearer ").unwrap_or(value).to_owned();
        call.sign = token(&bare);
    }
    emulated.honest(&call).await
}

/// Whoever is refused with a status is served as if they were Ana.
pub(crate) async fn as_ana_on(emulated: &Emulated, mut call: Call, status: u16) -> Reply {
    let reply = emulated.honest(&call).await;
    if reply.status != status || call.path.starts_with("/auth/") {
        return reply;
    }
    call.sign = emulated.ana().await;
    emulated.honest(&call).await
}

pub(crate) async fn as_ana_always(emulated: &Emulated, mut call: Call) -> Reply {
    if !call.path.starts_with("/auth/") {
        call.sign = emulated.ana().await;
    }
    emulated.honest(&call).await
}

pub(crate) async fn one_of_both(emulated: &Emulated, mut call: Call) -> Reply {
    let shown = call.sign.shown();
    if shown.len() == 2 {
        let key = shown.iter().find(|(name, _)| name == "x-api-key").unwrap();
        call.sign = api_key(&key.1);
    }
    emulated.honest(&call).await
}

/// A refused refresh answers what the last one answered.
pub(crate) async fn replays_refresh(emulated: &Emulated, call: Call) -> Reply {
    let mut reply = emulated.honest(&call).await;
    if is(&call, "POST /auth/refresh") {
        if reply.status == 200 {
            emulated.note("last", &String::from_utf8_lossy(&reply.body));
        } else if let Some(last) = emulated.noted("last") {
            reply.status = 200;
            reply.body = last.into_bytes();
        }
    }
    reply
}

pub(crate) async fn old_token(emulated: &Emulated, call: Call) -> Reply {
    let mut reply = emulated.honest(&call).await;
    let answer = json_of(&reply);
    if is(&call, "POST /auth/sign-in") {
        emulated.note(
            "old",
            answer["tokens"]["accessToken"].as_str().unwrap_or_default(),
        );
    } else if is(&call, "POST /auth/refresh") {
        reply.body = json!({ "tokens": { "accessToken": emulated.noted("old") } })
            .to_string()
            .into_bytes();
    }
    reply
}

pub(crate) async fn flat(emulated: &Emulated, call: Call) -> Reply {
    let mut reply = emulated.honest(&call).await;
    if is(&call, "POST /auth/refresh") && reply.status == 200 {
        let answer = json_of(&reply);
        reply.body = answer
            .get("tokens")
            .unwrap_or(&answer)
            .to_string()
            .into_bytes();
    }
    reply
}

pub(crate) async fn adds_customer(emulated: &Emulated, mut call: Call) -> Reply {
    if is(&call, "POST /auth/refresh") {
        let mut body = body_of(&call);
        body["customerName"] = json!("acme_corp");
        call.body = Some(body.to_string().into_bytes());
    }
    emulated.honest(&call).await
}

pub(crate) async fn adds_header(emulated: &Emulated, mut call: Call) -> Reply {
    if is(&call, "DELETE /platform/pipeline/") {
        call.headers.retain(|(name, _)| name != "customer_name");
        call.headers
            .push(("customer_name".to_owned(), "acme_corp".to_owned()));
    }
    emulated.honest(&call).await
}

/// Wrong passwords never reach the door that counts them.
pub(crate) async fn forgets_attempts(emulated: &Emulated, mut call: Call) -> Reply {
    let mut body = body_of(&call);
    if is(&call, "POST /auth/sign-in") && body["password"] == "a-wrong-password" {
        body["username"] = json!(format!("nobody-{}", emulated.notes.lock().unwrap().len()));
        emulated.note(body["username"].as_str().unwrap(), "");
        call.body = Some(body.to_string().into_bytes());
    }
    emulated.honest(&call).await
}

pub(crate) async fn code_twice(emulated: &Emulated, call: Call) -> Reply {
    let mut reply = emulated.honest(&call).await;
    let (code, answer) = (body_of(&call)["totp"].to_string(), json_of(&reply));
    if answer.get("tokens").is_some() {
        emulated.note(&code, &answer.to_string());
    } else if let Some(before) = emulated.noted(&code) {
        reply.body = before.into_bytes();
    }
    reply
}

pub(crate) async fn unmasked(emulated: &Emulated, call: Call) -> Reply {
    let mut reply = emulated.honest(&call).await;
    let mut answer = json_of(&reply);
    if is(&call, "POST /api-key") {
        emulated.note("key", answer["key"].as_str().unwrap_or_default());
    } else if is(&call, "GET /api-key") && answer.is_array() {
        answer[0]["key_mask"] = json!(emulated.noted("key"));
        reply.body = answer.to_string().into_bytes();
    }
    reply
}

/// Says that it has done something, and does nothing.
pub(crate) async fn only_says(emulated: &Emulated, call: Call, what: &str, status: u16) -> Reply {
    if !is(&call, what) {
        return emulated.honest(&call).await;
    }
    let id = body_of(&call)["pipeline_id"]
        .as_str()
        .unwrap_or_default()
        .replace('-', "_");
    let body = json!({ "status": true, "data": { "message": "Pipeline paused successfully", "pipeline_id": id } });
    let body = if status == 204 {
        Vec::new()
    } else {
        body.to_string().into_bytes()
    };
    let mut headers = axum::http::HeaderMap::new();
    headers.insert("content-type", "application/json".parse().unwrap());
    Reply {
        status,
        headers,
        body,
    }
}

pub(crate) async fn no_hyphens(emulated: &Emulated, call: Call) -> Reply {
    let mut reply = emulated.honest(&call).await;
    if call.path.starts_with("/platform/") && call.path.matches('-').count() >= 4 {
        reply.status = 404;
    }
    reply
}

pub(crate) async fn says_instead(
    emulated: &Emulated,
    call: Call,
    status: u16,
    instead: u16,
) -> Reply {
    let mut reply = emulated.honest(&call).await;
    if reply.status == status && !call.path.starts_with("/auth/sign-in") {
        reply.status = instead;
    }
    reply
}

pub(crate) async fn rewrites(emulated: &Emulated, call: Call, from: &str, to: &str) -> Reply {
    let mut reply = emulated.honest(&call).await;
    reply.body = String::from_utf8_lossy(&reply.body)
        .replace(from, to)
        .into_bytes();
    reply
}

pub(crate) async fn puts(
    emulated: &Emulated,
    call: Call,
    what: &str,
    pointer: &str,
    value: Value,
) -> Reply {
    let mut reply = emulated.honest(&call).await;
    let mut answer = json_of(&reply);
    if is(&call, what)
        && reply.status == 200
        && let Some(place) = answer.pointer_mut(pointer)
    {
        *place = value;
        reply.body = answer.to_string().into_bytes();
    }
    reply
}

/// Executes a pipeline once, and only says so afterwards.
pub(crate) async fn once(emulated: &Emulated, call: Call) -> Reply {
    if !is(&call, "POST /platform/pipeline/execute") {
        return emulated.honest(&call).await;
    }
    if emulated.noted("executed").is_none() {
        let reply = emulated.honest(&call).await;
        emulated.note("executed", &String::from_utf8_lossy(&reply.body));
        return reply;
    }
    let mut headers = axum::http::HeaderMap::new();
    headers.insert("content-type", "application/json".parse().unwrap());
    Reply {
        status: 200,
        headers,
        body: emulated.noted("executed").unwrap().into_bytes(),
    }
}

pub(crate) async fn no_language(emulated: &Emulated, mut call: Call) -> Reply {
    call.headers.retain(|(name, _)| name != "dadosfera-lang");
    emulated.honest(&call).await
}

/// A part of a query never arrives.
pub(crate) async fn without_query(emulated: &Emulated, mut call: Call, name: &str) -> Reply {
    if is(&call, "GET /catalog") {
        call.query.retain(|(known, _)| known != name);
    }
    emulated.honest(&call).await
}

/// What was made once is answered again instead of being made again.
pub(crate) async fn merges(emulated: &Emulated, call: Call, what: &str) -> Reply {
    if !is(&call, what) {
        return emulated.honest(&call).await;
    }
    let mut reply = emulated.honest(&call).await;
    match emulated.noted("made") {
        Some(made) => reply.body = made.into_bytes(),
        None => emulated.note("made", &String::from_utf8_lossy(&reply.body)),
    }
    reply
}

/// A connection is read with the password that it was made with.
pub(crate) async fn shows_password(emulated: &Emulated, call: Call) -> Reply {
    let mut reply = emulated.honest(&call).await;
    let mut answer = json_of(&reply);
    if is(&call, "POST /connections") {
        let body = body_of(&call);
        emulated.note(
            "password",
            body["config"]["password"].as_str().unwrap_or(""),
        );
    } else if is(&call, "GET /connections/") && answer.get("config").is_some() {
        answer["config"]["password"] = json!(emulated.noted("password"));
        reply.body = answer.to_string().into_bytes();
    }
    reply
}

pub(crate) async fn no_ranges(emulated: &Emulated, mut call: Call) -> Reply {
    call.headers.retain(|(name, _)| name != "range");
    emulated.honest(&call).await
}

/// Too many users at once are cut to what is allowed.
pub(crate) async fn cuts_users(emulated: &Emulated, mut call: Call) -> Reply {
    if is(&call, "POST /users") {
        let mut body = body_of(&call);
        if let Some(users) = body["users"].as_array_mut() {
            users.truncate(50);
        }
        call.body = Some(body.to_string().into_bytes());
    }
    emulated.honest(&call).await
}

/// A name that is taken is left out, and the others are created.
pub(crate) async fn skips_taken_users(emulated: &Emulated, mut call: Call) -> Reply {
    let reply = emulated.honest(&call).await;
    if !is(&call, "POST /users") || reply.status != 409 {
        return reply;
    }
    let mut body = body_of(&call);
    if let Some(users) = body["users"].as_array_mut() {
        users.pop();
    }
    call.body = Some(body.to_string().into_bytes());
    emulated.honest(&call).await
}
