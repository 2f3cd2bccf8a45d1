//! The authorisation code grant, both sides of it: what was begun, whether somebody consented, and what came back.
//!
//! Rules: a state is good for ten minutes and for one callback, of the user who began; a callback that fails uses it up
//! too. Nobody else's callback touches it: to them it is unknown. A code belongs to its state, and only the latest counts.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use data_encoding::BASE64URL_NOPAD;

use crate::mutations::{Mutation, Mutations};
use crate::state::chance::Chance;
use crate::state::plugins::Plugin;
use crate::state::secret::Secret;

/// Where the authorisation server's page is, on the emulator itself.
pub(crate) const CONSENT_PATH: &str = "/__emulator__/oauth/consent";

const LIFE: TimeDelta = TimeDelta::minutes(10);
/// Beyond it the oldest is forgotten, so that a held clock does not fill the memory.
const MAX_PENDING: usize = 10_000;

/// What was begun and is not yet called back.
#[derive(Default)]
pub(crate) struct Authorizations {
    by_state: BTreeMap<String, Authorization>,
    mutations: Mutations,
}

/// One that was begun.
#[derive(Debug, Clone)]
pub(crate) struct Authorization {
    pub(crate) user_id: String,
    pub(crate) username: String,
    pub(crate) plugin: &'static Plugin,
    pub(crate) redirect_uri: String,
    begun_at: DateTime<Utc>,
    code: Option<Secret>,
}

/// Why a callback makes no connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("state is unknown or was used")]
    UnknownState,
    #[error("state is older than 10 minutes")]
    OldState,
    #[error("code is none that was handed out for this state")]
    WrongCode,
}

impl Authorization {
    /// One that begins now.
    pub(crate) fn new(
        user_id: &str,
        username: &str,
        plugin: &'static Plugin,
        redirect_uri: &str,
        now: DateTime<Utc>,
    ) -> Self {
        Self {
            user_id: user_id.to_owned(),
            username: username.to_owned(),
            plugin,
            redirect_uri: redirect_uri.to_owned(),
            begun_at: now,
            code: None,
        }
    }

    fn is_old(&self, now: DateTime<Utc>) -> bool {
        now.signed_duration_since(self.begun_at) > LIFE
    }

    fn returning(&self, query: &str) -> String {
        let separator = if self.redirect_uri.contains('?') {
            '&'
        } else {
            '?'
        };
        format!("{}{separator}{query}", self.redirect_uri)
    }
}

impl Authorizations {
    /// Nothing yet; mutations take rules of it away.
    pub(crate) fn new(mutations: Mutations) -> Self {
        Self {
            mutations,
            ..Self::default()
        }
    }

    /// Begins one; the answer is its state.
    pub(crate) fn begin(&mut self, authorization: Authorization, chance: &mut Chance) -> String {
        let now = authorization.begun_at;
        // An old one is kept for as long again, so that its callback is told why it fails.
        self.by_state
            .retain(|_, known| now.signed_duration_since(known.begun_at) <= LIFE + LIFE);
        if self.by_state.len() >= MAX_PENDING {
            let oldest = self
                .by_state
                .iter()
                .min_by_key(|(_, known)| known.begun_at)
                .map(|(state, _)| state.clone());
            if let Some(oldest) = oldest {
                self.by_state.remove(&oldest);
            }
        }
        let state = draw(chance);
        self.by_state.insert(state.clone(), authorization);
        state
    }

    /// What the page asks consent for.
    pub(crate) fn pending(&self, state: &str, now: DateTime<Utc>) -> Option<&Authorization> {
        self.by_state.get(state).filter(|known| !known.is_old(now))
    }

    /// Somebody consented; the answer is where they go, with a code.
    pub(crate) fn approve(
        &mut self,
        state: &str,
        now: DateTime<Utc>,
        chance: &mut Chance,
    ) -> Option<String> {
        let known = self.by_state.get_mut(state)?;
        if known.is_old(now) {
            return None;
        }
        let code = draw(chance);
        known.code = Some(Secret::new(&code));
        Some(known.returning(&format!("code={code}&state={state}")))
    }

    /// Somebody refused; the answer is where they go, without a code.
    pub(crate) fn deny(&mut self, state: &str, now: DateTime<Utc>) -> Option<String> {
        let known = self.by_state.get_mut(state)?;
        if known.is_old(now) {
            return None;
        }
        known.code = None;
        Some(known.returning(&format!("error=access_denied&state={state}")))
    }

    /// Takes a callback; its state is used up whatever comes of it.
    pub(crate) fn complete(
        &mut self,
        user_id: &str,
        state: &str,
        code: &str,
        now: DateTime<Utc>,
    ) -> Result<Authorization, Refusal> {
        let own = self
            .by_state
            .get(state)
            .is_some_and(|known| known.user_id == user_id)
            || self.mutations.has(Mutation::ConsentForAnybody);
        if !own {
            return Err(Refusal::UnknownState);
        }
        let known = if self.mutations.has(Mutation::ConsentCountsTwice) {
            self.by_state.get(state).cloned()
        } else {
            self.by_state.remove(state)
        };
        let known = known.ok_or(Refusal::UnknownState)?;
        if known.is_old(now) {
            return Err(Refusal::OldState);
        }
        if known
            .code
            .as_ref()
            .is_some_and(|handed_out| handed_out.is(code))
        {
            Ok(known)
        } else {
            Err(Refusal::WrongCode)
        }
    }
}

/// Text that goes into a URL as it is.
fn draw(chance: &mut Chance) -> String {
    BASE64URL_NOPAD.encode(&chance.bytes::<32>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::plugins;

    const START: DateTime<Utc> = DateTime::UNIX_EPOCH;

    fn begun() -> (Authorizations, String, Chance) {
        let mut chance = Chance::from_seed(1);
        let mut authorizations = Authorizations::default();
        let plugin = plugins::named("google-sheets").unwrap();
        let redirect = "http://127.0.0.1:9000/callback?a=1";
        let ana = Authorization::new("ana", "ana@acme.example", plugin, redirect, START);
        let state = authorizations.begin(ana, &mut chance);
        (authorizations, state, chance)
    }

    fn code_of(location: &str) -> String {
        let code = location.split("code=").nth(1).unwrap();
        code.split('&').next().unwrap().to_owned()
    }

    #[test]
    fn a_state_and_its_code_are_good_once() {
        let (mut known, state, mut chance) = begun();
        let location = known.approve(&state, START, &mut chance).unwrap();
        assert!(location.starts_with("http://127.0.0.1:9000/callback?a=1&code="));
        assert!(location.ends_with(&format!("&state={state}")));
        let code = code_of(&location);
        assert!(known.complete("ana", &state, &code, START).is_ok());
        assert_eq!(
            known.complete("ana", &state, &code, START).unwrap_err(),
            Refusal::UnknownState
        );
    }

    #[test]
    fn another_user_neither_completes_a_state_nor_uses_it_up() {
        let (mut known, state, mut chance) = begun();
        let code = code_of(&known.approve(&state, START, &mut chance).unwrap());
        assert_eq!(
            known.complete("vera", &state, &code, START).unwrap_err(),
            Refusal::UnknownState
        );
        assert!(known.complete("ana", &state, &code, START).is_ok());
    }

    #[test]
    fn a_wrong_code_uses_the_state_up() {
        let (mut known, state, mut chance) = begun();
        let code = code_of(&known.approve(&state, START, &mut chance).unwrap());
        for (tried, refusal) in [("", Refusal::WrongCode), (&code, Refusal::UnknownState)] {
            assert_eq!(
                known.complete("ana", &state, tried, START).unwrap_err(),
                refusal
            );
        }
    }

    #[test]
    fn without_consent_there_is_no_code() {
        let (mut known, state, mut chance) = begun();
        let code = code_of(&known.approve(&state, START, &mut chance).unwrap());
        let location = known.deny(&state, START).unwrap();
        assert!(location.contains("&error=access_denied&state="));
        assert_eq!(
            known.complete("ana", &state, &code, START).unwrap_err(),
            Refusal::WrongCode
        );
    }

    #[test]
    fn a_state_lives_for_ten_minutes_to_the_second() {
        for (seconds, refusal) in [(600, None), (601, Some(Refusal::OldState))] {
            let (mut known, state, mut chance) = begun();
            let code = code_of(&known.approve(&state, START, &mut chance).unwrap());
            let later = START + TimeDelta::seconds(seconds);
            assert_eq!(known.pending(&state, later).is_none(), refusal.is_some());
            assert_eq!(known.clone_approval(&state, later), refusal.is_none());
            assert_eq!(known.complete("ana", &state, &code, later).err(), refusal);
        }
    }

    #[test]
    fn what_was_begun_does_not_fill_the_memory() {
        let (mut known, first, mut chance) = begun();
        let like = known.by_state[&first].clone();
        let at = |turn: usize| Authorization {
            begun_at: START + TimeDelta::milliseconds(i64::try_from(turn).unwrap()),
            ..like.clone()
        };
        // Begun one by one they would be looked through ten thousand times; what is tested is the last turn.
        for turn in 1..MAX_PENDING {
            known.by_state.insert(turn.to_string(), at(turn));
        }
        let next = known.begin(at(MAX_PENDING), &mut chance);
        assert_eq!(known.by_state.len(), MAX_PENDING);
        assert!(known.pending(&first, START).is_none());
        for kept in ["1", &next] {
            assert!(known.pending(kept, START).is_some(), "{kept}");
        }
    }

    #[test]
    fn a_code_is_never_formatted() {
        let (mut known, state, mut chance) = begun();
        let code = code_of(&known.approve(&state, START, &mut chance).unwrap());
        assert!(!format!("{:?}", known.by_state[&state]).contains(&code));
    }

    impl Authorizations {
        /// Whether consent would still be taken, without taking it.
        fn clone_approval(&self, state: &str, now: DateTime<Utc>) -> bool {
            let mut copy = Self {
                by_state: self.by_state.clone(),
                mutations: self.mutations,
            };
            copy.approve(state, now, &mut Chance::from_seed(2))
                .is_some()
        }
    }
}
