//! A virtual environment with the pinned packages, made once and kept while the pins stay the same.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

const REQUIREMENTS: &str = include_str!("../../interop/python/requirements.txt");
const SCRIPT: &str = include_str!("../../interop/python/client.py");
/// Another interpreter than `python3`.
const INTERPRETER: &str = "CONFORMANCE_PYTHON";
const LIMIT: Duration = Duration::from_secs(120);

/// What is wrong on the side of Python.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PythonError {
    /// There is no interpreter.
    #[error(
        "{0} cannot be started; install Python 3 with its venv module, or name another by CONFORMANCE_PYTHON"
    )]
    Missing(String),
    /// The environment cannot be made.
    #[error("the virtual environment cannot be made in {place}: {why}")]
    Environment {
        /// Where.
        place: String,
        /// What was said.
        why: String,
    },
    /// The packages cannot be installed.
    #[error(
        "the packages of interop/python/requirements.txt cannot be installed; is the package index reachable?\n{0}"
    )]
    Packages(String),
    /// The script failed.
    #[error("the Python script failed: {0}")]
    Script(String),
}

/// An environment with the pinned packages.
#[derive(Debug)]
pub(super) struct Venv {
    place: PathBuf,
}

/// What the script said.
#[derive(Debug)]
pub(super) struct Output {
    pub(super) stdout: String,
    pub(super) stderr: String,
}

impl Venv {
    /// The environment, which is made unless it is there with the same pins.
    pub(super) async fn ready() -> Result<Self, PythonError> {
        let place = target().join("interop-venv");
        let interpreter = std::env::var(INTERPRETER).unwrap_or_else(|_| "python3".to_owned());
        let version = ran(Command::new(&interpreter).arg("--version"))
            .await
            .map_err(|_| PythonError::Missing(interpreter.clone()))?;
        let key = format!("{}\n{REQUIREMENTS}", version.stdout.trim());
        let (key_file, requirements) = (place.join("made-of"), place.join("requirements.txt"));
        let venv = Self { place };
        if std::fs::read_to_string(&key_file).is_ok_and(|made_of| made_of == key) {
            return Ok(venv);
        }
        let failed = |why: String| PythonError::Environment {
            place: venv.place.display().to_string(),
            why,
        };
        let place = &venv.place;
        ran(Command::new(&interpreter)
            .args(["-m", "venv", "--clear"])
            .arg(place))
        .await
        .map_err(failed)?;
        std::fs::write(&requirements, REQUIREMENTS).map_err(|error| failed(error.to_string()))?;
        let mut install = venv.python();
        install
            .args([
                "-m",
                "pip",
                "install",
                "--quiet",
                "--no-deps",
                "--disable-pip-version-check",
                "-r",
            ])
            .arg(&requirements);
        ran(&mut install).await.map_err(PythonError::Packages)?;
        // Last, so that an environment that was left half made is made again.
        std::fs::write(&key_file, key).map_err(|error| failed(error.to_string()))?;
        Ok(venv)
    }

    /// Runs the script.
    pub(super) async fn run(&self, base_url: &str, who: &Value) -> Result<Output, PythonError> {
        let mut command = self.python();
        // `-I`: nothing of the caller's environment or folder is imported in place of what was installed.
        command.args(["-I", "-c", SCRIPT, base_url]);
        command
            .env("NO_PROXY", "*")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        let script = |error: std::io::Error| PythonError::Script(error.to_string());
        let mut child = command.spawn().map_err(script)?;
        if let Some(mut stdin) = child.stdin.take() {
            stdin
                .write_all(who.to_string().as_bytes())
                .await
                .map_err(script)?;
        }
        let output = tokio::time::timeout(LIMIT, child.wait_with_output())
            .await
            .map_err(|_| {
                PythonError::Script(format!("it did not end within {} s", LIMIT.as_secs()))
            })?
            .map_err(script)?;
        Ok(Output {
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        })
    }

    fn python(&self) -> Command {
        let folder = if cfg!(windows) { "Scripts" } else { "bin" };
        Command::new(self.place.join(folder).join("python"))
    }
}

/// Runs a command to its end; the error is what it said.
async fn ran(command: &mut Command) -> Result<Output, String> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .await
        .map_err(|error| error.to_string())?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    if output.status.success() {
        Ok(Output {
            stdout: text(&output.stdout),
            stderr: text(&output.stderr),
        })
    } else {
        Err(format!("{}{}", text(&output.stdout), text(&output.stderr)))
    }
}

/// Cargo's target folder.
fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../target"),
        PathBuf::from,
    )
}
