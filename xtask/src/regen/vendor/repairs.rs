//! Repairs of a document that somebody else wrote: OpenAPI Overlays in a folder, applied in the order of their names.
//!
//! Each is small, says why (`x-reason`) and where that can be looked up (`x-link`), and fails as soon as the document no
//! longer needs it: a repair that does nothing hides that the document has changed.

use std::path::{Path, PathBuf};

use openapi_overlay::{Action, Overlay, Target};
use serde_json::Value;

use crate::regen::problem::Problem;
use crate::regen::report::Report;

/// More actions than this in one repair are several repairs.
const MOST: usize = 10;
/// What an action holds beyond the specification: what must stand at its target for it to be right.
const WAS: &str = "x-was";

/// One repair, as its file says it.
#[derive(Debug)]
pub(crate) struct Repair {
    /// The file's name without its endings: `03-item-id-is-a-text`.
    name: String,
    reason: String,
    link: String,
    overlay: Overlay,
}

/// All repairs of a folder, in the order of their names; none where the folder is not there.
pub(crate) fn read(folder: &Path) -> Result<Vec<Repair>, Vec<Problem>> {
    let Ok(listed) = std::fs::read_dir(folder) else {
        return Ok(Vec::new());
    };
    let mut paths: Vec<PathBuf> = listed
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_none_or(|ending| ending != "md"))
        .collect();
    paths.sort();
    let (mut repairs, mut problems) = (Vec::new(), Vec::new());
    for path in paths {
        match repair(&path) {
            Ok(repair) => repairs.push(repair),
            Err(problem) => problems.push(problem),
        }
    }
    if problems.is_empty() {
        Ok(repairs)
    } else {
        Err(problems)
    }
}

fn repair(path: &Path) -> Result<Repair, Problem> {
    let file = path
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    let wrong = |what: String, remedy: &str| Problem::new(format!("repair {file}"), what, remedy);
    let Some(name) = file.strip_suffix(".overlay.yaml") else {
        return Err(wrong(
            "its name does not end in .overlay.yaml".to_owned(),
            "call it NUMBER-what-it-mends.overlay.yaml, or move it elsewhere",
        ));
    };
    let text = std::fs::read_to_string(path)
        .map_err(|error| wrong(error.to_string(), "make it readable"))?;
    let overlay = Overlay::parse(&text)
        .map_err(|error| wrong(error.to_string(), "mend it as OpenAPI Overlay 1.0 says"))?;
    let said = |key: &str| {
        let value = overlay.extension(key).and_then(Value::as_str);
        match value.filter(|text| !text.trim().is_empty()) {
            Some(text) => Ok(text.split_whitespace().collect::<Vec<_>>().join(" ")),
            None => Err(wrong(
                format!("{key} is missing"),
                "say why the document is wrong (x-reason), and where that can be looked up (x-link)",
            )),
        }
    };
    let (reason, link) = (said("x-reason")?, said("x-link")?);
    let actions = overlay.actions();
    let unknown = overlay
        .extensions()
        .filter(|key| !["x-reason", "x-link"].contains(key))
        .chain(
            actions
                .iter()
                .flat_map(Action::extensions)
                .filter(|key| *key != WAS),
        )
        .next();
    if let Some(key) = unknown {
        return Err(wrong(format!("{key} means nothing here"), "take it out"));
    }
    if actions.len() > MOST {
        return Err(wrong(
            format!("it has {} actions", actions.len()),
            "split it: each repair mends one thing",
        ));
    }
    Ok(Repair {
        name: name.to_owned(),
        reason,
        link,
        overlay,
    })
}

/// Applies all repairs in their order, with a line in the report for each value that is another then.
pub(crate) fn apply(
    repairs: &[Repair],
    document: &str,
    root: &mut Value,
    report: &mut Report,
) -> Result<(), Vec<Problem>> {
    let mut problems = Vec::new();
    for repair in repairs {
        if let Some(other) = repair
            .overlay
            .extends()
            .filter(|extends| !is_of(extends, document))
        {
            problems.push(Problem::new(
                format!("repair {}", repair.name),
                format!("it is for {other}, and this is {document}"),
                "give --repairs the folder that belongs to this document",
            ));
            continue;
        }
        for action in repair.overlay.actions() {
            if let Err((what, remedy)) = one(repair, action, root, report) {
                problems.push(Problem::new(
                    format!("repair {}, {}", repair.name, action.target()),
                    what,
                    remedy,
                ));
            }
        }
    }
    if problems.is_empty() {
        Ok(())
    } else {
        Err(problems)
    }
}

fn one(
    repair: &Repair,
    action: &Action,
    root: &mut Value,
    report: &mut Report,
) -> Result<(), (String, &'static str)> {
    const GONE: &str = "read what the document says there now, and mend the repair or take it out";
    if let Some(was) = action.extension(WAS) {
        let other = |place: &Target| !holds(place.value(root), was);
        if let Some(place) = action.selected(root).into_iter().find(other) {
            let now = shortened(place.value(root));
            return Err((
                format!("{place} is no longer {}, but {now}", shortened(was)),
                GONE,
            ));
        }
    }
    let done = action
        .apply(root)
        .map_err(|error| (error.to_string(), "mend the repair"))?;
    if done.selected.is_empty() {
        return Err(("its target selects nothing".to_owned(), GONE));
    }
    if done.changes.is_empty() {
        return Err(("the document says so already".to_owned(), GONE));
    }
    let why = if action.description().is_empty() {
        format!(
            "repair {}: {} ({})",
            repair.name, repair.reason, repair.link
        )
    } else {
        format!(
            "repair {}: {} ({})",
            repair.name,
            action.description(),
            repair.link
        )
    };
    for change in done.changes {
        let shown = |value: &Option<Value>| {
            value
                .as_ref()
                .map_or_else(|| "nothing".to_owned(), shortened)
        };
        report.add(
            change.place.to_string(),
            shown(&change.before),
            shown(&change.after),
            why.clone(),
        );
    }
    Ok(())
}

/// Whether an overlay's `extends` names a document: wholly, or by the last part of its path.
fn is_of(extends: &str, document: &str) -> bool {
    let last = |text: &str| {
        let path = text.split(['?', '#']).next().unwrap_or_default();
        path.rsplit('/').next().unwrap_or_default().to_owned()
    };
    extends == document || last(extends) == last(document)
}

/// Whether a value is the expected one, or a map with the expected members.
fn holds(value: &Value, expected: &Value) -> bool {
    match (value, expected) {
        (Value::Object(value), Value::Object(expected)) => expected
            .iter()
            .all(|(name, wanted)| value.get(name).is_some_and(|inner| holds(inner, wanted))),
        (value, expected) => value == expected,
    }
}

fn shortened(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() <= 100 {
        return text;
    }
    text.chars().take(97).chain("...".chars()).collect()
}
