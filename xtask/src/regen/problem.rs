//! What is wrong with a description: where, what, and what to do about it.

use std::fmt;

/// One thing that stops a regen. Several are collected before they are shown.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Problem {
    /// The place, as a person would say it: `get_pipeline, parameter pipelineId`.
    pub(crate) place: String,
    /// What is wrong there.
    pub(crate) what: String,
    /// What to do next.
    pub(crate) remedy: String,
}

impl Problem {
    pub(crate) fn new(
        place: impl Into<String>,
        what: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self {
            place: place.into(),
            what: what.into(),
            remedy: remedy.into(),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}; {}", self.place, self.what, self.remedy)
    }
}

/// Joins problems into one message, a line each, sorted and without repeats.
pub(crate) fn listed(heading: &str, mut problems: Vec<Problem>) -> String {
    problems.sort();
    problems.dedup();
    let mut text = format!("{heading} ({} found)", problems.len());
    for problem in problems {
        text.push_str(&format!("\n  {problem}"));
    }
    text
}
