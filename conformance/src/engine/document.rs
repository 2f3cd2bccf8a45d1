//! An OpenAPI 3.0 document as a tree: its operations, their answers, and where its references lead.

use std::collections::BTreeMap;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value, json};

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
    /// Every parameter, those of its path among them; one of its own goes before one of its path item.
    pub parameters: Vec<Parameter>,
    /// The schema of the body for each media type.
    pub request: BTreeMap<String, Value>,
    /// Whether a request without a body is wrong.
    pub body_required: bool,
    /// The JSON bodies that the document shows as examples.
    pub examples: Vec<Value>,
    /// What it may answer: for each status (`200`, `4XX`, `default`) the answer.
    pub responses: BTreeMap<String, Response>,
    security: Vec<Value>,
    value: Value,
}

/// One parameter of an operation.
#[derive(Debug, Clone)]
pub struct Parameter {
    /// Its name; of a header, as the document spells it.
    pub name: String,
    /// `path`, `query`, `header` or `cookie`.
    pub place: String,
    /// Whether a request without it is wrong.
    pub required: bool,
    /// What it may be, with the example that the document shows of it.
    pub schema: Value,
}

/// What an operation may answer with one status.
#[derive(Debug, Clone, Default)]
pub struct Response {
    /// The schema of the body for each media type; empty where there is no body.
    pub content: BTreeMap<String, Value>,
    /// The headers: whether one must be there, and its schema.
    pub headers: BTreeMap<String, (bool, Value)>,
    /// The links to other operations, by their names.
    pub links: BTreeMap<String, Value>,
}

/// Why a text is no document that the engine can work with.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DocumentError {
    /// The text is no YAML (and so no JSON).
    #[error("the document is no YAML: {0}")]
    Yaml(String),
    /// It is not of the version that the engine reads.
    #[error(
        "the document is of OpenAPI version {0:?}; only 3.0 is understood, so give it as 3.0.x"
    )]
    Version(String),
    /// A reference leads nowhere.
    #[error("the reference {0} leads nowhere")]
    Reference(String),
    /// Two operations have one name.
    #[error("two operations have the operationId {0:?}")]
    Twice(String),
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

    /// The scopes that its first security requirement names, as of OAuth 2.
    #[must_use]
    pub fn scopes(&self) -> Vec<&str> {
        self.security
            .iter()
            .take(1)
            .flat_map(|requirement| entries(Some(requirement)))
            .flat_map(|(_, scopes)| array(Some(scopes)))
            .filter_map(Value::as_str)
            .collect()
    }

    /// Whether the document says that credentials may be left out.
    #[must_use]
    pub fn may_be_anonymous(&self) -> bool {
        !self.authenticated || self.security.iter().any(|any| any == &json!({}))
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
                let Some(value) = item.get(method) else {
                    continue;
                };
                let operation = operation(&root, path, method, item, value)?;
                if operations
                    .iter()
                    .any(|known: &Operation| known.id == operation.id)
                {
                    return Err(DocumentError::Twice(operation.id));
                }
                operations.push(operation);
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
    // An operationId is optional in OpenAPI; method and path name an operation as well.
    let id = match value["operationId"].as_str() {
        Some(id) => id.to_owned(),
        None => format!("{} {path}", method.to_uppercase()),
    };
    let mut parameters: Vec<Parameter> = Vec::new();
    for value in array(item.get("parameters")).chain(array(value.get("parameters"))) {
        let value = resolve(root, value)?;
        let (Some(name), Some(place)) = (value["name"].as_str(), value["in"].as_str()) else {
            continue;
        };
        parameters.retain(|known| known.name != name || known.place != place);
        let mut schema = value.get("schema").cloned().unwrap_or(json!({}));
        if let (Some(fields), Some(example)) = (schema.as_object_mut(), value.get("example")) {
            fields.insert("example".to_owned(), example.clone());
        }
        parameters.push(Parameter {
            name: name.to_owned(),
            place: place.to_owned(),
            required: value["required"].as_bool().unwrap_or(place == "path"),
            schema,
        });
    }
    let in_path = parameters
        .iter()
        .filter(|parameter| parameter.place == "path");
    let path_parameters = in_path.map(|parameter| parameter.name.clone()).collect();
    let body = match value.get("requestBody") {
        Some(body) => resolve(root, body)?,
        None => &Value::Null,
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
        let mut links = BTreeMap::new();
        for (name, link) in entries(answer.get("links")) {
            links.insert(name.to_owned(), resolve(root, link)?.clone());
        }
        let response = Response {
            content: content(answer),
            headers,
            links,
        };
        responses.insert(status.to_owned(), response);
    }
    let security = value.get("security").or_else(|| root.get("security"));
    Ok(Operation {
        id,
        method: method.to_uppercase(),
        path: path.to_owned(),
        authenticated: array(security).next().is_some(),
        security: array(security).cloned().collect(),
        path_parameters,
        parameters,
        request: content(body),
        body_required: body["required"] == true,
        examples: examples(root, body)?,
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

/// The examples of the JSON bodies in a `content`.
fn examples(root: &Value, value: &Value) -> Result<Vec<Value>, DocumentError> {
    let mut found = Vec::new();
    for (_, media) in entries(value.get("content")).filter(|(name, _)| name.contains("json")) {
        found.extend(media.get("example").cloned());
        for (_, example) in entries(media.get("examples")) {
            found.extend(resolve(root, example)?.get("value").cloned());
        }
    }
    Ok(found)
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

pub(crate) fn entries(value: Option<&Value>) -> impl Iterator<Item = (&str, &Value)> {
    value
        .and_then(Value::as_object)
        .into_iter()
        .flat_map(Map::iter)
        .map(|(key, value)| (key.as_str(), value))
}

pub(crate) fn array(value: Option<&Value>) -> impl Iterator<Item = &Value> {
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
