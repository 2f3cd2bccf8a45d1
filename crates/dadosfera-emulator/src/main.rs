//! The command `dadosfera-emulator`: starts one emulator and says how to sign in to it.

use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser;
use dadosfera_emulator::command;

/// The Dadosfera Maestro API, alive on this machine.
#[derive(Parser)]
#[command(version)]
struct Whole {
    #[command(flatten)]
    arguments: command::Arguments,
}

#[tokio::main]
async fn main() -> ExitCode {
    match command::run(&Whole::parse().arguments).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            // Nobody is left to tell if even this fails.
            let _ = writeln!(std::io::stderr(), "error: {why}");
            ExitCode::FAILURE
        }
    }
}
