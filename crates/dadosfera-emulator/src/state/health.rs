//! Whether the service is up: what it depends on, and how each of these is.
//!
//! The emulator has nothing that can go down by itself, so it is always up; a 503 comes from a fault.

/// The parts that a health report names, and that are all up.
pub(crate) const UP: [&str; 1] = ["database"];
