//! Users, and what a sign-in needs: password, second factor, patience.
//!
//! Rules: the password is judged before all else; a disabled account is told only to whoever knows its password;
//! a TOTP code is accepted once, one step early or late; ten wrong passwords within five minutes close the door until
//! the first of them is five minutes old, for a right password too. A success forgets the wrong ones.
//! A user name is one person's only, whatever the customer. Whoever was invited has no password, so no way in yet.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest, Sha256};

use crate::mutations::{Mutation, Mutations};
use crate::state::chance::Chance;
use crate::state::permissions::Group;
use crate::state::totp;

const MAX_WRONG: usize = 10;
const WRONG_WINDOW: TimeDelta = TimeDelta::minutes(5);
/// Names of nobody are counted too (else the answer tells who exists), but not without end.
const MAX_NAMES_COUNTED: usize = 10_000;

/// A person who can sign in.
pub(crate) struct User {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) username: String,
    pub(crate) customer_id: String,
    pub(crate) group: Group,
    /// Whether this person administers the platform, and so every customer.
    pub(crate) platform_admin: bool,
    pub(crate) disabled: bool,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) last_login: Option<DateTime<Utc>>,
    pub(crate) password: Option<PasswordHash>,
    pub(crate) totp_secret: Option<Vec<u8>>,
    pub(crate) last_totp_step: Option<u64>,
}

/// A salted hash. One round is no protection for real passwords; these are of a test world, and tests sign in often.
pub(crate) struct PasswordHash {
    salt: [u8; 16],
    digest: Vec<u8>,
}

/// A user as one is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NewUser {
    pub(crate) username: String,
    pub(crate) name: String,
    pub(crate) group: Group,
}

/// Everybody.
#[derive(Default)]
pub(crate) struct Users {
    by_username: BTreeMap<String, User>,
    usernames: BTreeMap<String, String>,
    wrong: BTreeMap<String, VecDeque<DateTime<Utc>>>,
    mutations: Mutations,
}

/// What became of an attempt to sign in.
pub(crate) enum SignIn<'a> {
    Welcome(&'a User),
    CodeRequired(&'a User),
    WrongPassword,
    Disabled,
    TooManyAttempts { retry_after: u64 },
}

impl PasswordHash {
    pub(crate) fn new(salt: [u8; 16], password: &str) -> Self {
        let digest = Self::digest(&salt, password);
        Self { salt, digest }
    }

    fn is_of(&self, password: &str) -> bool {
        Self::digest(&self.salt, password) == self.digest
    }

    fn digest(salt: &[u8], password: &str) -> Vec<u8> {
        Sha256::digest([salt, password.as_bytes()].concat()).to_vec()
    }
}

impl User {
    pub(crate) fn permissions(&self) -> Vec<&'static str> {
        self.group.permissions()
    }
}

impl Users {
    /// Nothing yet; mutations take rules of it away.
    pub(crate) fn new(mutations: Mutations) -> Self {
        Self {
            mutations,
            ..Self::default()
        }
    }

    pub(crate) fn add(&mut self, user: User) {
        self.usernames
            .insert(user.id.clone(), user.username.clone());
        self.by_username.insert(user.username.clone(), user);
    }

    /// A customer's users, by user name.
    pub(crate) fn list(&self, customer_id: &str) -> impl Iterator<Item = &User> {
        self.by_username
            .values()
            .filter(move |user| user.customer_id == customer_id)
    }

    pub(crate) fn get(&self, username: &str) -> Option<&User> {
        self.by_username.get(username)
    }

    pub(crate) fn by_id(&self, id: &str) -> Option<&User> {
        self.get(self.usernames.get(id)?)
    }

    /// Invites all of them, or nobody: then it says which user names are taken, among them or by others.
    pub(crate) fn invite(
        &mut self,
        customer_id: &str,
        new: Vec<NewUser>,
        now: DateTime<Utc>,
        chance: &mut Chance,
    ) -> Result<Vec<&User>, Vec<String>> {
        let mut named = BTreeSet::new();
        let skips = self.mutations.has(Mutation::TakenNamesAreSkipped);
        let taken: Vec<String> = new
            .iter()
            .map(|user| user.username.as_str())
            .filter(|name| !named.insert(*name) || self.get(name).is_some())
            .map(ToOwned::to_owned)
            .collect();
        if !taken.is_empty() && !skips {
            return Err(taken);
        }
        let mut usernames = Vec::new();
        for user in new {
            if taken.contains(&user.username) {
                continue;
            }
            usernames.push(user.username.clone());
            self.add(User {
                id: chance.uuid().to_string(),
                name: user.name,
                username: user.username,
                customer_id: customer_id.to_owned(),
                group: user.group,
                platform_admin: false,
                disabled: false,
                created_at: now,
                last_login: None,
                password: None,
                totp_secret: None,
                last_totp_step: None,
            });
        }
        Ok(usernames.iter().filter_map(|name| self.get(name)).collect())
    }

    /// Whether the customer had such a user.
    pub(crate) fn delete(&mut self, customer_id: &str, id: &str) -> bool {
        let known = self.by_id(id);
        if known.is_none_or(|user| user.customer_id != customer_id) {
            return false;
        }
        if let Some(username) = self.usernames.remove(id) {
            self.by_username.remove(&username);
            self.wrong.remove(&username);
        }
        true
    }

    pub(crate) fn totp_now(&self, username: &str, now: DateTime<Utc>) -> Option<String> {
        let secret = self.get(username)?.totp_secret.as_deref()?;
        Some(totp::code_at(secret, now))
    }

    pub(crate) fn sign_in(
        &mut self,
        username: &str,
        password: &str,
        code: Option<&str>,
        now: DateTime<Utc>,
    ) -> SignIn<'_> {
        let mutations = self.mutations;
        if let Some(retry_after) = self.closed_for(username, now) {
            return SignIn::TooManyAttempts { retry_after };
        }
        let known = self.by_username.get_mut(username).filter(|user| {
            let known = user.password.as_ref();
            known.is_some_and(|known| known.is_of(password) || mutations.has(Mutation::AnyPassword))
        });
        let Some(user) = known else {
            let counted = self.wrong.len() < MAX_NAMES_COUNTED || self.wrong.contains_key(username);
            if counted && !mutations.has(Mutation::AttemptsNotCounted) {
                self.wrong
                    .entry(username.to_owned())
                    .or_default()
                    .push_back(now);
            }
            return SignIn::WrongPassword;
        };
        self.wrong.remove(username);
        if user.disabled && !mutations.has(Mutation::DisabledUsersSignIn) {
            return SignIn::Disabled;
        }
        if let Some(secret) = &user.totp_secret {
            let last_used = user
                .last_totp_step
                .filter(|_| !mutations.has(Mutation::CodeWorksTwice));
            let step = code.and_then(|code| totp::matching_step(secret, code, now, last_used));
            if step.is_none() && !mutations.has(Mutation::CodeNotAskedFor) {
                return SignIn::CodeRequired(user);
            }
            user.last_totp_step = step;
        }
        user.last_login = Some(now);
        SignIn::Welcome(user)
    }

    /// Forgets wrong passwords that are old, and says how many seconds a closed door stays closed.
    fn closed_for(&mut self, username: &str, now: DateTime<Utc>) -> Option<u64> {
        let wrong = self.wrong.get_mut(username)?;
        while wrong.front().is_some_and(|at| *at + WRONG_WINDOW <= now) {
            wrong.pop_front();
        }
        let first = *wrong.front()?;
        if wrong.len() < MAX_WRONG {
            return None;
        }
        let left = (first + WRONG_WINDOW - now).num_milliseconds();
        Some(u64::try_from(left).unwrap_or(0).div_ceil(1000))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_000_000 + second, 0).unwrap()
    }

    fn world(totp_secret: Option<Vec<u8>>) -> Users {
        let mut users = Users::default();
        users.add(User {
            id: "id".into(),
            name: "Ana".into(),
            username: "ana".into(),
            customer_id: "acme".into(),
            group: Group::Viewer,
            platform_admin: false,
            disabled: false,
            created_at: at(0),
            last_login: None,
            password: Some(PasswordHash::new([7; 16], "right")),
            totp_secret,
            last_totp_step: None,
        });
        users
    }

    #[test]
    fn ten_wrong_passwords_close_the_door_for_five_minutes_from_the_first() {
        let mut users = world(None);
        for second in 0..10 {
            let outcome = users.sign_in("ana", "wrong", None, at(second));
            assert!(matches!(outcome, SignIn::WrongPassword));
        }
        let outcome = users.sign_in("ana", "right", None, at(10));
        assert!(matches!(
            outcome,
            SignIn::TooManyAttempts { retry_after: 290 }
        ));
        let outcome = users.sign_in("ana", "right", None, at(300));
        assert!(matches!(outcome, SignIn::Welcome(_)));
    }

    #[test]
    fn nobody_is_treated_like_somebody_with_a_wrong_password() {
        let mut users = world(None);
        for second in 0..10 {
            let outcome = users.sign_in("nobody", "x", None, at(second));
            assert!(matches!(outcome, SignIn::WrongPassword));
        }
        let outcome = users.sign_in("nobody", "x", None, at(10));
        assert!(matches!(outcome, SignIn::TooManyAttempts { .. }));
    }

    #[test]
    fn a_code_that_was_used_is_required_anew() {
        let mut users = world(Some(b"12345678901234567890".to_vec()));
        let code = users.totp_now("ana", at(0)).unwrap();
        let outcome = users.sign_in("ana", "right", None, at(0));
        assert!(matches!(outcome, SignIn::CodeRequired(_)));
        let outcome = users.sign_in("ana", "right", Some(&code), at(0));
        assert!(matches!(outcome, SignIn::Welcome(_)));
        let outcome = users.sign_in("ana", "right", Some(&code), at(0));
        assert!(matches!(outcome, SignIn::CodeRequired(_)));
    }

    fn new_user(username: &str) -> NewUser {
        NewUser {
            username: username.into(),
            name: "New".into(),
            group: Group::Viewer,
        }
    }

    #[test]
    fn all_are_invited_or_nobody() {
        let (mut users, mut chance) = (world(None), Chance::from_seed(1));
        let mut invite = |names: &[&str]| {
            let new = names.iter().map(|name| new_user(name)).collect();
            let invited = users.invite("acme", new, at(1), &mut chance);
            invited.map(|users| users.len())
        };
        assert_eq!(invite(&["bo", "ana"]), Err(vec!["ana".into()]));
        assert_eq!(invite(&["bo", "bo"]), Err(vec!["bo".into()]));
        assert_eq!(invite(&["bo", "cy"]), Ok(2));
        assert_eq!(users.list("acme").count(), 3);
        assert_eq!(users.list("globex").count(), 0);
    }

    #[test]
    fn whoever_was_invited_has_no_way_in_and_no_login() {
        let (mut users, mut chance) = (world(None), Chance::from_seed(1));
        let new = vec![new_user("bo")];
        assert!(users.invite("acme", new, at(1), &mut chance).is_ok());
        let outcome = users.sign_in("bo", "", None, at(2));
        assert!(matches!(outcome, SignIn::WrongPassword));
        assert_eq!(users.get("bo").unwrap().last_login, None);
        let outcome = users.sign_in("ana", "right", None, at(2));
        assert!(matches!(outcome, SignIn::Welcome(_)));
        assert_eq!(users.get("ana").unwrap().last_login, Some(at(2)));
    }

    #[test]
    fn a_deleted_user_is_nobody_and_another_customers_is_not_deleted() {
        let mut users = world(None);
        assert!(!users.delete("globex", "id"));
        assert!(users.delete("acme", "id"));
        assert!(!users.delete("acme", "id"));
        assert!(users.by_id("id").is_none() && users.get("ana").is_none());
    }
}
