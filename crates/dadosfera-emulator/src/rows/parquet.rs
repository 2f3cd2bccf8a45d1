//! Parquet: rows through the record interface, whose types the schema tells.

use std::fs::File;

use chrono::DateTime;
use parquet::basic::{ConvertedType, LogicalType, Repetition, TimeUnit, Type as Physical};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;
use parquet::schema::types::Type;
use serde_json::Value;

use crate::rows::column::{ColumnType, Seen};
use crate::rows::ingest::{MAX_COLUMNS, Rejected, Sink};
use crate::rows::times;

/// Reads it into rows.
pub(crate) fn read(file: File, sink: &mut Sink) -> Result<(), Rejected> {
    let broken = |_| Rejected::File("is no Parquet that can be read".into());
    let reader = SerializedFileReader::new(file).map_err(broken)?;
    let schema = reader.metadata().file_metadata().schema_descr();
    let fields = schema.root_schema().get_fields().to_vec();
    if fields.len() > MAX_COLUMNS {
        return Err(Rejected::too_many_columns());
    }
    for field in &fields {
        sink.columns.push(field.name().to_owned());
        sink.seen.push(Seen::of(column_type(field)));
    }
    for row in reader.get_row_iter(None).map_err(broken)? {
        let values: Vec<Value> = row
            .map_err(broken)?
            .into_columns()
            .iter()
            .zip(&fields)
            .map(|((_, value), field)| shown(value, field))
            .collect();
        sink.writer.push(&values)?;
    }
    Ok(())
}

fn column_type(field: &Type) -> ColumnType {
    let info = field.get_basic_info();
    let repeated = info.has_repetition() && info.repetition() == Repetition::REPEATED;
    if !field.is_primitive() || repeated {
        return ColumnType::Variant;
    }
    match info.converted_type() {
        ConvertedType::DATE | ConvertedType::TIMESTAMP_MILLIS | ConvertedType::TIMESTAMP_MICROS => {
            return ColumnType::Timestamp;
        }
        ConvertedType::TIME_MILLIS | ConvertedType::TIME_MICROS => return ColumnType::Varchar,
        ConvertedType::DECIMAL => return ColumnType::Float,
        _ => {}
    }
    match info.logical_type_ref() {
        Some(LogicalType::Timestamp { .. }) => return ColumnType::Timestamp,
        Some(LogicalType::Float16) => return ColumnType::Float,
        _ => {}
    }
    match field.get_physical_type() {
        Physical::BOOLEAN => ColumnType::Boolean,
        Physical::INT32 | Physical::INT64 => ColumnType::Integer,
        Physical::INT96 => ColumnType::Timestamp,
        Physical::FLOAT | Physical::DOUBLE => ColumnType::Float,
        Physical::BYTE_ARRAY | Physical::FIXED_LEN_BYTE_ARRAY => ColumnType::Varchar,
    }
}

fn shown(value: &Field, field: &Type) -> Value {
    let time = match value {
        Field::Date(days) => DateTime::from_timestamp(i64::from(*days) * 86_400, 0),
        Field::TimestampMillis(millis) => DateTime::from_timestamp_millis(*millis),
        Field::TimestampMicros(micros) => DateTime::from_timestamp_micros(*micros),
        Field::Long(nanos) if in_nanos(field) => Some(DateTime::from_timestamp_nanos(*nanos)),
        other => return other.to_json_value(),
    };
    // A time before or after all calendars is no time.
    time.map_or(Value::Null, |time| times::write(time).into())
}

fn in_nanos(field: &Type) -> bool {
    matches!(
        field.get_basic_info().logical_type_ref(),
        Some(LogicalType::Timestamp(timestamp)) if timestamp.unit == TimeUnit::NANOS
    )
}
