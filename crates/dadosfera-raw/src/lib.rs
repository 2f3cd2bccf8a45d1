//! The Dadosfera Maestro API as it looks on the wire.
//!
//! `generated.rs` and `ops.rs` are made from `openapi/maestro.yaml` by `cargo xtask regen`. What is written by hand is
//! what the generator cannot know: how an id becomes a path segment, where requests go out, and a few types of values.
//! Nothing is decided here: no retry, no token, no default. The crate `dadosfera` does that, behind [`Transport`].

#[rustfmt::skip]
#[expect(
    clippy::allow_attributes,
    clippy::allow_attributes_without_reason,
    missing_docs,
    unreachable_pub,
    unused_mut,
    unused_qualifications,
    reason = "generated code is not held to the style of written code"
)]
mod generated;
#[rustfmt::skip]
mod ops;

pub mod answer;
mod encode;
mod hooks;
mod maybe;
pub mod multipart;
mod open_enum;
mod operation;
mod secret;
#[cfg(test)]
mod shapes;
mod timestamp;
pub mod union;
pub mod wire;

pub use generated::{Client, types};
pub use hooks::{BoxFuture, Direct, Inner, Transport};
pub use maybe::Maybe;
pub use multipart::{Multipart, Part};
pub use operation::{Evidence, Op, op};
pub use ops::OPS;
pub use progenitor_client::{ByteStream, ClientInfo, Error, ResponseValue};
pub use secret::{Hidden, Secret, SecretMap};
pub use timestamp::Timestamp;
pub use union::Json;
