//! The health of the API. No credentials are needed, and none are sent.

use dadosfera_raw::{self as raw, types};

use crate::client::Client;
use crate::error::Error;

/// The health of the API; from [`Client::health`].
#[derive(Debug, Clone, Copy)]
pub struct Health<'a> {
    client: &'a Client,
}

impl Client {
    /// The health of the API.
    #[must_use]
    pub const fn health(&self) -> Health<'_> {
        Health { client: self }
    }
}

impl Health<'_> {
    /// The API's report on itself. One that is not well answers a report too; its `status` is then not `ok`.
    /// The route's existence is documented, its answer inferred.
    ///
    /// ```
    /// # dadosfera::__example!(client => {
    /// println!("{}", client.health().get().await?.status);
    /// # });
    /// ```
    ///
    /// # Errors
    /// Where no report came.
    pub async fn get(&self) -> Result<types::HealthReport, Error> {
        let call = self.client.call("get_health");
        match call.raw().get_health().await {
            Err(raw::Error::ErrorResponse(report)) => Ok(report.into_inner()),
            answer => call.finish(answer).await,
        }
    }
}
