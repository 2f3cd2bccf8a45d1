//! A finding that was repeated and shortened, free of secrets, with all that a report shows of it.

use serde::Serialize;

use super::checks::Check;
use super::scenario::Step;
use super::wire::Exchange;
use crate::engine::Taint;

/// How much of a value a finding shows.
const SHOWN: usize = 1200;

/// Something that is not as it should be.
#[derive(Debug, Clone)]
pub struct Found {
    /// The rule.
    pub check: &'static Check,
    /// The operation.
    pub operation: String,
    /// Where: a part of the answer, of the request, or of the document.
    pub place: String,
    /// What was expected.
    pub expected: String,
    /// What came.
    pub got: String,
    /// Whether it came again.
    pub verdict: Verdict,
    /// The scenario in which it was found first.
    pub scenario: String,
    /// The shortest steps that show it, as data.
    pub steps: Vec<Step>,
    /// The same in words.
    pub words: Vec<String>,
    /// The requests of those steps, and their answers.
    pub exchanges: Vec<Shown>,
    /// A curl line for the last request.
    pub curl: String,
    /// In how many scenarios it was found.
    pub count: usize,
    /// Why it is expected, where it is.
    pub expected_because: Option<String>,
}

/// Whether a finding came again when its scenario was repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "is")]
#[non_exhaustive]
pub enum Verdict {
    /// It came each time.
    Confirmed,
    /// It came some of the times.
    Flaky {
        /// How often it came.
        seen: usize,
        /// How often its scenario was performed.
        of: usize,
    },
    /// It was not repeated: drift is only noted, and a host that went away cannot be asked again.
    Once,
}

/// A request and its answer, free of secrets.
#[derive(Debug, Clone, Serialize)]
pub struct Shown {
    /// The number of its step.
    pub step: usize,
    /// The operation; none for a path or a method that the document does not describe.
    pub operation: Option<String>,
    /// The method.
    pub method: String,
    /// The whole URL.
    pub url: String,
    /// The request's headers.
    pub request_headers: Vec<(String, String)>,
    /// The request's body.
    pub request_body: Option<String>,
    /// The status; none where no answer came.
    pub status: Option<u16>,
    /// The answer's headers.
    pub headers: Vec<(String, String)>,
    /// The answer's body, or why there is none.
    pub body: String,
    /// When it was sent, in milliseconds since the run began.
    pub began: f64,
    /// How many milliseconds it took.
    pub took: f64,
}

impl Found {
    /// Its name, which stays the same from run to run: rule, operation, place.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{} {} {}", self.check.code, self.operation, self.place)
            .trim_end()
            .to_owned()
    }

    /// What `--replay` takes: the rule and the scenario.
    #[must_use]
    pub fn replay(&self) -> String {
        format!("{}@{}", self.check.code, self.scenario)
    }

    /// Whether it fails a run.
    #[must_use]
    pub fn fails(&self) -> bool {
        self.check.severity == crate::engine::Severity::Error && self.expected_because.is_none()
    }
}

impl Shown {
    pub(crate) fn of(step: usize, exchange: &Exchange, base_url: &str, taint: &Taint) -> Self {
        let call = &exchange.call;
        let hidden = |headers: Vec<(String, String)>| {
            headers
                .into_iter()
                .map(|(name, value)| (name, taint.redact(&value)))
                .collect()
        };
        let url = call
            .url(base_url)
            .map_or_else(|| call.path.clone(), String::from);
        let (status, headers, body) = match &exchange.answer {
            Ok(answer) => {
                let headers = answer.headers.iter().map(|(name, value)| {
                    (
                        name.to_string(),
                        String::from_utf8_lossy(value.as_bytes()).into_owned(),
                    )
                });
                (
                    Some(answer.status),
                    hidden(headers.collect()),
                    answer.text(),
                )
            }
            Err(why) => (None, Vec::new(), why.clone()),
        };
        Self {
            step,
            operation: call.operation.clone(),
            method: call.method.clone(),
            url: taint.redact(&url),
            request_headers: hidden(
                call.headers
                    .iter()
                    .cloned()
                    .chain(call.sign.shown())
                    .collect(),
            ),
            request_body: call
                .body
                .as_ref()
                .map(|body| shorten(&taint.redact(&String::from_utf8_lossy(body)))),
            status,
            headers,
            body: shorten(&taint.redact(&body)),
            began: exchange.began,
            took: exchange.took,
        }
    }
}

pub(crate) fn shorten(text: &str) -> String {
    let mut short: String = text.chars().take(SHOWN).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}
