//! The summary of an exploration that fits a screen of 80 columns and 24 lines; only what is to be copied is longer.

use super::view::{FindingView, View};
use crate::explore::Verdict;

/// So many findings are named; the reports hold all.
const NAMED: usize = 3;
/// So many gaps are named.
const GAPS: usize = 2;

/// The summary: a line for each family of rules, the first findings, what was exercised, how it ended.
#[must_use]
pub fn to_screen(view: &View) -> String {
    let title = format!("{} at {}, seed {}", view.document, view.target, view.seed);
    let mut lines = vec![cut(&title)];
    let mut families: Vec<&str> = Vec::new();
    for rule in &view.rules {
        let family = rule.code.split('.').next().unwrap_or_default();
        if !families.contains(&family) {
            families.push(family);
        }
    }
    for family in families {
        let rules: Vec<_> = view
            .rules
            .iter()
            .filter(|rule| rule.code.split('.').next() == Some(family))
            .collect();
        let tried = rules.iter().filter(|rule| rule.looked > 0).count();
        let looked: usize = rules.iter().map(|rule| rule.looked).sum();
        let findings: usize = rules.iter().map(|rule| rule.findings).sum();
        let said = match findings {
            0 if looked == 0 => "not tried".to_owned(),
            0 => "kept".to_owned(),
            1 => "1 finding".to_owned(),
            many => format!("{many} findings"),
        };
        lines.push(format!(
            "  {family:8} {tried:>2} of {:>2} rules tried, {looked:>6} times: {said}",
            rules.len()
        ));
    }
    let told: Vec<&FindingView> = view
        .findings
        .iter()
        .filter(|finding| finding.expected_because.is_none())
        .collect();
    for finding in told.iter().take(NAMED) {
        let mark = finding.severity;
        lines.push(cut(&format!(
            "{mark:7} {}{}",
            finding.name,
            match finding.verdict {
                Verdict::Confirmed => String::new(),
                _ => format!("; {}", finding.verdict_words()),
            }
        )));
        lines.push(cut(&format!(
            "        expected {}; got {}",
            part(&finding.expected),
            one_line(&finding.got)
        )));
        lines.push(format!(
            "        --seed {}{} --replay '{}'",
            view.seed, view.options, finding.replay
        ));
    }
    let known = view.findings.len() - told.len();
    let mut more = Vec::new();
    if told.len() > NAMED {
        more.push(format!("{} more findings", told.len() - NAMED));
    }
    if known > 0 {
        more.push(format!("{known} that are expected, each with its reason"));
    }
    if !more.is_empty() {
        lines.push(format!(
            "        and {}; --report html=FILE shows all",
            more.join(", and ")
        ));
    }
    for gap in view.gaps.iter().take(GAPS) {
        lines.push(cut(&format!("gap: {}", one_line(gap))));
    }
    if view.gaps.len() > GAPS {
        lines.push(format!(
            "gap: and {} more; the reports list them",
            view.gaps.len() - GAPS
        ));
    }
    let (seen, listed) = view.answers();
    let (kept, broken, constraints) = view.constraint_counts();
    let called = view
        .operations
        .iter()
        .filter(|operation| operation.called > 0)
        .count();
    lines.push(format!(
        "seen: {called} of {} operations, {seen} of {listed} answers; of {constraints} constraints {kept} kept, {broken} broken",
        view.operations.len()
    ));
    lines.push(format!(
        "{} requests in {:.1} s; {} findings fail: {} (exit {})",
        view.requests,
        view.seconds.unwrap_or_default(),
        view.failing(),
        view.ending,
        view.exit_code
    ));
    lines.join("\n") + "\n"
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// As much of what was expected as leaves room for what came.
fn part(text: &str) -> String {
    const PART: usize = 30;
    let line = one_line(text);
    if line.chars().count() <= PART {
        return line;
    }
    line.chars().take(PART - 1).chain(['…']).collect()
}

fn cut(line: &str) -> String {
    const WIDTH: usize = 79;
    let mut short: String = line.chars().take(WIDTH).collect();
    if short.len() < line.len() {
        short.push('…');
    }
    short
}
