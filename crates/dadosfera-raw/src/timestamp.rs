//! A point in time as the API wrote it.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// An RFC 3339 time that keeps the text of the wire, so that an answer re-encodes to itself
/// (`2024-01-15T10:30:00.000Z` and `2024-01-15T10:30:00Z` are one time and two texts).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(String);

impl Timestamp {
    /// The text as it was on the wire.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The time.
    ///
    /// # Errors
    /// Where the text is no RFC 3339 time: the API promises one, and a text that is none must not fail a whole answer.
    pub fn parse(&self) -> Result<DateTime<Utc>, chrono::ParseError> {
        DateTime::parse_from_rfc3339(&self.0).map(|time| time.with_timezone(&Utc))
    }
}

impl From<DateTime<Utc>> for Timestamp {
    fn from(time: DateTime<Utc>) -> Self {
        Self(time.to_rfc3339_opts(chrono::SecondsFormat::Millis, true))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
