//! The report for a person.

use std::fmt::{self, Write};

use crate::engine::{Finding, OperationRow, Severity};
use crate::suite::{Outcome, Report, Verdict};
use crate::world::SHOWN_EMULATOR;

/// The report as text.
///
/// # Errors
/// None that a `String` could give.
pub fn to_text(report: &Report) -> Result<String, fmt::Error> {
    let mut text = String::new();
    writeln!(text, "target {}, seed {}", report.target, report.seed)?;
    if let Some(filter) = &report.filter {
        writeln!(
            text,
            "only laws whose name contains {filter:?}; what is not covered is not counted"
        )?;
    }
    operations(report, &mut text)?;
    laws(report, &mut text)?;
    findings(report, &mut text)?;
    summary(report, &mut text)?;
    Ok(text)
}

fn operations(report: &Report, text: &mut String) -> fmt::Result {
    let width = report
        .operations
        .iter()
        .map(|(id, _, _)| id.len())
        .max()
        .unwrap_or(0)
        .max(9);
    let seen: Vec<String> = report
        .operations
        .iter()
        .map(|(id, method, row)| statuses(row, report.may_send(id, method)))
        .collect();
    let heading = "status × answers checked";
    let wide = seen
        .iter()
        .map(|text| text.chars().count())
        .max()
        .unwrap_or(0)
        .max(heading.chars().count());
    writeln!(
        text,
        "\n{:width$}  {:>6}  {heading:wide$}  laws that called it",
        "operation", "called"
    )?;
    for ((id, _, row), seen) in report.operations.iter().zip(&seen) {
        let laws: Vec<&str> = row.laws.iter().map(String::as_str).collect();
        writeln!(
            text,
            "{id:width$}  {:>6}  {seen:wide$}  {} ({})",
            row.called,
            laws.len(),
            shortened(&laws)
        )?;
    }
    Ok(())
}

fn statuses(row: &OperationRow, sendable: bool) -> String {
    if row.called == 0 {
        let why = if sendable {
            "never called"
        } else {
            "never called: it writes"
        };
        return why.to_owned();
    }
    let statuses: Vec<String> = row
        .statuses
        .iter()
        .map(|(status, count)| format!("{status}×{count}"))
        .collect();
    statuses.join(" ")
}

/// The first few names; the JSON report holds all.
fn shortened(laws: &[&str]) -> String {
    const SHOWN: usize = 4;
    let mut text = laws
        .iter()
        .take(SHOWN)
        .copied()
        .collect::<Vec<_>>()
        .join(", ");
    if laws.len() > SHOWN {
        text.push_str(", …");
    }
    text
}

fn laws(report: &Report, text: &mut String) -> fmt::Result {
    let width = report
        .laws
        .iter()
        .map(|row| row.law.id.len())
        .max()
        .unwrap_or(0)
        .max(3);
    writeln!(text, "\n{:width$}  {:>6}  verdict", "law", "checks")?;
    for row in &report.laws {
        writeln!(
            text,
            "{:width$}  {:>6}  {}",
            row.law.id, row.checks, row.verdict
        )?;
    }
    Ok(())
}

fn findings(report: &Report, text: &mut String) -> fmt::Result {
    for severity in [Severity::Error, Severity::Warning] {
        for finding in report
            .findings
            .iter()
            .filter(|finding| finding.severity == severity)
        {
            text.push_str(&finding_to_text(finding, report.seed));
        }
    }
    if report.on_emulator && !report.findings.is_empty() {
        let port = SHOWN_EMULATOR.rsplit(':').next().unwrap_or_default();
        writeln!(
            text,
            "\nThe curl lines speak to `cargo run -p dadosfera-emulator -- --port {port} --hold-clock`."
        )?;
    }
    Ok(())
}

/// One finding as text.
#[must_use]
pub fn finding_to_text(finding: &Finding, seed: u64) -> String {
    let word = match finding.severity {
        Severity::Warning => "warning",
        _ => "FINDING",
    };
    let Finding {
        code,
        operation,
        count,
        law,
        place,
        expected,
        got,
        curl,
        ..
    } = finding;
    let mut text = format!("\n{word} {code} {operation} (×{count}, law {law}, seed {seed})\n");
    for (name, value) in [
        ("at", place),
        ("expected", expected),
        ("got", got),
        ("again", curl),
    ] {
        if !value.is_empty() {
            text.push_str(&format!("  {name:8}  {value}\n"));
        }
    }
    text
}

fn summary(report: &Report, text: &mut String) -> fmt::Result {
    let kept = report
        .laws
        .iter()
        .filter(|row| row.verdict == Verdict::Kept)
        .count();
    let broken = report
        .laws
        .iter()
        .filter(|row| row.verdict == Verdict::Broken)
        .count();
    let not_applicable = report
        .laws
        .iter()
        .filter(|row| matches!(row.verdict, Verdict::NotApplicable(_)))
        .count();
    let called = report
        .operations
        .iter()
        .filter(|(_, _, row)| row.called > 0)
        .count();
    let checks: usize = report.laws.iter().map(|row| row.checks).sum();
    let warnings = report.findings.len() - report.errors();
    writeln!(
        text,
        "\n{called} of {} operations called, {} requests, {checks} checks; laws: {kept} kept, {broken} broken, {not_applicable} not applicable",
        report.operations.len(),
        report.requests,
    )?;
    writeln!(text, "{} findings, {warnings} warnings", report.errors())?;
    for gap in report.gaps() {
        writeln!(text, "gap: {gap}")?;
    }
    match report.outcome() {
        Outcome::Clean => writeln!(text, "clean (exit 0)"),
        Outcome::Found => writeln!(text, "findings (exit 1)"),
        Outcome::Incomplete => writeln!(text, "incomplete: nothing is proven (exit 3)"),
        Outcome::Throttled => writeln!(text, "stopped: the server throttles (exit 7)"),
    }
}
