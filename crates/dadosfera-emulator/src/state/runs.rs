//! The runs of one pipeline: at most one under way, the others wait their turn.
//!
//! RUNNING → SUCCESS or FAILED, after the run's duration. A run reads what its jobs say when it starts. An execution
//! that waits has no run yet: the run appears when it starts.

use std::collections::VecDeque;

use chrono::{DateTime, Utc};

/// Older runs are forgotten, so that a clock that moves by years does not fill the memory.
const REMEMBERED: usize = 1000;

/// One run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) number: i64,
    pub(crate) id: String,
    pub(crate) status: RunStatus,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) updated_at: DateTime<Utc>,
    /// Why it failed.
    pub(crate) trace: Option<String>,
}

/// Where a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RunStatus {
    Running,
    Success,
    Failed,
}

/// What asked for an execution.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trigger {
    Manual,
    Schedule,
}

/// The runs of a pipeline, and the executions that wait.
#[derive(Debug, Clone, Default)]
pub(crate) struct Runs {
    newest_last: VecDeque<Run>,
    under_way: Option<UnderWay>,
    waiting: VecDeque<Trigger>,
}

/// The run that is RUNNING: the newest.
#[derive(Debug, Clone)]
struct UnderWay {
    ends_at: DateTime<Utc>,
    /// For each job, why it will fail, if it will.
    failures: Vec<Option<String>>,
}

/// A run that ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ended {
    pub(crate) started_at: DateTime<Utc>,
    /// For each job, why it failed, if it did.
    pub(crate) failures: Vec<Option<String>>,
}

impl RunStatus {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Running => "RUNNING",
            Self::Success => "SUCCESS",
            Self::Failed => "FAILED",
        }
    }
}

impl Runs {
    pub(crate) fn newest_first(&self) -> impl Iterator<Item = &Run> {
        self.newest_last.iter().rev()
    }

    pub(crate) fn latest(&self) -> Option<&Run> {
        self.newest_last.back()
    }

    /// The run with this canonical id.
    pub(crate) fn get(&self, id: &str) -> Option<&Run> {
        self.newest_last.iter().find(|run| run.id == id)
    }

    /// When the run under way ends.
    pub(crate) fn ends_at(&self) -> Option<DateTime<Utc>> {
        self.under_way.as_ref().map(|run| run.ends_at)
    }

    /// Puts an execution in line; a schedule does not wait twice.
    pub(crate) fn enqueue(&mut self, trigger: Trigger) {
        if trigger == Trigger::Manual || !self.waiting.contains(&Trigger::Schedule) {
            self.waiting.push_back(trigger);
        }
    }

    /// Takes the next execution out of the line, if none is under way.
    pub(crate) fn next_to_start(&mut self) -> Option<Trigger> {
        match self.under_way {
            None => self.waiting.pop_front(),
            Some(_) => None,
        }
    }

    /// Lets the latest run be RUNNING again, which only a mutation does.
    pub(crate) fn reopen_latest(&mut self) {
        if let Some(run) = self.newest_last.back_mut() {
            run.status = RunStatus::Running;
        }
    }

    /// Lets nothing wait any longer, which only a mutation does.
    pub(crate) fn forget_waiting(&mut self) {
        self.waiting.clear();
    }

    /// Starts a run.
    pub(crate) fn start(
        &mut self,
        run: Run,
        ends_at: DateTime<Utc>,
        failures: Vec<Option<String>>,
    ) {
        if self.newest_last.len() == REMEMBERED {
            self.newest_last.pop_front();
        }
        self.newest_last.push_back(run);
        self.under_way = Some(UnderWay { ends_at, failures });
    }

    /// Whether a job of the run under way is to fail.
    pub(crate) fn will_fail(&self) -> bool {
        let failures = self.under_way.iter().flat_map(|run| &run.failures);
        failures.flatten().next().is_some()
    }

    /// Lets a job of the run under way fail.
    pub(crate) fn fail(&mut self, job: usize, trace: String) {
        let failures = self.under_way.as_mut().map(|run| &mut run.failures);
        if let Some(failure) = failures.and_then(|failures| failures.get_mut(job)) {
            failure.get_or_insert(trace);
        }
    }

    /// Ends the run under way.
    pub(crate) fn end(&mut self) -> Option<Ended> {
        let UnderWay { ends_at, failures } = self.under_way.take()?;
        let run = self.newest_last.back_mut()?;
        run.trace = failures.iter().flatten().next().cloned();
        run.status = if run.trace.is_some() {
            RunStatus::Failed
        } else {
            RunStatus::Success
        };
        run.updated_at = ends_at;
        Some(Ended {
            started_at: run.created_at,
            failures,
        })
    }
}
