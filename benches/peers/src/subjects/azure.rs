//! azure_core: the policy that puts bearer tokens on requests, before an API that is a policy too, since it insists on TLS.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use azure_core::credentials::{AccessToken, TokenCredential, TokenRequestOptions};
use azure_core::error::{Error, ErrorKind};
use azure_core::http::headers::{AUTHORIZATION, Headers};
use azure_core::http::policies::auth::BearerTokenAuthorizationPolicy;
use azure_core::http::policies::{Policy, PolicyResult};
use azure_core::http::{AsyncRawResponse, Context, Method, Request, StatusCode};
use url::Url;

use super::{Failure, Keeper, Subject};
use crate::idp::Idp;

pub struct BearerPolicy;

struct Azure {
    policy: BearerTokenAuthorizationPolicy,
    /// Takes every token.
    open: Arc<dyn Policy>,
    api: Arc<dyn Policy>,
}

#[derive(Debug)]
struct Asks(Idp);

#[derive(Debug)]
struct Open;

#[derive(Debug)]
struct Api(Idp);

#[async_trait]
impl TokenCredential for Asks {
    async fn get_token(
        &self,
        _scopes: &[&str],
        _options: Option<TokenRequestOptions<'_>>,
    ) -> azure_core::Result<AccessToken> {
        match self.0.give().await {
            Ok(given) => Ok(AccessToken::new(given.token, given.expires_at.into())),
            Err(status) => Err(Error::with_message(
                ErrorKind::Credential,
                format!("the provider answered {status}"),
            )),
        }
    }
}

#[async_trait]
impl Policy for Open {
    async fn send(&self, _: &Context, _: &mut Request, _: &[Arc<dyn Policy>]) -> PolicyResult {
        Ok(answer(true))
    }
}

#[async_trait]
impl Policy for Api {
    async fn send(
        &self,
        _: &Context,
        request: &mut Request,
        _: &[Arc<dyn Policy>],
    ) -> PolicyResult {
        let authorization = request.headers().get_str(&AUTHORIZATION)?.to_owned();
        Ok(answer(self.0.accepts(&authorization).await))
    }
}

fn answer(accepted: bool) -> AsyncRawResponse {
    let status = if accepted {
        StatusCode::Ok
    } else {
        StatusCode::Unauthorized
    };
    AsyncRawResponse::from_bytes(status, Headers::new(), "")
}

impl Azure {
    async fn send(&self, to: &Arc<dyn Policy>) -> Result<bool, Failure> {
        let mut request = Request::new(Url::parse("https://api.example/")?, Method::Get);
        let response = self
            .policy
            .send(&Context::new(), &mut request, &[Arc::clone(to)])
            .await?;
        Ok(response.status() == StatusCode::Ok)
    }
}

#[async_trait]
impl Subject for BearerPolicy {
    fn name(&self) -> &'static str {
        "azure_core 1.1.0 bearer policy"
    }

    /// It renews 5 min before the end.
    fn renewing(&self) -> (Duration, Duration) {
        (Duration::from_secs(120), Duration::from_millis(100))
    }

    async fn keeper(&self, idp: &Idp) -> Result<Arc<dyn Keeper>, Failure> {
        let credential = Arc::new(Asks(idp.clone()));
        Ok(Arc::new(Azure {
            policy: BearerTokenAuthorizationPolicy::new(credential, ["scope"]),
            open: Arc::new(Open),
            api: Arc::new(Api(idp.clone())),
        }))
    }
}

#[async_trait]
impl Keeper for Azure {
    async fn token(&self) -> Result<(), Failure> {
        self.send(&self.open).await?;
        Ok(())
    }

    async fn call(&self) -> Option<bool> {
        Some(self.send(&self.api).await.unwrap_or(false))
    }
}
