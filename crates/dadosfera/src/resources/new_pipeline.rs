//! What a pipeline is made from, and what can be changed in it.

use dadosfera_raw::Maybe;
use dadosfera_raw::types::{self, AuthParametersAuthType, Connector, JobOutputPlugin, LoadType};

use crate::id::PipelineId;

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
        }
    }

    /// Another id than a random one: with an id of one's own, a `create` whose answer was lost can be repeated, since the
    /// second one is refused as taken.
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

/// A job that copies one table of a database. A full load of all columns unless told otherwise.
#[derive(Debug, Clone)]
pub struct NewJdbcJob {
    plugin: String,
    table_schema: String,
    table_name: String,
    connection_id: String,
    columns: Option<Vec<String>>,
    load_type: LoadType,
    incremental: Option<(String, String)>,
    primary_keys: Option<Vec<String>>,
}

impl NewJdbcJob {
    /// A job that reads `table_schema.table_name` over a connection; `plugin` is `mysql`, `postgresql`, `oracle` or
    /// `sqlserver`.
    #[must_use]
    pub fn new(
        plugin: impl Into<String>,
        table_schema: impl Into<String>,
        table_name: impl Into<String>,
        connection_id: impl Into<String>,
    ) -> Self {
        Self {
            plugin: plugin.into(),
            table_schema: table_schema.into(),
            table_name: table_name.into(),
            connection_id: connection_id.into(),
            columns: None,
            load_type: LoadType::FullLoad,
            incremental: None,
            primary_keys: None,
        }
    }

    /// Reads only these columns.
    #[must_use]
    pub fn columns<C: Into<String>>(mut self, columns: impl IntoIterator<Item = C>) -> Self {
        self.columns = Some(columns.into_iter().map(Into::into).collect());
        self
    }

    /// Reads only what is new by this column, whose type is `number`, `date`, `timestamp` or a native one.
    #[must_use]
    pub fn incremental(
        mut self,
        column: impl Into<String>,
        column_type: impl Into<String>,
    ) -> Self {
        self.load_type = LoadType::Incremental;
        self.incremental = Some((column.into(), column_type.into()));
        self
    }

    /// Like [`incremental`](Self::incremental), and keeps the latest row of each primary key in a second table.
    #[must_use]
    pub fn incremental_with_qualify<K: Into<String>>(
        self,
        column: impl Into<String>,
        column_type: impl Into<String>,
        primary_keys: impl IntoIterator<Item = K>,
    ) -> Self {
        let mut this = self.incremental(column, column_type);
        this.load_type = LoadType::IncrementalWithQualify;
        this.primary_keys = Some(primary_keys.into_iter().map(Into::into).collect());
        this
    }
}

impl From<NewJdbcJob> for types::NewJob {
    fn from(job: NewJdbcJob) -> Self {
        let (column, column_type) = match job.incremental {
            Some((column, column_type)) => (Maybe::Value(column), Maybe::Value(column_type)),
            None => (Maybe::Absent, Maybe::Absent),
        };
        into_warehouse(types::JobInput {
            table_schema: Maybe::Value(job.table_schema),
            table_name: Some(job.table_name),
            // Null reads every column; a field that is left out does not say so.
            column_include_list: job.columns.map_or(Maybe::Null, Maybe::Value),
            load_type: Some(job.load_type),
            incremental_column_name: column,
            incremental_column_type: column_type,
            primary_keys: job.primary_keys.map_or(Maybe::Absent, Maybe::Value),
            auth_parameters: Some(types::AuthParameters {
                auth_type: AuthParametersAuthType::ConnectionManager,
                config_id: job.connection_id,
                extra: serde_json::Map::new(),
            }),
            ..blank(Connector::Jdbc, job.plugin)
        })
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

    pub(crate) const fn request(&self) -> &types::UpdatePipelineRequest {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_jdbc_job_looks_as_the_documentation_shows_it() {
        let job = types::NewJob::from(
            NewJdbcJob::new("mysql", "cadastros", "pedidos", "c1")
                .columns(["id"])
                .incremental("updated_at", "timestamp"),
        );
        // The request of the vendor's guide "adding a column", shortened.
        let documented = serde_json::json!({
            "input": {
                "connector": "jdbc",
                "plugin": "mysql",
                "table_schema": "cadastros",
                "table_name": "pedidos",
                "load_type": "incremental",
                "incremental_column_name": "updated_at",
                "incremental_column_type": "timestamp",
                "column_include_list": ["id"],
                "auth_parameters": {"auth_type": "connection_manager", "config_id": "c1"},
            },
            "output": {"plugin": "dadosfera_snowflake"},
        });
        assert_eq!(serde_json::to_value(job).expect("JSON"), documented);
    }

    #[test]
    fn a_patch_tells_no_schedule_from_no_change() {
        let body = |patch: PipelinePatch| serde_json::to_string(patch.request()).expect("JSON");
        assert_eq!(body(PipelinePatch::new()), "{}");
        assert_eq!(body(PipelinePatch::new().manual()), r#"{"cron":null}"#);
        assert_eq!(body(PipelinePatch::new().name("x")), r#"{"name":"x"}"#);
    }
}
