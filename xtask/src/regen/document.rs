//! An OpenAPI document as a tree of JSON values, and the walks over it that the other steps share.
//!
//! A plain tree is used and not a typed model, because the model drops what it does not know (`x-evidence` and the like).

use serde_json::Value;

use super::problem::Problem;

/// The keys of a path item that are operations.
pub(crate) const METHODS: [&str; 8] = [
    "get", "put", "post", "delete", "patch", "head", "options", "trace",
];

/// Marks a property that gets no field of its own, because its name would collide with another's; it stays in `extra`.
pub(crate) const EXTRA: &str = "x-raw-extra";

/// A parsed document.
#[derive(Debug, Clone)]
pub(crate) struct Document {
    pub(crate) root: Value,
}

/// One operation with what its path item adds to it.
#[derive(Debug, Clone)]
pub(crate) struct Operation<'a> {
    pub(crate) path: &'a str,
    pub(crate) method: &'a str,
    pub(crate) value: &'a Value,
    /// Path-level and operation-level parameters, references followed; the operation's win.
    pub(crate) parameters: Vec<&'a Value>,
}

impl Document {
    /// Parses YAML, of which JSON is a part.
    pub(crate) fn parse(text: &str, name: &str) -> Result<Self, String> {
        let root = super::text::tree(text)
            .map_err(|error| format!("{name}: this is no YAML or JSON document: {error}"))?;
        if !root.is_object() {
            return Err(format!(
                "{name}: the document is not an object; an OpenAPI document starts with `openapi: 3.0.3`"
            ));
        }
        Ok(Self { root })
    }

    /// Follows `$ref` until there is none.
    pub(crate) fn resolve<'a>(&'a self, value: &'a Value) -> Result<&'a Value, Problem> {
        let mut current = value;
        for _ in 0..32 {
            let Some(target) = current.get("$ref").and_then(Value::as_str) else {
                return Ok(current);
            };
            current = self.target(target)?;
        }
        Err(Problem::new(
            value.to_string(),
            "the reference leads in a circle",
            "point it at a definition",
        ))
    }

    fn target(&self, reference: &str) -> Result<&Value, Problem> {
        let Some(pointer) = reference.strip_prefix('#') else {
            return Err(Problem::new(
                format!("$ref {reference}"),
                "it leads out of the document",
                "copy the definition into components",
            ));
        };
        self.root.pointer(pointer).ok_or_else(|| {
            Problem::new(
                format!("$ref {reference}"),
                "there is nothing at that place",
                "add the component or mend the reference",
            )
        })
    }

    /// All operations in the order of the document.
    pub(crate) fn operations(&self) -> Result<Vec<Operation<'_>>, Problem> {
        let mut operations = Vec::new();
        for (path, item) in entries(self.root.get("paths")) {
            if item.get("$ref").is_some() {
                return Err(Problem::new(
                    path,
                    "the path item is a reference",
                    "write the path item where it is used",
                ));
            }
            let shared = self.parameters(item)?;
            for method in METHODS {
                let Some(value) = item.get(method) else {
                    continue;
                };
                let mut parameters = self.parameters(value)?;
                for parameter in &shared {
                    if !parameters
                        .iter()
                        .any(|own| identity(own) == identity(parameter))
                    {
                        parameters.push(parameter);
                    }
                }
                operations.push(Operation {
                    path,
                    method,
                    value,
                    parameters,
                });
            }
        }
        Ok(operations)
    }

    fn parameters<'a>(&'a self, holder: &'a Value) -> Result<Vec<&'a Value>, Problem> {
        holder
            .get("parameters")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .map(|parameter| self.resolve(parameter))
            .collect()
    }

    /// The named schemas.
    pub(crate) fn schemas(&self) -> impl Iterator<Item = (&str, &Value)> {
        entries(self.root.pointer("/components/schemas"))
    }
}

impl Operation<'_> {
    /// The operation's id, or its method and path where it has none.
    pub(crate) fn name(&self) -> String {
        self.id().map_or_else(
            || format!("{} {}", self.method.to_uppercase(), self.path),
            str::to_owned,
        )
    }

    pub(crate) fn id(&self) -> Option<&str> {
        self.value.get("operationId").and_then(Value::as_str)
    }
}

/// The entries of an object; nothing where there is none.
pub(crate) fn entries(value: Option<&Value>) -> impl Iterator<Item = (&str, &Value)> {
    value
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .map(|(key, value)| (key.as_str(), value))
}

/// The text at a key.
pub(crate) fn text<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value.get(key).and_then(Value::as_str)
}

/// Whether the key says true.
pub(crate) fn flag(value: &Value, key: &str) -> bool {
    value.get(key) == Some(&Value::Bool(true))
}

/// The name of the component that a `$ref` to a schema means.
pub(crate) fn schema_name(value: &Value) -> Option<&str> {
    text(value, "$ref")?.strip_prefix("#/components/schemas/")
}

fn identity(parameter: &Value) -> (Option<&str>, Option<&str>) {
    (text(parameter, "name"), text(parameter, "in"))
}
