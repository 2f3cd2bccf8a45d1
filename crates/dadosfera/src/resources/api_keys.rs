//! API keys: made by a user who may, used by a machine.

use std::error::Error as StdError;
use std::future::Future;

use dadosfera_raw::types;

use crate::client::Client;
use crate::error::{Error, ErrorKind};
use crate::id::ApiKeyId;
use crate::pages::Items;

/// The customer's API keys; from [`Client::api_keys`].
#[derive(Debug, Clone, Copy)]
pub struct ApiKeys<'a> {
    client: &'a Client,
}

/// A permission by its id or by its name.
///
/// ```
/// # dadosfera::__example!(client => {
/// use dadosfera::PermissionRef;
///
/// let wanted = [PermissionRef::from("GET /pipelines"), PermissionRef::Name("GET /catalog".to_owned())];
/// let key = client.api_keys().create(wanted).await?;
/// println!("{}", key.key_mask);
/// # });
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum PermissionRef {
    /// An id of `permissions().list()`.
    Id(i64),
    /// A name, such as `catalog:create`; it is looked up.
    Name(String),
}

impl From<i64> for PermissionRef {
    fn from(id: i64) -> Self {
        Self::Id(id)
    }
}

impl From<&str> for PermissionRef {
    fn from(name: &str) -> Self {
        Self::Name(name.to_owned())
    }
}

impl From<String> for PermissionRef {
    fn from(name: String) -> Self {
        Self::Name(name)
    }
}

impl From<&types::Permission> for PermissionRef {
    fn from(permission: &types::Permission) -> Self {
        Self::Id(permission.id)
    }
}

impl Client {
    /// The customer's API keys.
    #[must_use]
    pub const fn api_keys(&self) -> ApiKeys<'_> {
        ApiKeys { client: self }
    }
}

impl ApiKeys<'_> {
    /// Every API key, masked.
    ///
    /// ```
    /// # dadosfera::__example!(client => {
    /// for key in client.api_keys().list().await? {
    ///     println!("{} {}", key.key_mask, key.created_at);
    /// }
    /// # });
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Forbidden`](crate::ErrorKind::Forbidden) for whoever may not manage API keys.
    pub async fn list(&self) -> Result<Vec<types::ApiKey>, Error> {
        let call = self.client.call("list_api_keys");
        let answer = call.raw().list_api_keys().await;
        call.finish(answer).await
    }

    /// Every key, without its text, as a stream; the API has no pages here.
    ///
    /// ```
    /// # dadosfera::__example!(client => {
    /// println!("{} keys", client.api_keys().stream().collect_all().await?.len());
    /// # });
    /// ```
    pub fn stream(&self) -> Items<types::ApiKey> {
        let client = self.client.clone();
        Items::whole(
            "list_api_keys",
            |it| it.id.as_str(),
            move || {
                let client = client.clone();
                async move { client.api_keys().list().await }
            },
        )
    }

    /// Makes a key with these permissions, given by id or by name. Its text is shown this once, in `key`.
    ///
    /// ```
    /// # dadosfera::__example!(client => {
    /// let made = client.api_keys().create(["GET /pipelines", "POST /pipelines"]).await?;
    /// let machine = dadosfera::Client::builder().api_key(made.key).build()?;
    /// # });
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) for a name that is no permission, with the known ones.
    pub async fn create<P: Into<PermissionRef>>(
        &self,
        permissions: impl IntoIterator<Item = P>,
    ) -> Result<types::CreatedApiKey, Error> {
        let wanted: Vec<PermissionRef> = permissions.into_iter().map(Into::into).collect();
        let body = types::CreateApiKeyRequest {
            permissions: self.ids(wanted).await?,
        };
        let call = self.client.call("create_api_key");
        let answer = call.raw().create_api_key(&body).await;
        call.finish(answer).await
    }

    /// Deletes a key. Whoever uses it is refused from now on.
    ///
    /// ```
    /// # dadosfera::__example!(client => {
    /// let made = client.api_keys().create(["GET /catalog"]).await?;
    /// client.api_keys().delete(&made.id).await?;
    /// # });
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) where there is none of this id.
    pub async fn delete(
        &self,
        id: impl TryInto<ApiKeyId, Error: Into<Error>>,
    ) -> Result<(), Error> {
        let call = self.client.call("delete_api_key");
        let id = call.id(id)?;
        let answer = call.raw().delete_api_key(id.as_str()).await;
        call.finish_empty(answer)
    }

    /// Replaces a key: makes one with the same permissions, checks that the API takes it, hands it over, and deletes the old
    /// one only when that succeeded. The client must act as a user who manages API keys, not by the key itself.
    ///
    /// `hand_over` stores the new key where it is used (a vault, a variable of a service) and says whether that worked.
    /// The check is a call of `GET /pipelines`; a key without that permission is answered 403, which shows as well that it
    /// is known.
    ///
    /// ```
    /// # dadosfera::__example!(client => {
    /// # let old = client.api_keys().create(["GET /pipelines"]).await?.id;
    /// let made = client
    ///     .api_keys()
    ///     .rotate(&old, |made| async move {
    ///         // Put `made.key` where the machine finds it.
    ///         Ok::<_, std::io::Error>(drop(made))
    ///     })
    ///     .await?;
    /// println!("{} is in use now", made.id);
    /// # });
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) where there is no such key: nothing was made. Every later error
    /// leaves the old key valid; where the new one was made it is valid too, and the error says so and names it.
    pub async fn rotate<F, E>(
        &self,
        id: impl TryInto<ApiKeyId, Error: Into<Error>>,
        hand_over: impl FnOnce(types::CreatedApiKey) -> F,
    ) -> Result<types::CreatedApiKey, Error>
    where
        F: Future<Output = Result<(), E>>,
        E: StdError + Send + Sync + 'static,
    {
        let id: ApiKeyId = self.client.call("delete_api_key").id(id)?;
        let keys = self.list().await?;
        let old = keys
            .iter()
            .find(|key| key.id == id.as_str())
            .ok_or_else(|| {
                Error::new(ErrorKind::NotFound, "there is no API key of this id")
                    .of("list_api_keys")
                    .next("list the keys; nothing was made")
            })?;
        let made = self
            .create(old.permissions.iter().map(|held| held.id))
            .await?;
        let both_live = |error: Error, what: &str| {
            error.next(format!(
                "{what}, so the keys {} (old) and {} (new) are both valid; delete one of them",
                id.as_str(),
                made.id
            ))
        };
        self.verify(&made)
            .await
            .map_err(|error| both_live(error, "the new key was not accepted"))?;
        hand_over(made.clone()).await.map_err(|error| {
            let failed = Error::new(ErrorKind::Config, "the new key was not handed over");
            both_live(
                failed.of("create_api_key").with_source(error),
                "handing over failed",
            )
        })?;
        self.delete(id.clone())
            .await
            .map_err(|error| both_live(error, "the old key was not deleted"))?;
        Ok(made)
    }

    /// Whether the API knows a key: it answers, or says which permission is missing.
    async fn verify(&self, made: &types::CreatedApiKey) -> Result<(), Error> {
        let client = Client::builder()
            .base_url(self.client.base_url())
            // The base URL was allowed once.
            .allow_insecure_http()
            .api_key(made.key.clone())
            .build()?;
        match client.pipelines().list().await {
            Ok(_) => Ok(()),
            Err(error) if error.kind() == ErrorKind::Forbidden => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// The ids of permissions; asks for the table of names only where a name is among them.
    async fn ids(&self, wanted: Vec<PermissionRef>) -> Result<Vec<i64>, Error> {
        let has_names = wanted.iter().any(|it| matches!(it, PermissionRef::Name(_)));
        let known = if has_names {
            self.client.permissions().list().await?
        } else {
            Vec::new()
        };
        wanted
            .into_iter()
            .map(|permission| match permission {
                PermissionRef::Id(id) => Ok(id),
                PermissionRef::Name(name) => known
                    .iter()
                    .find(|it| it.name == name)
                    .map(|it| it.id)
                    .ok_or_else(|| {
                        let names: Vec<&str> = known.iter().map(|it| it.name.as_str()).collect();
                        Error::invalid_input(
                            format!("there is no permission `{}`", name.escape_debug()),
                            format!("known are {}", names.join(", ")),
                        )
                        .of("create_api_key")
                    }),
            })
            .collect()
    }
}
