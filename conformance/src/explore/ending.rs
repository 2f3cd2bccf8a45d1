//! How an exploration ends, or why it does not begin; each with its exit code.

use super::actors::ActorsError;
use crate::engine::{ContractError, DocumentError};

/// How an exploration ends: the exit code of the command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ending {
    /// Everything that was tried holds.
    Clean,
    /// Something does not hold.
    Found,
    /// Too little was tried to say anything, or the budget was spent.
    Incomplete,
    /// The host does not answer, or not as an API.
    Host,
    /// An actor's credentials are refused.
    Credentials,
    /// The host asks to be left alone.
    Throttled,
}

/// Why an exploration did not even begin.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExploreError {
    /// The document is none that can be used.
    #[error("{0}")]
    Document(#[from] DocumentError),
    /// A schema of it is none.
    #[error("{0}")]
    Schema(#[from] ContractError),
    /// The actors are not as they must be.
    #[error("{0}")]
    Actors(#[from] ActorsError),
    /// The TLS of this machine cannot be set up.
    #[error("no client can be made: {0}")]
    Client(#[from] reqwest::Error),
    /// The base URL is none.
    #[error("{0:?} is no base URL; it begins with http:// or https://, and has no query")]
    BaseUrl(String),
    /// There is no such scenario.
    #[error("the document has no scenario {0:?}; it may have changed since the finding was made")]
    Replay(String),
}

impl Ending {
    /// The exit code.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Clean => 0,
            Self::Found => 1,
            Self::Incomplete => 3,
            Self::Host => 5,
            Self::Credentials => 6,
            Self::Throttled => 7,
        }
    }
}

impl ExploreError {
    /// The exit code: 4 for the document, 2 for everything else.
    #[must_use]
    pub const fn code(&self) -> u8 {
        match self {
            Self::Document(_) | Self::Schema(_) => 4,
            _ => 2,
        }
    }
}
