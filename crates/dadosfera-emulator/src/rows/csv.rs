//! CSV: a header, then rows of as many fields; the separator is the one that the header has most of.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::BufRead;

use csv::{ErrorKind, ReaderBuilder, StringRecord, Trim};
use serde_json::Value;

use crate::rows::column::Seen;
use crate::rows::ingest::{MAX_COLUMNS, Rejected, Sink};
use crate::rows::text;

const SEPARATORS: [u8; 4] = *b",;\t|";

/// Reads it into rows; a field without characters is null.
pub(crate) fn read(file: File, sink: &mut Sink) -> Result<(), Rejected> {
    let mut text = text::open(file)?;
    let separator = separator(text.fill_buf()?);
    let mut reader = ReaderBuilder::new()
        .delimiter(separator)
        .trim(Trim::Headers)
        .from_reader(text);
    sink.columns = header(reader.headers().map_err(rejected)?)?;
    sink.seen = vec![Seen::default(); sink.columns.len()];
    let mut record = StringRecord::new();
    let mut row = Vec::with_capacity(sink.columns.len());
    while reader.read_record(&mut record).map_err(rejected)? {
        row.clear();
        for (field, seen) in record.iter().zip(&mut sink.seen) {
            row.push(if field.is_empty() {
                Value::Null
            } else {
                seen.add_text(field);
                Value::String(field.to_owned())
            });
        }
        sink.writer.push(&row)?;
    }
    Ok(())
}

fn header(record: &StringRecord) -> Result<Vec<String>, Rejected> {
    if record.len() > MAX_COLUMNS {
        return Err(Rejected::too_many_columns());
    }
    let mut known = BTreeSet::new();
    let mut names = Vec::with_capacity(record.len());
    for (place, name) in record.iter().enumerate() {
        let name = match name {
            "" => format!("column_{}", place + 1),
            name => name.to_owned(),
        };
        if !known.insert(name.clone()) {
            return Err(Rejected::File(format!("the column {name} is there twice")));
        }
        names.push(name);
    }
    Ok(names)
}

/// The separator of the first line, outside of quotes.
fn separator(start: &[u8]) -> u8 {
    let mut counts = [0_usize; SEPARATORS.len()];
    let mut quoted = false;
    let first_line = start
        .iter()
        .skip_while(|byte| matches!(byte, b'\n' | b'\r'));
    for byte in first_line {
        match byte {
            b'"' => quoted = !quoted,
            _ if quoted => {}
            b'\n' | b'\r' => break,
            _ => {
                if let Some(place) = SEPARATORS.iter().position(|known| known == byte) {
                    counts[place] += 1;
                }
            }
        }
    }
    let mut best = 0;
    for place in 1..SEPARATORS.len() {
        if counts[place] > counts[best] {
            best = place;
        }
    }
    SEPARATORS[best]
}

fn rejected(error: csv::Error) -> Rejected {
    let line = error.position().map(csv::Position::line);
    match error.into_kind() {
        ErrorKind::Io(error) => error.into(),
        ErrorKind::UnequalLengths {
            expected_len, len, ..
        } => Rejected::File(format!(
            "line {} has {len} fields, and the header {expected_len}",
            line.unwrap_or_default()
        )),
        _ => Rejected::File("is no CSV".into()),
    }
}
