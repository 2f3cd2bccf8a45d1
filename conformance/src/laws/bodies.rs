//! Pipelines as laws make them, and ids in both spellings.

use serde_json::{Value, json};

use crate::session::Session;
use crate::stage::Stop;
use crate::world::World;

use super::actions::Names;
use super::things;

/// A pipeline that a law made.
#[derive(Debug, Clone)]
pub(super) struct Made {
    /// With hyphens, as it was sent.
    pub(super) id: String,
    pub(super) name: String,
}

impl Made {
    /// As answers spell it.
    pub(super) fn answered(&self) -> String {
        underscored(&self.id)
    }

    /// Its first job, as answers spell it.
    pub(super) fn job(&self) -> String {
        format!("{}_0", self.answered())
    }
}

pub(super) fn underscored(id: &str) -> String {
    id.replace('-', "_")
}

/// The input of a JDBC job that loads a table whole.
pub(super) fn input(table: &str) -> Value {
    json!({
        "connector": "jdbc",
        "plugin": "postgresql",
        "table_schema": "public",
        "table_name": table,
        "column_include_list": ["id", "total_amount"],
        "load_type": "full_load",
        "auth_parameters": {
            "auth_type": "connection_manager",
            "config_id": "1701234567890_abc123_postgresql-1.0.0",
        },
    })
}

/// The body of a pipeline with one job.
#[expect(
    clippy::needless_pass_by_value,
    reason = "every caller makes the input in place"
)]
pub(super) fn pipeline(id: &str, name: &str, input: Value) -> Value {
    json!({
        "id": id,
        "name": name,
        "description": "made by the conformance suite",
        "cron": null,
        "jobs": [{
            "input": input,
            "transformations": [],
            "output": {"plugin": "dadosfera_snowflake"},
        }],
    })
}

/// Makes a pipeline that reads a table.
pub(super) async fn make(world: &World<'_>, by: &Session, table: &str) -> Result<Made, Stop> {
    make_with(world, by, input(table)).await
}

/// Makes a pipeline with one job.
pub(super) async fn make_with(world: &World<'_>, by: &Session, input: Value) -> Result<Made, Stop> {
    let id = world.stage().uuid();
    let name = format!("conformance-{}", &id[..8]);
    let got = world
        .call("create_pipeline")
        .json(pipeline(&id, &name, input))
        .by(by)
        .send()
        .await?;
    got.must(201)?;
    Ok(Made { id, name })
}

/// Executes a pipeline.
pub(super) async fn execute(world: &World<'_>, by: &Session, made: &Made) -> Result<(), Stop> {
    let body = json!({ "pipeline_id": made.id });
    let got = world
        .call("execute_pipeline")
        .json(body)
        .by(by)
        .send()
        .await?;
    got.must(200)?;
    Ok(())
}

/// The runs of a pipeline, newest first.
pub(super) async fn runs(world: &World<'_>, by: &Session, made: &Made) -> Result<Vec<Value>, Stop> {
    let got = world
        .call("list_pipeline_runs")
        .path("pipelineId", &made.id)
        .by(by)
        .send()
        .await?;
    got.must(200)?;
    Ok(got.json().as_array().cloned().unwrap_or_default())
}

/// A body that fits an operation, or `None` where it takes none; for calls that must be refused before it counts.
pub(super) fn fitting(operation: &str, names: &Names) -> Option<Value> {
    let id = names.pipeline.as_str();
    Some(match operation {
        "create_api_key" => json!({ "permissions": [1] }),
        "create_pipeline" => pipeline(id, &format!("conformance-{id}"), input("orders")),
        "update_pipeline" => json!({ "description": "changed" }),
        "execute_pipeline" | "pause_pipeline" | "unpause_pipeline" => json!({ "pipeline_id": id }),
        "update_pipeline_memory" | "update_job_memory" => json!({ "amount": 4096 }),
        "update_job_sync_mode" => json!({
            "target_load_type": "incremental",
            "incremental_column_name": "updated_at",
            "incremental_column_type": "timestamp",
        }),
        "patch_job_input" => json!({ "column_include_list": ["status"] }),
        "create_connection" => things::connection(&format!("conformance-{id}")),
        "update_connection" => json!({ "config": { "port": 5433 } }),
        "authorize_connection" => {
            json!({ "plugin": "google-sheets", "redirect_uri": things::REDIRECT_URI })
        }
        "complete_connection" => {
            json!({ "state": "a-state-that-nobody-began", "code": "a-code-that-nobody-has" })
        }
        "create_data_asset" => things::asset(&format!("conformance-{id}")),
        "update_data_asset" => json!({ "description": "changed", "tags": ["conformance"] }),
        "set_data_asset_docs" => json!({ "docs": "<p>What was sold</p>" }),
        "set_certification_status" => json!({ "certification_status": "approved" }),
        "create_table" => things::table(&format!("conformance_{}", underscored(id))),
        "add_table_dataset" => json!({ "datasetId": names.dataset }),
        "create_users" => json!({ "users": [things::user(id)] }),
        "update_customer" => json!({ "scheduleLimit": names.schedule_limit }),
        _ => return None,
    })
}
