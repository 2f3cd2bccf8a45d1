//! The life of a session as a pure function: no clock, no chance, no IO. The shell in `hub.rs` does what it says.
//!
//! | state | meaning | answer to `Acquire` |
//! |---|---|---|
//! | `Empty` | no token was ever held | `Start` |
//! | `Fresh` | younger than `soft` | `Serve` |
//! | `Stale` | between `soft` and `hard`, not rejected | `ServeAndStart` |
//! | `Dead` | past `hard`, or rejected by the API | `Start` |
//! | `NeedsInput` | the last flight failed for good, and no token lives | `Fail` |
//! | `Closed` | signed out | `Closed` |
//!
//! A *flight* asks the store and the API for a token. There is at most one. Beside the state stands its register:
//!
//! | register | meaning | answer to `Acquire` in `Empty` and `Dead` | in `Stale` |
//! |---|---|---|---|
//! | `Idle` | none is in the air | `Start` | `ServeAndStart` |
//! | `InFlight` | one is in the air | `Join` | `Serve` |
//! | `Cooling` | the last one failed for a reason that passes, and its pause is not over | `Fail` | `Serve` |
//!
//! Generations number the tokens and only grow. A rejection names the generation that the request was signed with, so a
//! late 401 of an old token cannot throw a new one away. A 401 on a token younger than [`YOUNG`], and one after
//! [`MOST_REJECTIONS`] in a minute, is no matter of the token and is not answered with another flight. A token that was
//! rejected does not come back by way of the store: its fingerprint is known.

use std::collections::VecDeque;
use std::time::Duration;

use super::fingerprint::Fingerprint;
use crate::clock::Moment;

const MOST_REJECTIONS: usize = 3;
const REJECTION_WINDOW: Duration = Duration::from_secs(60);
/// A token that was just made is not what the API dislikes.
const YOUNG: Duration = Duration::from_secs(10);
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// However long the server asks to be left alone, after this it is asked again.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(60);
/// The first and the last point of a life at which a token turns stale; in between it is drawn.
const SOFT: (f64, f64) = (0.60, 0.80);
/// How long before its end a token counts as dead: the larger of the two.
const MARGIN: Duration = Duration::from_secs(30);
const MARGIN_SHARE: f64 = 0.02;

/// The state of a session. `E` is the error that waiters share.
#[derive(Debug, Clone)]
pub(crate) struct Machine<E> {
    token: Option<Held>,
    generation: u64,
    flights: u64,
    flight: Register<E>,
    needs_input: Option<E>,
    closed: bool,
    failures: u32,
    rejections: VecDeque<Moment>,
    rejected: Option<Fingerprint>,
}

/// The times of the current token.
#[derive(Debug, Clone)]
struct Held {
    anchor: Moment,
    /// How old it was at `anchor`.
    spent: Duration,
    soft: Duration,
    hard: Duration,
    fingerprint: Fingerprint,
    rejected: bool,
}

#[derive(Debug, Clone)]
enum Register<E> {
    Idle,
    InFlight(u64),
    Cooling {
        since: Moment,
        pause: Duration,
        error: E,
    },
}

/// An error that can say when the next try is due.
pub(crate) trait Pausing: Clone {
    /// The same error, which says so.
    fn retry_in(self, pause: Duration) -> Self;
}

/// The six states, as the table above has them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Empty,
    Fresh,
    Stale,
    Dead,
    NeedsInput,
    Closed,
}

/// What happens to a session.
#[derive(Debug, Clone)]
pub(crate) enum Event<E> {
    /// A caller wants a token.
    Acquire,
    /// The API answered 401 to a request signed with this generation.
    Reject(u64),
    /// A flight ended. `chance` (0 to 1) spreads what many processes would do at once.
    Land {
        flight: u64,
        landing: Landing<E>,
        chance: f64,
    },
    /// New input came (a code, other credentials): what failed for good may work now.
    Input,
    /// The session is signed out; nothing leads back.
    Close,
}

/// What the shell is to do.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Effect<E> {
    /// Hand out the current token.
    Serve,
    /// Hand out the current token, and start this flight beside.
    ServeAndStart(u64),
    /// Start this flight and wait for it.
    Start(u64),
    /// Wait for the flight that is in the air.
    Join,
    /// Give up with this error; after a landing, tell it to all who wait.
    Fail(E),
    /// Give up: the session was signed out.
    Closed,
    /// Another token is worth a try; the one that the request was signed with is handed out no more.
    TryAgain,
    /// The token is not what is wrong.
    GiveUp,
    /// Hand out the token that landed from now on, until `hard` has passed since its anchor.
    Publish {
        generation: u64,
        soft: Duration,
        hard: Duration,
    },
    /// The flight brought nothing: whoever waits asks anew.
    Reboard,
    /// Nothing.
    Nothing,
}

/// How a flight ended.
#[derive(Debug, Clone)]
pub(crate) enum Landing<E> {
    /// With a token.
    Token(Landed),
    /// With a failure that may pass; the server may have said when.
    Transient {
        error: E,
        retry_after: Option<Duration>,
    },
    /// With a failure that only new input can change.
    Permanent(E),
    /// Its task ended without a word.
    Lost,
}

/// A token that a flight brought.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Landed {
    /// The moment before it was asked for, or that it was found.
    pub(crate) anchor: Moment,
    /// How old it was then: nothing, unless it was found in the store.
    pub(crate) spent: Duration,
    /// How long it lives from its making.
    pub(crate) life: Duration,
    pub(crate) fingerprint: Fingerprint,
    /// Whether it was found in the store, and not made for us.
    pub(crate) adopted: bool,
}

/// How old a token may grow.
pub(crate) fn hard_point(life: Duration) -> Duration {
    life.saturating_sub(MARGIN.max(life.mul_f64(MARGIN_SHARE)))
}

impl<E: Pausing> Machine<E> {
    pub(crate) const fn new() -> Self {
        Self {
            token: None,
            generation: 0,
            flights: 0,
            flight: Register::Idle,
            needs_input: None,
            closed: false,
            failures: 0,
            rejections: VecDeque::new(),
            rejected: None,
        }
    }

    /// Takes an event; answers what is to be done.
    pub(crate) fn step(&mut self, event: Event<E>, now: Moment) -> Effect<E> {
        match event {
            Event::Acquire => self.acquire(now),
            Event::Reject(generation) => self.reject(generation, now),
            Event::Land {
                flight,
                landing,
                chance,
            } => self.land(flight, landing, now, chance),
            Event::Input => {
                self.needs_input = None;
                self.failures = 0;
                if matches!(self.flight, Register::Cooling { .. }) {
                    self.flight = Register::Idle;
                }
                Effect::Nothing
            }
            Event::Close => {
                self.closed = true;
                self.token = None;
                Effect::Closed
            }
        }
    }

    /// The state at a moment.
    pub(crate) fn state(&self, now: Moment) -> State {
        if self.closed {
            return State::Closed;
        }
        match (&self.token, &self.needs_input) {
            (Some(token), _) if token.lives(now) => {
                if now.since(&token.anchor) < token.soft {
                    State::Fresh
                } else {
                    State::Stale
                }
            }
            (_, Some(_)) => State::NeedsInput,
            (Some(_), None) => State::Dead,
            (None, None) => State::Empty,
        }
    }

    /// Why input is needed, where it is.
    pub(crate) const fn needs_input(&self) -> Option<&E> {
        self.needs_input.as_ref()
    }

    /// The number of the current token.
    pub(crate) const fn generation(&self) -> u64 {
        self.generation
    }

    /// The token that the API rejected last.
    pub(crate) const fn rejected(&self) -> Option<Fingerprint> {
        self.rejected
    }

    fn acquire(&mut self, now: Moment) -> Effect<E> {
        match self.state(now) {
            State::Closed => Effect::Closed,
            State::Fresh => Effect::Serve,
            State::Stale if self.needs_input.is_none() && self.may_start(now) => {
                Effect::ServeAndStart(self.start())
            }
            State::Stale => Effect::Serve,
            State::Empty | State::Dead | State::NeedsInput => {
                if let Some(error) = &self.needs_input {
                    return Effect::Fail(error.clone());
                }
                match &self.flight {
                    Register::InFlight(_) => Effect::Join,
                    Register::Cooling {
                        since,
                        pause,
                        error,
                    } if now.since(since) < *pause => {
                        Effect::Fail(error.clone().retry_in(*pause - now.since(since)))
                    }
                    Register::Idle | Register::Cooling { .. } => Effect::Start(self.start()),
                }
            }
        }
    }

    fn reject(&mut self, generation: u64, now: Moment) -> Effect<E> {
        if self.closed || generation > self.generation {
            return Effect::GiveUp;
        }
        let Some(token) = self
            .token
            .as_mut()
            .filter(|_| generation == self.generation)
        else {
            return Effect::TryAgain;
        };
        if token.rejected {
            return Effect::TryAgain;
        }
        self.rejections
            .retain(|earlier| now.since(earlier) < REJECTION_WINDOW);
        let age = token.spent + now.since(&token.anchor);
        if age < YOUNG || self.rejections.len() >= MOST_REJECTIONS {
            return Effect::GiveUp;
        }
        self.rejections.push_back(now);
        token.rejected = true;
        self.rejected = Some(token.fingerprint);
        Effect::TryAgain
    }

    fn land(&mut self, flight: u64, landing: Landing<E>, now: Moment, chance: f64) -> Effect<E> {
        if !matches!(self.flight, Register::InFlight(id) if id == flight) {
            return Effect::Nothing;
        }
        self.flight = Register::Idle;
        if self.closed {
            return Effect::Closed;
        }
        match landing {
            Landing::Token(landed) => {
                if landed.adopted && self.rejected == Some(landed.fingerprint) {
                    return Effect::Reboard;
                }
                self.publish(&landed, chance)
            }
            Landing::Transient { error, retry_after } => {
                let doubled = FIRST_PAUSE
                    .saturating_mul(1 << self.failures.min(5))
                    .min(LONGEST_PAUSE);
                let pause = doubled
                    .min(self.last_chances(now))
                    .mul_f64(0.5 + 0.5 * chance)
                    .max(retry_after.unwrap_or_default().min(LONGEST_RETRY_AFTER));
                self.failures = self.failures.saturating_add(1);
                self.flight = Register::Cooling {
                    since: now,
                    pause,
                    error: error.clone(),
                };
                Effect::Fail(error.retry_in(pause))
            }
            Landing::Permanent(error) => {
                self.needs_input = Some(error.clone());
                Effect::Fail(error)
            }
            Landing::Lost => Effect::Reboard,
        }
    }

    fn publish(&mut self, landed: &Landed, chance: f64) -> Effect<E> {
        self.generation += 1;
        self.failures = 0;
        self.needs_input = None;
        let soft = landed
            .life
            .mul_f64(SOFT.0 + (SOFT.1 - SOFT.0) * chance)
            .saturating_sub(landed.spent);
        let hard = hard_point(landed.life).saturating_sub(landed.spent);
        self.token = Some(Held {
            anchor: landed.anchor,
            spent: landed.spent,
            soft,
            hard,
            fingerprint: landed.fingerprint,
            rejected: false,
        });
        Effect::Publish {
            generation: self.generation,
            soft,
            hard,
        }
    }

    /// How long a pause may be: shorter towards the end of a token that lives, so that it is renewed in time once an
    /// outage is over.
    fn last_chances(&self, now: Moment) -> Duration {
        let held = self.token.as_ref().filter(|token| token.lives(now));
        held.map_or(LONGEST_PAUSE, |token| {
            let left = token.hard.saturating_sub(now.since(&token.anchor));
            (left / 4).max(FIRST_PAUSE)
        })
    }

    fn may_start(&self, now: Moment) -> bool {
        match &self.flight {
            Register::Idle => true,
            Register::InFlight(_) => false,
            Register::Cooling { since, pause, .. } => now.since(since) >= *pause,
        }
    }

    fn start(&mut self) -> u64 {
        self.flights += 1;
        self.flight = Register::InFlight(self.flights);
        self.flights
    }
}

impl Held {
    fn lives(&self, now: Moment) -> bool {
        !self.rejected && now.since(&self.anchor) < self.hard
    }
}

#[cfg(test)]
mod scenarios;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod walks;
