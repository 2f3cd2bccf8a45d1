//! Runs, moved by the clock.

use serde_json::{Value, json};

use crate::caller::{ORDERS, World, orders};

fn runs() -> String {
    format!("/platform/pipeline/{ORDERS}/pipeline_run")
}

async fn execute(world: &World) {
    let (status, _) = world
        .post("/platform/pipeline/execute", json!({"pipeline_id": ORDERS}))
        .await;
    assert_eq!(status, 200);
}

#[tokio::test]
async fn a_run_is_running_then_success_and_can_be_read_by_its_id() {
    let world = World::ana().await;
    world.create_orders(Value::Null).await;
    let start = world
        .emulator
        .clock()
        .now()
        .format("%Y-%m-%dT%H:%M:%S.000Z")
        .to_string();
    execute(&world).await;
    let (_, listed) = world.get(&runs()).await;
    assert_eq!(listed[0]["last_status"], "RUNNING");
    world.advance(30);
    let end = world
        .emulator
        .clock()
        .now()
        .format("%Y-%m-%dT%H:%M:%S.000Z")
        .to_string();
    let (status, listed) = world.get(&runs()).await;
    let id = listed[0]["pipeline_run_id"].as_str().unwrap();
    let run = json!({
        "id": 1,
        "pipeline_run_id": id,
        "pipeline_id": "1b33ad2f_33d3_4837_9eeb_83c82c8b909d",
        "last_status": "SUCCESS",
        "created_at": start,
        "updated_at": end,
        "trace": null,
    });
    assert_eq!((status, &listed), (200, &json!([run])));
    for spelling in [id, &id.replace('_', "-")] {
        assert_eq!(
            world.get(&format!("{}/{spelling}", runs())).await,
            (200, run.clone())
        );
    }
    let guide = format!("/platform/pipeline/{ORDERS}/runs");
    assert_eq!(world.get(&guide).await.1, listed);
    assert_eq!(
        world.get(&format!("{}/no-such", runs())).await,
        (404, json!({"detail": "pipeline_run_id no_such not found"}))
    );
    assert_eq!(
        world.get("/platform/pipelines").await.1[0]["last_status"],
        "SUCCESS"
    );
}

#[tokio::test]
async fn at_most_one_run_is_running_and_the_others_follow() {
    let world = World::ana().await;
    world.create_orders(Value::Null).await;
    for _ in 0..3 {
        execute(&world).await;
    }
    assert_eq!(world.get(&runs()).await.1.as_array().unwrap().len(), 1);
    world.advance(31);
    let (_, listed) = world.get(&runs()).await;
    let statuses: Vec<_> = listed
        .as_array()
        .unwrap()
        .iter()
        .map(|run| &run["last_status"])
        .collect();
    assert_eq!(statuses, ["RUNNING", "SUCCESS"]);
    world.advance(60);
    let (_, listed) = world.get(&runs()).await;
    let ids: Vec<_> = listed
        .as_array()
        .unwrap()
        .iter()
        .map(|run| run["id"].as_i64().unwrap())
        .collect();
    assert_eq!(ids, [3, 2, 1]);
}

#[tokio::test]
async fn a_failing_source_leaves_its_trace() {
    let world = World::ana().await;
    let mut body = orders(ORDERS, "Broken", json!("@once"));
    body["jobs"][0]["input"]["table_name"] = json!("orders_broken");
    assert_eq!(world.post("/platform/pipeline", body).await.0, 201);
    world.advance(30);
    let (_, listed) = world.get(&runs()).await;
    assert_eq!(listed[0]["last_status"], "FAILED");
    assert_eq!(listed[0]["trace"], "Connection timeout to source database");
    let (_, pipelines) = world.get("/platform/pipelines").await;
    assert_eq!(pipelines[0]["jobs"][0]["job_status"], "FAILED");
    let (_, detail) = world.get(&format!("/platform/pipeline/{ORDERS}")).await;
    assert_eq!(detail["data"]["status"], "error");
}

#[tokio::test]
async fn a_schedule_runs_on_the_virtual_clock() {
    let world = World::ana().await;
    world.create_orders(json!("@hourly")).await;
    world.advance(3 * 3600);
    let token = world
        .token_of("ana@acme.example", "acme-ana-password")
        .await;
    let (_, listed) = world.get_as(&token, &runs()).await;
    assert_eq!(listed.as_array().unwrap().len(), 3);
    assert!(
        listed[0]["created_at"]
            .as_str()
            .unwrap()
            .ends_with(":00:00.000Z")
    );
}
