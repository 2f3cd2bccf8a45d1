//! The columns of tables and datasets, in bodies and answers.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::routes::fields;
use crate::rows::column::{Column, ColumnType};
use crate::rows::ingest::MAX_COLUMNS;

pub(crate) fn shown(columns: &[Column]) -> Vec<Value> {
    let shown = |column: &Column| {
        let mut shown = json!({ "name": column.name, "type": column.kind.as_str() });
        if let Some(description) = &column.description {
            shown["description"] = json!(description);
        }
        shown
    };
    columns.iter().map(shown).collect()
}

/// Reads `columns` out of a body.
pub(crate) fn read(value: Option<&Value>, wrong: &mut Vec<String>) -> Vec<Column> {
    let Some(items) = value
        .and_then(Value::as_array)
        .filter(|items| !items.is_empty())
    else {
        wrong.push("columns must be an array that is not empty".into());
        return Vec::new();
    };
    if items.len() > MAX_COLUMNS {
        wrong.push(format!("columns must not hold more than {MAX_COLUMNS}"));
        return Vec::new();
    }
    let mut names = BTreeSet::new();
    let mut columns = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        match read_one(item) {
            Ok(column) if names.insert(column.name.clone()) => columns.push(column),
            Ok(column) => wrong.push(format!("columns: {} is there twice", column.name)),
            Err(why) => wrong.push(format!("columns[{index}]: {why}")),
        }
    }
    columns
}

fn read_one(item: &Value) -> Result<Column, String> {
    let item = item.as_object().ok_or("must be an object")?;
    let name = fields::non_empty(item, "name")?;
    let kind = ColumnType::parse(fields::string(item, "type")?).ok_or_else(|| {
        let known = ColumnType::ALL.map(ColumnType::as_str).join(", ");
        format!("type must be one of {known}")
    })?;
    let mut wrong = Vec::new();
    let description = fields::optional(item, "description", &mut wrong);
    match wrong.pop() {
        Some(why) => Err(why),
        None => Ok(Column {
            name: name.to_owned(),
            kind,
            description,
        }),
    }
}
