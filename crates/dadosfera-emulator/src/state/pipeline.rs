//! One pipeline: its schedule, its pauses, and how its runs start and end.
//!
//! Rules: at most one run is under way and further executions wait; a paused pipeline lets its run finish and starts
//! nothing until unpaused, while what waits goes on waiting and what its schedule would have started is skipped.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use crate::mutations::{Mutation, Mutations};
use crate::state::chance::Chance;
use crate::state::ids;
use crate::state::jobs::{DEFAULT_MEMORY_MB, Job, JobStatus, NewJob};
use crate::state::runs::{Run, RunStatus, Runs, Trigger};
use crate::state::schedule::Schedule;

/// A pipeline with its jobs and runs.
#[derive(Debug, Clone)]
pub(crate) struct Pipeline {
    pub(crate) number: i64,
    pub(crate) id: String,
    pub(crate) customer_id: String,
    /// The user name of who made it.
    pub(crate) user_id: String,
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    pub(crate) cron: Option<String>,
    pub(crate) paused: bool,
    pub(crate) memory_mb: i64,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) updated_at: DateTime<Utc>,
    pub(crate) jobs: Vec<Job>,
    pub(crate) runs: Runs,
    schedule: Schedule,
    next_fire: Option<DateTime<Utc>>,
}

/// A pipeline as it is asked for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct NewPipeline {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    pub(crate) cron: Option<String>,
    pub(crate) jobs: Vec<NewJob>,
}

/// What to change of a pipeline; the inner option is the API's null.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct PipelineChanges {
    pub(crate) name: Option<String>,
    pub(crate) description: Option<Option<String>>,
    pub(crate) cron: Option<Option<String>>,
}

/// Who asks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Owner<'a> {
    pub(crate) customer_id: &'a str,
    pub(crate) username: &'a str,
}

/// How runs go.
#[derive(Debug, Clone)]
pub(crate) struct RunRules {
    pub(crate) duration: TimeDelta,
    /// Source tables whose extraction fails, with the trace that it leaves.
    pub(crate) failing_tables: BTreeMap<String, String>,
    pub(crate) mutations: Mutations,
}

/// The numbers of a customer, so that no customer sees how busy another is.
#[derive(Debug, Clone, Default)]
pub(crate) struct Counters {
    pub(crate) pipelines: i64,
    pub(crate) jobs: i64,
    pub(crate) runs: i64,
}

/// What happens by itself; at the same instant a run ends before a schedule fires.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Event {
    RunEnds,
    ScheduleFires,
}

impl Pipeline {
    /// One without a schedule that has never run.
    pub(crate) fn new(
        number: i64,
        id: String,
        owner: Owner<'_>,
        asked: NewPipeline,
        jobs: Vec<Job>,
        now: DateTime<Utc>,
    ) -> Self {
        Self {
            number,
            id,
            customer_id: owner.customer_id.to_owned(),
            user_id: owner.username.to_owned(),
            name: asked.name,
            description: asked.description,
            cron: asked.cron,
            paused: false,
            memory_mb: DEFAULT_MEMORY_MB,
            created_at: now,
            updated_at: now,
            jobs,
            runs: Runs::default(),
            schedule: Schedule::Manual,
            next_fire: None,
        }
    }

    /// CREATED until it runs, then what became of its latest run.
    pub(crate) fn last_status(&self) -> &'static str {
        self.runs
            .latest()
            .map_or("CREATED", |run| run.status.as_str())
    }

    pub(crate) fn state(&self) -> &'static str {
        if self.paused {
            "paused"
        } else if self.last_status() == RunStatus::Failed.as_str() {
            "error"
        } else {
            "active"
        }
    }

    pub(crate) fn set_schedule(&mut self, schedule: Schedule, now: DateTime<Utc>) {
        if matches!(schedule, Schedule::Once) {
            self.runs.enqueue(Trigger::Schedule);
        }
        self.next_fire = if self.paused {
            None
        } else {
            schedule.next_after(now)
        };
        self.schedule = schedule;
    }

    pub(crate) fn next_event(&self) -> Option<(DateTime<Utc>, Event)> {
        let ends = self.runs.ends_at().map(|at| (at, Event::RunEnds));
        let fires = self.next_fire.map(|at| (at, Event::ScheduleFires));
        ends.into_iter().chain(fires).min()
    }

    pub(crate) fn start_next(
        &mut self,
        at: DateTime<Utc>,
        chance: &mut Chance,
        rules: &RunRules,
        counters: &mut Counters,
    ) {
        if self.paused || self.runs.next_to_start().is_none() {
            return;
        }
        counters.runs += 1;
        let failures = self
            .jobs
            .iter()
            .map(|job| rules.failing_tables.get(job.source_name()).cloned())
            .collect();
        for job in &mut self.jobs {
            job.status = JobStatus::Running;
        }
        let run = Run {
            number: counters.runs,
            id: ids::underscored(chance.uuid()),
            status: RunStatus::Running,
            created_at: at,
            updated_at: at,
            trace: None,
        };
        let duration = if rules.mutations.has(Mutation::RunsNeverEnd) {
            TimeDelta::MAX
        } else {
            rules.duration
        };
        if rules.mutations.has(Mutation::RunGoesBack) {
            self.runs.reopen_latest();
        }
        let ends_at = at
            .checked_add_signed(duration)
            .unwrap_or(DateTime::<Utc>::MAX_UTC);
        self.runs.start(run, ends_at, failures);
    }

    /// Lets an event happen; a schedule looks for its next time from `from` on.
    pub(crate) fn happen(&mut self, event: Event, from: DateTime<Utc>) {
        match event {
            Event::RunEnds => self.end_run(),
            Event::ScheduleFires => {
                self.next_fire = self.schedule.next_after(from);
                self.runs.enqueue(Trigger::Schedule);
            }
        }
    }

    /// Stops schedule and executions; the run under way goes on.
    pub(crate) fn pause(&mut self, now: DateTime<Utc>) {
        self.paused = true;
        self.next_fire = None;
        self.updated_at = now;
    }

    /// Starts the schedule anew, from `now`.
    pub(crate) fn unpause(&mut self, now: DateTime<Utc>) {
        self.paused = false;
        self.next_fire = self.schedule.next_after(now);
        self.updated_at = now;
    }

    fn end_run(&mut self) {
        let Some(ended) = self.runs.end() else { return };
        for (job, failure) in self.jobs.iter_mut().zip(&ended.failures) {
            job.finish(failure.is_none(), ended.started_at);
        }
    }
}
