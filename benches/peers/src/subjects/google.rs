//! google-cloud-auth: credentials of the metadata server.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use google_cloud_auth::credentials::{AccessTokenCredentials, mds};

use super::{Failure, Keeper, Subject};
use crate::idp::Idp;

pub struct GoogleMds;

struct Google(AccessTokenCredentials);

#[async_trait]
impl Subject for GoogleMds {
    fn name(&self) -> &'static str {
        "google-cloud-auth 1.18.0 (MDS)"
    }

    /// It renews 240 s before the end.
    fn renewing(&self) -> (Duration, Duration) {
        (Duration::from_secs(120), Duration::ZERO)
    }

    async fn keeper(&self, idp: &Idp) -> Result<Arc<dyn Keeper>, Failure> {
        let credentials = mds::Builder::default()
            .with_endpoint(idp.url())
            .build_access_token_credentials()?;
        Ok(Arc::new(Google(credentials)))
    }
}

#[async_trait]
impl Keeper for Google {
    async fn token(&self) -> Result<(), Failure> {
        self.0.access_token().await?;
        Ok(())
    }
}
