//! The customer's users. The list and the deletion are what the vendor's library does; creation is inferred.

use dadosfera_raw::types;

use crate::client::Client;
use crate::error::Error;
use crate::id::UserId;
use crate::input;
use crate::pages::Items;

/// The API creates no more at once.
const MOST_AT_ONCE: usize = 50;

/// The customer's users; from [`Client::users`].
#[derive(Debug, Clone, Copy)]
pub struct Users<'a> {
    client: &'a Client,
}

impl Client {
    /// The customer's users.
    #[must_use]
    pub const fn users(&self) -> Users<'_> {
        Users { client: self }
    }
}

impl Users<'_> {
    /// Every user.
    ///
    /// ```
    /// # dadosfera::__example!(client => {
    /// for user in client.users().list().await? {
    ///     println!("{} {:?}", user.id, user.username);
    /// }
    /// # });
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Forbidden`](crate::ErrorKind::Forbidden) without the permission `GET /users`.
    pub async fn list(&self) -> Result<Vec<types::User>, Error> {
        let call = self.client.call("list_users");
        let answer = call.raw().list_users(None).await;
        Ok(call.finish(answer).await?.users)
    }

    /// Every user as a stream; the API has no pages here.
    ///
    /// ```
    /// # dadosfera::__example!(client => {
    /// println!("{} users", client.users().stream().collect_all().await?.len());
    /// # });
    /// ```
    pub fn stream(&self) -> Items<types::User> {
        let client = self.client.clone();
        Items::whole(
            "list_users",
            |it| it.id.as_str(),
            move || {
                let client = client.clone();
                async move { client.users().list().await }
            },
        )
    }

    /// Creates users, 50 at most at once.
    ///
    /// ```
    /// # dadosfera::__example!(client => {
    /// use dadosfera::types::{NewUser, UserGroup};
    ///
    /// let eva = NewUser { name: "Eva".into(), username: "eva@acme.example".into(), group: UserGroup::Viewer };
    /// let made = client.users().create(vec![eva]).await?;
    /// println!("{}", made[0].id);
    /// # });
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) for none or too many; nothing is sent then.
    /// [`ErrorKind::Conflict`](crate::ErrorKind::Conflict) where a user name is taken; none is created then.
    pub async fn create(&self, users: Vec<types::NewUser>) -> Result<Vec<types::User>, Error> {
        if users.is_empty() || users.len() > MOST_AT_ONCE {
            return Err(Error::invalid_field(
                "users",
                format_args!("holds {}, and they cannot be created at once", users.len()),
                format!("pass 1 to {MOST_AT_ONCE}"),
            )
            .of("create_users"));
        }
        let call = self.client.call("create_users");
        for (index, user) in users.iter().enumerate() {
            let at = |field: &str| format!("users[{index}].{field}");
            input::name(&at("username"), &user.username).map_err(|error| call.failed(error))?;
            input::name(&at("name"), &user.name).map_err(|error| call.failed(error))?;
        }
        let body = types::CreateUsersRequest { users };
        let answer = call.raw().create_users(None, &body).await;
        Ok(call.finish(answer).await?.users)
    }

    /// Deletes a user, which cannot be undone.
    ///
    /// ```
    /// # dadosfera::__example!(client => {
    /// # use dadosfera::types::{NewUser, UserGroup};
    /// # let eva = NewUser { name: "Eva".into(), username: "eva@acme.example".into(), group: UserGroup::Viewer };
    /// # let made = client.users().create(vec![eva]).await?;
    /// client.users().delete(&made[0].id).await?;
    /// # });
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) where there is none of this id;
    /// [`ErrorKind::BadRequest`](crate::ErrorKind::BadRequest) for oneself.
    pub async fn delete(&self, id: impl TryInto<UserId, Error: Into<Error>>) -> Result<(), Error> {
        let call = self.client.call("delete_user");
        let id: UserId = call.id(id)?;
        // The vendor's library sends the header empty here.
        let answer = call.raw().delete_user(id.as_str(), Some("")).await;
        call.finish_empty(answer)
    }
}
