//! Pipelines: what moves data, and when.

use dadosfera_raw::types::{self, MemoryRequest, PipelineReference};

use super::new_pipeline::{NewPipeline, PipelinePatch};
use super::runs::{RunHandle, Runs};
use crate::call::Call;
use crate::client::Client;
use crate::error::{Error, ErrorKind};
use crate::id::PipelineId;
use crate::input;
use crate::pages::Items;

/// The customer's pipelines; from [`Client::pipelines`].
#[derive(Debug, Clone, Copy)]
pub struct Pipelines<'a> {
    client: &'a Client,
}

/// One pipeline; from [`Client::pipeline`].
#[derive(Debug, Clone)]
pub struct PipelineHandle<'a> {
    client: &'a Client,
    /// An id that cannot be is told by the first call, so that a handle needs no `?`.
    id: Result<PipelineId, Error>,
}

impl Client {
    /// The customer's pipelines.
    #[must_use]
    pub const fn pipelines(&self) -> Pipelines<'_> {
        Pipelines { client: self }
    }

    /// One pipeline, to act on. Nothing is sent yet; an id that cannot be is told by the first call.
    ///
    /// ```
    /// # dadosfera::__example!(client, pipeline: orders => {
    /// let handle = client.pipeline(&orders);
    /// let run = handle.execute().await?.wait().await?;
    /// println!("{} of {}: {}", run.pipeline_run_id, handle.id()?, run.last_status);
    /// # });
    /// ```
    #[must_use]
    pub fn pipeline(&self, id: impl TryInto<PipelineId, Error: Into<Error>>) -> PipelineHandle<'_> {
        PipelineHandle {
            client: self,
            id: id.try_into().map_err(Into::into),
        }
    }
}

impl Pipelines<'_> {
    /// Every pipeline. The API has no pages here.
    ///
    /// ```
    /// # dadosfera::__example!(client, pipeline: orders => {
    /// for it in client.pipelines().list().await? {
    ///     println!("{} {} {}", it.pipeline_id, it.name, it.last_status);
    /// }
    /// # });
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Forbidden`](crate::ErrorKind::Forbidden) without the permission `GET /pipelines`.
    pub async fn list(&self) -> Result<Vec<types::PipelineSummary>, Error> {
        let call = self.client.call("list_pipelines");
        let answer = call.raw().list_pipelines().await;
        call.finish(answer).await
    }

    /// Every pipeline as a stream; the API has no pages here.
    ///
    /// ```
    /// # dadosfera::__example!(client, pipeline: orders => {
    /// let names: Vec<String> = client.pipelines().stream().collect_all().await?.into_iter().map(|it| it.name).collect();
    /// assert_eq!(names, ["Orders"]);
    /// # });
    /// ```
    pub fn stream(&self) -> Items<types::PipelineSummary> {
        let client = self.client.clone();
        Items::whole(
            "list_pipelines",
            |it| it.pipeline_id.as_str(),
            move || {
                let client = client.clone();
                async move { client.pipelines().list().await }
            },
        )
    }

    /// One pipeline with its jobs.
    ///
    /// ```
    /// # dadosfera::__example!(client, pipeline: orders => {
    /// let pipeline = client.pipelines().get(&orders).await?;
    /// assert_eq!(pipeline.jobs.len(), 1);
    /// # });
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) where the customer has none of this id.
    pub async fn get(
        &self,
        id: impl TryInto<PipelineId, Error: Into<Error>>,
    ) -> Result<types::PipelineDetail, Error> {
        let call = self.client.call("get_pipeline");
        let id: PipelineId = call.id(id)?;
        let answer = call.raw().get_pipeline(id.as_str()).await;
        Ok(call.finish(answer).await?.data)
    }

    /// Creates a pipeline and answers its id.
    ///
    /// It is not retried after an unknown outcome. Whoever repeats it with the same [`NewPipeline::id`] is told
    /// [`ErrorKind::Conflict`](crate::ErrorKind::Conflict) if the first one went through.
    ///
    /// ```
    /// # dadosfera::__example!(client => {
    /// use dadosfera::{NewJdbcJob, NewPipeline};
    ///
    /// let job = NewJdbcJob::new("postgresql", "public", "orders", "1763991009206_kvpd3364_postgresql-1.0.0");
    /// let id = client.pipelines().create(NewPipeline::new("Orders").cron("0 6 * * *").job(job)).await?;
    /// # });
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`](crate::ErrorKind::Conflict) where the name or the id is taken,
    /// [`ErrorKind::BadRequest`](crate::ErrorKind::BadRequest) for jobs that the API refuses;
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) with the [`field`](Error::field) at fault for what
    /// [`NewPipeline::check`] refuses before anything is sent.
    pub async fn create(&self, pipeline: NewPipeline) -> Result<PipelineId, Error> {
        let call = self.client.call("create_pipeline");
        pipeline.check().map_err(|error| call.failed(error))?;
        let body = pipeline.into_request();
        let answer = call.raw().create_pipeline(&body).await;
        let created = call.finish(answer).await?;
        PipelineId::new(created.data.pipeline_id).map_err(|error| error.of("create_pipeline"))
    }

    /// Changes a pipeline's name, description or schedule.
    ///
    /// ```
    /// # dadosfera::__example!(client, pipeline: orders => {
    /// use dadosfera::PipelinePatch;
    ///
    /// client.pipelines().update(&orders, &PipelinePatch::new().name("Orders, daily").cron("0 6 * * *")).await?;
    /// # });
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) where the customer has none of this id.
    pub async fn update(
        &self,
        id: impl TryInto<PipelineId, Error: Into<Error>>,
        patch: &PipelinePatch,
    ) -> Result<(), Error> {
        let call = self.client.call("update_pipeline");
        let id: PipelineId = call.id(id)?;
        patch.check().map_err(|error| call.failed(error))?;
        let answer = call
            .raw()
            .update_pipeline(id.as_str(), patch.request())
            .await;
        call.finish_empty(answer)
    }

    /// Deletes a pipeline with its jobs, their states, its runs and its schedule. Destination tables and connections stay.
    ///
    /// The API wants the customer's name with it: a sign-in knows it, an API key has to be told
    /// ([`ClientBuilder::customer_name`](crate::ClientBuilder::customer_name)).
    ///
    /// ```
    /// # dadosfera::__example!(client, pipeline: orders => {
    /// client.pipelines().delete(&orders).await?;
    /// # });
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) where the customer's name is not known,
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) where there is none of this id.
    pub async fn delete(
        &self,
        id: impl TryInto<PipelineId, Error: Into<Error>>,
    ) -> Result<(), Error> {
        let call = self.client.call("delete_pipeline");
        let id: PipelineId = call.id(id)?;
        let customer_name = self
            .client
            .customer_name()
            .await
            .map_err(|error| call.failed(error))?;
        let answer = call
            .raw()
            .delete_pipeline(id.as_str(), &customer_name)
            .await;
        call.finish_empty(answer)
    }

    pub(crate) const fn client(&self) -> &Client {
        self.client
    }
}

impl PipelineHandle<'_> {
    /// The pipeline's id.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) for one that cannot be.
    pub fn id(&self) -> Result<&PipelineId, Error> {
        self.id.as_ref().map_err(Clone::clone)
    }

    /// The pipeline's runs.
    ///
    /// ```
    /// # dadosfera::__example!(client, pipeline: orders => {
    /// assert!(client.pipeline(&orders).runs().list().await?.is_empty());
    /// # });
    /// ```
    #[must_use]
    pub fn runs(&self) -> Runs {
        Runs::new(self.client, self.id.clone())
    }

    /// Starts a run. Where one is under way, the new one queues. The handle waits for it to end.
    ///
    /// It is not retried after an unknown outcome: look at [`runs`](Self::runs) before it is repeated.
    ///
    /// ```
    /// # dadosfera::__example!(client, pipeline: orders => {
    /// let run = client.pipeline(&orders).execute().await?;
    /// println!("{}", run.run_id());
    /// # });
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::BadRequest`](crate::ErrorKind::BadRequest) with the code `PipelinePaused` where it is paused.
    pub async fn execute(&self) -> Result<RunHandle, Error> {
        let call = self.client.call("execute_pipeline");
        let body = self.reference(&call)?;
        // The answer does not say which run it starts, so what was there before has to be known.
        let runs = self.runs();
        let before = match runs.list().await {
            Ok(before) => Ok(before),
            // Whoever may start a run but not read runs can still start one. What is not there, the start itself tells.
            Err(error) if matches!(error.kind(), ErrorKind::Forbidden | ErrorKind::NotFound) => {
                Err(error)
            }
            Err(error) => return Err(error),
        };
        let answer = call.raw().execute_pipeline(&body).await;
        let triggered = call.finish(answer).await?.data;
        Ok(RunHandle::new(runs, before, triggered.run_id))
    }

    /// Stops its schedule and refuses manual runs. Runs that are under way finish.
    ///
    /// ```
    /// # dadosfera::__example!(client, pipeline: orders => {
    /// client.pipeline(&orders).pause().await?;
    /// # });
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::BadRequest`](crate::ErrorKind::BadRequest) with the code `PipelineAlreadyPaused` where it is.
    pub async fn pause(&self) -> Result<(), Error> {
        let call = self.client.call("pause_pipeline");
        let body = self.reference(&call)?;
        let answer = call.raw().pause_pipeline(&body).await;
        call.finish_empty(answer)
    }

    /// Lets it run again.
    ///
    /// ```
    /// # dadosfera::__example!(client, pipeline: orders => {
    /// client.pipeline(&orders).pause().await?;
    /// client.pipeline(&orders).unpause().await?;
    /// # });
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::BadRequest`](crate::ErrorKind::BadRequest) with the code `PipelineNotPaused` where it is not paused.
    pub async fn unpause(&self) -> Result<(), Error> {
        let call = self.client.call("unpause_pipeline");
        let body = self.reference(&call)?;
        let answer = call.raw().unpause_pipeline(&body).await;
        call.finish_empty(answer)
    }

    /// Sets its memory in MB: 2,048 unless set, 12,000 at most. Answers what it is now.
    ///
    /// ```
    /// # dadosfera::__example!(client, pipeline: orders => {
    /// assert_eq!(client.pipeline(&orders).set_memory(4096).await?, 4096);
    /// # });
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) beyond the limit; nothing is sent then.
    pub async fn set_memory(&self, megabytes: u32) -> Result<i64, Error> {
        let call = self.client.call("update_pipeline_memory");
        let id = self.known(&call)?;
        input::memory("amount", megabytes).map_err(|error| call.failed(error))?;
        let body = MemoryRequest {
            amount: megabytes.into(),
        };
        let answer = call.raw().update_pipeline_memory(id.as_str(), &body).await;
        Ok(call.finish(answer).await?.data.memory_mb)
    }

    fn reference(&self, call: &Call) -> Result<PipelineReference, Error> {
        Ok(PipelineReference {
            pipeline_id: self.known(call)?.as_str().to_owned(),
        })
    }

    fn known(&self, call: &Call) -> Result<&PipelineId, Error> {
        self.id.as_ref().map_err(|error| call.failed(error.clone()))
    }
}
