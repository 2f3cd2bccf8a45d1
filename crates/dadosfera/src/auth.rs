//! Who the client is, and how it stays so: [`session`] does what [`machine`] says, by [`flight`]s to the [`endpoint`].

pub(crate) mod session;

pub(crate) mod endpoint;
pub(crate) mod flight;
mod machine;
mod token;
pub(crate) mod totp;
