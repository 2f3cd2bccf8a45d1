//! `dadosfera connections`.

use clap::Subcommand;
use dadosfera::{Client, ConnectionQuery};
use serde_json::json;

use crate::ensure::{self, EnsureConnection};
use crate::failure::Failure;
use crate::output::Output;

#[derive(Debug, Subcommand)]
pub(crate) enum ConnectionsVerb {
    /// List connections, without their secrets
    List {
        /// Only of this plugin, such as postgresql
        #[arg(long)]
        plugin: Option<String>,
        /// Only of this name
        #[arg(long)]
        name: Option<String>,
    },
    /// Show one connection, without its secrets
    Get { id: String },
    /// Make sure that there is a connection as a file describes it: created, changed where it differs, or left alone
    Ensure(EnsureConnection),
    /// Delete a connection that no pipeline uses
    Delete { id: String },
    /// Try whether a connection connects
    Test { id: String },
    /// List the plugins that connections can be made of
    Plugins,
}

pub(crate) async fn run(
    client: &Client,
    output: Output,
    verb: &ConnectionsVerb,
) -> Result<(), Failure> {
    match verb {
        ConnectionsVerb::List { plugin, name } => {
            let query = ConnectionQuery {
                plugin: plugin.clone(),
                name: name.clone(),
                ..ConnectionQuery::default()
            };
            let connections = client.connections().stream(query).collect_all().await?;
            output.rows(
                &connections,
                ["CONNECTION", "NAME", "PLUGIN", "STATUS", "UPDATED"],
                |connection| {
                    let plugin = connection.plugin.clone().or_else(|| {
                        let id = dadosfera::ConnectionId::new(&connection.id).ok()?;
                        Some(id.parts()?.plugin)
                    });
                    [
                        connection.id.clone(),
                        connection.name.clone().unwrap_or_default(),
                        plugin.unwrap_or_default(),
                        connection
                            .status
                            .as_ref()
                            .map_or_else(String::new, ToString::to_string),
                        connection.updated_at.to_string(),
                    ]
                },
            )
        }
        ConnectionsVerb::Get { id } => {
            let connection = client.connections().get(id.as_str()).await?;
            output.value(&connection, || {
                format!(
                    "id       {}\nname     {}\nplugin   {}\nupdated  {}\nconfig   {}\n",
                    connection.id,
                    connection.name.as_deref().unwrap_or("-"),
                    connection.plugin.as_deref().unwrap_or("-"),
                    connection.updated_at,
                    connection
                        .config
                        .clone()
                        .map_or_else(|| "-".to_owned(), |config| json!(config).to_string()),
                )
            })
        }
        ConnectionsVerb::Ensure(arguments) => ensure::connection(client, output, arguments).await,
        ConnectionsVerb::Delete { id } => {
            client.connections().delete(id.as_str()).await?;
            output.value(&json!({ "id": id, "done": "deleted" }), || {
                format!("{id} deleted\n")
            })
        }
        ConnectionsVerb::Test { id } => {
            let told = client.connections().test(id.as_str()).await?;
            output.value(&told, || format!("{}: {}\n", told.status, told.detail))?;
            if told.status == dadosfera::types::TestConnectionStatus::Ok {
                return Ok(());
            }
            Err(Failure::refused(format!("{id} does not connect")))
        }
        ConnectionsVerb::Plugins => {
            let plugins = client.connections().plugins().await?;
            output.rows(&plugins, ["PLUGIN", "VERSION", "AUTH"], |plugin| {
                [
                    plugin.plugin.clone(),
                    plugin.version.clone(),
                    plugin.auth_type.to_string(),
                ]
            })
        }
    }
}
