//! The whole state of one emulator, and its one way through time.

use chrono::{DateTime, Utc};

use crate::state::api_keys::ApiKeys;
use crate::state::chance::Chance;
use crate::state::connections::Connections;
use crate::state::oauth::Authorizations;
use crate::state::pipeline::RunRules;
use crate::state::pipelines::Pipelines;
use crate::state::refresh_families::RefreshFamilies;
use crate::state::users::Users;

/// Everything that an emulator knows.
pub(crate) struct World {
    pub(crate) users: Users,
    pub(crate) refresh_families: RefreshFamilies,
    pub(crate) api_keys: ApiKeys,
    pub(crate) connections: Connections,
    pub(crate) authorizations: Authorizations,
    pub(crate) pipelines: Pipelines,
    pub(crate) chance: Chance,
    now: DateTime<Utc>,
}

impl World {
    pub(crate) fn new(chance: Chance, rules: RunRules, now: DateTime<Utc>) -> Self {
        Self {
            users: Users::default(),
            refresh_families: RefreshFamilies::default(),
            api_keys: ApiKeys::default(),
            connections: Connections::default(),
            authorizations: Authorizations::default(),
            pipelines: Pipelines::new(rules),
            chance,
            now,
        }
    }

    /// Lets happen all that happens by itself until `now`, and says what time it is: never earlier than before.
    pub(crate) fn catch_up(&mut self, now: DateTime<Utc>) -> DateTime<Utc> {
        self.now = self.now.max(now);
        self.pipelines.catch_up(self.now, &mut self.chance);
        self.now
    }
}
