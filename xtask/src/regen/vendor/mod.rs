//! `cargo xtask regen --from FILE|URL`: a document that somebody else wrote, such as the vendor's, mended by repairs.
//!
//! fetch → repairs (`openapi/repairs/`) → marks of the house → the same way as our own description. With a folder it
//! becomes a whole crate; without one it is compared with `openapi/maestro.yaml`, and nothing is written: the hand-written
//! description knows evidence, permissions and disputes that no vendor's document has, so it is changed by hand.

mod compare;
mod fetch;
mod manifest;
mod package;
mod repairs;

pub(crate) use self::manifest::beside;
pub(crate) use self::package::made;

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use self::repairs::Repair;
use super::document::{Document, METHODS};
use super::files::Made;
use super::meaning::{self, Format};
use super::normalised_with;
use super::problem::listed;
use super::report::Report;

/// Where the repairs of the vendor's document lie.
const REPAIRS: &str = "openapi/repairs";
/// The crate whose runtime every generated client has.
const RUNTIME: &str = "crates/dadosfera-raw";

/// What is asked for on the command line.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) from: String,
    /// The folder of repairs; that of the vendor's document where none is given.
    pub(crate) repairs: Option<PathBuf>,
    /// The folder of the crate; nothing to compare only.
    pub(crate) out: Option<PathBuf>,
    pub(crate) check: bool,
    pub(crate) format: Format,
}

/// A document of somebody else's, mended, with what was mended.
#[derive(Debug)]
pub(crate) struct Mended {
    pub(crate) document: Document,
    pub(crate) report: Report,
    pub(crate) name: String,
    /// The text as it came.
    source: String,
}

/// Runs `regen --from`.
pub(crate) fn run(root: &Path, asked: &Asked) -> Result<String, String> {
    let folder = asked.repairs.clone().unwrap_or_else(|| root.join(REPAIRS));
    if asked.repairs.is_some() && !folder.is_dir() {
        return Err(format!(
            "{}: there is no such folder of repairs",
            folder.display()
        ));
    }
    let mended = mended(&asked.from, &folder)?;
    match &asked.out {
        Some(out) => package::write(root, mended, out, asked.check, asked.format),
        None if asked.check => {
            Err("--check needs --out: it holds a crate against what would be made".to_owned())
        }
        None => compare::with_ours(root, mended, asked.format),
    }
}

/// A document of our own with everything that the vendor's framework gets wrong, and where what is made of it lies.
const KIOSK: &str = "xtask/kiosk";

/// The kiosk's document, mended: its client is compiled in the corpus, and a server of it is held against it.
pub(crate) fn kiosk_mended(root: &Path) -> Result<Mended, String> {
    let folder = root.join(KIOSK);
    let document = folder.join("kiosk.json");
    mended(&document.display().to_string(), &folder.join("repairs"))
}

/// What is committed of it.
pub(crate) fn kiosk(root: &Path) -> Result<Vec<Made>, String> {
    let Mended {
        document,
        report,
        name,
        ..
    } = kiosk_mended(root)?;
    let repaired = package::pretty(&document.root)?;
    let (_, normalised) = normalised_with(document, report)
        .map_err(|problems| listed(&format!("{name} is not mended yet"), problems))?;
    let folder = Path::new(KIOSK);
    Ok(vec![
        (folder.join("openapi.json"), repaired),
        (
            folder.join("normalize-report.txt"),
            normalised.report.text(&name),
        ),
    ])
}

/// Fetches a document and applies the repairs of a folder.
pub(crate) fn mended(from: &str, folder: &Path) -> Result<Mended, String> {
    let repairs = repairs::read(folder)
        .map_err(|problems| listed("there are repairs that are none", problems))?;
    let fetched = fetch::fetch(from)?;
    let mut document = Document::parse(&fetched.text, &fetched.name)?;
    let mut report = Report::default();
    apply(&repairs, &fetched.name, &mut document, &mut report)?;
    marks(&mut document, &fetched.name, &mut report);
    Ok(Mended {
        document,
        report,
        name: fetched.name,
        source: fetched.text,
    })
}

fn apply(
    repairs: &[Repair],
    name: &str,
    document: &mut Document,
    report: &mut Report,
) -> Result<(), String> {
    repairs::apply(repairs, name, &mut document.root, report)
        .map_err(|problems| listed(&format!("repairs of {name} no longer apply"), problems))
}

/// What the table of operations needs to know and only our own description says.
fn marks(document: &mut Document, name: &str, report: &mut Report) {
    let title = document.root["info"]["title"]
        .as_str()
        .unwrap_or(name)
        .to_owned();
    let source = format!("{title}, {name}");
    let items = document
        .root
        .get_mut("paths")
        .and_then(Value::as_object_mut);
    let (mut evidence, mut repeats) = (0, 0);
    for item in items.into_iter().flat_map(|paths| paths.values_mut()) {
        for method in METHODS {
            let Some(operation) = item.get_mut(method).and_then(Value::as_object_mut) else {
                continue;
            };
            if !operation.contains_key("x-evidence") {
                operation.insert("x-evidence".to_owned(), json!("documented"));
                operation.insert("x-source".to_owned(), json!(source));
                evidence += 1;
            }
            if !operation.contains_key("x-idempotent") {
                let harmless = !["post", "patch"].contains(&method);
                operation.insert("x-idempotent".to_owned(), json!(harmless));
                repeats += 1;
            }
        }
    }
    for (count, before, after, why) in [
        (
            evidence,
            "no x-evidence",
            "documented",
            "the document is the vendor's own word",
        ),
        (
            repeats,
            "no x-idempotent",
            "true but for POST and PATCH",
            "HTTP says so of the methods",
        ),
    ] {
        if count > 0 {
            report.add(format!("{count} operations"), before, after, why);
        }
    }
}

/// What changed for callers between two forms of a document; empty where one of them cannot be compared.
fn meaning_of(old: &str, new: &Value, format: Format) -> Option<String> {
    let old = Document::parse(old, "the document as it was").ok()?;
    let findings = meaning::between(old, Document { root: new.clone() }).ok()?;
    (!findings.is_empty()).then(|| meaning::show(&findings, format))
}
