//! octocrab: a client of an installation of an app.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use octocrab::Octocrab;
use octocrab::models::{AppId, InstallationId};

use super::{Failure, Keeper, Subject};
use crate::idp::Idp;

pub struct Installation {
    pub key: String,
}

struct Crab(Octocrab);

#[async_trait]
impl Subject for Installation {
    fn name(&self) -> &'static str {
        "octocrab 0.54.9 (installation)"
    }

    /// It renews 30 s before the end.
    fn renewing(&self) -> (Duration, Duration) {
        (Duration::from_secs(20), Duration::from_millis(100))
    }

    async fn keeper(&self, idp: &Idp) -> Result<Arc<dyn Keeper>, Failure> {
        let key = jsonwebtoken::EncodingKey::from_rsa_pem(self.key.as_bytes())?;
        let app = Octocrab::builder()
            .base_uri(idp.url())?
            .app(AppId(1), key)
            .build()?;
        Ok(Arc::new(Crab(app.installation(InstallationId(1))?)))
    }
}

#[async_trait]
impl Keeper for Crab {
    async fn token(&self) -> Result<(), Failure> {
        self.0.installation_token().await?;
        Ok(())
    }

    async fn call(&self) -> Option<bool> {
        let got: octocrab::Result<serde_json::Value> = self.0.get("/things", None::<&()>).await;
        Some(got.is_ok())
    }
}
