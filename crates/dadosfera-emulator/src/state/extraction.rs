//! What a job reads from the emulator's storage, and what its tables hold afterwards.
//!
//! Rules (ours): a job of connector `s3`, plugin `s3` and bucket `storage` reads the file that `source_prefix` names, or
//! all files under the folder that it names, as they are when its run ends. FULL_TABLE and full_load replace the table;
//! the incremental modes append the rows whose incremental column is greater than any before, or, without such a column,
//! the files that were not read before in this content. incremental_with_qualify also keeps, in the qualified table, one row
//! for each value of the primary keys: the one with the greatest incremental column, else the latest. A job that starts
//! from the beginning (its first run, and the first after reset-state) replaces what was there.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::sync::Arc;

use serde_json::Value;

use crate::disk::Disk;
use crate::rows::column::{Column, ColumnType};
use crate::rows::segment::{Segment, SegmentWriter};
use crate::rows::view::View;
use crate::state::file_path;
use crate::state::files::{Files, StoredFile};
use crate::state::job_input::{self, Fields, LoadType};

/// What a job remembers of what it read.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ReadState {
    /// The greatest value of the incremental column.
    largest: Value,
    /// The content of each file that was read, by path.
    files: BTreeMap<String, String>,
}

/// What the job's tables are now.
#[derive(Debug, Default)]
pub(crate) struct Before {
    pub(crate) raw: Option<View>,
    pub(crate) qualified: Option<View>,
}

/// What the job's tables are to be.
#[derive(Debug)]
pub(crate) struct Extracted {
    pub(crate) raw: View,
    pub(crate) qualified: Option<View>,
    pub(crate) read: ReadState,
}

/// Whether a job reads from storage.
pub(crate) fn reads_storage(input: &Fields) -> bool {
    let is = |name: &str, value: &str| job_input::text(input, name) == Some(value);
    is("connector", "s3") && is("plugin", "s3") && is("source_bucket", "storage")
}

/// Reads what a job has to read; the error is the trace of its run.
pub(crate) fn extract(
    input: &Fields,
    state: Option<&ReadState>,
    before: Before,
    files: &Files,
    customer_id: &str,
    disk: &Disk,
) -> Result<Extracted, String> {
    let sources = sources(input, files, customer_id)?;
    let all = View {
        columns: included(input, merged(sources.iter().map(columns_of)))?,
        segments: sources.iter().filter_map(segment_of).collect(),
    };
    let load = load(input);
    let column = job_input::text(input, "incremental_column_name")
        .filter(|name| load.is_incremental() && !name.is_empty());
    let column_place = column.map(|name| place(&all, name)).transpose()?;
    let qualifies = load == LoadType::IncrementalWithQualify;
    let keys = if qualifies {
        primary_keys(input, &all)?
    } else {
        Vec::new()
    };
    let state = state.filter(|_| load.is_incremental());
    if column.is_some() || qualifies {
        // Their rows are read, and so they are again when a journal is.
        let before = [&before.raw, &before.qualified].into_iter().flatten();
        let views = before.chain([&all]);
        views
            .flat_map(|view| &view.segments)
            .for_each(|segment| segment.keep());
    }
    let read = fresh(&all, &sources, column_place, state, disk);
    let (fresh, largest) = read.map_err(|error| disk_trace(&error))?;
    let before = if state.is_some() {
        before
    } else {
        Before::default()
    };
    let qualified = if qualifies {
        let old = before.qualified.unwrap_or_default();
        let merged = qualify(old, &fresh, &keys, column, disk);
        Some(merged.map_err(|error| disk_trace(&error))?)
    } else {
        None
    };
    let read = ReadState {
        largest,
        files: sources
            .iter()
            .map(|file| (file.path.clone(), file.content.sha256.clone()))
            .collect(),
    };
    Ok(Extracted {
        raw: appended(before.raw.unwrap_or_default(), fresh),
        qualified,
        read,
    })
}

fn load(input: &Fields) -> LoadType {
    if input.contains_key("load_type") {
        return job_input::load_type(input);
    }
    match job_input::text(input, "replication_method") {
        Some("FULL_TABLE") => LoadType::FullLoad,
        _ => LoadType::Incremental,
    }
}

/// The files that hold rows, in the order of their paths.
fn sources<'a>(
    input: &Fields,
    files: &'a Files,
    customer_id: &str,
) -> Result<Vec<&'a StoredFile>, String> {
    let asked = job_input::text(input, "source_prefix").ok_or("source_prefix is required")?;
    let path = file_path::folder(
        "source_prefix",
        &format!("/{}", asked.trim_start_matches('/')),
    )?;
    if let Some(file) = files.get(customer_id, &path) {
        return match &file.rows {
            Some(_) => Ok(vec![file]),
            None => Err(format!("Source {path} holds no rows")),
        };
    }
    let format = input
        .get("file_format_params")
        .and_then(Value::as_object)
        .and_then(|params| job_input::text(params, "file_format"))
        .map(format_name);
    let under = files.under(customer_id, &file_path::join(&path, ""));
    let sources: Vec<&StoredFile> = under
        .filter(|file| {
            file.rows.as_ref().is_some_and(|rows| {
                format
                    .as_deref()
                    .is_none_or(|format| rows.format.as_str() == format)
            })
        })
        .collect();
    if sources.is_empty() {
        return Err(format!("Source not found: storage has no rows at {path}"));
    }
    Ok(sources)
}

fn format_name(text: &str) -> String {
    match text.to_ascii_lowercase().as_str() {
        "json" | "ndjson" => "jsonl".into(),
        other => other.into(),
    }
}

fn columns_of<'a>(file: &&'a StoredFile) -> &'a [Column] {
    let rows = file.rows.as_ref();
    rows.map_or(&[], |rows| rows.segment.columns.as_slice())
}

fn segment_of(file: &&StoredFile) -> Option<Arc<Segment>> {
    file.rows.as_ref().map(|rows| Arc::clone(&rows.segment))
}

/// The columns of all, in the order in which they appear, each with a type that holds the values of all.
fn merged<'a>(lists: impl Iterator<Item = &'a [Column]>) -> Vec<Column> {
    let mut places: HashMap<&str, usize> = HashMap::new();
    let mut columns: Vec<Column> = Vec::new();
    for column in lists.flatten() {
        match places.get(column.name.as_str()) {
            Some(place) => columns[*place].kind = columns[*place].kind.with(column.kind),
            None => {
                places.insert(&column.name, columns.len());
                columns.push(column.clone());
            }
        }
    }
    columns
}

fn included(input: &Fields, mut columns: Vec<Column>) -> Result<Vec<Column>, String> {
    let Some(list) = input.get("column_include_list").and_then(Value::as_array) else {
        return Ok(columns);
    };
    let names: Vec<&str> = list.iter().filter_map(Value::as_str).collect();
    for name in &names {
        if !columns.iter().any(|column| column.name == *name) {
            return Err(no_column(name));
        }
    }
    columns.retain(|column| names.contains(&column.name.as_str()));
    Ok(columns)
}

fn primary_keys<'a>(input: &'a Fields, view: &View) -> Result<Vec<&'a str>, String> {
    let keys = input.get("primary_keys").and_then(Value::as_array);
    let keys: Vec<&str> = keys
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    if keys.is_empty() {
        return Err("primary_keys is required for incremental_with_qualify".into());
    }
    for name in &keys {
        place(view, name)?;
    }
    Ok(keys)
}

fn place(view: &View, name: &str) -> Result<usize, String> {
    view.place_of(name).ok_or_else(|| no_column(name))
}

fn no_column(name: &str) -> String {
    format!("Column {name} not found in source")
}

/// The rows that were not read before, and the greatest value of the incremental column of all that were.
fn fresh(
    all: &View,
    sources: &[&StoredFile],
    column: Option<usize>,
    state: Option<&ReadState>,
    disk: &Disk,
) -> io::Result<(View, Value)> {
    let Some(place) = column else {
        let is_new = |file: &&&StoredFile| {
            let known = state.and_then(|state| state.files.get(&file.path));
            known != Some(&file.content.sha256)
        };
        let segments = sources
            .iter()
            .filter(is_new)
            .filter_map(segment_of)
            .collect();
        let columns = all.columns.clone();
        return Ok((View { columns, segments }, Value::Null));
    };
    let Some(state) = state else {
        return Ok((all.clone(), all.largest(place)?));
    };
    let kind = all
        .columns
        .get(place)
        .map_or(ColumnType::Varchar, |column| column.kind);
    let mut largest = state.largest.clone();
    let mut writer = SegmentWriter::new(disk)?;
    for row in all.rows_from(0) {
        let row = row?;
        let Some(value) = row.get(place).filter(|value| !value.is_null()) else {
            continue;
        };
        if kind.compare(value, &state.largest).is_gt() {
            writer.push(&row)?;
            if kind.compare(value, &largest).is_gt() {
                largest = value.clone();
            }
        }
    }
    Ok((written(writer, all.columns.clone())?, largest))
}

fn written(writer: SegmentWriter, columns: Vec<Column>) -> io::Result<View> {
    let segments = if writer.rows() > 0 {
        vec![Arc::new(writer.finish(columns.clone())?)]
    } else {
        Vec::new()
    };
    Ok(View { columns, segments })
}

fn appended(old: View, new: View) -> View {
    let columns = merged([old.columns.as_slice(), &new.columns].into_iter());
    let segments = old.segments.into_iter().chain(new.segments).collect();
    View { columns, segments }
}

/// The old rows whose keys did not come again, then the latest new row of each key. Only the new keys are in memory.
fn qualify(
    old: View,
    new: &View,
    keys: &[&str],
    column: Option<&str>,
    disk: &Disk,
) -> io::Result<View> {
    let columns = merged([old.columns.as_slice(), &new.columns].into_iter());
    if new.segments.is_empty() {
        return Ok(View { columns, ..old });
    }
    let [old, new] = [old.segments, new.segments.clone()].map(|segments| View {
        columns: columns.clone(),
        segments,
    });
    let keys: Vec<usize> = keys.iter().filter_map(|name| new.place_of(name)).collect();
    let column = column.and_then(|name| new.place_of(name));
    let kind = column.and_then(|place| columns.get(place));
    let kind = kind.map_or(ColumnType::Varchar, |column| column.kind);
    let mut chosen: HashMap<String, (usize, Value)> = HashMap::new();
    for (number, row) in new.rows_from(0).enumerate() {
        let row = row?;
        let key = key_of(&row, &keys);
        let value = column.and_then(|place| row.get(place));
        let value = value.cloned().unwrap_or_default();
        let earlier = chosen.get(&key);
        if earlier.is_none_or(|(_, earlier)| kind.compare(&value, earlier).is_ge()) {
            chosen.insert(key, (number, value));
        }
    }
    let mut writer = SegmentWriter::new(disk)?;
    for row in old.rows_from(0) {
        let row = row?;
        if !chosen.contains_key(&key_of(&row, &keys)) {
            writer.push(&row)?;
        }
    }
    for (number, row) in new.rows_from(0).enumerate() {
        let row = row?;
        let latest = chosen.get(&key_of(&row, &keys));
        if latest.is_some_and(|(latest, _)| *latest == number) {
            writer.push(&row)?;
        }
    }
    written(writer, columns)
}

/// Two rows with the same text for each key are one; nulls are a value like others.
fn key_of(row: &[Value], keys: &[usize]) -> String {
    let values = keys.iter().map(|place| row.get(*place));
    let values: Vec<Value> = values
        .map(|value| value.cloned().unwrap_or_default())
        .collect();
    Value::Array(values).to_string()
}

fn disk_trace(error: &io::Error) -> String {
    format!("Rows cannot be read or written: {error}")
}

#[cfg(test)]
#[path = "extraction_tests.rs"]
mod tests;
