//! Calls of any operation with whatever it needs, for the laws that go over all of them.

use crate::engine::{Operation, Sign};
use crate::got::Got;
use crate::making::Making;
use crate::stage::Stop;
use crate::world::World;

use super::bodies::fitting;
use super::things;

/// What the parameters and bodies of a call name.
#[derive(Debug, Clone)]
pub(super) struct Names {
    pub(super) pipeline: String,
    pub(super) job: String,
    pub(super) run: String,
    pub(super) key: String,
    /// The customer's name.
    pub(super) customer: String,
    pub(super) customer_id: String,
    /// What the customer's `scheduleLimit` is, so that a change changes nothing.
    pub(super) schedule_limit: String,
    pub(super) connection: String,
    pub(super) asset: String,
    /// The path of a file.
    pub(super) file: String,
    pub(super) dataset: String,
    pub(super) table: String,
    pub(super) user: String,
}

impl Names {
    /// Ids that nobody has.
    pub(super) fn absent(world: &World<'_>, customer: &str) -> Self {
        let uuid = || world.stage().uuid();
        let pipeline = uuid();
        Self {
            job: format!("{pipeline}-0"),
            pipeline,
            run: uuid(),
            key: uuid(),
            customer: customer.to_owned(),
            customer_id: uuid(),
            schedule_limit: "hourly".to_owned(),
            connection: world
                .stage()
                .made_up(format!("1701234567890_{}_postgresql-1.0.0", &uuid()[..8])),
            asset: uuid(),
            file: format!("/conformance/{}/rows.csv", uuid()),
            dataset: uuid(),
            table: uuid(),
            user: uuid(),
        }
    }

    /// The same with underscores, but for what is no pipeline's, job's or run's.
    pub(super) fn underscored(&self) -> Self {
        let underscored = |id: &str| id.replace('-', "_");
        Self {
            pipeline: underscored(&self.pipeline),
            job: underscored(&self.job),
            run: underscored(&self.run),
            ..self.clone()
        }
    }

    /// What a parameter of an operation's path names.
    fn of(&self, operation: &str, parameter: &str) -> &str {
        match parameter {
            "jobId" => &self.job,
            "runId" => &self.run,
            "connectionId" => &self.connection,
            "dataAssetId" => &self.asset,
            "datasetId" => &self.dataset,
            "tableId" => &self.table,
            "userId" => &self.user,
            "customerId" => &self.customer_id,
            "id" if operation == "delete_api_key" => &self.key,
            _ => &self.pipeline,
        }
    }

    /// Every id, and what stands for it where only the rest of an answer counts.
    pub(super) fn placeholders(&self) -> [(&str, &'static str); 11] {
        [
            (&self.run, "<run>"),
            (&self.job, "<job>"),
            (&self.pipeline, "<pipeline>"),
            (&self.key, "<key>"),
            (&self.customer_id, "<customer>"),
            (&self.connection, "<connection>"),
            (&self.asset, "<asset>"),
            (&self.file, "<file>"),
            (&self.dataset, "<dataset>"),
            (&self.table, "<table>"),
            (&self.user, "<user>"),
        ]
    }
}

/// Whether a pipeline or a job is named by an operation's path, query or body.
pub(super) fn names_a_pipeline(operation: &Operation) -> bool {
    operation.path_parameters.iter().any(|name| {
        matches!(name.as_str(), "pipelineId" | "jobId")
            || name == "id" && operation.id != "delete_api_key"
    }) || matches!(
        operation.id.as_str(),
        "execute_pipeline" | "pause_pipeline" | "unpause_pipeline" | "download_pipeline_logs"
    )
}

/// Whether something of a customer's own is named by an operation's path, query or body.
pub(super) fn names_something(operation: &Operation) -> bool {
    !operation.path_parameters.is_empty()
        || names_a_pipeline(operation)
        || matches!(operation.id.as_str(), "download_file" | "delete_file")
}

/// A call of an operation with what `names` names, not yet signed and without a body.
pub(super) fn filled<'a>(world: &'a World<'a>, operation: &Operation, names: &Names) -> Making<'a> {
    let mut making = world.call(&operation.id);
    for parameter in &operation.path_parameters {
        making = making.path(parameter, names.of(&operation.id, parameter));
    }
    match operation.id.as_str() {
        "download_pipeline_logs" => making.query("pipeline_id", &names.pipeline),
        "delete_pipeline" => making.header("customer_name", &names.customer),
        "upload_files" => making.query("folderPath", things::folder(&names.file)),
        "download_file" | "delete_file" => making.query("path", &names.file),
        _ => making,
    }
}

/// Calls an operation as somebody, with a fitting body and what `names` names.
pub(super) async fn call<'a>(
    world: &'a World<'a>,
    operation: &Operation,
    names: &Names,
    sign: Sign,
) -> Result<Got<'a>, Stop> {
    let mut making = filled(world, operation, names).sign(sign);
    if operation.id == "upload_files" {
        making = things::with_file(making, "rows.csv", things::ROWS.as_bytes());
    } else if let Some(body) = fitting(&operation.id, names) {
        making = making.json(body);
    }
    making.send().await
}

/// The operations that ask for credentials and that this run may send.
pub(super) fn authenticated<'a>(world: &'a World<'_>) -> impl Iterator<Item = &'a Operation> {
    world
        .operations()
        .iter()
        .filter(|operation| operation.authenticated && world.may(operation))
}
