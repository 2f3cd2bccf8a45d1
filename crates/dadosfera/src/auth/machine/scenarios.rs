//! The scenarios of `tests/scenarios/auth.json` against the pure machine, with a provider, a store and flights that are
//! models: a few numbers each.
//!
//! Here everything that a caller starts has landed before the next step, so what the client does beside is done at once.

use std::collections::BTreeSet;
use std::time::SystemTime;

use super::*;

#[path = "../../../tests/scenarios/script.rs"]
mod script;

mod provider;

use provider::Provider;
use script::{Counts, Credentials, Factor, Given, Mood, Scenario, Step, Thing, scenarios};

type Kind = &'static str;

const LIFE: u64 = provider::LIFE;
const REFRESH_LIFE: u64 = 24 * 3600;
const CODE_TURN: u64 = 30;
const THROTTLED: u64 = 5;

#[test]
fn the_machine_does_what_each_scenario_says() {
    let mut broken = Vec::new();
    for scenario in scenarios() {
        if let Err(why) = World::of(scenario.given).play(&scenario) {
            broken.push(format!("{}: {why}", scenario.name));
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

/// Two sessions, of which the second is there to share the store.
struct World {
    given: Given,
    /// The time of the provider, from a whole half minute on.
    now: u64,
    slept: u64,
    skew: i64,
    provider: Provider,
    store: Option<Record>,
    store_mood: Mood,
    sessions: [Session; 2],
}

#[derive(Clone, Copy)]
struct Record {
    generation: u64,
    access: u64,
    refresh: Option<u64>,
    made: Moment,
    refresh_made: Moment,
}

struct Session {
    machine: Machine<Kind>,
    token: u64,
    refresh: Option<HeldRefresh>,
    seen: u64,
    password_is_right: bool,
    code_at_hand: bool,
    last_turn: Option<u64>,
    failures: usize,
}

#[derive(Clone, Copy)]
struct HeldRefresh {
    token: u64,
    made: Option<Moment>,
    shared: bool,
}

/// What the model of a flight brings.
enum Brought {
    Token(Landed, u64),
    Passing(Kind),
    Final(Kind),
}

impl World {
    fn of(given: Given) -> Self {
        let session = || Session {
            machine: Machine::new(),
            token: 0,
            refresh: None,
            seen: 0,
            password_is_right: given.credentials != Credentials::WrongPassword,
            code_at_hand: given.factor == Factor::Code,
            last_turn: None,
            failures: 0,
        };
        let mut world = Self {
            given,
            now: 1_000_000 * CODE_TURN,
            slept: 0,
            skew: 0,
            provider: Provider::new(),
            store: None,
            store_mood: Mood::Works,
            sessions: [session(), session()],
        };
        if given.credentials == Credentials::RefreshToken {
            let token = world.provider.next();
            world.provider.refresh.push((token, world.now));
            let held = HeldRefresh {
                token,
                made: None,
                shared: false,
            };
            for session in &mut world.sessions {
                session.refresh = Some(held);
            }
        }
        world
    }

    fn play(mut self, scenario: &Scenario) -> Result<(), String> {
        for (number, step) in scenario.steps.iter().enumerate() {
            self.step(step)
                .map_err(|why| format!("step {} ({step:?}): {why}", number + 1))?;
        }
        is(
            "the provider was asked",
            &self.provider.asked,
            &scenario.expect,
        )
    }

    fn step(&mut self, step: &Step) -> Result<(), String> {
        match step {
            Step::Acquire(outcome) => is("it was", &self.acquire(0), outcome),
            Step::Call(outcome) => is("it was", &self.call(0), outcome),
            Step::Other(outcome) => is("it was", &self.acquire(1), outcome),
            Step::OtherCall(outcome) => is("it was", &self.call(1), outcome),
            Step::Herd { callers, outcome } => self.herd(*callers, outcome),
            Step::Pass(seconds) => {
                self.now += seconds;
                Ok(())
            }
            Step::Suspend(seconds) => {
                self.now += seconds;
                self.slept += seconds;
                Ok(())
            }
            Step::Skew(seconds) => {
                self.skew = *seconds;
                Ok(())
            }
            Step::Idp(mood) => {
                self.provider.mood = *mood;
                self.provider.throttles = u32::from(*mood == Mood::ThrottledOnce);
                self.provider.api_refuses = false;
                self.provider.revokes.clear();
                Ok(())
            }
            Step::Api(mood) => {
                self.provider.api_refuses = *mood == Mood::Unauthorized;
                Ok(())
            }
            Step::Revoke(token) => {
                self.provider.revokes.insert(match token {
                    Thing::Refresh => "refresh",
                    _ => "access",
                });
                Ok(())
            }
            Step::Store(mood) => {
                // A foreign record is set aside like one that is none.
                self.store_mood = if *mood == Mood::Foreign {
                    Mood::Corrupt
                } else {
                    *mood
                };
                Ok(())
            }
            Step::Supply(what) => {
                let now = self.moment();
                let session = &mut self.sessions[0];
                match what {
                    Thing::Code => session.code_at_hand = true,
                    _ => session.password_is_right = true,
                }
                session.machine.step(Event::Input, now);
                Ok(())
            }
            Step::LogOut(_) => {
                let now = self.moment();
                self.sessions[0].machine.step(Event::Close, now);
                self.store = None;
                Ok(())
            }
            Step::State(name) => {
                let state = self.sessions[0].machine.state(self.moment());
                let state = match state {
                    State::Empty => "empty",
                    State::Fresh => "fresh",
                    State::Stale => "stale",
                    State::Dead => "dead",
                    State::NeedsInput => "needs_input",
                    State::Closed => "closed",
                };
                is("it is", &state, name)
            }
            Step::Settle(settled) => {
                let counts = Counts {
                    sign_ins: settled.sign_ins,
                    refreshes: settled.refreshes,
                };
                is("the provider was asked", &self.provider.asked, &counts)?;
                let session = &self.sessions[0];
                is(
                    "the generation is",
                    &session.machine.generation(),
                    &settled.generation,
                )?;
                is("failures are", &session.failures, &settled.failures)
            }
        }
    }

    /// The session's clocks.
    fn moment(&self) -> Moment {
        Moment::at(
            Duration::from_secs(self.now - self.slept),
            SystemTime::UNIX_EPOCH + Duration::from_secs(self.wall()),
        )
    }

    fn wall(&self) -> u64 {
        self.now.saturating_add_signed(self.skew)
    }

    fn herd(&mut self, callers: usize, outcome: &str) -> Result<(), String> {
        let now = self.moment();
        let effects: Vec<_> = (0..callers)
            .map(|_| self.sessions[0].machine.step(Event::Acquire, now))
            .collect();
        let mut told = "ok";
        for effect in &effects {
            match effect {
                Effect::Start(flight) | Effect::ServeAndStart(flight) => {
                    let waits = matches!(effect, Effect::Start(_));
                    let landed = self.fly(0, *flight);
                    if waits {
                        told = landed;
                    }
                }
                Effect::Join | Effect::Serve => {}
                other => return Err(format!("{other:?}")),
            }
        }
        is("it was", told, outcome)
    }

    fn acquire(&mut self, who: usize) -> Kind {
        let now = self.moment();
        match self.sessions[who].machine.step(Event::Acquire, now) {
            Effect::Serve => "ok",
            Effect::ServeAndStart(flight) => {
                self.fly(who, flight);
                "ok"
            }
            Effect::Start(flight) => self.fly(who, flight),
            Effect::Fail(kind) => kind,
            Effect::Closed => "closed",
            _ => "an effect that acquire has not",
        }
    }

    fn call(&mut self, who: usize) -> Kind {
        let mut has_other_token = false;
        loop {
            let got = self.acquire(who);
            if got != "ok" {
                return got;
            }
            let token = self.sessions[who].token;
            if self.provider.accepts(token, self.now) {
                return "ok";
            }
            let now = self.moment();
            let session = &mut self.sessions[who];
            let generation = session.machine.generation();
            let effect = session.machine.step(Event::Reject(generation), now);
            if has_other_token || effect != Effect::TryAgain {
                return "unauthorized";
            }
            has_other_token = true;
        }
    }

    /// Flies and lands; answers what those who wait are told.
    fn fly(&mut self, who: usize, flight: u64) -> Kind {
        let (landing, token, told) = match self.bring(who) {
            Brought::Token(landed, token) => (Landing::Token(landed), Some(token), "ok"),
            Brought::Passing(error) => {
                let landing = Landing::Transient {
                    error,
                    retry_after: None,
                };
                (landing, None, error)
            }
            Brought::Final(error) => (Landing::Permanent(error), None, error),
        };
        let event = Event::Land {
            flight,
            landing,
            chance: 0.5,
        };
        let now = self.moment();
        let session = &mut self.sessions[who];
        session.machine.step(event, now);
        match token {
            Some(token) => session.token = token,
            None => session.failures += 1,
        }
        told
    }

    fn bring(&mut self, who: usize) -> Brought {
        let is_open = self.given.store && self.store_mood != Mood::Gone;
        if is_open && self.store_mood == Mood::Corrupt {
            self.store = None;
            self.store_mood = Mood::Works;
        }
        let kept = self.store.filter(|_| is_open);
        if let Some(found) = kept.and_then(|record| self.adopt(who, record)) {
            return found;
        }
        let made = self.moment();
        let brought = self.ask(who, kept, is_open);
        if let Brought::Token(landed, access) = &brought
            && is_open
            && self.store_mood == Mood::Works
        {
            let session = &mut self.sessions[who];
            let generation = kept.map_or(0, |it| it.generation).max(session.seen) + 1;
            session.seen = generation;
            let held = session.refresh.as_mut();
            let refresh = held.map(|held| {
                held.shared = true;
                *held
            });
            self.store = Some(Record {
                generation,
                access: *access,
                refresh: refresh.map(|held| held.token),
                made: landed.anchor,
                refresh_made: refresh.and_then(|held| held.made).unwrap_or(made),
            });
        }
        brought
    }

    fn adopt(&mut self, who: usize, record: Record) -> Option<Brought> {
        let now = self.moment();
        let fingerprint = Fingerprint::of(&record.access.to_string());
        let spent = now.since(&record.made);
        let life = Duration::from_secs(LIFE);
        let session = &mut self.sessions[who];
        if record.generation <= session.seen
            || session.machine.rejected() == Some(fingerprint)
            || spent >= hard_point(life)
        {
            return None;
        }
        session.seen = record.generation;
        session.refresh = record.refresh.map(|token| HeldRefresh {
            token,
            made: Some(record.refresh_made),
            shared: true,
        });
        let landed = Landed {
            anchor: now,
            spent,
            life,
            fingerprint,
            adopted: true,
        };
        Some(Brought::Token(landed, record.access))
    }

    fn ask(&mut self, who: usize, kept: Option<Record>, is_open: bool) -> Brought {
        let has_password = self.given.credentials != Credentials::RefreshToken;
        let from_store = kept.and_then(|record| {
            record.refresh.map(|token| HeldRefresh {
                token,
                made: Some(record.refresh_made),
                shared: true,
            })
        });
        let mut tried = BTreeSet::new();
        let held = self.sessions[who]
            .refresh
            .filter(|it| !(it.shared && kept.is_some()));
        for held in [from_store, held].into_iter().flatten() {
            let now = self.moment();
            let is_over = held
                .made
                .is_some_and(|made| now.since(&made) >= Duration::from_secs(REFRESH_LIFE - 60));
            if is_over || !tried.insert(held.token) {
                continue;
            }
            let may_spend = !held.shared || (is_open && self.store_mood == Mood::Works);
            if !may_spend && has_password {
                break;
            }
            if !may_spend {
                return Brought::Passing("timeout");
            }
            if let Some(answer) = self.refresh(who, held) {
                return answer;
            }
        }
        self.sessions[who].refresh = None;
        if has_password {
            self.sign_in(who)
        } else {
            Brought::Final("session_expired")
        }
    }

    /// Nothing where the token is refused.
    fn refresh(&mut self, who: usize, held: HeldRefresh) -> Option<Brought> {
        let anchor = self.moment();
        self.provider.asked.refreshes += 1;
        if self.throttled() {
            return self.refresh(who, held);
        }
        if let Some(failure) = self.provider.failure() {
            return Some(Brought::Passing(failure));
        }
        let dies = self.provider.revokes.remove("refresh");
        let lives = self
            .provider
            .refresh
            .iter()
            .any(|(token, made)| *token == held.token && self.now - made < REFRESH_LIFE);
        if dies || !lives {
            self.provider
                .refresh
                .retain(|(token, _)| *token != held.token);
            return None;
        }
        let token = if self.given.rotates {
            self.provider.refresh.clear();
            let next = self.provider.next();
            self.provider.refresh.push((next, self.now));
            next
        } else {
            held.token
        };
        let access = self.provider.give(self.now);
        match self.provider.mood {
            Mood::Drops => return Some(Brought::Passing("connection_lost")),
            Mood::WithoutTokens => return Some(Brought::Passing("unexpected_answer")),
            _ => {}
        }
        let is_other = token != held.token;
        self.sessions[who].refresh = Some(HeldRefresh {
            token,
            made: if is_other { Some(anchor) } else { held.made },
            shared: held.shared && !is_other,
        });
        Some(brought(anchor, access))
    }

    fn sign_in(&mut self, who: usize) -> Brought {
        let code = match self.code(who) {
            Ok(code) => code,
            Err(kind) => return Brought::Final(kind),
        };
        let anchor = self.moment();
        self.provider.asked.sign_ins += 1;
        if self.throttled() {
            return self.sign_in(who);
        }
        if self.provider.mood == Mood::Disabled {
            return Brought::Final("forbidden");
        }
        if let Some(failure) = self.provider.failure() {
            return Brought::Passing(failure);
        }
        if !self.sessions[who].password_is_right {
            return Brought::Final("bad_credentials");
        }
        let needs_code = self.given.factor != Factor::None;
        if (needs_code && !code) || self.provider.mood == Mood::WithoutTokens {
            return Brought::Final("mfa_required");
        }
        let access = self.provider.give(self.now);
        let refresh = self.provider.next();
        self.provider.refresh.push((refresh, self.now));
        if self.provider.mood == Mood::Drops {
            return Brought::Passing("connection_lost");
        }
        self.sessions[who].refresh = Some(HeldRefresh {
            token: refresh,
            made: Some(anchor),
            shared: false,
        });
        brought(anchor, access)
    }

    /// Whether there is a code to send; it is used up.
    fn code(&mut self, who: usize) -> Result<bool, Kind> {
        let given = std::mem::take(&mut self.sessions[who].code_at_hand);
        let turn = self.wall() / CODE_TURN;
        let sent = self.sessions[who].last_turn == Some(turn);
        match self.given.factor {
            Factor::Secret => {
                if sent {
                    self.now += CODE_TURN - self.wall() % CODE_TURN;
                }
                self.sessions[who].last_turn = Some(self.wall() / CODE_TURN);
                Ok(true)
            }
            // It repeats the one that it gave first.
            Factor::Callback if sent => Err("mfa_required"),
            Factor::Callback => {
                self.sessions[who].last_turn = Some(turn);
                Ok(true)
            }
            Factor::None | Factor::Missing | Factor::Code => Ok(given),
        }
    }

    /// Whether the provider wants a pause, which is then over.
    fn throttled(&mut self) -> bool {
        let throttled = self.provider.throttles > 0;
        if throttled {
            self.provider.throttles -= 1;
            self.now += THROTTLED;
        }
        throttled
    }
}

fn brought(anchor: Moment, access: u64) -> Brought {
    let landed = Landed {
        anchor,
        spent: Duration::ZERO,
        life: Duration::from_secs(LIFE),
        fingerprint: Fingerprint::of(&access.to_string()),
        adopted: false,
    };
    Brought::Token(landed, access)
}

fn is<T: std::fmt::Debug + PartialEq<U> + ?Sized, U: std::fmt::Debug + ?Sized>(
    what: &str,
    is: &T,
    should: &U,
) -> Result<(), String> {
    if is == should {
        Ok(())
    } else {
        Err(format!("{what} {is:?}, not {should:?}"))
    }
}
