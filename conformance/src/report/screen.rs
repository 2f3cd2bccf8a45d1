//! The summary of an exploration that fits one screen.

use super::view::View;

/// So many findings are named; the reports hold all.
const NAMED: usize = 6;
/// So many gaps are named.
const GAPS: usize = 4;

/// The summary: a line for each family of rules, the first findings, what was exercised, how it ended.
#[must_use]
pub fn to_screen(view: &View) -> String {
    let mut lines = vec![
        format!("{} at {}, seed {}", view.document, view.target, view.seed),
        String::new(),
    ];
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
        let said = if findings == 0 {
            "kept".to_owned()
        } else {
            format!("{findings} findings")
        };
        lines.push(format!(
            "  {family:8} {tried:>2} of {:>2} rules tried, {looked:>6} times: {said}",
            rules.len()
        ));
    }
    if !view.findings.is_empty() {
        lines.push(String::new());
    }
    for finding in view.findings.iter().take(NAMED) {
        let mark = if finding.expected_because.is_some() {
            "known"
        } else {
            finding.severity
        };
        lines.push(cut(&format!(
            "{mark:7} {} ({})",
            finding.name,
            finding.verdict_words()
        )));
        lines.push(cut(&format!(
            "        expected {}; got {}",
            one_line(&finding.expected),
            one_line(&finding.got)
        )));
        lines.push(format!(
            "        --seed {} --replay '{}'",
            view.seed, finding.replay
        ));
    }
    if view.findings.len() > NAMED {
        lines.push(format!(
            "        and {} more; --report html=FILE shows all",
            view.findings.len() - NAMED
        ));
    }
    lines.push(String::new());
    for gap in view.gaps.iter().take(GAPS) {
        lines.push(cut(&format!("gap: {}", one_line(gap))));
    }
    if view.gaps.len() > GAPS {
        lines.push(format!("gap: and {} more", view.gaps.len() - GAPS));
    }
    let (seen, listed) = view.answers();
    let (kept, broken, constraints) = view.constraint_counts();
    let called = view
        .operations
        .iter()
        .filter(|operation| operation.called > 0)
        .count();
    lines.push(format!(
        "{called} of {} operations called, {seen} of {listed} answers seen; of {constraints} constraints {kept} kept and {broken} broken",
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

fn cut(line: &str) -> String {
    const WIDTH: usize = 150;
    let mut short: String = line.chars().take(WIDTH).collect();
    if short.len() < line.len() {
        short.push('…');
    }
    short
}
