//! Runs of a pipeline, and waiting for one to end.

use std::collections::HashSet;

use dadosfera_raw::types::{self, RunStatus};

use crate::call::Call;
use crate::chance;
use crate::client::Client;
use crate::clock::Moment;
use crate::error::{Error, ErrorKind};
use crate::id::{PipelineId, PipelineRunId};
use crate::wait::WaitOptions;

/// The runs of one pipeline; from [`Client::runs`].
#[derive(Debug, Clone)]
pub struct Runs<'a> {
    client: &'a Client,
    pipeline_id: Result<PipelineId, Error>,
}

/// A run that was started; from [`PipelineHandle::execute`](crate::PipelineHandle::execute).
///
/// The API answers a `run_id` (`manual__<time>`) that no run carries, so the run is found by what appeared: the oldest
/// run that was not there right before the start. Where others execute the same pipeline in the same moment, or
/// executions of it were queued already, that may be the run of one of those.
#[derive(Debug, Clone)]
pub struct RunHandle<'a> {
    client: &'a Client,
    runs: Runs<'a>,
    /// What was there before the start, or why that could not be read.
    before: Result<HashSet<String>, Error>,
    run_id: String,
}

impl Client {
    /// The runs of a pipeline. Nothing is sent yet; an id that cannot be is told by the first call.
    #[must_use]
    pub fn runs(&self, pipeline_id: impl TryInto<PipelineId, Error: Into<Error>>) -> Runs<'_> {
        Runs::new(self, pipeline_id.try_into().map_err(Into::into))
    }
}

impl<'a> Runs<'a> {
    pub(crate) const fn new(client: &'a Client, pipeline_id: Result<PipelineId, Error>) -> Self {
        Self {
            client,
            pipeline_id,
        }
    }

    /// Every run, the newest first.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] where the customer has no pipeline of this id.
    pub async fn list(&self) -> Result<Vec<types::PipelineRun>, Error> {
        let call = self.client.call("list_pipeline_runs");
        let pipeline_id = self.pipeline_id(&call)?;
        let answer = call.raw().list_pipeline_runs(pipeline_id.as_str()).await;
        call.finish(answer).await
    }

    /// One run.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] where the pipeline has no run of this id.
    pub async fn get(
        &self,
        id: impl TryInto<PipelineRunId, Error: Into<Error>>,
    ) -> Result<types::PipelineRun, Error> {
        let call = self.client.call("get_pipeline_run");
        let pipeline_id = self.pipeline_id(&call)?;
        let id: PipelineRunId = call.id(id)?;
        let answer = call
            .raw()
            .get_pipeline_run(pipeline_id.as_str(), id.as_str())
            .await;
        call.finish(answer).await
    }

    fn pipeline_id(&self, call: &Call) -> Result<&PipelineId, Error> {
        self.pipeline_id
            .as_ref()
            .map_err(|error| call.failed(error.clone()))
    }
}

impl<'a> RunHandle<'a> {
    pub(crate) fn new(
        client: &'a Client,
        runs: Runs<'a>,
        before: Result<Vec<types::PipelineRun>, Error>,
        run_id: String,
    ) -> Self {
        let before = before.map(|runs| runs.into_iter().map(|run| run.pipeline_run_id).collect());
        Self {
            client,
            runs,
            before,
            run_id,
        }
    }

    /// What the API called this execution, such as `manual__2024-12-18T10:30:00+00:00`.
    #[must_use]
    pub fn run_id(&self) -> &str {
        &self.run_id
    }

    /// Waits for the run to end: an hour at most, looking ever less often.
    ///
    /// # Errors
    /// [`ErrorKind::RunFailed`] with the [`trace`](Error::trace) where the run failed; [`ErrorKind::WaitTimeout`] where
    /// it had not ended in time, and goes on; [`ErrorKind::Forbidden`] for whoever may start runs but not read them.
    pub async fn wait(&self) -> Result<types::PipelineRun, Error> {
        self.wait_with(WaitOptions::new()).await
    }

    /// Like [`wait`](Self::wait), for as long and as often as told. An API that is not to be reached for a while does not
    /// end the wait; an error that does not pass does.
    ///
    /// # Errors
    /// As of [`wait`](Self::wait).
    pub async fn wait_with(&self, options: WaitOptions) -> Result<types::PipelineRun, Error> {
        let clock = self.client.clock();
        let started = Moment::now(clock);
        let mut found: Option<types::PipelineRun> = None;
        for look in 0.. {
            let left = options
                .time_limit()
                .saturating_sub(Moment::now(clock).since(&started));
            if left.is_zero() {
                break;
            }
            let mut pause = options.pause(look, chance::fraction());
            clock.sleep(pause.min(left)).await;
            match self.look(found.as_ref()).await {
                Ok(Some(run)) => match run.last_status {
                    RunStatus::Success => return Ok(run),
                    RunStatus::Failed => return Err(failed(&run)),
                    _ => found = Some(run),
                },
                Ok(None) => {}
                Err(error) if error.is_transient() => {
                    pause = error.retry_after().unwrap_or_default();
                    let left = options
                        .time_limit()
                        .saturating_sub(Moment::now(clock).since(&started));
                    clock.sleep(pause.min(left)).await;
                }
                Err(error) => return Err(error),
            }
        }
        Err(timed_out(found.as_ref(), options))
    }

    /// The run as it is now, where it has appeared.
    async fn look(
        &self,
        found: Option<&types::PipelineRun>,
    ) -> Result<Option<types::PipelineRun>, Error> {
        if let Some(run) = found {
            return self.runs.get(&run.pipeline_run_id).await.map(Some);
        }
        // The newest come first, so the last of the new ones is the oldest.
        let before = self.before.as_ref().map_err(Clone::clone)?;
        let mut runs = self.runs.list().await?;
        runs.retain(|run| !before.contains(&run.pipeline_run_id));
        Ok(runs.pop())
    }
}

fn failed(run: &types::PipelineRun) -> Error {
    Error::new(
        ErrorKind::RunFailed,
        format!("the run {} failed", run.pipeline_run_id),
    )
    .of("execute_pipeline")
    .with_trace(run.trace.clone())
    .with_run(&run.pipeline_run_id)
    .next("mend what the trace names and execute the pipeline again")
}

fn timed_out(found: Option<&types::PipelineRun>, options: WaitOptions) -> Error {
    let limit = options.time_limit().as_secs_f64();
    let (what, next) = match found {
        Some(run) => (
            format!(
                "the run {} was still {} after {limit} s",
                run.pipeline_run_id, run.last_status
            ),
            "it goes on; wait again, or allow more time with wait_with(..)",
        ),
        None => (
            format!("no new run appeared within {limit} s"),
            "it may be queued behind another; wait again, or look at the pipeline's runs",
        ),
    };
    let error = Error::new(ErrorKind::WaitTimeout, what)
        .of("execute_pipeline")
        .next(next);
    match found {
        Some(run) => error.with_run(&run.pipeline_run_id),
        None => error,
    }
}
