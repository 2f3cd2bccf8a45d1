//! Worlds of one's own.

use dadosfera_emulator::{Emulator, Seed, StartError};
use serde_json::json;

use crate::caller::{World, orders};

#[tokio::test]
async fn a_seed_brings_pipelines_failing_tables_and_options() {
    let seed = json!({
        "pipelines": [{"owner": "ana@acme.example", "pipeline": orders("seeded", "Seeded", json!("@once"))}],
        "failing_tables": {"orders": "Permission denied for table orders"},
        "options": {"run_duration": 5},
    });
    let seed = Seed::from_json(&seed.to_string()).unwrap();
    let world = World::start(Emulator::builder().seed(seed).hold_clock()).await;
    world.advance(5);
    let (_, runs) = world.get("/platform/pipeline/seeded/pipeline_run").await;
    assert_eq!(runs[0]["trace"], "Permission denied for table orders");
}

#[tokio::test]
async fn a_seed_that_makes_no_world_does_not_start() {
    let mut seed = Seed::default();
    seed.users[1].group = "Boss".into();
    let result = Emulator::builder().seed(seed).start().await;
    assert!(
        matches!(result.err(), Some(StartError::Seed(error)) if error.field() == "users[1].group")
    );
}
