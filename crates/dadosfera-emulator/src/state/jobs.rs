//! One job: what it reads, where it lands, and how far it has read.
//!
//! | change of mode | what becomes of the state |
//! |---|---|
//! | full_load → incremental, full_load → incremental_with_qualify | initialized |
//! | incremental → full_load, incremental_with_qualify → full_load | reset |
//! | incremental ↔ incremental_with_qualify | preserved |
//! | the same mode | refused, unless forced: reset (ours) |

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::state::extraction::ReadState;
use crate::state::job_input::{self, Fields, LoadType};
use crate::state::landing;

/// MB; what a pipeline and a job have unless told otherwise.
pub(crate) const DEFAULT_MEMORY_MB: i64 = 2048;

/// A job of a pipeline.
#[derive(Debug, Clone)]
pub(crate) struct Job {
    pub(crate) number: i64,
    pub(crate) id: String,
    pub(crate) input: Fields,
    pub(crate) transformations: Vec<Value>,
    pub(crate) output: Fields,
    pub(crate) status: JobStatus,
    pub(crate) progress: Progress,
    pub(crate) memory_mb: Option<i64>,
    /// What it read from storage; nothing where it starts from the beginning.
    pub(crate) read: Option<ReadState>,
}

/// A job as it is asked for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct NewJob {
    pub(crate) input: Fields,
    pub(crate) transformations: Vec<Value>,
    pub(crate) output: Fields,
}

/// What became of a job's latest run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum JobStatus {
    Pending,
    Running,
    Success,
    Failed,
}

/// How far a job has read: what the API calls its state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Progress {
    /// A full load keeps none.
    None,
    /// An incremental job that starts from the beginning.
    Beginning,
    /// An incremental job that has read all that was there at this time.
    ReadUntil(DateTime<Utc>),
}

/// What a change of mode did to the state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StateChange {
    Initialized,
    Reset,
    Preserved,
}

/// A change of mode as it is asked for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SyncMode {
    pub(crate) target: LoadType,
    /// The incremental columns and primary keys that came along.
    pub(crate) fields: Fields,
    pub(crate) force: bool,
}

impl JobStatus {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Running => "RUNNING",
            Self::Success => "SUCCESS",
            Self::Failed => "FAILED",
        }
    }
}

impl StateChange {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Initialized => "initialized",
            Self::Reset => "reset",
            Self::Preserved => "preserved",
        }
    }
}

impl Progress {
    fn start(load_type: LoadType) -> Self {
        if load_type.is_incremental() {
            Self::Beginning
        } else {
            Self::None
        }
    }
}

impl Job {
    pub(crate) fn new(number: i64, id: String, new: NewJob) -> Self {
        Self {
            number,
            id,
            progress: Progress::start(job_input::load_type(&new.input)),
            input: new.input,
            transformations: new.transformations,
            output: new.output,
            status: JobStatus::Pending,
            memory_mb: None,
            read: None,
        }
    }

    pub(crate) fn is_jdbc(&self) -> bool {
        job_input::text(&self.input, "connector") == Some("jdbc")
    }

    /// What the source is called: its table, else the end of its prefix, else its plugin.
    pub(crate) fn source_name(&self) -> &str {
        job_input::text(&self.input, "table_name")
            .or_else(|| {
                job_input::text(&self.input, "source_prefix")
                    .and_then(|prefix| prefix.rsplit('/').find(|part| !part.is_empty()))
            })
            .or_else(|| job_input::text(&self.input, "plugin"))
            .unwrap_or("source")
    }

    pub(crate) fn name(&self) -> String {
        format!("{}_extraction", self.source_name())
    }

    /// The table of raw rows, and the qualified one where the mode makes one.
    pub(crate) fn landing(&self, pipeline_id: &str) -> (Value, Option<Value>) {
        let schema = job_input::text(&self.input, "table_schema")
            .or_else(|| job_input::text(&self.input, "plugin"))
            .unwrap_or("source");
        let name = landing::table_name(pipeline_id, schema, self.source_name());
        let table = |asked: &str, schema: &str| {
            self.output
                .get(asked)
                .filter(|table| table.is_object())
                .cloned()
                .unwrap_or_else(|| json!({ "table_name": name, "table_schema": schema }))
        };
        let qualifies = job_input::load_type(&self.input) == LoadType::IncrementalWithQualify
            || self.output.contains_key("qualify");
        (
            table("raw", landing::RAW_SCHEMA),
            qualifies.then(|| table("qualify", landing::QUALIFY_SCHEMA)),
        )
    }

    /// Changes how it loads; a refusal changes nothing.
    pub(crate) fn change_mode(&mut self, mode: &SyncMode) -> Result<StateChange, String> {
        let current = job_input::load_type(&self.input);
        if mode.target == current && !mode.force {
            return Err(format!(
                "Job is already in {} mode. Use force to apply it again",
                current.as_str()
            ));
        }
        let mut input = self.input.clone();
        input.extend(mode.fields.clone());
        job_input::check_shapes(&input)?;
        job_input::check_load(&input, mode.target)?;
        if !mode.target.is_incremental() {
            for name in [
                "incremental_column_name",
                "incremental_column_type",
                "primary_keys",
            ] {
                input.remove(name);
            }
        }
        input.insert("load_type".into(), json!(mode.target.as_str()));
        self.input = input;
        let change = if mode.target == current {
            StateChange::Reset
        } else {
            match (current.is_incremental(), mode.target.is_incremental()) {
                (false, _) => StateChange::Initialized,
                (true, false) => StateChange::Reset,
                (true, true) => StateChange::Preserved,
            }
        };
        if change != StateChange::Preserved {
            self.reset();
        }
        Ok(change)
    }

    /// Forgets how far it has read: the next run starts from the beginning.
    pub(crate) fn reset(&mut self) {
        self.progress = Progress::start(job_input::load_type(&self.input));
        self.read = None;
    }

    /// Takes what a run did; an incremental job that succeeded remembers what was there when the run started.
    pub(crate) fn finish(&mut self, succeeded: bool, started_at: DateTime<Utc>) {
        if !succeeded {
            self.status = JobStatus::Failed;
            return;
        }
        self.status = JobStatus::Success;
        if job_input::load_type(&self.input).is_incremental() {
            self.progress = Progress::ReadUntil(started_at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(value: &Value) -> Fields {
        value.as_object().unwrap().clone()
    }

    fn job(load_type: &str) -> Job {
        Job::new(
            1,
            "p_0".into(),
            NewJob {
                input: fields(&json!({
                    "connector": "jdbc", "plugin": "mysql", "table_schema": "s", "table_name": "t",
                    "load_type": load_type, "incremental_column_name": "at",
                    "incremental_column_type": "timestamp", "primary_keys": ["id"],
                })),
                transformations: Vec::new(),
                output: fields(&json!({"plugin": "dadosfera_snowflake"})),
            },
        )
    }

    fn to(target: LoadType, sent: &Value, force: bool) -> SyncMode {
        SyncMode {
            target,
            fields: fields(sent),
            force,
        }
    }

    #[test]
    fn each_change_of_mode_treats_the_state_as_documented() {
        use LoadType::{FullLoad, Incremental, IncrementalWithQualify};
        use StateChange::{Initialized, Preserved, Reset};
        let read = Progress::ReadUntil(DateTime::UNIX_EPOCH);
        for (from, target, change, progress) in [
            (FullLoad, Incremental, Initialized, Progress::Beginning),
            (
                FullLoad,
                IncrementalWithQualify,
                Initialized,
                Progress::Beginning,
            ),
            (Incremental, FullLoad, Reset, Progress::None),
            (IncrementalWithQualify, FullLoad, Reset, Progress::None),
            (Incremental, IncrementalWithQualify, Preserved, read),
            (IncrementalWithQualify, Incremental, Preserved, read),
        ] {
            let mut job = job(from.as_str());
            job.finish(true, DateTime::UNIX_EPOCH);
            let result = job.change_mode(&to(target, &json!({}), false));
            assert_eq!(result, Ok(change), "{from:?} to {target:?}");
            assert_eq!(job.progress, progress, "{from:?} to {target:?}");
            assert_eq!(job.input["load_type"], target.as_str());
        }
    }

    #[test]
    fn the_same_mode_needs_force_and_starts_over() {
        let mut job = job("incremental");
        job.finish(true, DateTime::UNIX_EPOCH);
        let same = |force| to(LoadType::Incremental, &json!({}), force);
        assert!(job.change_mode(&same(false)).is_err());
        assert_eq!(job.progress, Progress::ReadUntil(DateTime::UNIX_EPOCH));
        assert_eq!(job.change_mode(&same(true)), Ok(StateChange::Reset));
        assert_eq!(job.progress, Progress::Beginning);
    }

    #[test]
    fn a_refused_change_leaves_the_job_as_it_was() {
        let mut job = job("full_load");
        job.input.remove("primary_keys");
        let before = job.input.clone();
        let mode = to(
            LoadType::IncrementalWithQualify,
            &json!({"incremental_column_name": "x"}),
            false,
        );
        assert!(job.change_mode(&mode).is_err());
        assert_eq!(job.input, before);
    }

    #[test]
    fn a_qualified_load_lands_twice() {
        let id = "7b8b3399_b8c0_4fc5_9116_142cd9f4e7ae";
        let (raw, qualify) = job("incremental_with_qualify").landing(id);
        assert_eq!(
            raw,
            json!({"table_name": "tb__xqfu8g__s__t", "table_schema": "PUBLIC"})
        );
        assert_eq!(qualify.unwrap()["table_schema"], "STAGED");
        assert_eq!(job("incremental").landing(id).1, None);
    }
}
