//! The session keepers that are compared, each behind the same two questions.

mod aws;
mod azure;
mod google;
mod object_store;
mod octocrab;
mod ours;
mod reqsign;
mod yup;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use crate::idp::Idp;

pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// A published crate.
#[async_trait]
pub trait Subject: Send + Sync {
    /// Its name, version, and which part of it.
    fn name(&self) -> &'static str;

    /// A life of tokens, and a wait, after which a token lives but would be renewed.
    fn renewing(&self) -> (Duration, Duration);

    /// A life of tokens, and a wait, after which a token is past its end.
    fn dead(&self) -> (Duration, Duration) {
        (Duration::from_secs(2), Duration::from_millis(2200))
    }

    /// A new keeper of a session with this provider.
    async fn keeper(&self, idp: &Idp) -> Result<Arc<dyn Keeper>, Failure>;
}

/// What keeps one session.
#[async_trait]
pub trait Keeper: Send + Sync {
    /// A token, or an error.
    async fn token(&self) -> Result<(), Failure>;

    /// A call of the API with the token: whether it succeeded. Nothing where the subject only gives tokens away.
    async fn call(&self) -> Option<bool> {
        None
    }

    /// Lets time pass.
    async fn wait(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}

pub fn all() -> Result<Vec<Box<dyn Subject>>, Failure> {
    let key = rsa_key()?;
    Ok(vec![
        Box::new(ours::Dadosfera),
        Box::new(google::GoogleMds),
        Box::new(aws::LazyCache),
        Box::new(azure::BearerPolicy),
        Box::new(object_store::AzureMsi),
        Box::new(reqsign::ReqsignSigner),
        Box::new(octocrab::Installation { key: key.clone() }),
        Box::new(yup::ServiceAccount { key }),
    ])
}

/// A key that lives as long as this process, in PEM.
fn rsa_key() -> Result<String, Failure> {
    use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
    use aws_lc_rs::rsa::{KeyPair, KeySize};

    let pair = KeyPair::generate(KeySize::Rsa2048)?;
    let der = AsDer::<Pkcs8V1Der>::as_der(&pair)?;
    let text = data_encoding::BASE64.encode(der.as_ref());
    let lines: Vec<_> = text
        .as_bytes()
        .chunks(64)
        .map(|line| String::from_utf8_lossy(line).into_owned())
        .collect();
    Ok(format!(
        "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
        lines.join("\n")
    ))
}
