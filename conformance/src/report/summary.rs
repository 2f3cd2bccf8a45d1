//! The step summary of a CI run, as Markdown.

use super::view::View;

/// The report as Markdown for `$GITHUB_STEP_SUMMARY`.
#[must_use]
pub fn to_summary(view: &View) -> String {
    let mut text = format!(
        "## Conformance of {}\n\n{} at {}: **{}** (exit {}), {} requests, seed {}.\n\n",
        cell(&view.document),
        cell(&view.command),
        cell(&view.target),
        view.ending,
        view.exit_code,
        view.requests,
        view.seed
    );
    if !view.findings.is_empty() {
        text.push_str("| | finding | expected | got | again |\n|---|---|---|---|---|\n");
    }
    for finding in &view.findings {
        let mark = if finding.expected_because.is_some() {
            "known"
        } else {
            finding.severity
        };
        text.push_str(&format!(
            "| {mark} | {} | {} | {} | {} |\n",
            cell(&finding.name),
            cell(&finding.expected),
            cell(&finding.got),
            cell(&finding.replay)
        ));
    }
    for gap in &view.gaps {
        text.push_str(&format!("\n- {}", cell(gap)));
    }
    let (seen, listed) = view.answers();
    let (kept, broken, all) = view.constraint_counts();
    let called = view
        .operations
        .iter()
        .filter(|operation| operation.called > 0)
        .count();
    text.push_str(&format!(
        "\n\n{called} of {} operations called",
        view.operations.len()
    ));
    if listed > 0 {
        text.push_str(&format!(", {seen} of {listed} answers seen, {kept} of {all} constraints kept at their edge and {broken} broken"));
    }
    text.push_str(".\n");
    text
}

/// A text that cannot leave its cell, nor become a tag.
fn cell(text: &str) -> String {
    let short: String = text
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .chars()
        .take(160)
        .collect();
    short
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('|', "\\|")
        .replace('`', "'")
        .replace('[', "\\[")
        .replace('@', "&#64;")
}
