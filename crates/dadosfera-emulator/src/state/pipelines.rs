//! The pipelines of all customers: what may be done with them, and what they do by themselves as time passes.
//!
//! Rules: id and name are unique per customer; all jobs of a pipeline share one connector; events happen in the order
//! of time, whichever pipeline they belong to.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use crate::mutations::Mutation;
use crate::state::chance::Chance;
use crate::state::ids;
use crate::state::job_input;
use crate::state::jobs::{Job, NewJob};
use crate::state::pipeline::{
    Counters, Event, NewPipeline, Owner, Pipeline, PipelineChanges, RunRules,
};
use crate::state::runs::Trigger;
use crate::state::schedule::Schedule;
use crate::state::warehouse::Warehouse;

/// The most MB that a pipeline or a job can have.
pub(crate) const MAX_MEMORY_MB: i64 = 12_000;
/// How many times schedules may fire in one move of the clock; what is beyond is skipped, so that a year costs no minute.
const MAX_FIRES: usize = 10_000;

/// Why something was refused; nothing has changed then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refused {
    NotFound,
    Invalid(String),
    Taken(String),
    Paused,
    AlreadyPaused,
    NotPaused,
}

/// All pipelines.
#[derive(Debug)]
pub(crate) struct Pipelines {
    by_key: BTreeMap<Key, Pipeline>,
    counters: BTreeMap<String, Counters>,
    rules: RunRules,
}

/// Customer and canonical id.
type Key = (String, String);

impl Pipelines {
    pub(crate) fn new(rules: RunRules) -> Self {
        Self {
            by_key: BTreeMap::new(),
            counters: BTreeMap::new(),
            rules,
        }
    }

    /// A customer's pipelines, oldest first.
    pub(crate) fn list(&self, customer_id: &str) -> Vec<&Pipeline> {
        let all = self.has(Mutation::PipelinesOfAllAreListed);
        let mut pipelines: Vec<&Pipeline> = self
            .by_key
            .values()
            .filter(|pipeline| pipeline.customer_id == customer_id || all)
            .collect();
        pipelines.sort_by_key(|pipeline| pipeline.number);
        pipelines
    }

    pub(crate) fn get(&self, customer_id: &str, id: &str) -> Result<&Pipeline, Refused> {
        if self.has(Mutation::HyphensAreNotUnderstood) && id.contains('-') {
            return Err(Refused::NotFound);
        }
        if self.has(Mutation::ForeignPipelineIsRead) {
            return self.anybodys(id).ok_or(Refused::NotFound);
        }
        self.by_key
            .get(&key(customer_id, id))
            .ok_or(Refused::NotFound)
    }

    /// The pipeline with this id, whosever it is: for mutations only.
    pub(crate) fn anybodys(&self, id: &str) -> Option<&Pipeline> {
        let id = ids::canonical(id);
        self.by_key.values().find(|pipeline| pipeline.id == id)
    }

    fn has(&self, mutation: Mutation) -> bool {
        self.rules.mutations.has(mutation)
    }

    fn schedule(&self, cron: Option<&str>) -> Result<Schedule, Refused> {
        let schedule = Schedule::parse(cron).map_err(Refused::Invalid)?;
        Ok(if self.has(Mutation::ScheduleNeverFires) {
            Schedule::Manual
        } else {
            schedule
        })
    }

    pub(crate) fn create(
        &mut self,
        owner: Owner<'_>,
        mut new: NewPipeline,
        now: DateTime<Utc>,
        chance: &mut Chance,
    ) -> Result<&Pipeline, Refused> {
        let key = key(owner.customer_id, &new.id);
        let refused = if self.has(Mutation::ConnectorsMixed) {
            Ok(())
        } else {
            check_jobs(&new.jobs)
        };
        if !self.has(Mutation::RefusedPipelineIsMade) {
            refused.clone()?;
        }
        let schedule = self.schedule(new.cron.as_deref())?;
        if self.has(Mutation::TakenIdReplaces) {
            self.by_key.remove(&key);
        }
        if self.has(Mutation::DescriptionIsLost) {
            new.description = None;
        }
        if self.by_key.contains_key(&key) {
            return Err(Refused::Taken(format!(
                "Pipeline with id {} already exists",
                key.1
            )));
        }
        self.check_name_is_free(owner.customer_id, &new.name, None)?;
        let counters = self
            .counters
            .entry(owner.customer_id.to_owned())
            .or_default();
        counters.pipelines += 1;
        let mut jobs = Vec::with_capacity(new.jobs.len());
        for (index, job) in std::mem::take(&mut new.jobs).into_iter().enumerate() {
            counters.jobs += 1;
            jobs.push(Job::new(counters.jobs, ids::job_id(&key.1, index), job));
        }
        let mut pipeline = Pipeline::new(counters.pipelines, key.1.clone(), owner, new, jobs, now);
        pipeline.set_schedule(schedule, now);
        if self.rules.mutations.has(Mutation::CreatedPaused) {
            pipeline.pause(now);
        }
        pipeline.start_next(now, chance, &self.rules, counters);
        let made = self.by_key.entry(key).or_insert(pipeline);
        refused.map(|()| &*made)
    }

    pub(crate) fn update(
        &mut self,
        customer_id: &str,
        id: &str,
        changes: PipelineChanges,
        now: DateTime<Utc>,
        chance: &mut Chance,
    ) -> Result<&Pipeline, Refused> {
        let id = self.get(customer_id, id)?.id.clone();
        let schedule = match &changes.cron {
            Some(cron) => Some(self.schedule(cron.as_deref())?),
            None => None,
        };
        if let Some(name) = &changes.name {
            self.check_name_is_free(customer_id, name, Some(&id))?;
        }
        let mutations = self.rules.mutations;
        let (pipeline, rules, counters) = self.parts(customer_id, &id)?;
        if mutations.has(Mutation::PatchForgets) && changes.cron.is_none() {
            pipeline.cron = None;
        }
        let changed = changes != PipelineChanges::default();
        if changed && !mutations.has(Mutation::UpdatedAtStands) {
            pipeline.updated_at = now;
        }
        if let Some(name) = changes.name {
            pipeline.name = name;
        }
        if let Some(description) = changes.description {
            pipeline.description = description;
        }
        if let (Some(cron), Some(schedule)) = (changes.cron, schedule)
            && cron != pipeline.cron
        {
            pipeline.cron = cron;
            if mutations.has(Mutation::ScheduleOutlivesItsCron) && pipeline.cron.is_none() {
                return Ok(pipeline);
            }
            pipeline.set_schedule(schedule, now);
            pipeline.start_next(now, chance, rules, counters);
        }
        Ok(pipeline)
    }

    /// Removes record, jobs, states, runs and schedule; what waits in line goes too.
    pub(crate) fn delete(&mut self, customer_id: &str, id: &str) -> Result<Pipeline, Refused> {
        if self.has(Mutation::DeletedPipelineStays) {
            return self.get(customer_id, id).cloned();
        }
        self.by_key
            .remove(&key(customer_id, id))
            .ok_or(Refused::NotFound)
    }

    pub(crate) fn execute(
        &mut self,
        customer_id: &str,
        id: &str,
        now: DateTime<Utc>,
        chance: &mut Chance,
    ) -> Result<&Pipeline, Refused> {
        let (pipeline, rules, counters) = self.parts(customer_id, id)?;
        if pipeline.paused && !rules.mutations.has(Mutation::PausedExecutes) {
            return Err(Refused::Paused);
        }
        if pipeline.runs.ends_at().is_some() && rules.mutations.has(Mutation::ExecutionIsDropped) {
            return Ok(pipeline);
        }
        pipeline.runs.enqueue(Trigger::Manual);
        pipeline.start_next(now, chance, rules, counters);
        Ok(pipeline)
    }

    pub(crate) fn pause(
        &mut self,
        customer_id: &str,
        id: &str,
        now: DateTime<Utc>,
    ) -> Result<&Pipeline, Refused> {
        let (pipeline, rules, _) = self.parts(customer_id, id)?;
        if pipeline.paused && !rules.mutations.has(Mutation::PausedTwice) {
            return Err(Refused::AlreadyPaused);
        }
        if rules.mutations.has(Mutation::PauseDoesNothing) {
            return Ok(pipeline);
        }
        if rules.mutations.has(Mutation::PauseEndsTheRun) {
            pipeline.happen(Event::RunEnds, now);
        }
        pipeline.pause(now);
        Ok(pipeline)
    }

    pub(crate) fn unpause(
        &mut self,
        customer_id: &str,
        id: &str,
        now: DateTime<Utc>,
        chance: &mut Chance,
    ) -> Result<&Pipeline, Refused> {
        let (pipeline, rules, counters) = self.parts(customer_id, id)?;
        if !pipeline.paused {
            return Err(Refused::NotPaused);
        }
        pipeline.unpause(now);
        if rules.mutations.has(Mutation::UnpauseForgetsTheQueue) {
            pipeline.runs.forget_waiting();
        }
        pipeline.start_next(now, chance, rules, counters);
        Ok(pipeline)
    }

    pub(crate) fn set_memory(
        &mut self,
        customer_id: &str,
        id: &str,
        megabytes: i64,
        now: DateTime<Utc>,
    ) -> Result<&Pipeline, Refused> {
        let (pipeline, _, _) = self.parts(customer_id, id)?;
        pipeline.memory_mb = megabytes;
        pipeline.updated_at = now;
        Ok(pipeline)
    }

    pub(crate) fn job(
        &self,
        customer_id: &str,
        job_id: &str,
    ) -> Result<(&Pipeline, &Job), Refused> {
        let job_id = ids::canonical(job_id);
        let (pipeline_id, index) = ids::split_job_id(&job_id).ok_or(Refused::NotFound)?;
        let pipeline = self.get(customer_id, pipeline_id)?;
        let job = pipeline.jobs.get(index).ok_or(Refused::NotFound)?;
        Ok((pipeline, job))
    }

    pub(crate) fn job_mut(&mut self, customer_id: &str, job_id: &str) -> Result<&mut Job, Refused> {
        let job_id = ids::canonical(job_id);
        let (pipeline_id, index) = ids::split_job_id(&job_id).ok_or(Refused::NotFound)?;
        let (pipeline, _, _) = self.parts(customer_id, pipeline_id)?;
        pipeline.jobs.get_mut(index).ok_or(Refused::NotFound)
    }

    /// Lets happen all that happens by itself until `now`, in the order of time.
    pub(crate) fn catch_up(
        &mut self,
        now: DateTime<Utc>,
        chance: &mut Chance,
        warehouse: &mut Warehouse<'_>,
    ) {
        let mut fires = 0;
        while let Some((at, event, key)) = self.next_event(now) {
            let Some(pipeline) = self.by_key.get_mut(&key) else {
                return;
            };
            fires += usize::from(event == Event::ScheduleFires);
            if event == Event::RunEnds {
                warehouse.land(pipeline, at, chance);
            }
            pipeline.happen(event, if fires > MAX_FIRES { now } else { at });
            let counters = self.counters.entry(key.0).or_default();
            pipeline.start_next(at, chance, &self.rules, counters);
        }
    }

    /// When something happens by itself next.
    pub(crate) fn next_due(&self) -> Option<DateTime<Utc>> {
        let events = self.by_key.values().filter_map(Pipeline::next_event);
        events.map(|(at, _)| at).min()
    }

    fn next_event(&self, now: DateTime<Utc>) -> Option<(DateTime<Utc>, Event, Key)> {
        self.by_key
            .iter()
            .filter_map(|(key, pipeline)| {
                let (at, event) = pipeline.next_event()?;
                (at <= now).then_some((at, event, key))
            })
            .min()
            .map(|(at, event, key)| (at, event, key.clone()))
    }

    fn parts(
        &mut self,
        customer_id: &str,
        id: &str,
    ) -> Result<(&mut Pipeline, &RunRules, &mut Counters), Refused> {
        let pipeline = self
            .by_key
            .get_mut(&key(customer_id, id))
            .ok_or(Refused::NotFound)?;
        let counters = self.counters.entry(customer_id.to_owned()).or_default();
        Ok((pipeline, &self.rules, counters))
    }

    fn check_name_is_free(
        &self,
        customer_id: &str,
        name: &str,
        but_of: Option<&str>,
    ) -> Result<(), Refused> {
        let for_all = self.has(Mutation::NamesAreUniqueForAll);
        let taken = self.by_key.values().any(|pipeline| {
            (pipeline.customer_id == customer_id || for_all)
                && pipeline.name == name
                && but_of != Some(pipeline.id.as_str())
        });
        if taken && !self.has(Mutation::NameTakenTwice) {
            Err(Refused::Taken(format!(
                "Pipeline with name {name} already exists"
            )))
        } else {
            Ok(())
        }
    }
}

fn key(customer_id: &str, id: &str) -> Key {
    (customer_id.to_owned(), ids::canonical(id))
}

fn check_jobs(jobs: &[NewJob]) -> Result<(), Refused> {
    let mut shared: Option<&str> = None;
    for (index, job) in jobs.iter().enumerate() {
        job_input::check(&job.input)
            .map_err(|why| Refused::Invalid(format!("jobs[{index}].input: {why}")))?;
        let connector = job_input::text(&job.input, "connector").unwrap_or_default();
        if *shared.get_or_insert(connector) != connector {
            return Err(Refused::Invalid(
                "All jobs of a pipeline must use the same connector".into(),
            ));
        }
    }
    if jobs.is_empty() {
        return Err(Refused::Invalid("jobs must not be empty".into()));
    }
    Ok(())
}

#[cfg(test)]
#[path = "pipelines_tests.rs"]
mod tests;
