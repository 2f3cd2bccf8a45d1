//! The generator, in a child process, so that its panics and stack overflows end in a message and not in ours.
//!
//! The parent writes a [`Job`] to the child's standard input and reads source text from its standard output.
//! Where the child fails, each operation is tried alone, and the message names those that fail.

use std::io::{Read as _, Write as _};
use std::process::{Command, Stdio};

use progenitor_impl::{GenerationSettings, Generator, HooksMode, InterfaceStyle, TypeImpl};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::document::schema_name;
use super::normalise::Normalised;
use super::problem::Problem;

/// The name of the hidden subcommand that is the child.
pub(crate) const CHILD: &str = "generate-child";

/// What the child is asked for.
#[derive(Debug, Serialize, Deserialize)]
struct Job {
    document: Value,
    /// Schemas whose types are written by us, with those types.
    replacements: Vec<(String, String)>,
}

/// Runs the generator over the document and answers its source text.
pub(crate) fn source(normalised: &Normalised) -> Result<String, Vec<Problem>> {
    let open_enums = normalised
        .open_enums
        .iter()
        .map(|open| (open.name.clone(), format!("crate::types::{}", open.name)));
    let secrets = normalised
        .secrets
        .iter()
        .map(|name| (name.clone(), "crate::SecretMap".to_owned()));
    let job = Job {
        document: normalised.document.clone(),
        replacements: open_enums.chain(secrets).collect(),
    };
    run(&job).map_err(|whole| blame(&job, &whole))
}

/// Tries the named schemas alone, and then each operation alone. Where all of them pass, the fault lies in how they meet.
fn blame(job: &Job, whole: &str) -> Vec<Problem> {
    if let Some(problem) = blame_schema(job) {
        return vec![problem];
    }
    let mut problems = Vec::new();
    let paths = job.document.get("paths").and_then(Value::as_object);
    for (path, item) in paths.into_iter().flatten() {
        for (method, operation) in item.as_object().into_iter().flatten() {
            let mut alone = job.document.clone();
            if let Some(paths) = alone.get_mut("paths") {
                *paths = json!({ path.as_str(): { method.as_str(): operation } });
            }
            let one = Job {
                document: alone,
                replacements: job.replacements.clone(),
            };
            if let Err(error) = run(&one) {
                let id = operation
                    .get("operationId")
                    .and_then(Value::as_str)
                    .unwrap_or(path);
                problems.push(Problem::new(
                    id,
                    format!("the generator cannot take it: {error}"),
                    "simplify this operation's schemas in the description",
                ));
            }
        }
    }
    if problems.is_empty() {
        problems.push(Problem::new(
            "the whole document",
            format!("the generator cannot take it, though it takes each operation alone: {whole}"),
            "look for names that are equal in snake_case or PascalCase",
        ));
    }
    problems
}

/// The schema at fault: of those that fail with only what they refer to, the one that refers to least.
fn blame_schema(job: &Job) -> Option<Problem> {
    let schemas = job.document.pointer("/components/schemas")?.as_object()?;
    let mut alone: Vec<(&String, Map<String, Value>)> = schemas
        .keys()
        .map(|name| (name, closure(schemas, name)))
        .collect();
    alone.sort_by_key(|(_, needed)| needed.len());
    let try_with = |needed: &Map<String, Value>| {
        run(&Job {
            document: json!({
                "openapi": "3.0.3",
                "info": job.document["info"],
                "paths": {},
                "components": { "schemas": needed },
            }),
            replacements: job.replacements.clone(),
        })
    };
    try_with(schemas).err()?;
    alone.iter().find_map(|(name, needed)| {
        let error = try_with(needed).err()?;
        Some(Problem::new(
            format!("schema {name}"),
            format!("the generator cannot take it: {error}"),
            "simplify this schema in the description",
        ))
    })
}

/// A schema with all that it refers to.
fn closure(schemas: &Map<String, Value>, name: &str) -> Map<String, Value> {
    let mut needed = Map::new();
    let mut waiting = vec![name.to_owned()];
    while let Some(next) = waiting.pop() {
        let Some(schema) = schemas.get(&next).filter(|_| !needed.contains_key(&next)) else {
            continue;
        };
        needed.insert(next, schema.clone());
        references(schema, &mut waiting);
    }
    needed
}

fn references(value: &Value, found: &mut Vec<String>) {
    if let Some(name) = schema_name(value) {
        found.push(name.to_owned());
    }
    match value {
        Value::Object(object) => object.values().for_each(|inner| references(inner, found)),
        Value::Array(items) => items.iter().for_each(|inner| references(inner, found)),
        _ => {}
    }
}

fn run(job: &Job) -> Result<String, String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let mut child = Command::new(program)
        .arg(CHILD)
        .env("RUST_BACKTRACE", "0")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("the child did not start: {error}"))?;
    let input = serde_json::to_vec(job).map_err(|error| error.to_string())?;
    if let Some(mut stdin) = child.stdin.take() {
        // A child that died early closes the pipe; its own words come with the exit status below.
        let _ = stdin.write_all(&input);
    }
    let output = child
        .wait_with_output()
        .map_err(|error| error.to_string())?;
    if !output.status.success() {
        return Err(first_words(&String::from_utf8_lossy(&output.stderr)));
    }
    String::from_utf8(output.stdout).map_err(|error| error.to_string())
}

/// A panic's message without the address of the source that panicked.
fn first_words(stderr: &str) -> String {
    let lines: Vec<&str> = stderr
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with("note:"))
        .map(|line| match line.split_once(" panicked at ") {
            Some(_) => "it panicked:",
            None => line,
        })
        .take(4)
        .collect();
    if lines.is_empty() {
        "it ended without a word".to_owned()
    } else {
        lines.join(" ")
    }
}

/// The child's side.
pub(crate) fn child() -> Result<String, String> {
    let mut input = Vec::new();
    std::io::stdin()
        .read_to_end(&mut input)
        .map_err(|error| error.to_string())?;
    let job: Job = serde_json::from_slice(&input).map_err(|error| error.to_string())?;
    let document: openapiv3::OpenAPI =
        serde_json::from_value(job.document).map_err(|error| error.to_string())?;

    let mut settings = GenerationSettings::default();
    settings
        .with_interface(InterfaceStyle::Positional)
        .with_hooks(HooksMode::Expected)
        .with_inner_type(quote::quote! { crate::Inner })
        .with_map_type("::std::collections::BTreeMap");
    for (format, replacement) in super::normalise::FORMATS {
        let schema = string_schema(format)?;
        settings.with_conversion(schema, replacement, std::iter::once(TypeImpl::Display));
    }
    for (name, replacement) in &job.replacements {
        let implements = (!replacement.ends_with("SecretMap")).then_some(TypeImpl::Display);
        settings.with_replacement(name, replacement, implements.into_iter());
    }
    Generator::new(&settings)
        .generate_tokens(&document)
        .map(|tokens| tokens.to_string())
        .map_err(|error| error.to_string())
}

fn string_schema<T: serde::de::DeserializeOwned>(format: &str) -> Result<T, String> {
    serde_json::from_value(json!({"type": "string", "format": format}))
        .map_err(|error| error.to_string())
}
