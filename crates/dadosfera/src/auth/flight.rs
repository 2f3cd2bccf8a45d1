//! One flight: how a token is got, from the store, by refresh while that works, else by sign-in.
//!
//! Rules: the store's lock is held throughout, and what it keeps is read under it. A refresh token that others share is
//! spent only while the store can be written. Wrong credentials are sent once. A one-time code is sent once. A refresh
//! token that is refused is dropped, and the credentials are used where they are held. A failure that passes is told as
//! such; the machine decides when to try again.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use dadosfera_raw::Secret;
use dadosfera_raw::types::{Customer, SignInAnswer, SignedInUser};

use super::deadline::Deadline;
use super::endpoint::{Endpoint, Refreshed};
use super::events::SessionEvent;
use super::fingerprint::Fingerprint;
use super::keeper::{Keeper, Opened, Shelf};
use super::machine::{Landed, hard_point};
use super::verdict::{
    is_refused, is_unanswered, mfa_required, session_expired, sign_in_error, too_late, unspent,
};
use super::{token, totp};
use crate::clock::{Clock, Moment};
use crate::config::{Password, one_time_code};
use crate::error::{Error, ErrorKind};
use crate::store::Record;

/// How often a flight waits where the server asks for it (429).
const MOST_WAITS: u32 = 3;
/// A refresh token this close to its end is not tried.
const REFRESH_MARGIN: Duration = Duration::from_secs(60);
/// How many refresh tokens one flight tries: what is kept, what we hold, and what somebody else kept meanwhile.
const MOST_REFRESHES: usize = 3;

/// What a session knows beside its access token. What a flight learns is noted at once, so that it is not lost with it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Knowledge {
    pub(crate) password: Option<Password>,
    pub(crate) refresh_token: Option<RefreshToken>,
    pub(crate) customer_name: Option<String>,
    pub(crate) signed_in: Option<Arc<SignedIn>>,
    /// The 30 seconds whose code was sent last.
    pub(crate) last_step: Option<u64>,
    /// The code of the callback that was sent last.
    pub(crate) last_code: Option<Secret>,
    /// The generation of the record that our access token is of.
    pub(crate) seen: u64,
}

/// A refresh token, and how long it lives where that is known: not for one that came from the configuration.
#[derive(Debug, Clone)]
pub(crate) struct RefreshToken {
    pub(crate) secret: Secret,
    pub(crate) life: Option<(Moment, Duration)>,
    /// Whether the store has held it, so that others may hold it too.
    pub(crate) shared: bool,
}

/// Who is signed in, as the API told at sign-in.
///
/// ```
/// # dadosfera::__example!(client => {
/// use std::sync::Arc;
///
/// use dadosfera::SignedIn;
///
/// let who: Arc<SignedIn> = client.session().sign_in().await?;
/// println!("{}: {}", who.customer.name, who.permissions.join(", "));
/// assert!(who.may("GET /pipelines"));
/// # });
/// ```
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
pub(crate) struct Brought {
    pub(crate) access_token: Secret,
    pub(crate) landed: Landed,
}

/// What a flight needs.
pub(crate) struct Flight<'a> {
    pub(crate) endpoint: &'a Endpoint,
    pub(crate) clock: &'a dyn Clock,
    pub(crate) knowledge: &'a Mutex<Knowledge>,
    pub(crate) keeper: &'a Keeper,
    pub(crate) deadline: Deadline,
    /// The token that the API rejected last: it is not taken from the store.
    pub(crate) rejected: Option<Fingerprint>,
}

impl Flight<'_> {
    /// Gets a token, notes what was learnt and keeps it.
    pub(crate) async fn fly(&self) -> Result<Brought, Error> {
        let mut shelf = match self.keeper.open(|record| self.adopt(record)).await? {
            Opened::Found(brought) => return Ok(brought),
            Opened::Shelf(shelf) => shelf,
        };
        let brought = match shelf.record().and_then(|record| self.adopt(record)) {
            Some(found) => Ok(found),
            None => self.ask(&mut shelf).await,
        };
        if let Ok(brought) = &brought
            && !brought.landed.adopted
        {
            self.keep(&mut shelf, brought).await;
        }
        shelf.release().await;
        brought
    }

    /// A refresh sends the customer's name, which only a sign-in or a record tells.
    fn learn_customer(&self, record: &Record) {
        let mut knowledge = self.know();
        if knowledge.customer_name.is_none() {
            knowledge.customer_name.clone_from(&record.customer);
        }
    }

    /// Takes what another session got, where it is newer than ours and good.
    fn adopt(&self, record: &Record) -> Option<Brought> {
        self.learn_customer(record);
        let now = Moment::now(self.clock);
        let access_token = record.access_token.clone().filter(|it| !it.is_empty())?;
        let fingerprint = Fingerprint::of(access_token.expose());
        let spent = record.age(now.wall())?;
        let life = token::bounded(Duration::from_secs(record.life));
        let mut knowledge = self.know();
        if record.generation <= knowledge.seen
            || self.rejected == Some(fingerprint)
            || spent >= hard_point(life)
        {
            return None;
        }
        knowledge.seen = record.generation;
        if let Some(kept) = kept_token(record, now) {
            knowledge.refresh_token = Some(kept);
        }
        drop(knowledge);
        self.keeper.recover();
        self.keeper.tell(&SessionEvent::Adopted);
        Some(Brought {
            access_token,
            landed: Landed {
                anchor: now,
                spent,
                life,
                fingerprint,
                adopted: true,
            },
        })
    }

    /// Asks the API.
    async fn ask(&self, shelf: &mut Shelf) -> Result<Brought, Error> {
        let password = self.know().password.clone();
        let mut refused: Vec<Secret> = Vec::new();
        // A replay would revoke the whole family where tokens work once; without a password there is nothing to lose.
        let doubtful = shelf.doubtful().filter(|_| password.is_some()).cloned();
        while refused.len() < MOST_REFRESHES {
            let passed_over: Vec<&Secret> = refused.iter().chain(&doubtful).collect();
            let Some(token) = self.next_refresh_token(shelf, &passed_over) else {
                break;
            };
            self.in_time()?;
            if !self.may_spend(&token, shelf).await {
                if password.is_some() {
                    break;
                }
                return Err(unspent(self.keeper.health().degraded.as_deref()));
            }
            match self.refresh(&token.secret).await {
                Err(error) if is_refused(&error) => {
                    refused.push(token.secret);
                    shelf.reload().await;
                }
                Err(error) => {
                    if !is_unanswered(&error) {
                        shelf.unspent(self.keeper).await;
                    }
                    return Err(error);
                }
                Ok(brought) => return Ok(brought),
            }
        }
        self.forget(shelf, &refused).await;
        match password {
            Some(password) => self.sign_in(&password).await,
            None => Err(session_expired()),
        }
    }

    /// A request that there is no time for may be sent all the same, and its answer would be lost: a flight that waited for
    /// the store for too long sends none, and leaves no note of having spent anything.
    fn in_time(&self) -> Result<(), Error> {
        if self.deadline.left(self.clock).is_zero() {
            return Err(too_late());
        }
        Ok(())
    }

    /// What the store keeps goes before what we hold: it is the newer one.
    fn next_refresh_token(&self, shelf: &Shelf, passed_over: &[&Secret]) -> Option<RefreshToken> {
        let kept = shelf
            .record()
            .and_then(|record| kept_token(record, Moment::now(self.clock)));
        let knowledge = self.know().clone();
        // One that others may hold too is over once the store keeps another one, or none. A store that lost its record does
        // not tell whether somebody spent it, so it is tried only where there is no password.
        let is_lost = matches!(shelf, Shelf::Open { .. }) && knowledge.password.is_some();
        let is_over = |token: &RefreshToken| token.shared && (shelf.record().is_some() || is_lost);
        let held = knowledge.refresh_token.filter(|it| !is_over(it));
        [kept, held].into_iter().flatten().find(|token| {
            self.is_worth_a_try(token)
                && !passed_over
                    .iter()
                    .any(|it| it.expose() == token.secret.expose())
        })
    }

    /// Whether a refresh token can be spent without leaving others with one that is used up.
    async fn may_spend(&self, token: &RefreshToken, shelf: &mut Shelf) -> bool {
        match shelf {
            Shelf::None => true,
            Shelf::Gone => !token.shared,
            Shelf::Open { .. } => shelf.prove(self.keeper).await || !token.shared,
        }
    }

    /// Drops refresh tokens that were refused, here and in the store where it still keeps one of them.
    async fn forget(&self, shelf: &mut Shelf, refused: &[Secret]) {
        let is_refused = |secret: &Secret| refused.iter().any(|it| it.expose() == secret.expose());
        {
            let mut knowledge = self.know();
            let is_over = knowledge
                .refresh_token
                .as_ref()
                .is_some_and(|token| is_refused(&token.secret) || !self.is_worth_a_try(token));
            if is_over {
                knowledge.refresh_token = None;
            }
        }
        let kept = shelf
            .record()
            .filter(|record| record.refresh_token.as_ref().is_some_and(&is_refused));
        if let Some(record) = kept {
            let mut record = record.clone();
            record.refresh_token = None;
            record.refresh_exp = None;
            shelf.save(self.keeper, record).await;
        }
    }

    /// Keeps what was got, for the others and for the next run.
    async fn keep(&self, shelf: &mut Shelf, brought: &Brought) {
        if !matches!(shelf, Shelf::Open { .. }) {
            return;
        }
        let owner = self.keeper.owner();
        let kept = shelf.record();
        let mut record = Record::new(&owner.host);
        {
            let knowledge = self.know();
            record.customer = knowledge
                .customer_name
                .clone()
                .or_else(|| kept.and_then(|it| it.customer.clone()));
            record.user = owner
                .user
                .clone()
                .or_else(|| kept.and_then(|it| it.user.clone()));
            record.generation = kept.map_or(0, |it| it.generation).max(knowledge.seen) + 1;
            if let Some(token) = &knowledge.refresh_token {
                record.refresh_token = Some(token.secret.clone());
                record.refresh_exp = token.life.map(|(anchor, life)| {
                    crate::store::milliseconds(anchor.wall()) / 1000 + life.as_secs()
                });
            }
        }
        record.access_token = Some(brought.access_token.clone());
        record.life = brought.landed.life.as_secs();
        record.obtained_wall = crate::store::milliseconds(brought.landed.anchor.wall());
        record.fingerprint = brought.landed.fingerprint.to_hex();
        let generation = record.generation;
        if shelf.save(self.keeper, record).await {
            let mut knowledge = self.know();
            knowledge.seen = generation;
            if let Some(token) = &mut knowledge.refresh_token {
                token.shared = true;
            }
        }
    }

    fn is_worth_a_try(&self, token: &RefreshToken) -> bool {
        token.life.is_none_or(|(anchor, life)| {
            Moment::now(self.clock).since(&anchor) < life.saturating_sub(REFRESH_MARGIN)
        })
    }

    async fn refresh(&self, token: &Secret) -> Result<Brought, Error> {
        let customer_name = self.know().customer_name.clone();
        let mut waits = 0;
        loop {
            let anchor = Moment::now(self.clock);
            let call = self.endpoint.refresh(token, customer_name.as_deref());
            match self.deadline.keep(self.clock, call).await {
                Ok(answer) => {
                    let brought = brought(&answer, anchor)?;
                    let held = answer.refresh_token.unwrap_or_else(|| token.clone());
                    let mut knowledge = self.know();
                    let is_other = knowledge
                        .refresh_token
                        .as_ref()
                        .is_none_or(|it| it.secret.expose() != held.expose());
                    if is_other {
                        knowledge.refresh_token = Some(received(held, anchor));
                    }
                    drop(knowledge);
                    self.keeper.tell(&SessionEvent::Refreshed);
                    return Ok(brought);
                }
                Err(error) => {
                    if is_unanswered(&error) {
                        self.keeper.tell(&SessionEvent::RefreshUnanswered);
                    }
                    self.wait_or(error, &mut waits).await?;
                }
            }
        }
    }

    async fn sign_in(&self, password: &Password) -> Result<Brought, Error> {
        let mut waits = 0;
        loop {
            let code = self.code(password).await?;
            let anchor = Moment::now(self.clock);
            let call = self.endpoint.sign_in(
                &password.username,
                &password.password,
                code.as_ref().map(Secret::expose),
            );
            match self.deadline.keep(self.clock, call).await {
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

    /// The code for a sign-in: the one that was given, once, one made from the secret, never twice in one step, or one
    /// that somebody is asked for.
    async fn code(&self, password: &Password) -> Result<Option<Secret>, Error> {
        let given = self
            .know()
            .password
            .as_mut()
            .and_then(|held| held.totp_code.take());
        if given.is_some() {
            return Ok(given);
        }
        let Some(totp) = password.totp.as_ref() else {
            return self.asked_for(password).await;
        };
        let mut code = totp.code_at(self.clock.wall());
        while self.know().last_step == Some(code.step) {
            let wait = totp::until_next_step(self.clock.wall());
            self.deadline.extend(wait);
            self.clock.sleep(wait).await;
            code = totp.code_at(self.clock.wall());
        }
        self.know().last_step = Some(code.step);
        Ok(Some(Secret::from(code.code)))
    }

    /// The code that the callback gives; one that was sent already is not sent again.
    async fn asked_for(&self, password: &Password) -> Result<Option<Secret>, Error> {
        let Some(callback) = &password.totp_callback else {
            return Ok(None);
        };
        let began = Moment::now(self.clock);
        let answer = callback.ask().await;
        self.deadline.extend(Moment::now(self.clock).since(&began));
        let code = answer
            .ok_or_else(|| {
                Error::new(
                    ErrorKind::MfaRequired,
                    "the callback that was asked for a one-time code gave none",
                )
                .next("pass the current code to session().supply_code(..)")
            })
            .and_then(|code| {
                one_time_code(&code).map_err(|error| error.of_if_unknown("sign_in"))
            })?;
        let mut knowledge = self.know();
        if knowledge
            .last_code
            .as_ref()
            .is_some_and(|it| it.expose() == code.expose())
        {
            return Err(Error::new(
                ErrorKind::MfaRequired,
                "the callback gave the one-time code that was sent already",
            )
            .next("wait for the authenticator to show the next one, and pass it to session().supply_code(..)"));
        }
        knowledge.last_code = Some(code.clone());
        Ok(Some(code))
    }

    fn signed_in(
        &self,
        answer: SignInAnswer,
        anchor: Moment,
        with_code: bool,
        has_totp_secret: bool,
    ) -> Result<Brought, Error> {
        let Some(tokens) = answer
            .tokens
            .filter(|tokens| !tokens.access_token.is_empty())
        else {
            return Err(mfa_required(with_code, has_totp_secret)
                .of("sign_in")
                .with_status(200));
        };
        let answer_tokens = Refreshed {
            access_token: tokens.access_token,
            refresh_token: tokens.refresh_token.filter(|token| !token.is_empty()),
        };
        let brought = brought(&answer_tokens, anchor)?;
        let mut knowledge = self.know();
        knowledge.refresh_token = answer_tokens
            .refresh_token
            .map(|token| received(token, anchor));
        knowledge.customer_name = Some(answer.customer.name.clone());
        knowledge.signed_in = Some(Arc::new(SignedIn {
            user: answer.user,
            customer: answer.customer,
            permissions: answer.permissions,
        }));
        drop(knowledge);
        self.keeper.tell(&SessionEvent::SignedIn);
        Ok(brought)
    }

    /// Waits where the server asks for a bearable wait, else gives the error back.
    async fn wait_or(&self, error: Error, waits: &mut u32) -> Result<(), Error> {
        if error.kind() != ErrorKind::RateLimited || *waits >= MOST_WAITS {
            return Err(error);
        }
        let wait = error
            .retry_after()
            .unwrap_or(Duration::from_secs(1 << *waits));
        if wait >= self.deadline.left(self.clock) {
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

fn brought(answer: &Refreshed, anchor: Moment) -> Result<Brought, Error> {
    let access_token = answer.access_token.clone();
    if access_token.is_empty() {
        return Err(Error::new(
            ErrorKind::UnexpectedAnswer,
            "the answer holds an empty access token",
        )
        .next("check that the base URL is the API's"));
    }
    let landed = Landed {
        anchor,
        spent: Duration::ZERO,
        life: token::access_life(access_token.expose()),
        fingerprint: Fingerprint::of(access_token.expose()),
        adopted: false,
    };
    Ok(Brought {
        access_token,
        landed,
    })
}

fn received(secret: Secret, anchor: Moment) -> RefreshToken {
    let life = token::refresh_life(secret.expose());
    RefreshToken {
        secret,
        life: Some((anchor, life)),
        shared: false,
    }
}

/// The refresh token of a record.
fn kept_token(record: &Record, now: Moment) -> Option<RefreshToken> {
    let secret = record.refresh_token.clone().filter(|it| !it.is_empty())?;
    let left = |exp: u64| {
        Duration::from_millis(
            exp.saturating_mul(1000)
                .saturating_sub(crate::store::milliseconds(now.wall())),
        )
    };
    Some(RefreshToken {
        secret,
        life: record.refresh_exp.map(|exp| (now, left(exp))),
        shared: true,
    })
}
