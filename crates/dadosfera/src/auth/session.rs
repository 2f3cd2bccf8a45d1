//! The session: the shell that does what `machine.rs` says.
//!
//! Rules: one flight at a time, in a task of its own, so that no caller's cancellation, timeout or panic touches it.
//! Everybody who waits gets its token or the same error. No lock is held across an await.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use dadosfera_raw::Secret;
use reqwest::header::HeaderValue;
use tokio::runtime::Handle;
use tokio::sync::watch;

use super::endpoint::Endpoint;
use super::flight::{Flight, Knowledge, Landed, RefreshToken, SignedIn, is_permanent};
use super::machine::{Acquire, Landing, Machine};
use crate::chance;
use crate::clock::{Clock, Moment};
use crate::config::Password;
use crate::error::{Error, ErrorKind};

/// What a request is signed with.
#[derive(Clone)]
pub(crate) struct Signature {
    /// Names the token in [`Session::reject`].
    pub(crate) generation: u64,
    /// The bare token, marked sensitive.
    pub(crate) header: HeaderValue,
    /// The token as text, to take it out of what a server repeats.
    pub(crate) token: Arc<Secret>,
}

/// A session of one user. Clones are the same session.
#[derive(Clone)]
pub(crate) struct Session(Arc<Shared>);

struct Shared {
    endpoint: Endpoint,
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
    /// Locked after `state` where both are held.
    knowledge: Mutex<Knowledge>,
}

struct State {
    machine: Machine<Error>,
    current: Option<Signature>,
    /// The outcome of the flight in the air.
    outcome: Option<watch::Receiver<Outcome>>,
}

/// Nothing yet, then the token or the error that all waiters share.
type Outcome = Option<Result<Signature, Error>>;

impl Session {
    pub(crate) fn new(
        endpoint: Endpoint,
        clock: Arc<dyn Clock>,
        password: Option<Password>,
        refresh_token: Option<Secret>,
        customer_name: Option<String>,
    ) -> Self {
        let refresh_token = refresh_token.map(|secret| RefreshToken { secret, life: None });
        let knowledge = Knowledge {
            password,
            refresh_token,
            customer_name,
            ..Knowledge::default()
        };
        let state = State {
            machine: Machine::new(),
            current: None,
            outcome: None,
        };
        Self(Arc::new(Shared {
            endpoint,
            clock,
            state: Mutex::new(state),
            knowledge: Mutex::new(knowledge),
        }))
    }

    /// A token that lives, signing in or refreshing where there is none.
    pub(crate) async fn acquire(&self) -> Result<Signature, Error> {
        let mut lost = false;
        loop {
            let mut outcome = match self.board()? {
                Boarded::Served(signature) => return Ok(signature),
                Boarded::Waits(outcome) => outcome,
            };
            // Bound first: the guard of the watch must not live on in what follows.
            let landed = match outcome.wait_for(Option::is_some).await {
                Ok(landed) => landed.clone(),
                Err(_) => None,
            };
            match landed {
                Some(result) => return result,
                // The task of the flight is gone (its runtime was shut down). Another one gets one more chance.
                None if !lost => lost = true,
                None => {
                    return Err(Error::new(
                        ErrorKind::Timeout,
                        "the task that signs in was lost twice",
                    )
                    .next("keep the runtime that makes calls alive until they end"));
                }
            }
        }
    }

    /// Notes that the API does not take the token of this signature; answers whether another is worth a try.
    pub(crate) fn reject(&self, signature: &Signature) -> bool {
        let now = Moment::now(&*self.0.clock);
        self.0.lock().machine.reject(signature.generation, now)
    }

    /// Who is signed in; known after a sign-in, but not after a refresh alone.
    pub(crate) fn signed_in(&self) -> Option<Arc<SignedIn>> {
        self.0.know().signed_in.clone()
    }

    /// The customer's name, from the configuration or the sign-in.
    pub(crate) fn customer_name(&self) -> Option<String> {
        self.0.know().customer_name.clone()
    }

    /// Takes a one-time code for the next sign-in, which may be what the session waits for.
    pub(crate) fn supply_code(&self, code: Secret) -> Result<(), Error> {
        match &mut self.0.know().password {
            Some(password) => password.totp_code = Some(code),
            None => {
                return Err(Error::invalid_input(
                    "this session has no password, so a one-time code is of no use",
                    "build the client with password(..)",
                ));
            }
        }
        self.0.lock().machine.input_arrived();
        Ok(())
    }

    /// Forgets the tokens and the credentials. Later calls fail with `Closed`.
    pub(crate) fn close(&self) {
        let mut state = self.0.lock();
        state.machine.close();
        state.current = None;
        *self.0.know() = Knowledge::default();
    }

    fn board(&self) -> Result<Boarded, Error> {
        let now = Moment::now(&*self.0.clock);
        let mut state = self.0.lock();
        match state.machine.acquire(now) {
            Acquire::Serve { start } => {
                if let Some(id) = start {
                    // A token is at hand, so a flight that cannot start is no reason to fail.
                    let _ = self.launch(&mut state, id);
                }
                state
                    .current
                    .clone()
                    .map(Boarded::Served)
                    .ok_or_else(closed)
            }
            Acquire::Start(id) => self.launch(&mut state, id).map(Boarded::Waits),
            Acquire::Join => state.outcome.clone().map(Boarded::Waits).ok_or_else(closed),
            Acquire::Fail(error) => Err(error),
            Acquire::Closed => Err(closed()),
        }
    }

    /// Starts a flight in a task of its own.
    fn launch(&self, state: &mut State, id: u64) -> Result<watch::Receiver<Outcome>, Error> {
        let Ok(runtime) = Handle::try_current() else {
            state
                .machine
                .land(id, Landing::Lost, Moment::now(&*self.0.clock), 0.0);
            return Err(Error::config(
                "there is no tokio runtime",
                "call the client from within one",
            ));
        };
        let (told, outcome) = watch::channel(None);
        state.outcome = Some(outcome.clone());
        let runway = Runway {
            shared: Arc::clone(&self.0),
            id,
            told: Some(told),
        };
        runtime.spawn(async move {
            let shared = &*runway.shared;
            let flight = Flight {
                endpoint: &shared.endpoint,
                clock: &*shared.clock,
                knowledge: &shared.knowledge,
            };
            let result = flight.fly().await;
            runway.land(result);
        });
        Ok(outcome)
    }
}

enum Boarded {
    Served(Signature),
    Waits(watch::Receiver<Outcome>),
}

/// Where a flight lands. Dropped without a landing (a panic, a runtime that ends), it tells that the flight is lost.
struct Runway {
    shared: Arc<Shared>,
    id: u64,
    told: Option<watch::Sender<Outcome>>,
}

impl Runway {
    fn land(mut self, result: Result<Landed, Error>) {
        let now = Moment::now(&*self.shared.clock);
        let mut state = self.shared.lock();
        let outcome = match result.and_then(|landed| Ok((header(&landed.access_token)?, landed))) {
            Ok((header, landed)) => {
                let landing = Landing::Token {
                    anchor: landed.anchor,
                    life: landed.life,
                };
                state
                    .machine
                    .land(self.id, landing, now, chance::fraction());
                if state.machine.is_closed() {
                    *self.shared.know() = Knowledge::default();
                    Err(closed())
                } else {
                    let generation = state.machine.generation();
                    let signature = Signature {
                        generation,
                        header,
                        token: Arc::new(landed.access_token),
                    };
                    state.current = Some(signature.clone());
                    Ok(signature)
                }
            }
            Err(error) => {
                let landing = if is_permanent(&error) {
                    Landing::Permanent(error.clone())
                } else {
                    Landing::Transient {
                        retry_after: error.retry_after(),
                        error: error.clone(),
                    }
                };
                state
                    .machine
                    .land(self.id, landing, now, chance::fraction());
                Err(error)
            }
        };
        state.outcome = None;
        drop(state);
        if let Some(told) = self.told.take() {
            // Nobody may be waiting.
            let _ = told.send(Some(outcome));
        }
    }
}

impl Drop for Runway {
    fn drop(&mut self) {
        if self.told.is_some() {
            let now = Moment::now(&*self.shared.clock);
            let mut state = self.shared.lock();
            state.machine.land(self.id, Landing::Lost, now, 0.0);
            state.outcome = None;
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // A panic elsewhere leaves the state whole: each change is made in one go.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn know(&self) -> MutexGuard<'_, Knowledge> {
        self.knowledge
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("generation", &self.0.lock().machine.generation())
            .finish_non_exhaustive()
    }
}

fn closed() -> Error {
    Error::new(ErrorKind::Closed, "the session was signed out").next("build a new client")
}

fn header(token: &Secret) -> Result<HeaderValue, Error> {
    let mut header = HeaderValue::from_str(token.expose()).map_err(|_| {
        Error::new(
            ErrorKind::UnexpectedAnswer,
            "the access token holds characters that no header can carry",
        )
        .of("sign_in")
        .next("check that the base URL is the API's")
    })?;
    header.set_sensitive(true);
    Ok(header)
}
