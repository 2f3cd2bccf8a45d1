//! Rewrites the description into what the generator can take, and reports each change.
//!
//! The rule: a rewrite keeps the meaning on the wire, or it is reported; what neither can be kept nor rewritten
//! was refused before (`refuse.rs`).

mod forms;
mod operations;
mod schemas;
mod unions;
mod words;

use std::collections::{BTreeMap, BTreeSet};

use heck::ToUpperCamelCase as _;
use serde_json::{Map, Value, json};

use super::document::{Document, entries};
use super::problem::Problem;
use super::report::Report;

pub(crate) use self::unions::{Rule, Union};

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

/// A form with files: its struct, and how each field is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Form {
    pub(crate) name: String,
    /// By the name on the wire; `*` is what the description does not name.
    pub(crate) fields: Map<String, Value>,
}

/// What the pass over the generated code must do to one method.
#[derive(Debug, Clone, Default)]
pub(crate) struct Method {
    /// Arguments that stand in for others, with what is to be written.
    pub(crate) wires: Vec<(String, Value)>,
    /// The media type of a body of bytes.
    pub(crate) content_type: Option<String>,
    /// The media types that it asks for, where those are not just `application/json`.
    pub(crate) accept: Option<String>,
    pub(crate) deprecated: bool,
    /// The type of the body that comes with a status, as the document names the status.
    pub(crate) decode: BTreeMap<String, Decode>,
}

/// How a body of one status becomes the type of the whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Decode {
    /// The type that comes with the status.
    pub(crate) part: String,
    /// Whether the whole is optional.
    pub(crate) optional: bool,
}

/// What the normaliser hands on.
#[derive(Debug)]
pub(crate) struct Normalised {
    /// The document for the generator.
    pub(crate) document: Value,
    pub(crate) open_enums: Vec<OpenEnum>,
    pub(crate) unions: Vec<Union>,
    /// What is to be done to methods, by operation.
    pub(crate) methods: BTreeMap<String, Method>,
    /// Type, field, and its name on the wire.
    pub(crate) renames: Vec<(String, String, String)>,
    /// Type and the name on the wire.
    pub(crate) deprecated_fields: Vec<(String, String)>,
    pub(crate) deprecated_types: Vec<String>,
    /// Whether the document asks for the header api-version.
    pub(crate) api_version: bool,
    /// Objects that hold secrets: their type is ours, and shows nothing of them.
    pub(crate) secrets: Vec<String>,
    pub(crate) fields: Vec<Field>,
    /// Fields that must not be seen, by type and name on the wire.
    pub(crate) hidden: Vec<(String, String)>,
    pub(crate) forms: Vec<Form>,
    /// The component that stands for a file in a form.
    pub(crate) part: Option<String>,
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
    document: Document,
    /// The named schemas that a request may hold, and an answer.
    sent: BTreeSet<String>,
    received: BTreeSet<String>,
    schemas: Map<String, Value>,
    open_enums: Vec<OpenEnum>,
    unions: Vec<Union>,
    methods: BTreeMap<String, Method>,
    renames: Vec<(String, String, String)>,
    deprecated_fields: Vec<(String, String)>,
    secrets: Vec<String>,
    fields: Vec<Field>,
    hidden: Vec<(String, String)>,
    forms: Vec<Form>,
    part: Option<String>,
    empty_is_null: Vec<String>,
    report: Report,
    problems: Vec<Problem>,
}

/// Rewrites a document that was linted and not refused.
pub(crate) fn normalise(document: &Document, report: Report) -> Result<Normalised, Vec<Problem>> {
    let (sent, received) = directions(document).map_err(|problem| vec![problem])?;
    let mut draft = Draft {
        document: document.clone(),
        sent,
        received,
        unions: Vec::new(),
        methods: BTreeMap::new(),
        renames: Vec::new(),
        deprecated_fields: Vec::new(),
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
        hidden: Vec::new(),
        forms: Vec::new(),
        part: None,
        empty_is_null: Vec::new(),
        report,
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
    let api_version = info.get("x-send-api-version") == Some(&Value::Bool(true));
    let version = info["version"].as_str().unwrap_or_default();
    if api_version && !version.bytes().all(|byte| (0x20..0x7f).contains(&byte)) {
        return Err(vec![Problem::new(
            "info.version",
            "it is asked for as a header, and no header can hold it",
            "write it in ASCII and on one line",
        )]);
    }
    if !api_version {
        draft.report.add(
            "info.version",
            "sent as the header api-version on every request",
            "not sent",
            "the API does not ask for it",
        );
    }
    let deprecated_types = document
        .schemas()
        .filter(|(_, schema)| schema.get("deprecated") == Some(&Value::Bool(true)))
        .map(|(name, _)| name.to_owned())
        .collect();
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
            "info": { "title": info["title"].as_str().unwrap_or_default(), "version": if version.is_empty() { "0" } else { version } },
            "paths": paths,
            "components": { "schemas": draft.schemas },
        }),
        open_enums: draft.open_enums,
        unions: draft.unions,
        methods: draft.methods,
        renames: draft.renames,
        deprecated_fields: draft.deprecated_fields,
        deprecated_types,
        api_version,
        secrets: draft.secrets,
        fields: draft.fields,
        hidden: draft.hidden,
        forms: draft.forms,
        part: draft.part,
        empty_is_null: draft.empty_is_null,
        report: draft.report,
    })
}

/// The named schemas that requests hold, and those that answers hold.
fn directions(document: &Document) -> Result<(BTreeSet<String>, BTreeSet<String>), Problem> {
    let (mut sent, mut received) = (Vec::new(), Vec::new());
    for operation in document.operations()? {
        for parameter in &operation.parameters {
            unions::collect(parameter, &mut sent);
        }
        if let Some(body) = operation.value.get("requestBody") {
            unions::collect(document.resolve(body)?, &mut sent);
        }
        for (_, response) in entries(operation.value.get("responses")) {
            unions::collect(document.resolve(response)?, &mut received);
        }
    }
    Ok((closure(document, sent), closure(document, received)))
}

fn closure(document: &Document, mut waiting: Vec<String>) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    while let Some(name) = waiting.pop() {
        if let Some(schema) = document.root["components"]["schemas"].get(&name)
            && found.insert(name)
        {
            unions::collect(schema, &mut waiting);
        }
    }
    found
}

/// `get_pipeline` becomes `GetPipeline`, as the generator does it.
fn pascal(name: &str) -> String {
    name.to_upper_camel_case()
}
