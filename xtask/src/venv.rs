//! Virtual environments of Python under `target/`, each made once for its pinned requirements.

use std::path::Path;

use crate::command::Step;

/// Makes the environment, unless it is there with the same pins; `options` are pip's.
pub(crate) fn ready(
    root: &Path,
    environment: &str,
    requirements: &str,
    options: &str,
) -> Result<(), String> {
    let wanted = std::fs::read_to_string(root.join(requirements))
        .map_err(|error| format!("{requirements}: {error}"))?;
    let stamp = root.join(environment).join("requirements.txt");
    if std::fs::read_to_string(&stamp).ok().as_deref() == Some(wanted.as_str()) {
        return Ok(());
    }
    Step::new(
        "venv",
        &format!("python3 -m venv --clear {environment}"),
        "install Python's venv module",
    )
    .run(root)?;
    Step::new(
        "install",
        &format!("{environment}/bin/pip install --quiet --disable-pip-version-check {options} -r {requirements}"),
        "the package index must be reachable",
    )
    .run(root)?;
    // Last, so that an environment that was left half made is made again.
    std::fs::write(&stamp, wanted).map_err(|error| format!("{}: {error}", stamp.display()))
}
