//! From a file to rows with columns: which format it has, and what makes it no file of that format.
//!
//! The format is the name's ending: `.csv` (`.tsv`, `.txt` are stored as they are), `.json`, `.jsonl`, `.ndjson`,
//! `.parquet`. An empty file, or one without any column, is stored and makes no dataset.

use std::fs::File;
use std::io;

use serde::{Deserialize, Serialize};

use crate::disk::Disk;
use crate::rows::column::{Column, Seen};
use crate::rows::segment::{Segment, SegmentWriter};
use crate::rows::{csv, json, parquet};

/// A table wider than this is refused.
pub(crate) const MAX_COLUMNS: usize = 20_000;

/// What a file of rows can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Format {
    Csv,
    JsonLines,
    Parquet,
}

/// Why a file makes no rows.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Rejected {
    /// What is wrong with it, to be read after its name.
    #[error("{0}")]
    File(String),
    #[error("the emulator's disk fails")]
    Disk(#[source] io::Error),
}

/// Where a reader puts the columns and rows that it finds.
pub(crate) struct Sink {
    pub(crate) columns: Vec<String>,
    pub(crate) seen: Vec<Seen>,
    pub(crate) writer: SegmentWriter,
}

impl Format {
    /// The format that a file's name tells.
    pub(crate) fn of(name: &str) -> Option<Self> {
        let (_, ending) = name.rsplit_once('.')?;
        match ending.to_ascii_lowercase().as_str() {
            "csv" => Some(Self::Csv),
            "json" | "jsonl" | "ndjson" => Some(Self::JsonLines),
            "parquet" => Some(Self::Parquet),
            _ => None,
        }
    }

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::JsonLines => "jsonl",
            Self::Parquet => "parquet",
        }
    }
}

impl Rejected {
    pub(crate) fn too_many_columns() -> Self {
        Self::File(format!("has more than {MAX_COLUMNS} columns"))
    }
}

impl From<io::Error> for Rejected {
    fn from(error: io::Error) -> Self {
        // Only our readers of text say that data is invalid; all else is the disk.
        match error.kind() {
            io::ErrorKind::InvalidData => Self::File(error.to_string()),
            _ => Self::Disk(error),
        }
    }
}

/// The rows of a file; none where it is empty.
pub(crate) fn ingest(file: File, format: Format, disk: &Disk) -> Result<Option<Segment>, Rejected> {
    if file.metadata()?.len() == 0 {
        return Ok(None);
    }
    let mut sink = Sink {
        columns: Vec::new(),
        seen: Vec::new(),
        writer: SegmentWriter::new(disk)?,
    };
    match format {
        Format::Csv => csv::read(file, &mut sink)?,
        Format::JsonLines => json::read(file, &mut sink)?,
        Format::Parquet => parquet::read(file, &mut sink)?,
    }
    if sink.columns.is_empty() {
        return Ok(None);
    }
    let columns = sink.columns.into_iter().zip(&sink.seen);
    let columns = columns
        .map(|(name, seen)| Column {
            name,
            kind: seen.kind(),
            description: None,
        })
        .collect();
    Ok(Some(sink.writer.finish(columns)?))
}

#[cfg(test)]
#[path = "ingest_tests.rs"]
mod tests;
