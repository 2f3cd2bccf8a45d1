//! A whole crate from a document: the generated client, the runtime that it calls, a manifest, and what was changed on the way.
//!
//! The runtime is that of `dadosfera-raw`, copied as it is: the crate needs nothing of this workspace.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::manifest::manifest;
use super::{Mended, RUNTIME};
use crate::regen::files::{self, Made};
use crate::regen::meaning::Format;
use crate::regen::problem::listed;
use crate::regen::{CLIENT, OPERATIONS, changes, header, normalised_with, ops, source};

/// What of it is made from its own description, or tests it.
const ITS_OWN: [&str; 4] = ["generated.rs", "lib.rs", "ops.rs", "shapes"];
/// The document with its repairs: what a server of the API is held against.
const MENDED: &str = "openapi.json";
const NORMALISED: &str = "openapi.normalized.json";

/// Writes the crate into a folder, or with `check` holds the folder against it.
pub(crate) fn write(
    root: &Path,
    mended: Mended,
    out: &Path,
    check: bool,
    format: Format,
) -> Result<String, String> {
    let (made, normalised) = made(root, mended)?;
    let stale = files::stale(out, &made);
    if stale.is_empty() {
        return Ok(format!("regen: {} is up to date", out.display()));
    }
    let names = files::names(&stale).join(", ");
    let read = |name: &str| std::fs::read_to_string(out.join(name)).ok();
    let before = read(NORMALISED).and_then(|text| serde_json::from_str::<Value>(&text).ok());
    let changed: String = before
        .map(|before| changes::between(&before, &normalised, 12))
        .unwrap_or_default()
        .iter()
        .map(|change| format!("\n  {change}"))
        .collect();
    if check {
        return Err(format!(
            "stale in {}: {names}{changed}\nrun the same command without --check, review and commit what it writes",
            out.display()
        ));
    }
    let was = read(MENDED);
    files::write(out, &stale)?;
    let is = made.iter().find(|(path, _)| path == Path::new(MENDED));
    let is = is
        .and_then(|(_, text)| serde_json::from_str(text).ok())
        .unwrap_or_default();
    let told = was
        .and_then(|was| super::meaning_of(&was, &is, format))
        .map(|told| format!("\n\nwhat changed since the last regen:\n{told}"))
        .unwrap_or_default();
    Ok(format!(
        "regen: wrote into {}: {names}{changed}{told}",
        out.display()
    ))
}

/// Each file of the crate with its text, and what the generator saw.
pub(crate) fn made(root: &Path, mended: Mended) -> Result<(Vec<Made>, Value), String> {
    let Mended {
        document,
        report,
        name,
        source: text,
    } = mended;
    let repaired = pretty(&document.root)?;
    let info = document.root["info"].clone();
    let (document, normalised) = normalised_with(document, report).map_err(|problems| {
        listed(
            &format!(
                "{name} holds what would not come out as described; a repair can say what is meant"
            ),
            problems,
        )
    })?;
    let ops_table = ops::table(&document, &normalised).map_err(|problem| problem.to_string())?;
    let kind = if text.trim_start().starts_with('{') {
        "json"
    } else {
        "yaml"
    };
    let mut files = vec![
        ("Cargo.toml".to_owned(), manifest(root, &info, &name)?),
        (format!("openapi.source.{kind}"), text),
        (MENDED.to_owned(), repaired),
        (NORMALISED.to_owned(), pretty(&normalised.document)?),
        (
            "normalize-report.txt".to_owned(),
            normalised.report.text(&name),
        ),
        (
            "src/generated.rs".to_owned(),
            header(CLIENT, &name) + &source(&normalised, "crate::types", None)?,
        ),
        (
            "src/ops.rs".to_owned(),
            header(OPERATIONS, &name) + &ops_table,
        ),
        ("src/lib.rs".to_owned(), door(root, &info, &name)?),
    ];
    runtime(&root.join(RUNTIME).join("src"), "src", &mut files)?;
    let files = files
        .into_iter()
        .map(|(name, text)| (name.into(), text))
        .collect();
    Ok((files, normalised.document))
}

pub(crate) fn pretty(value: &Value) -> Result<String, String> {
    let mut text = serde_json::to_string_pretty(value).map_err(|error| error.to_string())?;
    text.push('\n');
    Ok(text)
}

fn runtime(folder: &Path, below: &str, files: &mut Vec<(String, String)>) -> Result<(), String> {
    let fails = |path: &Path, error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    let listed = std::fs::read_dir(folder).map_err(|error| fails(folder, &error))?;
    let mut paths: BTreeSet<PathBuf> = listed.flatten().map(|entry| entry.path()).collect();
    paths.retain(|path| {
        let name = path.file_name().unwrap_or_default();
        below != "src" || !ITS_OWN.iter().any(|own| name == *own)
    });
    for path in paths {
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let name = format!("{below}/{name}");
        if path.is_dir() {
            runtime(&path, &name, files)?;
        } else {
            let text = std::fs::read_to_string(&path).map_err(|error| fails(&path, &error))?;
            files.push((name, text));
        }
    }
    Ok(())
}

/// The door of the runtime's own crate, with other words at its head.
fn door(root: &Path, info: &Value, name: &str) -> Result<String, String> {
    let path = root.join(RUNTIME).join("src/lib.rs");
    let text =
        std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let modules = text
        .find("#[rustfmt::skip]")
        .and_then(|start| text.get(start..))
        .ok_or_else(|| format!("{}: its modules are not where they were", path.display()))?
        .replace("#[cfg(test)]\nmod shapes;\n", "")
        // In a crate that does not ask for those lints an expectation of them would not be met.
        .replace("#[expect(", "#[allow(")
        .replace(
            "mod open_enum;",
            "#[allow(unused_imports, unused_macros, reason = \"an API may have no open vocabulary\")]\nmod open_enum;",
        );
    let title = one_line(info["title"].as_str().unwrap_or("An API"));
    let version = one_line(info["version"].as_str().unwrap_or_default());
    Ok(format!(
        "//! {title} {version} as it looks on the wire, generated by `cargo xtask regen` from {name}.\n\
         //!\n\
         //! `Client::new_with_client(base_url, reqwest::Client::new(), Inner::new(Direct))` sends each request once, as it is;\n\
         //! a [`Transport`] of one's own signs and retries. `normalize-report.txt` tells what was changed on the way.\n\n{modules}"
    ))
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
