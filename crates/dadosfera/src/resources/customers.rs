//! Customers. No route of theirs is public: all of this is inferred, with the fields of the sign-in's customer.

use dadosfera_raw::types;

use crate::client::Client;
use crate::error::Error;
use crate::id::CustomerId;
use crate::pages::Items;

/// Customers; from [`Client::customers`].
#[derive(Debug, Clone, Copy)]
pub struct Customers<'a> {
    client: &'a Client,
}

impl Client {
    /// Customers: one's own, or all of them for a platform administrator.
    #[must_use]
    pub const fn customers(&self) -> Customers<'_> {
        Customers { client: self }
    }
}

impl Customers<'_> {
    /// The customers that one may see.
    ///
    /// ```
    /// # dadosfera::__example!(client => {
    /// for customer in client.customers().list().await? {
    ///     println!("{} {}", customer.id, customer.name);
    /// }
    /// # });
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Forbidden`](crate::ErrorKind::Forbidden) without the permission `GET /customers`.
    pub async fn list(&self) -> Result<Vec<types::Customer>, Error> {
        let call = self.client.call("list_customers");
        let answer = call.raw().list_customers().await;
        Ok(call.finish(answer).await?.customers)
    }

    /// The customers that one may see, as a stream; the API has no pages here.
    ///
    /// ```
    /// # dadosfera::__example!(client => {
    /// println!("{} customers", client.customers().stream().collect_all().await?.len());
    /// # });
    /// ```
    pub fn stream(&self) -> Items<types::Customer> {
        let client = self.client.clone();
        Items::whole(
            "list_customers",
            |it| it.id.as_str(),
            move || {
                let client = client.clone();
                async move { client.customers().list().await }
            },
        )
    }

    /// One's own customer.
    ///
    /// ```
    /// # dadosfera::__example!(client => {
    /// assert_eq!(client.customers().current().await?.name, "acme_corp");
    /// # });
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Forbidden`](crate::ErrorKind::Forbidden) without the permission `GET /customers`.
    pub async fn current(&self) -> Result<types::Customer, Error> {
        let call = self.client.call("get_current_customer");
        let answer = call.raw().get_current_customer().await;
        call.finish(answer).await
    }

    /// A customer.
    ///
    /// ```
    /// # dadosfera::__example!(client => {
    /// let id = client.customers().current().await?.id;
    /// println!("{:?}", client.customers().get(&id).await?.tier);
    /// # });
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) for one that one may not see.
    pub async fn get(
        &self,
        id: impl TryInto<CustomerId, Error: Into<Error>>,
    ) -> Result<types::Customer, Error> {
        let call = self.client.call("get_customer");
        let id: CustomerId = call.id(id)?;
        let answer = call.raw().get_customer(id.as_str()).await;
        call.finish(answer).await
    }

    /// Changes a customer; what is left out stays.
    ///
    /// ```
    /// # dadosfera::__example!(client => {
    /// use dadosfera::types::UpdateCustomerRequest;
    ///
    /// let id = client.customers().current().await?.id;
    /// let changes = UpdateCustomerRequest {
    ///     modules: Some(vec!["collect".into(), "catalog".into()]),
    ///     name: None,
    ///     schedule_limit: None,
    ///     tier: None,
    /// };
    /// client.customers().update(&id, &changes).await?;
    /// # });
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Forbidden`](crate::ErrorKind::Forbidden) without the permission `customer:edit`.
    pub async fn update(
        &self,
        id: impl TryInto<CustomerId, Error: Into<Error>>,
        changes: &types::UpdateCustomerRequest,
    ) -> Result<types::Customer, Error> {
        let call = self.client.call("update_customer");
        let id: CustomerId = call.id(id)?;
        let answer = call.raw().update_customer(id.as_str(), changes).await;
        call.finish(answer).await
    }
}
