//! Who the client is, and how it stays so: [`session`] does what [`machine`] says, by [`flight`]s to the [`endpoint`].

pub(crate) mod session;

mod arrival;
mod hub;
mod machine;
mod sync;

mod deadline;
pub(crate) mod endpoint;
pub(crate) mod flight;
pub(crate) mod keeper;

pub(crate) mod codes;
pub(crate) mod events;
mod fingerprint;
mod token;
pub(crate) mod totp;
mod verdict;
