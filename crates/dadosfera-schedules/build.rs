//! Takes the shell of the session from the SDK's own files: once as it is, and once for each mutant.
//!
//! A mutant is texts that occur exactly once and what stands in their place, so that a mutant whose text is gone stops the
//! build rather than passing for killed.

use std::error::Error;
use std::path::{Path, PathBuf};

/// The files that are tried, relative to the SDK's `src`.
const SOURCES: [&str; 5] = [
    "auth/arrival.rs",
    "auth/fingerprint.rs",
    "auth/hub.rs",
    "auth/machine.rs",
    "moment.rs",
];

struct Mutant {
    name: &'static str,
    edits: &'static [Edit],
}

struct Edit {
    file: &'static str,
    from: &'static str,
    to: &'static str,
}

const MUTANTS: [Mutant; 6] = [
    Mutant {
        name: "unconditional_invalidate",
        edits: &[
            Edit {
                file: "auth/machine.rs",
                from: "            .filter(|_| generation == self.generation)\n",
                to: "",
            },
            Edit {
                // Either of the two checks alone keeps the new token.
                file: "auth/hub.rs",
                from: ".is_some_and(|token| token.generation == generation)",
                to: ".is_some()",
            },
        ],
    },
    Mutant {
        name: "caller_owned_flight",
        edits: &[Edit {
            file: "auth/hub.rs",
            from: "let is_flying = spawn(flight);",
            to: "let is_flying = spawn(async {}); flight.await;",
        }],
    },
    Mutant {
        name: "lost_wake_up",
        edits: &[Edit {
            file: "auth/arrival.rs",
            from: "            return Poll::Ready(word.clone());\n        }\n",
            to: "            return Poll::Ready(word.clone());\n        }\n        drop(waiting);\n        \
             waiting = this.arrival.0.lock().unwrap_or_else(PoisonError::into_inner);\n",
        }],
    },
    Mutant {
        name: "failure_not_shared",
        edits: &[Edit {
            file: "auth/machine.rs",
            from: "                Effect::Fail(error.retry_in(pause))\n",
            to: "                self.flight = Register::Idle;\n                if self.closed {\n return Effect::Fail(error);\n }\n                Effect::Reboard\n",
        }],
    },
    Mutant {
        name: "rejected_token_adopted",
        edits: &[Edit {
            file: "auth/machine.rs",
            from: "if landed.adopted && self.rejected == Some(landed.fingerprint) {",
            to: "if landed.adopted && self.closed {",
        }],
    },
    Mutant {
        name: "flight_dies_with_its_runtime",
        edits: &[Edit {
            file: "auth/hub.rs",
            from: "            let word = self.touch_down(Landing::Lost, None, Moment::EPOCH, 0.0);\n            arrival.tell(word);\n",
            to: "            drop(arrival);\n",
        }],
    },
];

fn main() -> Result<(), Box<dyn Error>> {
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    let sdk = Path::new("../dadosfera/src");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=src/proofs.rs");
    write(
        &out,
        "proofs",
        "proofs.rs",
        &std::fs::read_to_string("src/proofs.rs")?,
    )?;
    for source in SOURCES {
        let path = sdk.join(source);
        println!("cargo::rerun-if-changed={}", path.display());
        let text = std::fs::read_to_string(&path)?;
        write(&out, "original", source, &text)?;
        for mutant in &MUTANTS {
            write(&out, mutant.name, source, &mutated(&text, source, mutant)?)?;
        }
    }
    Ok(())
}

fn mutated(text: &str, source: &str, mutant: &Mutant) -> Result<String, String> {
    let mut text = text.to_owned();
    for edit in mutant.edits.iter().filter(|edit| edit.file == source) {
        let found = text.matches(edit.from).count();
        if found != 1 {
            return Err(format!(
                "the text that the mutant `{}` replaces occurs {found} times in {source}; give it the text of today",
                mutant.name
            ));
        }
        text = text.replace(edit.from, edit.to);
    }
    Ok(text)
}

/// Without the file's own docs, which an included file cannot carry, and without its unit tests.
fn write(out: &Path, subject: &str, source: &str, text: &str) -> Result<(), Box<dyn Error>> {
    let text = text.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
    let lines: Vec<&str> = text
        .lines()
        .filter(|line| !line.starts_with("//!"))
        .collect();
    let name = source.rsplit('/').next().unwrap_or(source);
    let folder = out.join(subject);
    std::fs::create_dir_all(&folder)?;
    std::fs::write(folder.join(name), lines.join("\n"))?;
    Ok(())
}
