//! A segment: the rows of one file, as one file of ours that never changes.
//!
//! Each row is a line of JSON: a list of values in the order of the columns, cut after the last that is not null; or,
//! where most are null, an object from the column's number to its value. Every 1,024th row has its place remembered,
//! so that reading from the middle does not begin at the start.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Seek, SeekFrom, Write};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::disk::{Disk, DiskFile};
use crate::rows::column::Column;

const ROWS_PER_PLACE: u64 = 1024;

/// Rows on disk.
#[derive(Debug)]
pub(crate) struct Segment {
    pub(crate) columns: Vec<Column>,
    pub(crate) rows: u64,
    file: DiskFile,
    bytes: u64,
    places: Vec<u64>,
}

/// All of a segment but its rows: what finds it again after a restart.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Written {
    file: String,
    bytes: u64,
    rows: u64,
    columns: Vec<Column>,
    places: Vec<u64>,
}

/// Rows that are being written.
pub(crate) struct SegmentWriter {
    held: DiskFile,
    file: BufWriter<File>,
    written: u64,
    rows: u64,
    places: Vec<u64>,
    line: Vec<u8>,
}

/// The rows of a segment, one after another, as wide as its columns.
pub(crate) struct SegmentRows {
    reader: BufReader<File>,
    width: usize,
    line: Vec<u8>,
}

impl SegmentWriter {
    pub(crate) fn new(disk: &Disk) -> io::Result<Self> {
        let (held, file) = disk.create("segment")?;
        Ok(Self {
            held,
            file: BufWriter::with_capacity(64 * 1024, file),
            written: 0,
            rows: 0,
            places: Vec::new(),
            line: Vec::new(),
        })
    }

    pub(crate) fn rows(&self) -> u64 {
        self.rows
    }

    /// Adds a row; it may be shorter than the columns, which are told at the end.
    pub(crate) fn push(&mut self, row: &[Value]) -> io::Result<()> {
        let there = row.iter().filter(|value| !value.is_null()).count();
        let length = row
            .iter()
            .rposition(|value| !value.is_null())
            .map_or(0, |last| last + 1);
        self.line.clear();
        if there * 2 < length {
            let values = row.iter().enumerate().filter(|(_, value)| !value.is_null());
            let sparse: Map<String, Value> = values
                .map(|(place, value)| (place.to_string(), value.clone()))
                .collect();
            write!(self.line, "{}", Value::Object(sparse))?;
        } else {
            // Displayed and not serialized: this is what the crate of JSON has compiled, and optimised, by itself.
            for (place, value) in row.iter().take(length).enumerate() {
                let before = if place == 0 { "[" } else { "," };
                write!(self.line, "{before}{value}")?;
            }
            self.line
                .extend_from_slice(if length == 0 { b"[]" } else { b"]" });
        }
        self.line.push(b'\n');
        if self.rows.is_multiple_of(ROWS_PER_PLACE) {
            self.places.push(self.written);
        }
        self.file.write_all(&self.line)?;
        self.written += self.line.len() as u64;
        self.rows += 1;
        Ok(())
    }

    pub(crate) fn finish(mut self, columns: Vec<Column>) -> io::Result<Segment> {
        self.file.flush()?;
        if self.held.is_lasting() {
            self.file.get_ref().sync_all()?;
        }
        Ok(Segment {
            columns,
            rows: self.rows,
            file: self.held,
            bytes: self.written,
            places: self.places,
        })
    }
}

impl Segment {
    pub(crate) fn written(&self) -> Written {
        Written {
            file: self.file.name(),
            bytes: self.bytes,
            rows: self.rows,
            columns: self.columns.clone(),
            places: self.places.clone(),
        }
    }

    /// The segment that was written by an earlier life of a disk.
    pub(crate) fn adopt(written: Written, disk: &Disk) -> io::Result<Self> {
        Ok(Self {
            file: disk.adopt(&written.file, written.bytes)?,
            bytes: written.bytes,
            rows: written.rows,
            columns: written.columns,
            places: written.places,
        })
    }

    /// Lets its rows stay on disk for as long as a journal may have them read again.
    pub(crate) fn keep(&self) {
        self.file.keep();
    }

    /// Its rows from this one on, counted from 0.
    pub(crate) fn rows_from(&self, first: u64) -> io::Result<SegmentRows> {
        let place = usize::try_from(first / ROWS_PER_PLACE).unwrap_or(usize::MAX);
        let mut file = self.file.open()?;
        let (start, skip) = match self.places.get(place) {
            Some(start) => (SeekFrom::Start(*start), first % ROWS_PER_PLACE),
            None => (SeekFrom::End(0), 0),
        };
        file.seek(start)?;
        let mut rows = SegmentRows {
            reader: BufReader::with_capacity(64 * 1024, file),
            width: self.columns.len(),
            line: Vec::new(),
        };
        for _ in 0..skip {
            rows.read_line()?;
        }
        Ok(rows)
    }
}

impl SegmentRows {
    fn read_line(&mut self) -> io::Result<bool> {
        self.line.clear();
        Ok(self.reader.read_until(b'\n', &mut self.line)? > 0)
    }

    fn read_row(&mut self) -> io::Result<Option<Vec<Value>>> {
        if !self.read_line()? {
            return Ok(None);
        }
        // Parsed as a string, for the same reason for which it was displayed.
        let line = std::str::from_utf8(&self.line).map_err(io::Error::other)?;
        let mut row = match line.parse()? {
            Value::Array(row) => row,
            Value::Object(sparse) => {
                let mut row = vec![Value::Null; self.width];
                for (place, value) in sparse {
                    let place: Option<usize> = place.parse().ok();
                    if let Some(slot) = place.and_then(|place| row.get_mut(place)) {
                        *slot = value;
                    }
                }
                row
            }
            _ => Vec::new(),
        };
        row.resize(self.width, Value::Null);
        Ok(Some(row))
    }
}

impl Iterator for SegmentRows {
    type Item = io::Result<Vec<Value>>;

    fn next(&mut self) -> Option<Self::Item> {
        self.read_row().transpose()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::rows::column::ColumnType;

    fn column(name: &str) -> Column {
        Column {
            name: name.into(),
            kind: ColumnType::Varchar,
            description: None,
        }
    }

    #[test]
    fn rows_come_back_from_any_place() {
        let disk = Disk::default();
        let mut writer = SegmentWriter::new(&disk).unwrap();
        for number in 0..3000 {
            writer.push(&[json!(number)]).unwrap();
        }
        let segment = writer.finish(vec![column("n")]).unwrap();
        for first in [0, 1, 1023, 1024, 1025, 2999] {
            let row = segment.rows_from(first).unwrap().next().unwrap().unwrap();
            assert_eq!(row, [json!(first)]);
        }
        for past in [3000, 5000, u64::MAX] {
            assert!(segment.rows_from(past).unwrap().next().is_none());
        }
    }

    #[test]
    fn rows_that_are_short_or_mostly_null_come_back_whole() {
        let disk = Disk::default();
        let mut writer = SegmentWriter::new(&disk).unwrap();
        let null = Value::Null;
        writer.push(&[]).unwrap();
        writer.push(&[json!("a")]).unwrap();
        writer
            .push(&[null.clone(), null.clone(), json!("\n")])
            .unwrap();
        let columns = ["a", "b", "c", "d"].map(column).into();
        let segment = writer.finish(columns).unwrap();
        let rows: Vec<_> = segment.rows_from(0).unwrap().map(Result::unwrap).collect();
        assert_eq!(rows[0], vec![null.clone(); 4]);
        assert_eq!(
            rows[1],
            [json!("a"), null.clone(), null.clone(), null.clone()]
        );
        assert_eq!(rows[2], [null.clone(), null.clone(), json!("\n"), null]);
    }
}
