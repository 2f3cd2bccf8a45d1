//! What may be tried again, and when: pure rules for the attempt loop in `transport.rs`.
//!
//! | what happened | tried again |
//! |---|---|
//! | no connection was made | always: nothing was sent |
//! | 429 | always: it was not processed |
//! | 502, 503, 504, a timeout, a broken connection, half an answer | where the operation is idempotent |
//! | anything else | never |
//!
//! Three times unless told otherwise, after 0.2 s · 2ⁿ up to 20 s with full jitter, or after what the server asks for, up
//! to a minute. Beside that, `budget.rs` bounds what a client repeats in all.

use std::time::{Duration, SystemTime};

use reqwest::header::{HeaderMap, RETRY_AFTER};

use crate::error::Error;

const FIRST: Duration = Duration::from_millis(200);
const LONGEST: Duration = Duration::from_secs(20);
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(60);

/// An attempt that failed.
#[derive(Debug, Clone)]
pub(crate) struct Failure {
    pub(crate) error: Error,
    pub(crate) retry: Retry,
}

/// When a failure may be tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Retry {
    Never,
    /// The request may have taken effect.
    IfIdempotent,
    /// The request was not processed.
    Always,
    /// The credentials were not accepted: another token may be.
    WithOtherToken,
}

impl Failure {
    pub(crate) fn never(error: Error) -> Self {
        Self {
            error,
            retry: Retry::Never,
        }
    }

    pub(crate) fn if_idempotent(error: Error) -> Self {
        Self {
            error,
            retry: Retry::IfIdempotent,
        }
    }

    /// Whether sending it again does no harm.
    pub(crate) const fn may_repeat(&self, is_idempotent: bool) -> bool {
        match self.retry {
            Retry::Always => true,
            Retry::IfIdempotent => is_idempotent,
            Retry::Never | Retry::WithOtherToken => false,
        }
    }

    /// How long to wait before the next attempt, or nothing where there is none. `chance` runs from 0 to 1.
    pub(crate) fn delay(
        &self,
        is_idempotent: bool,
        retries: u32,
        most: u32,
        chance: f64,
    ) -> Option<Duration> {
        let asked = self.error.retry_after().unwrap_or_default();
        if !self.may_repeat(is_idempotent) || retries >= most || asked > LONGEST_RETRY_AFTER {
            return None;
        }
        let backoff = FIRST
            .saturating_mul(1 << retries.min(20))
            .min(LONGEST)
            .mul_f64(chance);
        Some(asked.max(backoff))
    }
}

/// Reads `Retry-After`: seconds, or a date.
pub(crate) fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let date = httpdate::parse_http_date(text).ok()?;
    Some(date.duration_since(now).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;
    use crate::error::ErrorKind;

    fn failure(retry: Retry) -> Failure {
        Failure {
            error: Error::new(ErrorKind::Server, "down"),
            retry,
        }
    }

    #[test]
    fn what_may_have_taken_effect_is_repeated_only_where_that_is_harmless() {
        assert!(
            failure(Retry::IfIdempotent)
                .delay(true, 0, 3, 0.5)
                .is_some()
        );
        assert!(
            failure(Retry::IfIdempotent)
                .delay(false, 0, 3, 0.5)
                .is_none()
        );
        assert!(failure(Retry::Always).delay(false, 0, 3, 0.5).is_some());
        assert!(failure(Retry::Never).delay(true, 0, 3, 0.5).is_none());
    }

    #[test]
    fn the_backoff_doubles_three_times_and_then_ends() {
        let delays: Vec<_> = (0..4)
            .map(|retries| failure(Retry::Always).delay(false, retries, 3, 1.0))
            .collect();
        let milliseconds = |it| Some(Duration::from_millis(it));
        assert_eq!(
            delays,
            [
                milliseconds(200),
                milliseconds(400),
                milliseconds(800),
                None
            ]
        );
        assert_eq!(
            failure(Retry::Always).delay(false, 0, 3, 0.0),
            milliseconds(0)
        );
    }

    #[test]
    fn the_server_may_ask_for_a_minute_and_no_more() {
        let asks = |seconds| Failure {
            error: Error::new(ErrorKind::RateLimited, "slow")
                .with_retry_after(Some(Duration::from_secs(seconds))),
            retry: Retry::Always,
        };
        assert_eq!(
            asks(60).delay(false, 0, 3, 1.0),
            Some(Duration::from_secs(60))
        );
        assert_eq!(asks(61).delay(false, 0, 3, 1.0), None);
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = httpdate::parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT").expect("a date");
        let read = |text: &'static str| {
            retry_after(
                &HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from_static(text))]),
                now,
            )
        };
        assert_eq!(read("7"), Some(Duration::from_secs(7)));
        assert_eq!(
            read("Sun, 06 Nov 1994 08:49:47 GMT"),
            Some(Duration::from_secs(10))
        );
        assert_eq!(read("Sun, 06 Nov 1994 08:49:27 GMT"), Some(Duration::ZERO));
        assert_eq!(read("soon"), None);
        assert_eq!(retry_after(&HeaderMap::new(), now), None);
    }
}
