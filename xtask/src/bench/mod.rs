//! `cargo xtask bench NAME`: benchmarks that build a workspace of their own, and write what they measured into the docs.

mod regen;

use std::fs;
use std::path::Path;

use clap::ValueEnum;

use crate::command::Step;
use crate::say::say;
use crate::venv;

/// Where the docs of the session take the table from.
const AUTH_TABLE: &str = "crates/dadosfera/src/auth/peers.md";

/// The tool that `conformance check` is held against, from PyPI.
const PEER: (&str, &str) = (
    "target/compare-venv",
    "conformance/interop/schemathesis/requirements.txt",
);
/// What was measured so far: a run that was stopped goes on from here.
const MEASURED: &str = "target/conformance-compare.json";
const MARKS: (&str, &str) = ("<!-- comparison -->\n", "<!-- end of comparison -->");

/// What is measured.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Bench {
    /// Ours and seven published session keepers under the same five scenarios
    Auth,
    /// `conformance check` and schemathesis beside each other over the planted violations of the shelf
    Conformance,
    /// Regen of our description and of a large one, beside the stock generator
    Regen,
}

pub(crate) fn run(root: &Path, bench: Bench, write: bool) -> Result<String, String> {
    match bench {
        Bench::Auth => auth(root, write),
        Bench::Conformance => conformance(root, write),
        Bench::Regen => {
            let table = regen::table(root)?;
            if write {
                let page = format!(
                    "# How long a regen takes\n\n{table}{}",
                    measured(root, "regen")?
                );
                keep(root, regen::TABLE, &page)?;
            }
            Ok(table)
        }
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
        let page = format!("{table}{}", measured(root, "auth")?);
        keep(root, AUTH_TABLE, &page)?;
    }
    Ok(table)
}

/// Takes about an hour the first time, since the peer searches each violation for a minute; what is measured is kept.
fn conformance(root: &Path, write: bool) -> Result<String, String> {
    say(&format!(
        "what is measured is kept in {MEASURED}; remove it to measure anew"
    ));
    let (environment, requirements) = PEER;
    venv::ready(root, environment, requirements, "--no-deps")?;
    Step::new(
        "build",
        "cargo build --locked -p dadosfera-conformance --bins",
        "mend the code",
    )
    .run(root)?;
    let compare = |form: &str| {
        let line = format!(
            "python3 benches/conformance/compare.py --st {environment}/bin/st --conformance target/debug/conformance --json {MEASURED} --form {form}"
        );
        Step::new("compare", &line, "read which program failed above").output(root)
    };
    let table = compare("table")?;
    if write {
        let totals = compare("totals")?;
        between_marks(&root.join("conformance/README.md"), &table)?;
        between_marks(&root.join("README.md"), &totals)?;
    }
    Ok(table)
}

/// Puts a text between the marks of a page.
fn between_marks(page: &Path, text: &str) -> Result<(), String> {
    let shown = page.display();
    let whole = fs::read_to_string(page).map_err(|error| format!("{shown}: {error}"))?;
    let missing = || format!("{shown} lacks the marks of the comparison");
    let (before, rest) = whole.split_once(MARKS.0).ok_or_else(missing)?;
    let (_, after) = rest.split_once(MARKS.1).ok_or_else(missing)?;
    let new = format!("{before}{}{}\n{}{after}", MARKS.0, text.trim_end(), MARKS.1);
    fs::write(page, new).map_err(|error| format!("{shown} cannot be written: {error}"))
}

/// When and how something was measured.
fn measured(root: &Path, name: &str) -> Result<String, String> {
    let date = Step::new("date", "date -u +%F", "").output(root)?;
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    Ok(format!(
        "\nMeasured on {} on {cores} cores by `cargo xtask bench {name} --write`.\n",
        date.trim()
    ))
}

fn keep(root: &Path, path: &str, page: &str) -> Result<(), String> {
    fs::write(root.join(path), page).map_err(|error| format!("{path} cannot be written: {error}"))
}
