//! What the catalog shows of an asset's table: columns-metadata and preview.
//!
//! A table is read after the lock is let go: the view that is taken under it holds what it reads.

use serde_json::{Value, json};

use crate::answer::Answer;
use crate::api::Api;
use crate::call::Call;
use crate::mutations::Mutation;
use crate::routes::{catalog, query};
use crate::rows::column::{Column, ColumnType};
use crate::rows::stats::ColumnStats;
use crate::rows::view::{View, Window};

const DEFAULT_LIMIT: usize = 100;
/// A preview is no export: it has so many rows at most, and so many cells where a table is wide.
const MAX_LIMIT: usize = 1000;
const MAX_CELLS: usize = 1_000_000;

pub(crate) fn columns_metadata(api: &Api, call: &Call) -> Answer {
    let mut wrong = Vec::new();
    let with_stats = query::boolean(call, "include_stats", &mut wrong);
    let with_samples = query::boolean(call, "include_samples", &mut wrong);
    let no_types = api.options.has(Mutation::ColumnsHaveNoTypes);
    let no_nulls = api.options.has(Mutation::StatsCountNulls);
    let shown = move |column: &Column| {
        let mut shown = shown(column);
        if no_types {
            shown["type"] = json!(ColumnType::Varchar.as_str());
        }
        shown
    };
    let view = match look(api, call) {
        Ok(view) => view,
        Err(answer) => return answer,
    };
    if !wrong.is_empty() {
        return Answer::invalid(wrong);
    }
    if !with_stats && !with_samples {
        let columns: Vec<Value> = view.columns.iter().map(shown).collect();
        return Answer::ok(json!({ "columns": columns }));
    }
    Answer::later(move || {
        let Ok(stats) = view.stats() else {
            return Answer::disk_fails();
        };
        let columns = view.columns.iter().zip(&stats);
        let columns: Vec<Value> = columns
            .map(|(column, stats)| {
                let mut shown = shown(column);
                if with_stats {
                    shown["stats"] = shown_stats(stats);
                    if no_nulls {
                        shown["stats"]["nulls"] = json!(0);
                    }
                }
                if with_samples {
                    shown["samples"] = json!(stats.samples);
                }
                shown
            })
            .collect();
        Answer::ok(json!({ "columns": columns }))
    })
}

pub(crate) fn preview(api: &Api, call: &Call) -> Answer {
    let mut wrong = Vec::new();
    let limit = query::positive(call, "limit", DEFAULT_LIMIT, &mut wrong);
    let mut offset = query::not_negative(call, "offset", &mut wrong);
    if api.options.has(Mutation::PreviewIgnoresOffset) {
        offset = 0;
    }
    let view = match look(api, call) {
        Ok(view) => view,
        Err(answer) => return answer,
    };
    let columns = call.query("columns").filter(|names| !names.is_empty());
    let columns = columns
        .map(|names| named(&view, names, &mut wrong))
        .filter(|_| !api.options.has(Mutation::PreviewIgnoresColumns));
    if !wrong.is_empty() {
        return Answer::invalid(wrong);
    }
    let widest = (MAX_CELLS / view.columns.len().max(1)).clamp(1, MAX_LIMIT);
    let window = Window {
        offset: offset as u64,
        limit: limit.min(widest) as u64,
        columns,
    };
    Answer::later(move || match view.preview(&window) {
        Ok((columns, rows)) => Answer::ok(json!({
            "columns": columns,
            "rows": rows,
            "total": view.rows(),
        })),
        Err(_) => Answer::disk_fails(),
    })
}

/// The table of the asset that a call names; an asset without one shows an empty table.
fn look(api: &Api, call: &Call) -> Result<View, Answer> {
    let id = call.param(0);
    let asset = api.world.catalogs.get(catalog::viewer(call), id);
    let asset = asset.map_err(|_| catalog::not_found(id))?;
    let table = asset.table.as_ref().and_then(|table| {
        let tables = &api.world.storage.tables;
        let customer_id = &call.caller.customer_id;
        tables.named(customer_id, &table.table_schema, &table.table_name)
    });
    Ok(table.map(|table| table.view.clone()).unwrap_or_default())
}

/// The columns that are named, with commas between them.
fn named(view: &View, names: &str, wrong: &mut Vec<String>) -> Vec<String> {
    // Of a table that is not there, no column is wrong.
    if view.columns.is_empty() {
        return Vec::new();
    }
    let mut known = Vec::new();
    for name in names.split(',').map(str::trim) {
        if view.place_of(name).is_some() {
            known.push(name.to_owned());
        } else {
            wrong.push(format!("columns: there is no column {name}"));
        }
    }
    known
}

/// Every column may hold nulls: a file has nothing that forbids them.
fn shown(column: &Column) -> Value {
    let mut shown = json!({
        "name": column.name,
        "type": column.kind.as_str(),
        "nullable": true,
    });
    if let Some(description) = &column.description {
        shown["description"] = json!(description);
    }
    shown
}

fn shown_stats(stats: &ColumnStats) -> Value {
    let mut shown = json!({
        "count": stats.count,
        "nulls": stats.nulls,
        "distinct": stats.distinct,
    });
    for (name, value) in [("min", &stats.min), ("max", &stats.max)] {
        if let Some(value) = value {
            shown[name] = value.clone();
        }
    }
    shown
}
