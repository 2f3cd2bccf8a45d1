//! A row of the corpus: a document in short hand, the verdict, and the calls with what is to be seen of them.

use std::path::Path;

use serde::Deserialize;
use serde_json::{Map, Value, json};

/// Short hand for one document and its calls.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Row {
    pub(super) name: String,
    pub(super) feature: String,
    /// What the stock generator does.
    #[serde(default)]
    pub(super) stock: String,
    #[serde(default, rename = "refused")]
    pub(super) verdict: Verdict,
    /// Method and path of the one operation.
    #[serde(default = "get")]
    request: String,
    #[serde(default)]
    parameters: Option<Value>,
    #[serde(default)]
    body: Option<Value>,
    #[serde(default)]
    responses: Option<Value>,
    /// The schema of the one answer, 200.
    #[serde(default)]
    answer: Option<Value>,
    /// The component `Thing`, which is sent and comes back.
    #[serde(default)]
    schema: Option<Value>,
    #[serde(default)]
    schemas: Option<Value>,
    /// What else stands in the operation.
    #[serde(default)]
    operation: Option<Value>,
    /// What else stands in the document; it wins.
    #[serde(default)]
    document: Option<Value>,
    /// Values of `schema` that go out and come back as they are.
    #[serde(default)]
    echo: Vec<Value>,
    /// Words that `Debug` shows of the value that came back, one for each of `echo`.
    #[serde(default)]
    debug: Vec<String>,
    /// Values that an answer must not be.
    #[serde(default)]
    rejects: Vec<Value>,
    #[serde(default)]
    calls: Vec<Call>,
}

#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub(super) enum Verdict {
    #[default]
    Taken,
    Refused {
        place: String,
        remedy: String,
    },
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Call {
    #[serde(default = "x")]
    operation: String,
    #[serde(default)]
    args: Map<String, Value>,
    /// The request line that is sent, or nothing where the call is refused before.
    #[serde(default)]
    sends: Option<String>,
    #[serde(default)]
    headers: Map<String, Value>,
    #[serde(default)]
    body: Option<Value>,
    #[serde(default)]
    status: Option<u16>,
    #[serde(default)]
    answer: Option<Value>,
    #[serde(default)]
    answers: Map<String, Value>,
    #[serde(default)]
    got: Map<String, Value>,
}

pub(super) fn read(folder: &Path) -> Result<Vec<Row>, String> {
    let listed =
        std::fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut paths: Vec<_> = listed.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    let mut rows: Vec<Row> = Vec::new();
    for path in paths {
        let text = std::fs::read_to_string(&path)
            .map_err(|error| format!("{}: {error}", path.display()))?;
        let more: Vec<Row> =
            yaml_serde::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))?;
        rows.extend(more);
    }
    for (index, row) in rows.iter().enumerate() {
        if rows[..index]
            .iter()
            .any(|other| other.module() == row.module())
        {
            return Err(format!("two rows of the corpus are called {}", row.name));
        }
        let tried = !row.calls.is_empty() || !row.echo.is_empty();
        if row.verdict == Verdict::Taken && !tried {
            return Err(format!("the row {} is tried by no call", row.name));
        }
    }
    Ok(rows)
}

impl Row {
    pub(super) fn module(&self) -> String {
        format!(
            "r_{}",
            self.name.replace(|c: char| !c.is_ascii_alphanumeric(), "_")
        )
    }

    pub(super) fn document(&self) -> Value {
        let mut document = json!({
            "openapi": "3.0.3",
            "info": { "title": "Row", "version": "1.0.0" },
            "paths": {},
            "components": { "schemas": self.schemas.clone().unwrap_or_else(|| json!({})) },
        });
        let mut operation = json!({ "operationId": "x" });
        let mut request = self.request.clone();
        let answer = |schema: &Value| json!({ "200": { "description": "Fine.", "content": { "application/json": { "schema": schema } } } });
        if let Some(schema) = &self.schema {
            document["components"]["schemas"]["Thing"] = schema.clone();
            let thing = json!({ "$ref": "#/components/schemas/Thing" });
            operation["requestBody"] =
                json!({ "required": true, "content": { "application/json": { "schema": thing } } });
            operation["responses"] = answer(&thing);
            request = "POST /x".to_owned();
        } else {
            operation["responses"] = match (&self.responses, &self.answer) {
                (Some(responses), _) => responses.clone(),
                (None, Some(schema)) => answer(schema),
                (None, None) => json!({ "204": { "description": "Done." } }),
            };
        }
        for (key, value) in [
            ("parameters", &self.parameters),
            ("requestBody", &self.body),
        ] {
            if let Some(value) = value {
                operation[key] = value.clone();
            }
        }
        if let Some(more) = &self.operation {
            overlay(&mut operation, more);
        }
        if let Some((method, path)) = request.split_once(' ') {
            document["paths"][path][method.to_ascii_lowercase()] = operation;
        }
        if let Some(more) = &self.document {
            overlay(&mut document, more);
        }
        document
    }

    /// The calls as the test in the crate of the corpus reads them.
    pub(super) fn calls(&self) -> Vec<Value> {
        if self.verdict != Verdict::Taken {
            return Vec::new();
        }
        let module = self.module();
        let mut calls = Vec::new();
        for (index, value) in self.echo.iter().enumerate() {
            let mut got = json!({ "status": 200, "value": value });
            if let Some(words) = self.debug.get(index) {
                got["debug"] = json!(words);
            }
            calls.push(json!({
                "row": module, "operation": "x", "arguments": { "body": value },
                "sent": { "request": "POST /x", "headers": { "content-type": "application/json" }, "body": value },
                "answer": { "status": 200, "headers": {}, "body": value }, "got": got,
            }));
        }
        for value in &self.rejects {
            let good = self.echo.first().cloned().unwrap_or_default();
            calls.push(json!({
                "row": module, "operation": "x", "arguments": { "body": good }, "sent": null,
                "sent": { "request": "POST /x", "headers": {}, "body": good },
                "answer": { "status": 200, "headers": {}, "body": value }, "got": { "error": "unreadable", "status": 200 },
            }));
        }
        for call in &self.calls {
            let status = call
                .status
                .unwrap_or(if call.answer.is_some() { 200 } else { 204 });
            calls.push(json!({
                "row": module, "operation": call.operation, "arguments": call.args,
                "sent": call.sends.as_ref().map(|line| json!({ "request": line, "headers": call.headers, "body": call.body })),
                "answer": { "status": status, "headers": call.answers, "body": call.answer },
                "got": call.got,
            }));
        }
        calls
    }

    /// What the calls look at, in words.
    pub(super) fn tested(&self) -> String {
        let mut parts = Vec::new();
        if !self.echo.is_empty() {
            parts.push(format!("{} bodies there and back", self.echo.len()));
        }
        if !self.rejects.is_empty() {
            parts.push(format!(
                "{} unreadable answers, status kept",
                self.rejects.len()
            ));
        }
        for call in &self.calls {
            let sent = call.sends.as_deref().map_or_else(
                || "refused before it is sent".to_owned(),
                |line| format!("`{line}`"),
            );
            parts.push(match call.status {
                Some(status) => format!("{sent} → {status}"),
                None => sent,
            });
        }
        parts.join(", ")
    }
}

fn overlay(base: &mut Value, more: &Value) {
    match (base, more) {
        (Value::Object(base), Value::Object(more)) => {
            for (key, value) in more {
                overlay(base.entry(key.clone()).or_insert(Value::Null), value);
            }
        }
        (base, more) => base.clone_from(more),
    }
}

fn get() -> String {
    "GET /x".to_owned()
}

fn x() -> String {
    "x".to_owned()
}
