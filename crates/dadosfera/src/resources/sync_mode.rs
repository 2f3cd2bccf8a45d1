//! How a job loads, and what a change of it does to what the job remembers.

use std::fmt;

use dadosfera_raw::types::{JobStateChange, LoadType, UpdateSyncModeRequest};

use super::job_rules::Load;
use crate::error::Error;

/// How a job loads from now on.
///
/// ```
/// use dadosfera::SyncMode;
/// use dadosfera::types::{JobStateChange, LoadType};
///
/// let mode = SyncMode::incremental("updated_at", "timestamp");
/// assert_eq!(mode.state_after(&LoadType::FullLoad), Some(JobStateChange::Initialized));
/// assert_eq!(mode.state_after(&LoadType::IncrementalWithQualify), Some(JobStateChange::Preserved));
///
/// let anew = SyncMode::full_load().force();
/// assert_eq!(anew.state_after(&LoadType::Incremental), Some(JobStateChange::Reset));
/// let latest = SyncMode::incremental_with_qualify("updated_at", "timestamp", ["id"]);
/// ```
#[derive(Debug, Clone)]
pub struct SyncMode(UpdateSyncModeRequest);

/// What a change of how a job loads will do; from [`Jobs::plan_sync_mode`](crate::Jobs::plan_sync_mode). Its text is for
/// people.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct SyncModePlan {
    /// How it loads now.
    pub from: LoadType,
    /// How it will load.
    pub to: LoadType,
    /// What becomes of the state, where the documentation says it.
    pub state: Option<JobStateChange>,
}

impl SyncMode {
    /// Everything, each time.
    #[must_use]
    pub const fn full_load() -> Self {
        Self::new(LoadType::FullLoad)
    }

    /// Only what is new by a column, whose type is `number`, `date`, `timestamp` or a native one.
    #[must_use]
    pub fn incremental(column: impl Into<String>, column_type: impl Into<String>) -> Self {
        let mut this = Self::new(LoadType::Incremental);
        this.0.incremental_column_name = Some(column.into());
        this.0.incremental_column_type = Some(column_type.into());
        this
    }

    /// Like [`incremental`](Self::incremental), and keeps the latest row of each primary key in a second table.
    #[must_use]
    pub fn incremental_with_qualify<K: Into<String>>(
        column: impl Into<String>,
        column_type: impl Into<String>,
        primary_keys: impl IntoIterator<Item = K>,
    ) -> Self {
        let mut this = Self::incremental(column, column_type);
        this.0.target_load_type = LoadType::IncrementalWithQualify;
        this.0.primary_keys = Some(primary_keys.into_iter().map(Into::into).collect());
        this
    }

    /// Sets the API's `force`, whose effect is not documented.
    #[must_use]
    pub const fn force(mut self) -> Self {
        self.0.force = true;
        self
    }

    /// What this mode makes of the state of a job that loads as `from` says (documented): full to incremental initialises
    /// it, incremental to full resets it, between the two incremental modes it is preserved. Nothing is said of the rest.
    #[must_use]
    pub fn state_after(&self, from: &LoadType) -> Option<JobStateChange> {
        use LoadType::{FullLoad, Incremental, IncrementalWithQualify};
        match (from, &self.0.target_load_type) {
            (FullLoad, Incremental | IncrementalWithQualify) => Some(JobStateChange::Initialized),
            (Incremental | IncrementalWithQualify, FullLoad) => Some(JobStateChange::Reset),
            (Incremental, IncrementalWithQualify) | (IncrementalWithQualify, Incremental) => {
                Some(JobStateChange::Preserved)
            }
            _ => None,
        }
    }

    pub(crate) fn check(&self, plugin: Option<&str>) -> Result<(), Error> {
        let load = Load {
            mode: &self.0.target_load_type,
            column: self.0.incremental_column_name.as_deref(),
            column_type: self.0.incremental_column_type.as_deref(),
            primary_keys: self.0.primary_keys.as_deref(),
        };
        load.check("", plugin)
    }

    pub(crate) const fn request(&self) -> &UpdateSyncModeRequest {
        &self.0
    }

    const fn new(mode: LoadType) -> Self {
        Self(UpdateSyncModeRequest {
            target_load_type: mode,
            incremental_column_name: None,
            incremental_column_type: None,
            primary_keys: None,
            force: false,
        })
    }
}

impl SyncModePlan {
    pub(crate) fn new(from: LoadType, mode: &SyncMode) -> Self {
        Self {
            state: mode.state_after(&from),
            to: mode.0.target_load_type.clone(),
            from,
        }
    }
}

impl fmt::Display for SyncModePlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match self.state {
            Some(JobStateChange::Initialized) => {
                "its state begins: the next run reads everything once, then only what is new"
            }
            Some(JobStateChange::Reset) => "its state is lost: each run reads everything",
            Some(JobStateChange::Preserved) => "its state stays: the next run goes on where it was",
            _ if self.from == self.to => "nothing changes",
            _ => "what becomes of its state is not documented",
        };
        write!(f, "{} to {}: {state}", self.from, self.to)
    }
}
