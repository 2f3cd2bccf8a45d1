//! yup-oauth2: a service account.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use hyper_util::client::legacy::connect::HttpConnector;
use yup_oauth2::authenticator::Authenticator;
use yup_oauth2::{CustomHyperClientBuilder, ServiceAccountAuthenticator, ServiceAccountKey};

use super::{Failure, Keeper, Subject};
use crate::idp::Idp;

pub struct ServiceAccount {
    pub key: String,
}

struct Yup(Authenticator<HttpConnector>);

#[async_trait]
impl Subject for ServiceAccount {
    fn name(&self) -> &'static str {
        "yup-oauth2 12.1.2 (service account)"
    }

    /// It renews 60 s before the end.
    fn renewing(&self) -> (Duration, Duration) {
        (Duration::from_secs(30), Duration::from_millis(100))
    }

    async fn keeper(&self, idp: &Idp) -> Result<Arc<dyn Keeper>, Failure> {
        let key = ServiceAccountKey {
            key_type: Some("service_account".to_owned()),
            project_id: None,
            private_key_id: None,
            private_key: self.key.clone(),
            client_email: "job@acme.example".to_owned(),
            client_id: None,
            auth_uri: None,
            token_uri: format!("{}/token", idp.url()),
            auth_provider_x509_cert_url: None,
            client_x509_cert_url: None,
        };
        let client =
            hyper_util::client::legacy::Client::builder(hyper_util::rt::TokioExecutor::new())
                .build(HttpConnector::new());
        let client = CustomHyperClientBuilder::from(client);
        let authenticator = ServiceAccountAuthenticator::with_client(key, client)
            .build()
            .await?;
        Ok(Arc::new(Yup(authenticator)))
    }
}

#[async_trait]
impl Keeper for Yup {
    async fn token(&self) -> Result<(), Failure> {
        // An answer that holds no token is a success to it.
        let token = self.0.token(&["scope"]).await?;
        token.token().map(|_| ()).ok_or_else(|| "no token".into())
    }
}
