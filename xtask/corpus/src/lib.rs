//! What regen makes of its corpus, a module for each row, over the very runtime of `dadosfera-raw`.
//!
//! The code is written by `cargo xtask corpus` into the target folder, whose paths come in the environment; without the
//! feature `rows` there is nothing here.

#![cfg(feature = "rows")]
#![expect(
    missing_docs,
    reason = "a test, in the form of a library so that it is compiled once"
)]

#[path = "../../../crates/dadosfera-raw/src/answer.rs"]
pub mod answer;
pub mod drive;
#[path = "../../../crates/dadosfera-raw/src/encode.rs"]
mod encode;
#[path = "../../../crates/dadosfera-raw/src/maybe.rs"]
mod maybe;
#[path = "../../../crates/dadosfera-raw/src/multipart.rs"]
pub mod multipart;
#[path = "../../../crates/dadosfera-raw/src/open_enum.rs"]
mod open_enum;
#[path = "../../../crates/dadosfera-raw/src/secret.rs"]
mod secret;
#[path = "../../../crates/dadosfera-raw/src/timestamp.rs"]
mod timestamp;
#[path = "../../../crates/dadosfera-raw/src/union.rs"]
pub mod union;
#[path = "../../../crates/dadosfera-raw/src/wire.rs"]
pub mod wire;

pub mod rows {
    include!(env!("REGEN_ROWS"));
}

pub use drive::Inner;
pub use maybe::Maybe;
pub use multipart::Part;
pub use secret::{Hidden, Secret, SecretMap};
pub use timestamp::Timestamp;
pub use union::Json;

#[cfg(test)]
mod kiosk;
#[cfg(test)]
mod tests;
