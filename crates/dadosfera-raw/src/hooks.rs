//! The seam between the generated client and whoever sends its requests.
//!
//! Every generated operation runs through `pre` (the path guard) and `exec` (the [`Transport`]).

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use progenitor_client::{ClientHooks, ClientInfo, Error, OperationInfo};

use crate::encode::is_marked;
use crate::generated::Client;
use crate::operation::{Op, op};

/// A future on the heap: `dyn` transports need one, and a transport may call the client again.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Sends the requests of the generated client.
///
/// An implementation may sign, retry and time out as it likes; it sees each operation's [`Op`].
pub trait Transport: Send + Sync {
    /// Sends one request of the operation `op` and answers what came back.
    ///
    /// # Errors
    /// Those of `http`: nothing else can make a [`reqwest::Error`]. A transport that has an error of its own answers a
    /// response with a status that no operation declares and the error in its extensions.
    fn call<'a>(
        &'a self,
        http: &'a reqwest::Client,
        request: reqwest::Request,
        op: &'static Op,
    ) -> BoxFuture<'a, reqwest::Result<reqwest::Response>>;
}

/// Sends each request once, as it is: no credentials, no retry.
#[derive(Debug, Clone, Copy, Default)]
pub struct Direct;

impl Transport for Direct {
    fn call<'a>(
        &'a self,
        http: &'a reqwest::Client,
        request: reqwest::Request,
        _op: &'static Op,
    ) -> BoxFuture<'a, reqwest::Result<reqwest::Response>> {
        Box::pin(http.execute(request))
    }
}

/// The transport inside a generated [`Client`].
#[derive(Clone)]
pub struct Inner(Arc<dyn Transport>);

impl Inner {
    /// Wraps a transport.
    pub fn new(transport: impl Transport + 'static) -> Self {
        Self(Arc::new(transport))
    }
}

impl From<Arc<dyn Transport>> for Inner {
    fn from(transport: Arc<dyn Transport>) -> Self {
        Self(transport)
    }
}

impl fmt::Debug for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Inner(..)")
    }
}

impl ClientHooks<Inner> for Client {
    async fn pre<E>(
        &self,
        request: &mut reqwest::Request,
        info: &OperationInfo,
    ) -> Result<(), Error<E>> {
        if is_marked(request.url()) {
            return Err(Error::InvalidRequest(format!(
                "{}: an id in the path is empty, `.` or `..`, which no server could have made; pass the id that the API answered",
                info.operation_id
            )));
        }
        Ok(())
    }

    async fn exec(
        &self,
        request: reqwest::Request,
        info: &OperationInfo,
    ) -> reqwest::Result<reqwest::Response> {
        send(self.client(), self.inner(), request, op(info.operation_id)).await
    }
}

/// Hands a request to the transport.
pub(crate) async fn send(
    http: &reqwest::Client,
    inner: &Inner,
    request: reqwest::Request,
    op: Option<&'static Op>,
) -> reqwest::Result<reqwest::Response> {
    let Some(op) = op else {
        // Client and table come from one description, so there is a row; without one nothing special is known.
        return http.execute(request).await;
    };
    inner.0.call(http, request, op).await
}
