//! The memory of a run: what was called, what came back, what was found.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::document::Document;
use super::finding::Finding;
use super::taint::Taint;

/// How much of a value a finding shows.
const SHOWN: usize = 240;

/// Collects what all clients of a run see. Everything in it is free of secrets.
#[derive(Debug, Default)]
pub struct Recorder {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    operations: BTreeMap<String, OperationRow>,
    findings: Vec<Finding>,
    requests: usize,
}

/// What a run did with one operation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OperationRow {
    /// How often it was called.
    pub called: usize,
    /// Each status that was seen, and how often its answer was checked.
    pub statuses: BTreeMap<u16, usize>,
    /// The laws that called it.
    pub laws: BTreeSet<String>,
    /// Whether a 2xx answer was among them.
    pub succeeded: bool,
}

impl Recorder {
    /// Notes one exchange.
    pub(crate) fn exchange(&self, operation: Option<&str>, law: &str, status: Option<u16>) {
        let mut inner = self.lock();
        inner.requests += 1;
        let Some(operation) = operation else { return };
        let row = inner.operations.entry(operation.to_owned()).or_default();
        row.called += 1;
        row.laws.insert(law.to_owned());
        if let Some(status) = status {
            *row.statuses.entry(status).or_default() += 1;
            row.succeeded |= (200..300).contains(&status);
        }
    }

    /// Notes a finding, hiding its secrets; the same thing found again is only counted.
    pub fn found(&self, mut finding: Finding, taint: &Taint) {
        finding.place = taint.redact(&finding.place);
        finding.expected = shorten(&taint.redact(&finding.expected));
        finding.got = shorten(&taint.redact(&finding.got));
        let mut inner = self.lock();
        match inner
            .findings
            .iter_mut()
            .find(|known| known.repeats(&finding))
        {
            Some(known) => known.count += 1,
            None => inner.findings.push(finding),
        }
    }

    /// Every finding, in the order in which they were made.
    #[must_use]
    pub fn findings(&self) -> Vec<Finding> {
        self.lock().findings.clone()
    }

    /// How many requests were sent.
    #[must_use]
    pub fn requests(&self) -> usize {
        self.lock().requests
    }

    /// A row for every operation of the document, called or not.
    #[must_use]
    pub fn rows(&self, document: &Document) -> Vec<(String, OperationRow)> {
        let inner = self.lock();
        document
            .operations()
            .iter()
            .map(|operation| {
                let row = inner
                    .operations
                    .get(&operation.id)
                    .cloned()
                    .unwrap_or_default();
                (operation.id.clone(), row)
            })
            .collect()
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn shorten(text: &str) -> String {
    let mut short: String = text.chars().take(SHOWN).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}
