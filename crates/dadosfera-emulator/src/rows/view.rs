//! Rows as a table shows them: several segments, one after another, under one list of columns.
//!
//! Columns meet by name; a column that a segment lacks is null there. A view holds its segments, so it can be read
//! after the table changed or went.

use std::io;
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::rows::column::Column;
use crate::rows::segment::Segment;
use crate::rows::stats::{ColumnStats, Counter};

/// Rows of a table at one moment.
#[derive(Debug, Clone, Default)]
pub(crate) struct View {
    pub(crate) columns: Vec<Column>,
    pub(crate) segments: Vec<Arc<Segment>>,
}

/// Reads a few rows of a view.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Window {
    pub(crate) offset: u64,
    pub(crate) limit: u64,
    /// Only these columns, in this order; all of them unless given.
    pub(crate) columns: Option<Vec<String>>,
}

impl View {
    pub(crate) fn rows(&self) -> u64 {
        self.segments.iter().map(|segment| segment.rows).sum()
    }

    pub(crate) fn place_of(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }

    /// All rows from this one on, as its columns show them.
    pub(crate) fn rows_from(
        &self,
        first: u64,
    ) -> impl Iterator<Item = io::Result<Vec<Value>>> + '_ {
        let mut before = 0_u64;
        self.segments.iter().flat_map(move |segment| {
            let skip = first.saturating_sub(before);
            before = before.saturating_add(segment.rows);
            self.segment_rows(segment, skip)
        })
    }

    fn segment_rows<'a>(
        &'a self,
        segment: &'a Segment,
        first: u64,
    ) -> Box<dyn Iterator<Item = io::Result<Vec<Value>>> + 'a> {
        if first >= segment.rows {
            return Box::new(std::iter::empty());
        }
        let places: Vec<Option<usize>> = {
            let by_name: std::collections::HashMap<&str, usize> = segment
                .columns
                .iter()
                .enumerate()
                .map(|(place, column)| (column.name.as_str(), place))
                .collect();
            self.columns
                .iter()
                .map(|column| by_name.get(column.name.as_str()).copied())
                .collect()
        };
        let show = move |mut row: Vec<Value>| {
            let columns = self.columns.iter().zip(&places);
            columns
                .map(|(column, place)| {
                    let value = place.and_then(|place| row.get_mut(place));
                    column.kind.show(value.map(Value::take).unwrap_or_default())
                })
                .collect()
        };
        match segment.rows_from(first) {
            Ok(rows) => Box::new(rows.map(move |row| row.map(&show))),
            Err(error) => Box::new(std::iter::once(Err(error))),
        }
    }

    /// A few rows, each as an object from column to value, and the names of the columns that they have.
    pub(crate) fn preview(&self, window: &Window) -> io::Result<(Vec<String>, Vec<Value>)> {
        let places: Vec<usize> = match &window.columns {
            Some(names) => names
                .iter()
                .filter_map(|name| self.place_of(name))
                .collect(),
            None => (0..self.columns.len()).collect(),
        };
        let names: Vec<String> = places
            .iter()
            .filter_map(|place| self.columns.get(*place))
            .map(|column| column.name.clone())
            .collect();
        let limit = usize::try_from(window.limit).unwrap_or(usize::MAX);
        let mut rows = Vec::new();
        for row in self.rows_from(window.offset).take(limit) {
            let row = row?;
            let fields: Map<String, Value> = places
                .iter()
                .zip(&names)
                .map(|(place, name)| {
                    let value = row.get(*place).cloned().unwrap_or_default();
                    (name.clone(), value)
                })
                .collect();
            rows.push(Value::Object(fields));
        }
        Ok((names, rows))
    }

    /// What its columns hold, counted over all rows.
    pub(crate) fn stats(&self) -> io::Result<Vec<ColumnStats>> {
        let mut counters = Counter::for_columns(&self.columns);
        for row in self.rows_from(0) {
            for (counter, value) in counters.iter_mut().zip(row?) {
                counter.add(value);
            }
        }
        Ok(counters.into_iter().map(Counter::finish).collect())
    }

    /// The largest value of a column; null where there is none.
    pub(crate) fn largest(&self, place: usize) -> io::Result<Value> {
        let Some(column) = self.columns.get(place) else {
            return Ok(Value::Null);
        };
        let mut largest = Value::Null;
        for row in self.rows_from(0) {
            if let Some(value) = row?.get_mut(place)
                && column.kind.compare(value, &largest).is_gt()
            {
                largest = value.take();
            }
        }
        Ok(largest)
    }
}
