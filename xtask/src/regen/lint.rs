//! The house rules of the description: every operation has its evidence, every answer its schema, every example fits.

use std::collections::{BTreeMap, BTreeSet};

use heck::ToSnakeCase as _;
use serde_json::{Value, json};

use super::document::{Document, Operation, entries, text};
use super::problem::Problem;

/// The marks of evidence, strongest first.
pub(crate) const EVIDENCE: [&str; 5] =
    ["documented", "observed", "library", "reported", "inferred"];

/// Everything in the document that breaks a house rule.
pub(crate) fn lint(document: &Document) -> Vec<Problem> {
    let mut problems = Vec::new();
    match document.operations() {
        Ok(operations) => {
            ids(&operations, &mut problems);
            for operation in &operations {
                marks(document, operation, &mut problems);
                path_parameters(operation, &mut problems);
                answers(document, operation, &mut problems);
            }
        }
        Err(problem) => problems.push(problem),
    }
    dangling(document, "", &document.root, &mut problems);
    if problems.is_empty() {
        examples(document, &mut problems);
    }
    problems
}

fn ids(operations: &[Operation<'_>], problems: &mut Vec<Problem>) {
    let mut seen: BTreeMap<String, String> = BTreeMap::new();
    for operation in operations {
        let Some(id) = operation.id() else {
            problems.push(Problem::new(
                operation.name(),
                "it has no operationId",
                "add one, such as `list_things`",
            ));
            continue;
        };
        if let Some(other) = seen.insert(id.to_snake_case(), id.to_owned()) {
            problems.push(Problem::new(
                id,
                format!("its operationId reads like that of {other}"),
                "give each operation an id of its own in snake_case",
            ));
        }
        if id != id.to_snake_case() {
            problems.push(Problem::new(
                id,
                "the operationId is not in snake_case",
                format!("write {}", id.to_snake_case()),
            ));
        }
    }
}

fn marks(document: &Document, operation: &Operation<'_>, problems: &mut Vec<Problem>) {
    let name = operation.name();
    let value = operation.value;
    match text(value, "x-evidence") {
        Some(mark) if EVIDENCE.contains(&mark) => {}
        other => problems.push(Problem::new(
            &name,
            format!("x-evidence is {}", other.unwrap_or("missing")),
            format!("set it to one of {}", EVIDENCE.join(", ")),
        )),
    }
    for key in ["x-source", "x-since", "summary"] {
        if text(value, key).is_none_or(str::is_empty) {
            problems.push(Problem::new(
                &name,
                format!("{key} is missing"),
                "say it in one line",
            ));
        }
    }
    if value.get("x-idempotent").and_then(Value::as_bool).is_none() {
        problems.push(Problem::new(
            &name,
            "x-idempotent is missing",
            "say true or false: it decides what is retried",
        ));
    }
    if authenticated(document, value) && text(value, "x-permission").is_none() {
        problems.push(Problem::new(
            &name,
            "it needs credentials and has no x-permission",
            "name the permission that it needs",
        ));
    }
    let known: BTreeSet<&str> = document
        .root
        .get("tags")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|tag| text(tag, "name"))
        .collect();
    let tags: Vec<&str> = value["tags"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    if tags.len() != 1 || !tags.iter().all(|tag| known.contains(tag)) {
        problems.push(Problem::new(
            &name,
            "it must have one tag that the document lists",
            "set `tags` to its domain",
        ));
    }
}

/// Whether an operation asks for credentials: its own `security` or else the document's is not empty.
pub(crate) fn authenticated(document: &Document, operation: &Value) -> bool {
    operation
        .get("security")
        .or_else(|| document.root.get("security"))
        .and_then(Value::as_array)
        .is_some_and(|security| !security.is_empty())
}

fn path_parameters(operation: &Operation<'_>, problems: &mut Vec<Problem>) {
    let in_template: BTreeSet<&str> = operation
        .path
        .split('{')
        .skip(1)
        .filter_map(|part| part.split('}').next())
        .collect();
    let declared: BTreeSet<&str> = operation
        .parameters
        .iter()
        .filter(|parameter| text(parameter, "in") == Some("path"))
        .filter_map(|parameter| text(parameter, "name"))
        .collect();
    for name in in_template.symmetric_difference(&declared) {
        problems.push(Problem::new(
            operation.name(),
            format!(
                "the path parameter {name} stands in the path or in the parameters, not in both"
            ),
            "declare it, or take it out",
        ));
    }
}

fn answers(document: &Document, operation: &Operation<'_>, problems: &mut Vec<Problem>) {
    let name = operation.name();
    let mut success = false;
    for (status, response) in entries(operation.value.get("responses")) {
        success |= status.starts_with('2');
        let Ok(response) = document.resolve(response) else {
            continue;
        };
        if text(response, "description").is_none_or(str::is_empty) {
            problems.push(Problem::new(
                format!("{name}, answer {status}"),
                "it has no description",
                "say when it comes",
            ));
        }
        for (media_type, media) in entries(response.get("content")) {
            if media.get("schema").is_none() {
                problems.push(Problem::new(
                    format!("{name}, answer {status}"),
                    format!("{media_type} has no schema"),
                    "name the schema of the body",
                ));
            }
        }
    }
    if !success {
        problems.push(Problem::new(
            &name,
            "it has no 2xx answer",
            "describe what success looks like",
        ));
    }
}

fn dangling(document: &Document, place: &str, value: &Value, problems: &mut Vec<Problem>) {
    if value.get("$ref").is_some_and(Value::is_string)
        && let Err(problem) = document.resolve(value)
    {
        problems.push(Problem {
            place: format!("{place}: {}", problem.place),
            ..problem
        });
    }
    match value {
        Value::Object(object) => {
            for (key, inner) in object {
                dangling(document, &format!("{place}/{key}"), inner, problems);
            }
        }
        Value::Array(items) => {
            for (index, inner) in items.iter().enumerate() {
                dangling(document, &format!("{place}/{index}"), inner, problems);
            }
        }
        _ => {}
    }
}

/// Validates each example of a body or a parameter against its schema.
fn examples(document: &Document, problems: &mut Vec<Problem>) {
    let mut validators = Validators::new(document);
    let Ok(operations) = document.operations() else {
        return;
    };
    for operation in &operations {
        let name = operation.name();
        for parameter in &operation.parameters {
            let place = format!(
                "{name}, parameter {}",
                text(parameter, "name").unwrap_or_default()
            );
            validators.media(document, &place, parameter, problems);
        }
        if let Some(Ok(body)) = operation
            .value
            .get("requestBody")
            .map(|body| document.resolve(body))
        {
            for (_, media) in entries(body.get("content")) {
                validators.media(document, &format!("{name}, request body"), media, problems);
            }
        }
        for (status, response) in entries(operation.value.get("responses")) {
            let Ok(response) = document.resolve(response) else {
                continue;
            };
            for (_, media) in entries(response.get("content")) {
                let place = format!("{name}, answer {status}");
                validators.media(document, &place, media, problems);
            }
        }
    }
}

/// Compiles schemas with those of the document's components that they need, and each schema once.
struct Validators {
    components: Value,
    compiled: BTreeMap<String, Result<jsonschema::Validator, String>>,
}

impl Validators {
    fn new(document: &Document) -> Self {
        let mut components = document
            .root
            .pointer("/components/schemas")
            .cloned()
            .unwrap_or_else(|| json!({}));
        down_to_json_schema(&mut components);
        Self {
            components,
            compiled: BTreeMap::new(),
        }
    }

    fn compiled(&mut self, schema: &Value) -> &Result<jsonschema::Validator, String> {
        let components = &self.components;
        self.compiled.entry(schema.to_string()).or_insert_with(|| {
            let mut root = schema.clone();
            down_to_json_schema(&mut root);
            let mut needed = serde_json::Map::new();
            let mut waiting = Vec::new();
            references(&root, &mut waiting);
            while let Some(name) = waiting.pop() {
                if let Some(component) = components
                    .get(&name)
                    .filter(|_| !needed.contains_key(&name))
                {
                    references(component, &mut waiting);
                    needed.insert(name, component.clone());
                }
            }
            let whole = json!({ "allOf": [root], "components": { "schemas": needed } });
            jsonschema::options()
                .with_draft(jsonschema::Draft::Draft4)
                .should_validate_formats(true)
                .build(&whole)
                .map_err(|error| error.to_string())
        })
    }

    fn media(
        &mut self,
        document: &Document,
        place: &str,
        media: &Value,
        problems: &mut Vec<Problem>,
    ) {
        let Some(schema) = media.get("schema") else {
            return;
        };
        let named = entries(media.get("examples")).filter_map(|(name, example)| {
            let example = document.resolve(example).ok()?;
            Some((name.to_owned(), example.get("value")?))
        });
        let single = media
            .get("example")
            .map(|value| ("example".to_owned(), value));
        let examples: Vec<(String, &Value)> = named.chain(single).collect();
        if examples.is_empty() {
            return;
        }
        let validator = match self.compiled(schema) {
            Ok(validator) => validator,
            Err(error) => {
                problems.push(Problem::new(
                    place,
                    format!("the schema cannot be compiled: {error}"),
                    "mend the schema",
                ));
                return;
            }
        };
        for (name, example) in examples {
            for error in validator.iter_errors(example) {
                problems.push(Problem::new(
                    format!("{place}, example {name}"),
                    format!("{} at {:?}", error, error.instance_path().to_string()),
                    "mend the example or the schema",
                ));
            }
        }
    }
}

/// The names of the components that a schema refers to. A reference into one needs the whole.
fn references(value: &Value, found: &mut Vec<String>) {
    if let Some(name) =
        text(value, "$ref").and_then(|target| target.strip_prefix("#/components/schemas/"))
    {
        found.extend(name.split('/').next().map(str::to_owned));
    }
    match value {
        Value::Object(object) => object.values().for_each(|inner| references(inner, found)),
        Value::Array(items) => items.iter().for_each(|inner| references(inner, found)),
        _ => {}
    }
}

/// OpenAPI 3.0's `nullable` in JSON Schema's words, in place.
fn down_to_json_schema(value: &mut Value) {
    match value {
        Value::Object(object) => {
            for inner in object.values_mut() {
                down_to_json_schema(inner);
            }
            if object.remove("nullable") == Some(Value::Bool(true))
                && let Some(kind) = object.get("type").cloned()
            {
                object.insert("type".to_owned(), json!([kind, "null"]));
            }
        }
        Value::Array(items) => items.iter_mut().for_each(down_to_json_schema),
        _ => {}
    }
}
