//! Waiting for a run: how often to look, and for how long.

use std::time::Duration;

/// How [`RunHandle::wait_with`](crate::RunHandle::wait_with) waits. The default looks after a second, then ever less
/// often up to every 15 seconds, for an hour.
///
/// ```
/// use std::time::Duration;
///
/// use dadosfera::WaitOptions;
///
/// let patient = WaitOptions::new()
///     .limit(Duration::from_secs(6 * 3600))
///     .pauses(Duration::from_secs(10), Duration::from_secs(60));
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WaitOptions {
    limit: Duration,
    first: Duration,
    longest: Duration,
}

const FACTOR: f64 = 1.5;
/// A pause is between this share of it and the whole, so that many waiters do not look at the same moment.
const JITTER: f64 = 0.8;

impl Default for WaitOptions {
    fn default() -> Self {
        Self {
            limit: Duration::from_secs(3600),
            first: Duration::from_secs(1),
            longest: Duration::from_secs(15),
        }
    }
}

impl WaitOptions {
    /// The default.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How long to wait in all.
    #[must_use]
    pub const fn limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// The first pause, and the longest one. Each is one and a half times the one before it.
    #[must_use]
    pub const fn pauses(mut self, first: Duration, longest: Duration) -> Self {
        self.first = first;
        self.longest = longest;
        self
    }

    pub(crate) const fn time_limit(&self) -> Duration {
        self.limit
    }

    /// The pause before look number `look`, counted from 0. `chance` runs from 0 to 1.
    pub(crate) fn pause(&self, look: u32, chance: f64) -> Duration {
        let exponent = i32::try_from(look.min(64)).unwrap_or(64);
        let whole = self.first.as_secs_f64() * FACTOR.powi(exponent);
        Duration::from_secs_f64(
            whole.min(self.longest.as_secs_f64()) * (JITTER + (1.0 - JITTER) * chance),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_by_half_up_to_the_longest() {
        let options = WaitOptions::new();
        let seconds: Vec<f64> = (0..8)
            .map(|look| options.pause(look, 1.0).as_secs_f64())
            .collect();
        assert_eq!(
            seconds,
            [1.0, 1.5, 2.25, 3.375, 5.0625, 7.59375, 11.390625, 15.0]
        );
        assert_eq!(options.pause(0, 0.0), Duration::from_millis(800));
        assert_eq!(options.pause(u32::MAX, 1.0), Duration::from_secs(15));
    }
}
