//! Which refresh tokens were used, and which sign-ins were revoked because one was used twice.
//!
//! Rule (RFC 9700, 4.14), only where refresh tokens are single-use: a second use shows that the token has two holders,
//! so every refresh token of that sign-in dies. Access tokens live out their half hour.

use std::collections::BTreeSet;

use crate::mutations::{Mutation, Mutations};

/// The memory of single-use refresh tokens.
#[derive(Debug, Default)]
pub(crate) struct RefreshFamilies {
    used: BTreeSet<String>,
    revoked: BTreeSet<String>,
    mutations: Mutations,
}

impl RefreshFamilies {
    /// Nothing yet; mutations take rules of it away.
    pub(crate) fn new(mutations: Mutations) -> Self {
        Self {
            mutations,
            ..Self::default()
        }
    }

    /// Whether this token may be used; a second use revokes its family.
    pub(crate) fn use_once(&mut self, family: &str, token_id: &str) -> bool {
        if self.mutations.has(Mutation::RefreshTokenWorksTwice) {
            return true;
        }
        if self.revoked.contains(family) {
            return false;
        }
        if self.used.insert(token_id.to_owned()) {
            return true;
        }
        if !self.mutations.has(Mutation::ReplayRevokesNothing) {
            self.revoked.insert(family.to_owned());
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_use_revokes_the_whole_family_and_no_other() {
        let mut families = RefreshFamilies::default();
        assert!(families.use_once("one", "a"));
        assert!(families.use_once("one", "b"));
        assert!(!families.use_once("one", "a"));
        assert!(!families.use_once("one", "c"));
        assert!(families.use_once("two", "d"));
    }
}
