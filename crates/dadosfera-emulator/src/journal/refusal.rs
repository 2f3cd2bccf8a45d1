//! Why a data directory is not taken.

use std::io;
use std::path::PathBuf;

/// Why a data directory is not taken. It is left as it was.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataDirError {
    /// The system refuses something.
    #[error("cannot use the data directory at {}: {source}", path.display())]
    Io {
        /// What was to be used.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// There are other things in it.
    #[error("{} holds other things and no emulator's data; name an empty directory, or one that is not there", path.display())]
    NotOurs {
        /// The directory.
        path: PathBuf,
    },
    /// Others may read it, and it holds secrets.
    #[error("{} can be read by others (mode {mode:o}) and holds secrets; run `chmod go-rwx {}`", path.display(), path.display())]
    TooOpen {
        /// The directory, or the journal in it.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// Another emulator uses it.
    #[error("another emulator uses {}; stop it, or name another directory", path.display())]
    InUse {
        /// The directory.
        path: PathBuf,
    },
    /// Another version of the emulator made it, which would do other things at the same requests.
    #[error("{} was made by version {made_by} and this is {this}; start that version, or name another directory", path.display())]
    OtherVersion {
        /// The directory.
        path: PathBuf,
        /// The version that made it.
        made_by: String,
        /// The version that this is.
        this: String,
    },
    /// It began with another seed or other options.
    #[error("{} began with another seed; start with the seed that it was made with, or name another directory", path.display())]
    OtherSeed {
        /// The directory.
        path: PathBuf,
    },
    /// It is not what was written.
    #[error("{} is damaged and was left as it is: {why}", path.display())]
    Damaged {
        /// The directory.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
}

impl DataDirError {
    pub(crate) fn io(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { path, source }
    }
}
