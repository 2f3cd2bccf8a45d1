//! The connections of all customers: what jobs read through, and what their `config_id` names.
//!
//! Rules: a name is unique per customer; a connection that a job names is not deleted; secrets stay inside.

use chrono::{DateTime, Utc};

use crate::mutations::{Mutation, Mutations};
use crate::state::chance::Chance;
use crate::state::job_input;
use crate::state::pipeline::Pipeline;
use crate::state::pipelines::Pipelines;
use crate::state::plugins::{Auth, Config, Fields, Plugin, VERSION};
use crate::state::secret::Secret;

const LETTERS: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";

/// A connection.
#[derive(Debug, Clone)]
pub(crate) struct Connection {
    pub(crate) id: String,
    pub(crate) customer_id: String,
    pub(crate) name: String,
    pub(crate) plugin: &'static Plugin,
    pub(crate) active: bool,
    pub(crate) config: Config,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) updated_at: DateTime<Utc>,
}

/// A connection as it is asked for. Its config may hold secrets, so it has no `Debug`.
pub(crate) struct NewConnection<'a> {
    pub(crate) name: &'a str,
    pub(crate) plugin: &'static Plugin,
    pub(crate) config: &'a Fields,
}

/// What to change of a connection.
#[derive(Default)]
pub(crate) struct ConnectionChanges<'a> {
    pub(crate) name: Option<&'a str>,
    pub(crate) active: Option<bool>,
    pub(crate) config: Option<&'a Fields>,
}

/// Which connections to list; what is left out leaves none out.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Filter<'a> {
    pub(crate) id: Option<&'a str>,
    pub(crate) plugin: Option<&'a str>,
    pub(crate) active: Option<bool>,
    pub(crate) name: Option<&'a str>,
}

/// Why something was refused; nothing has changed then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refused {
    NotFound,
    Invalid(Vec<String>),
    Taken(String),
    /// The pipelines that use it, as a text for the caller.
    InUse(String),
}

/// All connections, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Connections {
    all: Vec<Connection>,
    /// The names of the registered VPNs, and whose they are.
    vpns: Vec<(String, Vec<String>)>,
    mutations: Mutations,
}

impl Connections {
    /// Nothing yet; mutations take rules of it away.
    pub(crate) fn new(mutations: Mutations) -> Self {
        Self {
            mutations,
            ..Self::default()
        }
    }

    /// Registers a customer's VPNs.
    pub(crate) fn register_vpns(&mut self, customer_id: &str, names: Vec<String>) {
        self.vpns.push((customer_id.to_owned(), names));
    }

    pub(crate) fn list<'a>(
        &'a self,
        customer_id: &'a str,
        filter: Filter<'a>,
    ) -> impl Iterator<Item = &'a Connection> {
        self.all.iter().filter(move |connection| {
            connection.customer_id == customer_id && filter.lets_through(connection)
        })
    }

    pub(crate) fn get(&self, customer_id: &str, id: &str) -> Result<&Connection, Refused> {
        self.place(customer_id, id).map(|place| &self.all[place])
    }

    pub(crate) fn create(
        &mut self,
        customer_id: &str,
        new: &NewConnection<'_>,
        now: DateTime<Utc>,
        chance: &mut Chance,
    ) -> Result<&Connection, Refused> {
        if new.plugin.auth == Auth::OAuth {
            return Err(Refused::Invalid(vec![format!(
                "plugin {} connects by OAuth: begin with POST /connections/oauth/authorize",
                new.plugin.name
            )]));
        }
        let config = new
            .plugin
            .configure(&Config::default(), new.config, self.vpns(customer_id))
            .map_err(Refused::Invalid)?;
        self.check_name_is_free(customer_id, new.name, None)?;
        Ok(self.add(customer_id, new.name, new.plugin, config, now, chance))
    }

    /// Makes the connection that somebody consented to; it is called after its plugin, with a number where that is taken.
    pub(crate) fn create_consented(
        &mut self,
        customer_id: &str,
        plugin: &'static Plugin,
        account: &str,
        now: DateTime<Utc>,
        chance: &mut Chance,
    ) -> &Connection {
        let token = data_encoding::BASE64URL_NOPAD.encode(&chance.bytes::<32>());
        let config = Config::consented(account, Secret::new(&token));
        let mut name = plugin.name.to_owned();
        let mut number = 2;
        while self.check_name_is_free(customer_id, &name, None).is_err() {
            name = format!("{} {number}", plugin.name);
            number += 1;
        }
        self.add(customer_id, &name, plugin, config, now, chance)
    }

    pub(crate) fn update(
        &mut self,
        customer_id: &str,
        id: &str,
        changes: &ConnectionChanges<'_>,
        now: DateTime<Utc>,
    ) -> Result<&Connection, Refused> {
        let place = self.place(customer_id, id)?;
        let mut changed = self.all[place].clone();
        if let Some(sent) = changes.config {
            if self.mutations.has(Mutation::ChangeForgetsThePassword) {
                changed.config.forget_secrets();
            }
            changed.config = changed
                .plugin
                .configure(&changed.config, sent, self.vpns(customer_id))
                .map_err(Refused::Invalid)?;
        }
        if let Some(name) = changes.name {
            self.check_name_is_free(customer_id, name, Some(id))?;
            name.clone_into(&mut changed.name);
        }
        changed.active = changes.active.unwrap_or(changed.active);
        let connection = &mut self.all[place];
        // The same PUT again is no change.
        if changed.name != connection.name
            || changed.active != connection.active
            || changed.config != connection.config
        {
            changed.updated_at = now;
            *connection = changed;
        }
        Ok(connection)
    }

    pub(crate) fn delete(
        &mut self,
        customer_id: &str,
        id: &str,
        pipelines: &Pipelines,
    ) -> Result<(), Refused> {
        let place = if self.mutations.has(Mutation::ForeignConnectionIsDeleted) {
            let known = self.all.iter().position(|connection| connection.id == id);
            known.ok_or(Refused::NotFound)?
        } else {
            self.place(customer_id, id)?
        };
        let users: Vec<String> = pipelines
            .list(customer_id)
            .into_iter()
            .filter(|pipeline| uses(pipeline, id))
            .map(|pipeline| format!("{} ({})", pipeline.name, pipeline.id))
            .collect();
        if users.is_empty() || self.mutations.has(Mutation::ConnectionInUseIsDeleted) {
            self.all.remove(place);
            Ok(())
        } else {
            Err(Refused::InUse(format!(
                "Used by the pipelines {}",
                users.join(", ")
            )))
        }
    }

    /// Whether it connects, as [`Plugin::test`] sees it; the inner error says why not.
    pub(crate) fn test(&self, customer_id: &str, id: &str) -> Result<Result<(), String>, Refused> {
        let connection = self.get(customer_id, id)?;
        Ok(connection
            .plugin
            .test(&connection.config, self.vpns(customer_id)))
    }

    fn add(
        &mut self,
        customer_id: &str,
        name: &str,
        plugin: &'static Plugin,
        config: Config,
        now: DateTime<Utc>,
        chance: &mut Chance,
    ) -> &Connection {
        self.all.push(Connection {
            id: new_id(plugin, now, chance),
            customer_id: customer_id.to_owned(),
            name: name.to_owned(),
            plugin,
            active: true,
            config,
            created_at: now,
            updated_at: now,
        });
        &self.all[self.all.len() - 1]
    }

    fn place(&self, customer_id: &str, id: &str) -> Result<usize, Refused> {
        self.all
            .iter()
            .position(|connection| connection.customer_id == customer_id && connection.id == id)
            .ok_or(Refused::NotFound)
    }

    fn vpns(&self, customer_id: &str) -> &[String] {
        self.vpns
            .iter()
            .find(|(known, _)| known == customer_id)
            .map_or(&[], |(_, names)| names)
    }

    fn check_name_is_free(
        &self,
        customer_id: &str,
        name: &str,
        but_of: Option<&str>,
    ) -> Result<(), Refused> {
        let taken = self.all.iter().any(|connection| {
            connection.customer_id == customer_id
                && connection.name == name
                && but_of != Some(connection.id.as_str())
        });
        if taken {
            Err(Refused::Taken(format!(
                "Connection with name {name} already exists"
            )))
        } else {
            Ok(())
        }
    }
}

impl Filter<'_> {
    fn lets_through(&self, connection: &Connection) -> bool {
        self.id.is_none_or(|id| id == connection.id)
            && self
                .plugin
                .is_none_or(|name| name == connection.plugin.name)
            && self.active.is_none_or(|active| active == connection.active)
            && self.name.is_none_or(|name| name == connection.name)
    }
}

/// `1763991009206_kvpd3364_mysql-1.0.0`
fn new_id(plugin: &Plugin, now: DateTime<Utc>, chance: &mut Chance) -> String {
    let drawn: String = chance
        .bytes::<8>()
        .iter()
        .map(|byte| char::from(LETTERS[usize::from(*byte) % LETTERS.len()]))
        .collect();
    format!(
        "{}_{drawn}_{}-{VERSION}",
        now.timestamp_millis(),
        plugin.name
    )
}

fn uses(pipeline: &Pipeline, connection_id: &str) -> bool {
    pipeline.jobs.iter().any(|job| {
        job.input
            .get("auth_parameters")
            .and_then(|value| value.as_object())
            .and_then(|parameters| job_input::text(parameters, "config_id"))
            == Some(connection_id)
    })
}

#[cfg(test)]
#[path = "connections_tests.rs"]
mod tests;
