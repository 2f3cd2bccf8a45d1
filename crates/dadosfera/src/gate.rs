//! The gate: after a 429 nothing is sent to the server until the pause that it asked for is over.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::clock::Moment;

/// The gate of one server.
#[derive(Debug, Default)]
pub(crate) struct Gate(Mutex<Option<(Moment, Duration)>>);

impl Gate {
    pub(crate) fn close(&self, now: Moment, pause: Duration) {
        let mut closed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_longer =
            closed.is_none_or(|(since, current)| current.saturating_sub(now.since(&since)) < pause);
        if is_longer {
            *closed = Some((now, pause));
        }
    }

    /// How long it stays closed.
    pub(crate) fn pause(&self, now: Moment) -> Option<Duration> {
        let mut closed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (since, pause) = (*closed)?;
        let left = pause.saturating_sub(now.since(&since));
        if left.is_zero() {
            *closed = None;
            return None;
        }
        Some(left)
    }
}
