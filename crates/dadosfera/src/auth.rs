//! Who the client is, and how it stays so.

pub(crate) mod token;
pub(crate) mod totp;
