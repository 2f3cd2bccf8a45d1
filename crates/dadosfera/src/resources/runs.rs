//! Runs of a pipeline, and waiting for one to end.

use std::collections::HashSet;
use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;

use dadosfera_raw::types::{self, RunStatus};
use futures::{Stream, StreamExt as _, stream};

use crate::call::Call;
use crate::chance;
use crate::client::Client;
use crate::clock::Moment;
use crate::error::{Error, ErrorKind};
use crate::id::{PipelineId, PipelineRunId};
use crate::pages::Items;
use crate::wait::WaitOptions;

/// The runs of one pipeline; from [`Client::runs`].
#[derive(Debug, Clone)]
pub struct Runs {
    client: Client,
    pipeline_id: Result<PipelineId, Error>,
}

/// A run that was started; from [`PipelineHandle::execute`](crate::PipelineHandle::execute), or from [`Runs::follow`].
///
/// The API answers a `run_id` (`manual__<time>`) that no run carries, so the run is found by what appeared: the oldest
/// run that was not there right before the start, and that no other handle of this client has taken for its own. Where
/// others execute the same pipeline in the same moment, it may be the run of one of those.
///
/// A handle can be cloned, kept and sent to another task. Whoever stops waiting and waits again goes on with the same run.
#[derive(Debug, Clone)]
pub struct RunHandle {
    runs: Runs,
    /// What was there before the start, or why that could not be read.
    before: Result<Arc<HashSet<String>>, Error>,
    run_id: String,
    /// The run, once it appeared; clones share it.
    found: Arc<OnceLock<String>>,
}

/// How a wait is going; for the callback of [`RunHandle::wait_with_progress`].
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct RunProgress<'a> {
    /// The run as it was seen last; nothing while it has not appeared, as where it is queued.
    pub run: Option<&'a types::PipelineRun>,
    /// How long the wait has taken.
    pub waited: Duration,
    /// How often the API was asked.
    pub looks: u32,
}

/// The states of a run as a stream; from [`RunHandle::states`].
#[must_use = "a stream asks for nothing until it is polled"]
pub struct RunStates(Pin<Box<dyn Stream<Item = Result<types::PipelineRun, Error>> + Send>>);

impl Client {
    /// The runs of a pipeline. Nothing is sent yet; an id that cannot be is told by the first call.
    #[must_use]
    pub fn runs(&self, pipeline_id: impl TryInto<PipelineId, Error: Into<Error>>) -> Runs {
        Runs::new(self, pipeline_id.try_into().map_err(Into::into))
    }
}

impl Runs {
    pub(crate) fn new(client: &Client, pipeline_id: Result<PipelineId, Error>) -> Self {
        Self {
            client: client.clone(),
            pipeline_id,
        }
    }

    /// Every run, the newest first.
    ///
    /// ```
    /// # dadosfera::__example!(client, pipeline: orders => {
    /// client.pipeline(&orders).execute().await?;
    /// let newest = client.runs(&orders).list().await?.remove(0);
    /// println!("{} since {}", newest.last_status, newest.created_at);
    /// # });
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] where the customer has no pipeline of this id.
    pub async fn list(&self) -> Result<Vec<types::PipelineRun>, Error> {
        let call = self.client.call("list_pipeline_runs");
        let pipeline_id = self.pipeline_id(&call)?;
        let answer = call.raw().list_pipeline_runs(pipeline_id.as_str()).await;
        call.finish(answer).await
    }

    /// Every run as a stream, the newest first; the API has no pages here.
    ///
    /// ```
    /// # dadosfera::__example!(client, pipeline: orders => {
    /// client.pipeline(&orders).execute().await?;
    /// let runs = client.runs(&orders).stream().collect_all().await?;
    /// assert_eq!(runs.len(), 1);
    /// # });
    /// ```
    pub fn stream(&self) -> Items<types::PipelineRun> {
        let runs = self.clone();
        Items::whole(
            "list_pipeline_runs",
            |run| run.pipeline_run_id.as_str(),
            move || {
                let runs = runs.clone();
                async move { runs.list().await }
            },
        )
    }

    /// One run.
    ///
    /// ```
    /// # dadosfera::__example!(client, pipeline: orders => {
    /// client.pipeline(&orders).execute().await?;
    /// let newest = client.runs(&orders).list().await?.remove(0);
    /// let run = client.runs(&orders).get(&newest.pipeline_run_id).await?;
    /// assert_eq!(run.id, newest.id);
    /// # });
    /// ```
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

    /// A run that is known, to wait for: one of [`list`](Self::list), or one that another process started. Nothing is sent
    /// yet.
    ///
    /// ```
    /// # dadosfera::__example!(client, pipeline: orders => {
    /// client.pipeline(&orders).execute().await?;
    /// let newest = client.runs(&orders).list().await?.remove(0);
    /// let ended = client.runs(&orders).follow(&newest.pipeline_run_id)?.wait().await?;
    /// println!("{}", ended.last_status);
    /// # });
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] for an id that cannot be.
    pub fn follow(
        &self,
        id: impl TryInto<PipelineRunId, Error: Into<Error>>,
    ) -> Result<RunHandle, Error> {
        let id: PipelineRunId = id
            .try_into()
            .map_err(|error| error.into().of("get_pipeline_run"))?;
        Ok(RunHandle {
            runs: self.clone(),
            before: Ok(Arc::default()),
            run_id: id.as_str().to_owned(),
            found: Arc::new(OnceLock::from(id.as_str().to_owned())),
        })
    }

    fn pipeline_id(&self, call: &Call) -> Result<&PipelineId, Error> {
        self.pipeline_id
            .as_ref()
            .map_err(|error| call.failed(error.clone()))
    }
}

impl RunHandle {
    pub(crate) fn new(
        runs: Runs,
        before: Result<Vec<types::PipelineRun>, Error>,
        run_id: String,
    ) -> Self {
        let before =
            before.map(|runs| Arc::new(runs.into_iter().map(|run| run.pipeline_run_id).collect()));
        Self {
            runs,
            before,
            run_id,
            found: Arc::default(),
        }
    }

    /// What the API called this execution, such as `manual__2024-12-18T10:30:00+00:00`; of a run that is
    /// [followed](Runs::follow), its `pipeline_run_id`.
    #[must_use]
    pub fn run_id(&self) -> &str {
        &self.run_id
    }

    /// The run's own id, once a wait has found it: what [`Runs::get`] and [`Runs::follow`] take.
    #[must_use]
    pub fn pipeline_run_id(&self) -> Option<&str> {
        self.found.get().map(String::as_str)
    }

    /// Waits for the run to end: an hour at most, looking ever less often.
    ///
    /// ```
    /// # dadosfera::__example!(client, pipeline: orders => {
    /// let started = client.pipeline(&orders).execute().await?;
    /// let run = started.wait().await?;
    /// assert_eq!(started.pipeline_run_id(), Some(run.pipeline_run_id.as_str()));
    /// println!("{} is {} {}", started.run_id(), run.pipeline_run_id, run.last_status);
    /// # });
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::RunFailed`] with the [`trace`](Error::trace) and the [`pipeline_run_id`](Error::pipeline_run_id) where
    /// the run failed; [`ErrorKind::WaitTimeout`] where it had not ended in time, and goes on; [`ErrorKind::Forbidden`] for
    /// whoever may start runs but not read them.
    pub async fn wait(&self) -> Result<types::PipelineRun, Error> {
        self.wait_with(WaitOptions::new()).await
    }

    /// Like [`wait`](Self::wait), for as long and as often as told. An API that is not to be reached for a while does not
    /// end the wait; an error that does not pass does. Whoever drops the future stops waiting; the run goes on, and another
    /// wait goes on with it.
    ///
    /// ```
    /// # dadosfera::__example!(client, pipeline: orders => {
    /// use std::time::Duration;
    ///
    /// use dadosfera::WaitOptions;
    ///
    /// let started = client.pipeline(&orders).execute().await?;
    /// let run = started.wait_with(WaitOptions::new().limit(Duration::from_secs(3 * 3600))).await?;
    /// # });
    /// ```
    ///
    /// # Errors
    /// As of [`wait`](Self::wait).
    pub async fn wait_with(&self, options: WaitOptions) -> Result<types::PipelineRun, Error> {
        self.wait_with_progress(options, |_| {}).await
    }

    /// Like [`wait_with`](Self::wait_with), and tells after each look how the wait is going.
    ///
    /// ```
    /// # dadosfera::__example!(client, pipeline: orders => {
    /// use dadosfera::{RunProgress, WaitOptions};
    ///
    /// let started = client.pipeline(&orders).execute().await?;
    /// let run = started
    ///     .wait_with_progress(WaitOptions::new(), |progress: &RunProgress<'_>| match progress.run {
    ///         Some(run) => println!("{} after {} s", run.last_status, progress.waited.as_secs()),
    ///         None => println!("queued"),
    ///     })
    ///     .await?;
    /// # });
    /// ```
    ///
    /// # Errors
    /// As of [`wait`](Self::wait).
    pub async fn wait_with_progress(
        &self,
        options: WaitOptions,
        mut progress: impl FnMut(&RunProgress<'_>),
    ) -> Result<types::PipelineRun, Error> {
        let mut watcher = Watcher::new(self.clone(), options);
        loop {
            let run = watcher.change(&mut progress).await?;
            match run.last_status {
                RunStatus::Success => return Ok(run),
                RunStatus::Failed => return Err(failed(&run)),
                _ => {}
            }
        }
    }

    /// The run each time its status changes, from its appearance to its end, as a stream. A run that fails is its last
    /// item, and no error.
    ///
    /// ```
    /// # dadosfera::__example!(client, pipeline: orders => {
    /// use dadosfera::{RunStates, WaitOptions};
    ///
    /// let started = client.pipeline(&orders).execute().await?;
    /// let mut states: RunStates = started.states(WaitOptions::new());
    /// while let Some(run) = states.next().await {
    ///     println!("{}", run?.last_status);
    /// }
    /// # });
    /// ```
    pub fn states(&self, options: WaitOptions) -> RunStates {
        let watcher = Watcher::new(self.clone(), options);
        let states = stream::unfold(Some(watcher), async |watcher| {
            let mut watcher = watcher?;
            let change = watcher.change(&mut |_| {}).await;
            let goes_on = change.as_ref().is_ok_and(|run| !has_ended(run));
            Some((change, goes_on.then_some(watcher)))
        });
        RunStates(Box::pin(states))
    }

    /// The run as it is now, where it has appeared.
    async fn look(&self) -> Result<Option<types::PipelineRun>, Error> {
        if let Some(id) = self.found.get() {
            return self.runs.get(id).await.map(Some);
        }
        let before = self.before.as_ref().map_err(Clone::clone)?;
        let mut runs = self.runs.list().await?;
        // The newest come first, so the last of the new ones is the oldest.
        let claims = self.runs.client.run_claims();
        while let Some(run) = runs.pop() {
            let id = &run.pipeline_run_id;
            if !before.contains(id) && claims.claim(id) {
                // A clone may have been faster; then its run is everybody's.
                let own = self.found.get_or_init(|| id.clone());
                if own == id {
                    return Ok(Some(run));
                }
                return self.runs.get(own).await.map(Some);
            }
        }
        Ok(None)
    }
}

/// One wait for one run.
struct Watcher {
    handle: RunHandle,
    options: WaitOptions,
    started: Moment,
    looks: u32,
    seen: Option<types::PipelineRun>,
}

impl Watcher {
    fn new(handle: RunHandle, options: WaitOptions) -> Self {
        let started = Moment::now(handle.runs.client.clock());
        Self {
            handle,
            options,
            started,
            looks: 0,
            seen: None,
        }
    }

    /// The run, once its status is another than the one that was seen.
    async fn change(
        &mut self,
        progress: &mut impl FnMut(&RunProgress<'_>),
    ) -> Result<types::PipelineRun, Error> {
        loop {
            self.sleep(self.options.pause(self.looks, chance::fraction()))
                .await?;
            self.looks = self.looks.saturating_add(1);
            let looked = self.handle.look().await;
            let waited = self.waited();
            let (changed, pause) = match looked {
                Ok(Some(run)) => {
                    let is_other = self
                        .seen
                        .as_ref()
                        .is_none_or(|seen| seen.last_status != run.last_status);
                    self.seen = Some(run);
                    (is_other, Duration::ZERO)
                }
                Ok(None) => (false, Duration::ZERO),
                Err(error) if error.is_transient() => {
                    (false, error.retry_after().unwrap_or_default())
                }
                Err(error) => return Err(error),
            };
            progress(&RunProgress {
                run: self.seen.as_ref(),
                waited,
                looks: self.looks,
            });
            if let Some(run) = self.seen.as_ref().filter(|_| changed) {
                return Ok(run.clone());
            }
            if !pause.is_zero() {
                self.sleep(pause).await?;
            }
        }
    }

    /// Sleeps, or tells that the time is up.
    async fn sleep(&self, pause: Duration) -> Result<(), Error> {
        let left = self.options.time_limit().saturating_sub(self.waited());
        if left.is_zero() {
            return Err(timed_out(self.seen.as_ref(), self.options));
        }
        self.handle.runs.client.clock().sleep(pause.min(left)).await;
        Ok(())
    }

    fn waited(&self) -> Duration {
        Moment::now(self.handle.runs.client.clock()).since(&self.started)
    }
}

impl RunStates {
    /// The next state, or nothing after the last one. Dropping the future loses no state but those that pass meanwhile.
    pub async fn next(&mut self) -> Option<Result<types::PipelineRun, Error>> {
        self.0.next().await
    }
}

impl Stream for RunStates {
    type Item = Result<types::PipelineRun, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.as_mut().poll_next(cx)
    }
}

impl fmt::Debug for RunStates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunStates").finish_non_exhaustive()
    }
}

const fn has_ended(run: &types::PipelineRun) -> bool {
    matches!(run.last_status, RunStatus::Success | RunStatus::Failed)
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
