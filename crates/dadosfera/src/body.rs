//! Bodies: those of answers are read whole up to a limit, or passed on while somebody watches that they go on; those that
//! are streamed up are watched too.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Poll, ready};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures::{Stream as _, stream};
use http_body_util::BodyExt as _;
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

/// A body goes up in pieces of this size at most, so that it shows how far the server takes it.
const PIECE: usize = 64 * 1024;

/// When the server last took of a body that is streamed up; nothing while it is not its turn: the source has nothing to
/// give, or everything was taken.
#[derive(Clone)]
pub(crate) struct Pace(Arc<Mutex<Option<Instant>>>);

/// Passes a body up, and notes when the server takes of it.
pub(crate) fn paced(body: Body) -> (Body, Pace) {
    let pace = Pace(Arc::new(Mutex::new(Some(Instant::now()))));
    let noted = Notes(pace.clone());
    let (mut source, mut rest) = (body.into_data_stream(), Bytes::new());
    let pieces = stream::poll_fn(move |cx| {
        if rest.is_empty() {
            noted.0.set(None);
            match ready!(Pin::new(&mut source).poll_next(cx)) {
                Some(Ok(chunk)) => rest = chunk,
                end => return Poll::Ready(end),
            }
        }
        noted.0.set(Some(Instant::now()));
        let length = rest.len().min(PIECE);
        Poll::Ready(Some(Ok(rest.split_to(length))))
    });
    (Body::wrap_stream(pieces), pace)
}

/// Writes the pace. A body whose length is known is dropped at its end and not asked for more.
struct Notes(Pace);

impl Drop for Notes {
    fn drop(&mut self) {
        self.0.set(None);
    }
}

impl Pace {
    /// Completes once the server took nothing for this long though there was something to take.
    pub(crate) async fn stalled(&self, idle: Duration) {
        loop {
            let last = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let until = last.unwrap_or_else(Instant::now) + idle;
            if until <= Instant::now() {
                return;
            }
            tokio::time::sleep_until(until).await;
        }
    }

    fn set(&self, last: Option<Instant>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = last;
    }
}
