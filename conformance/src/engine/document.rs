//! An OpenAPI 3.0 document as a tree: its operations, their answers, and where its references lead.

use std::collections::BTreeMap;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value};

const METHODS: [&str; 8] = [
    "get", "put", "post", "delete", "options", "head", "patch", "trace",
];
/// What a path segment may hold as it is: RFC 3986's unreserved characters.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// An OpenAPI document.
#[derive(Debug, Clone)]
pub struct Document {
    /// The whole tree.
    pub root: Value,
    operations: Vec<Operation>,
}

/// One operation of a document, with its references resolved.
#[derive(Debug, Clone)]
pub struct Operation {
    /// The `operationId`.
    pub id: String,
    /// The method in capitals.
    pub method: String,
    /// The template of the path, such as `/things/{thingId}`.
    pub path: String,
    /// Whether it asks for credentials.
    pub authenticated: bool,
    /// The names of the parameters in its path.
    pub path_parameters: Vec<String>,
    /// The schema of the body for each media type.
    pub request: BTreeMap<String, Value>,
    /// What it may answer: for each status (`200`, `4XX`, `default`) the answer.
    pub responses: BTreeMap<String, Response>,
    value: Value,
}

/// What an operation may answer with one status.
#[derive(Debug, Clone, Default)]
pub struct Response {
    /// The schema of the body for each media type; empty where there is no body.
    pub content: BTreeMap<String, Value>,
    /// The headers: whether one must be there, and its schema.
    pub headers: BTreeMap<String, (bool, Value)>,
}

/// Why a text is no document that the engine can work with.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DocumentError {
    /// The text is no YAML (and so no JSON).
    #[error("the document is no YAML: {0}")]
    Yaml(String),
    /// It is not of the version that the engine reads.
    #[error("the document is of OpenAPI version {0:?}; only 3.0 is understood")]
    Version(String),
    /// A reference leads nowhere.
    #[error("the reference {0} leads nowhere")]
    Reference(String),
    /// An operation cannot be named.
    #[error("{method} {path} has no operationId")]
    NoId {
        /// Its method.
        method: String,
        /// Its path.
        path: String,
    },
    /// There is nothing to check.
    #[error("the document has no operation")]
    Empty,
}

impl Operation {
    /// A text of the operation's own extension, such as `x-source`.
    #[must_use]
    pub fn extension(&self, name: &str) -> Option<&str> {
        self.value.get(name).and_then(Value::as_str)
    }

    /// The answer that the document lists for a status: the status itself, its range, or `default`.
    #[must_use]
    pub fn response(&self, status: u16) -> Option<(&str, &Response)> {
        let range = format!("{}XX", status / 100);
        [status.to_string(), range, "default".to_owned()]
            .iter()
            .find_map(|key| self.responses.get_key_value(key))
            .map(|(key, response)| (key.as_str(), response))
    }

    /// The path with its parameters filled in, percent-encoded; what is not given stays as its template.
    #[must_use]
    pub fn render(&self, parameters: &[(String, String)]) -> String {
        let mut path = self.path.clone();
        for (name, value) in parameters {
            let encoded = utf8_percent_encode(value, SEGMENT).to_string();
            path = path.replace(&format!("{{{name}}}"), &encoded);
        }
        path
    }

    /// How many segments agree literally, if the path is one of this template.
    fn literals(&self, path: &str) -> Option<usize> {
        let (mut template, mut asked) = (self.path.split('/'), path.split('/'));
        let mut literals = 0;
        loop {
            match (template.next(), asked.next()) {
                (None, None) => return Some(literals),
                (Some(expected), Some(got)) if expected == got => literals += 1,
                (Some(expected), Some(got)) if expected.starts_with('{') && !got.is_empty() => {}
                _ => return None,
            }
        }
    }
}

impl Document {
    /// Reads a document from YAML or JSON.
    ///
    /// # Errors
    /// Where it is no OpenAPI 3.0 document with operations that have ids, or a reference leads nowhere.
    pub fn parse(text: &str) -> Result<Self, DocumentError> {
        let root: Value =
            yaml_serde::from_str(text).map_err(|error| DocumentError::Yaml(error.to_string()))?;
        let version = root["openapi"].as_str().unwrap_or_default();
        if !version.starts_with("3.0.") {
            return Err(DocumentError::Version(version.to_owned()));
        }
        let mut operations = Vec::new();
        for (path, item) in entries(root.get("paths")) {
            for method in METHODS {
                if let Some(value) = item.get(method) {
                    operations.push(operation(&root, path, method, item, value)?);
                }
            }
        }
        if operations.is_empty() {
            return Err(DocumentError::Empty);
        }
        Ok(Self { root, operations })
    }

    /// Every operation, in the order of the document's paths.
    #[must_use]
    pub fn operations(&self) -> &[Operation] {
        &self.operations
    }

    /// The operation with this id.
    #[must_use]
    pub fn operation(&self, id: &str) -> Option<&Operation> {
        self.operations.iter().find(|operation| operation.id == id)
    }

    /// The operation that a request is for; a literal path wins over a template.
    #[must_use]
    pub fn matching(&self, method: &str, path: &str) -> Option<&Operation> {
        self.operations
            .iter()
            .filter(|operation| operation.method == method)
            .filter_map(|operation| Some((operation.literals(path)?, operation)))
            .max_by_key(|(literals, _)| *literals)
            .map(|(_, operation)| operation)
    }
}

fn operation(
    root: &Value,
    path: &str,
    method: &str,
    item: &Value,
    value: &Value,
) -> Result<Operation, DocumentError> {
    let id = value["operationId"]
        .as_str()
        .ok_or_else(|| DocumentError::NoId {
            method: method.to_uppercase(),
            path: path.to_owned(),
        })?;
    let mut path_parameters = Vec::new();
    for parameter in array(item.get("parameters")).chain(array(value.get("parameters"))) {
        let parameter = resolve(root, parameter)?;
        if parameter["in"] == "path"
            && let Some(name) = parameter["name"].as_str()
        {
            path_parameters.push(name.to_owned());
        }
    }
    let request = match value.get("requestBody") {
        Some(body) => content(resolve(root, body)?),
        None => BTreeMap::new(),
    };
    let mut responses = BTreeMap::new();
    for (status, answer) in entries(value.get("responses")) {
        let answer = resolve(root, answer)?;
        let mut headers = BTreeMap::new();
        for (name, header) in entries(answer.get("headers")) {
            let header = resolve(root, header)?;
            let required = header["required"].as_bool().unwrap_or(false);
            let schema = header.get("schema").cloned().unwrap_or(Value::Bool(true));
            headers.insert(name.to_ascii_lowercase(), (required, schema));
        }
        let content = content(answer);
        responses.insert(status.to_owned(), Response { content, headers });
    }
    let security = value.get("security").or_else(|| root.get("security"));
    Ok(Operation {
        id: id.to_owned(),
        method: method.to_uppercase(),
        path: path.to_owned(),
        authenticated: array(security).next().is_some(),
        path_parameters,
        request,
        responses,
        value: value.clone(),
    })
}

fn content(value: &Value) -> BTreeMap<String, Value> {
    entries(value.get("content"))
        .filter_map(|(media_type, media)| {
            Some((
                media_type.to_ascii_lowercase(),
                media.get("schema")?.clone(),
            ))
        })
        .collect()
}

/// Follows references inside the document until something else comes.
pub(crate) fn resolve<'a>(root: &'a Value, value: &'a Value) -> Result<&'a Value, DocumentError> {
    let mut value = value;
    // A chain of references that is longer than this is a circle.
    for _ in 0..32 {
        let Some(reference) = value.get("$ref").and_then(Value::as_str) else {
            return Ok(value);
        };
        value = reference
            .strip_prefix('#')
            .and_then(|pointer| root.pointer(pointer))
            .ok_or_else(|| DocumentError::Reference(reference.to_owned()))?;
    }
    Err(DocumentError::Reference(
        value["$ref"].as_str().unwrap_or_default().to_owned(),
    ))
}

fn entries(value: Option<&Value>) -> impl Iterator<Item = (&str, &Value)> {
    value
        .and_then(Value::as_object)
        .into_iter()
        .flat_map(Map::iter)
        .map(|(key, value)| (key.as_str(), value))
}

fn array(value: Option<&Value>) -> impl Iterator<Item = &Value> {
    value.and_then(Value::as_array).into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    const THINGS: &str = "
openapi: 3.0.3
security: [{key: []}]
paths:
  /things/{id}:
    parameters: [{$ref: '#/components/parameters/Id'}]
    get:
      operationId: get_thing
      responses:
        '200': {content: {application/json: {schema: {type: object}}}}
        4XX: {$ref: '#/components/responses/Wrong'}
  /things/new:
    get: {operationId: new_thing, security: [], responses: {default: {description: any}}}
components:
  parameters: {Id: {name: id, in: path, required: true}}
  responses: {Wrong: {headers: {X-Why: {required: true, schema: {type: string}}}}}
";

    #[test]
    fn a_literal_path_wins_over_a_template() {
        let document = Document::parse(THINGS).unwrap();
        let id = |path| document.matching("GET", path).map(|found| found.id.clone());
        assert_eq!(id("/things/new").as_deref(), Some("new_thing"));
        assert_eq!(id("/things/old").as_deref(), Some("get_thing"));
        assert_eq!(id("/things/"), None);
        assert_eq!(id("/things/a/b"), None);
        assert!(document.matching("PUT", "/things/new").is_none());
    }

    #[test]
    fn references_ranges_and_security_are_understood() {
        let document = Document::parse(THINGS).unwrap();
        let get = document.operation("get_thing").unwrap();
        assert_eq!(get.path_parameters, ["id"]);
        assert!(get.authenticated && !document.operation("new_thing").unwrap().authenticated);
        let (listed, wrong) = get.response(404).unwrap();
        assert_eq!(listed, "4XX");
        assert!(wrong.headers["x-why"].0);
        assert!(get.response(500).is_none());
    }

    #[test]
    fn an_id_cannot_change_the_path() {
        let document = Document::parse(THINGS).unwrap();
        let get = document.operation("get_thing").unwrap();
        let rendered = get.render(&[("id".into(), "a/../b?c#d é".into())]);
        assert_eq!(rendered, "/things/a%2F..%2Fb%3Fc%23d%20%C3%A9");
    }

    #[test]
    fn what_is_no_document_is_named() {
        assert!(matches!(
            Document::parse("a: ["),
            Err(DocumentError::Yaml(_))
        ));
        assert!(matches!(
            Document::parse("openapi: 3.1.0"),
            Err(DocumentError::Version(_))
        ));
        assert!(matches!(
            Document::parse("openapi: 3.0.3"),
            Err(DocumentError::Empty)
        ));
        let dangling = THINGS.replace("parameters/Id", "parameters/No");
        assert!(matches!(
            Document::parse(&dangling),
            Err(DocumentError::Reference(_))
        ));
    }
}
