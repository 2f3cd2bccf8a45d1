//! `dadosfera jobs`.

use clap::{Args, Subcommand, ValueEnum};
use dadosfera::{Client, SyncMode};
use serde_json::json;

use crate::arguments::name_and_type;
use crate::failure::Failure;
use crate::output::Output;

#[derive(Debug, Subcommand)]
pub(crate) enum JobsVerb {
    /// Show what a JDBC job reads and how
    Get { id: String },
    /// Change how a JDBC job loads, and say what becomes of its state
    SyncMode(SyncModeArguments),
    /// Make a job's next run start from the beginning
    ResetState { id: String },
    /// Set the memory of a job's runs, in MB
    Memory { id: String, megabytes: u32 },
}

#[derive(Debug, Args)]
pub(crate) struct SyncModeArguments {
    id: String,
    mode: Mode,
    /// The column that tells what is new, as NAME:TYPE
    #[arg(long, value_name = "NAME:TYPE", value_parser = name_and_type)]
    column: Option<(String, String)>,
    /// The columns that tell one row from another
    #[arg(long, value_delimiter = ',', value_name = "NAMES")]
    keys: Vec<String>,
    /// Only say what would become of the state
    #[arg(long)]
    dry_run: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Mode {
    /// Everything, each time
    FullLoad,
    /// Only what is new by a column
    Incremental,
    /// Only what is new, and the latest row of each key in a second table
    IncrementalWithQualify,
}

pub(crate) async fn run(client: &Client, output: Output, verb: &JobsVerb) -> Result<(), Failure> {
    match verb {
        JobsVerb::Get { id } => {
            let job = client.jobs().get_jdbc(id.as_str()).await?;
            output.value(&job, || {
                let input = &job.source_config;
                format!(
                    "name   {}\nreads  {} {}\nloads  {}\n",
                    job.job_name,
                    input.plugin,
                    input.table_name.as_deref().unwrap_or("-"),
                    input
                        .load_type
                        .as_ref()
                        .map_or_else(|| "-".to_owned(), ToString::to_string),
                )
            })
        }
        JobsVerb::SyncMode(arguments) => sync_mode(client, output, arguments).await,
        JobsVerb::ResetState { id } => {
            client.jobs().reset_state(id.as_str()).await?;
            output.value(&json!({ "job_id": id, "done": "state reset" }), || {
                format!("{id} starts from the beginning\n")
            })
        }
        JobsVerb::Memory { id, megabytes } => {
            let set = client.jobs().set_memory(id.as_str(), *megabytes).await?;
            output.value(&json!({ "job_id": id, "memory_mb": set }), || {
                format!("{id} memory set to {set} MB\n")
            })
        }
    }
}

async fn sync_mode(
    client: &Client,
    output: Output,
    arguments: &SyncModeArguments,
) -> Result<(), Failure> {
    let (column, kind) = arguments.column.clone().unwrap_or_default();
    let mode = match arguments.mode {
        Mode::FullLoad => SyncMode::full_load(),
        Mode::Incremental => SyncMode::incremental(column, kind),
        Mode::IncrementalWithQualify => {
            SyncMode::incremental_with_qualify(column, kind, arguments.keys.iter().cloned())
        }
    };
    let id = arguments.id.as_str();
    let plan = client.jobs().plan_sync_mode(id, &mode).await?;
    if !arguments.dry_run {
        client.jobs().set_sync_mode(id, &mode).await?;
    }
    let told = json!({
        "job_id": id,
        "from": plan.from,
        "to": plan.to,
        "state": plan.state,
        "done": !arguments.dry_run,
    });
    output.value(&told, || format!("{plan}\n"))
}
