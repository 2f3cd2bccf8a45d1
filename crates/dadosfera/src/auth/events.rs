//! What a session tells of itself: an observer's events, and its status.

use std::fmt;
use std::time::Duration;

use crate::error::{Error, ErrorKind};

/// Told what happens in a session. Called from within a flight: it must return soon.
///
/// ```
/// # dadosfera::__example!(client => {
/// # let base_url = client.base_url().to_owned();
/// use std::sync::Arc;
///
/// use dadosfera::{Client, SessionEvent, SessionObserver};
///
/// #[derive(Debug)]
/// struct Log;
///
/// impl SessionObserver for Log {
///     fn event(&self, event: &SessionEvent) {
///         match event {
///             SessionEvent::Failed(error) => println!("no token: {error}"),
///             other => println!("{other:?}"),
///         }
///     }
/// }
///
/// let client = Client::builder()
///     .base_url(base_url)
///     .password("ana@acme.example", "acme-ana-password")
///     .session_observer(Arc::new(Log))
///     .build()?;
/// client.session().sign_in().await?;
/// # });
/// ```
pub trait SessionObserver: fmt::Debug + Send + Sync {
    /// Something happened.
    fn event(&self, event: &SessionEvent);
}

/// What happens in a session. Holds no secret.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum SessionEvent {
    /// A token was got with the refresh token.
    Refreshed,
    /// A token was got by signing in.
    SignedIn,
    /// A token was found in the store; the API was not asked.
    Adopted,
    /// The API rejected the token; another one will be got.
    Rejected,
    /// No token was got; the error says whether it will be tried again.
    Failed(Error),
    /// A refresh was sent and not answered, or not so that it can be read: the refresh token may be used up.
    RefreshUnanswered,
    /// The store is of no use for now; the session goes on without it.
    StoreDegraded(String),
    /// The store works again.
    StoreRecovered,
    /// A record that cannot be used was moved out of the way.
    SetAside {
        /// Why it cannot be used.
        why: String,
        /// Where it is now.
        place: String,
    },
}

/// The state of a session, as of its table of states.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SessionState {
    /// No token was ever held.
    Empty,
    /// The token is served at once.
    Fresh,
    /// The token is served at once, and another is got beside.
    Stale,
    /// The token is over or was rejected; the next call gets another.
    Dead,
    /// Nothing is sent before new input comes; the kind says which.
    NeedsInput(ErrorKind),
    /// Signed out.
    Closed,
}

/// A look at a session, from [`SessionHandle::status`](crate::SessionHandle::status).
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct SessionStatus {
    /// The state.
    pub state: SessionState,
    /// The number of the current token; 0 before the first.
    pub generation: u64,
    /// How long the token is served before another is got; none where it is not fresh.
    pub fresh_for: Option<Duration>,
    /// Why the store is of no use, where it is so.
    pub store_degraded: Option<String>,
    /// Which records were moved out of the way, and why.
    pub set_aside: Vec<String>,
}
