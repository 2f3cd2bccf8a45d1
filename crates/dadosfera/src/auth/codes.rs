//! A callback that is asked for one-time codes.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use dadosfera_raw::Secret;

type Answer = Pin<Box<dyn Future<Output = Option<Secret>> + Send>>;

/// Asks somebody for the code that the authenticator shows now.
#[derive(Clone)]
pub(crate) struct CodeCallback(Arc<dyn Fn() -> Answer + Send + Sync>);

impl CodeCallback {
    pub(crate) fn new<F>(callback: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Option<Secret>> + Send + 'static,
    {
        Self(Arc::new(move || Box::pin(callback())))
    }

    pub(crate) async fn ask(&self) -> Option<Secret> {
        (self.0)().await
    }
}

impl fmt::Debug for CodeCallback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CodeCallback(..)")
    }
}
