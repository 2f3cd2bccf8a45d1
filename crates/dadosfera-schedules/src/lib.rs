//! The shell of the session (`crates/dadosfera/src/auth/hub.rs` and what it stands on) under a model checker.
//!
//! The SDK's own files are compiled here a second time with another door (`sync`), behind which a model checker decides
//! who runs next. Beside the original stand its mutants: each is a mistake that was made in the field, and each must be
//! found by one of the proofs. See `tests/schedules.rs`.

#[expect(
    dead_code,
    reason = "the machine and its shell ask only for what has passed"
)]
mod clock {
    include!(concat!(env!("OUT_DIR"), "/original/moment.rs"));
}

macro_rules! subjects {
    ($($name:ident),+ $(,)?) => {
        $(
            #[expect(dead_code, reason = "the proofs use what callers, flights and rejections need")]
            mod $name {
                mod arrival {
                    include!(concat!(env!("OUT_DIR"), "/", stringify!($name), "/arrival.rs"));
                }
                mod fingerprint {
                    include!(concat!(env!("OUT_DIR"), "/", stringify!($name), "/fingerprint.rs"));
                }
                mod hub {
                    include!(concat!(env!("OUT_DIR"), "/", stringify!($name), "/hub.rs"));
                }
                mod machine {
                    include!(concat!(env!("OUT_DIR"), "/", stringify!($name), "/machine.rs"));
                }
                mod sync {
                    pub(super) use crate::door::*;
                }
                pub(super) mod proofs {
                    include!(concat!(env!("OUT_DIR"), "/proofs/proofs.rs"));
                }
            }
        )+

        /// The proofs of each subject, by its name: the original first, then the mutants.
        pub const SUBJECTS: &[(&str, &[(&str, fn())])] =
            &[$((stringify!($name), $name::proofs::ALL)),+];
    };
}

mod door;

subjects!(
    original,
    unconditional_invalidate,
    caller_owned_flight,
    lost_wake_up,
    failure_not_shared,
    rejected_token_adopted,
    flight_dies_with_its_runtime,
);
