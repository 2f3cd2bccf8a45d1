//! The command `dadosfera`: the Dadosfera Maestro API from a shell.

mod api_keys;
mod arguments;
mod can;
mod catalog;
mod connections;
mod document;
mod ensure;
mod failure;
mod jobs;
mod output;
mod pipelines;
mod progress;
mod runs;
mod session;
mod storage;
mod tables;
mod users;

use std::process::ExitCode;

use clap::{CommandFactory as _, Parser as _};

use self::arguments::{Arguments, Command};
use self::failure::Failure;
use self::output::Output;

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.tell(),
    }
}

async fn run(arguments: Arguments) -> Result<(), Failure> {
    let output = Output::new(arguments.wants_json());
    let client = || arguments.client();
    match &arguments.command {
        Command::Emulator(options) => dadosfera_emulator::command::run(options)
            .await
            .map_err(Failure::usage),
        Command::Whoami { explain: true } => session::explain(&client()?, output),
        Command::Whoami { explain: false } => session::whoami(&client()?, output).await,
        Command::Can { operations } => can::run(&client()?, output, operations).await,
        Command::Health => session::health(&arguments.anonymous_client()?, output).await,
        Command::Pipelines(verb) => pipelines::run(&client()?, output, verb).await,
        Command::Runs(verb) => runs::run(&client()?, output, verb).await,
        Command::Jobs(verb) => jobs::run(&client()?, output, verb).await,
        Command::Connections(verb) => connections::run(&client()?, output, verb).await,
        Command::Catalog(verb) => catalog::run(&client()?, output, verb).await,
        Command::Storage(verb) => storage::run(&client()?, output, verb).await,
        Command::Tables(verb) => tables::run(&client()?, output, verb).await,
        Command::Datasets => tables::datasets(&client()?, output).await,
        Command::Users(verb) => users::run(&client()?, output, verb).await,
        Command::ApiKeys(verb) => api_keys::run(&client()?, output, verb).await,
        Command::Permissions => api_keys::permissions(&client()?, output).await,
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut Arguments::command(), "dadosfera", &mut script);
            output.text(&String::from_utf8_lossy(&script))
        }
    }
}
