//! The table of mutants as text.

use std::fmt::{self, Write};
use std::time::Duration;

use super::run::{Outcome, Row};

/// How many names of what noticed a mutant a row shows.
const SHOWN: usize = 3;

/// The table, then its sum, then what is wrong.
///
/// # Errors
/// Where formatting fails, which it does not.
pub fn to_text(rows: &[Row], took: Duration) -> Result<String, fmt::Error> {
    let mut text = String::new();
    let width = |name: fn(&Row) -> &str| rows.iter().map(|row| name(row).len()).max().unwrap_or(0);
    let (names, laws) = (
        width(|row| row.mutant.mutation.name()),
        width(|row| row.mutant.by),
    );
    writeln!(
        text,
        "{:names$}  {:laws$}  {:>7}  {:>8}",
        "mutant", "killed by", "seconds", "requests"
    )?;
    for row in rows {
        let killed = match row.outcome {
            Outcome::Killed => row.mutant.by,
            Outcome::KilledByAnother => "ANOTHER",
            Outcome::Survived => "SURVIVED",
        };
        let (name, seconds) = (row.mutant.mutation.name(), row.took.as_secs_f32());
        writeln!(
            text,
            "{name:names$}  {killed:laws$}  {seconds:>7.2}  {:>8}",
            row.requests
        )?;
    }
    for row in rows.iter().filter(|row| row.outcome != Outcome::Killed) {
        let (mutation, law, by) = (row.mutant.mutation, row.mutant.law, row.mutant.by);
        let noticed: Vec<&str> = row
            .noticed_by
            .iter()
            .take(SHOWN)
            .map(String::as_str)
            .collect();
        writeln!(
            text,
            "\nFAILED {}: {} (facts {}), and {by} did not notice in {law}; what did: {}",
            mutation.name(),
            mutation.breaks(),
            mutation.fact(),
            if noticed.is_empty() {
                "nothing".to_owned()
            } else {
                noticed.join(", ")
            }
        )?;
    }
    let killed = rows
        .iter()
        .filter(|row| row.outcome == Outcome::Killed)
        .count();
    let requests: usize = rows.iter().map(|row| row.requests).sum();
    writeln!(
        text,
        "\n{killed} of {} mutants killed by what is to kill them, {requests} requests, {:.1} s",
        rows.len(),
        took.as_secs_f32()
    )?;
    Ok(text)
}
