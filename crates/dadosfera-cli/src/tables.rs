//! `dadosfera tables` and `dadosfera datasets`.

use std::path::PathBuf;

use clap::Subcommand;
use dadosfera::{Client, TableFromFile, Upload, types};
use serde_json::json;

use crate::failure::Failure;
use crate::output::Output;
use crate::progress::Progress;

#[derive(Debug, Subcommand)]
pub(crate) enum TablesVerb {
    /// List the tables
    List,
    /// Show one table with its columns
    Get { id: String },
    /// Make a table from a CSV, JSON-lines or Parquet file of this machine
    Create {
        name: String,
        /// The file, which is stored as well
        #[arg(long)]
        from: PathBuf,
        /// The folder in storage that the file goes to
        #[arg(long, default_value = "/tables", value_name = "FOLDER")]
        to: String,
        #[arg(long)]
        schema: Option<String>,
        #[arg(long)]
        description: Option<String>,
    },
    /// Delete a table with its rows
    Delete { id: String },
}

pub(crate) async fn run(client: &Client, output: Output, verb: &TablesVerb) -> Result<(), Failure> {
    match verb {
        TablesVerb::List => {
            let tables = client.tables().list().await?;
            output.rows(
                &tables,
                ["TABLE", "SCHEMA", "NAME", "COLUMNS", "ROWS", "UPDATED"],
                |table| {
                    [
                        table.id.clone(),
                        table.schema.clone(),
                        table.name.clone(),
                        table.columns.len().to_string(),
                        table.rows.to_string(),
                        table.updated_at.to_string(),
                    ]
                },
            )
        }
        TablesVerb::Get { id } => {
            let table = client.tables().get(id.as_str()).await?;
            output.value(&table, || described(&table))
        }
        TablesVerb::Create {
            name,
            from,
            to,
            schema,
            description,
        } => {
            let upload = Upload::path(from).skip_if_there();
            let upload = match Progress::start() {
                None => upload,
                Some(progress) => {
                    let shown = from.display().to_string();
                    upload.with_progress(move |it| progress.show(&shown, it.done, it.total))
                }
            };
            let mut table = TableFromFile::new(name, to, upload);
            if let Some(schema) = schema {
                table = table.schema(schema);
            }
            if let Some(description) = description {
                table = table.description(description);
            }
            let table = client.tables().from_file(table).await?;
            output.value(&table, || {
                format!(
                    "{} created: {}.{} with {} rows\n",
                    table.id, table.schema, table.name, table.rows
                )
            })
        }
        TablesVerb::Delete { id } => {
            client.tables().delete(id.as_str()).await?;
            output.value(&json!({ "id": id, "done": "deleted" }), || {
                format!("{id} deleted\n")
            })
        }
    }
}

pub(crate) async fn datasets(client: &Client, output: Output) -> Result<(), Failure> {
    let datasets = client.datasets().list().await?;
    output.rows(
        &datasets,
        ["DATASET", "FORMAT", "ROWS", "PATH"],
        |dataset| {
            [
                dataset.id.clone(),
                dataset.format.to_string(),
                dataset.rows.to_string(),
                dataset.path.clone(),
            ]
        },
    )
}

fn described(table: &types::Table) -> String {
    let mut text = format!(
        "id       {}\nname     {}.{}\nrows     {}\nupdated  {}\n",
        table.id, table.schema, table.name, table.rows, table.updated_at
    );
    for column in &table.columns {
        text.push_str(&format!("column   {} {}\n", column.name, column.type_));
    }
    text
}
