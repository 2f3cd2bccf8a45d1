//! A description as large as those of grown services, from a seed: for measurements. It holds nothing that the stock
//! generator cannot take, so that both can be given the same.

use serde_json::{Map, Value, json};

use crate::regen::dice::Dice;

/// What every resource offers.
const PER_RESOURCE: usize = 6;

/// A description of about that many operations.
pub(crate) fn description(operations: usize, seed: u64) -> Value {
    let mut dice = Dice::new(seed);
    let (mut paths, mut schemas) = (Map::new(), Map::new());
    schemas.insert("Problem".to_owned(), json!({
        "type": "object", "required": ["title", "status"],
        "properties": { "title": text(), "status": { "type": "integer", "format": "int32" }, "detail": text(), "errors": list(&text()) },
    }));
    for index in 0..operations.div_ceil(PER_RESOURCE) {
        let noun = format!("Resource{index}");
        let before = index.checked_sub(1).map(|index| format!("Resource{index}"));
        resource(&mut dice, &noun, before.as_deref(), &mut schemas);
        offers(&noun, &mut paths);
    }
    json!({
        "openapi": "3.0.3",
        "info": { "title": "Large", "version": "1.0.0" },
        "tags": [{ "name": "all" }],
        "paths": paths,
        "components": { "schemas": schemas },
    })
}

fn text() -> Value {
    json!({ "type": "string" })
}

fn list(items: &Value) -> Value {
    json!({ "type": "array", "items": items })
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

/// The schemas of a resource: itself, what makes one, what changes one, and a page of them.
fn resource(dice: &mut Dice, noun: &str, before: Option<&str>, schemas: &mut Map<String, Value>) {
    let mut properties = Map::new();
    properties.insert(
        "id".to_owned(),
        json!({ "type": "string", "format": "uuid", "description": "Given by the service." }),
    );
    for number in 0..8 + dice.below(8) {
        let schema = match dice.below(9) {
            0 | 1 => json!({ "type": "string", "description": "A text of `this` resource." }),
            2 => json!({ "type": "integer", "format": "int64" }),
            3 => json!({ "type": "boolean" }),
            4 => json!({ "type": "string", "format": "date-time", "nullable": true }),
            5 => list(&text()),
            6 => json!({ "type": "object", "additionalProperties": text() }),
            7 => reference(&format!("{noun}State")),
            _ => reference(before.unwrap_or("Problem")),
        };
        properties.insert(format!("field{number}"), schema);
    }
    schemas.insert(
        format!("{noun}State"),
        json!({ "type": "string", "enum": ["pending", "running", "done", "failed"] }),
    );
    let mut given = properties.clone();
    given.remove("id");
    let required: Vec<String> = given.keys().take(3).cloned().collect();
    schemas.insert(
        noun.to_owned(),
        json!({ "type": "object", "description": "What the service keeps.", "required": ["id"], "properties": properties }),
    );
    schemas.insert(
        format!("New{noun}"),
        json!({ "type": "object", "required": required, "properties": given }),
    );
    schemas.insert(
        format!("{noun}Change"),
        json!({ "type": "object", "properties": given }),
    );
    schemas.insert(
        format!("{noun}Page"),
        json!({
            "type": "object", "required": ["items", "total"],
            "properties": { "items": list(&reference(noun)), "total": { "type": "integer" }, "next": text() },
        }),
    );
}

fn offers(noun: &str, paths: &mut Map<String, Value>) {
    let word = noun.to_lowercase();
    let json_of = |name: &str| json!({ "application/json": { "schema": reference(name) } });
    let operation = |verb: &str, success: &str, holds: Option<&str>, idempotent: bool| {
        let mut answer = json!({ "description": "Done." });
        if let Some(name) = holds {
            answer["content"] = json_of(name);
        }
        let mut responses = json!({});
        responses[success] = answer;
        for range in ["4XX", "5XX"] {
            responses[range] = json!({ "description": "Refused.", "content": json_of("Problem") });
        }
        json!({
            "operationId": format!("{verb}_{word}"), "summary": format!("{verb} {word}"),
            "description": "One of many.\n\nWith a second paragraph.", "tags": ["all"],
            "x-evidence": "inferred", "x-source": "a benchmark", "x-since": "0.1.0", "x-idempotent": idempotent,
            "responses": responses,
        })
    };
    let query =
        |name: &str, schema: Value| json!({ "name": name, "in": "query", "schema": schema });
    let id = json!([{ "name": "id", "in": "path", "required": true, "schema": text() }]);
    let body = |name: &str| json!({ "required": true, "content": json_of(name) });

    let mut all = operation("list", "200", Some(&format!("{noun}Page")), true);
    all["parameters"] = json!([
        query("page", json!({ "type": "integer", "minimum": 1 })),
        query(
            "size",
            json!({ "type": "integer", "minimum": 1, "maximum": 500 })
        ),
        query("search", text()),
        query("state", reference(&format!("{noun}State"))),
    ]);
    let mut make = operation("create", "201", Some(noun), false);
    make["requestBody"] = body(&format!("New{noun}"));
    paths.insert(format!("/{word}"), json!({ "get": all, "post": make }));

    let mut change = operation("update", "200", Some(noun), true);
    change["requestBody"] = body(&format!("{noun}Change"));
    paths.insert(
        format!("/{word}/{{id}}"),
        json!({
            "parameters": id, "get": operation("get", "200", Some(noun), true), "patch": change,
            "delete": operation("delete", "204", None, true),
        }),
    );
    let run = operation("run", "202", Some(&format!("{noun}Page")), false);
    paths.insert(
        format!("/{word}/{{id}}/run"),
        json!({ "parameters": id, "post": run }),
    );
}
