//! One of everything that a customer can have, and the bodies that make it.

use reqwest::Url;
use serde_json::{Value, json};

use crate::making::Making;
use crate::session::Session;
use crate::stage::Stop;
use crate::world::World;

use super::actions::Names;
use super::bodies;

/// Where a browser goes back to after a consent; nobody listens there.
pub(super) const REDIRECT_URI: &str = "http://127.0.0.1:9000/callback";
/// The password of every connection that a law makes.
pub(super) const PASSWORD: &str = "a-password-of-the-conformance-suite";
/// A file of rows with four types of columns.
pub(super) const ROWS: &str = "id,total,placed_at,name\n\
    1,9.5,2025-06-01T12:00:00Z,Ana\n\
    2,3.25,2025-06-02T12:00:00Z,Bob\n\
    3,,2025-06-03T12:00:00Z,Eva\n";
/// The columns of that file.
pub(super) const COLUMNS: [(&str, &str); 4] = [
    ("id", "INTEGER"),
    ("total", "FLOAT"),
    ("placed_at", "TIMESTAMP"),
    ("name", "VARCHAR"),
];
/// What lists things of a customer's own.
pub(super) const LISTS: [&str; 10] = [
    "list_pipelines",
    "list_pipelines_v2",
    "list_api_keys",
    "list_connections",
    "list_catalog",
    "list_files",
    "list_datasets",
    "list_tables",
    "list_users",
    "list_customers",
];
/// What makes something that has to be removed again.
pub(super) const MAKERS: [&str; 8] = [
    "create_api_key",
    "create_pipeline",
    "create_connection",
    "complete_connection",
    "create_data_asset",
    "upload_files",
    "create_table",
    "create_users",
];
const BOUNDARY: &str = "the-boundary-of-the-conformance-suite";

/// The folder of a file's path.
pub(super) fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("/", |(folder, _)| folder)
}

/// The body of a connection.
pub(super) fn connection(name: &str) -> Value {
    json!({
        "name": name,
        "plugin": "postgresql",
        "config": {
            "endpoint": "db.example.com", "port": 5432, "network": "direct",
            "user": "reader", "password": PASSWORD, "database": "orders",
        },
    })
}

/// The body of a catalog asset.
pub(super) fn asset(name: &str) -> Value {
    json!({
        "name": name,
        "display_name": name,
        "description": "made by the conformance suite",
        "data_asset_type": "dashboard",
        "tags": ["conformance"],
    })
}

/// The body of a table that the rows fit in.
pub(super) fn table(name: &str) -> Value {
    let column = |(name, kind)| json!({ "name": name, "type": kind });
    json!({ "name": name, "schema": "PUBLIC", "columns": COLUMNS.map(column) })
}

/// A user to invite.
pub(super) fn user(name: &str) -> Value {
    json!({ "username": format!("conformance-{name}@example.com"), "name": name, "group": "Viewer" })
}

/// Puts a file into an upload.
pub(super) fn with_file<'a>(making: Making<'a>, name: &str, content: &[u8]) -> Making<'a> {
    let head = format!(
        "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\
         Content-Type: application/octet-stream\r\n\r\n"
    );
    let mut body = head.into_bytes();
    body.extend_from_slice(content);
    body.extend_from_slice(format!("\r\n--{BOUNDARY}--\r\n").as_bytes());
    making.body(&format!("multipart/form-data; boundary={BOUNDARY}"), body)
}

/// Makes one of everything: a pipeline with a run, a key, a connection, an asset, a file with its dataset, a table, a user.
pub(super) async fn own(world: &World<'_>, by: &Session) -> Result<Names, Stop> {
    let pipeline = bodies::make(world, by, "orders").await?;
    bodies::execute(world, by, &pipeline).await?;
    let runs = bodies::runs(world, by, &pipeline).await?;
    let run = runs.first().and_then(|run| run["pipeline_run_id"].as_str());
    let mut names = Names {
        job: pipeline.job(),
        run: run.unwrap_or_default().to_owned(),
        pipeline: pipeline.id,
        ..Names::absent(world, &by.customer_name)
    };
    let customer = world.call("get_current_customer").by(by).send().await?;
    customer.must(200)?;
    names.customer_id = customer.text("/id");
    names.schedule_limit = customer.text("/scheduleLimit");
    for operation in [
        "create_api_key",
        "create_connection",
        "create_data_asset",
        "create_table",
        "create_users",
    ] {
        let body = bodies::fitting(operation, &names).unwrap_or_default();
        let made = world.call(operation).json(body).by(by).send().await?;
        made.must(201)?;
        match operation {
            "create_api_key" => names.key = made.text("/id"),
            "create_connection" => names.connection = made.text("/id"),
            "create_data_asset" => names.asset = made.text("/data_asset/id"),
            "create_table" => names.table = made.text("/id"),
            _ => names.user = made.text("/users/0/id"),
        }
    }
    names.dataset = upload(world, by, &names.file, ROWS.as_bytes()).await?;
    Ok(names)
}

/// Uploads a file, and answers the id of the dataset that it became; empty where it became none.
pub(super) async fn upload(
    world: &World<'_>,
    by: &Session,
    path: &str,
    content: &[u8],
) -> Result<String, Stop> {
    let name = path.rsplit('/').next().unwrap_or_default();
    let making = world.call("upload_files").query("folderPath", folder(path));
    let stored = with_file(making, name, content).by(by).send().await?;
    stored
        .must(201)?
        .is("/fileName", name)
        .is("/folderPath", folder(path))
        .is("/size", content.len());
    Ok(stored.text("/datasetId"))
}

/// Begins an OAuth connection and consents to it, as only the emulator's page lets a program do: the callback's body.
pub(super) async fn consent(world: &World<'_>, by: &Session) -> Result<Value, Stop> {
    let body = json!({ "plugin": "google-sheets", "redirect_uri": REDIRECT_URI });
    let begun = world.call("authorize_connection").json(body).by(by);
    let begun = begun.send().await?;
    begun.must(200)?;
    let state = begun.text("/state");
    let page = Url::parse(&begun.text("/authorization_url"))
        .map_err(|error| Stop::Incomplete(format!("authorization_url is no URL: {error}")))?;
    let consented = world
        .call_undescribed("GET", page.path())
        .query("state", &state)
        .query("approve", "1")
        .send()
        .await?;
    consented.must(302)?;
    let back = consented.answer.header("location").unwrap_or_default();
    let back = Url::parse(back)
        .map_err(|error| Stop::Incomplete(format!("the browser is sent to no URL: {error}")))?;
    let code = back.query_pairs().find(|(name, _)| name == "code");
    let code = code.map(|(_, code)| code.into_owned()).unwrap_or_default();
    Ok(json!({ "state": state, "code": code }))
}

/// The input of a job that reads a file of the emulator's storage.
pub(super) fn from_storage(path: &str) -> Value {
    json!({
        "connector": "s3",
        "plugin": "s3",
        "source_bucket": "storage",
        "source_prefix": path,
        "table_schema": "shop",
        "table_name": "orders",
        "replication_method": "FULL_TABLE",
    })
}
