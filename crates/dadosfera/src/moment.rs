//! A point in time on two clocks, and how long it is from one to another.

use std::time::{Duration, SystemTime};

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

    /// The time from `earlier` to this point.
    pub(crate) fn since(&self, earlier: &Self) -> Duration {
        let monotonic = self.monotonic.saturating_sub(earlier.monotonic);
        let wall = self.wall.duration_since(earlier.wall).unwrap_or_default();
        monotonic.max(wall)
    }

    /// The time of day.
    pub(crate) const fn wall(&self) -> SystemTime {
        self.wall
    }

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
