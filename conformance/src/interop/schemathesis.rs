//! A tester that none of us wrote: schemathesis from PyPI, in its default phases, against an emulator of its own.
//!
//! It signs in as the platform administrator, whom no operation can remove: nobody deletes themselves, nobody signs out, and
//! its credentials are a token and no key. The clock is held, so the token outlives the run. What schemathesis reports
//! wrongly is listed with its reason, and an entry that no longer matches anything is a finding, too.

use std::path::Path;
use std::time::Duration;

use dadosfera_emulator::{Emulator, Seed};
use serde_json::{Value, json};

use super::InteropError;
use super::python::{self, Pins, PythonError, Venv};
use crate::session::Session;
use crate::suite::DESCRIPTION;

const PINS: Pins = Pins {
    folder: "schemathesis-venv",
    file: "interop/schemathesis/requirements.txt",
    text: include_str!("../../interop/schemathesis/requirements.txt"),
};
/// What the run is made of; it lies in one folder under the target folder, where its results come to lie, too.
const FILES: [(&str, &str); 4] = [
    ("maestro.yaml", DESCRIPTION),
    (
        "schemathesis.toml",
        include_str!("../../interop/schemathesis/schemathesis.toml"),
    ),
    (
        "hooks.py",
        include_str!("../../interop/schemathesis/hooks.py"),
    ),
    ("exceptions.yaml", EXCEPTIONS),
];
const EXCEPTIONS: &str = include_str!("../../interop/schemathesis/exceptions.yaml");
const WORLD: &str = include_str!("../../interop/schemathesis/world.json");
/// What the hooks leave behind: how often each exception matched.
const MATCHED: &str = "matched.json";
const WHO: (&str, &str) = ("root@platform.example", "platform-root-password");
const LIMIT: Duration = Duration::from_secs(600);

/// What came of it.
#[derive(Debug)]
pub struct Fuzzed {
    /// A text for a person.
    pub text: String,
    /// Whether nothing was found, and every exception was needed.
    pub clean: bool,
}

/// Runs schemathesis against an emulator.
///
/// # Errors
/// Where Python, its packages or the emulator cannot be had, or schemathesis did not run to its end.
pub async fn run() -> Result<Fuzzed, InteropError> {
    let python = Venv::ready(&PINS).await?;
    let seed = Seed::from_json(WORLD).map_err(|error| InteropError::Emulator(error.to_string()))?;
    let emulator = Emulator::builder()
        .seed(seed)
        .hold_clock()
        .start()
        .await
        .map_err(|error| InteropError::Emulator(error.to_string()))?;
    let token = sign_in(&emulator).await?;
    let folder = python::target().join("schemathesis");
    prepare(&folder).map_err(|error| PythonError::Script(error.to_string()))?;
    let mut command = python.isolated();
    command
        .args([
            "-m",
            "schemathesis.cli",
            "--config-file",
            "schemathesis.toml",
        ])
        .args(["--no-color", "run", "maestro.yaml"])
        .env("MAESTRO_URL", emulator.base_url())
        .env("MAESTRO_TOKEN", &token)
        .current_dir(&folder);
    let output = python::script(command, "", LIMIT).await?;
    let said = format!("{}{}", output.stdout, output.stderr).replace(&token, "[token]");
    let matched = std::fs::read_to_string(folder.join(MATCHED))
        .ok()
        .and_then(|text| serde_json::from_str::<Vec<u64>>(&text).ok())
        .ok_or_else(|| PythonError::Script(format!("it left no {MATCHED}; it said:\n{said}")))?;
    let unneeded = unneeded(&matched)?;
    let clean = output.succeeded && unneeded.is_empty();
    let mut text = if output.succeeded {
        summary(&said)
    } else {
        said
    };
    for entry in &unneeded {
        text.push_str(&format!(
            "interop/schemathesis/exceptions.yaml: this entry matched nothing, take it out: {entry}\n"
        ));
    }
    text.push_str(&format!(
        "schemathesis: {} requests, {} reports that {} exceptions explain\n",
        emulator.requests().len(),
        matched.iter().sum::<u64>(),
        matched.len() - unneeded.len(),
    ));
    Ok(Fuzzed { text, clean })
}

async fn sign_in(emulator: &Emulator) -> Result<String, InteropError> {
    let failed = |why: &dyn std::fmt::Display| InteropError::Emulator(why.to_string());
    let answer = reqwest::Client::new()
        .post(format!("{}/auth/sign-in", emulator.base_url()))
        .header("content-type", "application/json")
        .body(json!({ "username": WHO.0, "password": WHO.1 }).to_string())
        .send()
        .await
        .map_err(|error| failed(&error))?
        .text()
        .await
        .map_err(|error| failed(&error))?;
    let answer: Value = serde_json::from_str(&answer).map_err(|error| failed(&error))?;
    let session = Session::of(&answer).ok_or_else(|| failed(&"the sign-in has no token"))?;
    Ok(session.access_token)
}

fn prepare(folder: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    match std::fs::remove_file(folder.join(MATCHED)) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    for (name, text) in FILES {
        std::fs::write(folder.join(name), text)?;
    }
    Ok(())
}

/// The exceptions that matched nothing.
fn unneeded(matched: &[u64]) -> Result<Vec<Value>, PythonError> {
    let entries: Vec<Value> = yaml_serde::from_str(EXCEPTIONS)
        .map_err(|error| PythonError::Script(format!("exceptions.yaml: {error}")))?;
    let matches = matched.iter().copied().chain(std::iter::repeat(0));
    let unneeded = entries.into_iter().zip(matches);
    Ok(unneeded
        .filter_map(|(entry, count)| (count == 0).then_some(entry))
        .collect())
}

/// The end of what schemathesis says: what was tested, and how much.
fn summary(said: &str) -> String {
    let start = said.find(" SUMMARY ").unwrap_or(0);
    let line = said[..start].rfind('\n').map_or(0, |end| end + 1);
    said[line..].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_exception_says_what_it_is_about_and_why() {
        let entries: Vec<Value> = yaml_serde::from_str(EXCEPTIONS).unwrap();
        for entry in entries {
            let names: Vec<&str> = entry
                .as_object()
                .unwrap()
                .keys()
                .map(String::as_str)
                .collect();
            for name in &names {
                let known = ["operations", "code", "statuses", "says", "reason"];
                assert!(known.contains(name), "{name} in {entry}");
            }
            for name in ["code", "says", "reason"] {
                assert!(
                    entry[name].as_str().is_some_and(|text| text.len() > 1),
                    "{name} of {entry}"
                );
            }
            assert!(entry["statuses"].is_array(), "{entry}");
        }
    }

    #[test]
    fn an_exception_that_matched_nothing_is_named() {
        let entries: Vec<Value> = yaml_serde::from_str(EXCEPTIONS).unwrap();
        assert_eq!(unneeded(&[]).unwrap(), entries);
        let all = vec![1; entries.len()];
        assert!(unneeded(&all).unwrap().is_empty());
    }

    #[test]
    fn a_summary_begins_at_its_own_line() {
        assert_eq!(summary("a\n== SUMMARY ==\nb"), "== SUMMARY ==\nb");
        assert_eq!(summary("nothing"), "nothing");
    }
}
