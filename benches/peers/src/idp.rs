//! A pretended identity provider and the API behind it, on loopback: it speaks each subject's protocol, and counts.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::extract::{OriginalUri, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use data_encoding::BASE64URL_NOPAD;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// How long the API takes for an answer.
const API_LATENCY: Duration = Duration::from_millis(20);

/// How the provider behaves from now on.
#[derive(Debug, Clone, Copy)]
pub struct Mood {
    /// How long it thinks about each request.
    pub latency: Duration,
    /// Whether it answers 503.
    pub is_down: bool,
    /// The life of the tokens that it gives.
    pub life: Duration,
}

/// The provider. Clones are the same one.
#[derive(Debug, Clone)]
pub struct Idp(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    mood: Mutex<Mood>,
    started: AtomicU64,
    completed: AtomicU64,
    /// The number of the last token that was given.
    given: AtomicU64,
    /// Tokens up to this one are no longer taken by the API.
    revoked: AtomicU64,
    url: String,
    server: Mutex<Option<JoinHandle<()>>>,
}

/// A token as it was given.
#[derive(Debug, Clone)]
pub struct Given {
    pub token: String,
    pub expires_at: SystemTime,
}

impl Idp {
    pub async fn start(mood: Mood) -> std::io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let idp = Self(Arc::new(Inner {
            mood: Mutex::new(mood),
            started: AtomicU64::new(0),
            completed: AtomicU64::new(0),
            given: AtomicU64::new(0),
            revoked: AtomicU64::new(0),
            url: format!("http://{}", listener.local_addr()?),
            server: Mutex::new(None),
        }));
        let app = Router::new().fallback(answer).with_state(idp.clone());
        let server = tokio::spawn(async move {
            // It ends with the scenario that started it.
            let _ = axum::serve(listener, app).await;
        });
        *idp.0.server.lock().unwrap_or_else(PoisonError::into_inner) = Some(server);
        Ok(idp)
    }

    pub fn stop(&self) {
        let mut server = self.0.server.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(server) = server.take() {
            server.abort();
        }
    }

    pub fn url(&self) -> &str {
        &self.0.url
    }

    pub fn set(&self, mood: Mood) {
        *self.0.mood.lock().unwrap_or_else(PoisonError::into_inner) = mood;
    }

    fn mood(&self) -> Mood {
        *self.0.mood.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Token requests that arrived and that were answered, since the last call.
    pub fn take_counts(&self) -> (u64, u64) {
        (
            self.0.started.swap(0, Ordering::SeqCst),
            self.0.completed.swap(0, Ordering::SeqCst),
        )
    }

    /// From now on the API takes only tokens that are given later.
    pub fn revoke(&self) {
        let given = self.0.given.load(Ordering::SeqCst);
        self.0.revoked.store(given, Ordering::SeqCst);
    }

    /// Gives a token, after the latency, or does not.
    pub async fn give(&self) -> Result<Given, StatusCode> {
        self.0.started.fetch_add(1, Ordering::SeqCst);
        let mood = self.mood();
        tokio::time::sleep(mood.latency).await;
        let given = if mood.is_down {
            Err(StatusCode::SERVICE_UNAVAILABLE)
        } else {
            let number = self.0.given.fetch_add(1, Ordering::SeqCst) + 1;
            let now = SystemTime::now();
            let expires_at = now + mood.life;
            Ok(Given {
                token: jwt(number, now, expires_at),
                expires_at,
            })
        };
        self.0.completed.fetch_add(1, Ordering::SeqCst);
        given
    }

    /// Whether the API takes this `Authorization` header, with or without a scheme.
    pub async fn accepts(&self, authorization: &str) -> bool {
        tokio::time::sleep(API_LATENCY).await;
        let number = authorization
            .rsplit('.')
            .next()
            .and_then(|tail| tail.strip_prefix("sig"))
            .and_then(|number| number.parse::<u64>().ok());
        number.is_some_and(|number| number > self.0.revoked.load(Ordering::SeqCst))
    }
}

/// Each subject's way to a token is a path of its own; every other path is the API.
async fn answer(
    State(idp): State<Idp>,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
) -> Response {
    let path = uri.path();
    let is_token = path.starts_with("/computeMetadata")
        || path.starts_with("/app/installations")
        || ["/msi", "/token", "/auth/sign-in", "/auth/refresh"].contains(&path);
    if !is_token {
        return api(&idp, path, &headers).await;
    }
    let given = match idp.give().await {
        Ok(given) => given,
        Err(status) => return (status, Json(json!({"message": "down"}))).into_response(),
    };
    let expires = seconds(given.expires_at);
    let left = expires.saturating_sub(seconds(SystemTime::now()));
    let token = given.token.clone();
    let body = match path {
        "/auth/sign-in" => json!({
            "tokens": {"accessToken": token, "refreshToken": format!("r{token}")},
        "customer": {"id": "c", "name": "acme_corp"},
            "permissions": [], "mfaStatus": "none",
        }),
        "/auth/refresh" => json!({"tokens": {"accessToken": token}}),
        "/msi" => {
            json!({"access_token": token, "expires_on": expires.to_string(), "token_type": "Bearer", "resource": "r"})
        }
        path if path.starts_with("/app/") => json!({
            "token": token,
            "expires_at": rfc3339(given.expires_at),
            "permissions": {},
        }),
        _ => json!({"access_token": token, "expires_in": left, "token_type": "Bearer"}),
    };
    let status = if path.starts_with("/app/") {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    (status, [("metadata-flavor", "Google")], Json(body)).into_response()
}

async fn api(idp: &Idp, path: &str, headers: &HeaderMap) -> Response {
    let authorization = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    if !idp.accepts(authorization).await {
        let body = json!({"message": "Unauthorized", "statusCode": 401});
        return (StatusCode::UNAUTHORIZED, Json(body)).into_response();
    }
    if path.starts_with("/blobs/") {
        let headers = [
            (header::ETAG, "\"1\""),
            (header::LAST_MODIFIED, "Tue, 24 Nov 2026 10:00:00 GMT"),
        ];
        return (headers, "blob").into_response();
    }
    Json(json!([])).into_response()
}

/// A token whose signature is its number: nobody here verifies it, and the API reads it.
fn jwt(number: u64, issued: SystemTime, expires: SystemTime) -> String {
    let header = BASE64URL_NOPAD.encode(br#"{"alg":"ES512","typ":"JWT"}"#);
    let claims = json!({"iat": seconds(issued), "exp": seconds(expires)});
    let claims = BASE64URL_NOPAD.encode(claims.to_string().as_bytes());
    format!("{header}.{claims}.sig{number}")
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs()
}

fn rfc3339(time: SystemTime) -> String {
    chrono::DateTime::<chrono::Utc>::from(time).to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}
