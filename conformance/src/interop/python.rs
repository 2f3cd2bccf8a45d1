//! A virtual environment with the pinned packages, made once and kept while the pins stay the same.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

/// Another interpreter than `python3`.
const INTERPRETER: &str = "CONFORMANCE_PYTHON";

/// The packages of one environment.
pub(super) struct Pins {
    /// The environment's folder under the target folder.
    pub(super) folder: &'static str,
    /// Where the requirements stand, for who has to mend them.
    pub(super) file: &'static str,
    /// The requirements.
    pub(super) text: &'static str,
}

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
    #[error("the packages of {file} cannot be installed; is the package index reachable?\n{why}")]
    Packages {
        /// The file of the requirements.
        file: &'static str,
        /// What was said.
        why: String,
    },
    /// The script failed, or what it stands for.
    #[error("the Python script failed: {0}")]
    Script(String),
}

/// An environment with the pinned packages.
#[derive(Debug)]
pub(super) struct Venv {
    place: PathBuf,
}

/// How a program ended, and what it said.
#[derive(Debug)]
pub(super) struct Output {
    pub(super) succeeded: bool,
    pub(super) stdout: String,
    pub(super) stderr: String,
}

impl Venv {
    /// The environment, which is made unless it is there with the same pins.
    pub(super) async fn ready(pins: &Pins) -> Result<Self, PythonError> {
        let place = target().join(pins.folder);
        let interpreter = std::env::var(INTERPRETER).unwrap_or_else(|_| "python3".to_owned());
        let version = ran(Command::new(&interpreter).arg("--version"))
            .await
            .map_err(|_| PythonError::Missing(interpreter.clone()))?;
        let key = format!("{}\n{}", version.stdout.trim(), pins.text);
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
        std::fs::write(&requirements, pins.text).map_err(|error| failed(error.to_string()))?;
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
        ran(&mut install)
            .await
            .map_err(|why| PythonError::Packages {
                file: pins.file,
                why,
            })?;
        // Last, so that an environment that was left half made is made again.
        std::fs::write(&key_file, key).map_err(|error| failed(error.to_string()))?;
        Ok(venv)
    }

    /// The environment's interpreter; `-I`: nothing of the caller's environment or folder is imported in place of what
    /// was installed, and no proxy stands between it and an emulator.
    pub(super) fn isolated(&self) -> Command {
        let mut command = self.python();
        command.arg("-I").env("NO_PROXY", "*");
        command
    }

    fn python(&self) -> Command {
        let folder = if cfg!(windows) { "Scripts" } else { "bin" };
        Command::new(self.place.join(folder).join("python"))
    }
}

/// Runs a script to its end, or to its time limit, with a text on its standard input.
pub(super) async fn script(
    mut command: Command,
    input: &str,
    limit: Duration,
) -> Result<Output, PythonError> {
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    let failed = |error: std::io::Error| PythonError::Script(error.to_string());
    let mut child = command.spawn().map_err(failed)?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(input.as_bytes()).await.map_err(failed)?;
    }
    let output = tokio::time::timeout(limit, child.wait_with_output())
        .await
        .map_err(|_| PythonError::Script(format!("it did not end within {} s", limit.as_secs())))?
        .map_err(failed)?;
    Ok(said(&output))
}

/// Runs a command to its end; the error is what it said.
async fn ran(command: &mut Command) -> Result<Output, String> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .await
        .map_err(|error| error.to_string())?;
    let said = said(&output);
    if said.succeeded {
        Ok(said)
    } else {
        Err(format!("{}{}", said.stdout, said.stderr))
    }
}

fn said(output: &std::process::Output) -> Output {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Output {
        succeeded: output.status.success(),
        stdout: text(&output.stdout),
        stderr: text(&output.stderr),
    }
}

/// Cargo's target folder.
pub(super) fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../target"),
        PathBuf::from,
    )
}
