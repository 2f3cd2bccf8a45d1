//! The session: what the client signs with, and what it does when it needs a token.
//!
//! Rules: reading a fresh token takes no lock and allocates nothing (`hub.rs`). Everybody who waits gets the same token or
//! the same error. There is no task in the background but a flight, unless the session is kept warm.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use dadosfera_raw::Secret;
use reqwest::header::HeaderValue;
use tokio::runtime::Handle;
use tokio::task::AbortHandle;

use super::deadline::Deadline;
use super::endpoint::Endpoint;
use super::events::{SessionEvent, SessionState, SessionStatus};
use super::flight::{Brought, Flight, Knowledge, RefreshToken, SignedIn};
use super::hub::{Hub, Refusal, Runway, Snapshot};
use super::keeper::Keeper;
use super::machine::{Pausing, State};
use super::verdict::is_permanent;
use crate::chance;
use crate::clock::{Clock, Moment};
use crate::config::Password;
use crate::error::{Error, ErrorKind};

/// How often a warm session looks whether its token is due where it knows no better.
const LOOK: Duration = Duration::from_secs(15);

/// What a request is signed with. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Signature(Arc<Snapshot<Bearer>>);

/// A token in the two forms that are needed. The text is zeroed when it is dropped; the header's bytes are not, since a
/// `HeaderValue` gives no way to, and neither do the buffers of the HTTP client.
struct Bearer {
    header: HeaderValue,
    token: Arc<Secret>,
}

impl Signature {
    /// The bare token, marked sensitive.
    pub(crate) fn header(&self) -> &HeaderValue {
        &self.0.token.header
    }

    /// The token as text, to take it out of what a server repeats.
    pub(crate) fn token(&self) -> &Arc<Secret> {
        &self.0.token.token
    }
}

/// A session of one user. Clones are the same session.
#[derive(Clone)]
pub(crate) struct Session(Arc<Shared>);

struct Shared {
    hub: Arc<Hub<Bearer, Error>>,
    endpoint: Endpoint,
    clock: Arc<dyn Clock>,
    knowledge: Mutex<Knowledge>,
    keeper: Keeper,
    /// The task that keeps the session warm.
    warmer: Mutex<Option<AbortHandle>>,
}

impl Session {
    pub(crate) fn new(
        endpoint: Endpoint,
        clock: Arc<dyn Clock>,
        keeper: Keeper,
        password: Option<Password>,
        refresh_token: Option<Secret>,
        customer_name: Option<String>,
    ) -> Self {
        let refresh_token = refresh_token.map(|secret| RefreshToken {
            secret,
            life: None,
            shared: false,
        });
        let knowledge = Knowledge {
            password,
            refresh_token,
            customer_name,
            ..Knowledge::default()
        };
        Self(Arc::new(Shared {
            hub: Hub::new(),
            endpoint,
            clock,
            knowledge: Mutex::new(knowledge),
            keeper,
            warmer: Mutex::default(),
        }))
    }

    /// A token that lives, from the store, by refresh or by sign-in where there is none.
    pub(crate) async fn acquire(&self) -> Result<Signature, Error> {
        match self.try_acquire().await {
            Err(Refusal::Failed(error)) if self.has_news(&error).await => {
                self.0.hub.input_arrived(self.now());
                self.try_acquire().await
            }
            other => other,
        }
        .map_err(told)
    }

    /// Notes that the API does not take the token of this signature; answers whether another is worth a try.
    pub(crate) fn reject(&self, signature: &Signature) -> bool {
        let may_help = self.0.hub.reject(signature.0.generation, self.now());
        if may_help {
            self.0.keeper.tell(&SessionEvent::Rejected);
        }
        may_help
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
        self.0.hub.input_arrived(self.now());
        Ok(())
    }

    /// Takes another password, which may be what the session waits for.
    pub(crate) fn supply_password(&self, secret: Secret) -> Result<(), Error> {
        match &mut self.0.know().password {
            Some(password) => password.password = secret,
            None => {
                return Err(Error::invalid_input(
                    "this session has no user name, so a password is of no use",
                    "build the client with password(..)",
                ));
            }
        }
        self.0.hub.input_arrived(self.now());
        Ok(())
    }

    /// Forgets the tokens and the credentials at once. Later calls fail with `Closed`.
    pub(crate) fn close(&self) {
        self.0.hub.close(self.now());
        *self.0.know() = Knowledge::default();
        self.keep_cool();
    }

    /// Like [`close`](Self::close); waits for the flight in the air and clears the store.
    pub(crate) async fn log_out(&self) -> Result<(), Error> {
        self.close();
        self.0.hub.landed().await;
        *self.0.know() = Knowledge::default();
        self.0.keeper.clear().await.map_err(|error| {
            Error::config(
                format!("the tokens are still in {}", self.0.keeper.place()),
                "clear it by hand, or sign out again once it can be written",
            )
            .with_source(error)
        })
    }

    /// Gets tokens before they are asked for, by a task that ends with the session or with its runtime.
    pub(crate) fn keep_warm(&self) -> Result<(), Error> {
        let runtime = Handle::try_current().map_err(|_| told(Refusal::NoRuntime))?;
        let shared = Arc::downgrade(&self.0);
        let task = runtime.spawn(stay_warm(shared, Arc::clone(&self.0.clock)));
        let before = self.0.warmer().replace(task.abort_handle());
        if let Some(before) = before {
            before.abort();
        }
        Ok(())
    }

    /// Ends what [`keep_warm`](Self::keep_warm) began.
    pub(crate) fn keep_cool(&self) {
        if let Some(task) = self.0.warmer().take() {
            task.abort();
        }
    }

    /// A look at the session.
    pub(crate) fn status(&self) -> SessionStatus {
        let now = self.now();
        let (state, generation, why) = self.0.hub.state(now);
        let health = self.0.keeper.health();
        SessionStatus {
            state: match state {
                State::Empty => SessionState::Empty,
                State::Fresh => SessionState::Fresh,
                State::Stale => SessionState::Stale,
                State::Dead => SessionState::Dead,
                State::NeedsInput => {
                    SessionState::NeedsInput(why.map_or(ErrorKind::SessionExpired, |it| it.kind()))
                }
                State::Closed => SessionState::Closed,
            },
            generation,
            fresh_for: self.0.hub.fresh_for(now),
            store_degraded: health.degraded,
            set_aside: health.set_aside,
        }
    }

    async fn try_acquire(&self) -> Result<Signature, Refusal<Error>> {
        self.0
            .hub
            .acquire(|| self.now(), |runway| Arc::clone(&self.0).fly(runway))
            .await
            .map(Signature)
    }

    /// Whether somebody else put into the store what this session waits for.
    async fn has_news(&self, error: &Error) -> bool {
        if !is_permanent(error) || !self.0.keeper.has_store() {
            return false;
        }
        let seen = self.0.know().seen;
        self.0
            .keeper
            .look()
            .await
            .is_some_and(|record| record.generation > seen)
    }

    fn now(&self) -> Moment {
        Moment::now(&*self.0.clock)
    }
}

impl Shared {
    async fn fly(self: Arc<Self>, runway: Runway<Bearer, Error>) {
        let brought = self.get().await;
        let (now, chance) = (Moment::now(&*self.clock), chance::fraction());
        let landed = brought.and_then(|it| Ok((bearer(it.access_token)?, it.landed)));
        match landed {
            Ok((bearer, landed)) => runway.land(landed, bearer, now, chance),
            Err(error) => {
                let retry_after = error.retry_after();
                runway.fail(
                    error.clone(),
                    is_permanent(&error),
                    retry_after,
                    now,
                    chance,
                );
                self.keeper.tell(&SessionEvent::Failed(error));
            }
        }
        if self.hub.state(now).0 == State::Closed {
            *self.know() = Knowledge::default();
        }
    }

    async fn get(&self) -> Result<Brought, Error> {
        let flight = Flight {
            endpoint: &self.endpoint,
            clock: &*self.clock,
            knowledge: &self.knowledge,
            keeper: &self.keeper,
            deadline: Deadline::starting(Moment::now(&*self.clock)),
            rejected: self.hub.rejected(),
        };
        flight.fly().await
    }

    fn know(&self) -> MutexGuard<'_, Knowledge> {
        self.knowledge
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn warmer(&self) -> MutexGuard<'_, Option<AbortHandle>> {
        self.warmer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        if let Some(task) = self.warmer().take() {
            task.abort();
        }
    }
}

impl Pausing for Error {
    fn retry_in(self, pause: Duration) -> Self {
        self.with_retry_after(Some(pause))
    }
}

/// Looks after the token until nobody holds the session any more.
async fn stay_warm(shared: Weak<Shared>, clock: Arc<dyn Clock>) {
    loop {
        let Some(shared) = shared.upgrade() else {
            return;
        };
        let session = Session(shared);
        // What fails here fails again where it is asked for, and is told there.
        if matches!(session.try_acquire().await, Err(Refusal::Closed)) {
            return;
        }
        let fresh_for = session.0.hub.fresh_for(session.now());
        drop(session);
        clock.sleep(fresh_for.unwrap_or(LOOK)).await;
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (state, generation, _) = self.0.hub.state(self.now());
        f.debug_struct("Session")
            .field("state", &state)
            .field("generation", &generation)
            .finish_non_exhaustive()
    }
}

fn told(refusal: Refusal<Error>) -> Error {
    match refusal {
        Refusal::Failed(error) => error,
        Refusal::Closed => {
            Error::new(ErrorKind::Closed, "the session was signed out").next("build a new client")
        }
        Refusal::Lost => Error::new(
            ErrorKind::Timeout,
            "the task that gets a token was lost again and again",
        )
        .next("keep the runtime that makes calls alive until they end"),
        Refusal::NoRuntime => Error::config(
            "there is no tokio runtime",
            "call the client from within one",
        ),
    }
}

fn bearer(token: Secret) -> Result<Bearer, Error> {
    let mut header = HeaderValue::from_str(token.expose()).map_err(|_| {
        Error::new(
            ErrorKind::UnexpectedAnswer,
            "the access token holds characters that no header can carry",
        )
        .of("sign_in")
        .next("check that the base URL is the API's")
    })?;
    header.set_sensitive(true);
    Ok(Bearer {
        header,
        token: Arc::new(token),
    })
}

#[cfg(test)]
mod herd;
