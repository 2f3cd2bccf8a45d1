//! A job that copies one table of a database.

use std::fmt;

use dadosfera_raw::types::{self, AuthParametersAuthType, Connector, LoadType};
use dadosfera_raw::{Maybe, types::OutputTable};
use serde_json::{Map, Value};

use super::new_pipeline::{blank, into_warehouse};

/// A job that copies one table of a database. A full load of all columns unless told otherwise.
///
/// How it loads is one choice with what belongs to it, so that an incremental load without a column cannot be written
/// down. What the types cannot say (an empty key, a column type that PostgreSQL cannot compare) is told by
/// [`create`](crate::Pipelines::create) before anything is sent.
///
/// ```
/// use dadosfera::{JdbcPlugin, NewJdbcJob, NewPipeline};
///
/// let connection = "1763991009206_kvpd3364_postgresql-1.0.0";
/// let table = |name: &str| NewJdbcJob::new(JdbcPlugin::Postgresql, "public", name, connection);
/// let pipeline = NewPipeline::new("Shop")
///     .job(table("countries").columns(["code", "name"]).landing_in("SHOP", "COUNTRIES"))
///     .job(table("visits").incremental("seen_at", "timestamp"))
///     .job(table("orders").incremental_with_qualify("updated_at", "timestamp", ["id"]));
/// assert!(pipeline.check().is_ok());
///
/// // Through a network that the API knows; its fields are not documented.
/// let network = serde_json::json!({"vpn": "office"});
/// let far = table("stock").network_config(network.as_object().cloned().unwrap_or_default());
/// assert_eq!(JdbcPlugin::from("oracle").as_str(), "oracle");
/// ```
#[derive(Debug, Clone)]
pub struct NewJdbcJob {
    plugin: JdbcPlugin,
    table_schema: String,
    table_name: String,
    connection_id: String,
    columns: Option<Vec<String>>,
    load: Load,
    network_config: Option<Map<String, Value>>,
    landing: Option<OutputTable>,
}

/// A database that JDBC jobs read.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum JdbcPlugin {
    /// `mysql`
    Mysql,
    /// `postgresql`
    Postgresql,
    /// `oracle`
    Oracle,
    /// `sqlserver`
    Sqlserver,
    /// Another word, which [`create`](crate::Pipelines::create) refuses unless it is told to check nothing.
    Other(String),
}

#[derive(Debug, Clone)]
enum Load {
    Full,
    Incremental {
        column: String,
        column_type: String,
        /// With them the latest row of each key is kept in a second table.
        primary_keys: Option<Vec<String>>,
    },
}

impl NewJdbcJob {
    /// A job that reads `table_schema.table_name` over a connection.
    #[must_use]
    pub fn new(
        plugin: impl Into<JdbcPlugin>,
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
            load: Load::Full,
            network_config: None,
            landing: None,
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
        self.load = Load::Incremental {
            column: column.into(),
            column_type: column_type.into(),
            primary_keys: None,
        };
        self
    }

    /// Like [`incremental`](Self::incremental), and keeps the latest row of each primary key in a second table.
    #[must_use]
    pub fn incremental_with_qualify<K: Into<String>>(
        mut self,
        column: impl Into<String>,
        column_type: impl Into<String>,
        primary_keys: impl IntoIterator<Item = K>,
    ) -> Self {
        self.load = Load::Incremental {
            column: column.into(),
            column_type: column_type.into(),
            primary_keys: Some(primary_keys.into_iter().map(Into::into).collect()),
        };
        self
    }

    /// How the database is reached, where not directly. The fields of this object are not documented.
    #[must_use]
    pub fn network_config(mut self, config: Map<String, Value>) -> Self {
        self.network_config = Some(config);
        self
    }

    /// Lands the rows in this table, and not in the one that the platform names
    /// ([`PipelineId::landing_table`](crate::PipelineId::landing_table)).
    #[must_use]
    pub fn landing_in(
        mut self,
        table_schema: impl Into<String>,
        table_name: impl Into<String>,
    ) -> Self {
        self.landing = Some(OutputTable {
            table_schema: table_schema.into(),
            table_name: table_name.into(),
        });
        self
    }
}

impl JdbcPlugin {
    /// The word that the API uses.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Mysql => "mysql",
            Self::Postgresql => "postgresql",
            Self::Oracle => "oracle",
            Self::Sqlserver => "sqlserver",
            Self::Other(word) => word,
        }
    }
}

impl From<&str> for JdbcPlugin {
    fn from(word: &str) -> Self {
        match word {
            "mysql" => Self::Mysql,
            "postgresql" => Self::Postgresql,
            "oracle" => Self::Oracle,
            "sqlserver" => Self::Sqlserver,
            other => Self::Other(other.to_owned()),
        }
    }
}

impl From<String> for JdbcPlugin {
    fn from(word: String) -> Self {
        word.as_str().into()
    }
}

impl From<&String> for JdbcPlugin {
    fn from(word: &String) -> Self {
        word.as_str().into()
    }
}

impl fmt::Display for JdbcPlugin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl From<NewJdbcJob> for types::NewJob {
    fn from(job: NewJdbcJob) -> Self {
        let (load_type, column, column_type, primary_keys) = match job.load {
            Load::Full => (
                LoadType::FullLoad,
                Maybe::Absent,
                Maybe::Absent,
                Maybe::Absent,
            ),
            Load::Incremental {
                column,
                column_type,
                primary_keys,
            } => (
                match &primary_keys {
                    None => LoadType::Incremental,
                    Some(_) => LoadType::IncrementalWithQualify,
                },
                Maybe::Value(column),
                Maybe::Value(column_type),
                primary_keys.map_or(Maybe::Absent, Maybe::Value),
            ),
        };
        let mut made = into_warehouse(types::JobInput {
            table_schema: Maybe::Value(job.table_schema),
            table_name: Some(job.table_name),
            // Null reads every column; a field that is left out does not say so.
            column_include_list: job.columns.map_or(Maybe::Null, Maybe::Value),
            load_type: Some(load_type),
            incremental_column_name: column,
            incremental_column_type: column_type,
            primary_keys,
            network_config: job.network_config.map_or(Maybe::Absent, Maybe::Value),
            auth_parameters: Some(types::AuthParameters {
                auth_type: AuthParametersAuthType::ConnectionManager,
                config_id: job.connection_id,
                extra: Map::new(),
            }),
            ..blank(Connector::Jdbc, job.plugin.as_str().to_owned())
        });
        made.output.raw = job.landing;
        made
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
    fn the_last_word_on_how_it_loads_takes_the_place_of_the_first() {
        let job = NewJdbcJob::new("mysql", "s", "t", "c")
            .incremental_with_qualify("at", "date", ["id"])
            .incremental("at", "date");
        let input = types::NewJob::from(job).input;
        assert_eq!(input.load_type, Some(LoadType::Incremental));
        assert!(matches!(input.primary_keys, Maybe::Absent));
    }
}
