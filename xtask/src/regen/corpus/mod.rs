//! `cargo xtask corpus`: small documents that each hold one feature of OpenAPI; each is refused with the place and the
//! remedy, or generates, compiles and behaves on the wire as it says. The rows stand in `xtask/corpus/rows`.

mod code;
mod kiosk;
mod rows;
mod whole;

use std::fmt::Write as _;
use std::path::Path;

use serde_json::{Value, json};

use self::rows::{Row, Verdict};
use super::document::Document;
use super::problem::listed;
use crate::command::Step;

pub(crate) use self::code::{client, dispatch};

const ROWS: &str = "xtask/corpus/rows";
const TABLE: &str = "xtask/corpus/TABLE.md";
const BUILT: &str = "target/corpus";

/// Generates, compiles and tries every row, and writes the table or, with `check`, holds it against what is committed.
pub(crate) fn run(root: &Path, check: bool, only: Option<&str>) -> Result<String, String> {
    let rows: Vec<Row> = rows::read(&root.join(ROWS))?
        .into_iter()
        .filter(|row| only.is_none_or(|part| row.name.contains(part)))
        .collect();
    let made = std::thread::scope(|scope| {
        let half = rows.len().div_ceil(2);
        let workers: Vec<_> = rows
            .chunks(half.max(1))
            .map(|part| scope.spawn(move || part.iter().map(make).collect::<Vec<_>>()))
            .collect();
        workers
            .into_iter()
            .flat_map(|worker| {
                worker
                    .join()
                    .unwrap_or_else(|_| vec![Err("a row panicked".to_owned())])
            })
            .collect::<Vec<_>>()
    });
    let mut sources = Vec::new();
    let mut failures = Vec::new();
    for (row, made) in rows.iter().zip(made) {
        match made {
            Ok(Some(source)) => sources.push((row.module(), source)),
            Ok(None) => {}
            Err(failure) => failures.push(format!("{}: {failure}", row.name)),
        }
    }
    if !failures.is_empty() {
        return Err(format!(
            "{} rows of the corpus fail:\n  {}",
            failures.len(),
            failures.join("\n  ")
        ));
    }
    let calls: Vec<Value> = rows.iter().flat_map(Row::calls).collect();
    let kiosk = kiosk::kiosk(root)?;
    let mut modules = sources.clone();
    modules.push((kiosk::MODULE.to_owned(), kiosk.source));
    try_on_the_wire(root, &modules, &calls, &kiosk.calls)?;
    if only.is_none() {
        whole::build(root)?;
    }
    let table = table(&rows);
    let said = format!(
        "corpus: {} rows, {} taken and tried in {} calls, {} refused; the kiosk: {} operations in {} calls",
        rows.len(),
        sources.len(),
        calls.len(),
        rows.len() - sources.len(),
        kiosk.operations,
        kiosk.count,
    );
    if only.is_some() {
        return Ok(said);
    }
    let path = root.join(TABLE);
    if std::fs::read_to_string(&path).ok().as_deref() == Some(table.as_str()) {
        return Ok(said);
    }
    if check {
        return Err(format!(
            "{TABLE} is stale; run `cargo xtask corpus`, review and commit it"
        ));
    }
    std::fs::write(&path, table).map_err(|error| format!("{TABLE}: {error}"))?;
    Ok(format!("{said}; wrote {TABLE}"))
}

/// The source of a row that is taken, nothing of one that is rightly refused.
fn make(row: &Row) -> Result<Option<String>, String> {
    let text = row.document().to_string();
    let made =
        Document::parse(&text, "row").and_then(|document| client(document, &row.module(), None));
    match (&row.verdict, made) {
        (Verdict::Taken, Ok(source)) => Ok(Some(source)),
        (Verdict::Taken, Err(complaint)) => Err(format!("it is refused: {complaint}")),
        (Verdict::Refused { .. }, Ok(_)) => Err("it is taken, and was to be refused".to_owned()),
        (Verdict::Refused { place, remedy }, Err(complaint)) => {
            let lost = [place, remedy]
                .into_iter()
                .find(|words| !complaint.contains(words.as_str()));
            match lost {
                Some(words) => Err(format!("no {words:?} in: {complaint}")),
                None => Ok(None),
            }
        }
    }
}

fn try_on_the_wire(
    root: &Path,
    sources: &[(String, String)],
    calls: &[Value],
    kiosk: &Value,
) -> Result<(), String> {
    let folder = root.join(BUILT);
    let write = |name: &str, text: &str| {
        let path = folder.join(name);
        // A file that is the same keeps its time, so that nothing is compiled again.
        if std::fs::read_to_string(&path).ok().as_deref() != Some(text) {
            std::fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))?;
        }
        Ok::<_, String>(path.display().to_string())
    };
    std::fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
    let rows = write("rows.rs", &dispatch(sources))?;
    let calls = write("calls.json", &json!(calls).to_string())?;
    let kiosk = write("kiosk.json", &kiosk.to_string())?;
    Step::new(
        "corpus",
        "cargo test --quiet --locked -p regen-corpus --features rows --lib",
        "read which row behaves otherwise than its document says",
    )
    .with("REGEN_ROWS", rows)
    .with("REGEN_CALLS", calls)
    .with("REGEN_KIOSK", kiosk)
    .run(root)
}

fn table(rows: &[Row]) -> String {
    let refused = rows
        .iter()
        .filter(|row| row.verdict != Verdict::Taken)
        .count();
    let mut page = format!(
        "<!-- Generated by `cargo xtask corpus`; do not edit. -->\n\n# The corpus: {} documents, {} taken, {refused} refused\n\n\
         A row that is taken generates, compiles and was tried over a socket: request line, headers and body as sent, answers as read.\n\
         A row that is refused is refused with these words for place and remedy. Stock: what progenitor 0.15.1 does, where it was noted.\n\n\
         | row | feature | stock | verdict | wire test |\n|---|---|---|---|---|\n",
        rows.len(),
        rows.len() - refused,
    );
    let cell = |text: &str| text.replace('|', "\\|").replace('\n', " ");
    for row in rows {
        let (verdict, tested) = match &row.verdict {
            Verdict::Taken => ("taken".to_owned(), row.tested()),
            Verdict::Refused { place, remedy } => (
                format!("refused: {place}; {remedy}"),
                "none: nothing is sent".to_owned(),
            ),
        };
        // Writing to a String cannot fail.
        let _ = writeln!(
            page,
            "| {} | {} | {} | {} | {} |",
            row.name,
            cell(&row.feature),
            cell(&row.stock),
            cell(&verdict),
            cell(&tested)
        );
    }
    page
}

/// A document's complaint as one text.
fn complaint(problems: Vec<super::problem::Problem>) -> String {
    listed(
        "the document holds what would not come out as described",
        problems,
    )
}
