//! `cargo xtask description`: a second opinion on `openapi/maestro.yaml`, by a validator that none of us wrote.
//!
//! It runs from a virtual environment under `target/`, made once for the pinned requirements.

use std::path::Path;

use crate::{command::Step, venv};

const REQUIREMENTS: &str = "xtask/python-requirements.txt";
const ENVIRONMENT: &str = "target/description-venv";

pub(crate) fn run(root: &Path) -> Result<String, String> {
    venv::ready(root, ENVIRONMENT, REQUIREMENTS, "")?;
    let said = Step::new(
        "validate",
        &format!("{ENVIRONMENT}/bin/openapi-spec-validator openapi/maestro.yaml"),
        "mend the description at the place that it names",
    )
    .output(root)?;
    Ok(said.trim_end().to_owned())
}
