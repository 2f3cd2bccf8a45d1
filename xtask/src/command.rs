//! Running other programs: each failure names the command and what mends it.

use std::path::Path;
use std::process::{Command, Stdio};

/// A program with its arguments, run in the workspace's root.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    pub(crate) name: &'static str,
    pub(crate) program: String,
    pub(crate) arguments: Vec<String>,
    pub(crate) environment: Vec<(&'static str, String)>,
    /// What to do where it fails.
    pub(crate) remedy: &'static str,
}

impl Step {
    pub(crate) fn new(name: &'static str, line: &str, remedy: &'static str) -> Self {
        let mut words = line.split_whitespace().map(str::to_owned);
        Self {
            name,
            program: words.next().unwrap_or_default(),
            arguments: words.collect(),
            environment: Vec::new(),
            remedy,
        }
    }

    pub(crate) fn with_env(self, key: &'static str, value: &'static str) -> Self {
        self.with(key, value.to_owned())
    }

    pub(crate) fn with(mut self, key: &'static str, value: String) -> Self {
        self.environment.push((key, value));
        self
    }

    pub(crate) fn line(&self) -> String {
        format!("{} {}", self.program, self.arguments.join(" "))
    }

    /// Runs it with our own output.
    pub(crate) fn run(&self, root: &Path) -> Result<(), String> {
        let status = self
            .command(root)
            .stdin(Stdio::null())
            .status()
            .map_err(|error| {
                format!("`{}` did not start: {error}; {}", self.line(), self.remedy)
            })?;
        if status.success() {
            Ok(())
        } else {
            Err(format!(
                "`{}` failed ({status}); {}",
                self.line(),
                self.remedy
            ))
        }
    }

    /// Runs it and answers what it printed.
    pub(crate) fn output(&self, root: &Path) -> Result<String, String> {
        let output = self
            .command(root)
            .stdin(Stdio::null())
            .stderr(Stdio::inherit())
            .output()
            .map_err(|error| {
                format!("`{}` did not start: {error}; {}", self.line(), self.remedy)
            })?;
        if !output.status.success() {
            return Err(format!(
                "`{}` failed ({}); {}",
                self.line(),
                output.status,
                self.remedy
            ));
        }
        String::from_utf8(output.stdout)
            .map_err(|error| format!("`{}` printed no text: {error}", self.line()))
    }

    fn command(&self, root: &Path) -> Command {
        let mut command = Command::new(&self.program);
        command
            .args(&self.arguments)
            .envs(self.environment.iter().map(|(key, value)| (key, value)))
            .current_dir(root);
        command
    }
}
