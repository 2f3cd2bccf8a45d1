//! The whole state of one emulator, and its one way through time.

use chrono::{DateTime, Utc};

use crate::state::api_keys::ApiKeys;
use crate::state::catalog::Catalogs;
use crate::state::chance::Chance;
use crate::state::connections::Connections;
use crate::state::customers::Customers;
use crate::state::oauth::Authorizations;
use crate::state::pipeline::RunRules;
use crate::state::pipelines::Pipelines;
use crate::state::refresh_families::RefreshFamilies;
use crate::state::storage::Storage;
use crate::state::users::Users;
use crate::state::warehouse::Warehouse;

/// Everything that an emulator knows.
pub(crate) struct World {
    pub(crate) customers: Customers,
    pub(crate) users: Users,
    pub(crate) refresh_families: RefreshFamilies,
    pub(crate) api_keys: ApiKeys,
    pub(crate) connections: Connections,
    pub(crate) authorizations: Authorizations,
    pub(crate) pipelines: Pipelines,
    pub(crate) catalogs: Catalogs,
    pub(crate) storage: Storage,
    pub(crate) chance: Chance,
    now: DateTime<Utc>,
    due: Option<DateTime<Utc>>,
}

impl World {
    pub(crate) fn new(chance: Chance, rules: RunRules, now: DateTime<Utc>) -> Self {
        let mutations = rules.mutations;
        Self {
            customers: Customers::default(),
            users: Users::new(mutations),
            refresh_families: RefreshFamilies::new(mutations),
            api_keys: ApiKeys::new(mutations),
            connections: Connections::new(mutations),
            authorizations: Authorizations::new(mutations),
            pipelines: Pipelines::new(rules),
            catalogs: Catalogs::new(mutations),
            storage: Storage::default(),
            chance,
            now,
            due: None,
        }
    }

    /// The time at this moment: never earlier than that of what has happened.
    pub(crate) fn at(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        self.now.max(now)
    }

    /// Whether something is to happen by itself until `now`.
    pub(crate) fn is_due(&self, now: DateTime<Utc>) -> bool {
        self.due.is_some_and(|due| due <= self.at(now))
    }

    /// Works out when something happens by itself next; to be called after every change.
    pub(crate) fn note_due(&mut self) {
        self.due = self.pipelines.next_due();
    }

    /// Lets happen all that happens by itself until `now`, and says what time it is: never earlier than before.
    pub(crate) fn catch_up(&mut self, now: DateTime<Utc>) -> DateTime<Utc> {
        self.now = self.now.max(now);
        let mut warehouse = Warehouse {
            storage: &mut self.storage,
            catalogs: &mut self.catalogs,
            users: &self.users,
        };
        self.pipelines
            .catch_up(self.now, &mut self.chance, &mut warehouse);
        self.now
    }
}
