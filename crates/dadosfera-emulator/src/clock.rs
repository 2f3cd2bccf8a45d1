//! The virtual clock: the only place where this crate reads the time of day.
//!
//! It follows real time until it is held; held or not, it can be advanced. It never goes back by itself.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

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
///
/// With a data directory its changes are journaled; one that cannot be does not happen.
#[derive(Debug, Clone)]
pub struct Clock {
    mode: Arc<Mutex<Mode>>,
    journal: Arc<OnceLock<JournalOfClock>>,
}

/// What lets a change of the clock outlive the process; the error says why it cannot.
pub(crate) struct JournalOfClock(
    pub(crate) Box<dyn Fn(Change) -> Result<(), String> + Send + Sync>,
);

/// How a clock runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Mode {
    Follows {
        #[serde(with = "delta")]
        ahead: TimeDelta,
    },
    Held {
        at: DateTime<Utc>,
    },
}

/// What can be done to a clock.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Change {
    Advance(Duration),
    Hold,
    Release,
}

impl fmt::Debug for JournalOfClock {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JournalOfClock")
    }
}

impl Clock {
    /// A clock that follows real time, or starts at `start` and runs as fast as real time.
    pub(crate) fn starting(start: Option<DateTime<Utc>>) -> Self {
        let ahead = start.map_or(TimeDelta::zero(), |start| start - Utc::now());
        Self::in_mode(Mode::Follows { ahead })
    }

    pub(crate) fn in_mode(mode: Mode) -> Self {
        Self {
            mode: Arc::new(Mutex::new(mode)),
            journal: Arc::default(),
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
        let _ = self.change(Change::Advance(by));
    }

    /// Stops the clock where it is, at a whole second, so that what follows is easy to reason about.
    pub fn hold(&self) {
        let _ = self.change(Change::Hold);
    }

    /// Lets the clock run again, from where it is held.
    pub fn release(&self) {
        let _ = self.change(Change::Release);
    }

    /// Does it, or says why it cannot.
    pub(crate) fn change(&self, change: Change) -> Result<(), String> {
        if let Some(journal) = self.journal.get() {
            return (journal.0)(change);
        }
        let mut mode = self.mode();
        *mode = changed(*mode, change);
        Ok(())
    }

    /// How the clock would run after a change.
    pub(crate) fn after(&self, change: Change) -> Mode {
        changed(*self.mode(), change)
    }

    pub(crate) fn set_mode(&self, mode: Mode) {
        *self.mode() = mode;
    }

    /// How the clock runs.
    pub(crate) fn current(&self) -> Mode {
        *self.mode()
    }

    /// From now on, a change goes by this way only.
    pub(crate) fn journal(&self, journal: JournalOfClock) {
        // A clock has one emulator, so it is set once.
        let _ = self.journal.set(journal);
    }

    fn mode(&self) -> MutexGuard<'_, Mode> {
        self.mode.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn changed(mode: Mode, change: Change) -> Mode {
    let now = now(mode);
    match (change, mode) {
        (Change::Advance(by), mode) => {
            let target = TimeDelta::from_std(by)
                .ok()
                .and_then(|by| now.checked_add_signed(by))
                .unwrap_or_else(end_of_time)
                .min(end_of_time());
            match mode {
                Mode::Held { .. } => Mode::Held { at: target },
                Mode::Follows { ahead } => Mode::Follows {
                    ahead: ahead + (target - now),
                },
            }
        }
        (Change::Hold, Mode::Follows { .. }) => {
            let whole = DateTime::from_timestamp(now.timestamp(), 0).unwrap_or(now);
            Mode::Held { at: whole }
        }
        (Change::Release, Mode::Held { at }) => Mode::Follows {
            ahead: at - Utc::now(),
        },
        (Change::Hold | Change::Release, mode) => mode,
    }
}

/// A difference of times as whole seconds and nanoseconds.
mod delta {
    use chrono::TimeDelta;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(delta: &TimeDelta, out: S) -> Result<S::Ok, S::Error> {
        (delta.num_seconds(), delta.subsec_nanos()).serialize(out)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<TimeDelta, D::Error> {
        let (seconds, nanos) = <(i64, i32)>::deserialize(from)?;
        TimeDelta::try_seconds(seconds)
            .and_then(|delta| delta.checked_add(&TimeDelta::nanoseconds(nanos.into())))
            .ok_or_else(|| serde::de::Error::custom("out of range"))
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
