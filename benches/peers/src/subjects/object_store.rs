//! object_store: Azure with the token of a managed identity, its own retries off.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use object_store::azure::{MicrosoftAzure, MicrosoftAzureBuilder};
use object_store::path::Path;
use object_store::{ObjectStoreExt, RetryConfig};

use super::{Failure, Keeper, Subject};
use crate::idp::Idp;

pub struct AzureMsi;

struct Store(MicrosoftAzure);

#[async_trait]
impl Subject for AzureMsi {
    fn name(&self) -> &'static str {
        "object_store 0.14.2 (Azure MSI, retries set to 0)"
    }

    /// It renews 5 min before the end.
    fn renewing(&self) -> (Duration, Duration) {
        (Duration::from_secs(120), Duration::from_millis(200))
    }

    async fn keeper(&self, idp: &Idp) -> Result<Arc<dyn Keeper>, Failure> {
        let retry = RetryConfig {
            max_retries: 0,
            ..RetryConfig::default()
        };
        let store = MicrosoftAzureBuilder::new()
            .with_account("account")
            .with_container_name("container")
            .with_endpoint(format!("{}/blobs", idp.url()))
            .with_msi_endpoint(format!("{}/msi", idp.url()))
            .with_allow_http(true)
            .with_retry(retry)
            .build()?;
        Ok(Arc::new(Store(store)))
    }
}

#[async_trait]
impl Keeper for Store {
    async fn token(&self) -> Result<(), Failure> {
        self.0.credentials().get_credential().await?;
        Ok(())
    }

    async fn call(&self) -> Option<bool> {
        let got = self.0.get(&Path::from("blob")).await;
        Some(got.is_ok())
    }
}
