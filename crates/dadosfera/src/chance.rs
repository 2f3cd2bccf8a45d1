//! The one door to chance: jitter.

use std::time::Duration;

/// A fraction from 0 up to, but not including, 1.
pub(crate) fn fraction() -> f64 {
    fastrand::f64()
}

/// A duration between nothing and `limit` ("full jitter": callers that failed together do not come back together).
pub(crate) fn up_to(limit: Duration) -> Duration {
    limit.mul_f64(fraction())
}

/// A duration between `low` and `high`.
pub(crate) fn between(low: Duration, high: Duration) -> Duration {
    low + up_to(high.saturating_sub(low))
}
