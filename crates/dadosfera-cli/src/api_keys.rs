//! `dadosfera api-keys` and `dadosfera permissions`.

use dadosfera::Client;
use serde_json::json;

use crate::arguments::ApiKeysVerb;
use crate::failure::Failure;
use crate::output::Output;

pub(crate) async fn run(
    client: &Client,
    output: Output,
    verb: &ApiKeysVerb,
) -> Result<(), Failure> {
    match verb {
        ApiKeysVerb::List => {
            let keys = client.api_keys().list().await?;
            output.rows(&keys, ["ID", "KEY", "CREATED", "PERMISSIONS"], |key| {
                let ids: Vec<String> = key
                    .permissions
                    .iter()
                    .map(|known| known.id.to_string())
                    .collect();
                [
                    key.id.clone(),
                    key.key_mask.clone(),
                    key.created_at.to_string(),
                    ids.join(","),
                ]
            })
        }
        ApiKeysVerb::Create { permissions } => {
            let key = client
                .api_keys()
                .create(permissions.iter().cloned())
                .await?;
            // Whoever creates a key asks to see it: this is the only time.
            output.value(&key, || format!("{}\n", key.key.expose()))
        }
        ApiKeysVerb::Delete { id } => {
            client.api_keys().delete(id.as_str()).await?;
            output.value(&json!({ "id": id, "done": "deleted" }), || {
                format!("{id} deleted\n")
            })
        }
    }
}

pub(crate) async fn permissions(client: &Client, output: Output) -> Result<(), Failure> {
    let permissions = client.permissions().list().await?;
    output.rows(&permissions, ["ID", "NAME"], |permission| {
        [permission.id.to_string(), permission.name.clone()]
    })
}
