//! How much a run may ask of a server, and how fast: counted where requests leave, so that no case can go beyond it.
//!
//! A server that answers 429 again and again has had enough: the run stops there, and what was not tried is incomplete.

use std::num::NonZeroU32;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// This many answers of 429 in a row, each after the wait that the one before asked for, end a run.
const STORM: u32 = 3;
/// The longest wait that a server can ask for; what asks for more has had enough for tonight.
const LONGEST_WAIT: Duration = Duration::from_secs(60);
/// The wait where it asks for none.
const WAIT: Duration = Duration::from_secs(1);

/// The limits of a run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Limits {
    /// How many requests it may send; no limit unless given.
    pub requests: Option<usize>,
    /// How many it may send in a second; no limit unless given.
    pub per_second: Option<NonZeroU32>,
}

/// Counts what is sent, and lets each request wait for its turn.
#[derive(Debug, Default)]
pub struct Pace {
    limits: Limits,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    sent: usize,
    refusals: u32,
    spent: Option<Spent>,
    /// When the next request may leave.
    next: Option<Instant>,
}

/// Why no further request may leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Spent {
    /// As many were sent as may be.
    #[error("the budget of {0} requests is spent; --max-requests gives more")]
    Budget(usize),
    /// The server refuses.
    #[error(
        "the server answered 429 {0} times in a row, after the waits that it asked for, so the run stopped; --rate slows it down"
    )]
    Storm(u32),
}

impl Pace {
    /// A run within these limits.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            state: Mutex::default(),
        }
    }

    /// Waits for the turn of a request. What cleans up is not held back by a spent budget, but by the rate it is.
    pub(crate) async fn turn(&self, cleaning: bool) -> Result<(), Spent> {
        let wait = self.take(Instant::now(), cleaning)?;
        if !wait.is_zero() {
            tokio::time::sleep(wait).await;
        }
        Ok(())
    }

    /// Takes a turn: how long it is until then.
    fn take(&self, now: Instant, cleaning: bool) -> Result<Duration, Spent> {
        let mut state = self.lock();
        if !cleaning {
            if state.refusals >= STORM {
                state.spent = Some(Spent::Storm(state.refusals));
            } else if let Some(most) = self.limits.requests
                && state.sent >= most
            {
                state.spent = Some(Spent::Budget(most));
            }
            if let Some(spent) = state.spent {
                return Err(spent);
            }
        }
        state.sent += 1;
        let Some(per_second) = self.limits.per_second else {
            return Ok(Duration::ZERO);
        };
        let turn = state.next.map_or(now, |next| next.max(now));
        state.next = Some(turn + Duration::from_secs(1) / per_second.get());
        Ok(turn - now)
    }

    /// Notes the status of an answer; how long to wait before the same is sent again, where that may mend it.
    pub(crate) fn saw(&self, status: u16, retry_after: Option<&str>) -> Option<Duration> {
        let mut state = self.lock();
        if status != 429 {
            state.refusals = 0;
            return None;
        }
        state.refusals += 1;
        if state.refusals >= STORM {
            state.spent = Some(Spent::Storm(state.refusals));
            return None;
        }
        let asked = retry_after.and_then(|seconds| seconds.trim().parse().ok());
        Some(asked.map_or(WAIT, |seconds| {
            Duration::from_secs(seconds).min(LONGEST_WAIT)
        }))
    }

    /// Why no further request may leave, once it is so.
    #[must_use]
    pub fn spent(&self) -> Option<Spent> {
        self.lock().spent
    }

    /// Forgets the refusals before a clean-up, which tries its own luck.
    pub(crate) fn forgive(&self) {
        self.lock().refusals = 0;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_is_spent_to_the_last_request_and_not_beyond() {
        let pace = Pace::new(Limits {
            requests: Some(2),
            per_second: None,
        });
        let now = Instant::now();
        assert_eq!(pace.take(now, false), Ok(Duration::ZERO));
        assert_eq!(pace.take(now, false), Ok(Duration::ZERO));
        assert_eq!(
            (pace.spent(), pace.take(now, false)),
            (None, Err(Spent::Budget(2)))
        );
        assert_eq!(pace.spent(), Some(Spent::Budget(2)));
        assert_eq!(pace.take(now, true), Ok(Duration::ZERO), "cleaning goes on");
    }

    #[test]
    fn requests_leave_evenly_and_what_was_not_used_is_not_saved_up() {
        let pace = Pace::new(Limits {
            requests: None,
            per_second: NonZeroU32::new(4),
        });
        let (now, step) = (Instant::now(), Duration::from_millis(250));
        let waits: Vec<_> = (0..3).map(|_| pace.take(now, false)).collect();
        assert_eq!(waits, [Ok(Duration::ZERO), Ok(step), Ok(step * 2)]);
        let later = now + Duration::from_secs(10);
        assert_eq!(pace.take(later, true), Ok(Duration::ZERO));
        assert_eq!(
            pace.take(later, true),
            Ok(step),
            "cleaning keeps the rate too"
        );
    }

    #[test]
    fn three_refusals_in_a_row_end_it_and_two_do_not() {
        let pace = Pace::default();
        for (status, after, wait) in [
            (429, None, Some(WAIT)),
            (429, Some("7"), Some(Duration::from_secs(7))),
            (200, None, None),
            (429, Some("86400"), Some(LONGEST_WAIT)),
            (429, Some("soon"), Some(WAIT)),
        ] {
            assert_eq!(pace.saw(status, after), wait);
            assert_eq!(pace.take(Instant::now(), false), Ok(Duration::ZERO));
        }
        assert_eq!(pace.saw(429, Some("0")), None);
        assert_eq!(pace.take(Instant::now(), false), Err(Spent::Storm(3)));
        assert_eq!(pace.spent(), Some(Spent::Storm(3)));
    }
}
