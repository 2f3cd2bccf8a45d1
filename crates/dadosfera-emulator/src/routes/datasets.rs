//! Datasets: list, get, delete.

use http::StatusCode;
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::api::Api;
use crate::call::Call;
use crate::mutations::Mutation;
use crate::routes::{table_columns, times};
use crate::rows::column::ColumnType;
use crate::state::datasets::Dataset;

pub(crate) fn list(api: &Api, call: &Call) -> Answer {
    let datasets = api.world.storage.datasets.list(&call.caller.customer_id);
    let datasets: Vec<Value> = datasets.iter().map(shown).collect();
    Answer::ok(json!({ "datasets": datasets }))
}

pub(crate) fn get(api: &Api, call: &Call) -> Answer {
    let id = call.param(0);
    match api.world.storage.datasets.get(&call.caller.customer_id, id) {
        Some(dataset) => {
            let mut body = shown(dataset);
            if api.options.has(Mutation::HeaderIsARow) {
                body["rows"] = json!(dataset.rows.segment.rows + 1);
            }
            if api.options.has(Mutation::EveryColumnIsText)
                && let Some(columns) = body["columns"].as_array_mut()
            {
                for column in columns {
                    column["type"] = json!(ColumnType::Varchar.as_str());
                }
            }
            Answer::ok(body)
        }
        None => not_found(id),
    }
}

pub(crate) fn delete(api: &mut Api, call: &Call) -> Answer {
    let id = call.param(0);
    let storage = &mut api.world.storage;
    if storage.delete_dataset(&call.caller.customer_id, id) {
        Answer::no_content()
    } else {
        not_found(id)
    }
}

pub(crate) fn not_found(id: &str) -> Answer {
    let message = format!("Dataset with id {id} not found");
    Answer::framework(StatusCode::NOT_FOUND, message)
}

fn shown(dataset: &Dataset) -> Value {
    let segment = &dataset.rows.segment;
    json!({
        "id": dataset.id,
        "name": dataset.name,
        "path": dataset.path,
        "format": dataset.rows.format.as_str(),
        "columns": table_columns::shown(&segment.columns),
        "rows": segment.rows,
        "created_at": times::millis(dataset.created_at),
    })
}
