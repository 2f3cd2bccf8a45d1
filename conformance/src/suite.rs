//! One run: the laws that were asked for, tried one after another, and what came of it.

use std::fmt;
use std::sync::Arc;

use crate::engine::{
    Code, Contract, Document, DocumentError, Finding, OperationRow, Severity, Shared, Spent, Taint,
};
use crate::laws::{self, Law};
use crate::live::{NEVER, Swept};
use crate::people::Actor;
use crate::session::Session;
use crate::stage::{Stage, Stop};
use crate::target::Target;

/// The description that is checked against unless another is given.
pub const DESCRIPTION: &str = include_str!("../../openapi/maestro.yaml");

/// What to run.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Against what.
    pub target: Target,
    /// Decides every id.
    pub seed: u64,
    /// Only laws whose name contains this.
    pub filter: Option<String>,
}

/// A run that has not begun.
#[derive(Debug)]
pub struct Suite {
    shared: Arc<Shared>,
    taint: Arc<Taint>,
    settings: Settings,
    sessions: Arc<tokio::sync::Mutex<std::collections::BTreeMap<Actor, Session>>>,
}

/// What became of a law.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// Every check held.
    Kept,
    /// A check did not hold.
    Broken,
    /// It cannot be tried on this target; why.
    NotApplicable(String),
    /// It was not tried to its end; why.
    Incomplete(String),
}

/// A law's row of the report.
#[derive(Debug, Clone)]
pub struct LawRow {
    /// The law.
    pub law: &'static Law,
    /// What became of it.
    pub verdict: Verdict,
    /// How many checks were made.
    pub checks: usize,
}

/// What came of a run. It holds no secret.
#[derive(Debug, Clone)]
pub struct Report {
    /// What the run was about.
    pub target: String,
    /// Whether it was an emulator.
    pub on_emulator: bool,
    /// Whether it could write.
    pub may_write: bool,
    /// Its seed.
    pub seed: u64,
    /// The filter, if only some laws were tried.
    pub filter: Option<String>,
    /// Every operation of the document: its id, its method, and what was done with it.
    pub operations: Vec<(String, String, OperationRow)>,
    /// Every law that was asked for.
    pub laws: Vec<LawRow>,
    /// What was found.
    pub findings: Vec<Finding>,
    /// How many requests were sent.
    pub requests: usize,
    /// Why it stopped before its end.
    pub stopped: Option<Spent>,
}

/// How a run ends: the exit code of the command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// Everything asked for was tried and holds.
    Clean,
    /// Something does not hold.
    Found,
    /// Something was not tried, so nothing is proven.
    Incomplete,
    /// The server answered 429 again and again, so the run stopped.
    Throttled,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kept => f.write_str("kept"),
            Self::Broken => f.write_str("BROKEN"),
            Self::NotApplicable(why) => write!(f, "not applicable: {why}"),
            Self::Incomplete(why) => write!(f, "incomplete: {why}"),
        }
    }
}

impl Suite {
    /// Prepares a run against a description.
    ///
    /// # Errors
    /// Where the description is none.
    pub fn new(description: &str, settings: Settings) -> Result<Self, DocumentError> {
        let contract = Contract::new(Document::parse(description)?);
        Ok(Self::of(Arc::new(contract), settings))
    }

    /// Prepares a run against a contract that others use too.
    #[must_use]
    pub fn of(contract: Arc<Contract>, settings: Settings) -> Self {
        Self {
            shared: Arc::new(Shared::of(contract)),
            taint: Arc::default(),
            settings,
            sessions: Arc::default(),
        }
    }

    /// The same, and it notes what answers show beyond the description.
    #[must_use]
    pub fn watching_drift(mut self) -> Self {
        let contract = Arc::clone(&self.shared.contract);
        self.shared = Arc::new(Shared::of(contract).watching());
        self
    }

    /// What the run shares: its contract, its record, its secrets.
    #[must_use]
    pub fn shared(&self) -> &Shared {
        &self.shared
    }

    /// The laws that were asked for.
    pub fn laws(&self) -> impl Iterator<Item = &'static Law> {
        let filter = self.settings.filter.clone().unwrap_or_default();
        laws::all().filter(move |law| law.id.contains(&filter))
    }

    /// Tries every law that was asked for.
    pub async fn run(&self) -> Report {
        let mut rows = Vec::new();
        for law in self.laws() {
            let row = match self.stopped() {
                Some(why) => LawRow {
                    law,
                    verdict: Verdict::Incomplete(format!("not tried: {why}")),
                    checks: 0,
                },
                None => self.try_law(law).await,
            };
            rows.push(row);
        }
        self.report(rows)
    }

    /// Removes what the ledger of a live target says is left, without trying a law.
    ///
    /// # Errors
    /// Where it cannot be tried to its end; the reason.
    pub async fn clean(&self) -> Result<Swept, String> {
        let stage = self.stage("clean", Arc::clone(&self.taint));
        let swept = clean_up(&stage).await;
        swept.map_err(|stop| match stop {
            Stop::NotApplicable(why) | Stop::Incomplete(why) => self.taint.redact(&why),
            Stop::Broken => "nobody could sign in".to_owned(),
        })
    }

    fn stage(&self, law: &'static str, taint: Arc<Taint>) -> Stage {
        Stage::new(
            Arc::clone(&self.shared),
            taint,
            self.settings.target.clone(),
            Arc::clone(&self.sessions),
            law,
            self.settings.seed,
        )
    }

    fn stopped(&self) -> Option<Spent> {
        match &self.settings.target {
            Target::Live { pace, .. } => pace.spent(),
            Target::Emulator { .. } => None,
        }
    }

    /// Tries one law.
    pub async fn try_law(&self, law: &'static Law) -> LawRow {
        let target = &self.settings.target;
        if let Some(why) = law.obstacle(target) {
            return LawRow {
                law,
                verdict: Verdict::NotApplicable(why),
                checks: 0,
            };
        }
        // The secrets of one emulator are no secrets of the next, and looking for all of them everywhere takes its time.
        let taint = if target.is_emulator() {
            Arc::default()
        } else {
            Arc::clone(&self.taint)
        };
        let stage = self.stage(law.id, Arc::clone(&taint));
        let ended = (law.check)(&stage).await;
        let left = match target {
            Target::Live { write: true, .. } => clean_up(&stage)
                .await
                .and_then(|swept| nothing_left(&swept)),
            _ => Ok(()),
        };
        let (checks, breaches) = stage.tally();
        let verdict = match (ended, left) {
            _ if breaches > 0 => Verdict::Broken,
            (Err(Stop::Broken), _) => {
                Verdict::Incomplete("it ended early and found nothing".to_owned())
            }
            (Err(Stop::NotApplicable(why)), _) => Verdict::NotApplicable(why),
            (Err(Stop::Incomplete(why)), _) | (Ok(()), Err(Stop::Incomplete(why))) => {
                Verdict::Incomplete(why)
            }
            (Ok(()), Err(_)) => Verdict::Incomplete("it could not clean up".to_owned()),
            (Ok(()), Ok(())) if checks == 0 => Verdict::Incomplete("it checked nothing".to_owned()),
            (Ok(()), Ok(())) => Verdict::Kept,
        };
        LawRow {
            law,
            verdict: redacted(verdict, &taint),
            checks,
        }
    }

    /// What came of the run so far.
    #[must_use]
    pub fn report(&self, laws: Vec<LawRow>) -> Report {
        let document = self.shared.contract.document();
        let rows = self.shared.recorder.rows(document);
        let operations = document.operations().iter().zip(rows);
        Report {
            target: self.settings.target.to_string(),
            on_emulator: self.settings.target.is_emulator(),
            may_write: self.settings.target.may_write(),
            seed: self.settings.seed,
            filter: self.settings.filter.clone(),
            operations: operations
                .map(|(operation, (id, row))| (id, operation.method.clone(), row))
                .collect(),
            laws,
            findings: self.shared.recorder.findings(),
            requests: self.shared.recorder.requests(),
            stopped: self.stopped(),
        }
    }
}

fn redacted(verdict: Verdict, taint: &Taint) -> Verdict {
    match verdict {
        Verdict::NotApplicable(why) => Verdict::NotApplicable(taint.redact(&why)),
        Verdict::Incomplete(why) => Verdict::Incomplete(taint.redact(&why)),
        other => other,
    }
}

async fn clean_up(stage: &Stage) -> Result<Swept, Stop> {
    stage.world().await?.clean_up().await
}

fn nothing_left(swept: &Swept) -> Result<(), Stop> {
    if swept.left.is_empty() {
        return Ok(());
    }
    Err(Stop::Incomplete(format!(
        "left on the server: {}; `conformance clean` tries again",
        swept.left.join(", ")
    )))
}

impl Report {
    /// The operations that a full run of this kind must have called with success, and has not.
    #[must_use]
    pub fn not_covered(&self) -> Vec<&str> {
        if self.filter.is_some() {
            return Vec::new();
        }
        self.operations
            .iter()
            .filter(|(id, method, row)| self.may_send(id, method) && !row.succeeded)
            .map(|(id, _, _)| id.as_str())
            .collect()
    }

    /// Whether a run of this kind may send an operation.
    #[must_use]
    pub fn may_send(&self, id: &str, method: &str) -> bool {
        let possible = self.on_emulator || !NEVER.contains(&id);
        possible && (self.may_write || method == "GET" || crate::world::HARMLESS.contains(&id))
    }

    /// How many of the findings are errors.
    #[must_use]
    pub fn errors(&self) -> usize {
        self.findings
            .iter()
            .filter(|finding| finding.severity == Severity::Error)
            .count()
    }

    /// Why the run proves less than it was asked to; empty where it does not.
    #[must_use]
    pub fn gaps(&self) -> Vec<String> {
        let mut gaps = Vec::new();
        if let Some(why) = self.stopped {
            gaps.push(why.to_string());
        }
        if self.requests == 0 {
            gaps.push("nothing was executed".to_owned());
        }
        for id in self.not_covered() {
            gaps.push(format!("{id} was never called with success"));
        }
        for row in &self.laws {
            if let Verdict::Incomplete(why) = &row.verdict {
                gaps.push(format!("{}: {why}", row.law.id));
            }
        }
        gaps
    }

    /// How the run ends.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        // A server that does not answer has broken no rule: it could not be tried.
        let answered = |finding: &&Finding| {
            finding.severity == Severity::Error && finding.code != Code::NoAnswer
        };
        if let Some(Spent::Storm(_)) = self.stopped {
            Outcome::Throttled
        } else if self.findings.iter().any(|finding| answered(&finding)) {
            Outcome::Found
        } else if self.errors() == 0 && self.gaps().is_empty() {
            Outcome::Clean
        } else {
            Outcome::Incomplete
        }
    }
}

impl Outcome {
    /// The exit code.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Clean => 0,
            Self::Found => 1,
            Self::Incomplete => 3,
            Self::Throttled => 7,
        }
    }
}
