//! What a regen tells of its change: since the description that is committed, or, where none is, since what the generator
//! saw before.

use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::document::Document;
use super::meaning::{self, Finding, Format};

/// What a description is compared with.
#[derive(Debug)]
pub(crate) struct Told {
    since: &'static str,
    findings: Vec<Finding>,
    /// Why nothing could be compared.
    trouble: Option<String>,
}

/// Compares a description with the one that is committed under its path.
///
/// `seen` is what the generator saw before and what it sees now.
pub(crate) fn since(root: &Path, path: &Path, text: &str, seen: (Option<&Value>, &Value)) -> Told {
    let name = path.display().to_string();
    let (since, old, new) = match (committed(root, path), seen) {
        (Some(old), _) => (
            "the commit",
            Document::parse(&old, &format!("{name} as committed")),
            Document::parse(text, &name),
        ),
        (None, (Some(old), new)) => (
            "the last regen",
            Ok(Document { root: old.clone() }),
            Ok(Document { root: new.clone() }),
        ),
        (None, (None, _)) => {
            return Told {
                since: "nothing",
                findings: Vec::new(),
                trouble: None,
            };
        }
    };
    let compared = old.and_then(|old| meaning::between(old, new?));
    let (findings, trouble) = match compared {
        Ok(findings) => (findings, None),
        Err(trouble) => (Vec::new(), Some(trouble)),
    };
    Told {
        since,
        findings,
        trouble,
    }
}

impl Told {
    /// What was written and what it means, in one of the forms of `diff`.
    pub(crate) fn show(&self, wrote: &[String], said: &str, format: Format) -> String {
        let meaning = meaning::show(&self.findings, format);
        match (&self.trouble, format) {
            (_, Format::Json) => {
                let mut report = json!({
                    "wrote": wrote,
                    "since": self.since,
                    "bump": meaning::bump(&self.findings),
                    "changes": self.findings,
                });
                if let Some(trouble) = &self.trouble {
                    report["trouble"] = json!(trouble);
                }
                format!("{report:#}")
            }
            (Some(trouble), _) => {
                format!("{said}\n\nwhat the change means cannot be told: {trouble}")
            }
            (None, _) if self.findings.is_empty() => said.to_owned(),
            (None, Format::Text) => {
                format!("{said}\n\nwhat changed since {}:\n{meaning}", self.since)
            }
            (None, Format::Markdown) => format!("{meaning}\nCompared with {}.", self.since),
        }
    }
}

/// The file as the current commit has it; nothing where there is no repository, no commit, or no such file in it.
fn committed(root: &Path, path: &Path) -> Option<String> {
    let absolute = root.join(path);
    let (folder, file) = (absolute.parent()?, absolute.file_name()?.to_str()?);
    let folder = if folder.as_os_str().is_empty() {
        Path::new(".")
    } else {
        folder
    };
    let output = Command::new("git")
        .arg("-C")
        .arg(folder)
        .args(["show", &format!("HEAD:./{file}")])
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    output
        .status
        .success()
        .then(|| String::from_utf8(output.stdout).ok())?
}
