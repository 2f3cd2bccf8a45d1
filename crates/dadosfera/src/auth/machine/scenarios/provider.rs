//! The model of the provider and of the API behind it.

use std::collections::BTreeSet;

use super::Kind;
use super::script::{Counts, Mood};

/// How long an access token lives, in seconds.
pub(super) const LIFE: u64 = 1800;

/// Tokens are numbers: one series for both kinds.
pub(super) struct Provider {
    pub(super) mood: Mood,
    pub(super) throttles: u32,
    pub(super) api_refuses: bool,
    pub(super) revokes: BTreeSet<&'static str>,
    pub(super) made: u64,
    /// Access tokens that live, with the time of their making.
    pub(super) access: Vec<(u64, u64)>,
    /// Refresh tokens that live, with the time of their making.
    pub(super) refresh: Vec<(u64, u64)>,
    pub(super) asked: Counts,
}

impl Provider {
    pub(super) const fn new() -> Self {
        Self {
            mood: Mood::Up,
            throttles: 0,
            api_refuses: false,
            revokes: BTreeSet::new(),
            made: 0,
            access: Vec::new(),
            refresh: Vec::new(),
            asked: Counts {
                sign_ins: 0,
                refreshes: 0,
            },
        }
    }

    pub(super) fn next(&mut self) -> u64 {
        self.made += 1;
        self.made
    }

    pub(super) fn give(&mut self, now: u64) -> u64 {
        let token = self.next();
        self.access.push((token, now));
        token
    }

    pub(super) fn failure(&self) -> Option<Kind> {
        match self.mood {
            Mood::Down => Some("server"),
            Mood::Html => Some("unexpected_answer"),
            _ => None,
        }
    }

    pub(super) fn accepts(&mut self, token: u64, now: u64) -> bool {
        if self.revokes.remove("access") {
            self.access.retain(|(it, _)| *it != token);
        }
        let lives = self
            .access
            .iter()
            .any(|(it, made)| *it == token && now - made < LIFE);
        lives && !self.api_refuses
    }
}
