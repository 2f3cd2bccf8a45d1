//! Running one emulator as a command: its arguments, what it says, and how it ends. The binary of this crate and the
//! command `dadosfera emulator` are both this.

use std::fmt::Write;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use crate::{Emulator, Mutation, Seed, StartError};

/// The Dadosfera Maestro API, alive on this machine.
#[derive(Debug, clap::Args)]
#[non_exhaustive]
pub struct Arguments {
    /// The port to listen on; 0 takes any free one.
    #[arg(long, default_value_t = 0)]
    pub port: u16,
    /// A JSON file with the customers, users, pipelines and options to start with.
    #[arg(long, value_name = "FILE")]
    pub seed: Option<PathBuf>,
    /// Hold the clock: it moves only when told to.
    #[arg(long)]
    pub hold_clock: bool,
    /// Keep everything in this directory, so that it outlives the process however that ends; else all is in memory.
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// Take a rule away, to see whether a test notices; `--list-mutations` lists them.
    #[arg(long, value_name = "NAME")]
    pub mutation: Option<String>,
    /// List what `--mutation` takes, and end.
    #[arg(long)]
    pub list_mutations: bool,
}

/// Starts an emulator, says how to sign in to it, and serves until Ctrl-C.
///
/// # Errors
/// A sentence for the person who called the command: an unreadable or wrong seed file, a port that is taken.
pub async fn run(arguments: &Arguments) -> Result<(), String> {
    if arguments.list_mutations {
        return print(&list());
    }
    let mut seed = match &arguments.seed {
        Some(path) => read_seed(path)?,
        None => Seed::default(),
    };
    if let Some(name) = &arguments.mutation {
        seed.options.mutation = Some(mutation(name)?);
    }
    let greeting = greeting(&seed);
    let mut builder = Emulator::builder().port(arguments.port).seed(seed);
    if arguments.hold_clock {
        builder = builder.hold_clock();
    }
    if let Some(directory) = &arguments.data_dir {
        builder = builder.data_dir(directory);
    }
    let emulator = builder.start().await.map_err(explain)?;
    let hello = greeting.replace("{url}", emulator.base_url());
    print(&hello)?;
    wait_for_end()
        .await
        .map_err(|error| format!("cannot wait for Ctrl-C: {error}"))?;
    emulator.stop().await;
    Ok(())
}

fn print(text: &str) -> Result<(), String> {
    writeln!(io::stdout(), "{text}").map_err(|error| format!("cannot write: {error}"))
}

fn mutation(name: &str) -> Result<Mutation, String> {
    Mutation::named(name).ok_or_else(|| {
        format!("there is no mutation {name:?}; --list-mutations lists those that there are")
    })
}

/// Every mutation with what it does and the fact that it breaks.
fn list() -> String {
    let lines: Vec<String> = Mutation::ALL
        .iter()
        .map(|mutation| {
            let (name, breaks, fact) = (mutation.name(), mutation.breaks(), mutation.fact());
            format!("{name:32}  {breaks} (facts {fact})")
        })
        .collect();
    lines.join("\n")
}

/// Waits for Ctrl-C, or for being told to end; without the latter, the files of storage would stay behind.
async fn wait_for_end() -> io::Result<()> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut told = signal(SignalKind::terminate())?;
        tokio::select! {
            interrupted = tokio::signal::ctrl_c() => interrupted,
            _ = told.recv() => Ok(()),
        }
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c().await
}

fn read_seed(path: &Path) -> Result<Seed, String> {
    let shown = path.display();
    let text = std::fs::read_to_string(path)
        .map_err(|error| format!("cannot read the seed file {shown}: {error}"))?;
    Seed::from_json(&text).map_err(|error| format!("the seed file {shown} is wrong at {error}"))
}

fn explain(error: StartError) -> String {
    match error {
        StartError::PortTaken(port) => {
            format!(
                "port {port} is taken; choose another with --port, or any free one with --port 0"
            )
        }
        StartError::Listen { port, source } => format!("cannot listen on port {port}: {source}"),
        other => other.to_string(),
    }
}

/// How to sign in; passwords are shown, since they are of a world that exists on this machine only.
fn greeting(seed: &Seed) -> String {
    let mut text = String::from("Dadosfera emulator at {url} (Ctrl-C stops it)\n");
    if let Some(mutation) = seed.options.mutation {
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "\nNOT THE API: the mutation {} is on: {} (against facts {})",
            mutation.name(),
            mutation.breaks(),
            mutation.fact()
        );
    }
    text.push_str("\nUsers:\n");
    for user in &seed.users {
        let mfa = if user.totp_secret.is_some() {
            ", MFA"
        } else {
            ""
        };
        let disabled = if user.disabled { ", disabled" } else { "" };
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "  {:<24} {:<24} {} of {}{mfa}{disabled}",
            user.username, user.password, user.group, user.customer
        );
    }
    if let Some(user) = seed.users.first() {
        let _ = write!(
            text,
            "\nSign in:\n  curl -s {{url}}/auth/sign-in -H 'Content-Type: application/json' \\\n    \
             -d '{{\"username\": \"{}\", \"password\": \"{}\"}}'\n\
             then send the accessToken as it is (no \"Bearer\"):\n  \
             curl -s {{url}}/platform/pipelines -H \"Authorization: $TOKEN\"\n",
            user.username, user.password
        );
    }
    text.push_str("\nAdmin: {url}/__emulator__/");
    text
}
