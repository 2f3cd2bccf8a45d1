//! Why a store does not do what it should.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

/// Why a store failed. A session goes on without it; the error is told by `session().status()` and the observer.
///
/// ```
/// use dadosfera::{StoreError, StoreErrorKind};
///
/// let refused = std::io::Error::from(std::io::ErrorKind::ReadOnlyFilesystem);
/// let error = StoreError::new(StoreErrorKind::Unwritable, "the vault is read only; unlock it").with_source(refused);
/// assert_eq!(error.kind(), StoreErrorKind::Unwritable);
/// ```
#[derive(Debug, Clone)]
pub struct StoreError {
    kind: StoreErrorKind,
    what: String,
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

/// What kind of failure it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StoreErrorKind {
    /// Somebody else held the lock for as long as was waited.
    Busy,
    /// The store cannot be reached or read.
    Unavailable,
    /// The store cannot be written: no room, or read only.
    Unwritable,
    /// Others could read or change what is kept, so it is not used.
    Unsafe,
    /// What is kept is no record, or one of another version.
    Corrupt,
    /// Somebody else wrote a newer record meanwhile: the lock was lost.
    Fenced,
}

impl StoreError {
    /// An error; `what` says what was wrong and what to do next, and holds no secret.
    pub fn new(kind: StoreErrorKind, what: impl Into<String>) -> Self {
        Self {
            kind,
            what: what.into(),
            source: None,
        }
    }

    /// The same error with its cause.
    #[must_use]
    pub fn with_source(mut self, source: impl StdError + Send + Sync + 'static) -> Self {
        self.source = Some(Arc::new(source));
        self
    }

    /// What kind of failure it is.
    #[must_use]
    pub const fn kind(&self) -> StoreErrorKind {
        self.kind
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl StdError for StoreError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}
