//! Changes as text for a terminal, as JSON for a program, as markdown for a review.

use std::fmt::Write as _;

use serde_json::json;

use super::{Bump, Finding, Level, bump};

/// How changes are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    Text,
    Json,
    Markdown,
}

pub(crate) fn show(findings: &[Finding], format: Format) -> String {
    match format {
        Format::Text => text(findings),
        Format::Json => {
            let report = json!({ "bump": bump(findings), "changes": findings });
            format!("{report:#}")
        }
        Format::Markdown => markdown(findings),
    }
}

fn heading(level: Level) -> &'static str {
    match level {
        Level::Breaking => "Breaking: a program that worked can fail",
        Level::Source => "Breaking at compile time: a type changes",
        Level::Compatible => "Compatible",
        Level::Text => "Words only",
    }
}

fn asked(findings: &[Finding]) -> &'static str {
    match bump(findings) {
        Bump::None => "Nothing changes for those who call the SDK.",
        Bump::Patch => "It asks for a new patch version of the SDK.",
        Bump::Minor => "It asks for a new minor version of the SDK.",
        Bump::Major => "It asks for a new major version of the SDK (before 1.0: a new minor one).",
    }
}

fn groups(findings: &[Finding]) -> impl Iterator<Item = (Level, Vec<&Finding>)> {
    [
        Level::Breaking,
        Level::Source,
        Level::Compatible,
        Level::Text,
    ]
    .into_iter()
    .map(|level| {
        (
            level,
            findings
                .iter()
                .filter(|finding| finding.level == level)
                .collect::<Vec<_>>(),
        )
    })
    .filter(|(_, found)| !found.is_empty())
}

fn text(findings: &[Finding]) -> String {
    let mut page = String::new();
    for (level, found) in groups(findings) {
        // Writing to a String cannot fail.
        let _ = writeln!(page, "{} ({}):", heading(level), found.len());
        for finding in found {
            let _ = writeln!(
                page,
                "  {}: {} [{}]",
                finding.place, finding.text, finding.rule
            );
        }
    }
    page.push_str(asked(findings));
    page
}

fn markdown(findings: &[Finding]) -> String {
    let mut page = format!("## What the change means\n\n{}\n", asked(findings));
    for (level, found) in groups(findings) {
        let _ = writeln!(
            page,
            "\n### {}\n\n| place | change | rule |\n|---|---|---|",
            heading(level)
        );
        for finding in found {
            let cell = |text: &str| text.replace('|', "\\|").replace('\n', " ");
            let _ = writeln!(
                page,
                "| {} | {} | `{}` |",
                cell(&finding.place),
                cell(&finding.text),
                finding.rule
            );
        }
    }
    page
}
