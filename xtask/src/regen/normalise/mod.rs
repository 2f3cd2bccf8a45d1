//! Rewrites the description into what the generator can take, and reports each change.
//!
//! The rule: a rewrite keeps the meaning on the wire, or it is reported; what neither can be kept nor rewritten
//! was refused before (`refuse.rs`).

mod operations;
mod schemas;

use std::collections::BTreeMap;

use heck::ToUpperCamelCase as _;
use serde_json::{Map, Value, json};

use super::document::{Document, entries};
use super::problem::Problem;
use super::report::Report;

/// String formats that become types of ours, with those types.
pub(crate) const FORMATS: [(&str, &str); 3] = [
    ("date-time", "crate::Timestamp"),
    ("password", "crate::Secret"),
    ("uuid", "::std::string::String"),
];

/// A vocabulary with known values that may grow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OpenEnum {
    pub(crate) name: String,
    pub(crate) description: String,
    /// Variant and wire value.
    pub(crate) values: Vec<(String, String)>,
}

/// How a field that may be left out must come out of the generated types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Presence {
    /// Absent, null and a value are three things: `Maybe<T>`.
    AbsentNullOrValue,
    /// Absent and empty are two things: `Option<Vec<T>>`.
    AbsentOrCollection,
}

/// A field that the pass over the generated code must mend.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Field {
    pub(crate) schema: String,
    pub(crate) property: String,
    pub(crate) presence: Presence,
}

/// What the normaliser hands on.
#[derive(Debug)]
pub(crate) struct Normalised {
    /// The document for the generator.
    pub(crate) document: Value,
    pub(crate) open_enums: Vec<OpenEnum>,
    /// Objects that hold secrets: their type is ours, and shows nothing of them.
    pub(crate) secrets: Vec<String>,
    pub(crate) fields: Vec<Field>,
    /// Operations whose empty success means "nothing": the transport hook turns it into `null`.
    pub(crate) empty_is_null: Vec<String>,
    pub(crate) report: Report,
}

impl Normalised {
    /// Whether a success of the operation is a stream of bytes and not JSON.
    pub(crate) fn streams(&self, path: &str, method: &str) -> bool {
        entries(Some(&self.document["paths"][path][method]["responses"]))
            .filter(|(status, _)| status.starts_with('2'))
            .any(|(_, response)| {
                let mut kinds = entries(response.get("content"));
                kinds.any(|(media_type, _)| media_type != "application/json")
            })
    }
}

/// What the steps write into while they walk.
struct Draft {
    /// How many properties each named schema of the description requires.
    required: BTreeMap<String, usize>,
    schemas: Map<String, Value>,
    open_enums: Vec<OpenEnum>,
    secrets: Vec<String>,
    fields: Vec<Field>,
    empty_is_null: Vec<String>,
    report: Report,
    problems: Vec<Problem>,
}

/// Rewrites a document that was linted and not refused.
pub(crate) fn normalise(document: &Document) -> Result<Normalised, Vec<Problem>> {
    let mut draft = Draft {
        required: document
            .schemas()
            .map(|(name, schema)| {
                (
                    name.to_owned(),
                    schema["required"].as_array().map_or(0, Vec::len),
                )
            })
            .collect(),
        schemas: Map::new(),
        open_enums: Vec::new(),
        secrets: Vec::new(),
        fields: Vec::new(),
        empty_is_null: Vec::new(),
        report: Report::default(),
        problems: Vec::new(),
    };
    for (name, schema) in document.schemas() {
        draft.component(name, schema);
    }
    let paths = draft.paths(document);
    if !draft.problems.is_empty() {
        return Err(draft.problems);
    }
    let info = document
        .root
        .get("info")
        .cloned()
        .unwrap_or_else(|| json!({}));
    draft.report.add(
        "info.version",
        "sent as the header api-version on every request",
        "not sent",
        "the API does not ask for it",
    );
    for (format, replacement) in FORMATS {
        draft.report.add(
            format!("format: {format}"),
            "a bare or a chrono/uuid type",
            replacement,
            match format {
                "date-time" => {
                    "the text of the wire is kept, so that an answer re-encodes to itself"
                }
                "password" => "Debug is redacted and the memory is zeroed",
                _ => "ids that are no UUID occur",
            },
        );
    }
    Ok(Normalised {
        document: json!({
            "openapi": "3.0.3",
            "info": { "title": info["title"], "version": info["version"] },
            "paths": paths,
            "components": { "schemas": draft.schemas },
        }),
        open_enums: draft.open_enums,
        secrets: draft.secrets,
        fields: draft.fields,
        empty_is_null: draft.empty_is_null,
        report: draft.report,
    })
}

/// `get_pipeline` becomes `GetPipeline`, as the generator does it.
fn pascal(name: &str) -> String {
    name.to_upper_camel_case()
}
