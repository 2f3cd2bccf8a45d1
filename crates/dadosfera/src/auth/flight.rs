//! One flight: how a token is got, by refresh while that works, else by sign-in.
//!
//! Rules: wrong credentials are sent once. A one-time code is sent once. A refresh token that is refused is dropped, and
//! the credentials are used where they are held. A failure that passes is told as such; the machine decides when to try
//! again.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use dadosfera_raw::Secret;
use dadosfera_raw::types::{Customer, SignInAnswer, SignedInUser};

use super::endpoint::Endpoint;
use super::{token, totp};
use crate::clock::{Clock, Moment};
use crate::config::Password;
use crate::error::{Error, ErrorKind};

/// How often a flight waits where the server asks for it (429).
const MOST_WAITS: u32 = 3;
/// The longest wait within a flight; beyond it the error is told, with its `retry_after`.
const LONGEST_WAIT: Duration = Duration::from_secs(60);
/// How long callers get the error of a refused code before another is made from the secret.
const CODE_PAUSE: Duration = Duration::from_secs(60);
/// A refresh token this close to its end is not tried.
const REFRESH_MARGIN: Duration = Duration::from_secs(60);

/// What a session knows beside its access token. What a flight learns is noted at once, so that it is not lost with it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Knowledge {
    pub(crate) password: Option<Password>,
    pub(crate) refresh_token: Option<RefreshToken>,
    pub(crate) customer_name: Option<String>,
    pub(crate) signed_in: Option<Arc<SignedIn>>,
    /// The 30 seconds whose code was sent last.
    pub(crate) last_step: Option<u64>,
}

/// A refresh token, and how long it lives where that is known: not for one that came from the configuration.
#[derive(Debug, Clone)]
pub(crate) struct RefreshToken {
    pub(crate) secret: Secret,
    pub(crate) life: Option<(Moment, Duration)>,
}

/// Who is signed in, as the API told at sign-in.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct SignedIn {
    /// The user.
    pub user: Option<SignedInUser>,
    /// The customer that the user belongs to; its name is what refresh and delete pipeline ask for.
    pub customer: Customer,
    /// The names of what the user may do, such as `GET /pipelines`.
    pub permissions: Vec<String>,
}

impl SignedIn {
    /// Whether the user holds a permission, such as `POST /pipelines`.
    #[must_use]
    pub fn may(&self, permission: &str) -> bool {
        self.permissions.iter().any(|held| held == permission)
    }
}

/// A token that a flight brought back.
pub(crate) struct Landed {
    pub(crate) access_token: Secret,
    pub(crate) anchor: Moment,
    pub(crate) life: Duration,
}

/// What a flight needs.
pub(crate) struct Flight<'a> {
    pub(crate) endpoint: &'a Endpoint,
    pub(crate) clock: &'a dyn Clock,
    pub(crate) knowledge: &'a Mutex<Knowledge>,
}

impl Flight<'_> {
    /// Gets a token and notes what was learnt.
    pub(crate) async fn fly(&self) -> Result<Landed, Error> {
        let refresh_token = self.know().refresh_token.clone();
        if let Some(token) = refresh_token {
            if self.is_worth_a_try(&token) {
                match self.refresh(&token.secret).await {
                    Err(error) if is_refused(&error) => {}
                    other => return other,
                }
            }
            self.know().refresh_token = None;
        }
        let password = self.know().password.clone();
        match password {
            Some(password) => self.sign_in(&password).await,
            None => Err(session_expired()),
        }
    }

    fn is_worth_a_try(&self, token: &RefreshToken) -> bool {
        token.life.is_none_or(|(anchor, life)| {
            Moment::now(self.clock).since(&anchor) < life.saturating_sub(REFRESH_MARGIN)
        })
    }

    async fn refresh(&self, token: &Secret) -> Result<Landed, Error> {
        let customer_name = self.know().customer_name.clone();
        let mut waits = 0;
        loop {
            let anchor = Moment::now(self.clock);
            match self.endpoint.refresh(token, customer_name.as_deref()).await {
                Ok(answer) => {
                    if let Some(renewed) = answer.refresh_token {
                        self.know().refresh_token = Some(received(renewed, anchor));
                    }
                    return landed(answer.access_token, anchor, "refresh_access_token");
                }
                Err(error) => self.wait_or(error, &mut waits).await?,
            }
        }
    }

    async fn sign_in(&self, password: &Password) -> Result<Landed, Error> {
        let mut waits = 0;
        loop {
            let code = self.code(password).await;
            let anchor = Moment::now(self.clock);
            let answer = self
                .endpoint
                .sign_in(
                    &password.username,
                    &password.password,
                    code.as_ref().map(Secret::expose),
                )
                .await;
            match answer {
                Ok(answer) => {
                    return self.signed_in(answer, anchor, code.is_some(), password.totp.is_some());
                }
                // Whoever asks for less haste with passwords means it: that error is told, not waited for.
                Err(error) if error.code() == Some("AUTH.TOO_MANY_ATTEMPTS") => {
                    return Err(error.next(
                        "wait, and check the user name and the password before the next try",
                    ));
                }
                Err(error) => {
                    self.wait_or(sign_in_error(error), &mut waits).await?;
                    // A 429 comes before anybody looks at a code that was given, so it is still good for one sign-in.
                    if password.totp.is_none()
                        && let Some(held) = &mut self.know().password
                    {
                        held.totp_code = held.totp_code.take().or(code);
                    }
                }
            }
        }
    }

    /// The code for a sign-in: the one that was given, once, or one made from the secret, never twice in one step.
    async fn code(&self, password: &Password) -> Option<Secret> {
        let given = self
            .know()
            .password
            .as_mut()
            .and_then(|held| held.totp_code.take());
        if given.is_some() {
            return given;
        }
        let totp = password.totp.as_ref()?;
        let mut code = totp.code_at(self.clock.wall());
        while self.know().last_step == Some(code.step) {
            self.clock
                .sleep(totp::until_next_step(self.clock.wall()))
                .await;
            code = totp.code_at(self.clock.wall());
        }
        self.know().last_step = Some(code.step);
        Some(Secret::from(code.code))
    }

    fn signed_in(
        &self,
        answer: SignInAnswer,
        anchor: Moment,
        with_code: bool,
        has_totp_secret: bool,
    ) -> Result<Landed, Error> {
        let Some(tokens) = answer
            .tokens
            .filter(|tokens| !tokens.access_token.is_empty())
        else {
            return Err(mfa_required(with_code, has_totp_secret)
                .of("sign_in")
                .with_status(200));
        };
        let mut knowledge = self.know();
        knowledge.refresh_token = tokens
            .refresh_token
            .filter(|token| !token.is_empty())
            .map(|token| received(token, anchor));
        knowledge.customer_name = Some(answer.customer.name.clone());
        knowledge.signed_in = Some(Arc::new(SignedIn {
            user: answer.user,
            customer: answer.customer,
            permissions: answer.permissions,
        }));
        landed(tokens.access_token, anchor, "sign_in")
    }

    /// Waits where the server asks for a bearable wait, else gives the error back.
    async fn wait_or(&self, error: Error, waits: &mut u32) -> Result<(), Error> {
        if error.kind() != ErrorKind::RateLimited || *waits >= MOST_WAITS {
            return Err(error);
        }
        let wait = error
            .retry_after()
            .unwrap_or(Duration::from_secs(1 << *waits));
        if wait > LONGEST_WAIT {
            return Err(error);
        }
        *waits += 1;
        self.clock.sleep(wait).await;
        Ok(())
    }

    /// Never held across an await.
    fn know(&self) -> MutexGuard<'_, Knowledge> {
        self.knowledge
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

fn landed(access_token: Secret, anchor: Moment, operation: &'static str) -> Result<Landed, Error> {
    if access_token.is_empty() {
        return Err(Error::new(
            ErrorKind::UnexpectedAnswer,
            "the answer holds an empty access token",
        )
        .of(operation)
        .next("check that the base URL is the API's"));
    }
    let life = token::access_life(access_token.expose());
    Ok(Landed {
        access_token,
        anchor,
        life,
    })
}

fn received(secret: Secret, anchor: Moment) -> RefreshToken {
    let life = token::refresh_life(secret.expose());
    RefreshToken {
        secret,
        life: Some((anchor, life)),
    }
}

/// Whether the API looked at a refresh token and does not take it.
fn is_refused(error: &Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::Unauthorized | ErrorKind::BadRequest
    )
}

/// Whether only new input can help, so that nothing is sent again.
pub(crate) fn is_permanent(error: &Error) -> bool {
    if error.is_transient() {
        return false;
    }
    matches!(
        error.kind(),
        ErrorKind::MfaRequired
            | ErrorKind::BadCredentials
            | ErrorKind::SessionExpired
            | ErrorKind::Forbidden
            | ErrorKind::BadRequest
            | ErrorKind::Config
            | ErrorKind::InvalidInput
    )
}

fn session_expired() -> Error {
    Error::new(ErrorKind::SessionExpired, "the refresh token is expired or refused, and no password is held")
        .of("refresh_access_token")
        .next(
            "sign in again for a new refresh token, check that the customer name is the one of that sign-in, or give \
             the client a password",
        )
}

fn sign_in_error(error: Error) -> Error {
    match error.kind() {
        ErrorKind::Unauthorized => error.into_kind(
            ErrorKind::BadCredentials,
            "the user name or the password is wrong",
            "check both; the user name is the e-mail address, and nothing is sent again until they change",
        ),
        ErrorKind::Forbidden => error.into_kind(
            ErrorKind::Forbidden,
            "the account may not sign in",
            "ask an administrator whether it is disabled",
        ),
        _ => error,
    }
}

fn mfa_required(with_code: bool, from_secret: bool) -> Error {
    let (what, next) = match (with_code, from_secret) {
        (false, _) => (
            "the account has a second factor, and no code was sent",
            "give the builder totp_secret(..) or totp_code(..), set DADOSFERA_TOTP_SECRET or DADOSFERA_TOTP, or pass \
             the current code to session().supply_code(..); a code is good for one sign-in",
        ),
        (true, false) => (
            "the one-time code was not accepted",
            "pass the code that the authenticator shows now to session().supply_code(..)",
        ),
        (true, true) => (
            "the one-time code made from the TOTP secret was not accepted",
            "check the secret, and that this machine's clock is right",
        ),
    };
    let error = Error::new(ErrorKind::MfaRequired, what).next(next);
    if with_code && from_secret {
        // The next code may be accepted, once the clocks agree; the pause keeps clear of a lock-out.
        return error
            .with_transient(true)
            .with_retry_after(Some(CODE_PAUSE));
    }
    error
}
