//! The one door to chance: jitter.

/// A fraction from 0 up to, but not including, 1.
pub(crate) fn fraction() -> f64 {
    fastrand::f64()
}
