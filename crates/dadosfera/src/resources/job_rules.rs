//! The rules of a job's input, checked before it is sent. Each refusal names the field by its path in the request.
//!
//! JDBC: one of four plugins; both incremental modes need a column and its type, `incremental_with_qualify` also primary
//! keys. MongoDB reads whole collections only. Vocabularies are open: of a connector that we do not know nothing is refused.

use dadosfera_raw::Maybe;
use dadosfera_raw::types::{Connector, JobInput, LoadType, NewJob, ReplicationMethod};

use crate::error::Error;
use crate::input;

/// The databases that JDBC jobs read (documented).
pub(crate) const JDBC_PLUGINS: [&str; 4] = ["mysql", "postgresql", "oracle", "sqlserver"];
/// Documented for PostgreSQL, beside the three generic names.
const POSTGRESQL_TYPES: [&str; 10] = [
    "number",
    "date",
    "timestamp",
    "timestamp with time zone",
    "timestamp without time zone",
    "integer",
    "bigint",
    "smallint",
    "serial",
    "bigserial",
];

/// What tells new rows from old ones.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Load<'a> {
    pub(crate) mode: &'a LoadType,
    pub(crate) column: Option<&'a str>,
    pub(crate) column_type: Option<&'a str>,
    pub(crate) primary_keys: Option<&'a [String]>,
}

/// Checks the jobs of a pipeline.
pub(crate) fn jobs(jobs: &[NewJob]) -> Result<(), Error> {
    let Some(first) = jobs.first() else {
        return Err(Error::invalid_field(
            "jobs",
            "is empty",
            "add at least one job with job(..)",
        ));
    };
    for (index, job) in jobs.iter().enumerate() {
        let path = format!("jobs[{index}].input");
        if job.input.connector != first.input.connector {
            return Err(Error::invalid_field(
                format!("{path}.connector"),
                format_args!(
                    "is `{}`, and that of jobs[0] is `{}`",
                    job.input.connector, first.input.connector
                ),
                "all jobs of a pipeline share one connector: make a pipeline for each",
            ));
        }
        check(&path, &job.input)?;
    }
    Ok(())
}

fn check(path: &str, input: &JobInput) -> Result<(), Error> {
    let at = |field: &str| format!("{path}.{field}");
    input::name(&at("plugin"), &input.plugin)?;
    if let Maybe::Value(columns) = &input.column_include_list {
        input::names(
            &at("column_include_list"),
            columns,
            "leave it out to read every column",
        )?;
    }
    if let Some(auth) = &input.auth_parameters {
        input::name(&at("auth_parameters.config_id"), &auth.config_id)?;
    }
    match input.connector {
        Connector::Jdbc => jdbc(path, input),
        Connector::Mongodb => {
            input::name(&at("table_name"), text(input.table_name.as_ref()))?;
            match &input.replication_method {
                None | Some(ReplicationMethod::FullTable) => Ok(()),
                Some(other) => Err(Error::invalid_field(
                    at("replication_method"),
                    format_args!("is `{other}`"),
                    "MongoDB reads whole collections only: FULL_TABLE",
                )),
            }
        }
        Connector::Singer => input::name(&at("table_name"), text(input.table_name.as_ref())),
        Connector::S3 | Connector::Azure => {
            input::name(&at("source_bucket"), text(input.source_bucket.as_ref()))?;
            if text(input.source_prefix.as_ref()).trim().is_empty() {
                return Err(Error::invalid_field(
                    at("source_prefix"),
                    "is empty",
                    "say which files: a folder or a file in the bucket",
                ));
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

fn jdbc(path: &str, input: &JobInput) -> Result<(), Error> {
    let at = |field: &str| format!("{path}.{field}");
    if !JDBC_PLUGINS.contains(&input.plugin.as_str()) {
        return Err(Error::invalid_field(
            at("plugin"),
            format_args!("`{}` is no JDBC plugin", input.plugin.escape_debug()),
            format!("it is one of {}", JDBC_PLUGINS.join(", ")),
        ));
    }
    let schema = match &input.table_schema {
        Maybe::Value(schema) => schema.as_str(),
        _ => "",
    };
    input::name(&at("table_schema"), schema)?;
    input::name(&at("table_name"), text(input.table_name.as_ref()))?;
    if input.replication_method.is_some() {
        return Err(Error::invalid_field(
            at("replication_method"),
            "is set",
            "a JDBC job loads as its load_type says",
        ));
    }
    let Some(mode) = &input.load_type else {
        return Ok(());
    };
    let value = |maybe: &'_ Maybe<String>| match maybe {
        Maybe::Value(text) => Some(text.clone()),
        _ => None,
    };
    let (column, column_type) = (
        value(&input.incremental_column_name),
        value(&input.incremental_column_type),
    );
    let keys = match &input.primary_keys {
        Maybe::Value(keys) => Some(keys.as_slice()),
        _ => None,
    };
    let load = Load {
        mode,
        column: column.as_deref(),
        column_type: column_type.as_deref(),
        primary_keys: keys,
    };
    load.check(path, Some(&input.plugin))
}

impl Load<'_> {
    /// Checks what the mode needs. `path` is empty where the fields stand at the root of the request.
    pub(crate) fn check(&self, path: &str, plugin: Option<&str>) -> Result<(), Error> {
        let at = |field: &str| match path {
            "" => field.to_owned(),
            path => format!("{path}.{field}"),
        };
        if !matches!(
            self.mode,
            LoadType::Incremental | LoadType::IncrementalWithQualify
        ) {
            return Ok(());
        }
        input::name(
            &at("incremental_column_name"),
            self.column.unwrap_or_default(),
        )?;
        let column_type = self.column_type.unwrap_or_default();
        input::name(&at("incremental_column_type"), column_type)?;
        if plugin == Some("postgresql")
            && !POSTGRESQL_TYPES.contains(&column_type.to_ascii_lowercase().as_str())
        {
            return Err(Error::invalid_field(
                at("incremental_column_type"),
                format_args!("`{}` cannot tell new rows", column_type.escape_debug()),
                format!("PostgreSQL takes {}", POSTGRESQL_TYPES.join(", ")),
            ));
        }
        if *self.mode == LoadType::IncrementalWithQualify {
            input::names(
                &at("primary_keys"),
                self.primary_keys.unwrap_or_default(),
                "name the columns that tell one row from another",
            )?;
        }
        Ok(())
    }
}

fn text(value: Option<&String>) -> &str {
    value.map_or("", String::as_str)
}
