//! A server of our own that stands before another: it lets a client that we do not drive be watched, or be lied to.

use std::future::Future;
use std::io;
use std::net::Ipv4Addr;
use std::pin::Pin;
use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use axum::routing::any;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::engine::{Call, Client, ClientError, Sign};

/// A future on the heap.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The headers that say who sends a request, and the variables that stand for them in what is printed.
const SIGNING: [(&str, &str); 2] = [("authorization", "TOKEN"), ("x-api-key", "API_KEY")];
/// What belongs to one connection, not to the request.
const OF_THE_CONNECTION: [&str; 4] = ["host", "content-length", "connection", "transfer-encoding"];
const MAX_BODY: usize = 8 * 1024 * 1024;

/// What a front answers.
#[derive(Debug, Clone)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Vec<u8>,
}

/// What stands behind a front.
pub trait Behind: Send + Sync + 'static {
    /// Answers a request; an error becomes a connection that is closed without an answer's body (502).
    fn serve(&self, call: Call) -> BoxFuture<'_, Result<Reply, String>>;
}

/// A running front; it stops when it is dropped.
#[derive(Debug)]
pub struct Front {
    base_url: String,
    server: JoinHandle<()>,
}

/// Sends on to a client of the engine, so that everything is guarded, checked and noted.
#[derive(Debug)]
pub struct Tap(pub Client);

impl Front {
    /// Starts one on a free port of this machine.
    ///
    /// # Errors
    /// Where no port can be listened on.
    pub async fn start(behind: Arc<dyn Behind>) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let base_url = format!("http://{}", listener.local_addr()?);
        let router = axum::Router::new().fallback(any(handle)).with_state(behind);
        let server = tokio::spawn(async move {
            // It ends when the front is dropped; nobody is left to hear how.
            let _ = axum::serve(listener, router).await;
        });
        Ok(Self { base_url, server })
    }

    /// Where it listens.
    #[must_use]
    pub fn base_url(&self) -> &str {
        &self.base_url
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Behind for Tap {
    fn serve(&self, mut call: Call) -> BoxFuture<'_, Result<Reply, String>> {
        Box::pin(async move {
            let document = self.0.contract().document();
            let matching = document.matching(&call.method, &call.path);
            call.operation = matching.map(|operation| operation.id.clone());
            match self.0.send(&call).await {
                Ok(answer) => Ok(Reply {
                    status: answer.status,
                    headers: answer.headers,
                    body: answer.body,
                }),
                Err(error @ (ClientError::ReadOnly(_) | ClientError::Refused { .. })) => {
                    Ok(Reply {
                        status: 405,
                        headers: HeaderMap::new(),
                        body: error.to_string().into_bytes(),
                    })
                }
                Err(error) => Err(error.to_string()),
            }
        })
    }
}

async fn handle(State(behind): State<Arc<dyn Behind>>, request: Request) -> Response<Body> {
    let reply = match read(request).await {
        Ok(call) => behind.serve(call).await,
        Err(error) => Err(error.to_string()),
    };
    let reply = reply.unwrap_or_else(|why| Reply {
        status: 502,
        headers: HeaderMap::new(),
        body: why.into_bytes(),
    });
    let mut response = Response::new(Body::from(reply.body));
    *response.status_mut() = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::BAD_GATEWAY);
    for (name, value) in &reply.headers {
        if !OF_THE_CONNECTION.contains(&name.as_str()) {
            response.headers_mut().append(name.clone(), value.clone());
        }
    }
    response
        .headers_mut()
        .insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

async fn read(request: Request) -> Result<Call, axum::Error> {
    let (parts, body) = request.into_parts();
    let mut call = Call::undescribed(parts.method.as_str(), parts.uri.path());
    if let Some(url) = parts
        .uri
        .query()
        .and_then(|query| reqwest::Url::parse(&format!("http://localhost/?{query}")).ok())
    {
        call.query = url.query_pairs().into_owned().collect();
    }
    let mut sign = Sign::none();
    for (name, value) in &parts.headers {
        let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
        if let Some((name, variable)) = SIGNING.iter().find(|(known, _)| *known == name.as_str()) {
            sign = sign.with(name, &value, variable);
        } else if !OF_THE_CONNECTION.contains(&name.as_str()) {
            call.headers.push((name.as_str().to_owned(), value));
        }
    }
    call.sign = sign;
    let body = to_bytes(body, MAX_BODY).await?;
    if !body.is_empty() {
        call.body = Some(body.to_vec());
    }
    Ok(call)
}
