//! The chores of the workspace. `cargo xtask help` lists them.

mod bench;
mod canary;
mod ci;
mod command;
mod description;
mod regen;
mod say;
mod surface;
mod tidy;
mod venv;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use self::command::Step;
use self::say::{complain, say};

#[derive(Debug, Parser)]
#[command(name = "cargo xtask", about = "The chores of the dadosfera workspace")]
struct Arguments {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Debug, Subcommand)]
enum Chore {
    /// Make the raw client from openapi/maestro.yaml, or a crate from a document that somebody else wrote
    Regen {
        /// Write nothing; fail where a file is stale, and say why
        #[arg(long)]
        check: bool,
        /// A document that somebody else wrote: a file, or an address of http or https. Without --out it is only compared
        /// with openapi/maestro.yaml. Credentials for it are read from $REGEN_AUTHORIZATION
        #[arg(long, value_name = "FILE|URL")]
        from: Option<String>,
        /// The folder of repairs for that document [default: openapi/repairs]
        #[arg(long, value_name = "FOLDER", requires = "from")]
        repairs: Option<PathBuf>,
        /// The folder where that document becomes a whole crate
        #[arg(long, value_name = "FOLDER", requires = "from")]
        out: Option<PathBuf>,
        /// How to say what the change means for those who call the SDK
        #[arg(long, value_enum, default_value = "text")]
        format: regen::Format,
    },
    /// Make a client from a description that keeps the rules of the house, with all that is made from it in one folder
    RegenDocument {
        /// The description, YAML or JSON
        #[arg(long)]
        from: PathBuf,
        /// An existing folder
        #[arg(long)]
        out: PathBuf,
        /// Write nothing; fail where a file is stale, and say why
        #[arg(long)]
        check: bool,
        /// How to say what the change means for those who call the client
        #[arg(long, value_enum, default_value = "text")]
        format: regen::Format,
    },
    /// Say what the change from one description to another means for those who call the SDK
    Diff {
        old: PathBuf,
        new: PathBuf,
        #[arg(long, value_enum, default_value = "text")]
        format: regen::Format,
        /// Fail where the change asks for a new major version
        #[arg(long)]
        fail_on_breaking: bool,
    },
    /// Generate, compile and try each document of the corpus
    Corpus {
        /// Write no table; fail where it is stale
        #[arg(long)]
        check: bool,
        /// Only rows whose name holds this
        #[arg(long)]
        only: Option<String>,
    },
    /// Hold a host against its description and its laws
    Conformance {
        /// `emulator`, or the base URL of a live host
        #[arg(long, default_value = "emulator")]
        target: String,
        /// Take the emulator's rules away, one at a time, and see whether laws and checks notice
        #[arg(long, conflicts_with_all = ["target", "seeds"])]
        mutants: bool,
        /// Try every law against clean emulators under this many seeds
        #[arg(long, value_name = "N", conflicts_with = "target")]
        seeds: Option<u64>,
        /// Let the engine that knows no Maestro loose on the emulator, with the description alone
        #[arg(long, conflicts_with_all = ["target", "seeds", "mutants"])]
        generic: bool,
        /// More options for the conformance binary, after `--`
        #[arg(last = true)]
        rest: Vec<String>,
    },
    /// Let the vendor's own Python client talk to the emulator
    Interop,
    /// Write the listing of the SDK's public API and its blocking form
    Api {
        /// Write nothing; fail where a file is stale, and say what changed
        #[arg(long)]
        check: bool,
    },
    /// Let schemathesis, a tester that none of us wrote, loose on the emulator
    Schemathesis,
    /// Check the rules that no compiler checks
    Tidy,
    /// Validate the description with a validator that none of us wrote
    Description,
    /// Measure against published peers, in a workspace of their own
    Bench {
        #[arg(value_enum)]
        bench: bench::Bench,
        /// Also write the result into the docs
        #[arg(long)]
        write: bool,
    },
    /// Everything that must hold before a change lands
    Ci,
    /// Make random descriptions and see that each is taken and compiles, or is refused in words
    Fuzz {
        /// How many
        #[arg(long, default_value = "1000")]
        count: u64,
        /// Where the random numbers start; the same seed makes the same descriptions
        #[arg(long, default_value = "1")]
        seed: u64,
        /// How many of those that are taken are compiled
        #[arg(long, default_value = "60")]
        compile: usize,
    },
    #[command(name = regen::CHILD, hide = true)]
    GenerateChild,
    #[command(name = regen::JOB, hide = true)]
    GenerateJob,
    #[command(name = regen::STOCK, hide = true)]
    GenerateStock { document: PathBuf, folder: PathBuf },
}

fn main() -> ExitCode {
    let root = workspace_root();
    let outcome = match Arguments::parse().chore {
        Chore::Regen {
            check,
            from: Some(from),
            repairs,
            out,
            format,
        } => regen::run_from(
            &root,
            &regen::Asked {
                from,
                repairs,
                out,
                check,
                format,
            },
        ),
        Chore::Regen { check, format, .. } => regen::run(&root, check, format),
        Chore::RegenDocument {
            from,
            out,
            check,
            format,
        } => regen::run_for(&from, &out, check, format),
        Chore::Diff {
            old,
            new,
            format,
            fail_on_breaking,
        } => regen::diff(&old, &new, format, fail_on_breaking),
        Chore::Corpus { check, only } => regen::corpus::run(&root, check, only.as_deref()),
        Chore::Conformance {
            target,
            mutants,
            seeds,
            generic,
            rest,
        } => {
            let (verb, options) = match seeds {
                _ if generic => ("generic", Vec::new()),
                _ if mutants => ("mutants", Vec::new()),
                Some(count) => ("seeds", vec!["--count".to_owned(), count.to_string()]),
                None => ("run", vec!["--target".to_owned(), target]),
            };
            conformance(&root, verb, options.into_iter().chain(rest))
        }
        Chore::Interop => conformance(&root, "interop", std::iter::empty()),
        Chore::Api { check } => surface::run(&root, check),
        Chore::Schemathesis => conformance(&root, "schemathesis", std::iter::empty()),
        Chore::Tidy => tidy::run(&root),
        Chore::Description => description::run(&root),
        Chore::Bench { bench, write } => bench::run(&root, bench, write),
        Chore::Ci => ci::run(&root),
        Chore::Fuzz {
            count,
            seed,
            compile,
        } => regen::fuzz::run(&root, count, seed, compile),
        Chore::GenerateChild => regen::child(),
        Chore::GenerateJob => regen::job(),
        Chore::GenerateStock { document, folder } => regen::stock(&document, &folder),
    };
    match outcome {
        Ok(message) => {
            if !message.is_empty() {
                say(&message);
            }
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

/// Runs the conformance binary; its own words are the outcome.
fn conformance(
    root: &Path,
    verb: &str,
    options: impl Iterator<Item = String>,
) -> Result<String, String> {
    let mut step = Step::new(
        "conformance",
        &format!("cargo run --quiet -p dadosfera-conformance -- {verb}"),
        "its words are above, and `conformance --help` lists the exit codes",
    );
    step.arguments.extend(options);
    step.run(root)?;
    Ok(format!("{verb}: done"))
}
