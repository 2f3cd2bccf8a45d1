//! The session as users see it: who is signed in, and what they may do.

use std::sync::Arc;

use dadosfera_raw::Secret;

use crate::auth::events::SessionStatus;
use crate::auth::flight::SignedIn;
use crate::auth::session::Session;
use crate::client::{Client, Identity};
use crate::config::one_time_code;
use crate::error::Error;

/// The client's session; from [`Client::session`].
///
/// # Beside published SDKs
///
/// S1 to S3: requests for a token / callers that got an error / the longest wait of a caller. S1: 1000 callers and no
/// token. S2 and S3: 40 callers, the provider answers 503 after 250 ms, and the token is nearly over (S2) or over (S3).
/// S4: the caller that began the renewal goes away; renewals begun / completed. S5: the API revoked the token; 401s that
/// 200 callers saw / renewals.
///
#[doc = include_str!("../auth/peers.md")]
#[derive(Debug, Clone, Copy)]
pub struct SessionHandle<'a> {
    client: &'a Client,
}

impl Client {
    /// The session of this client.
    ///
    /// ```
    /// # dadosfera::__example!(client => {
    /// let who = client.session().sign_in().await?;
    /// if !who.may("POST /pipelines") {
    ///     println!("{} may not create pipelines", who.customer.name);
    /// }
    /// # });
    /// ```
    #[must_use]
    pub const fn session(&self) -> SessionHandle<'_> {
        SessionHandle { client: self }
    }
}

impl SessionHandle<'_> {
    /// Signs in now, where it was not done yet, and answers who is signed in and what they may do. Calls sign in by
    /// themselves; this is for whoever wants to know before the first one.
    ///
    /// ```
    /// # dadosfera::__example!(client => {
    /// let who = client.session().sign_in().await?;
    /// println!("{} of {}", who.user.as_ref().map_or("?", |user| user.username.as_str()), who.customer.name);
    /// # });
    /// ```
    ///
    /// # Errors
    /// Those of signing in. A client with an API key or only a refresh token has no user to tell of
    /// ([`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput)).
    pub async fn sign_in(&self) -> Result<Arc<SignedIn>, Error> {
        let session = self.session()?;
        session
            .acquire()
            .await
            .map_err(|error| error.of_if_unknown("sign_in"))?;
        session.signed_in().ok_or_else(|| {
            Error::invalid_input(
                "a refresh token alone does not tell who is signed in",
                "give the client a password too, or sign in with one",
            )
            .of("sign_in")
        })
    }

    /// The names of what the user may do.
    ///
    /// ```
    /// # dadosfera::__example!(client => {
    /// println!("{}", client.session().permissions().await?.join(", "));
    /// # });
    /// ```
    ///
    /// # Errors
    /// As of [`sign_in`](Self::sign_in).
    pub async fn permissions(&self) -> Result<Vec<String>, Error> {
        Ok(self.sign_in().await?.permissions.clone())
    }

    /// The access token that calls are signed with, signing in or refreshing where there is none that lives. For requests
    /// that this crate does not make; it goes bare into `Authorization`, without `Bearer`.
    ///
    /// ```
    /// # dadosfera::__example!(client => {
    /// let token = client.session().access_token().await?;
    /// // `token.expose()` is the text; nothing else shows it.
    /// # });
    /// ```
    ///
    /// # Errors
    /// Those of signing in. A client with an API key has no token ([`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput)).
    pub async fn access_token(&self) -> Result<Arc<Secret>, Error> {
        Ok(Arc::clone(self.session()?.acquire().await?.token()))
    }

    /// Passes the code of a second factor to a session that asks for one
    /// ([`ErrorKind::MfaRequired`](crate::ErrorKind::MfaRequired)). The next call signs in with it.
    ///
    /// ```
    /// # dadosfera::__example!(client => {
    /// # let client = dadosfera::Client::builder().base_url(client.base_url()).password("mfa@acme.example", "no longer right").build()?;
    /// use dadosfera::ErrorKind;
    ///
    /// match client.pipelines().list().await {
    ///     // The code that the user's authenticator shows.
    ///     Err(error) if error.kind() == ErrorKind::MfaRequired => client.session().supply_code("123456")?,
    ///     Err(error) if error.kind() == ErrorKind::BadCredentials => client.session().supply_password("acme-mfa-password")?,
    ///     other => println!("{other:?}"),
    /// }
    /// # });
    /// ```
    ///
    /// # Errors
    /// Where it is not six digits, or the session has no password to go with it.
    pub fn supply_code(&self, code: impl Into<Secret>) -> Result<(), Error> {
        let code = one_time_code(&code.into()).map_err(|error| error.of("sign_in"))?;
        self.session()?
            .supply_code(code)
            .map_err(|error| error.of("sign_in"))
    }

    /// Forgets the tokens and the credentials. Later calls fail with [`ErrorKind::Closed`](crate::ErrorKind::Closed).
    /// The API has no route to revoke a token, so what was copied out lives on until its end.
    ///
    /// ```
    /// # dadosfera::__example!(client => {
    /// client.session().sign_out();
    /// assert!(client.pipelines().list().await.is_err());
    /// # });
    /// ```
    pub fn sign_out(&self) {
        if let Identity::User(session) = self.client.identity() {
            session.close();
        }
    }

    /// Like [`sign_out`](Self::sign_out); waits for a sign-in or refresh that is under way, and clears the token store, so
    /// that no other process goes on with these tokens.
    ///
    /// # Errors
    /// Where the store cannot be cleared ([`ErrorKind::Config`](crate::ErrorKind::Config)). The session is closed all the
    /// same, and this can be called again.
    pub async fn log_out(&self) -> Result<(), Error> {
        match self.client.identity() {
            Identity::User(session) => session
                .log_out()
                .await
                .map_err(|error| error.of_if_unknown("sign_out")),
            Identity::ApiKey | Identity::Nobody => Ok(()),
        }
    }

    /// Gets each token before a call asks for it, or ends doing so. For servers to which a first slow call matters: it
    /// takes a task, on the runtime that this is called from, which ends with the last handle of the client. Without it
    /// there is no task in the background, and an idle client sends nothing.
    ///
    /// # Errors
    /// Outside of a runtime ([`ErrorKind::Config`](crate::ErrorKind::Config)), and for a client without a session.
    pub fn keep_warm(&self, warm: bool) -> Result<(), Error> {
        let session = self.session()?;
        if warm {
            return session.keep_warm();
        }
        session.keep_cool();
        Ok(())
    }

    /// A look at the session: nothing is sent, and no store is read.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let emulator = dadosfera_emulator::Emulator::start().await?;
    /// # let client = dadosfera::Client::builder()
    /// #     .base_url(emulator.base_url()).password("ana@acme.example", "acme-ana-password").build()?;
    /// use dadosfera::{SessionState, SessionStatus};
    ///
    /// client.session().keep_warm(true)?;
    /// client.session().sign_in().await?;
    /// let SessionStatus { state, fresh_for, .. } = client.session().status()?;
    /// assert_eq!(state, SessionState::Fresh);
    /// println!("fresh for {fresh_for:?}");
    /// client.session().keep_warm(false)?;
    /// client.session().log_out().await?;
    /// assert_eq!(client.session().status()?.state, SessionState::Closed);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// For a client without a session ([`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput)).
    pub fn status(&self) -> Result<SessionStatus, Error> {
        Ok(self.session()?.status())
    }

    /// Passes another password of the same user to a session that asks for one
    /// ([`ErrorKind::BadCredentials`](crate::ErrorKind::BadCredentials)). The next call signs in with it.
    ///
    /// # Errors
    /// Where the session has no user name to go with it ([`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput)).
    pub fn supply_password(&self, password: impl Into<Secret>) -> Result<(), Error> {
        self.session()?
            .supply_password(password.into())
            .map_err(|error| error.of("sign_in"))
    }

    fn session(&self) -> Result<&Session, Error> {
        let what = match self.client.identity() {
            Identity::User(session) => return Ok(session),
            Identity::ApiKey => "an API key has no session and no user",
            Identity::Nobody => "an anonymous client has no session",
        };
        Err(
            Error::invalid_input(what, "build the client with password(..) to act as a user")
                .of("sign_in"),
        )
    }
}
