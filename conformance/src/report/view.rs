//! What a run says, as data: the one form from which every report is written. The README describes its JSON, version 2.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::engine::{Operation, Severity};
use crate::explore::{CHECKS, Constraint, Exploration, Found, Shown, Verdict};
use crate::suite::{Report, Verdict as LawVerdict};

/// The version of the JSON; a field that goes or changes its meaning makes a new one.
pub const VIEW_VERSION: u32 = 2;

/// A run, free of secrets.
#[derive(Debug, Clone, Serialize)]
pub struct View {
    /// [`VIEW_VERSION`].
    pub version: u32,
    /// The command: `check` or `run`.
    pub command: String,
    /// Where the host is, or `emulator`.
    pub target: String,
    /// The title of the document.
    pub document: String,
    /// What decided every random value.
    pub seed: u64,
    /// The options that decide what is tried, as they must be given again, each with a space before it.
    pub options: String,
    /// Who took part.
    pub actors: Vec<String>,
    /// How many requests were sent.
    pub requests: usize,
    /// How long it took; nothing where it was not measured.
    pub seconds: Option<f64>,
    /// The exit code.
    pub exit_code: u8,
    /// How it ended, in a word.
    pub ending: String,
    /// What it proves less than it was asked to.
    pub gaps: Vec<String>,
    /// Every rule, and how often it was looked at.
    pub rules: Vec<RuleView>,
    /// Every operation of the document.
    pub operations: Vec<OperationView>,
    /// Every constraint of every request, and whether it was kept and broken; empty for `run`.
    pub constraints: Vec<ConstraintView>,
    /// What was found, errors first.
    pub findings: Vec<FindingView>,
}

/// A rule.
#[derive(Debug, Clone, Serialize)]
pub struct RuleView {
    /// Its name.
    pub code: String,
    /// What it says.
    pub says: String,
    /// What it rests on.
    pub source: String,
    /// `error` or `warning`.
    pub severity: &'static str,
    /// How often it was looked at.
    pub looked: usize,
    /// How many findings it has.
    pub findings: usize,
    /// Why it was not tried; nothing where it was.
    pub not_tried: Option<String>,
}

/// An operation.
#[derive(Debug, Clone, Serialize)]
pub struct OperationView {
    /// Its id.
    pub id: String,
    /// Its method.
    pub method: String,
    /// Its path.
    pub path: String,
    /// How often it was called.
    pub called: usize,
    /// How long an answer took on the mean, in milliseconds; nothing where it was not measured.
    pub milliseconds: Option<f64>,
    /// The statuses that the document lists.
    pub listed: Vec<String>,
    /// The statuses that were seen, and how often.
    pub seen: BTreeMap<u16, usize>,
    /// For each rule how often it was looked at here.
    pub rules: BTreeMap<String, usize>,
}

/// A constraint of a request.
#[derive(Debug, Clone, Serialize)]
pub struct ConstraintView {
    /// The operation.
    pub operation: String,
    /// The place.
    pub place: String,
    /// The keyword.
    pub keyword: String,
    /// Whether a request at its edge was sent.
    pub kept: bool,
    /// Whether a request that breaks it alone was sent.
    pub broken: bool,
}

/// A finding.
#[derive(Debug, Clone, Serialize)]
pub struct FindingView {
    /// Its name, the same in every run: rule, operation, place.
    pub name: String,
    /// The rule.
    pub code: String,
    /// What the rule says.
    pub rule: String,
    /// What the rule rests on.
    pub source: String,
    /// `error` or `warning`.
    pub severity: &'static str,
    /// The operation.
    pub operation: String,
    /// The place.
    pub place: String,
    /// What was expected.
    pub expected: String,
    /// What came.
    pub got: String,
    /// Whether it came again.
    pub verdict: Verdict,
    /// Why it is expected; nothing where it is not.
    pub expected_because: Option<String>,
    /// How often it was found.
    pub count: usize,
    /// The shortest steps, in words.
    pub steps: Vec<String>,
    /// The same as data.
    pub steps_data: serde_json::Value,
    /// The requests of those steps.
    pub exchanges: Vec<Shown>,
    /// A curl line for the last request.
    pub curl: String,
    /// What `--replay` takes; for `run` the filter that tries just its law.
    pub replay: String,
}

impl View {
    /// How many findings fail the run.
    #[must_use]
    pub fn failing(&self) -> usize {
        self.findings
            .iter()
            .filter(|finding| finding.fails())
            .count()
    }

    /// The answers of the document that were seen, and all that it lists.
    #[must_use]
    pub fn answers(&self) -> (usize, usize) {
        let listed = self.operations.iter().flat_map(|operation| {
            operation
                .listed
                .iter()
                .map(move |status| (operation, status))
        });
        let (mut seen, mut all) = (0, 0);
        for (operation, status) in listed {
            all += 1;
            seen += usize::from(operation.seen.keys().any(|code| {
                status == &code.to_string()
                    || status == &format!("{}XX", code / 100)
                    || status == "default"
            }));
        }
        (seen, all)
    }

    /// The constraints that were kept, that were broken, and all.
    #[must_use]
    pub fn constraint_counts(&self) -> (usize, usize, usize) {
        let kept = self
            .constraints
            .iter()
            .filter(|constraint| constraint.kept)
            .count();
        let broken = self
            .constraints
            .iter()
            .filter(|constraint| constraint.broken)
            .count();
        (kept, broken, self.constraints.len())
    }
}

impl FindingView {
    /// Whether it fails the run.
    #[must_use]
    pub fn fails(&self) -> bool {
        self.severity == "error" && self.expected_because.is_none()
    }

    /// Whether it came again, in words.
    #[must_use]
    pub fn verdict_words(&self) -> String {
        match self.verdict {
            Verdict::Confirmed => "confirmed: it came again".to_owned(),
            Verdict::Flaky { seen, of } => format!("flaky: it came {seen} times of {of}"),
            Verdict::Once => "seen, not repeated".to_owned(),
        }
    }
}

fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Warning => "warning",
        Severity::Error => "error",
    }
}

impl From<&Exploration> for View {
    fn from(run: &Exploration) -> Self {
        let coverage = &run.coverage;
        let mut findings: Vec<FindingView> = run.found.iter().map(FindingView::from).collect();
        findings.sort_by_key(|finding| !finding.fails());
        let mut gaps = run.gaps.clone();
        gaps.extend(
            run.no_longer
                .iter()
                .map(|entry| format!("expected, and it does not happen any more: {entry}")),
        );
        let count = |code: &str| {
            run.found
                .iter()
                .filter(|found| found.check.code == code)
                .count()
        };
        Self {
            version: VIEW_VERSION,
            command: "check".to_owned(),
            target: run.base_url.clone(),
            document: run.document.root["info"]["title"]
                .as_str()
                .unwrap_or("untitled")
                .to_owned(),
            seed: run.seed,
            options: run.options.clone(),
            actors: run.actors.clone(),
            requests: run.requests,
            seconds: Some(run.took.as_secs_f64()),
            exit_code: run.ending.code(),
            ending: format!("{:?}", run.ending).to_lowercase(),
            gaps,
            rules: CHECKS
                .iter()
                .map(|check| RuleView {
                    code: check.code.to_owned(),
                    says: check.says.to_owned(),
                    source: check.source.to_owned(),
                    severity: word(check.severity),
                    looked: coverage.times(check.code),
                    findings: count(check.code),
                    not_tried: None,
                })
                .collect(),
            operations: run
                .document
                .operations()
                .iter()
                .map(|operation| operation_view(run, operation))
                .collect(),
            constraints: coverage
                .constraints(&run.document)
                .into_iter()
                .map(ConstraintView::from)
                .collect(),
            findings,
        }
    }
}

fn operation_view(run: &Exploration, operation: &Operation) -> OperationView {
    let coverage = &run.coverage;
    let (called, time) = coverage
        .calls
        .get(&operation.id)
        .copied()
        .unwrap_or_default();
    #[expect(clippy::cast_precision_loss, reason = "so many calls are not made")]
    let mean = (called > 0).then(|| time / called as f64);
    OperationView {
        id: operation.id.clone(),
        method: operation.method.clone(),
        path: operation.path.clone(),
        called,
        milliseconds: mean,
        listed: operation.responses.keys().cloned().collect(),
        seen: coverage
            .answers
            .iter()
            .filter(|((id, _), _)| *id == operation.id)
            .map(|((_, status), count)| (*status, *count))
            .collect(),
        rules: coverage
            .checks
            .iter()
            .filter(|((id, _), _)| *id == operation.id)
            .map(|((_, code), count)| ((*code).to_owned(), *count))
            .collect(),
    }
}

impl From<Constraint> for ConstraintView {
    fn from(constraint: Constraint) -> Self {
        let Constraint {
            operation,
            place,
            keyword,
            kept,
            broken,
        } = constraint;
        Self {
            operation,
            place,
            keyword,
            kept,
            broken,
        }
    }
}

impl From<&Found> for FindingView {
    fn from(found: &Found) -> Self {
        Self {
            name: found.name(),
            code: found.check.code.to_owned(),
            rule: found.check.says.to_owned(),
            source: found.check.source.to_owned(),
            severity: word(found.check.severity),
            operation: found.operation.clone(),
            place: found.place.clone(),
            expected: found.expected.clone(),
            got: found.got.clone(),
            verdict: found.verdict,
            expected_because: found.expected_because.clone(),
            count: found.count,
            steps: found.words.clone(),
            steps_data: serde_json::to_value(&found.steps).unwrap_or_default(),
            exchanges: found.exchanges.clone(),
            curl: found.curl.clone(),
            replay: found.replay(),
        }
    }
}

impl From<&Report> for View {
    fn from(report: &Report) -> Self {
        let mut findings: Vec<FindingView> = report
            .findings
            .iter()
            .map(|finding| law_finding(report, finding))
            .collect();
        findings.sort_by_key(|finding| !finding.fails());
        Self {
            version: VIEW_VERSION,
            command: "run".to_owned(),
            target: report.target.clone(),
            document: "the Maestro API".to_owned(),
            seed: report.seed,
            options: String::new(),
            actors: Vec::new(),
            requests: report.requests,
            seconds: None,
            exit_code: report.outcome().code(),
            ending: format!("{:?}", report.outcome()).to_lowercase(),
            gaps: report.gaps(),
            rules: report
                .laws
                .iter()
                .map(|row| RuleView {
                    code: row.law.id.to_owned(),
                    says: row.law.says.to_owned(),
                    source: row.law.source.to_owned(),
                    severity: "error",
                    looked: row.checks,
                    findings: report
                        .findings
                        .iter()
                        .filter(|finding| finding.law == row.law.id)
                        .count(),
                    not_tried: match &row.verdict {
                        LawVerdict::NotApplicable(why) | LawVerdict::Incomplete(why) => {
                            Some(why.clone())
                        }
                        LawVerdict::Kept | LawVerdict::Broken => None,
                    },
                })
                .collect(),
            operations: report
                .operations
                .iter()
                .map(|(id, method, row)| OperationView {
                    id: id.clone(),
                    method: method.clone(),
                    path: String::new(),
                    called: row.called,
                    milliseconds: None,
                    listed: Vec::new(),
                    seen: row.statuses.clone(),
                    rules: row.laws.iter().map(|law| (law.clone(), 1)).collect(),
                })
                .collect(),
            constraints: Vec::new(),
            findings,
        }
    }
}

fn law_finding(report: &Report, finding: &crate::engine::Finding) -> FindingView {
    let law = report
        .laws
        .iter()
        .map(|row| row.law)
        .find(|law| law.id == finding.law);
    FindingView {
        name: format!("{} {} {}", finding.code, finding.operation, finding.place)
            .trim_end()
            .to_owned(),
        code: finding.code.name().to_owned(),
        rule: crate::explore::check(finding.code.name())
            .map(|check| check.says)
            .or(law.map(|law| law.says))
            .unwrap_or_default()
            .to_owned(),
        source: law.map_or("the document", |law| law.source).to_owned(),
        severity: word(finding.severity),
        operation: finding.operation.clone(),
        place: finding.place.clone(),
        expected: finding.expected.clone(),
        got: finding.got.clone(),
        verdict: Verdict::Once,
        expected_because: None,
        count: finding.count,
        steps: Vec::new(),
        steps_data: serde_json::Value::Array(Vec::new()),
        exchanges: Vec::new(),
        curl: finding.curl.clone(),
        replay: finding.law.clone(),
    }
}
