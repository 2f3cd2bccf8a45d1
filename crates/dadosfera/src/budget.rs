//! The retry budget: how much more a client may send than it was asked to.
//!
//! Rule: within ten seconds, retries are at most a fifth of the calls, and ten more, so that a client that calls seldom can
//! retry too. When a server is down, its clients then send it 1.2 times of what they did, and not four times. It is looked
//! at before the sleep of a backoff and taken from after it: whoever slept may find that others took the rest.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

const SECONDS: usize = 10;
/// What a retry costs, in shares; a call brings one.
const COST: i64 = 5;
/// Retries that no call has to bring.
const RESERVE: i64 = 10 * COST;

/// The budget of one client. Clones of the client share it.
#[derive(Debug, Default)]
pub(crate) struct Budget(Mutex<[Second; SECONDS]>);

/// What one second brought, less what it cost.
#[derive(Debug, Clone, Copy, Default)]
struct Second {
    number: u64,
    shares: i64,
}

impl Budget {
    /// Notes a call. `now` is monotonic.
    pub(crate) fn deposit(&self, now: Duration) {
        add(&mut self.seconds(), now, 1);
    }

    /// Whether a retry can be paid for now.
    pub(crate) fn has_one(&self, now: Duration) -> bool {
        balance(&self.seconds(), now) >= COST
    }

    /// Pays for a retry, or tells that it cannot be paid for.
    pub(crate) fn withdraw(&self, now: Duration) -> bool {
        let mut seconds = self.seconds();
        let is_paid = balance(&seconds, now) >= COST;
        if is_paid {
            add(&mut seconds, now, -COST);
        }
        is_paid
    }

    fn seconds(&self) -> MutexGuard<'_, [Second; SECONDS]> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn add(seconds: &mut [Second; SECONDS], now: Duration, shares: i64) {
    let number = now.as_secs();
    // The remainder is smaller than the number of seconds, so it fits.
    let index = usize::try_from(number % SECONDS as u64).unwrap_or_default();
    let second = &mut seconds[index];
    if second.number != number {
        *second = Second { number, shares: 0 };
    }
    second.shares += shares;
}

fn balance(seconds: &[Second; SECONDS], now: Duration) -> i64 {
    let oldest = now.as_secs().saturating_sub(SECONDS as u64 - 1);
    let recent = seconds.iter().filter(|second| second.number >= oldest);
    RESERVE + recent.map(|second| second.shares).sum::<i64>()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drained(budget: &Budget, now: Duration) -> usize {
        std::iter::repeat_with(|| budget.withdraw(now))
            .take_while(|is_paid| *is_paid)
            .count()
    }

    #[test]
    fn a_client_that_never_called_has_ten_retries() {
        let budget = Budget::default();
        assert_eq!(drained(&budget, Duration::ZERO), 10);
        assert!(!budget.has_one(Duration::ZERO));
    }

    #[test]
    fn five_calls_pay_for_one_retry_more() {
        let budget = Budget::default();
        for _ in 0..100 {
            budget.deposit(Duration::from_secs(3));
        }
        assert_eq!(drained(&budget, Duration::from_secs(4)), 30);
    }

    #[test]
    fn what_was_taken_is_there_again_ten_seconds_later() {
        let budget = Budget::default();
        let start = Duration::from_secs(1000);
        assert_eq!(drained(&budget, start), 10);
        assert_eq!(drained(&budget, start + Duration::from_secs(9)), 0);
        assert_eq!(drained(&budget, start + Duration::from_secs(10)), 10);
    }

    #[test]
    fn calls_of_long_ago_pay_for_nothing() {
        let budget = Budget::default();
        for _ in 0..100 {
            budget.deposit(Duration::ZERO);
        }
        assert_eq!(drained(&budget, Duration::from_secs(60)), 10);
    }
}
