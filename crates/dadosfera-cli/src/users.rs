//! `dadosfera users`.

use clap::Subcommand;
use dadosfera::{Client, Maybe};
use serde_json::json;

use crate::failure::Failure;
use crate::output::Output;

#[derive(Debug, Subcommand)]
pub(crate) enum UsersVerb {
    /// List the customer's users
    List,
    /// Delete a user, which cannot be undone
    Delete { id: String },
}

pub(crate) async fn run(client: &Client, output: Output, verb: &UsersVerb) -> Result<(), Failure> {
    match verb {
        UsersVerb::List => {
            let users = client.users().list().await?;
            output.rows(&users, ["USER", "NAME", "GROUP", "LAST LOGIN"], |user| {
                let login = match &user.last_login {
                    Maybe::Value(time) => time.to_string(),
                    _ => "-".to_owned(),
                };
                [
                    user.id.clone(),
                    user.username
                        .clone()
                        .or(user.name.clone())
                        .unwrap_or_default(),
                    user.group
                        .as_ref()
                        .map_or_else(String::new, ToString::to_string),
                    login,
                ]
            })
        }
        UsersVerb::Delete { id } => {
            client.users().delete(id.as_str()).await?;
            output.value(&json!({ "id": id, "done": "deleted" }), || {
                format!("{id} deleted\n")
            })
        }
    }
}
