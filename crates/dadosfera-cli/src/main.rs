//! The command `dadosfera`: the Dadosfera Maestro API from a shell.

mod api_keys;
mod arguments;
mod failure;
mod output;
mod pipelines;
mod runs;
mod session;

use std::process::ExitCode;

use clap::Parser as _;

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
    let output = Output::new(arguments.json);
    let client = || arguments.client();
    match &arguments.command {
        Command::Emulator(options) => dadosfera_emulator::command::run(options)
            .await
            .map_err(Failure::usage),
        Command::Whoami => session::whoami(&client()?, output).await,
        Command::Health => session::health(&arguments.anonymous_client()?, output).await,
        Command::Pipelines(verb) => pipelines::run(&client()?, output, verb).await,
        Command::Runs(verb) => runs::run(&client()?, output, verb).await,
        Command::ApiKeys(verb) => api_keys::run(&client()?, output, verb).await,
        Command::Permissions => api_keys::permissions(&client()?, output).await,
    }
}
