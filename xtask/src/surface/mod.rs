//! `cargo xtask api`: what the SDK shows to its users, read from its own source: the listing `api.txt`, and the blocking
//! form of every method. And whether every public item has an example that runs.
//!
//! Both are committed. `--check` writes nothing and fails where one is stale, so that a change of the public API shows as
//! a change of `api.txt`.

mod blocking;
mod examples;
mod listing;
mod source;

use std::path::Path;

use self::source::Source;

const CRATE: &str = "crates/dadosfera";
const SOURCE: &str = "crates/dadosfera/src";
const LISTING: &str = "crates/dadosfera/api.txt";
const BLOCKING: &str = "crates/dadosfera/src/blocking/generated.rs";

/// Runs `api` or `api --check` in the workspace at `root`.
pub(crate) fn run(root: &Path, check: bool) -> Result<String, String> {
    // The listing shows the blocking form too, so that is made first.
    let blocking = blocking::make(&Source::read(&root.join(SOURCE))?)?;
    let mut said = vec![settle(root, BLOCKING, &blocking, check)?];
    let source = Source::read(&root.join(SOURCE))?;
    said.push(settle(root, LISTING, &listing::make(&source), check)?);
    said.push(examples::check(&root.join(CRATE), &source)?);
    Ok(said.join("\n"))
}

/// Writes a file that is stale, or tells how it differs.
fn settle(root: &Path, path: &str, text: &str, check: bool) -> Result<String, String> {
    let old = std::fs::read_to_string(root.join(path)).unwrap_or_default();
    if old == text {
        return Ok(format!("{path}: {} lines, current", text.lines().count()));
    }
    let changes = changes(&old, text);
    if check {
        return Err(format!(
            "{path} is stale; run `cargo xtask api` and commit it:\n{changes}"
        ));
    }
    std::fs::write(root.join(path), text).map_err(|error| format!("{path}: {error}"))?;
    Ok(format!("{path}: written\n{changes}"))
}

/// The lines that went and came.
fn changes(old: &str, new: &str) -> String {
    const MOST: usize = 60;
    let gone = old
        .lines()
        .filter(|line| !new.lines().any(|it| it == *line));
    let came = new
        .lines()
        .filter(|line| !old.lines().any(|it| it == *line));
    let mut lines: Vec<String> = gone
        .map(|line| format!("  - {line}"))
        .chain(came.map(|line| format!("  + {line}")))
        .collect();
    if lines.len() > MOST {
        let more = lines.len() - MOST;
        lines.truncate(MOST);
        lines.push(format!("  and {more} lines more"));
    }
    lines.join("\n")
}
