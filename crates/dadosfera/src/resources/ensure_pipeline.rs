//! Ensuring a pipeline by name.
//!
//! The API can change a pipeline's name, description and schedule, a job's mode of loading and the fields of its input. It
//! can neither add nor remove a job, nor change its connector, plugin or output, nor take a column away: those are told.

use dadosfera_raw::Maybe;
use dadosfera_raw::types::{self, LoadType};
use serde_json::{Map, Value};

use super::jobs::JobInputPatch;
use super::new_pipeline::{NewPipeline, PipelinePatch};
use super::pipelines::Pipelines;
use super::sync_mode::SyncMode;
use crate::client::Client;
use crate::ensure::{Done, Ensured, Target, conflict, differing, ensure, object, only_one};
use crate::error::{Error, ErrorKind};
use crate::id::PipelineId;

const COLUMNS: &str = "column_include_list";

struct Wanted<'a> {
    client: &'a Client,
    pipeline: NewPipeline,
    request: types::CreatePipelineRequest,
}

impl Pipelines<'_> {
    /// Makes sure that there is a pipeline of this name and that it is as described: creates it, changes what differs, or
    /// does nothing. After a creation whose answer was lost it looks before it creates again, so there are never two and
    /// never none. What the description leaves out (a description, a column list of `null`) is left as it is.
    ///
    /// ```
    /// # dadosfera::__example!(client => {
    /// use dadosfera::{NewJdbcJob, NewPipeline};
    ///
    /// let job = NewJdbcJob::new("postgresql", "public", "orders", "1763991009206_kvpd3364_postgresql-1.0.0");
    /// let orders = client.pipelines().ensure(NewPipeline::new("Orders").cron("0 6 * * *").job(job)).await?;
    /// client.pipeline(&orders.id).execute().await?.wait().await?;
    /// # });
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`] where several pipelines have the name, or the one that has it cannot become what is
    /// described; what else the calls answer that is done by it. [`ErrorKind::InvalidInput`] for what no
    /// server could accept; nothing is sent then.
    pub async fn ensure(&self, pipeline: NewPipeline) -> Result<Ensured<PipelineId>, Error> {
        pipeline
            .check()
            .map_err(|error| error.of("create_pipeline"))?;
        let wanted = Wanted {
            client: self.client(),
            request: pipeline.clone().into_request(),
            pipeline,
        };
        ensure(self.client(), &wanted).await
    }
}

impl Target for Wanted<'_> {
    type Id = PipelineId;
    type Found = PipelineId;

    async fn find(&self) -> Result<Option<PipelineId>, Error> {
        let name = &self.request.name;
        let mut all = self.client.pipelines().list().await?;
        all.retain(|it| it.name == *name);
        only_one(all, "pipelines", name, |it| &it.pipeline_id)?
            .map(|it| PipelineId::new(it.pipeline_id))
            .transpose()
    }

    async fn create(&self) -> Result<PipelineId, Error> {
        self.client.pipelines().create(self.pipeline.clone()).await
    }

    async fn settle(&self, id: PipelineId) -> Result<Ensured<PipelineId>, Error> {
        let there = self.client.pipelines().get(&id).await?;
        let changes = Changes::between(&self.request, &there)?;
        if changes.fields.is_empty() {
            return Ok(Ensured::unchanged(id));
        }
        changes.make(self.client, &id).await?;
        let now = self.client.pipelines().get(&id).await?;
        let left = Changes::between(&self.request, &now)?.fields;
        if let Some(field) = left.first() {
            return Err(conflict(
                format!("the API took the change of `{field}` and shows it unchanged"),
                "look at the pipeline in the web application",
            )
            .of("update_pipeline"));
        }
        Ok(Ensured {
            id,
            done: Done::Updated(changes.fields),
        })
    }
}

/// What is to be changed.
#[derive(Default)]
struct Changes {
    /// The paths of the fields.
    fields: Vec<String>,
    patch: Option<PipelinePatch>,
    modes: Vec<(String, SyncMode)>,
    inputs: Vec<(String, Map<String, Value>)>,
}

impl Changes {
    fn between(
        wanted: &types::CreatePipelineRequest,
        there: &types::PipelineDetail,
    ) -> Result<Self, Error> {
        let mut this = Self::default();
        let mut patch = PipelinePatch::new();
        if let Maybe::Value(text) = &wanted.description
            && there.description.as_ref() != Some(text)
        {
            patch = patch.description(text);
            this.fields.push("description".to_owned());
        }
        match (&wanted.cron, &there.cron) {
            (Maybe::Value(cron), current) if current.as_ref() != Some(cron) => {
                patch = patch.cron(cron);
                this.fields.push("cron".to_owned());
            }
            (Maybe::Null, Some(_)) => {
                patch = patch.manual();
                this.fields.push("cron".to_owned());
            }
            _ => {}
        }
        this.patch = (!this.fields.is_empty()).then_some(patch);
        if wanted.jobs.len() != there.jobs.len() {
            return Err(conflict(
                format!(
                    "the pipeline `{}` has {} jobs and is to have {}, and the API can neither add nor remove one",
                    there.name,
                    there.jobs.len(),
                    wanted.jobs.len()
                ),
                "give the new one another name, or delete this one first",
            ));
        }
        for (index, (wanted, there)) in wanted.jobs.iter().zip(&there.jobs).enumerate() {
            this.job(index, wanted, there)?;
        }
        Ok(this)
    }

    fn job(
        &mut self,
        index: usize,
        wanted: &types::NewJob,
        there: &types::PipelineJob,
    ) -> Result<(), Error> {
        let path = |field: &str| format!("jobs[{index}].{field}");
        let (input, current) = (object(&wanted.input)?, object(&there.input)?);
        let mut fields = differing(&input, &current);
        let fixed = |field: &str| {
            conflict(
                format!("`{field}` differs, and the API cannot change it"),
                "give the pipeline another name, or delete the one that is there first",
            )
        };
        if let Some(field) = fields
            .iter()
            .find(|it| matches!(it.as_str(), "connector" | "plugin"))
        {
            return Err(fixed(&path(&format!("input.{field}"))));
        }
        let (output, lands) = (object(&wanted.output)?, object(&there.output)?);
        // The detail may show more of an output than was asked for, or show it flat.
        if let Some(field) = differing(&output, &lands)
            .into_iter()
            .find(|field| lands.contains_key(field))
        {
            return Err(fixed(&path(&format!("output.{field}"))));
        }
        if input.get(COLUMNS).is_some_and(Value::is_null) {
            fields.retain(|field| field != COLUMNS);
        }
        if fields.iter().any(|field| field == COLUMNS) {
            only_adds(&input, &current).map_err(|columns| {
                conflict(
                    format!(
                        "`{}` is to lose {columns}, and the API only adds columns",
                        path("input.column_include_list")
                    ),
                    "list those columns too, or give the pipeline another name",
                )
            })?;
        }
        self.fields
            .extend(fields.iter().map(|field| path(&format!("input.{field}"))));
        if fields.iter().any(|field| field == "load_type") {
            let mode = mode(&wanted.input)?;
            self.modes.push((there.job_id.clone(), mode));
            fields.retain(|field| {
                !matches!(
                    field.as_str(),
                    "load_type"
                        | "incremental_column_name"
                        | "incremental_column_type"
                        | "primary_keys"
                )
            });
        }
        if !fields.is_empty() {
            let patch = input
                .into_iter()
                .filter(|(field, _)| fields.contains(field));
            self.inputs.push((there.job_id.clone(), patch.collect()));
        }
        Ok(())
    }

    async fn make(&self, client: &Client, id: &PipelineId) -> Result<(), Error> {
        if let Some(patch) = &self.patch {
            client.pipelines().update(id, patch).await?;
        }
        for (job, mode) in &self.modes {
            client.jobs().set_sync_mode(job, mode).await?;
        }
        for (job, fields) in &self.inputs {
            let patch = JobInputPatch::from_fields(fields)?;
            client.jobs().patch_input(job, &patch).await?;
        }
        Ok(())
    }
}

/// Tells which columns would have to go.
fn only_adds(wanted: &Map<String, Value>, there: &Map<String, Value>) -> Result<(), String> {
    let list = |of: &Map<String, Value>| of.get(COLUMNS).and_then(Value::as_array).cloned();
    let Some(current) = list(there) else {
        return Err("all but those that it lists".to_owned());
    };
    let wanted = list(wanted).unwrap_or_default();
    let lost: Vec<String> = current
        .iter()
        .filter(|column| !wanted.contains(column))
        .map(ToString::to_string)
        .collect();
    if lost.is_empty() {
        Ok(())
    } else {
        Err(lost.join(", "))
    }
}

fn mode(input: &types::JobInput) -> Result<SyncMode, Error> {
    let column = input.incremental_column_name.as_ref();
    let column_type = input.incremental_column_type.as_ref();
    match (&input.load_type, column, column_type) {
        (Some(LoadType::FullLoad), _, _) => Ok(SyncMode::full_load()),
        (Some(LoadType::Incremental), Some(column), Some(column_type)) => {
            Ok(SyncMode::incremental(column, column_type))
        }
        (Some(LoadType::IncrementalWithQualify), Some(column), Some(column_type)) => {
            let keys = input.primary_keys.as_ref().cloned().unwrap_or_default();
            Ok(SyncMode::incremental_with_qualify(
                column,
                column_type,
                keys,
            ))
        }
        _ => Err(Error::new(
            ErrorKind::InvalidInput,
            "the job's mode of loading lacks its incremental column, or is unknown",
        )
        .next("build the job with NewJdbcJob")),
    }
}
