//! The literal samples of the wire: each fits the description, decodes, and encodes to what it was.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests may panic as tests do"
)]

use std::collections::BTreeSet;
use std::path::Path;

use dadosfera_conformance::engine::{Contract, Direction, Document};
use dadosfera_conformance::suite::DESCRIPTION;
use dadosfera_raw::types;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// How a value goes through its type and back.
type Through = fn(Value) -> serde_json::Result<Value>;

fn through<T: DeserializeOwned + Serialize>(value: Value) -> serde_json::Result<Value> {
    serde_json::to_value(serde_json::from_value::<T>(value)?)
}

/// Operation id (`any` for all), status (0 for a request), and the type that the generated client has for it.
const TYPES: &[(&str, u64, Through)] = &[
    ("any", 403, through::<types::ErrorEnvelope>),
    ("list_api_keys", 200, through::<Vec<types::ApiKey>>),
    ("create_api_key", 0, through::<types::CreateApiKeyRequest>),
    ("create_api_key", 201, through::<types::CreatedApiKey>),
    ("create_api_key", 500, through::<types::ErrorEnvelope>),
    (
        "list_pipelines",
        200,
        through::<Vec<types::PipelineSummary>>,
    ),
    ("get_pipeline", 200, through::<types::PipelineDetailAnswer>),
    (
        "create_pipeline",
        0,
        through::<types::CreatePipelineRequest>,
    ),
    ("update_pipeline", 200, through::<types::Detail>),
    ("update_pipeline", 400, through::<types::MaestroError>),
    ("update_pipeline", 404, through::<types::MaestroError>),
    (
        "delete_pipeline",
        200,
        through::<types::DeletePipelineAnswer>,
    ),
    ("delete_pipeline", 401, through::<types::MaestroError>),
    ("delete_pipeline", 404, through::<types::MaestroError>),
    ("delete_pipeline", 500, through::<types::MaestroError>),
    (
        "execute_pipeline",
        200,
        through::<types::ExecutePipelineAnswer>,
    ),
    ("execute_pipeline", 400, through::<types::MaestroError>),
    ("execute_pipeline", 404, through::<types::MaestroError>),
    (
        "pause_pipeline",
        200,
        through::<types::PipelineMessageAnswer>,
    ),
    ("pause_pipeline", 400, through::<types::MaestroError>),
    (
        "unpause_pipeline",
        200,
        through::<types::PipelineMessageAnswer>,
    ),
    ("unpause_pipeline", 400, through::<types::MaestroError>),
    (
        "update_pipeline_memory",
        200,
        through::<types::PipelineMemoryAnswer>,
    ),
    (
        "update_pipeline_memory",
        400,
        through::<types::MaestroError>,
    ),
    (
        "list_pipeline_runs",
        200,
        through::<Vec<types::PipelineRun>>,
    ),
    ("get_pipeline_run", 200, through::<types::PipelineRun>),
    ("get_jdbc_job", 200, through::<types::JdbcJob>),
    ("patch_job_input", 0, through::<types::JobInputFields>),
    (
        "patch_job_input",
        200,
        through::<types::PatchJobInputAnswer>,
    ),
    (
        "reset_job_state",
        200,
        through::<types::ResetJobStateAnswer>,
    ),
    ("reset_job_state", 404, through::<types::MaestroError>),
    ("list_catalog", 200, through::<types::CatalogAnswer>),
];

/// A file of `samples/`.
struct Sample {
    file: String,
    /// `METHOD /path`, or `any`.
    operation: String,
    status: u64,
    body: Value,
}

fn samples() -> Vec<Sample> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples");
    let mut samples: Vec<Sample> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| sample(&entry.unwrap().path()))
        .collect();
    samples.sort_by(|one, other| one.file.cmp(&other.file));
    assert!(samples.len() >= 33, "only {} samples", samples.len());
    samples
}

fn sample(path: &Path) -> Sample {
    let file = path.file_name().unwrap().to_string_lossy().into_owned();
    let value: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let text = |name: &str| {
        value[name]
            .as_str()
            .unwrap_or_else(|| panic!("{file} has no {name}"))
            .to_owned()
    };
    assert!(!text("source").is_empty(), "{file} names no source");
    assert!(
        ["documented", "observed", "library", "reported"].contains(&text("evidence").as_str()),
        "{file}"
    );
    let status = match text("kind").as_str() {
        "request" => 0,
        "response" => value["status"]
            .as_u64()
            .unwrap_or_else(|| panic!("{file} has no status")),
        other => panic!("{file} is a {other}"),
    };
    Sample {
        operation: text("operation"),
        status,
        body: value["body"].clone(),
        file,
    }
}

fn contract() -> Contract {
    Contract::new(Document::parse(DESCRIPTION).unwrap())
}

/// The ids of the operations that a sample is of.
fn operations(contract: &Contract, sample: &Sample) -> Vec<String> {
    let found: Vec<String> = contract
        .document()
        .operations()
        .iter()
        .filter(|known| match sample.operation.as_str() {
            "any" => {
                known.responses.contains_key(&sample.status.to_string()) && known.authenticated
            }
            named => named == format!("{} {}", known.method, known.path),
        })
        .map(|known| known.id.clone())
        .collect();
    assert!(
        !found.is_empty(),
        "{}: the description has no {}",
        sample.file,
        sample.operation
    );
    found
}

#[test]
fn each_sample_fits_the_description_at_its_operation_and_status() {
    let contract = contract();
    for sample in samples() {
        for id in operations(&contract, &sample) {
            let operation = contract.document().operation(&id).unwrap();
            let (schema, direction) = match sample.status {
                0 => (
                    operation.request.get("application/json"),
                    Direction::Request,
                ),
                status => {
                    let listed = operation.responses.get(&status.to_string());
                    let listed =
                        listed.unwrap_or_else(|| panic!("{}: {id} lists no {status}", sample.file));
                    (listed.content.get("application/json"), Direction::Answer)
                }
            };
            let schema =
                schema.unwrap_or_else(|| panic!("{}: {id} has no JSON body there", sample.file));
            let schema = contract.schema(schema, direction).unwrap();
            let broken = schema.broken(&sample.body);
            assert!(broken.is_empty(), "{} at {id}: {broken:#?}", sample.file);
        }
    }
}

#[test]
fn each_sample_decodes_and_encodes_to_the_same_json() {
    let contract = contract();
    let mut used = BTreeSet::new();
    for sample in samples() {
        let ids = operations(&contract, &sample);
        let id = if sample.operation == "any" {
            "any"
        } else {
            &ids[0]
        };
        let row = TYPES
            .iter()
            .position(|(known, status, _)| *known == id && *status == sample.status);
        let row = row.unwrap_or_else(|| {
            panic!(
                "{}: no row of TYPES for {id} {}",
                sample.file, sample.status
            )
        });
        used.insert(row);
        let again = TYPES[row].2(sample.body.clone());
        let again =
            again.unwrap_or_else(|error| panic!("{} does not decode: {error}", sample.file));
        assert_eq!(again, sample.body, "{} comes back changed", sample.file);
    }
    let idle: Vec<_> = TYPES
        .iter()
        .enumerate()
        .filter(|(row, _)| !used.contains(row))
        .map(|(_, row)| (row.0, row.1))
        .collect();
    assert!(idle.is_empty(), "rows of TYPES without a sample: {idle:?}");
}

#[test]
fn a_value_that_lost_a_field_would_be_seen() {
    let loose: Through = through::<types::PipelineMessage>;
    let value = serde_json::json!({ "message": "m", "pipeline_id": "p", "more": 1 });
    assert_ne!(loose(value.clone()).unwrap(), value);
}
