//! reqsign-core: the signer of OpenDAL, over a provider that asks ours.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use reqsign_core::{Context, Error, ProvideCredential, SignRequest, Signer, SigningCredential};

use super::{Failure, Keeper, Subject};
use crate::idp::Idp;

/// What the signers of that house take for nearly over.
const WINDOW: Duration = Duration::from_secs(120);

pub struct ReqsignSigner;

struct Reqsign(Signer<Token>);

#[derive(Debug, Clone)]
struct Token {
    text: String,
    expires_at: SystemTime,
}

#[derive(Debug)]
struct Asks(Idp);

#[derive(Debug)]
struct Puts;

impl SigningCredential for Token {
    fn is_valid(&self) -> bool {
        self.expires_at > SystemTime::now() + WINDOW
    }

    fn is_valid_at(&self, _: reqsign_core::time::Timestamp) -> bool {
        self.expires_at > SystemTime::now()
    }
}

impl ProvideCredential for Asks {
    type Credential = Token;

    async fn provide_credential(&self, _: &Context) -> reqsign_core::Result<Option<Token>> {
        match self.0.give().await {
            Ok(given) => Ok(Some(Token {
                text: given.token,
                expires_at: given.expires_at,
            })),
            Err(status) => Err(Error::unexpected(format!("the provider answered {status}"))),
        }
    }
}

impl SignRequest for Puts {
    type Credential = Token;

    async fn sign_request(
        &self,
        _: &Context,
        request: &mut http::request::Parts,
        credential: Option<&Token>,
        _: Option<Duration>,
    ) -> reqsign_core::Result<()> {
        let token = credential
            .map(|token| token.text.as_str())
            .unwrap_or_default();
        let value = http::HeaderValue::from_str(token)
            .map_err(|error| Error::unexpected(error.to_string()))?;
        request.headers.insert(http::header::AUTHORIZATION, value);
        Ok(())
    }
}

#[async_trait]
impl Subject for ReqsignSigner {
    fn name(&self) -> &'static str {
        "reqsign-core 3.3.2 `Signer` (OpenDAL)"
    }

    fn renewing(&self) -> (Duration, Duration) {
        (Duration::from_secs(60), Duration::from_millis(100))
    }

    async fn keeper(&self, idp: &Idp) -> Result<Arc<dyn Keeper>, Failure> {
        let signer = Signer::new(Context::new(), Asks(idp.clone()), Puts);
        Ok(Arc::new(Reqsign(signer)))
    }
}

#[async_trait]
impl Keeper for Reqsign {
    async fn token(&self) -> Result<(), Failure> {
        let (mut parts, ()) = http::Request::get("https://api.example/")
            .body(())?
            .into_parts();
        self.0.sign(&mut parts, None).await?;
        Ok(())
    }
}
