//! What is told while something goes on: on standard error, so that standard output stays the answer.

use std::collections::HashMap;
use std::io::{IsTerminal as _, Write as _};
use std::sync::{Mutex, PoisonError};

/// How far transfers are, as one line that is written over.
#[derive(Debug)]
pub(crate) struct Progress {
    /// The percent last shown of each.
    shown: Mutex<HashMap<String, u64>>,
}

impl Progress {
    /// Where a person looks on; a log wants none of it.
    pub(crate) fn start() -> Option<Self> {
        std::io::stderr().is_terminal().then(|| Self {
            shown: Mutex::default(),
        })
    }

    pub(crate) fn show(&self, name: &str, done: u64, total: u64) {
        let percent = done.saturating_mul(100).checked_div(total).unwrap_or(100);
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        if shown.insert(name.to_owned(), percent) == Some(percent) {
            return;
        }
        let end = if done == total { "\n" } else { "" };
        say(&format!("\r\u{1b}[K{name} {percent}%{end}"));
    }
}

/// Says something beside the answer.
pub(crate) fn say(text: &str) {
    // Where nobody listens, nobody misses it.
    let _ = std::io::stderr().write_all(text.as_bytes());
}
