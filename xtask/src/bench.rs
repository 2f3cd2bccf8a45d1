//! `cargo xtask bench NAME`: benchmarks that build a workspace of their own, and write what they measured into the docs.

use std::fs;
use std::path::Path;

use clap::ValueEnum;

use crate::command::Step;
use crate::say::say;

/// Where the docs of the session take the table from.
const AUTH_TABLE: &str = "crates/dadosfera/src/auth/peers.md";

/// What is measured.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Bench {
    /// Ours and seven published session keepers under the same five scenarios
    Auth,
}

pub(crate) fn run(root: &Path, bench: Bench, write: bool) -> Result<String, String> {
    match bench {
        Bench::Auth => auth(root, write),
    }
}

fn auth(root: &Path, write: bool) -> Result<String, String> {
    say("building the peers takes some minutes the first time");
    let table = Step::new(
        "peers",
        "cargo run --quiet --release --manifest-path benches/peers/Cargo.toml",
        "read which subject failed above; benches/peers/README.md says what it needs",
    )
    .output(root)?;
    if write {
        let date = Step::new("date", "date -u +%F", "").output(root)?;
        let page = format!(
            "{}\nMeasured on {} on 2 cores by `cargo xtask bench auth --write`.\n",
            table,
            date.trim()
        );
        fs::write(root.join(AUTH_TABLE), page)
            .map_err(|error| format!("{AUTH_TABLE} cannot be written: {error}"))?;
    }
    Ok(table)
}
