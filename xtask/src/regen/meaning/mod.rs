//! `cargo xtask diff`: what a change of the description means for those who call the SDK, in the words of an API's owner.
//!
//! The checks follow the categories of oasdiff; the verdict is the SDK's: what a caller's program does, and whether it
//! still compiles.

mod bounds;
#[cfg(test)]
mod oasdiff;
mod operations;
mod promises;
mod schemas;
mod show;
mod site;
mod traffic;

use serde::Serialize;
use serde_json::Value;

use self::promises::{stability, sunset};
use super::document::Document;
use super::prepare;
use super::problem::listed;

pub(crate) use self::operations::keyed;
pub(crate) use self::show::{Format, show};

/// What a change asks of a caller, weakest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize))]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Level {
    /// Words only.
    Text,
    /// Something new, or something that is allowed more than before.
    Compatible,
    /// What is sent and answered goes on as before, but a type changes: the caller's code must.
    Source,
    /// A program that worked can fail.
    Breaking,
}

/// One change.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct Finding {
    /// The worst first.
    #[serde(skip)]
    order: std::cmp::Reverse<Level>,
    pub(crate) level: Level,
    /// The operation or the component.
    pub(crate) place: String,
    /// The rule, after oasdiff's pattern: `response-property-became-optional`.
    pub(crate) rule: String,
    /// What happened, as a sentence.
    pub(crate) text: String,
}

/// Collects findings at one place.
struct Findings {
    place: String,
    found: Vec<Finding>,
}

impl Findings {
    fn at(&mut self, place: impl Into<String>) {
        self.place = place.into();
    }

    fn add(&mut self, level: Level, rule: impl Into<String>, text: impl Into<String>) {
        self.found.push(Finding {
            order: std::cmp::Reverse(level),
            level,
            place: self.place.clone(),
            rule: rule.into(),
            text: text.into(),
        });
    }
}

/// All that a change from one description to another means, the worst first.
pub(crate) fn between(old: Document, new: Document) -> Result<Vec<Finding>, String> {
    let (old, new) = (
        plain(old, "the old description")?,
        plain(new, "the new description")?,
    );
    let mut findings = Findings {
        place: String::new(),
        found: Vec::new(),
    };
    operations::compare(&old, &new, &mut findings).map_err(|problem| problem.to_string())?;
    let breaking = findings
        .found
        .iter()
        .any(|finding| finding.level >= Level::Source);
    findings.at("info.version");
    version(&old.root, &new.root, breaking, &mut findings);
    let mut found = findings.found;
    found.sort();
    found.dedup();
    Ok(found)
}

/// The description in the words of 3.0, and without `allOf`, so that only meaning is compared.
fn plain(mut document: Document, name: &str) -> Result<Document, String> {
    prepare::compared(&mut document)
        .map_err(|problems| listed(&format!("{name} cannot be compared"), problems))?;
    Ok(document)
}

fn version(old: &Value, new: &Value, breaking: bool, findings: &mut Findings) {
    let of = |root: &Value| {
        root.pointer("/info/version")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let (old, new) = (of(old), of(new));
    if old != new {
        findings.add(
            Level::Text,
            "api-version-changed",
            format!("the version goes from {old} to {new}"),
        );
    }
    if !breaking {
        return;
    }
    match (numbers(&old), numbers(&new)) {
        (Some(before), Some(after)) if after == before => {
            findings.add(
                Level::Text,
                "api-version-not-bumped",
                format!("something breaks, and the version is still {old}"),
            );
        }
        (Some(before), Some(after)) if after < before => {
            findings.add(
                Level::Text,
                "api-version-decreased",
                format!("something breaks, and the version goes down from {old} to {new}"),
            );
        }
        (Some(before), Some(after)) if bump_of(&before, &after) != Bump::Major => {
            findings.add(
                Level::Text,
                "api-major-version-not-bumped",
                format!("something breaks, and {new} is no new major version after {old}"),
            );
        }
        _ => {}
    }
}

/// The version that a change asks of the SDK.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Bump {
    None,
    Patch,
    Minor,
    Major,
}

/// What a set of changes asks for.
pub(crate) fn bump(findings: &[Finding]) -> Bump {
    match findings.iter().map(|finding| finding.level).max() {
        None => Bump::None,
        Some(Level::Text) => Bump::Patch,
        Some(Level::Compatible) => Bump::Minor,
        Some(Level::Source | Level::Breaking) => Bump::Major,
    }
}

fn numbers(version: &str) -> Option<Vec<u64>> {
    let plain = version.split(['-', '+']).next()?;
    plain.split('.').map(|part| part.parse().ok()).collect()
}

/// The kind of step between two versions; before 1.0 the second number is the major one.
fn bump_of(before: &[u64], after: &[u64]) -> Bump {
    let part = |version: &[u64], index: usize| version.get(index).copied().unwrap_or_default();
    let lead = usize::from(part(before, 0) == 0 && part(after, 0) == 0);
    if part(before, 0) != part(after, 0) || lead == 1 && part(before, 1) != part(after, 1) {
        Bump::Major
    } else if part(before, 1) != part(after, 1) {
        Bump::Minor
    } else {
        Bump::Patch
    }
}
