//! The generator, in a child process, so that its panics and stack overflows end in a message and not in ours.
//!
//! The parent writes a [`Job`] on a line of the child's standard input and reads an outcome from a line of its standard
//! output. Where the child fails, each operation is tried alone, and the message names those that fail. A child that says
//! nothing for a minute is ended.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use progenitor_impl::{GenerationSettings, Generator, HooksMode, InterfaceStyle, TypeImpl};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::document::schema_name;
use super::normalise::Normalised;
use super::problem::{Problem, listed};

/// The name of the hidden subcommand that is the child.
pub(crate) const CHILD: &str = "generate-child";
/// The name of the hidden subcommand that takes one job and says who is to blame.
pub(crate) const JOB: &str = "generate-job";
/// The name of the hidden subcommand that is the generator without us, for measurements.
pub(crate) const STOCK: &str = "generate-stock";
/// What is said of a child that says nothing.
pub(crate) const SILENT: &str = "it did not answer within";
/// How long a child may say nothing.
const PATIENCE: Duration = Duration::from_secs(60);

/// What the child is asked for.
#[derive(Debug, Serialize, Deserialize)]
struct Job {
    document: Value,
    /// Schemas whose types are written by us, with those types, and whether they have a text.
    replacements: Vec<(String, String, bool)>,
}

/// Runs the generator over the document and answers its source text.
pub(crate) fn source(
    normalised: &Normalised,
    types: &str,
    worker: Option<&mut Worker>,
) -> Result<String, Vec<Problem>> {
    let open_enums = normalised
        .open_enums
        .iter()
        .map(|open| (open.name.clone(), format!("{types}::{}", open.name), true));
    let unions = normalised.unions.iter().map(|union| {
        (
            union.name.clone(),
            format!("{types}::{}", union.name),
            false,
        )
    });
    let secrets = normalised
        .secrets
        .iter()
        .map(|name| (name.clone(), "crate::SecretMap".to_owned(), false));
    let part = normalised
        .part
        .iter()
        .map(|name| (name.clone(), "crate::Part".to_owned(), false));
    let job = Job {
        document: normalised.document.clone(),
        replacements: open_enums
            .chain(unions)
            .chain(secrets)
            .chain(part)
            .collect(),
    };
    match worker {
        Some(worker) => worker
            .run(&job)
            .map_err(|whole| vec![whole_document(&whole)]),
        None => run(&job).map_err(|whole| blame(&job, &whole)),
    }
}

/// One job from standard input, for the tests of who is blamed.
pub(crate) fn job() -> Result<String, String> {
    let mut input = String::new();
    std::io::stdin()
        .read_to_string(&mut input)
        .map_err(|error| error.to_string())?;
    let job: Job = serde_json::from_str(&input).map_err(|error| error.to_string())?;
    run(&job).map_err(|whole| listed("the generator failed", blame(&job, &whole)))
}

fn whole_document(whole: &str) -> Problem {
    Problem::new(
        "the whole document",
        format!("the generator cannot take it: {whole}"),
        "simplify the description",
    )
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
    Worker::default().run(job)
}

/// A child that takes one job after another. One that dies is replaced at the next job.
#[derive(Debug, Default)]
pub(crate) struct Worker {
    child: Option<(Child, Receiver<String>)>,
}

impl Worker {
    fn run(&mut self, job: &Job) -> Result<String, String> {
        let (child, lines) = match self.child.take() {
            Some(running) => running,
            None => start()?,
        };
        let (child, lines) = self.child.insert((child, lines));
        let mut input = serde_json::to_vec(job).map_err(|error| error.to_string())?;
        input.push(b'\n');
        if let Some(stdin) = &mut child.stdin {
            // A child that died early closes the pipe; that is seen where its answer is missing.
            let _ = stdin.write_all(&input);
        }
        match lines.recv_timeout(PATIENCE) {
            Ok(line) => serde_json::from_str::<Result<String, String>>(&line)
                .map_err(|error| error.to_string())?,
            Err(_) => Err(self.end()),
        }
    }

    /// Ends the child, and answers its last words.
    fn end(&mut self) -> String {
        let Some((mut child, _)) = self.child.take() else {
            return "it ended without a word".to_owned();
        };
        let hung = matches!(child.try_wait(), Ok(None));
        // A child that is gone already cannot be killed, and need not be.
        let _ = child.kill();
        let mut words = String::new();
        if let Some(stderr) = &mut child.stderr {
            let _ = stderr.read_to_string(&mut words);
        }
        let _ = child.wait();
        if hung && words.trim().is_empty() {
            format!("{SILENT} {} s", PATIENCE.as_secs())
        } else {
            first_words(&words)
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        if let Some((mut child, _)) = self.child.take() {
            drop(child.stdin.take());
            // The child ends with its input; nobody is left to hear how.
            let _ = child.wait();
        }
    }
}

fn start() -> Result<(Child, Receiver<String>), String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let mut child = Command::new(program)
        .arg(CHILD)
        .env("RUST_BACKTRACE", "0")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("the child did not start: {error}"))?;
    let (sender, lines) = channel();
    if let Some(stdout) = child.stdout.take() {
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
    }
    Ok((child, lines))
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

/// The child's side: an outcome for each job, until the input ends.
pub(crate) fn child() -> Result<String, String> {
    let mut output = std::io::stdout().lock();
    // What a panic says is answered as the outcome; an overflow of the stack speaks for itself.
    std::panic::set_hook(Box::new(|_| {}));
    for line in std::io::stdin().lock().lines() {
        let line = line.map_err(|error| error.to_string())?;
        let job: Job = serde_json::from_str(&line).map_err(|error| error.to_string())?;
        let outcome = std::panic::catch_unwind(move || generate(job)).unwrap_or_else(|panic| {
            let words = panic.downcast_ref::<String>().cloned().or_else(|| {
                panic
                    .downcast_ref::<&str>()
                    .map(|words| (*words).to_owned())
            });
            Err(format!("it panicked: {}", words.unwrap_or_default()))
        });
        let answer = serde_json::to_string(&outcome).map_err(|error| error.to_string())?;
        writeln!(output, "{answer}")
            .and_then(|()| output.flush())
            .map_err(|error| error.to_string())?;
    }
    Ok(String::new())
}

fn generate(job: Job) -> Result<String, String> {
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
        let text = (format != "password").then_some(TypeImpl::Display);
        settings.with_conversion(schema, replacement, text.into_iter());
    }
    for (name, replacement, text) in &job.replacements {
        let implements = text.then_some(TypeImpl::Display);
        settings.with_replacement(name, replacement, implements.into_iter());
    }
    Generator::new(&settings)
        .generate_tokens(&document)
        .map(|tokens| tokens.to_string())
        .map_err(|error| error.to_string())
}

/// What the stock generator makes of a document, formatted, in the folder.
pub(crate) fn stock(document: &Path, folder: &Path) -> Result<String, String> {
    let text = std::fs::read_to_string(document)
        .map_err(|error| format!("{}: {error}", document.display()))?;
    let document: openapiv3::OpenAPI =
        serde_json::from_str(&text).map_err(|error| error.to_string())?;
    let tokens = Generator::default()
        .generate_tokens(&document)
        .map_err(|error| error.to_string())?;
    let file = syn::parse2(tokens).map_err(|error| error.to_string())?;
    let path = folder.join("stock.rs");
    std::fs::write(&path, prettyplease::unparse(&file))
        .map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(String::new())
}

fn string_schema<T: serde::de::DeserializeOwned>(format: &str) -> Result<T, String> {
    serde_json::from_value(json!({"type": "string", "format": format}))
        .map_err(|error| error.to_string())
}
