//! The kiosk in the corpus: the client of its mended document, and calls that reach every operation of a server of it.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Value, json};

use super::code::client_of;
use crate::regen::vendor::{Mended, kiosk_mended};
use crate::regen::{normalised_with, problem::listed};

pub(super) const MODULE: &str = "kiosk";
const CALLS: &str = "xtask/kiosk/calls.yaml";
const SERVER: &str = "xtask/kiosk/server.py";

/// What of the kiosk is compiled and tried.
pub(super) struct Kiosk {
    pub(super) source: String,
    /// The server, and the calls with what is to be seen of them.
    pub(super) calls: Value,
    pub(super) operations: usize,
    pub(super) count: usize,
}

pub(super) fn kiosk(root: &Path) -> Result<Kiosk, String> {
    let Mended {
        document, report, ..
    } = kiosk_mended(root)?;
    let (document, normalised) = normalised_with(document, report)
        .map_err(|problems| listed("the kiosk is not mended yet", problems))?;
    let text =
        std::fs::read_to_string(root.join(CALLS)).map_err(|error| format!("{CALLS}: {error}"))?;
    let calls: Vec<Value> =
        yaml_serde::from_str(&text).map_err(|error| format!("{CALLS}: {error}"))?;
    let operations = document
        .operations()
        .map_err(|problem| problem.to_string())?;
    let named: BTreeSet<String> = operations
        .iter()
        .filter_map(|it| it.id().map(str::to_owned))
        .collect();
    let called: BTreeSet<String> = calls
        .iter()
        .filter(|call| call["got"]["error"].is_null())
        .filter_map(|call| call["operation"].as_str().map(str::to_owned))
        .collect();
    let missing: Vec<&str> = named.difference(&called).map(String::as_str).collect();
    if !missing.is_empty() {
        return Err(format!(
            "{CALLS}: no call succeeds of {}",
            missing.join(", ")
        ));
    }
    Ok(Kiosk {
        source: client_of(&normalised, MODULE, None)?,
        operations: named.len(),
        count: calls.len(),
        calls: json!({ "server": root.join(SERVER), "calls": calls }),
    })
}
