//! What a pipeline is made from, and what can be changed in it.

use dadosfera_raw::Maybe;
use dadosfera_raw::types::{self, Connector, JobOutputPlugin};

use super::{cron, job_rules};
use crate::error::Error;
use crate::id::PipelineId;
use crate::input;

/// A pipeline to create. It has a new random id and no schedule unless told otherwise.
///
/// ```
/// use dadosfera::{NewJdbcJob, NewPipeline};
///
/// let pipeline = NewPipeline::new("Orders")
///     .description("orders of the shop")
///     .cron("0 6 * * *")
///     .job(
///         NewJdbcJob::new("postgresql", "public", "orders", "1763991009206_kvpd3364_postgresql-1.0.0")
///             .columns(["id", "total", "updated_at"])
///             .incremental("updated_at", "timestamp"),
///     );
/// assert_eq!(pipeline.name(), "Orders");
/// ```
#[derive(Debug, Clone)]
pub struct NewPipeline {
    id: PipelineId,
    name: String,
    description: Option<String>,
    cron: Option<String>,
    jobs: Vec<types::NewJob>,
    is_unchecked: bool,
}

impl NewPipeline {
    /// A pipeline of this name, which must be unique within the customer.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            id: PipelineId::random(),
            name: name.into(),
            description: None,
            cron: None,
            jobs: Vec::new(),
            is_unchecked: false,
        }
    }

    /// Another id than a random one: with an id of one's own, a `create` whose answer was lost can be repeated, since the
    /// second one is refused as taken.
    ///
    /// ```
    /// use dadosfera::{NewPipeline, PipelineId};
    ///
    /// let id: PipelineId = "1b33ad2f-33d3-4837-9eeb-83c82c8b909d".parse()?;
    /// let pipeline = NewPipeline::new("Orders").id(id.clone());
    /// assert_eq!(pipeline.pipeline_id(), &id);
    /// # Ok::<(), dadosfera::Error>(())
    /// ```
    #[must_use]
    pub fn id(mut self, id: PipelineId) -> Self {
        self.id = id;
        self
    }

    /// A text for people.
    #[must_use]
    pub fn description(mut self, text: impl Into<String>) -> Self {
        self.description = Some(text.into());
        self
    }

    /// When it runs. Without a schedule it runs only when executed.
    #[must_use]
    pub fn cron(mut self, expression: impl Into<String>) -> Self {
        self.cron = Some(expression.into());
        self
    }

    /// Adds a job. All jobs of a pipeline share one connector.
    #[must_use]
    pub fn job(mut self, job: impl Into<types::NewJob>) -> Self {
        self.jobs.push(job.into());
        self
    }

    /// Lets the server judge what this crate would refuse: for what the API can do by now and this version does not know.
    ///
    /// ```
    /// use dadosfera::{NewJdbcJob, NewPipeline};
    ///
    /// let job = NewJdbcJob::new("snowflake", "public", "orders", "1763991009206_kvpd3364_snowflake-1.0.0");
    /// let pipeline = NewPipeline::new("Orders").job(job);
    /// assert_eq!(pipeline.check().unwrap_err().field(), Some("jobs[0].input.plugin"));
    /// assert!(pipeline.unchecked().check().is_ok());
    /// ```
    #[must_use]
    pub const fn unchecked(mut self) -> Self {
        self.is_unchecked = true;
        self
    }

    /// Whether it can be created as it is, as [`create`](crate::Pipelines::create) asks before it sends anything.
    ///
    /// ```
    /// use dadosfera::{NewJdbcJob, NewPipeline};
    ///
    /// let orders = NewJdbcJob::new("postgresql", "public", "orders", "c1").incremental_with_qualify("at", "date", [""; 0]);
    /// let error = NewPipeline::new("Orders").job(orders).check().unwrap_err();
    /// assert_eq!(error.field(), Some("jobs[0].input.primary_keys"));
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) with the path of the [`field`](Error::field) at fault.
    pub fn check(&self) -> Result<(), Error> {
        if self.is_unchecked {
            return Ok(());
        }
        input::name("name", &self.name)?;
        if let Some(expression) = &self.cron {
            cron::check("cron", expression)?;
        }
        job_rules::jobs(&self.jobs)
    }

    /// The id that it will have.
    #[must_use]
    pub const fn pipeline_id(&self) -> &PipelineId {
        &self.id
    }

    /// The name that it will have.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn into_request(self) -> types::CreatePipelineRequest {
        types::CreatePipelineRequest {
            id: as_uuid(&self.id),
            name: self.name,
            description: self.description.map_or(Maybe::Absent, Maybe::Value),
            cron: self.cron.map_or(Maybe::Null, Maybe::Value),
            jobs: self.jobs,
        }
    }
}

/// A new id is asked for as a UUID, with hyphens; the answers then use underscores. What is no UUID goes as it is.
fn as_uuid(id: &PipelineId) -> String {
    let hyphenated = id.as_str().replace('_', "-");
    if uuid::Uuid::try_parse(&hyphenated).is_ok() {
        hyphenated
    } else {
        id.as_str().to_owned()
    }
}

/// An input of which only the source is said.
pub(crate) fn blank(connector: Connector, plugin: String) -> types::JobInput {
    types::JobInput {
        connector,
        plugin,
        table_schema: Maybe::Absent,
        table_name: None,
        column_include_list: Maybe::Absent,
        load_type: None,
        incremental_column_name: Maybe::Absent,
        incremental_column_type: Maybe::Absent,
        primary_keys: Maybe::Absent,
        network_config: Maybe::Absent,
        auth_parameters: None,
        replication_method: None,
        file_format_params: None,
        source_bucket: None,
        source_prefix: None,
        extra: serde_json::Map::new(),
    }
}

/// A job that lands what it reads in the platform's warehouse.
pub(crate) fn into_warehouse(input: types::JobInput) -> types::NewJob {
    types::NewJob {
        input,
        output: types::JobOutput {
            plugin: JobOutputPlugin::DadosferaSnowflake,
            raw: None,
            qualify: None,
            table_name: None,
            extra: serde_json::Map::new(),
        },
        transformations: None,
    }
}

/// What to change in a pipeline. What is not named stays as it is.
///
/// ```
/// use dadosfera::PipelinePatch;
///
/// let patch = PipelinePatch::new().name("Orders, daily").cron("0 6 * * *");
/// let manual = PipelinePatch::new().manual();
/// ```
#[derive(Debug, Clone, Default)]
pub struct PipelinePatch(types::UpdatePipelineRequest);

impl PipelinePatch {
    /// No change yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Another name.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.0.name = Some(name.into());
        self
    }

    /// Another text for people.
    #[must_use]
    pub fn description(mut self, text: impl Into<String>) -> Self {
        self.0.description = Maybe::Value(text.into());
        self
    }

    /// Another schedule.
    #[must_use]
    pub fn cron(mut self, expression: impl Into<String>) -> Self {
        self.0.cron = Maybe::Value(expression.into());
        self
    }

    /// No schedule: it runs only when executed.
    #[must_use]
    pub fn manual(mut self) -> Self {
        self.0.cron = Maybe::Null;
        self
    }

    pub(crate) fn check(&self) -> Result<(), Error> {
        if let Some(name) = &self.0.name {
            input::name("name", name)?;
        }
        if let Maybe::Value(expression) = &self.0.cron {
            cron::check("cron", expression)?;
        }
        Ok(())
    }

    pub(crate) const fn request(&self) -> &types::UpdatePipelineRequest {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_patch_tells_no_schedule_from_no_change() {
        let body = |patch: PipelinePatch| serde_json::to_string(patch.request()).expect("JSON");
        assert_eq!(body(PipelinePatch::new()), "{}");
        assert_eq!(body(PipelinePatch::new().manual()), r#"{"cron":null}"#);
        assert_eq!(body(PipelinePatch::new().name("x")), r#"{"name":"x"}"#);
    }
}
