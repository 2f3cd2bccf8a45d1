//! Jobs: what a pipeline reads, how it loads, and how far it has come.

use dadosfera_raw::Maybe;
use dadosfera_raw::types::{self, JobInputFields, LoadType, MemoryRequest};

use super::sync_mode::{SyncMode, SyncModePlan};
use crate::client::Client;
use crate::error::Error;
use crate::id::JobId;
use crate::input;

/// The jobs of pipelines; from [`Client::jobs`].
#[derive(Debug, Clone, Copy)]
pub struct Jobs<'a> {
    client: &'a Client,
}

/// What to change in a job's input. What is not named stays as it is.
///
/// ```
/// use dadosfera::JobInputPatch;
///
/// let patch = JobInputPatch::new().add_columns(["discount"]);
/// let moved = JobInputPatch::new()
///     .table("archive", "orders")
///     .incremental_column("updated_at", "timestamp")
///     .primary_keys(["id"]);
/// ```
#[derive(Debug, Clone)]
pub struct JobInputPatch(JobInputFields);

impl Client {
    /// The jobs of pipelines.
    ///
    /// ```
    /// # dadosfera::__example!(client, pipeline: pipeline => {
    /// use dadosfera::SyncMode;
    ///
    /// let mode = SyncMode::incremental("updated_at", "timestamp");
    /// let answer = client.jobs().set_sync_mode(pipeline.job(0), &mode).await?;
    /// println!("the job's state is {}", answer.state);
    /// # });
    /// ```
    #[must_use]
    pub const fn jobs(&self) -> Jobs<'_> {
        Jobs { client: self }
    }
}

impl Jobs<'_> {
    /// A JDBC job's input and output.
    ///
    /// ```
    /// # dadosfera::__example!(client, pipeline: orders => {
    /// let job = client.jobs().get_jdbc(orders.job(0)).await?;
    /// println!("{}", job.job_name);
    /// # });
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) where the customer has none of this id.
    pub async fn get_jdbc(
        &self,
        id: impl TryInto<JobId, Error: Into<Error>>,
    ) -> Result<types::JdbcJob, Error> {
        let call = self.client.call("get_jdbc_job");
        let id: JobId = call.id(id)?;
        let answer = call.raw().get_jdbc_job(id.as_str()).await;
        call.finish(answer).await
    }

    /// Changes how a JDBC job loads. What becomes of its state is in the answer (inferred); what will become of it,
    /// [`plan_sync_mode`](Self::plan_sync_mode) says before.
    ///
    /// ```
    /// # dadosfera::__example!(client, pipeline: orders => {
    /// use dadosfera::SyncMode;
    ///
    /// let mode = SyncMode::incremental("updated_at", "timestamp");
    /// let answer = client.jobs().set_sync_mode(orders.job(0), &mode).await?;
    /// println!("the job's state is {}", answer.state);
    /// # });
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) where the customer has none of this id;
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) for a mode without what it needs; nothing is sent then.
    pub async fn set_sync_mode(
        &self,
        id: impl TryInto<JobId, Error: Into<Error>>,
        mode: &SyncMode,
    ) -> Result<types::SyncModeAnswer, Error> {
        let call = self.client.call("update_job_sync_mode");
        let id: JobId = call.id(id)?;
        mode.check(None).map_err(|error| call.failed(error))?;
        let answer = call
            .raw()
            .update_job_sync_mode(id.as_str(), mode.request())
            .await;
        call.finish(answer).await
    }

    /// Reads how a JDBC job loads now, and says what a change to `mode` will do to its state, without changing anything.
    ///
    /// ```
    /// # dadosfera::__example!(client, pipeline: orders => {
    /// use dadosfera::types::{JobStateChange, LoadType};
    /// use dadosfera::{SyncMode, SyncModePlan};
    ///
    /// let mode = SyncMode::incremental("updated_at", "timestamp");
    /// let plan: SyncModePlan = client.jobs().plan_sync_mode(orders.job(0), &mode).await?;
    /// println!("{plan}");
    /// assert_eq!((plan.from, plan.state), (LoadType::FullLoad, Some(JobStateChange::Initialized)));
    /// # });
    /// ```
    ///
    /// # Errors
    /// As of [`set_sync_mode`](Self::set_sync_mode).
    pub async fn plan_sync_mode(
        &self,
        id: impl TryInto<JobId, Error: Into<Error>>,
        mode: &SyncMode,
    ) -> Result<SyncModePlan, Error> {
        let job = self.get_jdbc(id).await?;
        mode.check(Some(&job.source_config.plugin))
            .map_err(|error| error.of_if_unknown("update_job_sync_mode"))?;
        // Without a load type a job loads everything.
        let from = job.source_config.load_type.unwrap_or(LoadType::FullLoad);
        Ok(SyncModePlan::new(from, mode))
    }

    /// Changes fields of a job's input and answers which ones changed. Columns are added to those that are there.
    ///
    /// ```
    /// # dadosfera::__example!(client, pipeline: orders => {
    /// use dadosfera::JobInputPatch;
    ///
    /// let changed = client.jobs().patch_input(orders.job(0), &JobInputPatch::new().add_columns(["discount"])).await?;
    /// assert_eq!(changed, ["column_include_list"]);
    /// # });
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) where the customer has none of this id.
    pub async fn patch_input(
        &self,
        id: impl TryInto<JobId, Error: Into<Error>>,
        patch: &JobInputPatch,
    ) -> Result<Vec<String>, Error> {
        let call = self.client.call("patch_job_input");
        let id: JobId = call.id(id)?;
        let answer = call.raw().patch_job_input(id.as_str(), &patch.0).await;
        Ok(call.finish(answer).await?.updated_fields)
    }

    /// Makes a job's next run start from the beginning.
    ///
    /// ```
    /// # dadosfera::__example!(client, pipeline: orders => {
    /// client.jobs().reset_state(orders.job(0)).await?;
    /// # });
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) where the customer has none of this id.
    pub async fn reset_state(
        &self,
        id: impl TryInto<JobId, Error: Into<Error>>,
    ) -> Result<(), Error> {
        let call = self.client.call("reset_job_state");
        let id: JobId = call.id(id)?;
        let answer = call.raw().reset_job_state(id.as_str()).await;
        call.finish_empty(answer)
    }

    /// Sets a job's memory in MB: 12,000 at most. Answers what it is now.
    ///
    /// ```
    /// # dadosfera::__example!(client, pipeline: orders => {
    /// assert_eq!(client.jobs().set_memory(orders.job(0), 4096).await?, 4096);
    /// # });
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) beyond the limit; nothing is sent then.
    pub async fn set_memory(
        &self,
        id: impl TryInto<JobId, Error: Into<Error>>,
        megabytes: u32,
    ) -> Result<i64, Error> {
        let call = self.client.call("update_job_memory");
        let id: JobId = call.id(id)?;
        input::memory("amount", megabytes).map_err(|error| call.failed(error))?;
        let body = MemoryRequest {
            amount: megabytes.into(),
        };
        let answer = call.raw().update_job_memory(id.as_str(), &body).await;
        Ok(call.finish(answer).await?.data.memory_mb)
    }
}

impl JobInputPatch {
    /// No change yet.
    #[must_use]
    pub fn new() -> Self {
        Self(JobInputFields {
            auth_parameters: None,
            column_include_list: Maybe::Absent,
            file_format_params: None,
            incremental_column_name: Maybe::Absent,
            incremental_column_type: Maybe::Absent,
            load_type: None,
            network_config: Maybe::Absent,
            primary_keys: Maybe::Absent,
            replication_method: None,
            source_bucket: None,
            source_prefix: None,
            table_name: None,
            table_schema: Maybe::Absent,
            extra: serde_json::Map::new(),
        })
    }

    /// A change of these fields of the API.
    pub(crate) fn from_fields(
        fields: &serde_json::Map<String, serde_json::Value>,
    ) -> Result<Self, Error> {
        serde_json::from_value(fields.clone().into())
            .map(Self)
            .map_err(|error| {
                Error::invalid_input(
                    "the job's input cannot be written as a change",
                    "build it with NewJdbcJob",
                )
                .with_source(error)
            })
    }

    /// Adds columns to those that are read.
    #[must_use]
    pub fn add_columns<C: Into<String>>(mut self, columns: impl IntoIterator<Item = C>) -> Self {
        self.0.column_include_list = Maybe::Value(columns.into_iter().map(Into::into).collect());
        self
    }

    /// Reads another table.
    #[must_use]
    pub fn table(mut self, schema: impl Into<String>, name: impl Into<String>) -> Self {
        self.0.table_schema = Maybe::Value(schema.into());
        self.0.table_name = Some(name.into());
        self
    }

    /// Another column to tell what is new.
    #[must_use]
    pub fn incremental_column(
        mut self,
        column: impl Into<String>,
        column_type: impl Into<String>,
    ) -> Self {
        self.0.incremental_column_name = Maybe::Value(column.into());
        self.0.incremental_column_type = Maybe::Value(column_type.into());
        self
    }

    /// Other primary keys.
    #[must_use]
    pub fn primary_keys<K: Into<String>>(mut self, keys: impl IntoIterator<Item = K>) -> Self {
        self.0.primary_keys = Maybe::Value(keys.into_iter().map(Into::into).collect());
        self
    }
}

impl Default for JobInputPatch {
    fn default() -> Self {
        Self::new()
    }
}

impl From<JobInputFields> for JobInputPatch {
    /// Any field that the API takes.
    fn from(fields: JobInputFields) -> Self {
        Self(fields)
    }
}
