//! `cargo xtask regen`: from the description to the raw client, or an explanation why not.
//!
//! read → lint → refuse → normalise (with a report) → generator in a child process → pass over the syntax tree →
//! format → write. The same input gives the same bytes; `--check` writes nothing and names what is stale and why.

mod changes;
mod complete;
pub(crate) mod corpus;
mod dice;
mod document;
mod files;
pub(crate) mod fuzz;
mod generate;
pub(crate) mod large;
mod lint;
mod meaning;
mod normalise;
mod ops;
mod polish;
mod prepare;
mod problem;
mod report;
mod table;
mod text;
mod told;
mod vendor;
mod walk;

use std::path::{Path, PathBuf};

use serde_json::Value;

use self::document::Document;
use self::files::Made;
use self::normalise::Normalised;
use self::problem::{Problem, listed};
use self::report::Report;

pub(crate) use self::generate::{CHILD, JOB, STOCK, child, job, stock};
pub(crate) use self::meaning::Format;
pub(crate) use self::vendor::{Asked, run as run_from};

/// A description and where what is made from it goes, as paths from the workspace's root.
#[derive(Debug, Clone)]
struct Target {
    description: PathBuf,
    /// What the generator sees: committed, so that a stale file can be explained by the field that changed.
    normalised: PathBuf,
    report: PathBuf,
    generated: PathBuf,
    ops: PathBuf,
    /// The module of the generated types, as a path from its crate.
    types: String,
    /// The table of operations in the docs, where our sources serve them.
    table: Option<PathBuf>,
}

impl Target {
    /// The API itself.
    fn maestro() -> Self {
        Self {
            description: "openapi/maestro.yaml".into(),
            normalised: "openapi/maestro.normalized.json".into(),
            report: "openapi/normalize-report.txt".into(),
            generated: "crates/dadosfera-raw/src/generated.rs".into(),
            ops: "crates/dadosfera-raw/src/ops.rs".into(),
            types: "crate::types".to_owned(),
            table: Some("openapi/OPERATIONS.md".into()),
        }
    }

    /// Shapes that the API does not have today and that the stock generator panics on: compiled and tried in the tests
    /// of the raw crate.
    fn shapes() -> Self {
        Self {
            description: "xtask/shapes/shapes.yaml".into(),
            types: "crate::shapes::generated::types".to_owned(),
            ..Self::beside("xtask/shapes", "crates/dadosfera-raw/src/shapes")
        }
    }

    fn beside(notes: impl AsRef<Path>, code: impl AsRef<Path>) -> Self {
        Self {
            description: PathBuf::new(),
            normalised: notes.as_ref().join("normalized.json"),
            report: notes.as_ref().join("normalize-report.txt"),
            generated: code.as_ref().join("generated.rs"),
            ops: code.as_ref().join("ops.rs"),
            types: "crate::types".to_owned(),
            table: None,
        }
    }
}

/// Everything that a regen makes.
#[derive(Debug)]
struct Output {
    files: Vec<Made>,
    normalised: Value,
}

/// Runs `regen` or `regen --check` in the workspace at `root`.
pub(crate) fn run(root: &Path, check: bool, format: Format) -> Result<String, String> {
    let kiosk = vendor::kiosk(root)?;
    let targets = [Target::maestro(), Target::shapes()];
    each(root, &targets, &kiosk, check, format)
}

/// What the change from one description to another means for those who call the SDK.
pub(crate) fn diff(old: &Path, new: &Path, format: Format, fail: bool) -> Result<String, String> {
    let parse = |path: &Path| {
        let text = read(Path::new("."), path)?;
        Document::parse(&text, &path.display().to_string())
    };
    let findings = meaning::between(parse(old)?, parse(new)?)?;
    let shown = meaning::show(&findings, format);
    if fail && meaning::bump(&findings) == meaning::Bump::Major {
        Err(shown)
    } else {
        Ok(shown)
    }
}

/// Makes a client from any description, with all that is made from it in one folder.
pub(crate) fn run_for(
    description: &Path,
    folder: &Path,
    check: bool,
    format: Format,
) -> Result<String, String> {
    let target = Target {
        description: description.to_path_buf(),
        ..Target::beside(folder, folder)
    };
    each(Path::new("."), &[target], &[], check, format)
}

/// Regenerates each target. What the first one's change means for callers is told too, unless it is only a check.
fn each(
    root: &Path,
    targets: &[Target],
    more: &[Made],
    check: bool,
    format: Format,
) -> Result<String, String> {
    let mut stale = Vec::new();
    let mut written = Vec::new();
    let mut told = None;
    for (index, target) in targets.iter().enumerate() {
        let text = read(root, &target.description)?;
        let output = make(root, &text, target)?;
        if index == 0 && !check {
            let last = last_normalised(root, target);
            let seen = (last.as_ref(), &output.normalised);
            told = Some(told::since(root, &target.description, &text, seen));
        }
        let old = files::stale(root, &output.files);
        if old.is_empty() {
            continue;
        }
        let changes = changed_places(root, target, &output);
        if !check {
            files::write(root, &old)?;
        }
        written.extend(files::names(&old));
        stale.extend(changes);
    }
    let old = files::stale(root, more);
    for (path, text) in &old {
        let before = read(root, path).ok();
        let before = before.and_then(|before| serde_json::from_str(&before).ok());
        if let (Some(before), Ok(after)) = (before, serde_json::from_str(text)) {
            stale.extend(changes::between(&before, &after, 12));
        }
    }
    if !check {
        files::write(root, &old)?;
    }
    written.extend(files::names(&old));
    let changes: String = stale.iter().map(|change| format!("\n  {change}")).collect();
    if check && !written.is_empty() {
        return Err(format!(
            "stale: {}{changes}\nrun `cargo xtask regen`, review and commit what it writes",
            written.join(", ")
        ));
    }
    let said = if written.is_empty() {
        "regen: everything is up to date".to_owned()
    } else {
        format!("regen: wrote {}{changes}", written.join(", "))
    };
    Ok(match told {
        Some(told) => told.show(&written, &said, format),
        None => said,
    })
}

fn make(root: &Path, text: &str, target: &Target) -> Result<Output, String> {
    let name = target.description.display().to_string();
    let document = Document::parse(text, &name)?;
    let mut broken = lint::lint(&document);
    if target.table.is_some() {
        broken.extend(complete::lint(&document));
    }
    if !broken.is_empty() {
        return Err(listed(
            &format!("{name} breaks the rules of the house"),
            broken,
        ));
    }
    let (document, normalised) = normalised(document).map_err(|problems| {
        listed(
            &format!("{name} holds what would not come out as described"),
            problems,
        )
    })?;
    let generated = header(CLIENT, &name) + &source(&normalised, &target.types, None)?;
    let ops_table = ops::table(&document, &normalised).map_err(|problem| problem.to_string())?;
    let mut pretty = serde_json::to_string_pretty(&normalised.document)
        .map_err(|error| format!("{name}: {error}"))?;
    pretty.push('\n');
    let mut files = vec![
        (target.normalised.clone(), pretty),
        (target.report.clone(), normalised.report.text(&name)),
        (target.generated.clone(), generated),
        (target.ops.clone(), header(OPERATIONS, &name) + &ops_table),
    ];
    if let Some(path) = &target.table {
        let page = table::markdown(root, &document, &name)
            .map_err(|problems| listed("the table of operations has empty cells", problems))?;
        files.push((path.clone(), page));
    }
    Ok(Output {
        files,
        normalised: normalised.document,
    })
}

/// What the generated files hold.
const CLIENT: &str = "The client: its types, and a method for each operation.";
const OPERATIONS: &str =
    "The table of operations: id, method, path, permission and evidence of each.";

/// The first line of a generated file: by what it is made, and what it holds.
fn header(what: &str, name: &str) -> String {
    format!("// Generated by `cargo xtask regen` from {name}; do not edit. {what}\n\n")
}

/// Everything before the generator.
fn normalised(document: Document) -> Result<(Document, Normalised), Vec<Problem>> {
    normalised_with(document, Report::default())
}

/// The same of a document that was changed already, as the report tells.
fn normalised_with(
    mut document: Document,
    mut report: Report,
) -> Result<(Document, Normalised), Vec<Problem>> {
    prepare::prepare(&mut document, &mut report)?;
    let normalised = normalise::normalise(&document, report)?;
    Ok((document, normalised))
}

fn source(
    normalised: &Normalised,
    types: &str,
    worker: Option<&mut generate::Worker>,
) -> Result<String, String> {
    let raw = generate::source(normalised, types, worker)
        .map_err(|problems| listed("the generator failed", problems))?;
    polish::polish(&raw, normalised)
        .map_err(|problems| listed("the pass over the generated code failed", problems))
}

/// What changed in the description since the last regen, place by place.
fn changed_places(root: &Path, target: &Target, output: &Output) -> Vec<String> {
    let old = last_normalised(root, target);
    old.map_or_else(Vec::new, |old| {
        changes::between(&old, &output.normalised, 12)
    })
}

/// What the generator saw at the last regen.
fn last_normalised(root: &Path, target: &Target) -> Option<Value> {
    let text = read(root, &target.normalised).ok()?;
    serde_json::from_str(&text).ok()
}

fn read(root: &Path, path: &Path) -> Result<String, String> {
    std::fs::read_to_string(root.join(path)).map_err(|error| format!("{}: {error}", path.display()))
}
