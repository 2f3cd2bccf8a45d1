//! The runtime of a blocking client.

use std::fmt;
use std::sync::Arc;

use tokio::runtime::{Builder, Handle, Runtime};

use crate::error::Error;

/// Drives futures on the caller's thread, and what they spawn on one of its own.
#[derive(Clone)]
pub(super) struct Engine(Arc<Owned>);

/// `None` only while it is dropped.
struct Owned(Option<Runtime>);

impl Engine {
    pub(super) fn start() -> Result<Self, Error> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("dadosfera")
            .enable_all()
            .build()
            .map_err(|error| {
                Error::config(
                    "the thread of the blocking client cannot be started",
                    "check how many threads this process may have",
                )
                .with_source(error)
            })?;
        Ok(Self(Arc::new(Owned(Some(runtime)))))
    }

    /// Waits for a future. Within a runtime it is refused, since the thread is not ours to stop.
    pub(super) fn run<F: Future>(&self, future: F) -> Result<F::Output, Error> {
        let refused = || {
            Error::invalid_input(
                "a blocking call within an asynchronous runtime would stop it, so nothing was sent",
                "use dadosfera::Client there and await its calls, or call from a thread of std::thread",
            )
        };
        match &self.0.0 {
            Some(runtime) if Handle::try_current().is_err() => Ok(runtime.block_on(future)),
            _ => Err(refused()),
        }
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            // The last handle may be dropped anywhere, also where a thread must not wait.
            runtime.shutdown_background();
        }
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Engine(..)")
    }
}
