//! Jobs: configuration, sync mode, input, state and memory.

use reqwest::Method;
use serde_json::{Value, json};

use crate::caller::{ORDERS, World};

const JOB: &str = "1b33ad2f_33d3_4837_9eeb_83c82c8b909d_0";

async fn world() -> World {
    let world = World::ana().await;
    world.create_orders(Value::Null).await;
    world
}

#[tokio::test]
async fn a_job_is_read_in_both_spellings() {
    let world = world().await;
    for spelling in [JOB, &format!("{ORDERS}-0")] {
        assert_eq!(
            world.get(&format!("/platform/jobs/jdbc/{spelling}")).await,
            (
                200,
                json!({
                    "job_name": "orders_extraction",
                    "source_config": {
                        "connector": "jdbc",
                        "plugin": "postgresql",
                        "table_schema": "public",
                        "table_name": "orders",
                        "column_include_list": ["id", "customer_id"],
                        "auth_parameters": {
                            "auth_type": "connection_manager",
                            "config_id": "1701234567890_abc123_postgresql-1.0.0",
                        },
                        "load_type": "incremental",
                        "incremental_column_name": "updated_at",
                        "incremental_column_type": "timestamp with time zone",
                    },
                    "transformations": [],
                    "output_config": {
                        "plugin": "dadosfera_snowflake",
                        "raw": {"table_name": "tb__dc344m__public__orders", "table_schema": "PUBLIC"},
                    },
                })
            )
        );
    }
}

#[tokio::test]
async fn a_change_of_mode_treats_the_state_as_documented() {
    let world = world().await;
    let path = format!("/platform/jobs/jdbc/{JOB}/sync-mode");
    let state = |answer: (u16, Value)| (answer.0, answer.1["state"].clone());
    let qualify = json!({"target_load_type": "incremental_with_qualify", "primary_keys": ["id"]});
    assert_eq!(
        state(world.put(&path, qualify).await),
        (200, json!("preserved"))
    );
    let (_, job) = world.get(&format!("/platform/jobs/jdbc/{JOB}")).await;
    assert_eq!(
        job["output_config"]["qualify"],
        json!({"table_name": "tb__dc344m__public__orders", "table_schema": "STAGED"})
    );
    assert_eq!(
        world
            .put(&path, json!({"target_load_type": "full_load"}))
            .await,
        (
            200,
            json!({
                "status": true,
                "detail": format!("Successfully updated sync mode to full_load for job_id {JOB}"),
                "state": "reset",
            })
        )
    );
    let full = json!({"target_load_type": "full_load"});
    assert_eq!(
        world.put(&path, full).await,
        (
            400,
            json!({"detail": "Job is already in full_load mode. Use force to apply it again"})
        )
    );
    let bare = json!({"target_load_type": "incremental"});
    assert_eq!(
        world.put(&path, bare).await,
        (
            400,
            json!({"detail": "incremental_column_name is required for incremental"})
        )
    );
    let columns = json!({
        "target_load_type": "incremental", "incremental_column_name": "id", "incremental_column_type": "bigint",
    });
    assert_eq!(
        state(world.post(&path, columns).await),
        (200, json!("initialized"))
    );
    for wrong in [
        json!({}),
        json!({"target_load_type": "x"}),
        json!({"target_load_type": "full_load", "force": 1}),
    ] {
        assert_eq!(world.put(&path, wrong.clone()).await.0, 400, "{wrong}");
    }
}

#[tokio::test]
async fn columns_of_a_patch_are_joined() {
    let world = world().await;
    let path = format!("/platform/jobs/{JOB}/input");
    assert_eq!(
        world
            .patch(
                &path,
                json!({"column_include_list": ["customer_id", "new_column_1"]})
            )
            .await,
        (
            200,
            json!({
                "status": true,
                "detail": format!("Successfully updated input fields for job_id {JOB}"),
                "updated_fields": ["column_include_list"],
            })
        )
    );
    let (_, job) = world.get(&format!("/platform/jobs/jdbc/{JOB}")).await;
    assert_eq!(
        job["source_config"]["column_include_list"],
        json!(["id", "customer_id", "new_column_1"])
    );
    assert_eq!(
        world.patch(&path, json!({"connector": "singer"})).await,
        (400, json!({"detail": "Property connector is read only"}))
    );
    assert_eq!(world.patch(&path, json!({"table_schema": ""})).await.0, 400);
}

#[tokio::test]
async fn state_is_reset_and_memory_set_in_the_documents_words() {
    let world = world().await;
    assert_eq!(
        world
            .call(
                Method::POST,
                &format!("/platform/jobs/{JOB}/reset-state"),
                &[("authorization", &world.token)],
                None
            )
            .await,
        (
            200,
            json!({
                "status": true,
                "detail": format!("Successfully reset state for job_id {JOB}"),
                "message": "Next job execution will start from beginning (full load/extraction)",
            })
        )
    );
    assert_eq!(
        world
            .put(
                &format!("/platform/jobs/{ORDERS}-0/memory"),
                json!({"amount": 4096})
            )
            .await,
        (
            200,
            json!({"status": true, "data": {
                "message": "Job memory updated successfully", "job_id": JOB, "memory_mb": 4096,
            }})
        )
    );
}

#[tokio::test]
async fn a_job_that_is_none_is_not_found_by_any_operation() {
    let world = world().await;
    for id in [
        "invalid_job_id",
        "1b33ad2f_33d3_4837_9eeb_83c82c8b909d_1",
        "1b33ad2f_33d3_4837_9eeb_83c82c8b909d_00",
        "1b33ad2f_33d3_4837_9eeb_83c82c8b909d",
    ] {
        let expected = (404, json!({"detail": format!("job_id {id} not found")}));
        let jdbc = format!("/platform/jobs/jdbc/{id}");
        let job = format!("/platform/jobs/{id}");
        assert_eq!(world.get(&jdbc).await, expected);
        assert_eq!(
            world.put(&format!("{jdbc}/sync-mode"), json!({})).await,
            expected
        );
        assert_eq!(
            world.patch(&format!("{job}/input"), json!({})).await,
            expected
        );
        assert_eq!(
            world.post(&format!("{job}/reset-state"), json!({})).await,
            expected
        );
        assert_eq!(
            world.put(&format!("{job}/memory"), json!({})).await,
            expected
        );
    }
}
