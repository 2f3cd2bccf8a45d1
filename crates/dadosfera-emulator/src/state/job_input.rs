//! What a job's input may hold, and what each connector makes of it.
//!
//! JDBC: `plugin` is one of four, `table_schema` and `table_name` are needed, `load_type` decides the rest:
//! both incremental modes need `incremental_column_name` and `incremental_column_type`, `incremental_with_qualify` also
//! `primary_keys`. MongoDB reads whole tables only. Every other connector takes `replication_method` INCREMENTAL or
//! FULL_TABLE. The vocabulary of connectors is open, and so are the fields that no rule names.

use serde_json::{Map, Value};

/// A JSON object, as jobs keep their input and output.
pub(crate) type Fields = Map<String, Value>;

const JDBC_PLUGINS: [&str; 4] = ["mysql", "postgresql", "oracle", "sqlserver"];
/// Documented for PostgreSQL, beside the three generic names.
const POSTGRESQL_COLUMN_TYPES: [&str; 10] = [
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

/// Fields that say what a job is; a job that reads something else is another job.
const READ_ONLY: [&str; 5] = ["connector", "plugin", "load_type", "job_id", "pipeline_id"];

/// How a JDBC job loads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LoadType {
    FullLoad,
    Incremental,
    IncrementalWithQualify,
}

impl LoadType {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        match text {
            "full_load" => Some(Self::FullLoad),
            "incremental" => Some(Self::Incremental),
            "incremental_with_qualify" => Some(Self::IncrementalWithQualify),
            _ => None,
        }
    }

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::FullLoad => "full_load",
            Self::Incremental => "incremental",
            Self::IncrementalWithQualify => "incremental_with_qualify",
        }
    }

    pub(crate) fn is_incremental(self) -> bool {
        self != Self::FullLoad
    }
}

/// Text of a field that is there and a string.
pub(crate) fn text<'a>(fields: &'a Fields, name: &str) -> Option<&'a str> {
    fields.get(name).and_then(Value::as_str)
}

/// How this input loads; without `load_type` it is a full load.
pub(crate) fn load_type(input: &Fields) -> LoadType {
    text(input, "load_type")
        .and_then(LoadType::parse)
        .unwrap_or(LoadType::FullLoad)
}

/// Whether the input obeys every rule; the error is a text for the caller.
pub(crate) fn check(input: &Fields) -> Result<(), String> {
    check_shapes(input)?;
    let connector = required(input, "connector")?;
    let plugin = required(input, "plugin")?;
    match connector {
        "jdbc" => check_jdbc(input, plugin),
        "mongodb" => match text(input, "replication_method") {
            None | Some("FULL_TABLE") => Ok(()),
            Some(_) => Err("replication_method of mongodb must be FULL_TABLE".into()),
        },
        _ => match text(input, "replication_method") {
            None | Some("INCREMENTAL" | "FULL_TABLE") => Ok(()),
            Some(_) => Err("replication_method must be one of INCREMENTAL, FULL_TABLE".into()),
        },
    }
}

/// Puts new fields into an input, and names what was sent; the result is checked before it counts.
///
/// `column_include_list` is a union with what is there; where nothing is there, it becomes the list.
pub(crate) fn patch(input: &Fields, fields: &Fields) -> Result<(Fields, Vec<String>), String> {
    if let Some(name) = READ_ONLY.iter().find(|name| fields.contains_key(**name)) {
        return Err(format!("Property {name} is read only"));
    }
    check_shapes(fields)?;
    let mut patched = input.clone();
    for (name, value) in fields {
        let value = match (name.as_str(), value) {
            ("column_include_list", Value::Array(columns)) => {
                union(input.get("column_include_list"), columns)
            }
            _ => value.clone(),
        };
        patched.insert(name.clone(), value);
    }
    check(&patched)?;
    let mut names: Vec<String> = fields.keys().cloned().collect();
    names.sort();
    Ok((patched, names))
}

/// What is needed to load incrementally, whoever asks for it.
pub(crate) fn check_load(input: &Fields, load_type: LoadType) -> Result<(), String> {
    if !load_type.is_incremental() {
        return Ok(());
    }
    for name in ["incremental_column_name", "incremental_column_type"] {
        if text(input, name).is_none_or(str::is_empty) {
            return Err(format!("{name} is required for {}", load_type.as_str()));
        }
    }
    let column_type = text(input, "incremental_column_type").unwrap_or_default();
    if text(input, "plugin") == Some("postgresql")
        && !POSTGRESQL_COLUMN_TYPES.contains(&column_type.to_ascii_lowercase().as_str())
    {
        return Err(format!(
            "incremental_column_type {column_type} is not supported for postgresql"
        ));
    }
    let keys = input.get("primary_keys").and_then(Value::as_array);
    if load_type == LoadType::IncrementalWithQualify && keys.is_none_or(Vec::is_empty) {
        return Err("primary_keys is required for incremental_with_qualify".into());
    }
    Ok(())
}

/// Whether each known field that is there has the shape that it can have.
pub(crate) fn check_shapes(input: &Fields) -> Result<(), String> {
    for (name, value) in input {
        let fits = match name.as_str() {
            "connector" | "plugin" | "table_name" | "load_type" | "replication_method"
            | "source_bucket" | "source_prefix" => {
                value.as_str().is_some_and(|text| !text.is_empty())
            }
            "table_schema" | "incremental_column_name" | "incremental_column_type" => {
                value.is_string() || value.is_null()
            }
            "column_include_list" | "primary_keys" => value.is_null() || is_texts(value),
            "network_config" => value.is_null() || value.is_object(),
            "file_format_params" => value.is_object(),
            "auth_parameters" => value.as_object().is_some_and(|fields| {
                text(fields, "auth_type").is_some() && text(fields, "config_id").is_some()
            }),
            _ => true,
        };
        if !fits {
            return Err(format!("{name} is invalid"));
        }
    }
    Ok(())
}

fn check_jdbc(input: &Fields, plugin: &str) -> Result<(), String> {
    if !JDBC_PLUGINS.contains(&plugin) {
        return Err(format!(
            "plugin of jdbc must be one of {}",
            JDBC_PLUGINS.join(", ")
        ));
    }
    required(input, "table_schema")?;
    required(input, "table_name")?;
    let load_type = match text(input, "load_type") {
        None => LoadType::FullLoad,
        Some(name) => LoadType::parse(name).ok_or_else(unknown_load_type)?,
    };
    check_load(input, load_type)
}

/// The text for a load type that is none.
pub(crate) fn unknown_load_type() -> String {
    "load_type must be one of full_load, incremental, incremental_with_qualify".into()
}

fn required<'a>(input: &'a Fields, name: &str) -> Result<&'a str, String> {
    text(input, name)
        .filter(|text| !text.is_empty())
        .ok_or_else(|| format!("{name} is required"))
}

fn is_texts(value: &Value) -> bool {
    value.as_array().is_some_and(|items| {
        items
            .iter()
            .all(|item| item.as_str().is_some_and(|text| !text.is_empty()))
    })
}

fn union(there: Option<&Value>, more: &[Value]) -> Value {
    let mut columns = there.and_then(Value::as_array).cloned().unwrap_or_default();
    for column in more {
        if !columns.contains(column) {
            columns.push(column.clone());
        }
    }
    Value::Array(columns)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fields(value: Value) -> Fields {
        match value {
            Value::Object(fields) => fields,
            other => panic!("no object: {other}"),
        }
    }

    fn orders() -> Fields {
        fields(json!({
            "connector": "jdbc", "plugin": "mysql", "table_schema": "cadastros", "table_name": "pedidos",
            "load_type": "full_load", "column_include_list": ["id", "valor"],
        }))
    }

    #[test]
    fn each_load_type_needs_its_fields() {
        let mut input = orders();
        assert_eq!(check(&input), Ok(()));
        input.insert("load_type".into(), json!("incremental"));
        assert_eq!(
            check(&input),
            Err("incremental_column_name is required for incremental".into())
        );
        input.insert("incremental_column_name".into(), json!("updated_at"));
        input.insert("incremental_column_type".into(), json!("timestamp"));
        assert_eq!(check(&input), Ok(()));
        input.insert("load_type".into(), json!("incremental_with_qualify"));
        assert_eq!(
            check(&input),
            Err("primary_keys is required for incremental_with_qualify".into())
        );
        input.insert("primary_keys".into(), json!(["id"]));
        assert_eq!(check(&input), Ok(()));
    }

    #[test]
    fn a_native_column_type_is_judged_for_postgresql_alone() {
        let mut input = orders();
        input.extend(fields(json!({
            "load_type": "incremental", "incremental_column_name": "at", "incremental_column_type": "datetime",
        })));
        assert_eq!(check(&input), Ok(()));
        input.insert("plugin".into(), json!("postgresql"));
        assert!(check(&input).is_err());
        input.insert(
            "incremental_column_type".into(),
            json!("timestamp with time zone"),
        );
        assert_eq!(check(&input), Ok(()));
    }

    #[test]
    fn columns_are_joined_and_named_as_updated() {
        let sent = fields(json!({"column_include_list": ["valor", "status"]}));
        let (patched, names) = patch(&orders(), &sent).unwrap();
        assert_eq!(
            patched["column_include_list"],
            json!(["id", "valor", "status"])
        );
        assert_eq!(names, ["column_include_list"]);
    }

    #[test]
    fn what_a_job_is_cannot_be_patched() {
        for name in READ_ONLY {
            let sent = fields(json!({ name: "mongodb" }));
            assert_eq!(
                patch(&orders(), &sent),
                Err(format!("Property {name} is read only"))
            );
        }
    }

    #[test]
    fn a_patch_that_breaks_a_rule_is_refused() {
        for sent in [
            json!({"table_name": ""}),
            json!({"table_name": null}),
            json!({"column_include_list": [1]}),
            json!({"auth_parameters": {"auth_type": "connection_manager"}}),
        ] {
            assert!(patch(&orders(), &fields(sent.clone())).is_err(), "{sent}");
        }
    }

    #[test]
    fn mongodb_reads_whole_tables_only() {
        let mut input =
            fields(json!({"connector": "mongodb", "plugin": "mongodb", "table_name": "t"}));
        assert_eq!(check(&input), Ok(()));
        input.insert("replication_method".into(), json!("INCREMENTAL"));
        assert!(check(&input).is_err());
    }
}
