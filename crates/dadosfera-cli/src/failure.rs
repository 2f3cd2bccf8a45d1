//! How the command ends when it fails: one line on standard error, and an exit code for scripts.

use std::io::Write as _;
use std::process::ExitCode;

use dadosfera::{Error, ErrorKind};

/// Why the command failed.
#[derive(Debug)]
pub(crate) struct Failure {
    message: String,
    code: u8,
}

const REFUSED: u8 = 1;
const USAGE: u8 = 2;
const RUN_FAILED: u8 = 3;
const WAIT_TIMEOUT: u8 = 4;
const DIFFERS: u8 = 5;

impl Failure {
    /// Wrong usage or configuration.
    pub(crate) fn usage(message: String) -> Self {
        Self {
            message,
            code: USAGE,
        }
    }

    /// Something did not come off, and all that is to be said about it.
    pub(crate) const fn refused(message: String) -> Self {
        Self {
            message,
            code: REFUSED,
        }
    }

    /// Something differs: an answer, and no failure. It has been shown.
    pub(crate) const fn differs() -> Self {
        Self {
            message: String::new(),
            code: DIFFERS,
        }
    }

    /// Says it and answers the exit code.
    pub(crate) fn tell(&self) -> ExitCode {
        if self.message.is_empty() {
            return ExitCode::from(self.code);
        }
        // Nobody is left to tell if even this fails.
        let _ = writeln!(std::io::stderr(), "error: {}", self.message);
        ExitCode::from(self.code)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let code = match error.kind() {
            ErrorKind::Config | ErrorKind::InvalidInput | ErrorKind::File => USAGE,
            ErrorKind::RunFailed => RUN_FAILED,
            ErrorKind::WaitTimeout => WAIT_TIMEOUT,
            _ => REFUSED,
        };
        let mut message = error.to_string();
        if let Some(trace) = error.trace().filter(|trace| !message.contains(trace)) {
            message.push_str("\ntrace: ");
            message.push_str(trace);
        }
        Self { message, code }
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self {
            message: format!("cannot write: {error}"),
            code: REFUSED,
        }
    }
}

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Self {
        Self {
            message: format!("cannot write JSON: {error}"),
            code: REFUSED,
        }
    }
}
