//! What somebody else's document says otherwise than ours, in the words of `diff`, and what it proves.
//!
//! Names are ours to give: operations are matched by method and path and keep our ids, tags and texts, schemes of credentials
//! are matched by how they are sent, and names of schemas are not compared, only what is in them.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use serde_json::{Value, json};

use super::Mended;
use crate::regen::document::{Document, entries, text};
use crate::regen::meaning::{self, Finding, Format, keyed};

/// The description that is written by hand.
const OURS: &str = "openapi/maestro.yaml";
/// What depends on names alone.
const NAMES: [&str; 2] = ["api-schema-removed", "api-schema-added"];
/// The mark of an operation that the vendor describes.
const STRONGEST: &str = "documented";

/// Which operations two documents share, and what ours rest on.
#[derive(Debug, Default)]
struct Evidence {
    both: usize,
    only_ours: Vec<String>,
    only_theirs: Vec<String>,
    /// Id and mark of each operation that is in both and not marked as strongly as it could be, and whether it differs.
    weaker: Vec<(String, String, bool)>,
}

/// Compares with our description and says what it found; nothing is written.
pub(crate) fn with_ours(root: &Path, mended: Mended, format: Format) -> Result<String, String> {
    let ours =
        std::fs::read_to_string(root.join(OURS)).map_err(|error| format!("{OURS}: {error}"))?;
    let ours = Document::parse(&ours, OURS)?;
    let Mended {
        document: theirs,
        name,
        ..
    } = mended;
    let (findings, evidence) = compared(ours, theirs)?;
    let shown = meaning::show(&findings, format);
    Ok(match format {
        Format::Json => {
            let mut report: Value =
                serde_json::from_str(&shown).map_err(|error| error.to_string())?;
            report["evidence"] = evidence.json();
            format!("{report:#}")
        }
        Format::Text | Format::Markdown => format!(
            "What {name} says otherwise than {OURS}:\n\n{shown}\n\n{}Nothing was written; {OURS} is changed by hand, or `--out` makes a crate.",
            evidence.text(&name)
        ),
    })
}

fn compared(ours: Document, mut theirs: Document) -> Result<(Vec<Finding>, Evidence), String> {
    let mut evidence = Evidence::default();
    let mut adopted = Vec::new();
    let mut marks = Vec::new();
    {
        let told = |problem: crate::regen::problem::Problem| problem.to_string();
        let (before, after) = (keyed(&ours).map_err(told)?, keyed(&theirs).map_err(told)?);
        for (key, operation) in &before {
            let Some(other) = after.get(key) else {
                evidence.only_ours.push(operation.name());
                continue;
            };
            evidence.both += 1;
            let mark = text(operation.value, "x-evidence").unwrap_or("unmarked");
            if mark != STRONGEST {
                let place = format!("{} (", operation.name());
                marks.push((place, operation.name(), mark.to_owned()));
            }
            let kept: Vec<(String, Value)> = entries(Some(operation.value))
                .filter(|(key, _)| {
                    key.starts_with("x-")
                        || ["operationId", "tags", "summary", "description"].contains(key)
                })
                .map(|(key, value)| (key.to_owned(), value.clone()))
                .collect();
            adopted.push((other.path.to_owned(), other.method.to_owned(), kept));
        }
        let missing = after.iter().filter(|(key, _)| !before.contains_key(*key));
        evidence.only_theirs = missing
            .map(|(_, operation)| format!("{} {}", operation.method.to_uppercase(), operation.path))
            .collect();
    }
    for (path, method, kept) in adopted {
        let operation = theirs.root["paths"][path.as_str()][method.as_str()].as_object_mut();
        if let Some(operation) = operation {
            operation.retain(|key, _| {
                !key.starts_with("x-")
                    && !["tags", "summary", "description"].contains(&key.as_str())
            });
            operation.extend(kept);
        }
    }
    schemes(&ours, &mut theirs.root);
    let mut findings = meaning::between(ours, theirs)?;
    findings.retain(|finding| !NAMES.contains(&finding.rule.as_str()));
    for (place, id, mark) in marks {
        let differs = findings
            .iter()
            .any(|finding| finding.place.starts_with(&place));
        evidence.weaker.push((id, mark, differs));
    }
    Ok((findings, evidence))
}

/// Gives their schemes of credentials the names of ours that are sent in the same way.
fn schemes(ours: &Document, theirs: &mut Value) {
    let sent = |scheme: &Value| {
        ["type", "scheme", "in", "name"].map(|key| {
            let word = text(scheme, key).unwrap_or_default();
            // Names of headers have no case.
            word.to_ascii_lowercase()
        })
    };
    let known: Vec<(String, [String; 4])> =
        entries(ours.root.pointer("/components/securitySchemes"))
            .map(|(name, scheme)| (name.to_owned(), sent(scheme)))
            .collect();
    let renamed: BTreeMap<String, String> = entries(theirs.pointer("/components/securitySchemes"))
        .filter_map(|(name, scheme)| {
            let same = known.iter().find(|(_, how)| *how == sent(scheme))?;
            Some((name.to_owned(), same.0.clone()))
        })
        .collect();
    let rename = |named: &mut Value| {
        if let Some(object) = named.as_object_mut() {
            let old = std::mem::take(object);
            object.extend(
                old.into_iter()
                    .map(|(name, value)| (renamed.get(&name).cloned().unwrap_or(name), value)),
            );
        }
    };
    if let Some(named) = theirs.pointer_mut("/components/securitySchemes") {
        rename(named);
    }
    let shared = theirs.get_mut("security").and_then(Value::as_array_mut);
    shared.into_iter().flatten().for_each(rename);
    let items = theirs.get_mut("paths").and_then(Value::as_object_mut);
    for item in items.into_iter().flat_map(|paths| paths.values_mut()) {
        for operation in item
            .as_object_mut()
            .into_iter()
            .flat_map(|item| item.values_mut())
        {
            let needs = operation.get_mut("security").and_then(Value::as_array_mut);
            needs.into_iter().flatten().for_each(rename);
        }
    }
}

impl Evidence {
    fn text(&self, name: &str) -> String {
        let mut page = format!(
            "Evidence: {name} describes {} of our {} operations, and {} that we do not have.\n",
            self.both,
            self.both + self.only_ours.len(),
            self.only_theirs.len()
        );
        for (id, mark, differs) in &self.weaker {
            let what = if *differs {
                "differs as said above"
            } else {
                "is described there as here: it can be marked documented"
            };
            // Writing to a String cannot fail.
            let _ = writeln!(page, "  {id} is {mark} here, and {what}");
        }
        for operation in &self.only_theirs {
            let _ = writeln!(page, "  {operation} is only there");
        }
        page.push('\n');
        page
    }

    fn json(&self) -> Value {
        let weaker: Vec<Value> = self
            .weaker
            .iter()
            .map(|(id, mark, differs)| json!({ "operation": id, "evidence": mark, "differs": differs }))
            .collect();
        json!({
            "in_both": self.both,
            "only_ours": self.only_ours,
            "only_theirs": self.only_theirs,
            "weaker": weaker,
        })
    }
}
