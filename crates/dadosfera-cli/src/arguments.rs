//! What can be asked for. Secrets are no arguments: other users of the machine can read those.

use clap::{Args, Parser, Subcommand, ValueEnum};
use dadosfera::{Client, Error};

use crate::catalog::CatalogVerb;
use crate::connections::ConnectionsVerb;
use crate::ensure::EnsurePipeline;
use crate::jobs::JobsVerb;
use crate::storage::StorageVerb;
use crate::tables::TablesVerb;
use crate::users::UsersVerb;

/// The Dadosfera Maestro API from a shell.
///
/// Credentials come from the environment (DADOSFERA_USERNAME and DADOSFERA_PASSWORD, with DADOSFERA_TOTP or
/// DADOSFERA_TOTP_SECRET where the account has a second factor, or DADOSFERA_API_KEY) or from a profile, never from
/// arguments.
#[derive(Debug, Parser)]
#[command(
    name = "dadosfera",
    version,
    after_help = "Exit codes: 0 done; 1 the API refused or was not reached; 2 wrong usage or configuration; 3 the run failed; 4 the run had not ended in time; 5 something differs (catalog plan --detailed-exitcode)."
)]
pub(crate) struct Arguments {
    /// The profile in the configuration files
    #[arg(long, global = true)]
    profile: Option<String>,
    /// Another host than production, such as an emulator's
    #[arg(long, global = true, value_name = "URL")]
    base_url: Option<String>,
    /// How the answer is printed
    #[arg(long, global = true, value_enum, default_value_t = Format::Table, value_name = "FORMAT")]
    output: Format,
    /// Short for --output json
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// How an answer is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    Table,
    /// For programs
    Json,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Start an emulator of the API on this machine
    Emulator(dadosfera_emulator::command::Arguments),
    /// Sign in and tell who that is and what they may do
    Whoami {
        /// Tell where each credential comes from and which sources were passed over; nothing is sent
        #[arg(long)]
        explain: bool,
    },
    /// Tell whether you may do all of these operations, before the first is done; only a sign-in is sent
    Can {
        /// As the table of operations names them, such as create_pipeline or execute_pipeline
        #[arg(required = true)]
        operations: Vec<String>,
    },
    /// Ask whether the service is up
    Health,
    /// List, create, ensure, run and change pipelines
    #[command(subcommand)]
    Pipelines(PipelinesVerb),
    /// Look at the runs of a pipeline, and wait for one
    #[command(subcommand)]
    Runs(RunsVerb),
    /// Look at jobs, and change how they load
    #[command(subcommand)]
    Jobs(JobsVerb),
    /// List, ensure, try and delete connections
    #[command(subcommand)]
    Connections(ConnectionsVerb),
    /// Search the catalog, ensure an asset, and make all as a manifest says
    #[command(subcommand)]
    Catalog(CatalogVerb),
    /// List, upload, download and delete files
    #[command(subcommand)]
    Storage(StorageVerb),
    /// List, make and delete tables
    #[command(subcommand)]
    Tables(TablesVerb),
    /// List the datasets that uploads became
    Datasets,
    /// List and delete users
    #[command(subcommand)]
    Users(UsersVerb),
    /// List, create and delete API keys
    #[command(subcommand)]
    ApiKeys(ApiKeysVerb),
    /// List the permissions that an API key can hold
    Permissions,
    /// Print a script that completes this command in a shell
    Completions { shell: clap_complete::Shell },
}

#[derive(Debug, Subcommand)]
pub(crate) enum PipelinesVerb {
    /// List all pipelines
    List,
    /// Show one pipeline
    Get { id: String },
    /// Create a pipeline that copies one table of a database
    Create(Box<CreatePipeline>),
    /// Make sure that there is a pipeline as a file describes it: created, changed where it differs, or left alone
    Ensure(EnsurePipeline),
    /// Delete a pipeline with its jobs, states and runs
    Delete { id: String },
    /// Start a run
    Run {
        id: String,
        /// Wait for the run to end
        #[arg(long)]
        wait: bool,
        /// How long to wait, in seconds
        #[arg(
            long,
            default_value_t = 3600,
            value_name = "SECONDS",
            requires = "wait"
        )]
        limit: u64,
    },
    /// Stop the schedule and manual runs
    Pause { id: String },
    /// Let a paused pipeline run again
    Unpause { id: String },
    /// Set the memory of its runs, in MB
    Memory { id: String, megabytes: u32 },
}

#[derive(Debug, Args)]
pub(crate) struct CreatePipeline {
    #[arg(long)]
    pub(crate) name: String,
    /// mysql, postgresql, oracle or sqlserver
    #[arg(long)]
    pub(crate) plugin: String,
    /// The schema of the source table
    #[arg(long)]
    pub(crate) schema: String,
    /// The source table
    #[arg(long)]
    pub(crate) table: String,
    /// The id of the connection
    #[arg(long)]
    pub(crate) connection: String,
    /// Only these columns
    #[arg(long, value_delimiter = ',')]
    pub(crate) columns: Vec<String>,
    /// Load only rows that are newer by this column, as NAME:TYPE
    #[arg(long, value_name = "NAME:TYPE", value_parser = name_and_type)]
    pub(crate) incremental: Option<(String, String)>,
    /// When it runs; without it only when told to
    #[arg(long)]
    pub(crate) cron: Option<String>,
    #[arg(long)]
    pub(crate) description: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum RunsVerb {
    /// List the runs of a pipeline, newest first
    List { pipeline: String },
    /// Show one run
    Get { pipeline: String, run: String },
    /// Wait for a run to end, and tell how it goes
    Wait {
        pipeline: String,
        /// The run; the newest one unless given
        run: Option<String>,
        /// How long to wait, in seconds
        #[arg(long, default_value_t = 3600, value_name = "SECONDS")]
        limit: u64,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum ApiKeysVerb {
    /// List the keys, masked
    List,
    /// Create a key; it is shown this once, on standard output
    Create {
        /// The name of a permission that the key holds; repeat it for more
        #[arg(long = "permission", required = true, value_name = "NAME")]
        permissions: Vec<String>,
    },
    /// Delete a key, which stops working at once
    Delete { id: String },
}

impl Arguments {
    /// Whether the answer is for a program.
    pub(crate) fn wants_json(&self) -> bool {
        self.json || self.output == Format::Json
    }

    /// A client from the environment, the profile and the options.
    pub(crate) fn client(&self) -> Result<Client, Error> {
        self.builder().build()
    }

    /// A client for what needs no credentials.
    pub(crate) fn anonymous_client(&self) -> Result<Client, Error> {
        self.builder().anonymous().build()
    }

    fn builder(&self) -> dadosfera::ClientBuilder {
        let mut builder = Client::builder().from_env();
        if let Some(profile) = &self.profile {
            builder = builder.profile(profile);
        }
        if let Some(url) = &self.base_url {
            builder = builder.base_url(url);
        }
        builder
    }
}

/// Takes `NAME:TYPE` apart.
pub(crate) fn name_and_type(text: &str) -> Result<(String, String), String> {
    match text.split_once(':') {
        Some((name, kind)) if !name.is_empty() && !kind.is_empty() => {
            Ok((name.to_owned(), kind.to_owned()))
        }
        _ => Err("write it as NAME:TYPE, such as updated_at:timestamp".to_owned()),
    }
}
