//! What a run is about: an emulator in this process, or a server somewhere.

use std::fmt;
use std::sync::Arc;

use dadosfera_emulator::Mutation;

use crate::engine::Pace;
use crate::live::{Housekeeper, Ledger};
use crate::people::People;

/// What a run is about.
#[derive(Clone)]
#[non_exhaustive]
pub enum Target {
    /// Emulators in this process, a fresh one for each law.
    Emulator {
        /// A rule that each is without, to prove that a law can break.
        mutation: Option<Mutation>,
    },
    /// A server somewhere.
    Live {
        /// Its base URL.
        base_url: String,
        /// Whether the run may change anything there.
        write: bool,
        /// Who can sign in.
        people: People,
        /// Who sees to it that nothing is touched that the run did not make.
        keeper: Arc<Housekeeper>,
        /// How much may be asked, and how fast.
        pace: Arc<Pace>,
    },
}

/// A text that is no target.
#[derive(Debug, thiserror::Error)]
#[error("the target {0:?} is neither `emulator` nor an http(s) URL")]
pub struct TargetError(String);

impl Target {
    /// Emulators that keep every rule.
    #[must_use]
    pub const fn emulator() -> Self {
        Self::Emulator { mutation: None }
    }

    /// Reads `emulator` or a URL.
    ///
    /// # Errors
    /// Where the text is neither.
    pub fn parse(text: &str, write: bool, people: People) -> Result<Self, TargetError> {
        if text == "emulator" {
            return Ok(Self::emulator());
        }
        let url = reqwest::Url::parse(text).map_err(|_| TargetError(text.to_owned()))?;
        // A user name in the URL would be printed with it.
        if !matches!(url.scheme(), "http" | "https")
            || !url.username().is_empty()
            || url.password().is_some()
        {
            return Err(TargetError(format!("{}://…", url.scheme())));
        }
        let base_url = text.trim_end_matches('/').to_owned();
        let keeper = Arc::new(Housekeeper::new(Ledger::in_memory(&base_url)));
        Ok(Self::Live {
            base_url,
            write,
            people,
            keeper,
            pace: Arc::default(),
        })
    }

    /// Keeps a ledger on the disk, and limits.
    #[must_use]
    pub fn kept_by(mut self, ledger: Ledger, limits: crate::engine::Limits) -> Self {
        if let Self::Live { keeper, pace, .. } = &mut self {
            *keeper = Arc::new(Housekeeper::new(ledger));
            *pace = Arc::new(Pace::new(limits));
        }
        self
    }

    /// Takes an id for ours, which the run made up.
    pub(crate) fn own(&self, id: &str) {
        if let Self::Live { keeper, .. } = self {
            keeper.own(id);
        }
    }

    /// Whether it is an emulator, with a clock and options of its own.
    #[must_use]
    pub const fn is_emulator(&self) -> bool {
        matches!(self, Self::Emulator { .. })
    }

    /// Whether the run may write.
    #[must_use]
    pub const fn may_write(&self) -> bool {
        match self {
            Self::Emulator { .. } => true,
            Self::Live { write, .. } => *write,
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Emulator { mutation: None } => f.write_str("emulator"),
            Self::Emulator {
                mutation: Some(mutation),
            } => write!(f, "emulator with the mutation {}", mutation.name()),
            Self::Live {
                base_url,
                write: true,
                ..
            } => write!(f, "{base_url} (writing)"),
            Self::Live { base_url, .. } => write!(f, "{base_url} (reading only)"),
        }
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Target({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_an_emulator_or_a_url() {
        let parse = |text| Target::parse(text, false, People::default());
        assert!(parse("emulator").unwrap().is_emulator());
        assert!(!parse("https://maestro.example/").unwrap().may_write());
        for wrong in ["", "emulate", "ftp://x", "/tmp"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
        let error = parse("https://user:hunter2@x").unwrap_err();
        assert!(!error.to_string().contains("hunter2"));
    }
}
