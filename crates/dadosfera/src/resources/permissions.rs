//! The permissions that an API key can hold.

use dadosfera_raw::types;

use crate::client::Client;
use crate::error::Error;

/// The permissions; from [`Client::permissions`].
#[derive(Debug, Clone, Copy)]
pub struct Permissions<'a> {
    client: &'a Client,
}

impl Client {
    /// The permissions that an API key can hold. What the signed-in user holds is in
    /// [`session().permissions()`](crate::SessionHandle::permissions).
    #[must_use]
    pub const fn permissions(&self) -> Permissions<'_> {
        Permissions { client: self }
    }
}

impl Permissions<'_> {
    /// Every permission with its id, such as 34 and `catalog:create`. The answer's shape is inferred.
    ///
    /// # Errors
    /// [`ErrorKind::Forbidden`](crate::ErrorKind::Forbidden) for whoever may not manage API keys.
    pub async fn list(&self) -> Result<Vec<types::Permission>, Error> {
        let call = self.client.call("list_permissions");
        let answer = call.raw().list_permissions().await;
        call.finish(answer).await
    }
}
