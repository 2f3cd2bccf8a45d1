//! The virtual clock: the only place where this crate reads the time of day.
//!
//! It follows real time until it is held; held or not, it can be advanced. It never goes back by itself.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

/// The clock of one emulator; clones share it.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use std::time::Duration;
///
/// let emulator = dadosfera_emulator::Emulator::builder().hold_clock().start().await?;
/// let clock = emulator.clock();
/// let before = clock.now();
/// clock.advance(Duration::from_secs(31 * 60));
/// assert_eq!((clock.now() - before).num_minutes(), 31);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Clock {
    mode: Arc<Mutex<Mode>>,
}

#[derive(Debug, Clone, Copy)]
enum Mode {
    Follows { ahead: TimeDelta },
    Held { at: DateTime<Utc> },
}

impl Clock {
    /// A clock that follows real time, or starts at `start` and runs as fast as real time.
    pub(crate) fn starting(start: Option<DateTime<Utc>>) -> Self {
        let ahead = start.map_or(TimeDelta::zero(), |start| start - Utc::now());
        Self {
            mode: Arc::new(Mutex::new(Mode::Follows { ahead })),
        }
    }

    /// The virtual time.
    pub fn now(&self) -> DateTime<Utc> {
        now(*self.mode())
    }

    /// Whether the clock stands still until it is advanced.
    pub fn is_held(&self) -> bool {
        matches!(*self.mode(), Mode::Held { .. })
    }

    /// Moves the clock forward; it stops at the end of the year 9998.
    pub fn advance(&self, by: Duration) {
        let mut mode = self.mode();
        let now = now(*mode);
        let target = TimeDelta::from_std(by)
            .ok()
            .and_then(|by| now.checked_add_signed(by))
            .unwrap_or_else(end_of_time)
            .min(end_of_time());
        *mode = match *mode {
            Mode::Held { .. } => Mode::Held { at: target },
            Mode::Follows { ahead } => Mode::Follows {
                ahead: ahead + (target - now),
            },
        };
    }

    /// Stops the clock where it is, at a whole second, so that what follows is easy to reason about.
    pub fn hold(&self) {
        let mut mode = self.mode();
        if let Mode::Follows { .. } = *mode {
            let now = now(*mode);
            let whole = DateTime::from_timestamp(now.timestamp(), 0).unwrap_or(now);
            *mode = Mode::Held { at: whole };
        }
    }

    /// Lets the clock run again, from where it is held.
    pub fn release(&self) {
        let mut mode = self.mode();
        if let Mode::Held { at } = *mode {
            *mode = Mode::Follows {
                ahead: at - Utc::now(),
            };
        }
    }

    fn mode(&self) -> MutexGuard<'_, Mode> {
        self.mode.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn now(mode: Mode) -> DateTime<Utc> {
    match mode {
        Mode::Held { at } => at,
        Mode::Follows { ahead } => Utc::now()
            .checked_add_signed(ahead)
            .unwrap_or_else(end_of_time),
    }
}

/// Four-digit years are the last that RFC 3339 can write.
fn end_of_time() -> DateTime<Utc> {
    DateTime::from_timestamp(253_370_764_799, 0).unwrap_or(DateTime::<Utc>::MAX_UTC)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_held_clock_stands_still_until_it_is_advanced() {
        let clock = Clock::starting(DateTime::from_timestamp(1_700_000_000, 0));
        clock.hold();
        let start = clock.now();
        assert_eq!(clock.now(), start);
        clock.advance(Duration::from_secs(90));
        assert_eq!(clock.now(), start + TimeDelta::seconds(90));
    }

    #[test]
    fn a_released_clock_goes_on_from_where_it_was_held() {
        let clock = Clock::starting(DateTime::from_timestamp(1_700_000_000, 0));
        clock.hold();
        let held = clock.now();
        clock.release();
        let now = clock.now();
        assert!(now >= held && now < held + TimeDelta::seconds(5));
    }

    #[test]
    fn an_advance_beyond_all_time_stops_at_the_end() {
        let clock = Clock::starting(None);
        clock.advance(Duration::MAX);
        clock.hold();
        assert_eq!(clock.now(), end_of_time());
        clock.advance(Duration::from_secs(1));
        assert_eq!(clock.now(), end_of_time());
    }
}
