//! Ensuring a connection by name. What the API answers of connections is inferred.

use dadosfera_raw::types;
use serde_json::{Map, Value};

use super::connections::{ConnectionQuery, Connections, check_new};
use crate::client::Client;
use crate::ensure::{Done, Ensured, Target, conflict, ensure, only_one};
use crate::error::{Error, ErrorKind};
use crate::id::ConnectionId;

struct Wanted<'a> {
    client: &'a Client,
    request: &'a types::CreateConnectionRequest,
}

impl Connections<'_> {
    /// Makes sure that there is a connection of this name and that it is as described: creates it, changes what differs, or
    /// does nothing. After a creation whose answer was lost it looks before it creates again.
    ///
    /// Secrets cannot be compared, since no answer shows them: a secret alone is no difference, and is sent along where
    /// something else differs. To change nothing but a secret, call [`update`](Self::update).
    ///
    /// ```
    /// # dadosfera::__example!(client => {
    /// use dadosfera::types::CreateConnectionRequest;
    ///
    /// let config = serde_json::json!({
    ///     "endpoint": "db.example.com", "port": 5432, "network": "direct",
    ///     "user": "reader", "password": "from a vault", "database": "orders",
    /// });
    /// let wanted = CreateConnectionRequest {
    ///     name: "orders".into(),
    ///     plugin: "postgresql".into(),
    ///     config: config.as_object().cloned().unwrap_or_default().into(),
    /// };
    /// println!("{:?}", client.connections().ensure(&wanted).await?.done);
    /// # });
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`] where several connections have the name, or the one that has it is of another plugin; what
    /// else the calls answer that is done by it. [`ErrorKind::InvalidInput`] for what no
    /// server could accept; nothing is sent then.
    pub async fn ensure(
        &self,
        connection: &types::CreateConnectionRequest,
    ) -> Result<Ensured<ConnectionId>, Error> {
        check_new(connection).map_err(|error| error.of("create_connection"))?;
        let wanted = Wanted {
            client: self.client(),
            request: connection,
        };
        ensure(self.client(), &wanted).await
    }
}

impl Wanted<'_> {
    async fn all(&self, name: Option<&str>) -> Result<Vec<types::Connection>, Error> {
        let query = ConnectionQuery {
            name: name.map(str::to_owned),
            ..ConnectionQuery::default()
        };
        let all = self
            .client
            .connections()
            .stream(query)
            .collect_all()
            .await?;
        if let Some(nameless) = all.iter().find(|it| it.name.is_none()) {
            return Err(Error::new(
                ErrorKind::UnexpectedAnswer,
                format!(
                    "the connection {} has no name, so none can be found by it",
                    nameless.id
                ),
            )
            .of("list_connections")
            .next("use connections by their ids"));
        }
        Ok(all)
    }
}

impl Target for Wanted<'_> {
    type Id = ConnectionId;
    type Found = types::Connection;

    async fn find(&self) -> Result<Option<types::Connection>, Error> {
        let name = self.request.name.as_str();
        let is_meant = |it: &types::Connection| it.name.as_deref() == Some(name);
        let mut named = self.all(Some(name)).await?;
        named.retain(is_meant);
        if named.is_empty() {
            // How the API compares names is not known, so nothing is created before all were looked at.
            named = self.all(None).await?;
            named.retain(is_meant);
        }
        only_one(named, "connections", name, |it| &it.id)
    }

    async fn create(&self) -> Result<ConnectionId, Error> {
        let made = self.client.connections().create(self.request).await?;
        ConnectionId::new(made.id)
    }

    async fn settle(&self, found: types::Connection) -> Result<Ensured<ConnectionId>, Error> {
        let id = ConnectionId::new(&found.id)?;
        let there = match found.config {
            Some(_) => found,
            None => self.client.connections().get(&id).await?,
        };
        let plugin = there.plugin.as_deref().or(there.type_.as_deref());
        if let Some(plugin) = plugin.filter(|plugin| *plugin != self.request.plugin) {
            return Err(conflict(
                format!(
                    "the connection `{}` is of the plugin {plugin} and is to be of {}, which the API cannot change",
                    self.request.name, self.request.plugin
                ),
                "give the new one another name, or delete this one first",
            ));
        }
        let shown = there.config.unwrap_or_default();
        let wanted = self.request.config.expose();
        let fields: Vec<String> = wanted
            .iter()
            .filter(|(field, value)| shown.get(*field).is_some_and(|current| current != *value))
            .map(|(field, _)| field.clone())
            .collect();
        if fields.is_empty() {
            return Ok(Ensured::unchanged(id));
        }
        let is_sent = |field: &String| fields.contains(field) || !shown.contains_key(field);
        let config: Map<String, Value> = wanted
            .iter()
            .filter(|(field, _)| is_sent(field))
            .map(|(field, value)| (field.clone(), value.clone()))
            .collect();
        let changes = types::UpdateConnectionRequest {
            config: Some(config.into()),
            name: None,
            status: None,
        };
        self.client.connections().update(&id, &changes).await?;
        let fields = fields.into_iter().map(|field| format!("config.{field}"));
        Ok(Ensured {
            id,
            done: Done::Updated(fields.collect()),
        })
    }
}
