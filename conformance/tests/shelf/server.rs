//! The shelf as a child process, ended with the test.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

/// A running shelf.
pub(crate) struct Shelf {
    child: Child,
    base_url: String,
}

impl Shelf {
    /// Starts it with one violation, or `none`.
    pub(crate) fn start(violation: &str) -> Self {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/shelf/server.py");
        let mut child = Command::new("python3")
            .args([script, "--violation", violation])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let base_url = format!("http://127.0.0.1:{}", line.trim());
        Self { child, base_url }
    }

    pub(crate) fn base_url(&self) -> &str {
        &self.base_url
    }
}

impl Drop for Shelf {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to end.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The variables that the actors' file names.
pub(crate) fn environment(name: &str) -> Option<String> {
    let value = match name {
        "SHELF_ADA_PASSWORD" => "ada-has-a-long-password",
        "SHELF_BOB_PASSWORD" => "bob-has-a-long-password",
        "SHELF_EVE_TOKEN" => "token-of-eve-19e6f2ab83",
        _ => return None,
    };
    Some(value.to_owned())
}
