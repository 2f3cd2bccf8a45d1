//! What each mode makes of files that change between runs.

use std::io::Write;

use chrono::DateTime;
use serde_json::json;

use super::*;
use crate::rows::ingest::{self, Format};
use crate::rows::view::Window;
use crate::state::files::{FileContent, FileRows};

/// One customer's files, and the tables of one job.
#[derive(Default)]
struct Source {
    disk: Disk,
    files: Files,
    state: Option<ReadState>,
    raw: Option<View>,
    qualified: Option<View>,
}

impl Source {
    fn put(&mut self, path: &str, text: &str) {
        let (held, mut file) = self.disk.create("content").unwrap();
        file.write_all(text.as_bytes()).unwrap();
        let segment = ingest::ingest(held.open().unwrap(), Format::Csv, &self.disk).unwrap();
        let rows = segment.map(|segment| FileRows {
            format: Format::Csv,
            segment: segment.into(),
        });
        let content = FileContent {
            file: held,
            size: text.len() as u64,
            sha256: text.to_owned(),
        };
        let file = StoredFile {
            path: path.into(),
            content: content.into(),
            rows,
            dataset_id: None,
            updated_at: DateTime::UNIX_EPOCH,
        };
        self.files.put("acme", file);
    }

    fn run(&mut self, fields: &Value) -> Result<(), String> {
        let mut input = json!({
            "connector": "s3", "plugin": "s3", "source_bucket": "storage", "source_prefix": "raw/",
        });
        for (name, value) in fields.as_object().unwrap() {
            input[name] = value.clone();
        }
        let before = Before {
            raw: self.raw.clone(),
            qualified: self.qualified.clone(),
        };
        let input = input.as_object().unwrap();
        let state = self.state.as_ref();
        let extracted = extract(input, state, before, &self.files, "acme", &self.disk)?;
        self.raw = Some(extracted.raw);
        self.qualified = extracted.qualified;
        self.state = Some(extracted.read);
        Ok(())
    }

    /// The values of a column of the raw table.
    fn raw(&self, column: &str) -> Vec<Value> {
        values(self.raw.as_ref().unwrap(), column)
    }
}

fn values(view: &View, column: &str) -> Vec<Value> {
    let window = Window {
        limit: 100,
        ..Window::default()
    };
    let (_, rows) = view.preview(&window).unwrap();
    rows.iter().map(|row| row[column].clone()).collect()
}

#[test]
fn a_full_table_is_replaced_each_time() {
    let full = json!({"replication_method": "FULL_TABLE"});
    let mut source = Source::default();
    source.put("/raw/a.csv", "id\n1\n2\n");
    source.put("/raw/x/b.csv", "id,name\n3,c\n");
    source.put("/rawer/c.csv", "id\n9\n");
    source.run(&full).unwrap();
    source.run(&full).unwrap();
    assert_eq!(source.raw("id"), [json!(1), json!(2), json!(3)]);
    assert_eq!(source.raw("name"), [json!(null), json!(null), json!("c")]);
}

#[test]
fn an_incremental_column_brings_only_greater_rows() {
    let mode = json!({"incremental_column_name": "n"});
    let mut source = Source::default();
    source.put("/raw/a.csv", "id,n\na,9\nb,10\n");
    source.run(&mode).unwrap();
    source.run(&mode).unwrap();
    assert_eq!(source.raw("id"), [json!("a"), json!("b")]);
    source.put("/raw/a.csv", "id,n\na,9\nb,10\nlate,10\nc,11\nnone,\n");
    source.run(&mode).unwrap();
    assert_eq!(source.raw("id"), [json!("a"), json!("b"), json!("c")]);
    assert_eq!(source.raw("n"), [json!(9), json!(10), json!(11)]);
    // From the beginning, as after reset-state.
    source.state = None;
    source.run(&mode).unwrap();
    assert_eq!(source.raw("id").len(), 5);
}

#[test]
fn without_an_incremental_column_new_files_are_appended() {
    let mode = json!({});
    let mut source = Source::default();
    source.put("/raw/a.csv", "id\n1\n");
    source.run(&mode).unwrap();
    source.put("/raw/b.csv", "id\n2.5\n");
    source.run(&mode).unwrap();
    source.run(&mode).unwrap();
    assert_eq!(source.raw("id"), [json!(1.0), json!(2.5)]);
}

#[test]
fn a_qualified_load_keeps_one_row_of_each_key() {
    let mode = json!({
        "load_type": "incremental_with_qualify", "primary_keys": ["id"], "incremental_column_name": "n",
    });
    let mut source = Source::default();
    source.put(
        "/raw/a.csv",
        "id,n,name\n1,1,old\n2,2,b\n1,3,new\n1,2,between\n",
    );
    source.run(&mode).unwrap();
    let names = |source: &Source| values(source.qualified.as_ref().unwrap(), "name");
    assert_eq!(names(&source), [json!("b"), json!("new")]);
    source.put("/raw/a.csv", "id,n,name\n2,4,b2\n3,5,c\n");
    source.run(&mode).unwrap();
    assert_eq!(names(&source), [json!("new"), json!("b2"), json!("c")]);
    assert_eq!(source.raw("name").len(), 6);
    source.run(&mode).unwrap();
    assert_eq!(names(&source).len(), 3);
}

#[test]
fn what_is_missing_is_the_trace() {
    let mut source = Source::default();
    source.put("/raw/a.csv", "id\n1\n");
    for (fields, trace) in [
        (
            json!({"source_prefix": "nope"}),
            "Source not found: storage has no rows at /nope",
        ),
        (
            json!({"source_prefix": "/../x"}),
            "source_prefix must not hold the segment ..",
        ),
        (
            json!({"incremental_column_name": "n"}),
            "Column n not found in source",
        ),
        (
            json!({"load_type": "incremental_with_qualify", "primary_keys": ["id", "k"]}),
            "Column k not found in source",
        ),
        (
            json!({"column_include_list": ["x"]}),
            "Column x not found in source",
        ),
        (
            json!({"file_format_params": {"file_format": "parquet"}}),
            "Source not found: storage has no rows at /raw",
        ),
    ] {
        assert_eq!(source.run(&fields), Err(trace.into()), "{fields}");
    }
}
