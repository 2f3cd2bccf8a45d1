//! The walk's second half: connections, the catalog, storage, users and customers.

use dadosfera::types::{
    ColumnType, CreateConnectionRequest, CreateDataAssetRequest, CreateTableRequest, DataAssetType,
    DocsAssetType, NewUser, TableColumn, UpdateConnectionRequest, UpdateCustomerRequest,
    UpdateDataAssetRequest, UserGroup,
};
use dadosfera::{CatalogQuery, Client, ConnectionQuery, Error, PreviewQuery, SecretMap};
use serde_json::{Value, json};

use super::Steps;

const FOLDER: &str = "/conformance/sdk";
const CSV: &str = "id,name\n1,Ana\n2,Bob\n";

pub(super) async fn connections(client: &Client, name: &str, consents: bool, steps: &mut Steps) {
    let connections = client.connections();
    steps.note("list_connection_plugins", connections.plugins().await);
    let new = CreateConnectionRequest {
        name: name.to_owned(),
        plugin: "postgresql".to_owned(),
        config: config(json!({
            "endpoint": "db.example.com", "port": 5432, "network": "direct",
            "user": "reader", "password": "a-password-of-the-sdk", "database": "orders",
        })),
    };
    if let Some(made) = steps.note("create_connection", connections.create(&new).await) {
        let id = made.id.as_str();
        let query = ConnectionQuery {
            connection_id: Some(made.id.clone()),
            ..ConnectionQuery::default()
        };
        steps.note("list_connections", connections.list(&query).await);
        steps.note("get_connection", connections.get(id).await);
        let changes = UpdateConnectionRequest {
            config: Some(config(json!({ "port": 5433 }))),
            ..UpdateConnectionRequest::default()
        };
        steps.note("update_connection", connections.update(id, &changes).await);
        steps.note("test_connection", connections.test(id).await);
        steps.note("delete_connection", connections.delete(id).await);
    }
    let redirect_uri = "http://127.0.0.1:9000/callback";
    let begun = connections.authorize("google-sheets", redirect_uri).await;
    let Some(begun) = steps.note("authorize_connection", begun) else {
        return;
    };
    if consents {
        // A browser that does not go where it is sent back to, since nobody listens there.
        let code = code(&begun.authorization_url).await.unwrap_or_default();
        let made = connections.complete(begun.state, code).await;
        if let Some(made) = steps.note("complete_connection", made) {
            steps.note("delete_connection", connections.delete(&*made.id).await);
        }
    }
}

fn config(value: Value) -> SecretMap {
    match value {
        Value::Object(fields) => fields.into(),
        _ => SecretMap::default(),
    }
}

/// The code that a consent sends a browser back with.
async fn code(page: &str) -> Option<String> {
    let browser = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .build()
        .ok()?;
    let answer = browser.get(format!("{page}&approve=1")).send().await.ok()?;
    let back = answer.headers().get("location")?.to_str().ok()?;
    let back = reqwest::Url::parse(back).ok()?;
    let (_, code) = back.query_pairs().find(|(name, _)| name == "code")?;
    Some(code.into_owned())
}

pub(super) async fn catalog(client: &Client, name: &str, steps: &mut Steps) {
    let catalog = client.catalog();
    let new = CreateDataAssetRequest {
        display_name: name.to_owned(),
        name: Some(name.to_owned()),
        data_asset_type: DataAssetType::Dataset,
        description: Some("made by the SDK".to_owned()),
        tags: Some(vec!["conformance".to_owned()]),
        embed: None,
        external_url: None,
        location: None,
    };
    let Some(id) = steps.note("create_data_asset", catalog.create(&new).await) else {
        return;
    };
    let query = CatalogQuery {
        page: Some(1),
        size: Some(10),
        search: Some(name.to_owned()),
        ..CatalogQuery::default()
    };
    steps.note("list_catalog", catalog.list(&query).await);
    steps.note("get_data_asset", catalog.get(&id).await);
    let changes = UpdateDataAssetRequest {
        description: Some("changed by the SDK".to_owned()),
        ..UpdateDataAssetRequest::default()
    };
    steps.note("update_data_asset", catalog.update(&id, &changes).await);
    let docs = catalog.set_docs(&id, &DocsAssetType::Dataset, "<p>What was sold</p>");
    steps.note("set_data_asset_docs", docs.await);
    steps.note("get_data_asset_docs", catalog.docs(&id).await);
    let certified = catalog.set_certification(&id, Some("approved")).await;
    steps.note("set_certification_status", certified);
    steps.note("get_columns_metadata", catalog.columns(&id).await);
    let few = PreviewQuery {
        limit: Some(10),
        offset: Some(0),
        columns: Vec::new(),
    };
    steps.note("get_data_preview", catalog.preview(&id, &few).await);
    steps.note("delete_data_asset", catalog.delete(&id).await);
}

pub(super) async fn storage(client: &Client, name: &str, steps: &mut Steps) {
    let (storage, tables, datasets) = (client.storage(), client.tables(), client.datasets());
    let file = format!("{name}.csv");
    let path = format!("{FOLDER}/{file}");
    let stored = storage.upload_bytes(FOLDER, file, CSV).await;
    let stored = steps.note("upload_files", stored);
    steps.note("list_files", storage.list(FOLDER).await);
    steps.note("download_file", download(client, &path).await);
    let new = CreateTableRequest {
        name: name.replace('-', "_"),
        description: Some("made by the SDK".to_owned()),
        schema: Some("PUBLIC".to_owned()),
        columns: vec![
            column("id", ColumnType::Integer),
            column("name", ColumnType::Varchar),
        ],
    };
    let table = steps.note("create_table", tables.create(&new).await);
    steps.note("list_tables", tables.list().await);
    steps.note("list_datasets", datasets.list().await);
    if let Some(dataset) = stored.and_then(|stored| stored.dataset_id) {
        steps.note("get_dataset", datasets.get(&*dataset).await);
        if let Some(table) = &table {
            let added = tables.add_dataset(&*table.id, &*dataset).await;
            steps.note("add_table_dataset", added);
        }
        steps.note("delete_dataset", datasets.delete(&*dataset).await);
    }
    if let Some(table) = table {
        steps.note("get_table", tables.get(&*table.id).await);
        steps.note("delete_table", tables.delete(&*table.id).await);
    }
    steps.note("delete_file", storage.delete(&path).await);
}

fn column(name: &str, type_: ColumnType) -> TableColumn {
    TableColumn {
        name: name.to_owned(),
        type_,
        description: None,
    }
}

async fn download(client: &Client, path: &str) -> Result<(), Error> {
    let mut whole = client.storage().download(path).await?;
    while whole.chunk().await?.is_some() {}
    Ok(())
}

pub(super) async fn people(client: &Client, name: &str, own_world: bool, steps: &mut Steps) {
    let users = client.users();
    let new = NewUser {
        username: format!("{name}@example.com"),
        name: name.to_owned(),
        group: UserGroup::Viewer,
    };
    let made = steps.note("create_users", users.create(vec![new]).await);
    steps.note("list_users", users.list().await);
    for user in made.into_iter().flatten() {
        steps.note("delete_user", users.delete(&*user.id).await);
    }
    let customers = client.customers();
    steps.note("list_customers", customers.list().await);
    let Some(own) = steps.note("get_current_customer", customers.current().await) else {
        return;
    };
    steps.note("get_customer", customers.get(&*own.id).await);
    // Not on a host of others, though it is what it is already, so that nothing changes.
    if !own_world {
        return;
    }
    let same = UpdateCustomerRequest {
        schedule_limit: own.schedule_limit.clone(),
        ..UpdateCustomerRequest::default()
    };
    steps.note("update_customer", customers.update(&*own.id, &same).await);
}
