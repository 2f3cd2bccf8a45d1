//! What the vendor's package does with the catalog, connections and users.
//!
//! The README lists every function of the package. Only `delete_user` is not called: it has the production host in its code.

use serde_json::{Value, json};

use crate::session::Session;
use crate::stage::{Stage, Stop};
use crate::world::World;

/// The names of the assets, in the order in which the package asks for them.
const ASSETS: [&str; 3] = ["Clients", "Orders", "Returns"];

/// Makes three assets and a connection: the package can make neither.
pub(super) async fn prepare(world: &World<'_>, admin: &Session) -> Result<(), Stop> {
    for name in ASSETS {
        let asset = json!({ "name": name, "display_name": name, "data_asset_type": "dashboard" });
        let made = world
            .call("create_data_asset")
            .json(asset)
            .by(admin)
            .send()
            .await?;
        made.must(201)?;
    }
    let connection = json!({
        "name": "orders",
        "plugin": "postgresql",
        "config": {
            "endpoint": "db.example.com", "port": 5432, "network": "direct",
            "user": "reader", "password": "a-password-of-the-interop-run", "database": "orders",
        },
    });
    let made = world
        .call("create_connection")
        .json(connection)
        .by(admin)
        .send()
        .await?;
    made.must(201)?;
    Ok(())
}

/// What the script must have seen.
pub(super) fn judge(stage: &Stage, results: &Value) {
    for (place, expected) in [
        ("/catalog/fetch_catalog_asset_count", json!(3)),
        ("/catalog/fetch_paginated_catalog_assets", json!(ASSETS)),
        ("/catalog/get_data_asset_table_metadata", json!(true)),
        (
            "/catalog/get_data_asset_column_metadata",
            json!({ "columns": [] }),
        ),
        ("/catalog/get_data_asset_data_preview", json!([])),
        ("/catalog/update_asset_documentation", json!(true)),
        (
            "/catalog/get_asset_documentation",
            json!("<p>What was sold</p>"),
        ),
        ("/catalog/count after delete_data_asset", json!(2)),
        ("/catalog/get_data_assets", json!(ASSETS[1..])),
        ("/catalog/get_total_data_assets", json!(2)),
        ("/catalog/get_asset_nimbus_id", json!(true)),
        (
            "/catalog/get_all_metabase_dashboards",
            json!("UnboundLocalError"),
        ),
        ("/catalog/count after bulk_delete_data_assets", json!(1)),
        ("/delete_users_from_date", json!("AttributeError")),
        (
            "/other names of the same",
            json!({
                "get_pipelines": true,
                "get_status_by_pipeline": true,
                "get_status_of_all_pipelines": true,
            }),
        ),
        ("/connections/get_connections", json!(1)),
        (
            "/connections/connections after delete_inactive_connections",
            json!(1),
        ),
        (
            "/connections/fetch_paginated_connections",
            json!([["id", "updated_at"]]),
        ),
        (
            "/connections/fetch_paginated_connections without size",
            json!("KeyError: 'size'"),
        ),
        ("/connections/connections after delete_connection", json!(0)),
        (
            "/get_all_users",
            json!([
                "ana@acme.example",
                "carla@acme.example",
                "disabled@acme.example",
                "mfa@acme.example",
                "rita@acme.example",
                "vera@acme.example",
            ]),
        ),
    ] {
        let got = results.pointer(place).unwrap_or(&Value::Null);
        stage.check(*got == expected, place, &expected, got, None);
    }
}
