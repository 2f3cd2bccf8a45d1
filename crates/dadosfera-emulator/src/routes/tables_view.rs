//! What the catalog shows of an asset's table: columns-metadata and preview.

use serde_json::{Map, Value, json};

use crate::answer::Answer;
use crate::api::Api;
use crate::call::Call;
use crate::routes::{catalog, query};
use crate::state::tables_view::{ColumnView, RowsWanted, TableView};

const DEFAULT_LIMIT: usize = 100;

pub(crate) fn columns_metadata(api: &mut Api, call: &Call) -> Answer {
    let mut wrong = Vec::new();
    let with_stats = query::boolean(call, "include_stats", &mut wrong);
    let with_samples = query::boolean(call, "include_samples", &mut wrong);
    let view = match look(api, call, RowsWanted::NONE) {
        Ok(view) => view,
        Err(answer) => return answer,
    };
    if !wrong.is_empty() {
        return Answer::invalid(wrong);
    }
    let columns = view.columns.iter();
    let columns: Vec<Value> = columns
        .map(|column| shown(column, with_stats, with_samples))
        .collect();
    Answer::ok(json!({ "columns": columns }))
}

pub(crate) fn preview(api: &mut Api, call: &Call) -> Answer {
    let mut wrong = Vec::new();
    let wanted = RowsWanted {
        limit: query::positive(call, "limit", DEFAULT_LIMIT, &mut wrong),
        offset: query::not_negative(call, "offset", &mut wrong),
    };
    let view = match look(api, call, wanted) {
        Ok(view) => view,
        Err(answer) => return answer,
    };
    if !wrong.is_empty() {
        return Answer::invalid(wrong);
    }
    let names = call.query("columns").filter(|names| !names.is_empty());
    match cut(&view, names) {
        Ok(body) => Answer::ok(body),
        Err(wrong) => Answer::invalid(wrong),
    }
}

/// The table of the asset that a call names; an asset without one shows an empty table.
fn look(api: &Api, call: &Call, wanted: RowsWanted) -> Result<TableView, Answer> {
    let id = call.param(0);
    let asset = api.world.catalogs.get(catalog::viewer(call), id);
    let asset = asset.map_err(|_| catalog::not_found(id))?;
    let view = asset.table.as_ref().and_then(|table| {
        let customer_id = &call.caller.customer_id;
        api.world
            .table_view(customer_id, &table.table_schema, &table.table_name, wanted)
    });
    Ok(view.unwrap_or_default())
}

fn shown(column: &ColumnView, with_stats: bool, with_samples: bool) -> Value {
    let mut shown = json!({
        "name": column.name,
        "type": column.column_type,
        "nullable": column.nullable,
    });
    if let Some(description) = &column.description {
        shown["description"] = json!(description);
    }
    if with_stats {
        let stats = &column.stats;
        shown["stats"] = json!({
            "count": stats.count,
            "nulls": stats.nulls,
            "distinct": stats.distinct,
        });
        for (name, value) in [("min", &stats.min), ("max", &stats.max)] {
            if let Some(value) = value {
                shown["stats"][name] = value.clone();
            }
        }
    }
    if with_samples {
        shown["samples"] = json!(column.samples);
    }
    shown
}

/// The rows with the columns that were named, in the order in which they were named; with all of them unless any was.
fn cut(view: &TableView, names: Option<&str>) -> Result<Value, Vec<String>> {
    let mut places = Vec::new();
    let mut wrong = Vec::new();
    match names {
        // Of a table that is not there, no column is wrong.
        Some(names) if !view.columns.is_empty() => {
            for name in names.split(',').map(str::trim) {
                match view.columns.iter().position(|column| column.name == name) {
                    Some(place) => places.push(place),
                    None => wrong.push(format!("columns: there is no column {name}")),
                }
            }
        }
        _ => places.extend(0..view.columns.len()),
    }
    if !wrong.is_empty() {
        return Err(wrong);
    }
    let columns: Vec<&str> = places
        .iter()
        .map(|place| view.columns[*place].name.as_str())
        .collect();
    let row = |cells: &Vec<Value>| -> Value {
        let cells = places.iter().map(|place| {
            let cell = cells.get(*place).cloned().unwrap_or_default();
            (view.columns[*place].name.clone(), cell)
        });
        Value::Object(cells.collect::<Map<_, _>>())
    };
    let rows: Vec<Value> = view.rows.iter().map(row).collect();
    Ok(json!({ "columns": columns, "rows": rows, "total": view.total }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::tables_view::ColumnStats;

    fn view() -> TableView {
        let column = |name: &str, column_type: &str| ColumnView {
            name: name.into(),
            column_type: column_type.into(),
            description: None,
            nullable: true,
            stats: ColumnStats {
                count: 2,
                nulls: 1,
                distinct: 1,
                min: Some(json!(1)),
                max: None,
            },
            samples: vec![json!(1)],
        };
        TableView {
            columns: vec![column("id", "INTEGER"), column("name", "VARCHAR")],
            rows: vec![vec![json!(1), json!("one")], vec![json!(null)]],
            total: 7,
        }
    }

    #[test]
    fn stats_and_samples_come_when_they_are_asked_for() {
        let column = &view().columns[0];
        assert_eq!(
            shown(column, false, false),
            json!({"name": "id", "type": "INTEGER", "nullable": true})
        );
        assert_eq!(
            shown(column, true, true),
            json!({
                "name": "id", "type": "INTEGER", "nullable": true,
                "stats": {"count": 2, "nulls": 1, "distinct": 1, "min": 1}, "samples": [1],
            })
        );
    }

    #[test]
    fn a_preview_shows_the_columns_that_are_named() {
        assert_eq!(
            cut(&view(), None),
            Ok(json!({
                "columns": ["id", "name"],
                "rows": [{"id": 1, "name": "one"}, {"id": null, "name": null}],
                "total": 7,
            }))
        );
        assert_eq!(
            cut(&view(), Some("name, id")).map(|body| body["columns"].clone()),
            Ok(json!(["name", "id"]))
        );
        assert_eq!(
            cut(&view(), Some("id,nope")),
            Err(vec!["columns: there is no column nope".into()])
        );
        assert_eq!(
            cut(&TableView::default(), Some("nope")),
            Ok(json!({"columns": [], "rows": [], "total": 0}))
        );
    }
}
