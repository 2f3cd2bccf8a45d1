//! How long a flight may take: a limit of its own, which no caller's is.

use std::future::Future;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::clock::{Clock, Moment};
use crate::error::{Error, ErrorKind};

/// A sign-in or a refresh with its retries. Waiting for a one-time code comes on top.
const FLIGHT: Duration = Duration::from_secs(30);

/// The end of a flight.
#[derive(Debug)]
pub(crate) struct Deadline {
    began: Moment,
    allowed: Mutex<Duration>,
}

impl Deadline {
    pub(crate) fn starting(now: Moment) -> Self {
        Self {
            began: now,
            allowed: Mutex::new(FLIGHT),
        }
    }

    /// Gives more time: for what is no work of ours.
    pub(crate) fn extend(&self, by: Duration) {
        let mut allowed = self.allowed.lock().unwrap_or_else(PoisonError::into_inner);
        *allowed += by;
    }

    /// How much is left.
    pub(crate) fn left(&self, clock: &dyn Clock) -> Duration {
        let allowed = *self.allowed.lock().unwrap_or_else(PoisonError::into_inner);
        allowed.saturating_sub(Moment::now(clock).since(&self.began))
    }

    /// Does a call within what is left.
    pub(crate) async fn keep<T>(
        &self,
        clock: &dyn Clock,
        call: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        match tokio::time::timeout(self.left(clock), call).await {
            Ok(answer) => answer,
            Err(_) => Err(Error::new(ErrorKind::Timeout, "no token came in time")
                .next("look whether the API is up; the next call tries again")),
        }
    }
}
