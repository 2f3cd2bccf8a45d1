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
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt, stream};
use http::{HeaderValue, StatusCode, header};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::admin;
use crate::answer::{Answer, Content};
use crate::changes::Change;
use crate::consent;
use crate::content::{self, Source};
use crate::dispatch::{self, MAX_BODY, Request, RequestBody};
use crate::faults::FaultEffect;
use crate::line::{Line, Switch};
use crate::mishap;
use crate::mutations::Mutation;
use crate::operations::{self, BodyKind, Handle, Operation};
use crate::shared::Shared;
use crate::upload::{self, Failed};

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
    let switch = Switch::new();
    let line = Line::new(stream, switch.clone());
    let service =
        service_fn(move |request| handle(Arc::clone(&shared), peer, switch.clone(), request));
    // A connection that breaks is the client's affair, or a fault that was asked for.
    let _ = hyper::server::conn::http1::Builder::new()
        .serve_connection(TokioIo::new(line), service)
        .await;
}

async fn handle(
    shared: Arc<Shared>,
    peer: SocketAddr,
    switch: Switch,
    request: http::Request<Incoming>,
) -> Result<http::Response<Body>, Dropped> {
    let (parts, mut body) = request.into_parts();
    let found = operations::find(&parts.method, parts.uri.path());
    let form = found
        .as_ref()
        .map(|(operation, _)| *operation)
        .filter(|operation| operation.body == BodyKind::Form);
    let mut request = Request {
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().map(str::to_owned),
        method: parts.method,
        headers: parts.headers,
        body: match form {
            Some(_) => RequestBody::Whole(Bytes::new()),
            None => read_body(&mut body).await?,
        },
    };
    if request.path.starts_with(admin::PREFIX) {
        let answer = if !peer.ip().is_loopback() {
            admin::forbidden()
        } else if request.path == consent::PATH {
            consent::handle(&shared, &request).await
        } else {
            admin::handle(&shared, &request)
        };
        return Ok(whole(answer, shared.clock.now()));
    }
    let id = found.as_ref().map(|(operation, _)| operation.id);
    let recorded = shared.record(id, request.method.as_str(), &request.path);
    let effect = shared.faults.take(id);
    if let Some(FaultEffect::Delay(duration)) = effect {
        tokio::time::sleep(duration).await;
    }
    if let Some(operation) = form {
        // A fault that keeps the operation from its effect keeps the form from being read, too.
        let unaffected = effect.as_ref().is_none_or(FaultEffect::lets_happen);
        request.body = if unaffected {
            read_form(&shared, operation, &request, &mut body).await?
        } else {
            RequestBody::Form(Vec::new())
        };
        drain(&mut body).await;
    }
    let now = shared.clock.now();
    if id == Some("get_health") && shared.api().options.has(Mutation::ConnectionIsDropped) {
        return Err(Dropped);
    }
    if let Some(FaultEffect::ResetBefore | FaultEffect::ResetAfter) = effect {
        switch.reset();
    }
    if let Some(FaultEffect::DropBefore | FaultEffect::ResetBefore) = effect {
        return Err(Dropped);
    }
    let fault = effect.as_ref();
    let answer = match fault.and_then(|it| mishap::instead(it, id, request.language(), now)) {
        Some(answer) => answer,
        None => match found {
            Some((operation, params)) => {
                let answer = perform(&shared, operation, params, request, fault).await;
                mishap::afterwards(fault, answer)
            }
            None => dispatch::not_found(&request),
        },
    };
    let answer = worked_out(answer).await?;
    if let Some(FaultEffect::DropAfter | FaultEffect::ResetAfter) = effect {
        return Err(Dropped);
    }
    shared.record_status(recorded, answer.status.as_u16());
    match effect {
        Some(FaultEffect::Truncate) => truncated(answer, now),
        Some(FaultEffect::SlowBody(pause)) => Ok(slow(answer, now, pause)),
        Some(FaultEffect::TornHead) => {
            switch.cut_after("HTTP/1".len());
            Ok(whole(answer, now))
        }
        _ => Ok(whole(answer, now)),
    }
}

/// Runs an operation: a read right now, a write when its turn comes.
async fn perform(
    shared: &Shared,
    operation: &'static Operation,
    params: Vec<String>,
    request: Request,
    fault: Option<&FaultEffect>,
) -> Answer {
    let expired = mishap::beforehand(fault, &shared.api().tokens, &request);
    if let Some(change) = expired {
        let answer = shared.change(change).await;
        if !answer.status.is_success() {
            return answer;
        }
    }
    if let Err(answer) = shared.catch_up().await {
        return answer;
    }
    let intent = {
        let api = shared.api();
        let now = api.world.at(shared.clock.now());
        match operation.handle {
            Handle::Reads(handle) => {
                return dispatch::read(&api, operation, handle, params, request, now);
            }
            Handle::Writes(_) => dispatch::intend(&api, operation, params, request, now),
        }
    };
    match intent {
        Ok(mut intent) => {
            intent.token_life = mishap::token_life(fault);
            shared.change(Change::Request(Box::new(intent))).await
        }
        Err(answer) => answer,
    }
}

async fn read_body(body: &mut Incoming) -> Result<RequestBody, Dropped> {
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

/// The files of a form, if whoever sends it may call the operation.
async fn read_form(
    shared: &Shared,
    operation: &Operation,
    request: &Request,
    body: &mut Incoming,
) -> Result<RequestBody, Dropped> {
    let max_bytes = {
        let api = shared.api();
        let now = api.world.at(shared.clock.now());
        if let Err(answer) = dispatch::admit(&api, operation, request, now) {
            return Ok(RequestBody::Refused(answer));
        }
        if api.options.has(Mutation::UploadWithoutLimit) {
            u64::MAX
        } else {
            api.options.max_upload_bytes
        }
    };
    match upload::receive(&request.headers, body, &shared.uploads, max_bytes).await {
        Ok(uploads) => Ok(RequestBody::Form(uploads)),
        Err(Failed::Told(answer)) => Ok(RequestBody::Refused(answer)),
        Err(Failed::Broken) => Err(Dropped),
    }
}

/// Reads on where a form was refused: a client that is still sending would otherwise never see why.
async fn drain(body: &mut Incoming) {
    let mut drained = 0_usize;
    while drained <= MAX_DRAINED
        && let Some(Ok(frame)) = body.frame().await
    {
        drained = drained.saturating_add(frame.data_ref().map_or(0, Bytes::len));
    }
}

/// The answer itself, where it was put off until nobody waits for the API.
async fn worked_out(answer: Answer) -> Result<Answer, Dropped> {
    match answer.content {
        Content::Later(later) => tokio::task::spawn_blocking(move || later.answer())
            .await
            .map_err(|_| Dropped),
        _ => Ok(answer),
    }
}

fn whole(answer: Answer, now: DateTime<Utc>) -> http::Response<Body> {
    let (mut head, source) = split(answer, now);
    let body = match source {
        Source::Memory(bytes) => Full::new(bytes)
            .map_err(|never: Infallible| match never {})
            .boxed_unsync(),
        Source::File(_) => {
            let length = HeaderValue::from(source.length());
            head.headers_mut().insert(header::CONTENT_LENGTH, length);
            StreamBody::new(frames(source)).boxed_unsync()
        }
    };
    head.map(|()| body)
}

/// Half of the body under the length of the whole, then the end of the connection.
fn truncated(answer: Answer, now: DateTime<Utc>) -> Result<http::Response<Body>, Dropped> {
    let (mut head, source) = split(answer, now);
    if source.length() == 0 {
        return Err(Dropped);
    }
    let length = HeaderValue::from(source.length());
    head.headers_mut().insert(header::CONTENT_LENGTH, length);
    let rest = stream::once(async {
        // What was written must leave before the connection breaks.
        tokio::time::sleep(Duration::from_millis(20)).await;
        Err(io::Error::other(Dropped))
    });
    let frames = frames(source.halves().0).chain(rest);
    Ok(head.map(|()| BodyExt::boxed_unsync(StreamBody::new(frames))))
}

/// Half of the body at once, the rest after a pause.
fn slow(answer: Answer, now: DateTime<Utc>, pause: Duration) -> http::Response<Body> {
    let (mut head, source) = split(answer, now);
    let length = HeaderValue::from(source.length());
    head.headers_mut().insert(header::CONTENT_LENGTH, length);
    let (first, rest) = source.halves();
    let rest = stream::once(async move {
        tokio::time::sleep(pause).await;
        frames(rest)
    });
    let frames = frames(first).chain(rest.flatten());
    head.map(|()| BodyExt::boxed_unsync(StreamBody::new(frames)))
}

fn frames(source: Source) -> BoxStream<'static, io::Result<Frame<Bytes>>> {
    match source {
        Source::Memory(bytes) => stream::once(async { Ok(Frame::data(bytes)) }).boxed(),
        Source::File(part) => content::pieces(part).map_ok(Frame::data).boxed(),
    }
}

fn split(answer: Answer, now: DateTime<Utc>) -> (http::Response<()>, Source) {
    let mut head = http::Response::new(());
    *head.status_mut() = answer.status;
    let headers = head.headers_mut();
    // The answer's date is the virtual one, as the tokens' times are.
    if let Ok(date) = HeaderValue::from_str(&mishap::http_date(now)) {
        headers.insert(header::DATE, date);
    }
    if let Some(media_type) = answer.content.media_type() {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    }
    for (name, value) in answer.headers {
        headers.append(name, value);
    }
    let source = match answer.status {
        StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED => Source::Memory(Bytes::new()),
        _ => Source::of(answer.content),
    };
    (head, source)
}
