//! Who knows the things of a host, and says before each write whether it may be sent.

use std::fmt;

use super::call::{Answer, Call};
use super::document::Operation;

/// Says before each write whether it may be sent, and hears what came of it.
pub trait Keeper: fmt::Debug + Send + Sync {
    /// Whether an operation may be sent at all, whatever it names.
    fn may(&self, operation: &str) -> bool;

    /// Gives leave for one write, and the number under which its answer is heard where it makes something.
    ///
    /// # Errors
    /// With the reason why it is not sent.
    fn ask(&self, call: &Call, operation: Option<&Operation>) -> Result<Option<u64>, String>;

    /// Hears the answer to a write.
    ///
    /// # Errors
    /// Where it cannot be noted, so that nothing more may be written.
    fn heard(
        &self,
        ticket: Option<u64>,
        answer: &Answer,
        operation: Option<&Operation>,
    ) -> Result<(), String>;
}
