//! The chores of the workspace. `cargo xtask help` lists them.

mod regen;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Debug, Parser)]
#[command(name = "cargo xtask", about = "The chores of the dadosfera workspace")]
struct Arguments {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Debug, Subcommand)]
enum Chore {
    /// Make the raw client from openapi/maestro.yaml
    Regen {
        /// Write nothing; fail where a file is stale, and say why
        #[arg(long)]
        check: bool,
    },
    /// Make a client from any description, with all that is made from it in one folder
    RegenDocument {
        /// The description, YAML or JSON
        #[arg(long)]
        from: PathBuf,
        /// An existing folder
        #[arg(long)]
        out: PathBuf,
        #[arg(long)]
        check: bool,
    },
    #[command(name = regen::CHILD, hide = true)]
    GenerateChild,
}

fn main() -> ExitCode {
    let root = workspace_root();
    let outcome = match Arguments::parse().chore {
        Chore::Regen { check } => regen::run(&root, check),
        Chore::RegenDocument { from, out, check } => regen::run_for(&from, &out, check),
        Chore::GenerateChild => regen::child(),
    };
    match outcome {
        Ok(message) => {
            say(&message);
            ExitCode::SUCCESS
        }
        Err(message) => {
            complain(&message);
            ExitCode::FAILURE
        }
    }
}

/// The folder above this crate's.
fn workspace_root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_path_buf()
}

#[expect(
    clippy::print_stdout,
    reason = "the one door through which chores speak"
)]
fn say(message: &str) {
    println!("{message}");
}

#[expect(
    clippy::print_stderr,
    reason = "the one door through which chores complain"
)]
fn complain(message: &str) {
    eprintln!("{message}");
}
