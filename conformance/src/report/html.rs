//! The page: one file without script or outside asset. Every text goes in through `maud`, which escapes it.

use maud::{DOCTYPE, Markup, PreEscaped, html};
use similar::{ChangeTag, TextDiff};

use super::view::{FindingView, OperationView, RuleView, View};
use crate::explore::Shown;

/// More findings of one rule than this are shown behind one line.
const MANY: usize = 4;
const STYLE: &str = include_str!("page.css");

/// The report as one HTML page.
#[must_use]
pub fn to_html(view: &View) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "Conformance of " (view.document) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                (head(view))
                main {
                    @if !view.gaps.is_empty() { (gaps(view)) }
                    (findings(view))
                    (rules(view))
                    (operations(view))
                    @if !view.constraints.is_empty() { (constraints(view)) }
                }
                footer { "conformance " (env!("CARGO_PKG_VERSION")) ", report version " (view.version) }
            }
        }
    };
    page.into_string()
}

fn head(view: &View) -> Markup {
    let failing = view.failing();
    let (seen, listed) = view.answers();
    let (kept, broken, all) = view.constraint_counts();
    let called = view
        .operations
        .iter()
        .filter(|operation| operation.called > 0)
        .count();
    html! {
        header class=(if view.exit_code == 0 { "good" } else { "bad" }) {
            h1 { (view.document) }
            p class="target" { code { (view.target) } }
            p class="ending" { (view.ending) " (exit " (view.exit_code) ")" }
            dl {
                (fact("findings that fail", &failing.to_string()))
                (fact("other findings", &(view.findings.len() - failing).to_string()))
                (fact("requests", &view.requests.to_string()))
                @if let Some(seconds) = view.seconds { (fact("seconds", &format!("{seconds:.1}"))) }
                (fact("seed", &view.seed.to_string()))
                (fact("operations called", &format!("{called} of {}", view.operations.len())))
                @if listed > 0 { (fact("answers seen", &format!("{seen} of {listed}"))) }
                @if all > 0 {
                    (fact("constraints kept", &format!("{kept} of {all}")))
                    (fact("constraints broken", &format!("{broken} of {all}")))
                }
                @if !view.actors.is_empty() { (fact("actors", &view.actors.join(", "))) }
            }
        }
    }
}

fn fact(name: &str, value: &str) -> Markup {
    html! { div { dt { (name) } dd { (value) } } }
}

fn gaps(view: &View) -> Markup {
    html! {
        section {
            h2 { "What the run does not prove" }
            ul { @for gap in &view.gaps { li { (gap) } } }
        }
    }
}

fn findings(view: &View) -> Markup {
    html! {
        section {
            h2 { "Findings" }
            @if view.findings.is_empty() { p class="none" { "None." } }
            @for (rule, findings) in by_rule(view) {
                @if findings.len() > MANY {
                    details class="group" {
                        summary { code { (rule) } " " span class="times" { (findings.len()) " findings: " (findings[0].rule) } }
                        @for finding in findings { (finding_card(view, finding)) }
                    }
                } @else {
                    @for finding in findings { (finding_card(view, finding)) }
                }
            }
        }
    }
}

/// The findings of each rule together, in the order of their first.
fn by_rule(view: &View) -> Vec<(&str, Vec<&FindingView>)> {
    let mut rules: Vec<(&str, Vec<&FindingView>)> = Vec::new();
    for finding in &view.findings {
        match rules.iter_mut().find(|(rule, _)| *rule == finding.code) {
            Some((_, findings)) => findings.push(finding),
            None => rules.push((&finding.code, vec![finding])),
        }
    }
    rules
}

fn finding_card(view: &View, finding: &FindingView) -> Markup {
    let mark = if finding.expected_because.is_some() {
        "known"
    } else {
        finding.severity
    };
    let replay = if view.command == "check" {
        "--replay"
    } else {
        "--filter"
    };
    html! {
        details class=(format!("finding {mark}")) open[finding.fails() && view.findings.len() < 12] {
            summary {
                span class="mark" { (mark) }
                code { (finding.code) }
                span class="where" { (finding.operation) " " span class="place" { (finding.place) } }
                span class="times" { "×" (finding.count) }
            }
            p class="rule" { (finding.rule) ". " span class="source" { "Source: " (finding.source) "." } }
            p class="verdict" { (finding.verdict_words()) }
            @if let Some(why) = &finding.expected_because { p class="why" { "Expected: " (why) } }
            (difference(&finding.expected, &finding.got))
            @if !finding.steps.is_empty() {
                h3 { "The shortest sequence" }
                ol { @for step in &finding.steps { li { (step) } } }
            }
            @if !finding.curl.is_empty() {
                h3 { "Again by hand" }
                pre class="curl" { (finding.curl) }
            }
            h3 { "Again by this tool" }
            pre class="curl" { "--seed " (view.seed) (view.options) " " (replay) " '" (finding.replay) "'" }
            @if !finding.exchanges.is_empty() {
                details class="wire" {
                    summary { "The " (finding.exchanges.len()) " requests and their answers" }
                    @for exchange in &finding.exchanges { (exchange_of(exchange)) }
                }
            }
        }
    }
}

/// What was expected and what came, line by line; JSON is laid out first.
fn difference(expected: &str, got: &str) -> Markup {
    let (expected, got) = (laid_out(expected), laid_out(got));
    let alike = expected.starts_with(['{', '[']) && got.starts_with(['{', '[']);
    html! {
        @if alike {
            h3 { "Expected and got" }
            pre class="diff" {
                @for change in TextDiff::from_lines(&expected, &got).iter_all_changes() {
                    @match change.tag() {
                        ChangeTag::Delete => { del { "- " (change.value()) } }
                        ChangeTag::Insert => { ins { "+ " (change.value()) } }
                        ChangeTag::Equal => { "  " (change.value()) }
                    }
                }
            }
        } @else {
            div class="pair" {
                div { h3 { "Expected" } pre { del { (expected) } } }
                div { h3 { "Got" } pre { ins { (got) } } }
            }
        }
    }
}

fn laid_out(text: &str) -> String {
    match serde_json::from_str::<serde_json::Value>(text) {
        Ok(value) if value.is_object() || value.is_array() => format!("{value:#}\n"),
        _ => text.to_owned(),
    }
}

fn exchange_of(shown: &Shown) -> Markup {
    html! {
        div class="exchange" {
            pre class="request" {
                b { (shown.method) " " (shown.url) } "\n"
                @for (name, value) in &shown.request_headers { (name) ": " (value) "\n" }
                @if let Some(body) = &shown.request_body { "\n" (body) }
            }
            pre class="answer" {
                b {
                    @match shown.status { Some(status) => (status), None => "no answer" }
                }
                span class="took" { (format!("{:.1} ms", shown.took)) } "\n"
                @for (name, value) in &shown.headers { (name) ": " (value) "\n" }
                "\n" (laid_out(&shown.body))
            }
        }
    }
}

fn rules(view: &View) -> Markup {
    html! {
        section {
            h2 { "Rules" }
            div class="wide" { table {
                thead { tr { th { "rule" } th { "says" } th { "source" } th class="number" { "looked" } th class="number" { "findings" } } }
                tbody { @for rule in &view.rules { (rule_row(rule)) } }
            } }
        }
    }
}

fn rule_row(rule: &RuleView) -> Markup {
    let state = match (rule.findings, rule.looked) {
        (0, 0) => "not-tried",
        (0, _) => "kept",
        _ => "broken",
    };
    html! {
        tr class=(state) {
            td { code { (rule.code) } }
            td { (rule.says) @if let Some(why) = &rule.not_tried { div class="why" { "Not tried: " (why) } } }
            td class="source" { (rule.source) }
            td class="number" { @if rule.looked == 0 { "not tried" } @else { (rule.looked) } }
            td class="number" { (rule.findings) }
        }
    }
}

fn operations(view: &View) -> Markup {
    let mut families: Vec<&str> = view
        .rules
        .iter()
        .filter_map(|rule| rule.code.split('.').next())
        .collect();
    families.dedup();
    html! {
        section {
            h2 { "Operations × rules" }
            p { "How often the rules of each family were looked at; red where one has a finding." }
            div class="wide" { table {
                thead { tr {
                    th { "operation" } th class="number" { "calls" } th class="number" { "mean" } th { "answers" }
                    @for family in &families { th class="number" { (family) } }
                } }
                tbody { @for operation in &view.operations { (operation_row(view, operation, &families)) } }
            } }
        }
    }
}

fn operation_row(view: &View, operation: &OperationView, families: &[&str]) -> Markup {
    let of = |code: &str, family: &str| code.split('.').next() == Some(family);
    html! {
        tr {
            td { code { (operation.method) " " (operation.id) } div class="source" { (operation.path) } }
            td class="number" { (operation.called) }
            td class="number" { @if let Some(mean) = operation.milliseconds { (format!("{mean:.1} ms")) } }
            td.answers {
                @for status in &operation.listed {
                    @let seen = operation.seen.keys().any(|code| code.to_string() == *status);
                    span class=(if seen { "status seen" } else { "status" }) { (status) } " "
                }
                @for status in operation.seen.keys().filter(|code| !operation.listed.contains(&code.to_string())) {
                    span class="status unlisted" { (status) } " "
                }
            }
            @for family in families {
                @let looked = operation.rules.iter().filter(|(code, _)| of(code, family)).map(|(_, count)| count).sum::<usize>();
                @let found = view.findings.iter().any(|finding| finding.operation == operation.id && of(&finding.code, family));
                td class=(if found { "number broken" } else if looked > 0 { "number kept" } else { "number" }) {
                    @if looked > 0 || found { (looked) } @else { "·" }
                }
            }
        }
    }
}

fn constraints(view: &View) -> Markup {
    let (kept, broken, all) = view.constraint_counts();
    html! {
        section {
            h2 { "Constraints of the requests" }
            p { (kept) " of " (all) " were kept at their edge, " (broken) " were broken alone." }
            details {
                summary { "All " (all) }
                div class="wide" { table {
                    thead { tr { th { "operation" } th { "place" } th { "keyword" } th { "kept" } th { "broken" } } }
                    tbody { @for constraint in &view.constraints {
                        tr {
                            td { code { (constraint.operation) } } td { (constraint.place) } td { code { (constraint.keyword) } }
                            td class=(if constraint.kept { "kept" } else { "" }) { (if constraint.kept { "yes" } else { "no" }) }
                            td class=(if constraint.broken { "kept" } else { "" }) { (if constraint.broken { "yes" } else { "no" }) }
                        }
                    } }
                } }
            }
        }
    }
}
