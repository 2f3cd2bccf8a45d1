//! The one door to time: what the SDK reads and what it sleeps on.
//!
//! Rule: a delay that we choose (backoff, polling, the next TOTP step) and the age of a token go through [`Clock`], so
//! that a test moves through them without waiting. A limit on the network (connect, one attempt) is real time.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::time::{Duration, Instant, SystemTime};

/// The future of [`Clock::sleep`].
pub type Sleep = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Where time comes from. [`SystemClock`] is the usual one; a test can bring its own.
pub trait Clock: fmt::Debug + Send + Sync {
    /// Time since some fixed point, never going back.
    fn monotonic(&self) -> Duration;

    /// The time of day, which may jump.
    fn wall(&self) -> SystemTime;

    /// Completes once `duration` has passed.
    fn sleep(&self, duration: Duration) -> Sleep;
}

/// The machine's clocks.
#[derive(Debug, Clone)]
pub struct SystemClock {
    origin: Instant,
}

impl Default for SystemClock {
    fn default() -> Self {
        Self {
            origin: Instant::now(),
        }
    }
}

impl Clock for SystemClock {
    fn monotonic(&self) -> Duration {
        self.origin.elapsed()
    }

    fn wall(&self) -> SystemTime {
        SystemTime::now()
    }

    fn sleep(&self, duration: Duration) -> Sleep {
        Box::pin(tokio::time::sleep(duration))
    }
}

/// A point on both clocks.
///
/// The elapsed time is the larger of the two: on Linux the monotonic clock stands still while the machine is suspended,
/// and the wall clock may be set back.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment {
    monotonic: Duration,
    wall: SystemTime,
}

impl Moment {
    /// A point that is as good as any where no time is asked for.
    pub(crate) const EPOCH: Self = Self {
        monotonic: Duration::ZERO,
        wall: SystemTime::UNIX_EPOCH,
    };

    pub(crate) fn now(clock: &dyn Clock) -> Self {
        Self {
            monotonic: clock.monotonic(),
            wall: clock.wall(),
        }
    }

    pub(crate) fn since(&self, earlier: &Self) -> Duration {
        let monotonic = self.monotonic.saturating_sub(earlier.monotonic);
        let wall = self.wall.duration_since(earlier.wall).unwrap_or_default();
        monotonic.max(wall)
    }

    /// The time of day.
    pub(crate) const fn wall(&self) -> SystemTime {
        self.wall
    }

    #[cfg(test)]
    pub(crate) const fn at(monotonic: Duration, wall: SystemTime) -> Self {
        Self { monotonic, wall }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_suspended_machine_ages_by_the_wall_clock() {
        let before = Moment::at(10 * SECOND, SystemTime::UNIX_EPOCH);
        let after = Moment::at(11 * SECOND, SystemTime::UNIX_EPOCH + 3600 * SECOND);
        assert_eq!(after.since(&before), 3600 * SECOND);
    }

    #[test]
    fn a_wall_clock_set_back_changes_nothing() {
        let before = Moment::at(10 * SECOND, SystemTime::UNIX_EPOCH + 3600 * SECOND);
        let after = Moment::at(15 * SECOND, SystemTime::UNIX_EPOCH);
        assert_eq!(after.since(&before), 5 * SECOND);
    }
}
