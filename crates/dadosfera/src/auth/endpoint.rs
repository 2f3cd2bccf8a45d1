//! The two calls that need no token: sign-in and refresh, through the generated client like every other call.

use dadosfera_raw::types::{RefreshAnswer, RefreshRequest, SignInAnswer, SignInRequest};
use dadosfera_raw::{Maybe, Secret};

use crate::call::Caller;
use crate::error::Error;

/// Where tokens come from.
#[derive(Debug, Clone)]
pub(crate) struct Endpoint(Caller);

/// What a refresh answered: an access token, and now and then a new refresh token.
pub(crate) struct Refreshed {
    pub(crate) access_token: Secret,
    pub(crate) refresh_token: Option<Secret>,
}

impl Endpoint {
    /// The caller must not sign its requests, or a session would wait for itself.
    pub(crate) const fn new(unsigned: Caller) -> Self {
        Self(unsigned)
    }

    pub(crate) async fn sign_in(
        &self,
        username: &str,
        password: &Secret,
        code: Option<&str>,
    ) -> Result<SignInAnswer, Error> {
        let body = SignInRequest {
            username: username.to_owned(),
            password: password.clone(),
            totp: code.map_or(Maybe::Absent, |code| Maybe::Value(code.to_owned())),
        };
        let call = self.0.call("sign_in");
        let answer = call.raw().sign_in(&body).await;
        call.finish(answer)
            .await
            .map_err(|error| error.without(&[password.expose(), code.unwrap_or_default()]))
    }

    pub(crate) async fn refresh(
        &self,
        token: &Secret,
        customer_name: Option<&str>,
    ) -> Result<Refreshed, Error> {
        let body = RefreshRequest {
            refresh_token: token.clone(),
            customer_name: customer_name.map(str::to_owned),
        };
        let call = self.0.call("refresh_access_token");
        let answer = call.raw().refresh_access_token(&body).await;
        let answer = call
            .finish(answer)
            .await
            .map_err(|error| error.without(&[token.expose()]))?;
        let (access_token, refresh_token) = match answer {
            RefreshAnswer::NestedRefreshAnswer(nested) => {
                (nested.tokens.access_token, nested.tokens.refresh_token)
            }
            RefreshAnswer::FlatRefreshAnswer(flat) => (flat.access_token, flat.refresh_token),
        };
        Ok(Refreshed {
            access_token,
            refresh_token: refresh_token.filter(|token| !token.is_empty()),
        })
    }
}
