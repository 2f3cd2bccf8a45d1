//! The life of a session as a pure function: no clock, no chance, no IO. The shell in `session.rs` does what it says.
//!
//! | state | meaning | [`Machine::acquire`] answers |
//! |---|---|---|
//! | empty | no token was ever held | start a flight, or join it, and wait |
//! | fresh | younger than `soft` | serve |
//! | stale | between `soft` and `hard`, not rejected | serve, and start a flight that nobody waits for |
//! | dead | past `hard`, or rejected by the API | start a flight, or join it, and wait |
//! | needs input | the last flight failed for good, and no token lives | that error, and nothing is sent |
//! | closed | signed out | closed |
//!
//! A *flight* asks the API for a token: by refresh, or by sign-in. There is at most one. After one that failed for a
//! reason that passes, callers get its error at once until a pause is over; one whose token still lives sees nothing.
//! Generations number the tokens and only grow. A rejection names the generation that the request was signed with, so a
//! late 401 of an old token cannot throw a new one away. After [`MOST_REJECTIONS`] in a minute a 401 is no matter of the
//! token any more, and is not answered with another flight.

use std::collections::VecDeque;
use std::time::Duration;

use crate::clock::Moment;

const MOST_REJECTIONS: usize = 3;
const REJECTION_WINDOW: Duration = Duration::from_secs(60);
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// The first and the last point of a life at which a token turns stale; in between it is drawn.
const SOFT: (f64, f64) = (0.60, 0.80);
/// How long before its end a token counts as dead: the larger of the two.
const MARGIN: Duration = Duration::from_secs(30);
const MARGIN_SHARE: f64 = 0.02;

/// The state of a session. `E` is the error that waiters share.
#[derive(Debug)]
pub(crate) struct Machine<E> {
    token: Option<Held>,
    generation: u64,
    flights: u64,
    flight: Flight<E>,
    needs_input: Option<E>,
    closed: bool,
    failures: u32,
    rejections: VecDeque<Moment>,
}

/// The times of the current token.
#[derive(Debug)]
struct Held {
    anchor: Moment,
    soft: Duration,
    hard: Duration,
    rejected: bool,
}

#[derive(Debug)]
enum Flight<E> {
    Idle,
    Flying(u64),
    Cooling {
        since: Moment,
        pause: Duration,
        error: E,
    },
}

/// What a caller that wants a token is to do.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Acquire<E> {
    /// Take the current token; start this flight beside, where there is one.
    Serve { start: Option<u64> },
    /// Start this flight and wait for it.
    Start(u64),
    /// Wait for the flight that is in the air.
    Join,
    /// Give up with this error.
    Fail(E),
    /// The session was signed out.
    Closed,
}

/// How a flight ended.
#[derive(Debug)]
pub(crate) enum Landing<E> {
    /// With a token of this life, counted from the moment before it was asked for.
    Token { anchor: Moment, life: Duration },
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

impl<E: Clone> Machine<E> {
    pub(crate) const fn new() -> Self {
        Self {
            token: None,
            generation: 0,
            flights: 0,
            flight: Flight::Idle,
            needs_input: None,
            closed: false,
            failures: 0,
            rejections: VecDeque::new(),
        }
    }

    /// The number of the current token.
    pub(crate) const fn generation(&self) -> u64 {
        self.generation
    }

    pub(crate) const fn is_closed(&self) -> bool {
        self.closed
    }

    /// A caller wants a token.
    pub(crate) fn acquire(&mut self, now: Moment) -> Acquire<E> {
        if self.closed {
            return Acquire::Closed;
        }
        if let Some(token) = &self.token {
            let age = now.since(&token.anchor);
            if !token.rejected && age < token.hard {
                let may_start =
                    age >= token.soft && self.needs_input.is_none() && self.may_start(now);
                return Acquire::Serve {
                    start: may_start.then(|| self.start()),
                };
            }
        }
        if let Some(error) = &self.needs_input {
            return Acquire::Fail(error.clone());
        }
        match &self.flight {
            Flight::Flying(_) => Acquire::Join,
            Flight::Cooling {
                since,
                pause,
                error,
            } if now.since(since) < *pause => Acquire::Fail(error.clone()),
            Flight::Idle | Flight::Cooling { .. } => Acquire::Start(self.start()),
        }
    }

    /// The API answered 401 to a request signed with this generation. Answers whether another token is worth a try.
    pub(crate) fn reject(&mut self, generation: u64, now: Moment) -> bool {
        let Some(token) = self
            .token
            .as_mut()
            .filter(|_| generation == self.generation)
        else {
            return generation < self.generation;
        };
        if token.rejected {
            return true;
        }
        self.rejections
            .retain(|earlier| now.since(earlier) < REJECTION_WINDOW);
        if self.rejections.len() >= MOST_REJECTIONS {
            return false;
        }
        self.rejections.push_back(now);
        token.rejected = true;
        true
    }

    /// A flight ended. `chance` (0 to 1) spreads what many processes would do at once.
    pub(crate) fn land(&mut self, flight: u64, landing: Landing<E>, now: Moment, chance: f64) {
        if !matches!(self.flight, Flight::Flying(id) if id == flight) {
            return;
        }
        self.flight = Flight::Idle;
        if self.closed {
            return;
        }
        match landing {
            Landing::Token { anchor, life } => {
                self.generation += 1;
                self.failures = 0;
                self.needs_input = None;
                let soft = life.mul_f64(SOFT.0 + (SOFT.1 - SOFT.0) * chance);
                let hard = life.saturating_sub(MARGIN.max(life.mul_f64(MARGIN_SHARE)));
                self.token = Some(Held {
                    anchor,
                    soft,
                    hard,
                    rejected: false,
                });
            }
            Landing::Transient { error, retry_after } => {
                let doubled = FIRST_PAUSE
                    .saturating_mul(1 << self.failures.min(5))
                    .min(LONGEST_PAUSE);
                let pause = doubled
                    .mul_f64(0.5 + 0.5 * chance)
                    .max(retry_after.unwrap_or_default());
                self.failures = self.failures.saturating_add(1);
                self.flight = Flight::Cooling {
                    since: now,
                    pause,
                    error,
                };
            }
            Landing::Permanent(error) => self.needs_input = Some(error),
            Landing::Lost => {}
        }
    }

    /// New input came (a code, other credentials): what failed for good may work now.
    pub(crate) fn input_arrived(&mut self) {
        self.needs_input = None;
        self.failures = 0;
        if matches!(self.flight, Flight::Cooling { .. }) {
            self.flight = Flight::Idle;
        }
    }

    /// Signs out; nothing leads back.
    pub(crate) fn close(&mut self) {
        self.closed = true;
        self.token = None;
    }

    fn may_start(&self, now: Moment) -> bool {
        match &self.flight {
            Flight::Idle => true,
            Flight::Flying(_) => false,
            Flight::Cooling { since, pause, .. } => now.since(since) >= *pause,
        }
    }

    fn start(&mut self) -> u64 {
        self.flights += 1;
        self.flight = Flight::Flying(self.flights);
        self.flights
    }
}

#[cfg(test)]
mod tests;
