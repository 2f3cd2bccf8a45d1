//! Schemas of OpenAPI 3.0 as JSON Schema: what a value breaks, and what is remarkable in a value that breaks nothing.
//!
//! OpenAPI 3.0 is nearly draft 4 of JSON Schema. What differs is brought over before a schema is compiled: `nullable`
//! beside a `type`, required fields that only the other direction has (`readOnly`, `writeOnly`), the formats of numbers.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use jsonschema::error::ValidationErrorKind;
use jsonschema::{Draft, ValidationError, Validator};
use serde_json::{Map, Value, json};

use super::document::resolve;
use super::formats;

/// Which way a value goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Direction {
    /// From us to the server.
    Request,
    /// From the server to us.
    Answer,
}

/// One schema of a document, ready to judge values.
#[derive(Debug)]
pub struct Schema {
    /// `{allOf: [the schema], components}`, so that references resolve.
    root: Value,
    validator: Validator,
    branches: Mutex<BTreeMap<String, Arc<Validator>>>,
}

/// A schema that JSON Schema cannot make sense of.
#[derive(Debug, thiserror::Error)]
#[error("a schema cannot be compiled: {0}")]
pub struct SchemaError(String);

/// Something that a value breaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mismatch {
    pub(crate) pointer: String,
    pub(crate) expected: String,
    /// The whole value: it is shortened only after its secrets are hidden.
    pub(crate) got: String,
}

/// Something remarkable in a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// Where, as a JSON pointer.
    pub pointer: String,
    /// What.
    pub kind: MarkKind,
}

/// What can be remarkable in a value.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum MarkKind {
    /// A field that the schema neither declares nor says to expect.
    UndeclaredField,
    /// A text that is none of an open vocabulary's known values.
    UndeclaredValue(Vec<String>),
    /// A text of the format `password`, or one that holds such a text (`x-holds-secret`).
    Secret(String),
}

impl Schema {
    /// Compiles a schema against a document's components.
    ///
    /// # Errors
    /// Where the schema is none.
    pub fn compile(
        document: &Value,
        schema: &Value,
        direction: Direction,
    ) -> Result<Self, SchemaError> {
        let mut components = document
            .get("components")
            .cloned()
            .unwrap_or_else(|| json!({}));
        let mut schema = schema.clone();
        down_to_draft_4(&mut components, document, direction);
        down_to_draft_4(&mut schema, document, direction);
        let root = json!({ "allOf": [schema], "components": components });
        let validator = compile(&root)?;
        Ok(Self {
            root,
            validator,
            branches: Mutex::default(),
        })
    }

    /// Everything that the value breaks.
    pub(crate) fn mismatches(&self, value: &Value) -> Vec<Mismatch> {
        self.validator
            .iter_errors(value)
            .map(|error| Mismatch {
                pointer: error.instance_path().to_string(),
                expected: told(&error),
                got: error.instance().to_string(),
            })
            .collect()
    }

    /// Everything that the value breaks, each as `place: what was expected`.
    #[must_use]
    pub fn broken(&self, value: &Value) -> Vec<String> {
        self.mismatches(value)
            .into_iter()
            .map(|wrong| format!("{:?}: {}", wrong.pointer, wrong.expected))
            .collect()
    }

    /// Everything that is remarkable in the value.
    #[must_use]
    pub fn marks(&self, value: &Value) -> Vec<Mark> {
        let mut marks = Vec::new();
        self.walk(&[&self.root["allOf"][0]], value, "", &mut marks);
        marks
    }

    fn walk(&self, schemas: &[&Value], value: &Value, pointer: &str, marks: &mut Vec<Mark>) {
        let mut active = Vec::new();
        for schema in schemas {
            self.activate(schema, value, &mut active);
        }
        match value {
            Value::Object(fields) => {
                for (name, inner) in fields {
                    let place = format!("{pointer}/{}", escape(name));
                    match field(&active, name) {
                        Field::Declared(children) => self.walk(&children, inner, &place, marks),
                        Field::Expected => {}
                        Field::Undeclared => {
                            marks.push(Mark {
                                pointer: place,
                                kind: MarkKind::UndeclaredField,
                            });
                        }
                    }
                }
            }
            Value::Array(items) => {
                let children: Vec<&Value> = active
                    .iter()
                    .filter_map(|schema| schema.get("items"))
                    .collect();
                for (index, inner) in items.iter().enumerate() {
                    self.walk(&children, inner, &format!("{pointer}/{index}"), marks);
                }
            }
            Value::String(text) => text_marks(&active, text, pointer, marks),
            _ => {}
        }
    }

    /// The schemas that speak about the value: through references, all of `allOf`, and the branches that it satisfies.
    fn activate<'a>(&'a self, schema: &'a Value, value: &Value, active: &mut Vec<&'a Value>) {
        let Ok(schema) = resolve(&self.root, schema) else {
            return;
        };
        active.push(schema);
        for part in schema["allOf"].as_array().into_iter().flatten() {
            self.activate(part, value, active);
        }
        for key in ["oneOf", "anyOf"] {
            for branch in schema[key].as_array().into_iter().flatten() {
                if self
                    .branch(branch)
                    .is_some_and(|branch| branch.is_valid(value))
                {
                    self.activate(branch, value, active);
                }
            }
        }
    }

    fn branch(&self, schema: &Value) -> Option<Arc<Validator>> {
        let key = schema.to_string();
        let mut branches = self.branches.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = branches.get(&key) {
            return Some(Arc::clone(known));
        }
        let root = json!({ "allOf": [schema], "components": self.root["components"] });
        let validator = Arc::new(compile(&root).ok()?);
        branches.insert(key, Arc::clone(&validator));
        Some(validator)
    }
}

/// What the schemas say of one field.
enum Field<'a> {
    Declared(Vec<&'a Value>),
    Expected,
    Undeclared,
}

fn field<'a>(active: &[&'a Value], name: &str) -> Field<'a> {
    let declared: Vec<&Value> = active
        .iter()
        .filter_map(|schema| schema.get("properties")?.get(name))
        .collect();
    if !declared.is_empty() {
        return Field::Declared(declared);
    }
    let additional: Vec<&Value> = active
        .iter()
        .filter_map(|schema| schema.get("additionalProperties"))
        .collect();
    // Said to be open (`true`), or said to be closed (`false`, which validation reports): nothing to remark.
    if additional.iter().any(|more| more.is_boolean()) {
        return Field::Expected;
    }
    if !additional.is_empty() {
        return Field::Declared(additional);
    }
    // A schema that names no field at all, such as `type: object`, remarks on none.
    if active
        .iter()
        .any(|schema| schema.get("properties").is_some())
    {
        Field::Undeclared
    } else {
        Field::Expected
    }
}

fn text_marks(active: &[&Value], text: &str, pointer: &str, marks: &mut Vec<Mark>) {
    let secret = |schema: &&Value| {
        schema["format"] == "password" || schema["x-holds-secret"] == Value::Bool(true)
    };
    if active.iter().any(secret) {
        marks.push(Mark {
            pointer: pointer.to_owned(),
            kind: MarkKind::Secret(text.to_owned()),
        });
    }
    for schema in active {
        let Some(known) = schema["x-extensible-enum"].as_array() else {
            continue;
        };
        if !known.iter().any(|value| value == text) {
            let known = known
                .iter()
                .filter_map(Value::as_str)
                .map(str::to_owned)
                .collect();
            marks.push(Mark {
                pointer: pointer.to_owned(),
                kind: MarkKind::UndeclaredValue(known),
            });
        }
    }
}

fn compile(root: &Value) -> Result<Validator, SchemaError> {
    jsonschema::options()
        .with_draft(Draft::Draft4)
        .should_validate_formats(true)
        .with_format("uuid", formats::is_uuid)
        .with_format("date", formats::is_date)
        .with_format("date-time", formats::is_date_time)
        .with_format("byte", formats::is_base64)
        .build(root)
        .map_err(|error| SchemaError(format!("{error} at {}", error.schema_path())))
}

/// Brings a tree of OpenAPI 3.0 schemas down to JSON Schema draft 4, in place.
fn down_to_draft_4(value: &mut Value, document: &Value, direction: Direction) {
    match value {
        Value::Object(schema) => {
            // An example is a value, not a schema, whatever its fields are called.
            schema.remove("example");
            schema.remove("examples");
            for inner in schema.values_mut() {
                down_to_draft_4(inner, document, direction);
            }
            one_direction(schema, document, direction);
            nullable(schema);
            number_format(schema);
        }
        Value::Array(items) => {
            for inner in items {
                down_to_draft_4(inner, document, direction);
            }
        }
        _ => {}
    }
}

/// A field of the other direction alone is neither required nor, in an answer, allowed.
fn one_direction(schema: &mut Map<String, Value>, document: &Value, direction: Direction) {
    let key = match direction {
        Direction::Request => "readOnly",
        Direction::Answer => "writeOnly",
    };
    let Some(fields) = schema.get_mut("properties").and_then(Value::as_object_mut) else {
        return;
    };
    let mut foreign = Vec::new();
    for (name, field) in fields {
        if resolve(document, field).is_ok_and(|field| field.get(key) == Some(&Value::Bool(true))) {
            foreign.push(name.clone());
            if direction == Direction::Answer {
                *field = json!({ "not": {}, "writeOnly": true });
            }
        }
    }
    if let Some(required) = schema.get_mut("required").and_then(Value::as_array_mut) {
        required.retain(|name| !foreign.iter().any(|foreign| name == foreign));
        // Draft 4 wants at least one.
        if required.is_empty() {
            schema.remove("required");
        }
    }
}

/// `nullable` counts only beside a `type` (OpenAPI 3.0.3), and an `enum` must then list null too.
fn nullable(schema: &mut Map<String, Value>) {
    if schema.get("nullable") != Some(&Value::Bool(true)) {
        return;
    }
    let Some(kind) = schema.get("type").filter(|kind| kind.is_string()).cloned() else {
        return;
    };
    schema.insert("type".into(), json!([kind, "null"]));
    schema.remove("nullable");
    if let Some(values) = schema.get_mut("enum").and_then(Value::as_array_mut)
        && !values.contains(&Value::Null)
    {
        values.push(Value::Null);
    }
}

fn number_format(schema: &mut Map<String, Value>) {
    let (least, most) = match schema.get("format").and_then(Value::as_str) {
        Some("int32") => (i64::from(i32::MIN), i64::from(i32::MAX)),
        Some("int64") => (i64::MIN, i64::MAX),
        _ => return,
    };
    schema.entry("minimum").or_insert_with(|| json!(least));
    schema.entry("maximum").or_insert_with(|| json!(most));
}

/// What a schema wanted, without the value that it got; of a choice, what the nearest branch wanted.
fn told(error: &ValidationError<'_>) -> String {
    let context = match error.kind() {
        ValidationErrorKind::OneOfNotValid { context } | ValidationErrorKind::AnyOf { context } => {
            context
        }
        _ => return error.masked().to_string(),
    };
    let nearest = context
        .iter()
        .filter(|errors| !errors.is_empty())
        .min_by_key(|errors| errors.len())
        .map(|errors| {
            errors
                .iter()
                .map(|error| {
                    format!(
                        "{} at {:?}",
                        error.masked(),
                        error.instance_path().to_string()
                    )
                })
                .collect::<Vec<_>>()
                .join("; ")
        });
    format!(
        "one of {} schemas (nearest: {})",
        context.len(),
        nearest.unwrap_or_else(|| "none".to_owned())
    )
}

fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
#[path = "schema_tests.rs"]
mod tests;
