//! What of a document a run has exercised: which answers it saw, which constraints it kept and broke, which checks looked where.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::engine::{Document, Operation};

use super::scenario::Why;
use super::shape::constraints;

/// What was exercised so far.
#[derive(Debug, Clone, Default)]
pub struct Coverage {
    /// For each operation and status how many answers were checked.
    pub answers: BTreeMap<(String, u16), usize>,
    /// For each operation and check how often it was made.
    pub checks: BTreeMap<(String, &'static str), usize>,
    /// For each operation how often it was called, and for how many milliseconds in all.
    pub calls: BTreeMap<String, (usize, f64)>,
    kept: BTreeSet<(String, String)>,
    broken: BTreeSet<(String, String)>,
    /// The places of the valid bodies of each operation.
    present: BTreeSet<(String, String)>,
}

/// One constraint of the document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Constraint {
    /// The operation whose request it constrains.
    pub operation: String,
    /// Where: `body /name`, `query limit`.
    pub place: String,
    /// Its keyword.
    pub keyword: String,
    /// Whether a request that keeps it at its edge was sent.
    pub kept: bool,
    /// Whether a request that breaks it alone was sent.
    pub broken: bool,
}

impl Coverage {
    pub(crate) fn tally(&mut self, operation: &str, code: &'static str) {
        *self.checks.entry((operation.to_owned(), code)).or_default() += 1;
    }

    pub(crate) fn answered(&mut self, operation: &str, status: Option<u16>, milliseconds: f64) {
        if let Some(status) = status {
            *self
                .answers
                .entry((operation.to_owned(), status))
                .or_default() += 1;
        }
        let (count, time) = self.calls.entry(operation.to_owned()).or_default();
        *count += 1;
        *time += milliseconds;
    }

    pub(crate) fn exercised(&mut self, operation: &str, why: &Why, kept: bool) {
        let entry = (operation.to_owned(), why.to_string());
        if kept {
            self.kept.insert(entry)
        } else {
            self.broken.insert(entry)
        };
    }

    /// Notes the places of a valid body: each keeps its type, and what is required or closed there.
    pub(crate) fn holds(&mut self, operation: &str, body: &Value) {
        present(body, "", &mut |place| {
            let place = format!("body {place}").trim_end().to_owned();
            self.present.insert((operation.to_owned(), place));
        });
    }

    /// How often a check was made in all.
    #[must_use]
    pub fn times(&self, code: &str) -> usize {
        self.checks
            .iter()
            .filter(|((_, known), _)| *known == code)
            .map(|(_, count)| count)
            .sum()
    }

    /// Every constraint of every request, and whether it was kept and broken.
    #[must_use]
    pub fn constraints(&self, document: &Document) -> Vec<Constraint> {
        let mut all = Vec::new();
        for operation in document.operations() {
            for (place, keyword) in places(document, operation) {
                let entry = (operation.id.clone(), format!("{place} {keyword}"));
                let there = || (operation.id.clone(), place.clone());
                let by_being = ["type", "required", "additionalProperties"];
                all.push(Constraint {
                    kept: self.kept.contains(&entry)
                        || by_being.contains(&keyword.as_str()) && self.present.contains(&there()),
                    broken: self.broken.contains(&entry),
                    operation: operation.id.clone(),
                    place,
                    keyword,
                });
            }
        }
        all
    }
}

fn present(value: &Value, place: &str, note: &mut impl FnMut(&str)) {
    note(place);
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                present(field, &format!("{place}/{name}"), note);
            }
        }
        Value::Array(items) => {
            for item in items {
                present(item, &format!("{place}/*"), note);
            }
        }
        _ => {}
    }
}

fn places(document: &Document, operation: &Operation) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for parameter in &operation.parameters {
        let place = format!("{} {}", parameter.place, parameter.name);
        if parameter.required && parameter.place != "path" {
            found.push((place.clone(), "required".to_owned()));
        }
        for (inner, keyword) in constraints(&document.root, &parameter.schema) {
            found.push((format!("{place}{inner}"), keyword));
        }
    }
    for (media_type, schema) in &operation.request {
        if media_type.contains("json") {
            for (inner, keyword) in constraints(&document.root, schema) {
                found.push((format!("body {inner}").trim_end().to_owned(), keyword));
            }
        }
    }
    found.dedup();
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_valid_body_keeps_what_its_places_are_there_for() {
        let text = "openapi: 3.0.3\npaths:\n  /a:\n    post:\n      operationId: make\n      responses: {}\n      requestBody:\n        content:\n          \
            application/json:\n            schema: {type: object, additionalProperties: false, required: [n], properties: {n: {type: string, maxLength: 3}, t: {type: array, items: {type: integer}}}}\n";
        let document = Document::parse(text).unwrap();
        let mut coverage = Coverage::default();
        let kept = |coverage: &Coverage| -> Vec<String> {
            let all = coverage.constraints(&document).into_iter();
            all.filter(|it| it.kept)
                .map(|it| format!("{} {}", it.place, it.keyword))
                .collect()
        };
        assert_eq!(kept(&coverage), [] as [String; 0]);
        coverage.holds("make", &json!({ "n": "a", "t": [1] }));
        assert_eq!(
            kept(&coverage),
            [
                "body type",
                "body additionalProperties",
                "body /n required",
                "body /n type",
                "body /t type",
                "body /t/* type"
            ]
        );
    }
}
