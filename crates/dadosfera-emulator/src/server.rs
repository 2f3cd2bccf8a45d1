//! The listening socket and its connections.
//!
//! This speaks to hyper itself, since a connection that closes without an answer, and a body that ends too early, are
//! what a web framework is made to prevent. One lock is held for the length of an operation and never across an await.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use chrono::{DateTime, Utc};
use futures::{StreamExt, stream};
use http::{HeaderValue, StatusCode, header};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::admin;
use crate::answer::Answer;
use crate::dispatch::{self, MAX_BODY, Request, RequestBody};
use crate::faults::{self, FaultEffect};
use crate::operations;
use crate::shared::Shared;

/// How much of a body that is too large is read before the connection closes: a client that is still sending would
/// otherwise never see the 413.
const MAX_DRAINED: usize = 16 * MAX_BODY;

type Body = UnsyncBoxBody<Bytes, io::Error>;

/// The connection closes without an answer.
#[derive(Debug, thiserror::Error)]
#[error("the connection is dropped")]
struct Dropped;

/// Serves until it is dropped; its connections end with it.
pub(crate) async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => {
                    connections.spawn(serve_connection(stream, peer, Arc::clone(&shared)));
                }
                // Out of file handles, most likely: waiting is all that helps.
                Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn serve_connection(stream: TcpStream, peer: SocketAddr, shared: Arc<Shared>) {
    // Without it, an answer in two packets waits for the client's acknowledgement.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| handle(Arc::clone(&shared), peer, request));
    // A connection that breaks is the client's affair, or a fault that was asked for.
    let _ = hyper::server::conn::http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

async fn handle(
    shared: Arc<Shared>,
    peer: SocketAddr,
    request: http::Request<Incoming>,
) -> Result<http::Response<Body>, Dropped> {
    let (parts, body) = request.into_parts();
    let request = Request {
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().map(str::to_owned),
        method: parts.method,
        headers: parts.headers,
        body: read_body(body).await?,
    };
    if request.path.starts_with(admin::PREFIX) {
        let answer = if peer.ip().is_loopback() {
            admin::handle(&shared, &request)
        } else {
            admin::forbidden()
        };
        return Ok(whole(answer, shared.clock.now()));
    }
    let found = operations::find(&request.method, &request.path);
    let id = found.as_ref().map(|(operation, _)| operation.id);
    let recorded = shared.record(id, request.method.as_str(), &request.path);
    let effect = shared.faults.take(id);
    if let Some(FaultEffect::Delay(duration)) = effect {
        tokio::time::sleep(duration).await;
    }
    let now = shared.clock.now();
    let answer = match effect {
        Some(FaultEffect::DropBefore) => return Err(Dropped),
        Some(FaultEffect::Status(status)) => faults::error_answer(id, status, request.language()),
        Some(FaultEffect::Html(status)) => faults::html_answer(status),
        Some(FaultEffect::RetryAfter(seconds)) => faults::retry_after_answer(seconds),
        _ => match found {
            Some((operation, params)) => {
                dispatch::dispatch(&mut shared.api(), operation, params, request, now)
            }
            None => dispatch::not_found(&request),
        },
    };
    if effect == Some(FaultEffect::DropAfter) {
        return Err(Dropped);
    }
    shared.record_status(recorded, answer.status.as_u16());
    if effect == Some(FaultEffect::Truncate) {
        return truncated(answer, now);
    }
    Ok(whole(answer, now))
}

async fn read_body(mut body: Incoming) -> Result<RequestBody, Dropped> {
    let mut bytes = BytesMut::new();
    let mut length = 0_usize;
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| Dropped)?.into_data() else {
            continue;
        };
        length = length.saturating_add(data.len());
        if length <= MAX_BODY {
            bytes.extend_from_slice(&data);
        } else if length > MAX_DRAINED {
            break;
        }
    }
    Ok(if length <= MAX_BODY {
        RequestBody::Whole(bytes.freeze())
    } else {
        RequestBody::TooLarge
    })
}

fn whole(answer: Answer, now: DateTime<Utc>) -> http::Response<Body> {
    let (head, bytes) = split(answer, now);
    let body = Full::new(bytes).map_err(|never: Infallible| match never {});
    head.map(|()| body.boxed_unsync())
}

/// Half of the body under the length of the whole, then the end of the connection.
fn truncated(answer: Answer, now: DateTime<Utc>) -> Result<http::Response<Body>, Dropped> {
    let (mut head, bytes) = split(answer, now);
    if bytes.is_empty() {
        return Err(Dropped);
    }
    head.headers_mut()
        .insert(header::CONTENT_LENGTH, HeaderValue::from(bytes.len()));
    let half = bytes.slice(..bytes.len() / 2);
    let rest = stream::once(async {
        // What was written must leave before the connection breaks.
        tokio::time::sleep(Duration::from_millis(20)).await;
        Err(io::Error::other(Dropped))
    });
    let frames = stream::once(async { Ok(Frame::data(half)) }).chain(rest);
    Ok(head.map(|()| BodyExt::boxed_unsync(StreamBody::new(frames))))
}

fn split(answer: Answer, now: DateTime<Utc>) -> (http::Response<()>, Bytes) {
    let mut head = http::Response::new(());
    *head.status_mut() = answer.status;
    let headers = head.headers_mut();
    // The answer's date is the virtual one, as the tokens' times are.
    let date = now.format("%a, %d %b %Y %H:%M:%S GMT").to_string();
    if let Ok(date) = HeaderValue::from_str(&date) {
        headers.insert(header::DATE, date);
    }
    if let Some(media_type) = answer.content.media_type() {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    }
    for (name, value) in answer.headers {
        headers.append(name, value);
    }
    let bytes = match answer.status {
        StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED => Bytes::new(),
        _ => answer.content.into_bytes().into(),
    };
    (head, bytes)
}
