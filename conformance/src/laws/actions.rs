//! Calls of any operation with whatever it needs, for the laws that go over all of them.

use crate::engine::{Operation, Sign};
use crate::got::Got;
use crate::making::Making;
use crate::stage::Stop;
use crate::world::World;

use super::bodies::fitting;

/// What the parameters of a call name.
#[derive(Debug, Clone)]
pub(super) struct Names {
    pub(super) pipeline: String,
    pub(super) job: String,
    pub(super) run: String,
    pub(super) key: String,
    pub(super) customer: String,
}

impl Names {
    /// Ids that nobody has.
    pub(super) fn absent(world: &World<'_>, customer: &str) -> Self {
        let pipeline = world.stage().uuid();
        Self {
            job: format!("{pipeline}-0"),
            pipeline,
            run: world.stage().uuid(),
            key: world.stage().uuid(),
            customer: customer.to_owned(),
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
            "id" if operation == "delete_api_key" => &self.key,
            _ => &self.pipeline,
        }
    }
}

/// Whether a pipeline or a job is named by an operation's path, query or body.
pub(super) fn names_a_pipeline(operation: &Operation) -> bool {
    operation
        .path_parameters
        .iter()
        .any(|name| name != "id" || operation.id != "delete_api_key")
        || matches!(
            operation.id.as_str(),
            "execute_pipeline" | "pause_pipeline" | "unpause_pipeline" | "download_pipeline_logs"
        )
}

/// A call of an operation with what `names` names, not yet signed and without a body.
pub(super) fn filled<'a>(world: &'a World<'a>, operation: &Operation, names: &Names) -> Making<'a> {
    let mut making = world.call(&operation.id);
    for parameter in &operation.path_parameters {
        making = making.path(parameter, names.of(&operation.id, parameter));
    }
    if operation.id == "download_pipeline_logs" {
        making = making.query("pipeline_id", &names.pipeline);
    }
    if operation.id == "delete_pipeline" {
        making = making.header("customer_name", &names.customer);
    }
    making
}

/// Calls an operation as somebody, with a fitting body and what `names` names.
pub(super) async fn call<'a>(
    world: &'a World<'a>,
    operation: &Operation,
    names: &Names,
    sign: Sign,
) -> Result<Got<'a>, Stop> {
    let mut making = filled(world, operation, names).sign(sign);
    if let Some(body) = fitting(&operation.id, &names.pipeline) {
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
