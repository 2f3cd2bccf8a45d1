//! The command `conformance`: what it takes, and how it ends.
//!
//! Exit codes: 0 clean, 1 a finding, 2 usage or configuration, 3 incomplete (something was not tried, so nothing is proven);
//! 7 a host that throttles; of `check` also 4 a document that cannot be used, 5 no host that answers, 6 refused credentials.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use clap::{Parser, Subcommand};

use crate::check_command::{CheckArguments, Speakers, catalogue, check, clean_check};
use crate::engine::{Drift, Ledger, Overlay};
use crate::generic_command::{GenericArguments, generic};
use crate::interop;
use crate::laws;
use crate::live_command::{LiveArguments, clean};
use crate::mutants;
use crate::report::{self, Output, View, Written};
use crate::seeds;
use crate::suite::{DESCRIPTION, Outcome, Settings, Suite};

/// Usage or configuration.
const USAGE: u8 = 2;

/// Tries a server that says it is Maestro against the description and the laws.
#[derive(Debug, Parser)]
#[command(name = "conformance", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Tries any host against any OpenAPI 3.0 document.
    ///
    /// Valid and invalid input, credentials, tenants, sequences and laws follow from the document. Another host than this
    /// machine is only read unless --write is given. Secrets come from the environment only.
    ///
    /// Exit codes: 0 clean, 1 a finding, 2 usage or configuration, 3 incomplete, 4 a document that cannot be used,
    /// 5 no host that answers as an API, 6 refused credentials, 7 a host that throttles. Reports are written whatever the end.
    #[command(verbatim_doc_comment)]
    Check(Box<CheckArguments>),
    /// Lists what `check` looks at, each with its source.
    Checks,
    /// Lets `check` loose on an emulator of ours, which must give it no finding.
    ///
    /// Exit codes: as of `check`; the worst of all seeds.
    #[command(verbatim_doc_comment)]
    Generic(GenericArguments),
    /// Tries every law and checks every answer.
    ///
    /// A live target is only read unless --write is given. Who signs in there comes from the environment:
    /// CONFORMANCE_USERNAME, CONFORMANCE_PASSWORD, CONFORMANCE_TOTP_SECRET; the same with CONFORMANCE_OTHER_ for a user
    /// of another customer, and with CONFORMANCE_LIMITED_ for one without permissions.
    ///
    /// Or from --profile, as the SDK and the shell keep it.
    ///
    /// Exit codes: 0 clean, 1 a finding, 2 usage or configuration, 3 incomplete, 7 a host that throttles.
    #[command(verbatim_doc_comment)]
    Run {
        /// `emulator`, or the base URL of a server.
        #[arg(long, default_value = "emulator", value_name = "emulator|URL")]
        target: String,
        /// Let the run write on a live target; what it makes there is removed again.
        #[arg(long)]
        write: bool,
        /// Decides every id; 0 on the emulator and the time on a live target, unless given.
        #[arg(long, value_name = "N")]
        seed: Option<u64>,
        /// Only laws whose name contains this.
        #[arg(long, value_name = "LAW")]
        filter: Option<String>,
        /// Also write the report as JSON.
        #[arg(long, value_name = "FILE")]
        json: Option<PathBuf>,
        /// Another description than the one that was built in.
        #[arg(long, value_name = "FILE")]
        document: Option<PathBuf>,
        /// Also write a report: html, json, junit, sarif, har or summary (Markdown, appended). May be given again.
        #[arg(long = "report", value_name = "KIND=FILE")]
        reports: Vec<Output>,
        /// Propose what the description would have to say for what answers show beyond it: an OpenAPI Overlay, to be read
        /// by a person and applied by `conformance patch`. Nothing is written where there is nothing to propose.
        #[arg(long, value_name = "FILE", verbatim_doc_comment)]
        drift: Option<PathBuf>,
        #[command(flatten)]
        live: LiveArguments,
    },
    /// Applies an OpenAPI Overlay, such as --drift writes, to a description; comments are not kept.
    ///
    /// Exit codes: 0 written, 2 usage or an overlay of another document.
    #[command(verbatim_doc_comment)]
    Patch {
        /// The description.
        #[arg(long, value_name = "FILE")]
        document: PathBuf,
        /// The overlay.
        #[arg(long, value_name = "FILE")]
        overlay: PathBuf,
        /// Where the patched description goes.
        #[arg(long, value_name = "FILE")]
        output: PathBuf,
    },
    /// Removes from a live host what a run made and could not remove, as its ledger says. It may be run again.
    ///
    /// Exit codes: 0 nothing is left, 2 usage or configuration, 3 something is left.
    #[command(verbatim_doc_comment)]
    Clean {
        /// The ledger of the run.
        #[arg(long, value_name = "FILE")]
        ledger: PathBuf,
        /// The base URL that the ledger must be of; whatever it is of, unless given.
        #[arg(long, value_name = "URL")]
        target: Option<String>,
        /// Who signs in: a profile of the SDK, in place of the environment.
        #[arg(long, value_name = "NAME")]
        profile: Option<String>,
        /// Of a ledger that `check` wrote: the document that it was given; and who speaks.
        #[arg(long, value_name = "FILE")]
        document: Option<PathBuf>,
        #[command(flatten)]
        speakers: Speakers,
    },
    /// Lists the laws, each with its source.
    Laws,
    /// Takes the emulator's rules away, one at a time, and sees whether the laws and checks notice.
    ///
    /// Exit codes: 0 each mutant is killed by what is to kill it, 1 one is not, 2 usage.
    #[command(verbatim_doc_comment)]
    Mutants {
        /// Only mutants whose name contains this.
        #[arg(long, value_name = "NAME")]
        filter: Option<String>,
        /// Try every law against each mutant, to see all that notices it.
        #[arg(long)]
        full: bool,
        /// Decides every id.
        #[arg(long, value_name = "N", default_value_t = 0)]
        seed: u64,
        /// How many run at once.
        #[arg(long, value_name = "N", default_value_t = 2)]
        jobs: usize,
    },
    /// Tries every law against clean emulators under many seeds, which must find nothing.
    ///
    /// Exit codes: as of `run`; the worst of all runs.
    #[command(verbatim_doc_comment)]
    Seeds {
        /// How many seeds, from 1 on.
        #[arg(long, value_name = "N", default_value_t = 10)]
        count: u64,
        /// How many run at once.
        #[arg(long, value_name = "N", default_value_t = 2)]
        jobs: usize,
    },
    /// Runs the vendor's own Python package, unmodified, against an emulator.
    Interop,
    /// Runs schemathesis, a tester that none of us wrote, against an emulator.
    Schemathesis,
}

/// Runs the command with the arguments of the process.
pub async fn main() -> ExitCode {
    let ended = match Arguments::parse().command {
        Command::Check(arguments) => match check(*arguments).await {
            Ok(code) => Ok(code),
            Err((why, code)) => {
                // Nobody is left to tell if even this fails.
                let _ = writeln!(io::stderr(), "error: {why}");
                Ok(code)
            }
        },
        Command::Checks => print(&catalogue()).map(|()| 0),
        Command::Generic(arguments) => generic(&arguments).await,
        Command::Run {
            target,
            write,
            seed,
            filter,
            json,
            document,
            reports,
            drift,
            live,
        } => {
            let asked = Asked {
                target,
                write,
                seed,
                filter,
                json,
                document,
                reports,
                drift,
                live,
            };
            asked.run().await
        }
        Command::Patch {
            document,
            overlay,
            output,
        } => patch(&document, &overlay, &output),
        Command::Clean {
            ledger,
            target,
            profile,
            document,
            speakers,
        } => match document {
            Some(document) => match Ledger::open(&ledger, target.as_deref()) {
                Ok(ledger) => clean_check(ledger, &document, &speakers).await,
                Err(error) => Err(error.to_string()),
            },
            None => clean(&ledger, target.as_deref(), profile.as_deref()).await,
        },
        Command::Laws => list(),
        Command::Mutants {
            filter,
            full,
            seed,
            jobs,
        } => {
            let settings = mutants::Settings {
                seed,
                filter,
                full,
                jobs,
            };
            run_mutants(&settings).await
        }
        Command::Seeds { count, jobs } => run_seeds(count, jobs).await,
        Command::Interop => interop().await,
        Command::Schemathesis => schemathesis().await,
    };
    match ended {
        Ok(code) => ExitCode::from(code),
        Err(why) => {
            // Nobody is left to tell if even this fails.
            let _ = writeln!(io::stderr(), "error: {why}");
            ExitCode::from(USAGE)
        }
    }
}

/// What `run` was asked for.
struct Asked {
    target: String,
    write: bool,
    seed: Option<u64>,
    filter: Option<String>,
    json: Option<PathBuf>,
    document: Option<PathBuf>,
    reports: Vec<Output>,
    drift: Option<PathBuf>,
    live: LiveArguments,
}

impl Asked {
    async fn run(self) -> Result<u8, String> {
        let seed = self
            .seed
            .unwrap_or_else(|| if self.target == "emulator" { 0 } else { now() });
        let target = self.live.target(&self.target, self.write, seed)?;
        if let Some(filter) = &self.filter
            && !laws::all().any(|law| law.id.contains(filter.as_str()))
        {
            return Err(format!(
                "no law's name contains {filter:?}; `conformance laws` lists them"
            ));
        }
        let description = match &self.document {
            Some(path) => read(path)?,
            None => DESCRIPTION.to_owned(),
        };
        let settings = Settings {
            target,
            seed,
            filter: self.filter,
        };
        let mut suite = Suite::new(&description, settings).map_err(|error| error.to_string())?;
        if self.drift.is_some() {
            suite = suite.watching_drift();
        }
        suite
            .shared()
            .contract
            .compile_all()
            .map_err(|error| error.to_string())?;
        let began = chrono::Utc::now();
        let report = suite.run().await;
        let text = report::to_text(&report).map_err(|error| error.to_string())?;
        print(&text)?;
        if let Some(path) = &self.json {
            write(path, &format!("{:#}\n", report::to_json(&report)))?;
        }
        let view = View::from(&report);
        let file = self
            .document
            .as_deref()
            .unwrap_or(Path::new("openapi/maestro.yaml"));
        let with = Written {
            document: &description,
            file: &file.to_string_lossy(),
            began,
        };
        for output in &self.reports {
            output.write(&view, &with, &str::to_owned)?;
        }
        if let (Some(path), Some(drift)) = (&self.drift, suite.shared().drift()) {
            propose(path, &drift, &report.target)?;
        }
        Ok(report.outcome().code())
    }
}

/// Writes what the description would have to say, if there is anything.
fn propose(path: &Path, drift: &Drift, target: &str) -> Result<(), String> {
    if drift.is_empty() {
        return print("drift: none\n");
    }
    let overlay = drift.overlay(&format!("What {target} answers beyond the description"));
    write(path, &overlay.to_yaml())?;
    let count = drift.len();
    print(&format!("drift: {count} proposals in {}\n", path.display()))
}

fn patch(document: &Path, overlay: &Path, output: &Path) -> Result<u8, String> {
    let overlay = Overlay::parse(&read(overlay)?).map_err(|error| error.to_string())?;
    let patched = overlay
        .patch(&read(document)?)
        .map_err(|error| error.to_string())?;
    write(output, &patched)?;
    Ok(0)
}

async fn run_mutants(settings: &mutants::Settings) -> Result<u8, String> {
    let started = Instant::now();
    let rows = mutants::run(settings)
        .await
        .map_err(|error| error.to_string())?;
    if rows.is_empty() {
        return Err("no mutant's name contains this; `mutants` without --filter lists all".into());
    }
    let text = mutants::to_text(&rows, started.elapsed()).map_err(|error| error.to_string())?;
    print(&text)?;
    let killed = rows
        .iter()
        .all(|row| row.outcome == mutants::Outcome::Killed);
    let outcome = if killed {
        Outcome::Clean
    } else {
        Outcome::Found
    };
    Ok(outcome.code())
}

async fn run_seeds(count: u64, jobs: usize) -> Result<u8, String> {
    let started = Instant::now();
    let reports = seeds::run(count, jobs)
        .await
        .map_err(|error| error.to_string())?;
    let mut worst = if reports.is_empty() {
        Outcome::Incomplete
    } else {
        Outcome::Clean
    };
    for report in &reports {
        let outcome = report.outcome();
        if outcome != Outcome::Clean || !report.findings.is_empty() {
            worst = if outcome == Outcome::Incomplete {
                outcome
            } else {
                Outcome::Found
            };
            print(&report::to_text(report).map_err(|error| error.to_string())?)?;
        }
    }
    let (requests, laws) = reports.iter().fold((0, 0), |(requests, laws), report| {
        (requests + report.requests, laws + report.laws.len())
    });
    print(&format!(
        "{} seeds, {laws} laws tried, {requests} requests, {:.1} s: exit {}\n",
        reports.len(),
        started.elapsed().as_secs_f32(),
        worst.code()
    ))?;
    Ok(worst.code())
}

async fn interop() -> Result<u8, String> {
    let interop = interop::run().await.map_err(|error| error.to_string())?;
    ended(&interop.text, interop.clean)
}

async fn schemathesis() -> Result<u8, String> {
    let fuzzed = interop::fuzz().await.map_err(|error| error.to_string())?;
    ended(&fuzzed.text, fuzzed.clean)
}

fn ended(text: &str, clean: bool) -> Result<u8, String> {
    print(text)?;
    let outcome = if clean {
        Outcome::Clean
    } else {
        Outcome::Found
    };
    Ok(outcome.code())
}

fn list() -> Result<u8, String> {
    let lines: Vec<String> = laws::all()
        .map(|law| format!("{}\n  {}\n  {}\n", law.id, law.says, law.source))
        .collect();
    print(&lines.join(""))?;
    Ok(0)
}

fn read(path: &Path) -> Result<String, String> {
    std::fs::read_to_string(path)
        .map_err(|error| format!("cannot read {}: {error}", path.display()))
}

fn write(path: &Path, text: &str) -> Result<(), String> {
    std::fs::write(path, text).map_err(|error| format!("cannot write {}: {error}", path.display()))
}

pub(crate) fn print(text: &str) -> Result<(), String> {
    io::stdout()
        .write_all(text.as_bytes())
        .map_err(|error| format!("cannot write: {error}"))
}

fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}
