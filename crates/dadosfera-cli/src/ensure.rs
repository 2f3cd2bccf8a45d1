//! `ensure` of pipelines, connections and assets: what a file describes is there once, and as it says.

use std::path::PathBuf;

use clap::Args;
use dadosfera::{Client, Done, NewPipeline, PipelineId, types};
use serde_json::{Map, Value, json};

use crate::document::Document;
use crate::failure::Failure;
use crate::output::Output;

#[derive(Debug, Args)]
pub(crate) struct EnsurePipeline {
    /// A .toml or .json file with name, description, cron and jobs, as the API writes them
    file: PathBuf,
    /// Let the API judge what this version does not know
    #[arg(long)]
    unchecked: bool,
}

#[derive(Debug, Args)]
pub(crate) struct EnsureConnection {
    /// A .toml or .json file with name, plugin and config, as the API writes them
    file: PathBuf,
    /// Take a field of config from an environment variable, so that it stands in no file; repeat it for more
    // Read by us and not by a parser of clap's, which repeats what it does not understand: it may be the secret itself.
    #[arg(long = "secret", value_name = "FIELD=VARIABLE")]
    secrets: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct EnsureAsset {
    /// A .toml or .json file with display_name, data_asset_type, description, tags and links, as the API writes them
    file: PathBuf,
}

pub(crate) async fn pipeline(
    client: &Client,
    output: Output,
    arguments: &EnsurePipeline,
) -> Result<(), Failure> {
    const FIELDS: [&str; 5] = ["cron", "description", "id", "jobs", "name"];
    let document = Document::read(&arguments.file, &FIELDS)?;
    let mut pipeline = NewPipeline::new(document.needed("name")?);
    if let Some(id) = document.text("id")? {
        pipeline = pipeline.id(PipelineId::new(id)?);
    }
    if let Some(text) = document.text("description")? {
        pipeline = pipeline.description(text);
    }
    if let Some(expression) = document.text("cron")? {
        pipeline = pipeline.cron(expression);
    }
    let jobs = match document.fields.get("jobs") {
        Some(Value::Array(jobs)) => jobs.as_slice(),
        None => return Err(document.wrong("jobs", "is missing")),
        Some(_) => return Err(document.wrong("jobs", "is no list")),
    };
    for (index, job) in jobs.iter().enumerate() {
        pipeline = pipeline.job(read_job(&document, index, job, arguments.unchecked)?);
    }
    if arguments.unchecked {
        pipeline = pipeline.unchecked();
    }
    let ensured = client.pipelines().ensure(pipeline).await?;
    told(output, ensured.id.as_str(), &ensured.done)
}

/// A job; without an output it lands in the platform's warehouse.
fn read_job(
    document: &Document,
    index: usize,
    job: &Value,
    is_unchecked: bool,
) -> Result<types::NewJob, Failure> {
    let path = format!("jobs[{index}]");
    let Value::Object(job) = job else {
        return Err(document.wrong(&path, "is no table"));
    };
    document.only(
        job,
        &format!("{path}."),
        &["input", "output", "transformations"],
    )?;
    let mut job = job.clone();
    job.entry("output")
        .or_insert_with(|| json!({ "plugin": "dadosfera_snowflake" }));
    let job: types::NewJob = serde_json::from_value(Value::Object(job))
        .map_err(|error| document.wrong(&path, &format!("is no job: {error}")))?;
    match job.input.extra.keys().next() {
        Some(unknown) if !is_unchecked => Err(document.wrong(
            &format!("{path}.input.{}", unknown.escape_debug()),
            "is no field that is known; --unchecked sends it all the same",
        )),
        _ => Ok(job),
    }
}

pub(crate) async fn connection(
    client: &Client,
    output: Output,
    arguments: &EnsureConnection,
) -> Result<(), Failure> {
    let document = Document::read(&arguments.file, &["config", "name", "plugin"])?;
    let mut config = match document.fields.get("config") {
        Some(Value::Object(config)) => config.clone(),
        None => Map::new(),
        Some(_) => return Err(document.wrong("config", "is no table")),
    };
    for given in &arguments.secrets {
        let (field, variable) = field_and_variable(given)?;
        let secret = std::env::var(variable).map_err(|_| {
            // What was given may be the secret itself.
            Failure::usage(format!(
                "--secret {field}=…: no environment variable of this name is set; give the name of the one that holds the secret"
            ))
        })?;
        config.insert(field.to_owned(), secret.into());
    }
    let wanted = types::CreateConnectionRequest {
        name: document.needed("name")?,
        plugin: document.needed("plugin")?,
        config: config.into(),
    };
    let ensured = client.connections().ensure(&wanted).await?;
    told(output, ensured.id.as_str(), &ensured.done)
}

pub(crate) async fn asset(
    client: &Client,
    output: Output,
    arguments: &EnsureAsset,
) -> Result<(), Failure> {
    const FIELDS: [&str; 8] = [
        "data_asset_type",
        "description",
        "display_name",
        "embed",
        "external_url",
        "location",
        "name",
        "tags",
    ];
    let document = Document::read(&arguments.file, &FIELDS)?;
    for field in ["display_name", "data_asset_type"] {
        document.needed(field)?;
    }
    let wanted: types::CreateDataAssetRequest =
        serde_json::from_value(Value::Object(document.fields.clone()))
            .map_err(|error| document.wrong("it", &format!("describes no asset: {error}")))?;
    let ensured = client.catalog().ensure(&wanted).await?;
    told(output, ensured.id.as_str(), &ensured.done)
}

fn told(output: Output, id: &str, done: &Done) -> Result<(), Failure> {
    let (what, fields): (&str, &[String]) = match done {
        Done::Created => ("created", &[]),
        Done::Updated(fields) => ("updated", fields),
        _ => ("unchanged", &[]),
    };
    output.value(&json!({ "id": id, "done": what, "fields": fields }), || {
        let fields = if fields.is_empty() {
            String::new()
        } else {
            format!(": {}", fields.join(", "))
        };
        format!("{id} {what}{fields}\n")
    })
}

fn field_and_variable(text: &str) -> Result<(&str, &str), Failure> {
    text.split_once('=')
        .filter(|(field, variable)| !field.is_empty() && !variable.is_empty())
        .ok_or_else(|| {
            Failure::usage(
                "--secret: write it as FIELD=VARIABLE, such as password=SHOP_PASSWORD; the variable holds the secret"
                    .to_owned(),
            )
        })
}
