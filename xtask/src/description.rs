//! `cargo xtask description`: a second opinion on `openapi/maestro.yaml`, by a validator that none of us wrote.
//!
//! It runs from a virtual environment under `target/`, made once for the pinned requirements.

use std::path::Path;

use crate::command::Step;

const REQUIREMENTS: &str = "xtask/python-requirements.txt";
const ENVIRONMENT: &str = "target/description-venv";

pub(crate) fn run(root: &Path) -> Result<String, String> {
    let wanted = std::fs::read_to_string(root.join(REQUIREMENTS))
        .map_err(|error| format!("{REQUIREMENTS}: {error}"))?;
    let stamp = root.join(ENVIRONMENT).join("requirements.txt");
    if std::fs::read_to_string(&stamp).ok().as_deref() != Some(wanted.as_str()) {
        Step::new(
            "venv",
            &format!("python3 -m venv --clear {ENVIRONMENT}"),
            "install Python's venv module",
        )
        .run(root)?;
        Step::new(
            "install",
            &format!("{ENVIRONMENT}/bin/pip install --quiet --disable-pip-version-check -r {REQUIREMENTS}"),
            "the package index must be reachable",
        )
        .run(root)?;
        std::fs::write(&stamp, wanted).map_err(|error| format!("{}: {error}", stamp.display()))?;
    }
    let said = Step::new(
        "validate",
        &format!("{ENVIRONMENT}/bin/openapi-spec-validator openapi/maestro.yaml"),
        "mend the description at the place that it names",
    )
    .output(root)?;
    Ok(said.trim_end().to_owned())
}
