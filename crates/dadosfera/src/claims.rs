//! Which runs are spoken for: two waiters of one client must not take the same run for their own.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

/// More than anybody waits for at once; older ones are forgotten.
const MOST: usize = 10_000;

/// The runs that handles of one client took for their own, the oldest first.
#[derive(Debug, Default)]
pub(crate) struct RunClaims(Mutex<VecDeque<String>>);

impl RunClaims {
    /// Claims a run; tells whether it was free.
    pub(crate) fn claim(&self, pipeline_run_id: &str) -> bool {
        let mut claimed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if claimed.iter().any(|it| it == pipeline_run_id) {
            return false;
        }
        if claimed.len() == MOST {
            claimed.pop_front();
        }
        claimed.push_back(pipeline_run_id.to_owned());
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_claimed_once_and_old_claims_are_forgotten() {
        let claims = RunClaims::default();
        assert!(claims.claim("first"));
        assert!(!claims.claim("first"));
        for number in 0..MOST {
            assert!(claims.claim(&number.to_string()));
        }
        assert!(claims.claim("first"));
    }
}
