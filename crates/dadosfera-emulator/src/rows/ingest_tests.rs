//! Files of each format, whole and broken.

use std::io::{Seek, Write};

use serde_json::{Value, json};

use super::*;
use crate::rows::view::{View, Window};

fn try_read(bytes: &[u8], format: Format, disk: &Disk) -> Result<Option<View>, String> {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    file.rewind().unwrap();
    let segment = ingest(file, format, disk).map_err(|why| why.to_string())?;
    Ok(segment.map(|segment| View {
        columns: segment.columns.clone(),
        segments: vec![segment.into()],
    }))
}

fn read(bytes: &[u8], format: Format) -> (Vec<(String, &'static str)>, Vec<Value>) {
    let disk = Disk::default();
    let view = try_read(bytes, format, &disk).unwrap().unwrap();
    let columns = view.columns.iter();
    let columns = columns.map(|column| (column.name.clone(), column.kind.as_str()));
    let all = Window {
        limit: 100,
        ..Window::default()
    };
    (columns.collect(), view.preview(&all).unwrap().1)
}

fn refusal(bytes: &[u8], format: Format) -> String {
    let disk = Disk::default();
    let why = try_read(bytes, format, &disk).unwrap_err();
    assert_eq!(disk.count(), 0, "nothing stays behind");
    why
}

#[test]
fn a_csv_becomes_typed_rows() {
    let text = "id,price,paid,at,name,note\n1,9.5,true,2024-01-01,\"Zo\u{eb}, \"\"A\"\"\",\n2,10,false,2024-01-02 10:00:00,007,\n";
    let (columns, rows) = read(text.as_bytes(), Format::Csv);
    let types: Vec<_> = columns.iter().map(|(_, kind)| *kind).collect();
    assert_eq!(
        types,
        [
            "INTEGER",
            "FLOAT",
            "BOOLEAN",
            "TIMESTAMP",
            "VARCHAR",
            "VARCHAR"
        ]
    );
    assert_eq!(
        rows,
        [
            json!({"id": 1, "price": 9.5, "paid": true, "at": "2024-01-01T00:00:00Z", "name": "Zoë, \"A\"", "note": null}),
            json!({"id": 2, "price": 10.0, "paid": false, "at": "2024-01-02T10:00:00Z", "name": "007", "note": null}),
        ]
    );
}

#[test]
fn the_separator_and_the_encoding_are_found() {
    for text in [
        "a;b\n1;x,y\n",
        "a\tb\n1\tx,y\n",
        "a|b\n1|x,y\n",
        "a,b\r\n1,\"x,y\"\r\n",
    ] {
        let (_, rows) = read(text.as_bytes(), Format::Csv);
        assert_eq!(rows, [json!({"a": 1, "b": "x,y"})], "{text:?}");
    }
    let (_, rows) = read(b"nome\nS\xe3o Paulo\n", Format::Csv);
    assert_eq!(rows, [json!({"nome": "São Paulo"})]);
    let utf16: Vec<u8> = "\u{feff}nome\nSão Paulo\n"
        .encode_utf16()
        .flat_map(u16::to_be_bytes)
        .collect();
    assert_eq!(read(&utf16, Format::Csv).1, [json!({"nome": "São Paulo"})]);
}

#[test]
fn json_comes_in_lines_or_as_a_list() {
    for text in [
        "{\"b\": 1, \"a\": \"x\"}\n{\"a\": null, \"c\": {\"d\": [1]}}\n",
        " [{\"b\": 1, \"a\": \"x\"}, {\"a\": null, \"c\": {\"d\": [1]}}]\n",
        "{\"b\":1,\"a\":\"x\"}{\"c\":{\"d\":[1]}}",
    ] {
        let (columns, rows) = read(text.as_bytes(), Format::JsonLines);
        let columns: Vec<_> = columns
            .iter()
            .map(|(name, kind)| (name.as_str(), *kind))
            .collect();
        assert_eq!(
            columns,
            [("b", "INTEGER"), ("a", "VARCHAR"), ("c", "VARIANT")]
        );
        assert_eq!(
            rows,
            [
                json!({"b": 1, "a": "x", "c": null}),
                json!({"b": null, "a": null, "c": {"d": [1]}}),
            ]
        );
    }
}

#[test]
fn ten_thousand_columns_are_a_table_and_too_many_are_refused() {
    let wide = |count: usize| {
        let names: Vec<String> = (0..count).map(|n| format!("c{n}")).collect();
        let values: Vec<String> = (0..count).map(|n| n.to_string()).collect();
        format!("{}\n{}\n", names.join(","), values.join(","))
    };
    let (columns, rows) = read(wide(10_000).as_bytes(), Format::Csv);
    assert_eq!(columns.len(), 10_000);
    assert_eq!(rows[0]["c9999"], 9999);
    assert_eq!(
        refusal(wide(20_001).as_bytes(), Format::Csv),
        "has more than 20000 columns"
    );
}

#[test]
fn what_has_no_columns_makes_no_rows() {
    let disk = Disk::default();
    for (bytes, format) in [
        (&b""[..], Format::Csv),
        (b"\n\n", Format::Csv),
        (b"\xef\xbb\xbf", Format::Csv),
        (b"", Format::JsonLines),
        (b" \n", Format::JsonLines),
        (b"[]", Format::JsonLines),
        (b"", Format::Parquet),
    ] {
        assert!(
            try_read(bytes, format, &disk).unwrap().is_none(),
            "{bytes:?}"
        );
    }
    assert_eq!(disk.count(), 0);
    let header = try_read(b"a,b\n", Format::Csv, &disk).unwrap().unwrap();
    assert_eq!((header.rows(), header.columns.len()), (0, 2));
}

#[test]
fn what_is_broken_is_told_plainly() {
    for (bytes, format, why) in [
        (
            &b"a,b\n1,2\n1\n"[..],
            Format::Csv,
            "line 3 has 1 fields, and the header 2",
        ),
        (b"a,a\n", Format::Csv, "the column a is there twice"),
        (
            b"a\n\x00\n",
            Format::Csv,
            "has a zero character, so it is no text",
        ),
        (
            b"{\"a\":1}\n{",
            Format::JsonLines,
            "is no JSON of rows at line 2, column 1",
        ),
        (
            b"[1]",
            Format::JsonLines,
            "is no JSON of rows at line 1, column 3",
        ),
        (
            b"[{}] x",
            Format::JsonLines,
            "is no JSON of rows at line 1, column 6",
        ),
        (
            b"null",
            Format::JsonLines,
            "is no JSON of rows at line 1, column 4",
        ),
        (b"PAR1", Format::Parquet, "is no Parquet that can be read"),
        (
            b"a,b\n1,2\n",
            Format::Parquet,
            "is no Parquet that can be read",
        ),
    ] {
        assert_eq!(refusal(bytes, format), why);
    }
    assert!(refusal("[".repeat(100_000).as_bytes(), Format::JsonLines).starts_with("is no JSON"));
}

#[test]
fn statistics_are_of_all_rows() {
    let disk = Disk::default();
    let view = try_read(b"n\n10\n9\n\"\"\n", Format::Csv, &disk)
        .unwrap()
        .unwrap();
    let stats = view.stats().unwrap().remove(0);
    assert_eq!((stats.count, stats.nulls, stats.distinct), (3, 1, 2));
    assert_eq!((stats.min, stats.max), (Some(json!(9)), Some(json!(10))));
}

/// A file of one row group, written column by column.
fn parquet_file(compression: ::parquet::basic::Compression) -> Vec<u8> {
    use ::parquet::data_type::{
        BoolType, ByteArray, ByteArrayType, DoubleType, Int32Type, Int64Type,
    };
    use ::parquet::file::properties::WriterProperties;
    use ::parquet::file::writer::SerializedFileWriter;
    use ::parquet::schema::parser::parse_message_type;

    let schema = "message m {
        required int64 id;
        optional double price;
        required boolean paid;
        required binary name (UTF8);
        required int32 day (DATE);
        required int64 at (TIMESTAMP_MILLIS);
        required int64 exact (TIMESTAMP(NANOS,true));
        optional group tags (LIST) { repeated group list { optional binary element (UTF8); } }
    }";
    let properties = WriterProperties::builder()
        .set_compression(compression)
        .build();
    let mut bytes = Vec::new();
    let schema = parse_message_type(schema).unwrap().into();
    let mut writer = SerializedFileWriter::new(&mut bytes, schema, properties.into()).unwrap();
    let mut group = writer.next_row_group().unwrap();
    macro_rules! column {
        ($kind:ty, $values:expr, $definitions:expr, $repetitions:expr) => {{
            let mut column = group.next_column().unwrap().unwrap();
            let typed = column.typed::<$kind>();
            typed
                .write_batch(&$values, $definitions, $repetitions)
                .unwrap();
            column.close().unwrap();
        }};
    }
    let text = |text: &str| ByteArray::from(text.as_bytes().to_vec());
    column!(Int64Type, [1, 2], None, None);
    column!(DoubleType, [9.5], Some(&[1, 0]), None);
    column!(BoolType, [true, false], None, None);
    column!(ByteArrayType, [text("2024"), text("ação")], None, None);
    column!(Int32Type, [0, 19_737], None, None);
    column!(Int64Type, [0, 1_705_314_600_123], None, None);
    column!(Int64Type, [0, 1_705_314_600_123_456_789], None, None);
    column!(
        ByteArrayType,
        [text("a"), text("b")],
        Some(&[3, 3, 0]),
        Some(&[0, 1, 0])
    );
    group.close().unwrap();
    writer.close().unwrap();
    bytes
}

#[test]
fn parquet_becomes_rows_of_the_schemas_types() {
    use ::parquet::basic::{Compression, ZstdLevel};

    for compression in [
        Compression::UNCOMPRESSED,
        Compression::SNAPPY,
        Compression::GZIP(::parquet::basic::GzipLevel::default()),
        Compression::LZ4_RAW,
        Compression::ZSTD(ZstdLevel::default()),
    ] {
        let (columns, rows) = read(&parquet_file(compression), Format::Parquet);
        let types: Vec<_> = columns.iter().map(|(_, kind)| *kind).collect();
        assert_eq!(
            types,
            [
                "INTEGER",
                "FLOAT",
                "BOOLEAN",
                "VARCHAR",
                "TIMESTAMP",
                "TIMESTAMP",
                "TIMESTAMP",
                "VARIANT"
            ]
        );
        assert_eq!(
            rows,
            [
                json!({
                    "id": 1, "price": 9.5, "paid": true, "name": "2024", "day": "1970-01-01T00:00:00Z",
                    "at": "1970-01-01T00:00:00Z", "exact": "1970-01-01T00:00:00Z", "tags": ["a", "b"],
                }),
                json!({
                    "id": 2, "price": null, "paid": false, "name": "ação", "day": "2024-01-15T00:00:00Z",
                    "at": "2024-01-15T10:30:00.123Z", "exact": "2024-01-15T10:30:00.123456789Z", "tags": null,
                }),
            ]
        );
    }
}

#[test]
fn parquet_cut_anywhere_is_refused_or_panics_into_a_refusal() {
    let whole = parquet_file(::parquet::basic::Compression::SNAPPY);
    let disk = Disk::default();
    for length in (1..whole.len()).step_by(7) {
        assert!(try_read(&whole[..length], Format::Parquet, &disk).is_err());
    }
    assert_eq!(disk.count(), 0);
}
