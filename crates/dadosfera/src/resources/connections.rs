//! Connections to sources. Only the list and the deletion are proven; the rest is inferred from the vendor's forms.

use dadosfera_raw::{Secret, types};

use crate::client::Client;
use crate::error::Error;
use crate::id::ConnectionId;
use crate::input;
use crate::pages::{self, Items};

/// How many connections a page has, where the query does not say; what the vendor's library asks for.
const PAGE: u32 = 50;

/// The customer's connections; from [`Client::connections`].
#[derive(Debug, Clone, Copy)]
pub struct Connections<'a> {
    client: &'a Client,
}

/// Which connections to list. The default is the first 50.
#[derive(Debug, Clone, Default)]
pub struct ConnectionQuery {
    /// Only this one.
    pub connection_id: Option<String>,
    /// Only of this plugin, such as `postgresql`.
    pub plugin: Option<String>,
    /// Only active or inactive ones.
    pub status: Option<types::ConnectionStatus>,
    /// Only of this name.
    pub name: Option<String>,
    /// How many on a page; 50 unless set.
    pub size: Option<u32>,
    /// The page, counted from 1.
    pub page: Option<u32>,
}

impl Client {
    /// The customer's connections.
    #[must_use]
    pub const fn connections(&self) -> Connections<'_> {
        Connections { client: self }
    }
}

impl Connections<'_> {
    /// A page of connections, without their secrets. Size and page are always sent: the API's own library fails without.
    ///
    /// ```
    /// # dadosfera::__example!(client, connection: orders => {
    /// use dadosfera::ConnectionQuery;
    ///
    /// let query = ConnectionQuery { plugin: Some("postgresql".into()), ..ConnectionQuery::default() };
    /// for connection in client.connections().list(&query).await? {
    ///     println!("{}", connection.id);
    /// }
    /// # });
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Forbidden`](crate::ErrorKind::Forbidden) without the permission `GET /connections`.
    pub async fn list(&self, query: &ConnectionQuery) -> Result<Vec<types::Connection>, Error> {
        pages::checked("list_connections", query.page, query.size)?;
        let call = self.client.call("list_connections");
        let answer = call
            .raw()
            .list_connections(
                query.connection_id.as_deref(),
                query.name.as_deref(),
                Some(i64::from(query.size.unwrap_or(PAGE))),
                Some(i64::from(query.page.unwrap_or(1))),
                query.status.as_ref(),
                query.plugin.as_deref(),
            )
            .await;
        Ok(call.finish(answer).await?.connections)
    }

    /// Every connection of the query as a stream, page by page from the query's page on, up to an empty page.
    ///
    /// ```
    /// # dadosfera::__example!(client, connection: orders => {
    /// use dadosfera::ConnectionQuery;
    ///
    /// let all = client.connections().stream(ConnectionQuery::default()).collect_all().await?;
    /// println!("{} connections", all.len());
    /// # });
    /// ```
    pub fn stream(&self, query: ConnectionQuery) -> Items<types::Connection> {
        let client = self.client.clone();
        let (first, size) = (query.page.unwrap_or(1), query.size.unwrap_or(PAGE));
        Items::paged(
            "list_connections",
            first,
            size,
            |connection| connection.id.as_str(),
            move |page| {
                let client = client.clone();
                let query = ConnectionQuery {
                    page: Some(page),
                    size: Some(size),
                    ..query.clone()
                };
                async move { client.connections().list(&query).await }
            },
        )
    }

    /// One connection, without its secrets.
    ///
    /// ```
    /// # dadosfera::__example!(client, connection: orders => {
    /// println!("{:?}", client.connections().get(&orders).await?.name);
    /// # });
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) where there is none of this id.
    pub async fn get(
        &self,
        id: impl TryInto<ConnectionId, Error: Into<Error>>,
    ) -> Result<types::Connection, Error> {
        let call = self.client.call("get_connection");
        let id: ConnectionId = call.id(id)?;
        let answer = call.raw().get_connection(id.as_str()).await;
        call.finish(answer).await
    }

    /// Creates a connection. What `config` must hold is in [`plugins`](Self::plugins).
    ///
    /// ```
    /// # dadosfera::__example!(client => {
    /// use dadosfera::types::CreateConnectionRequest;
    ///
    /// let config = serde_json::json!({
    ///     "endpoint": "db.example.com", "port": 5432, "network": "direct",
    ///     "user": "reader", "password": "from a vault", "database": "orders",
    /// });
    /// let made = client
    ///     .connections()
    ///     .create(&CreateConnectionRequest {
    ///         name: "orders".into(),
    ///         plugin: "postgresql".into(),
    ///         config: config.as_object().cloned().unwrap_or_default().into(),
    ///     })
    ///     .await?;
    /// println!("{}", made.id);
    /// # });
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::BadRequest`](crate::ErrorKind::BadRequest) with the field at fault;
    /// [`ErrorKind::Conflict`](crate::ErrorKind::Conflict) where the name is taken.
    pub async fn create(
        &self,
        connection: &types::CreateConnectionRequest,
    ) -> Result<types::Connection, Error> {
        let call = self.client.call("create_connection");
        check_new(connection).map_err(|error| call.failed(error))?;
        let answer = call.raw().create_connection(connection).await;
        call.finish(answer).await
    }

    /// Changes a connection. What is left out stays, secrets too.
    ///
    /// ```
    /// # dadosfera::__example!(client, connection: orders => {
    /// use dadosfera::types::UpdateConnectionRequest;
    ///
    /// let changes = UpdateConnectionRequest { name: Some("orders, read only".into()), config: None, status: None };
    /// client.connections().update(&orders, &changes).await?;
    /// # });
    /// ```
    ///
    /// # Errors
    /// As of [`create`](Self::create), and [`ErrorKind::NotFound`](crate::ErrorKind::NotFound).
    pub async fn update(
        &self,
        id: impl TryInto<ConnectionId, Error: Into<Error>>,
        changes: &types::UpdateConnectionRequest,
    ) -> Result<types::Connection, Error> {
        let call = self.client.call("update_connection");
        let id: ConnectionId = call.id(id)?;
        let answer = call.raw().update_connection(id.as_str(), changes).await;
        call.finish(answer).await
    }

    /// Deletes a connection.
    ///
    /// ```
    /// # dadosfera::__example!(client, connection: orders => {
    /// client.connections().delete(&orders).await?;
    /// # });
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`](crate::ErrorKind::Conflict) where pipelines use it; the message names them.
    pub async fn delete(
        &self,
        id: impl TryInto<ConnectionId, Error: Into<Error>>,
    ) -> Result<(), Error> {
        let call = self.client.call("delete_connection");
        let id: ConnectionId = call.id(id)?;
        let answer = call.raw().delete_connection(id.as_str()).await;
        call.finish_empty(answer)
    }

    /// Tries whether a connection connects. A test that fails is an answer and no error.
    ///
    /// ```
    /// # dadosfera::__example!(client, connection: orders => {
    /// let tested = client.connections().test(&orders).await?;
    /// println!("{:?}", tested.status);
    /// # });
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) where there is none of this id.
    pub async fn test(
        &self,
        id: impl TryInto<ConnectionId, Error: Into<Error>>,
    ) -> Result<types::TestConnectionAnswer, Error> {
        let call = self.client.call("test_connection");
        let id: ConnectionId = call.id(id)?;
        let answer = call.raw().test_connection(id.as_str()).await;
        call.finish(answer).await
    }

    /// The plugins, with the JSON Schemas of their configurations.
    ///
    /// ```
    /// # dadosfera::__example!(client => {
    /// for plugin in client.connections().plugins().await? {
    ///     println!("{} {}", plugin.plugin, plugin.version);
    /// }
    /// # });
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Forbidden`](crate::ErrorKind::Forbidden) without the permission `GET /connections`.
    pub async fn plugins(&self) -> Result<Vec<types::ConnectionPlugin>, Error> {
        let call = self.client.call("list_connection_plugins");
        let answer = call.raw().list_connection_plugins().await;
        Ok(call.finish(answer).await?.plugins)
    }

    /// Begins an OAuth connection: send the user to `authorization_url`, and give what comes back to
    /// [`complete`](Self::complete).
    ///
    /// ```
    /// # dadosfera::__example!(client => {
    /// let consent = client.connections().authorize("google-sheets", "https://app.acme.example/connected").await?;
    /// println!("send the user to {}", consent.authorization_url);
    /// # });
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::BadRequest`](crate::ErrorKind::BadRequest) for a plugin without OAuth, or a redirect URI that cannot be.
    pub async fn authorize(
        &self,
        plugin: impl Into<String>,
        redirect_uri: impl Into<String>,
    ) -> Result<types::AuthorizeConnectionAnswer, Error> {
        let body = types::AuthorizeConnectionRequest {
            plugin: plugin.into(),
            redirect_uri: redirect_uri.into(),
        };
        let call = self.client.call("authorize_connection");
        let answer = call.raw().authorize_connection(&body).await;
        call.finish(answer).await
    }

    /// Completes an OAuth connection with the state and the code that came to the redirect URI.
    ///
    /// ```
    /// # dadosfera::__example!(client => {
    /// let consent = client.connections().authorize("google-sheets", "http://127.0.0.1:9000/connected").await?;
    /// # // Nobody listens there, so the browser does not follow.
    /// # let browser = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build()?;
    /// # let answer = browser.get(format!("{}&approve=1", consent.authorization_url)).send().await?;
    /// # let sent_to = reqwest::Url::parse(answer.headers()["location"].to_str()?)?;
    /// # let code = sent_to.query_pairs().find(|(name, _)| name == "code").ok_or("no code")?.1.into_owned();
    /// // The user agreed, and the browser came to the redirect URI with a state and a code.
    /// let made = client.connections().complete(consent.state, code).await?;
    /// println!("{}", made.id);
    /// # });
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::BadRequest`](crate::ErrorKind::BadRequest) for a state that is unknown, used or too old.
    pub async fn complete(
        &self,
        state: impl Into<Secret>,
        code: impl Into<Secret>,
    ) -> Result<types::Connection, Error> {
        let body = types::CompleteConnectionRequest {
            state: state.into(),
            code: code.into(),
        };
        let call = self.client.call("complete_connection");
        let answer = call.raw().complete_connection(&body).await;
        call.finish(answer).await
    }

    pub(crate) const fn client(&self) -> &Client {
        self.client
    }
}

/// What no server could make a connection of.
pub(crate) fn check_new(connection: &types::CreateConnectionRequest) -> Result<(), Error> {
    input::name("name", &connection.name)?;
    input::name("plugin", &connection.plugin)
}
