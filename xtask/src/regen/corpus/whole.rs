//! The kiosk as the whole crate that `regen --from --out` writes: it compiles by itself, without a warning.
//!
//! A crate beside it asks for the features that the corpus has, so that nothing but the client is built.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::BUILT;
use crate::command::Step;
use crate::regen::files;
use crate::regen::vendor::{beside, kiosk_mended, made};

const CLIENT: &str = "kiosk-crate";
const USER: &str = "kiosk-user";

/// Writes the crate and builds it.
pub(super) fn build(root: &Path) -> Result<(), String> {
    let built = root.join(BUILT);
    let (client, _) = made(root, kiosk_mended(root)?)?;
    let lock = std::fs::read_to_string(root.join("Cargo.lock"))
        .map_err(|error| format!("Cargo.lock: {error}"))?;
    let manifest = beside(root, ("kiosk", &format!("../{CLIENT}")), "xtask/corpus")?;
    let user: Vec<(PathBuf, String)> = vec![
        ("Cargo.toml".into(), manifest),
        ("Cargo.lock".into(), lock),
        ("src/lib.rs".into(), "pub use kiosk::Client;\n".to_owned()),
    ];
    for (folder, files) in [(CLIENT, &client), (USER, &user)] {
        let folder = built.join(folder);
        files::write(&folder, &files::stale(&folder, files))?;
    }
    let mut step = Step::new(
        "the kiosk's crate",
        "cargo build --quiet --offline --message-format json",
        "read what the compiler says of target/corpus/kiosk-crate",
    );
    for (option, path) in [
        ("--manifest-path", built.join(USER).join("Cargo.toml")),
        ("--target-dir", root.join("target")),
    ] {
        step.arguments.push(option.to_owned());
        step.arguments.push(path.display().to_string());
    }
    let said = step.output(root)?;
    let warnings: Vec<String> = said
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|line| line["reason"] == "compiler-message")
        .filter_map(|line| line["message"]["rendered"].as_str().map(str::to_owned))
        .collect();
    if warnings.is_empty() {
        Ok(())
    } else {
        Err(format!(
            "the kiosk's crate compiles with warnings:\n{}",
            warnings.concat()
        ))
    }
}
