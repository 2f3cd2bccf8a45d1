//! A text that is kept and never shown.

use std::fmt;

use zeroize::Zeroizing;

/// A secret: `Debug` hides it, nothing formats or serialises it, and its memory is wiped.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Secret(Zeroizing<String>);

impl Secret {
    pub(crate) fn new(text: &str) -> Self {
        Self(Zeroizing::new(text.to_owned()))
    }

    /// Whether this is the secret.
    pub(crate) fn is(&self, text: &str) -> bool {
        self.0.as_str() == text
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}
