//! What an emulator can be told to do differently: the points on which the sources of the API disagree, and lives and durations.

use std::time::Duration;

use serde::{Deserialize, Serialize, Serializer};

use crate::mutations::{Mutation, Mutations};

/// How this emulator behaves where the API's sources disagree, and how long things last.
///
/// ```
/// use dadosfera_emulator::{Options, RefreshAnswer};
///
/// let options = Options {
///     refresh_answer: RefreshAnswer::Flat,
///     rotate_refresh_tokens: true,
///     ..Options::default()
/// };
/// assert!(options.refresh_requires_customer_name);
/// ```
///
/// Durations are of the virtual clock; in a seed file they are whole seconds (`"run_duration": 30`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// Whether a refresh without `customerName` is refused with 400 (the documentation says that it is sent).
    pub refresh_requires_customer_name: bool,
    /// Where a refresh answer carries its token.
    pub refresh_answer: RefreshAnswer,
    /// Whether a refresh also hands out a new refresh token.
    pub rotate_refresh_tokens: bool,
    /// Whether a refresh token works once: its second use is 401 and revokes all refresh tokens of that sign-in.
    pub single_use_refresh_tokens: bool,
    /// Whether the catalog's `total` is a numeric string; it was seen as both.
    pub total_as_string: bool,
    /// By how many the catalog's `total` counts too many.
    pub total_overcounts: u32,
    /// Whether the tags of a new asset are lost, as was seen once.
    pub created_tags_are_lost: bool,
    /// How long an access token lives.
    #[serde(deserialize_with = "seconds", serialize_with = "whole_seconds")]
    pub access_token_life: Duration,
    /// How long a refresh token lives.
    #[serde(deserialize_with = "seconds", serialize_with = "whole_seconds")]
    pub refresh_token_life: Duration,
    /// How long a run takes from RUNNING to SUCCESS or FAILED.
    #[serde(deserialize_with = "seconds", serialize_with = "whole_seconds")]
    pub run_duration: Duration,
    /// The largest file that storage takes, in bytes; 250 MB, as an import in the web application is.
    pub max_upload_bytes: u64,
    /// A rule that is taken away, to prove that whoever looks for it finds it missing.
    pub mutation: Option<Mutation>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            refresh_requires_customer_name: true,
            refresh_answer: RefreshAnswer::Nested,
            rotate_refresh_tokens: false,
            single_use_refresh_tokens: false,
            total_as_string: false,
            total_overcounts: 0,
            created_tags_are_lost: false,
            access_token_life: Duration::from_secs(30 * 60),
            refresh_token_life: Duration::from_secs(24 * 60 * 60),
            run_duration: Duration::from_secs(30),
            max_upload_bytes: 250 * 1000 * 1000,
            mutation: None,
        }
    }
}

impl Options {
    /// Whether this rule is taken away.
    pub(crate) fn has(&self, mutation: Mutation) -> bool {
        self.mutations().has(mutation)
    }

    /// What is taken away, for the parts of the state that keep rules themselves.
    pub(crate) fn mutations(&self) -> Mutations {
        Mutations::new(self.mutation)
    }
}

/// The two forms in which a refresh answer was reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum RefreshAnswer {
    /// `{"tokens": {"accessToken": …}}`
    Nested,
    /// `{"accessToken": …}`
    Flat,
}

fn seconds<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    u32::deserialize(deserializer).map(|seconds| Duration::from_secs(seconds.into()))
}

fn whole_seconds<S: Serializer>(value: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(value.as_secs())
}
