//! Tables: list, get, create, delete, then the datasets that they take.

use std::sync::Arc;

use http::StatusCode;
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::api::Api;
use crate::call::Call;
use crate::mutations::Mutation;
use crate::routes::{datasets, fields, table_columns, times};
use crate::state::tables::{NewTable, Table};

pub(crate) fn list(api: &Api, call: &Call) -> Answer {
    let tables = api.world.storage.tables.list(&call.caller.customer_id);
    let tables: Vec<Value> = tables.iter().map(shown).collect();
    Answer::ok(json!({ "tables": tables }))
}

pub(crate) fn get(api: &Api, call: &Call) -> Answer {
    let id = call.param(0);
    match api.world.storage.tables.get(&call.caller.customer_id, id) {
        Some(table) => Answer::ok(shown(table)),
        None => not_found(id),
    }
}

pub(crate) fn create(api: &mut Api, call: &Call) -> Answer {
    let new = match new_table(call) {
        Ok(new) => new,
        Err(wrong) => {
            let name = call.body.get("name").and_then(Value::as_str);
            if let Some(name) = name.filter(|_| api.options.has(Mutation::RefusedTableIsMade)) {
                let (id, world) = (api.world.chance.uuid().to_string(), &mut api.world);
                let new = NewTable {
                    name: name.to_owned(),
                    schema: None,
                    description: None,
                    columns: Vec::new(),
                };
                let tables = &mut world.storage.tables;
                // Where the name is taken, the mutation makes nothing either.
                let _ = tables.create(&call.caller.customer_id, id, new, call.now);
            }
            return Answer::invalid(wrong);
        }
    };
    let name = new.name.clone();
    let world = &mut api.world;
    let mut id = world.chance.uuid().to_string();
    if api.options.has(Mutation::TableIdsAreReused) {
        id = "00000000-0000-4000-8000-000000000000".into();
    }
    let customer_id = &call.caller.customer_id;
    match world.storage.tables.create(customer_id, id, new, call.now) {
        Ok(table) => Answer::created(shown(table)),
        Err(_) => {
            let message = format!("Table with name {name} already exists");
            Answer::framework(StatusCode::CONFLICT, message)
        }
    }
}

pub(crate) fn delete(api: &mut Api, call: &Call) -> Answer {
    let id = call.param(0);
    let tables = &mut api.world.storage.tables;
    if tables.delete(&call.caller.customer_id, id) {
        Answer::no_content()
    } else {
        not_found(id)
    }
}

pub(crate) fn add_dataset(api: &mut Api, call: &Call) -> Answer {
    let storage = &mut api.world.storage;
    let customer_id = &call.caller.customer_id;
    let Some(table) = storage.tables.get_mut(customer_id, call.param(0)) else {
        return not_found(call.param(0));
    };
    let id = match fields::non_empty(&call.body, "datasetId") {
        Ok(id) => id,
        Err(why) => return Answer::invalid(vec![why]),
    };
    let Some(dataset) = storage.datasets.get(customer_id, id) else {
        return datasets::not_found(id);
    };
    if api.options.has(Mutation::DatasetIsNotAdded) {
        return Answer::ok(shown(table));
    }
    match table.append(Arc::clone(&dataset.rows.segment), call.now) {
        Ok(()) => Answer::ok(shown(table)),
        Err(_) if api.options.has(Mutation::AnyDatasetFits) => Answer::ok(shown(table)),
        Err(why) => Answer::invalid(vec![why]),
    }
}

fn not_found(id: &str) -> Answer {
    let message = format!("Table with id {id} not found");
    Answer::framework(StatusCode::NOT_FOUND, message)
}

fn new_table(call: &Call) -> Result<NewTable, Vec<String>> {
    let mut wrong = Vec::new();
    let name = fields::non_empty(&call.body, "name").map(ToOwned::to_owned);
    let name = name.unwrap_or_else(|why| {
        wrong.push(why);
        String::new()
    });
    let description = fields::optional(&call.body, "description", &mut wrong);
    let schema = fields::optional(&call.body, "schema", &mut wrong);
    if schema
        .as_ref()
        .is_some_and(|schema| schema.trim().is_empty())
    {
        wrong.push("schema must not be empty".into());
    }
    let columns = table_columns::read(call.body.get("columns"), &mut wrong);
    if wrong.is_empty() {
        Ok(NewTable {
            name,
            schema,
            description,
            columns,
        })
    } else {
        Err(wrong)
    }
}

fn shown(table: &Table) -> Value {
    let mut shown = json!({
        "id": table.id,
        "name": table.name,
        "schema": table.schema,
        "columns": table_columns::shown(&table.view.columns),
        "rows": table.view.rows(),
        "created_at": times::millis(table.created_at),
        "updated_at": times::millis(table.updated_at),
    });
    if let Some(description) = &table.description {
        shown["description"] = json!(description);
    }
    shown
}
