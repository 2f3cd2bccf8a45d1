//! The shell around the machine: where callers, flights and rejections meet.
//!
//! Rules: handing out a token that is fresh takes one atomic load and comparisons, no lock and no allocation. A flight is a
//! task of its own, so that no caller's cancellation, timeout or panic touches it; where its task ends without a word,
//! whoever waits starts another on their own runtime. No lock is held across an await, nor while a task is started.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use super::arrival::Arrival;
use super::fingerprint::Fingerprint;
use super::machine::{Effect, Event, Landed, Landing, Machine, Pausing, State};
use super::sync::{Mutex, MutexGuard, PoisonError, Swap, TryLockError, spawn};
use crate::clock::Moment;

/// How often a caller boards before it gives up: once, once more for a lost flight, and for tokens that were rejected
/// while it was being woken.
const MOST_BOARDINGS: usize = 6;

/// A token with its times. `T` is what requests are signed with.
#[derive(Debug)]
pub(crate) struct Snapshot<T> {
    pub(crate) generation: u64,
    pub(crate) token: T,
    anchor: Moment,
    soft: Duration,
    hard: Duration,
}

/// Why there is no token.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Refusal<E> {
    /// The flight failed with this, which all who wait share.
    Failed(E),
    /// The session was signed out.
    Closed,
    /// Flight after flight ended without a word, or brought what was rejected at once.
    Lost,
    /// The caller runs on no runtime that a flight could start on.
    NoRuntime,
}

/// The shell. It lives in an `Arc`, which flights hold too.
pub(crate) struct Hub<T, E> {
    snapshot: Swap<Snapshot<T>>,
    core: Mutex<Core<T, E>>,
}

struct Core<T, E> {
    machine: Machine<E>,
    current: Option<Arc<Snapshot<T>>>,
    /// Where the flight in the air will be told of.
    arrival: Option<Arc<Arrival<Word<E>>>>,
}

/// What waiters are told.
#[derive(Debug, Clone)]
enum Word<E> {
    /// There is a new token, or there was: look again.
    Landed,
    Refused(Refusal<E>),
    Lost,
}

/// How a caller boarded, and the runway of the flight that it is to start.
type Boarding<T, E> = (Boarded<T, E>, Option<Runway<T, E>>);

enum Boarded<T, E> {
    Served(Arc<Snapshot<T>>),
    Waits(Arc<Arrival<Word<E>>>),
}

impl<T, E: Pausing> Hub<T, E> {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            snapshot: Swap::default(),
            core: Mutex::new(Core {
                machine: Machine::new(),
                current: None,
                arrival: None,
            }),
        })
    }

    /// A token that lives. `fly` makes a flight, which must land on its runway.
    pub(crate) async fn acquire<F>(
        self: &Arc<Self>,
        now: impl Fn() -> Moment,
        fly: impl Fn(Runway<T, E>) -> F,
    ) -> Result<Arc<Snapshot<T>>, Refusal<E>>
    where
        F: Future<Output = ()> + Send + 'static,
    {
        for _ in 0..MOST_BOARDINGS {
            if let Some(fresh) = self.fresh(now()) {
                return Ok(fresh);
            }
            let (boarded, runway) = self.board(now())?;
            if let Some(runway) = runway {
                let flight = fly(runway);
                let is_flying = spawn(flight);
                if !is_flying && matches!(boarded, Boarded::Waits(_)) {
                    return Err(Refusal::NoRuntime);
                }
            }
            match boarded {
                Boarded::Served(token) => return Ok(token),
                Boarded::Waits(arrival) => {
                    if let Word::Refused(refusal) = arrival.wait().await {
                        return Err(refusal);
                    }
                }
            }
        }
        Err(Refusal::Lost)
    }

    /// The current token where it is fresh: the read path.
    fn fresh(&self, now: Moment) -> Option<Arc<Snapshot<T>>> {
        let snapshot = self.snapshot.load();
        let snapshot = snapshot.as_ref()?;
        (now.since(&snapshot.anchor) < snapshot.soft).then(|| Arc::clone(snapshot))
    }

    /// Notes that the API does not take a token of this generation; answers whether another is worth a try.
    pub(crate) fn reject(&self, generation: u64, now: Moment) -> bool {
        let mut core = self.core();
        let effect = core.machine.step(Event::Reject(generation), now);
        let is_current = core
            .current
            .as_ref()
            .is_some_and(|token| token.generation == generation);
        let may_help = matches!(effect, Effect::TryAgain);
        if may_help && is_current {
            core.current = None;
            self.snapshot.store(None);
        }
        may_help
    }

    /// New input came.
    pub(crate) fn input_arrived(&self, now: Moment) {
        self.core().machine.step(Event::Input, now);
    }

    /// Signs out at once: nothing is handed out any more.
    pub(crate) fn close(&self, now: Moment) {
        let mut core = self.core();
        core.machine.step(Event::Close, now);
        core.current = None;
        self.snapshot.store(None);
    }

    /// Completes once no flight is in the air.
    pub(crate) async fn landed(&self) {
        let arrival = self.core().arrival.clone();
        if let Some(arrival) = arrival {
            arrival.wait().await;
        }
    }

    /// The state, the number of the current token, and why input is needed where it is.
    pub(crate) fn state(&self, now: Moment) -> (State, u64, Option<E>) {
        let core = self.core();
        let why = core.machine.needs_input().cloned();
        (core.machine.state(now), core.machine.generation(), why)
    }

    /// The token that the API rejected last.
    pub(crate) fn rejected(&self) -> Option<Fingerprint> {
        self.core().machine.rejected()
    }

    /// How long the current token stays fresh; nothing where none does.
    pub(crate) fn fresh_for(&self, now: Moment) -> Option<Duration> {
        let snapshot = self.snapshot.load();
        let snapshot = snapshot.as_ref()?;
        let left = snapshot.soft.saturating_sub(now.since(&snapshot.anchor));
        (!left.is_zero()).then_some(left)
    }

    fn board(self: &Arc<Self>, now: Moment) -> Result<Boarding<T, E>, Refusal<E>> {
        let mut core = match self.stale(now) {
            None => self.core(),
            // Somebody else is looking after it: nobody waits for that who has a token that lives.
            Some(stale) => match self.core.try_lock() {
                Ok(core) => core,
                Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
                Err(TryLockError::WouldBlock) => return Ok((Boarded::Served(stale), None)),
            },
        };
        match core.machine.step(Event::Acquire, now) {
            Effect::Serve => Ok((Boarded::Served(core.held()?), None)),
            Effect::ServeAndStart(flight) => {
                let token = core.held()?;
                let runway = self.runway(&mut core, flight);
                Ok((Boarded::Served(token), Some(runway)))
            }
            Effect::Start(flight) => {
                let runway = self.runway(&mut core, flight);
                Ok((Boarded::Waits(core.flying()?), Some(runway)))
            }
            Effect::Join => Ok((Boarded::Waits(core.flying()?), None)),
            Effect::Fail(error) => Err(Refusal::Failed(error)),
            _ => Err(Refusal::Closed),
        }
    }

    /// The current token where it lives, fresh or stale.
    fn stale(&self, now: Moment) -> Option<Arc<Snapshot<T>>> {
        let snapshot = self.snapshot.load();
        let snapshot = snapshot.as_ref()?;
        (now.since(&snapshot.anchor) < snapshot.hard).then(|| Arc::clone(snapshot))
    }

    fn runway(self: &Arc<Self>, core: &mut Core<T, E>, flight: u64) -> Runway<T, E> {
        let arrival = Arrival::new();
        core.arrival = Some(Arc::clone(&arrival));
        Runway {
            hub: Arc::clone(self),
            flight,
            arrival: Some(arrival),
        }
    }

    fn core(&self) -> MutexGuard<'_, Core<T, E>> {
        // A panic elsewhere leaves the core whole: each change is made in one go.
        self.core.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T, E> Core<T, E> {
    /// The machine serves only what was published, so there is one.
    fn held(&self) -> Result<Arc<Snapshot<T>>, Refusal<E>> {
        self.current.clone().ok_or(Refusal::Lost)
    }

    /// The machine joins only what was started, so there is one.
    fn flying(&self) -> Result<Arc<Arrival<Word<E>>>, Refusal<E>> {
        self.arrival.clone().ok_or(Refusal::Lost)
    }
}

/// Where a flight lands. Dropped without a landing (a panic, a runtime that ends), it tells that the flight is lost.
pub(crate) struct Runway<T, E: Pausing> {
    hub: Arc<Hub<T, E>>,
    flight: u64,
    arrival: Option<Arc<Arrival<Word<E>>>>,
}

impl<T, E: Pausing> Runway<T, E> {
    /// Lands with a token.
    pub(crate) fn land(self, landed: Landed, token: T, now: Moment, chance: f64) {
        self.end(
            Landing::Token(landed),
            Some((landed.anchor, token)),
            now,
            chance,
        );
    }

    /// Lands with a failure: one that new input alone can change, or one that may pass.
    pub(crate) fn fail(
        self,
        error: E,
        permanent: bool,
        retry_after: Option<Duration>,
        now: Moment,
        chance: f64,
    ) {
        let landing = if permanent {
            Landing::Permanent(error)
        } else {
            Landing::Transient { error, retry_after }
        };
        self.end(landing, None, now, chance);
    }

    fn end(mut self, landing: Landing<E>, token: Option<(Moment, T)>, now: Moment, chance: f64) {
        let word = self.touch_down(landing, token, now, chance);
        if let Some(arrival) = self.arrival.take() {
            arrival.tell(word);
        }
    }

    fn touch_down(
        &self,
        landing: Landing<E>,
        token: Option<(Moment, T)>,
        now: Moment,
        chance: f64,
    ) -> Word<E> {
        let mut core = self.hub.core();
        let event = Event::Land {
            flight: self.flight,
            landing,
            chance,
        };
        let effect = core.machine.step(event, now);
        core.arrival = None;
        match (effect, token) {
            (
                Effect::Publish {
                    generation,
                    soft,
                    hard,
                },
                Some((anchor, token)),
            ) => {
                let snapshot = Arc::new(Snapshot {
                    generation,
                    token,
                    anchor,
                    soft,
                    hard,
                });
                core.current = Some(Arc::clone(&snapshot));
                self.hub.snapshot.store(Some(snapshot));
                Word::Landed
            }
            (Effect::Fail(error), _) => Word::Refused(Refusal::Failed(error)),
            (Effect::Closed, _) => Word::Refused(Refusal::Closed),
            _ => Word::Lost,
        }
    }
}

impl<T, E: Pausing> Drop for Runway<T, E> {
    fn drop(&mut self) {
        if let Some(arrival) = self.arrival.take() {
            let word = self.touch_down(Landing::Lost, None, Moment::EPOCH, 0.0);
            arrival.tell(word);
        }
    }
}
