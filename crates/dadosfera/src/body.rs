//! Bodies of answers: read whole up to a limit, or passed on while somebody watches that they go on.

use std::io;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures::stream;
use reqwest::{Body, Response};
use tokio::time::Instant;

/// A body that was read.
pub(crate) enum Read {
    Whole(Bytes),
    /// As much as was read.
    TooLarge(Bytes),
}

/// Why a body could not be read whole.
pub(crate) enum Broken {
    /// Nothing came for too long.
    Idle,
    Network(reqwest::Error),
}

/// Reads a body whole, unless it is larger than `largest` or pauses for longer than `idle`.
pub(crate) async fn read(
    response: &mut Response,
    largest: usize,
    idle: Duration,
) -> Result<Read, Broken> {
    let mut body = BytesMut::new();
    loop {
        let chunk = match tokio::time::timeout(idle, response.chunk()).await {
            Err(_) => return Err(Broken::Idle),
            Ok(Err(error)) => return Err(Broken::Network(error)),
            Ok(Ok(None)) => return Ok(Read::Whole(body.freeze())),
            Ok(Ok(Some(chunk))) => chunk,
        };
        if body.len() + chunk.len() > largest {
            return Ok(Read::TooLarge(body.freeze()));
        }
        body.extend_from_slice(&chunk);
    }
}

/// Passes a body on. It ends in a timeout where it pauses for longer than `idle`, or goes on for longer than `limit`.
pub(crate) fn watched(mut response: Response, idle: Duration, limit: Option<Duration>) -> Response {
    let deadline = limit.map(|limit| Instant::now() + limit);
    let (status, headers) = (response.status(), std::mem::take(response.headers_mut()));
    let chunks = stream::unfold(Some(response), move |response| async move {
        let mut response = response?;
        let pause = Instant::now() + idle;
        let until = deadline.map_or(pause, |deadline| deadline.min(pause));
        match tokio::time::timeout_at(until, response.chunk()).await {
            Ok(Ok(chunk)) => Some((Ok(chunk?), Some(response))),
            Ok(Err(error)) => Some((Err(io::Error::other(error.without_url())), None)),
            Err(_) => Some((Err(io::ErrorKind::TimedOut.into()), None)),
        }
    });
    let mut passed = http::Response::new(Body::wrap_stream(chunks));
    *passed.status_mut() = status;
    *passed.headers_mut() = headers;
    passed.into()
}
