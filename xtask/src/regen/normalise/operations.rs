//! Operations: references followed, one type for the success and one for the errors, status codes kept.

use serde_json::{Map, Value, json};

use super::unions::{Rule, Variant, apart};
use super::{Decode, Draft, pascal};
use crate::regen::document::{Document, Operation, entries, schema_name, text};
use crate::regen::prepare::WIRE;
use crate::regen::problem::Problem;

/// The media type of a form with files.
const MULTIPART: &str = "multipart/form-data";

/// What an answer carries.
#[derive(Debug, Clone, PartialEq)]
enum Body {
    Empty,
    Json(Value),
    /// Another media type: handed on as a stream of bytes.
    Raw(String, Value),
}

/// One answer of an operation.
#[derive(Debug, Clone)]
struct Answer {
    status: String,
    description: String,
    /// The media type as the document has it.
    media_type: Option<String>,
    /// The shape before the answers were joined.
    shape: Option<Value>,
    body: Body,
}

impl Draft {
    /// All paths of the document, rewritten.
    pub(super) fn paths(&mut self, document: &Document) -> Value {
        let operations = match document.operations() {
            Ok(operations) => operations,
            Err(problem) => {
                self.problems.push(problem);
                return Value::Null;
            }
        };
        let mut paths = Map::new();
        for operation in &operations {
            match self.operation(document, operation) {
                Ok(rewritten) => {
                    let item = paths
                        .entry(operation.path.to_owned())
                        .or_insert_with(|| json!({}));
                    item[operation.method] = rewritten;
                }
                Err(problem) => self.problems.push(problem),
            }
        }
        Value::Object(paths)
    }

    fn operation(
        &mut self,
        document: &Document,
        operation: &Operation<'_>,
    ) -> Result<Value, Problem> {
        let name = operation.name();
        let mut rewritten = Map::new();
        for key in ["operationId", "summary", "description"] {
            if let Some(value) = operation.value.get(key) {
                rewritten.insert(key.to_owned(), value.clone());
            }
        }
        let mut parameters = self.parameters(&name, operation)?;
        if let Some(body) = operation.value.get("requestBody") {
            let body = document.resolve(body)?;
            let multipart = body["content"].get(MULTIPART).is_some();
            let body = if multipart {
                parameters.extend(self.multipart(&name));
                json!({ "required": true, "content": { "application/octet-stream": { "schema": bytes() } } })
            } else {
                self.request_body(&name, body)
            };
            rewritten.insert("requestBody".to_owned(), body);
        }
        rewritten.insert("parameters".to_owned(), Value::Array(parameters));
        let method = self.methods.entry(name.clone()).or_default();
        method.deprecated = operation.value.get("deprecated") == Some(&Value::Bool(true));
        method.content_type = text(operation.value, "x-content-type").map(str::to_owned);
        rewritten.insert(
            "responses".to_owned(),
            self.responses(document, &name, &operation.value["responses"])?,
        );
        Ok(Value::Object(rewritten))
    }

    /// The generator knows no multipart: the body becomes bytes, and its two headers become parameters, so that a form is
    /// streamed with a known length. `dadosfera_raw::Multipart` makes the three from a form.
    fn multipart(&mut self, name: &str) -> [Value; 2] {
        self.report.add(
            name,
            "a multipart/form-data body",
            "a body of bytes with the header parameters Content-Type and Content-Length",
            "the generator takes no multipart; Multipart of the raw crate makes the three from a form",
        );
        [("Content-Type", true), ("Content-Length", false)].map(|(header, required)| {
            json!({ "name": header, "in": "header", "required": required, "schema": { "type": "string" } })
        })
    }

    fn parameters(&mut self, name: &str, operation: &Operation<'_>) -> Result<Vec<Value>, Problem> {
        let mut kept = Vec::new();
        for parameter in &operation.parameters {
            let own = text(parameter, "name").unwrap_or_default();
            if parameter.get("x-transport") == Some(&Value::Bool(true)) {
                self.report.add(
                    name,
                    format!("the header parameter {own}"),
                    "no parameter",
                    "the client's transport sends it",
                );
                continue;
            }
            let place = format!("{name}, parameter {own}");
            let wire = parameter.get(WIRE);
            let schema = match wire {
                Some(wire) if wire["as"] == "multipart" => {
                    self.form(name, &place, &parameter["schema"], wire)?
                }
                _ => self.inline(
                    &format!("{}{}", pascal(name), pascal(own)),
                    &place,
                    &parameter["schema"],
                ),
            };
            if let Some(wire) = wire {
                let method = self.methods.entry(name.to_owned()).or_default();
                method.wires.push((own.to_owned(), wire.clone()));
            }
            let mut copy = json!({ "name": own, "in": parameter["in"], "schema": schema });
            for key in ["required", "description"] {
                if let Some(value) = parameter.get(key) {
                    copy[key] = value.clone();
                }
            }
            if parameter.get("deprecated") == Some(&Value::Bool(true)) {
                let text = text(parameter, "description").unwrap_or_default();
                copy["description"] = json!(format!("Deprecated. {text}").trim_end());
                self.report.add(
                    &place,
                    "deprecated",
                    "said in the docs",
                    "Rust deprecates no argument",
                );
            }
            kept.push(copy);
        }
        Ok(kept)
    }

    fn request_body(&mut self, name: &str, body: &Value) -> Value {
        let mut content = Map::new();
        for (media_type, media) in entries(body.get("content")) {
            let schema = self.inline(
                &format!("{}Request", pascal(name)),
                &format!("{name}, request body"),
                &media["schema"],
            );
            content.insert(media_type.to_owned(), json!({ "schema": schema }));
        }
        json!({ "required": true, "content": content })
    }

    fn responses(
        &mut self,
        document: &Document,
        name: &str,
        responses: &Value,
    ) -> Result<Value, Problem> {
        let mut answers = Vec::new();
        for (status, response) in entries(Some(responses)) {
            if status.starts_with("x-") {
                continue;
            }
            let response = document.resolve(response)?;
            answers.push(self.answer(name, status, response));
        }
        let (successes, errors): (Vec<Answer>, Vec<Answer>) = answers
            .into_iter()
            .partition(|answer| answer.status.starts_with(['1', '2', '3']));
        let errors = self.without_default(name, errors);
        self.accept(name, &successes, &errors);
        let successes = self.successes(name, successes);
        let errors = self.errors(name, errors);
        for answer in successes.iter().chain(&errors) {
            self.decode(name, answer);
        }
        let mut rewritten = Map::new();
        for answer in successes.into_iter().chain(errors) {
            let mut response = json!({ "description": answer.description });
            match answer.body {
                Body::Empty => {}
                Body::Json(schema) => {
                    response["content"] = json!({ "application/json": { "schema": schema } });
                }
                Body::Raw(media_type, schema) => {
                    response["content"] = json!({ media_type: { "schema": schema } });
                }
            }
            rewritten.insert(answer.status, response);
        }
        Ok(Value::Object(rewritten))
    }

    fn answer(&mut self, name: &str, status: &str, response: &Value) -> Answer {
        let place = format!("{name}, answer {status}");
        let mut body = Body::Empty;
        let mut known = None;
        if let Some((media_type, media)) = entries(response.get("content")).next() {
            known = Some(media_type.to_owned());
            let plain = media_type.split(';').next().unwrap_or(media_type).trim();
            if plain == "application/json" || plain == "text/json" || plain.ends_with("+json") {
                if plain != "application/json" {
                    self.report.add(
                        &place,
                        plain,
                        "application/json",
                        "the generator types no other JSON",
                    );
                }
                let own = format!("{}{}Answer", pascal(name), pascal(status));
                body = Body::Json(self.answer_schema(&own, &place, &media["schema"]));
            } else {
                body = Body::Raw(media_type.to_owned(), media["schema"].clone());
            }
        }
        Answer {
            status: status.to_owned(),
            description: text(response, "description").unwrap_or_default().to_owned(),
            media_type: known,
            shape: None,
            body,
        }
    }

    /// An alternative of named schemas stays as it is until the answers are joined; anything else may get a name.
    fn answer_schema(&mut self, own: &str, place: &str, schema: &Value) -> Value {
        let list = schema["oneOf"].as_array().cloned().unwrap_or_default();
        let told = schema.get("discriminator").is_none() && schema.get("nullable").is_none();
        if references(schema).is_some() && list.len() > 1 && told && apart(&self.document, &list) {
            return json!({ "oneOf": schema["oneOf"] });
        }
        self.inline(own, place, schema)
    }

    /// What a client asks for, where that is not just JSON.
    fn accept(&mut self, name: &str, successes: &[Answer], errors: &[Answer]) {
        let mut wanted: Vec<&str> = Vec::new();
        for media_type in successes
            .iter()
            .chain(errors)
            .filter_map(|answer| answer.media_type.as_deref())
        {
            let plain = media_type.split(';').next().unwrap_or(media_type).trim();
            if !wanted.contains(&plain) {
                wanted.push(plain);
            }
        }
        let vague = wanted.iter().any(|media_type| media_type.contains('*'));
        if successes.iter().all(|answer| answer.media_type.is_none())
            || vague
            || wanted == ["application/json"]
        {
            return;
        }
        self.report.add(
            name,
            "no Accept header, or one for application/json",
            wanted.join(", "),
            "a server that answers several must know which is wanted",
        );
        self.methods.entry(name.to_owned()).or_default().accept = Some(wanted.join(", "));
    }

    /// Notes the type that comes with a status where the operation's type is an alternative of several.
    fn decode(&mut self, name: &str, answer: &Answer) {
        let (Some(part), Body::Json(whole)) =
            (answer.shape.as_ref().and_then(schema_name), &answer.body)
        else {
            return;
        };
        let optional = whole.get("nullable") == Some(&Value::Bool(true));
        let target = if optional { &whole["allOf"][0] } else { whole };
        let by_status = |target: &str| {
            self.unions
                .iter()
                .any(|union| union.name == target && union.rule == Rule::Status)
        };
        if schema_name(target).is_some_and(by_status) {
            let decode = Decode {
                part: part.to_owned(),
                optional,
            };
            self.methods
                .entry(name.to_owned())
                .or_default()
                .decode
                .insert(answer.status.clone(), decode);
        }
    }

    /// One success type: several shapes become an alternative, a shape beside an empty answer becomes optional.
    fn successes(&mut self, name: &str, answers: Vec<Answer>) -> Vec<Answer> {
        let shapes = distinct(&answers);
        let has_empty = answers.iter().any(|answer| answer.body == Body::Empty);
        let raw = answers
            .iter()
            .filter(|answer| matches!(answer.body, Body::Raw(..)))
            .count();
        if raw > 0 {
            if raw < answers.len() {
                self.report.add(
                    name,
                    "a success of bytes and one of another kind",
                    "a stream of bytes for both",
                    "the generator takes one type; the status and the media type say which it is",
                );
            }
            return answers
                .into_iter()
                .map(|answer| match answer.body {
                    Body::Raw(..) => answer,
                    _ => Answer {
                        body: Body::Raw("application/octet-stream".to_owned(), bytes()),
                        ..answer
                    },
                })
                .collect();
        }
        if shapes.is_empty() {
            return answers;
        }
        let named = self.joined(name, "Success", &answers);
        let mut schema = named.schema;
        if has_empty {
            self.report.add(
                name,
                "a success with a body and one without",
                "Option<T>",
                "an empty body is read as null, and the status is kept",
            );
            self.empty_is_null.push(name.to_owned());
            schema = json!({ "nullable": true, "allOf": [schema] });
        }
        named
            .answers
            .into_iter()
            .map(|answer| Answer {
                body: Body::Json(schema.clone()),
                ..answer
            })
            .collect()
    }

    /// One error type. An error without a body beside typed ones is left undeclared: it arrives with its status.
    fn errors(&mut self, name: &str, answers: Vec<Answer>) -> Vec<Answer> {
        let raw = answers
            .iter()
            .filter(|answer| matches!(answer.body, Body::Raw(..)))
            .count();
        if distinct(&answers).is_empty() && (raw == 0 || raw == answers.len()) {
            return answers;
        }
        let typed = distinct(&answers).is_empty();
        let named = self.joined(name, "Error", &answers);
        let mut kept = Vec::new();
        for answer in named.answers {
            if matches!(answer.body, Body::Json(_)) || typed && answer.body == Body::Empty {
                let body = if typed {
                    Body::Empty
                } else {
                    Body::Json(named.schema.clone())
                };
                kept.push(Answer { body, ..answer });
                continue;
            }
            self.report.add(
                format!("{name}, answer {}", answer.status),
                "an error without a typed body",
                "not declared",
                "beside typed errors the generator takes none; it arrives as UnexpectedResponse with its status",
            );
        }
        kept
    }

    /// `default` counts as a success and as an error for the generator; it means every error.
    fn without_default(&mut self, name: &str, answers: Vec<Answer>) -> Vec<Answer> {
        let mut kept = Vec::new();
        let known: Vec<String> = answers.iter().map(|answer| answer.status.clone()).collect();
        for answer in answers {
            if answer.status != "default" {
                kept.push(answer);
                continue;
            }
            self.report.add(
                format!("{name}, answer default"),
                "default",
                "4XX and 5XX",
                "the generator takes default for a success as well",
            );
            for range in ["4XX", "5XX"]
                .into_iter()
                .filter(|range| !known.iter().any(|status| status == range))
            {
                kept.push(Answer {
                    status: range.to_owned(),
                    ..answer.clone()
                });
            }
        }
        kept
    }

    /// The one schema for several: itself, a named alternative that covers all, or a new one that the status decides.
    fn joined(&mut self, name: &str, suffix: &str, answers: &[Answer]) -> Joined {
        let shapes = distinct(answers);
        let as_they_are = |schema: Value| Joined {
            schema,
            answers: answers.to_vec(),
        };
        if shapes.is_empty() {
            return as_they_are(Value::Null);
        }
        if let [only] = shapes.as_slice()
            && references(only).is_none()
        {
            return as_they_are(only.clone());
        }
        let mut wanted: Vec<Value> = Vec::new();
        for shape in &shapes {
            let parts = match shape.get("oneOf").and_then(Value::as_array) {
                Some(parts) => parts.clone(),
                None => vec![shape.clone()],
            };
            for part in parts {
                if !wanted.contains(&part) {
                    wanted.push(part);
                }
            }
        }
        if let Some(target) = self.covering(&wanted) {
            self.report.add(
                name,
                format!("{} shapes of {}", wanted.len(), suffix.to_lowercase()),
                format!("the type {target}"),
                "the generator takes one type each for success and error; the status is kept",
            );
            return as_they_are(reference_to(&target));
        }
        let own = format!("{}{suffix}", pascal(name));
        let mut variants: Vec<Variant> = Vec::new();
        let mut named: Vec<(Value, Value)> = Vec::new();
        for (index, shape) in shapes.iter().enumerate() {
            let reference = if schema_name(shape).is_some() {
                shape.clone()
            } else {
                let alone = shapes.len() == 1;
                let wanted = if alone {
                    own.clone()
                } else {
                    format!("{own}{index}")
                };
                self.hoist(&wanted, name, shape)
            };
            let reference = match reference.get("allOf") {
                Some(parts) => parts[0].clone(),
                None => reference,
            };
            if let Some(part) = schema_name(&reference)
                && variants.iter().all(|variant| variant.schema != part)
            {
                variants.push(Variant {
                    schema: part.to_owned(),
                    tags: Vec::new(),
                    boxed: false,
                });
            }
            named.push((shape.clone(), reference));
        }
        let whole = if let [only] = variants.as_slice() {
            reference_to(&only.schema)
        } else {
            let own = self.free(&own);
            self.report.add(
                name,
                format!("{} shapes of {}", variants.len(), suffix.to_lowercase()),
                format!("the type {own}"),
                "the generator takes one type each for success and error; the status decides which it is",
            );
            self.schemas.insert(own.clone(), json!({}));
            self.union(&own, &Value::Null, Rule::Status, variants);
            reference_to(&own)
        };
        let answers = answers
            .iter()
            .map(|answer| {
                let shape = match &answer.body {
                    Body::Json(schema) => named
                        .iter()
                        .find(|(shape, _)| shape == schema)
                        .map(|(_, reference)| reference.clone()),
                    _ => None,
                };
                Answer {
                    shape,
                    ..answer.clone()
                }
            })
            .collect();
        Joined {
            schema: whole,
            answers,
        }
    }

    /// The smallest named alternative that holds all the shapes.
    fn covering(&self, wanted: &[Value]) -> Option<String> {
        self.schemas
            .iter()
            .filter_map(|(name, schema)| {
                let parts = references(schema)?;
                let covers = wanted
                    .iter()
                    .all(|shape| schema_name(shape).is_some_and(|part| parts.contains(&part)));
                covers.then_some((parts.len(), name))
            })
            .min()
            .map(|(_, name)| name.clone())
    }
}

/// Answers with the one type that they have together.
struct Joined {
    schema: Value,
    answers: Vec<Answer>,
}

fn reference_to(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

/// The schema of a body that is handed on as it is.
fn bytes() -> Value {
    json!({ "type": "string", "format": "binary" })
}

/// The names in a `oneOf` that consists of references only.
fn references(schema: &Value) -> Option<Vec<&str>> {
    schema
        .get("oneOf")?
        .as_array()?
        .iter()
        .map(schema_name)
        .collect()
}

/// The different JSON shapes among answers.
fn distinct(answers: &[Answer]) -> Vec<Value> {
    let mut shapes = Vec::new();
    for answer in answers {
        if let Body::Json(schema) = &answer.body
            && !shapes.contains(schema)
        {
            shapes.push(schema.clone());
        }
    }
    shapes
}
