//! Pipelines that move data: from a file in storage to a table and its catalog asset.

use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};

use crate::caller::{ORDERS, World};

const JOB: &str = "1b33ad2f_33d3_4837_9eeb_83c82c8b909d_0";

async fn world(input: Value) -> World {
    let world = World::ana().await;
    let mut job = json!({
        "connector": "s3", "plugin": "s3", "source_bucket": "storage", "source_prefix": "/raw/orders",
        "table_schema": "shop", "table_name": "orders",
    });
    for (name, value) in input.as_object().unwrap() {
        job[name] = value.clone();
    }
    let pipeline = json!({
        "id": ORDERS, "name": "Orders", "cron": null,
        "jobs": [{"input": job, "transformations": [], "output": {"plugin": "dadosfera_snowflake"}}],
    });
    assert_eq!(world.post("/platform/pipeline", pipeline).await.0, 201);
    world
}

async fn upload(world: &World, name: &str, text: &str) {
    let part = Part::text(text.to_owned()).file_name(name.to_owned());
    let path = "/storage-explorer/storage/upload/batch?folderPath=/raw/orders";
    let request = world
        .http
        .post(world.url(path))
        .header("authorization", &world.token)
        .multipart(Form::new().part("file", part));
    assert_eq!(request.send().await.unwrap().status(), 201);
}

/// Runs the pipeline to its end, and says what became of the run.
async fn run(world: &World) -> (Value, Value) {
    let body = json!({"pipeline_id": ORDERS});
    assert_eq!(world.post("/platform/pipeline/execute", body).await.0, 200);
    world.advance(30);
    let path = format!("/platform/pipeline/{ORDERS}/pipeline_run");
    let (_, runs) = world.get(&path).await;
    (runs[0]["last_status"].clone(), runs[0]["trace"].clone())
}

async fn assets(world: &World) -> Vec<Value> {
    let (_, catalog) = world.get("/catalog?size=100").await;
    catalog["data_assets"].as_array().unwrap().clone()
}

async fn preview(world: &World, asset: &Value, query: &str) -> Value {
    let id = asset["id"].as_str().unwrap();
    let path = format!("/catalog/data-asset/{id}/preview{query}");
    let (status, preview) = world.get(&path).await;
    assert_eq!(status, 200);
    preview
}

#[tokio::test]
async fn a_file_lands_in_the_table_that_the_rules_name_and_in_the_catalog() {
    let world = world(json!({"replication_method": "FULL_TABLE"})).await;
    upload(
        &world,
        "a.csv",
        "id,price,at\n1,9.5,2024-01-01\n2,,2024-01-02\n",
    )
    .await;
    for _ in 0..2 {
        assert_eq!(run(&world).await, (json!("SUCCESS"), Value::Null));
    }
    let (_, tables) = world.get("/storage-explorer/tables").await;
    assert_eq!(tables["tables"].as_array().unwrap().len(), 1);
    let table = &tables["tables"][0];
    assert_eq!(table["name"], "tb__dc344m__shop__orders");
    assert_eq!(
        (&table["schema"], &table["rows"]),
        (&json!("PUBLIC"), &json!(2))
    );
    let assets = assets(&world).await;
    assert_eq!(assets.len(), 1);
    for (name, expected) in [
        ("display_name", json!("tb__dc344m__shop__orders")),
        ("data_asset_type", json!("table")),
        ("table_schema", json!("PUBLIC")),
        ("table_name", json!("tb__dc344m__shop__orders")),
        ("manually", json!(0)),
    ] {
        assert_eq!(assets[0][name], expected, "{name}");
    }
    assert_eq!(
        preview(&world, &assets[0], "?limit=1&offset=1&columns=price,id").await,
        json!({"columns": ["price", "id"], "rows": [{"price": null, "id": 2}], "total": 2})
    );
    let id = assets[0]["id"].as_str().unwrap();
    let path = format!(
        "/catalog/data-asset/{id}/columns-metadata?include_stats=true&include_samples=true"
    );
    let (_, columns) = world.get(&path).await;
    assert_eq!(
        columns["columns"][1],
        json!({
            "name": "price", "type": "FLOAT", "nullable": true,
            "stats": {"count": 2, "nulls": 1, "distinct": 1, "min": 9.5, "max": 9.5}, "samples": [9.5],
        })
    );
    assert_eq!(
        columns["columns"][2]["stats"]["max"],
        "2024-01-02T00:00:00Z"
    );
}

#[tokio::test]
async fn incremental_rows_are_appended_until_the_state_is_reset() {
    let world = world(json!({"incremental_column_name": "id"})).await;
    let ids = async || {
        let assets = assets(&world).await;
        let preview = preview(&world, &assets[0], "").await;
        let rows = preview["rows"].as_array().unwrap().iter();
        rows.map(|row| row["id"].as_i64().unwrap())
            .collect::<Vec<_>>()
    };
    upload(&world, "a.csv", "id\n1\n2\n").await;
    run(&world).await;
    upload(&world, "b.csv", "id\n2\n3\n").await;
    run(&world).await;
    assert_eq!(ids().await, [1, 2, 3]);
    let reset = format!("/platform/jobs/{JOB}/reset-state");
    assert_eq!(world.post(&reset, json!({})).await.0, 200);
    run(&world).await;
    assert_eq!(ids().await, [1, 2, 2, 3]);
}

#[tokio::test]
async fn a_qualified_load_lands_raw_and_qualified() {
    let world =
        world(json!({"load_type": "incremental_with_qualify", "primary_keys": ["id"]})).await;
    upload(&world, "a.csv", "id,name\n1,a\n2,b\n").await;
    run(&world).await;
    upload(&world, "b.csv", "id,name\n2,c\n").await;
    assert_eq!(run(&world).await.0, "SUCCESS");
    let (_, tables) = world.get("/storage-explorer/tables").await;
    let rows: Vec<_> = tables["tables"]
        .as_array()
        .unwrap()
        .iter()
        .map(|table| (&table["schema"], &table["rows"]))
        .collect();
    assert_eq!(
        rows,
        [(&json!("PUBLIC"), &json!(3)), (&json!("STAGED"), &json!(2))]
    );
    let assets = assets(&world).await;
    let staged = assets
        .iter()
        .find(|asset| asset["table_schema"] == "STAGED")
        .unwrap();
    assert_eq!(
        preview(&world, staged, "").await["rows"],
        json!([{"id": 1, "name": "a"}, {"id": 2, "name": "c"}])
    );
}

#[tokio::test]
async fn a_run_without_its_source_or_its_column_fails_and_lands_nothing() {
    let world = world(json!({"incremental_column_name": "updated_at"})).await;
    assert_eq!(
        run(&world).await,
        (
            json!("FAILED"),
            json!("Source not found: storage has no rows at /raw/orders")
        )
    );
    upload(&world, "a.csv", "id\n1\n").await;
    assert_eq!(
        run(&world).await,
        (
            json!("FAILED"),
            json!("Column updated_at not found in source")
        )
    );
    assert!(assets(&world).await.is_empty());
    let (_, tables) = world.get("/storage-explorer/tables").await;
    assert_eq!(tables, json!({"tables": []}));
}
