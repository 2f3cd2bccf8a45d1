//! The command `conformance check`: any OpenAPI 3.0 document against any host, without a word of Maestro.

use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use clap::Args;

use crate::engine::Ledger;
use crate::explore::{
    Actor, Actors, CHECKS, Effort, Ending, Expected, Keeping, Limits, Scheme, Settings, clean,
    explore,
};
use crate::report::{Output, View, Written, to_screen};

/// Who speaks.
#[derive(Debug, Args)]
pub struct Speakers {
    /// How the token of $TOKEN is shown: bearer, bare or header:NAME.
    #[arg(long, value_name = "HOW", conflicts_with = "actors")]
    sign: Option<Scheme>,
    /// The variable that holds the token.
    #[arg(long, value_name = "NAME", default_value = "TOKEN")]
    token_env: String,
    /// The variable that holds the token of another tenant, which must not see what the first makes.
    #[arg(long, value_name = "NAME", requires = "sign")]
    other_token_env: Option<String>,
    /// A TOML or YAML file of actors, each with a tenant, scopes and the steps of its sign-in.
    #[arg(long, value_name = "FILE")]
    actors: Option<PathBuf>,
}

/// What `check` takes.
#[derive(Debug, Args)]
pub struct CheckArguments {
    /// The OpenAPI 3.0 document, YAML or JSON.
    #[arg(long, value_name = "FILE")]
    document: PathBuf,
    /// Where the host is; its paths are appended.
    #[arg(long, value_name = "URL")]
    base_url: String,
    #[command(flatten)]
    speakers: Speakers,
    /// Let the run write on a host that is not this machine; what it makes is deleted again.
    #[arg(long)]
    write: bool,
    /// Where what is made on a host that is not this machine is noted, so that `conformance clean` finds it after a crash;
    /// conformance-ledger.jsonl unless given. On this machine there is one only where it is given.
    #[arg(long, value_name = "FILE", verbatim_doc_comment)]
    ledger: Option<PathBuf>,
    /// What the names of all that is made there begin with.
    #[arg(long, value_name = "TEXT", default_value = "conformance-")]
    prefix: String,
    /// Decides every random value.
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// Random bodies for each operation, after the boundaries.
    #[arg(long, value_name = "N", default_value_t = 8)]
    examples: usize,
    /// Random sequences.
    #[arg(long, value_name = "N", default_value_t = 20)]
    sequences: usize,
    /// Steps in a sequence.
    #[arg(long, value_name = "N", default_value_t = 16)]
    steps: usize,
    /// Bytes of an oversize body; 0 for none.
    #[arg(long, value_name = "N", default_value_t = 2 << 20)]
    oversize: usize,
    /// Performances that may be spent on shortening one finding; 16 is kind to a shared host.
    #[arg(long, value_name = "N", default_value_t = 64)]
    shrink: usize,
    /// Requests at most.
    #[arg(long, value_name = "N", default_value_t = 20_000)]
    max_requests: usize,
    /// Requests a second at most.
    #[arg(long, value_name = "N")]
    rate: Option<NonZeroU32>,
    /// Seconds at most.
    #[arg(long, value_name = "N", default_value_t = 600)]
    max_seconds: u64,
    /// Seconds that one request may take.
    #[arg(long, value_name = "N", default_value_t = 10)]
    timeout: u64,
    /// Failures that are known: a TOML file of [[expected]] entries with reasons.
    #[arg(long, value_name = "FILE")]
    expected_failures: Option<PathBuf>,
    /// Only the scenario of this finding, as reports print it; give its seed too.
    #[arg(long, value_name = "FINDING")]
    replay: Option<String>,
    /// Stop as soon as a finding of this rule is confirmed.
    #[arg(long, value_name = "RULE")]
    until: Option<String>,
    /// Also write a report: html, json, junit, sarif, har or summary (Markdown, appended). May be given again.
    #[arg(long = "report", value_name = "KIND=FILE")]
    reports: Vec<Output>,
}

/// Runs `check`; the exit code, or why it did not begin and the exit code of that.
///
/// # Errors
/// With a message, and 2 for usage or 4 for the document.
pub async fn check(arguments: CheckArguments) -> Result<u8, (String, u8)> {
    let usage = |why: String| (why, 2);
    let document = read(&arguments.document).map_err(usage)?;
    let settings = arguments.settings(document).map_err(usage)?;
    let began = chrono::Utc::now();
    let explored = explore(&settings, &|name| std::env::var(name).ok())
        .await
        .map_err(|error| {
            let code = error.code();
            let place = if code == 4 {
                format!("{}: ", arguments.document.display())
            } else {
                String::new()
            };
            (format!("{place}{error}"), code)
        })?;
    let view = View::from(&explored);
    let with = Written {
        document: &settings.document,
        file: &arguments.document.to_string_lossy(),
        began,
    };
    crate::command::print(&explored.hide(&to_screen(&view))).map_err(usage)?;
    for report in &arguments.reports {
        report
            .write(&view, &with, &|text| explored.hide(text))
            .map_err(usage)?;
    }
    Ok(explored.ending.code())
}

/// Removes what the ledger of a `check` says is left; the exit code: 0 nothing is, 3 something is.
///
/// # Errors
/// With a message, and 2 for usage or 4 for the document.
pub async fn clean_check(
    ledger: Ledger,
    document: &Path,
    speakers: &Speakers,
) -> Result<u8, String> {
    let base_url = ledger.host().to_owned();
    let settings = Settings {
        document: read(document)?,
        base_url: base_url.clone(),
        actors: speakers.actors()?,
        effort: Effort {
            seed: 0,
            examples: 0,
            sequences: 0,
            steps: 0,
            oversize: 0,
        },
        limits: Limits {
            requests: usize::MAX,
            time: Duration::MAX,
            timeout: Duration::from_secs(30),
            per_second: None,
            writes: true,
        },
        shrink: 0,
        only: None,
        until: None,
        expected: Vec::new(),
        keeping: Some(Keeping {
            ledger: Arc::new(Mutex::new(ledger)),
            prefix: String::new(),
        }),
    };
    let swept = clean(&settings, &|name| std::env::var(name).ok())
        .await
        .map_err(|error| error.to_string())?;
    let left: String = swept
        .left
        .iter()
        .map(|it| format!("left: {it}\n"))
        .collect();
    let (removed, count) = (swept.removed, swept.left.len());
    crate::command::print(&format!(
        "{base_url}: {removed} removed, {count} left\n{left}"
    ))?;
    Ok(if count == 0 {
        0
    } else {
        Ending::Incomplete.code()
    })
}

/// The catalogue of checks, as text.
#[must_use]
pub fn catalogue() -> String {
    CHECKS
        .iter()
        .map(|check| format!("{}\n  {}\n  {}\n", check.code, check.says, check.source))
        .collect()
}

impl CheckArguments {
    fn settings(&self, document: String) -> Result<Settings, String> {
        let expected = match &self.expected_failures {
            Some(file) => Expected::parse(&read(file)?).map_err(|error| error.to_string())?,
            None => Vec::new(),
        };
        let ours = is_this_machine(&self.base_url);
        let keeping = self.keeping(ours)?;
        let only = match &self.replay {
            Some(finding) => Some(scenario_of(finding)?),
            None => None,
        };
        Ok(Settings {
            document,
            base_url: self.base_url.clone(),
            actors: self.who()?,
            effort: Effort {
                seed: self.seed,
                examples: self.examples,
                sequences: self.sequences,
                steps: self.steps,
                oversize: self.oversize,
            },
            limits: Limits {
                requests: self.max_requests,
                time: Duration::from_secs(self.max_seconds),
                timeout: Duration::from_secs(self.timeout.max(1)),
                per_second: self.rate,
                writes: self.write || ours,
            },
            shrink: self.shrink,
            only,
            until: self.until.clone(),
            expected,
            keeping,
        })
    }

    /// What keeps a host that others use safe.
    fn keeping(&self, ours: bool) -> Result<Option<Keeping>, String> {
        let standard = PathBuf::from("conformance-ledger.jsonl");
        let file = match &self.ledger {
            Some(file) => file,
            None if self.write && !ours => &standard,
            None => return Ok(None),
        };
        if self.prefix.trim().is_empty() {
            return Err("--prefix must not be empty: it tells what is ours".to_owned());
        }
        let run = format!("check {}", self.seed);
        let ledger = Ledger::begin(file, self.base_url.trim_end_matches('/'), &run)
            .map_err(|error| error.to_string())?;
        if !ledger.is_clean() {
            let file = file.display();
            return Err(format!(
                "{file} says that an earlier run left something; run `conformance clean --ledger {file}` with the same --document and actors first"
            ));
        }
        Ok(Some(Keeping {
            ledger: Arc::new(Mutex::new(ledger)),
            prefix: self.prefix.clone(),
        }))
    }

    fn who(&self) -> Result<Actors, String> {
        self.speakers.actors()
    }
}

impl Speakers {
    fn actors(&self) -> Result<Actors, String> {
        if let Some(file) = &self.actors {
            let is_toml = file
                .extension()
                .is_some_and(|extension| extension == "toml");
            return Actors::parse(&read(file)?, is_toml).map_err(|error| error.to_string());
        }
        let Some(sign) = &self.sign else {
            return Ok(Actors::default());
        };
        let actor = |name: &str, variable: &str| Actor {
            name: name.to_owned(),
            tenant: name.to_owned(),
            scopes: None,
            sign: sign.clone(),
            token: Some(format!("${{{variable}}}")),
            steps: Vec::new(),
        };
        let mut actors = vec![actor("first", &self.token_env)];
        actors.extend(
            self.other_token_env
                .as_ref()
                .map(|variable| actor("other", variable)),
        );
        Ok(Actors { actors })
    }
}

/// The scenario of a finding, as reports print it.
pub(crate) fn scenario_of(finding: &str) -> Result<String, String> {
    let (_, scenario) = finding.split_once('@').ok_or_else(|| {
        format!("{finding:?} names no finding: RULE@SCENARIO, as reports print it")
    })?;
    Ok(scenario.to_owned())
}

/// Whether a host is this machine: what is written there is nobody else's.
fn is_this_machine(base_url: &str) -> bool {
    reqwest::Url::parse(base_url).is_ok_and(|url| match url.host_str() {
        Some("localhost" | "[::1]") => true,
        Some(host) => host
            .parse::<std::net::Ipv4Addr>()
            .is_ok_and(|address| address.is_loopback()),
        None => false,
    })
}

fn read(path: &Path) -> Result<String, String> {
    std::fs::read_to_string(path)
        .map_err(|error| format!("cannot read {}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_written_on_without_leave() {
        for ours in ["http://localhost:1/x", "http://127.0.0.1", "http://[::1]:2"] {
            assert!(is_this_machine(ours), "{ours}");
        }
        for other in [
            "https://example.com",
            "http://127.0.0.1.example.com",
            "http://10.0.0.1",
            "nonsense",
        ] {
            assert!(!is_this_machine(other), "{other}");
        }
    }
}
