//! Where the rows of pipelines land: tables of storage, and assets of the catalog.
//!
//! Rules (ours): a run lands all its jobs or, where one of them fails, none; a job that reads no storage lands nothing.

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::rows::view::View;
use crate::state::catalog::Catalogs;
use crate::state::chance::Chance;
use crate::state::data_asset::{AssetUser, LandedTable};
use crate::state::extraction::{self, Before, Extracted};
use crate::state::jobs::Job;
use crate::state::pipeline::Pipeline;
use crate::state::storage::Storage;
use crate::state::users::Users;

/// What a run lands in.
pub(crate) struct Warehouse<'a> {
    pub(crate) storage: &'a mut Storage,
    pub(crate) catalogs: &'a mut Catalogs,
    pub(crate) users: &'a Users,
}

/// The name of a table.
#[derive(Debug, Clone)]
struct Target {
    schema: String,
    name: String,
}

/// A job's rows, ready to land.
struct Landing {
    job: usize,
    raw: Target,
    qualified: Option<Target>,
    extracted: Extracted,
}

impl Warehouse<'_> {
    /// Lands what the run that ends now has read, or lets it fail.
    pub(crate) fn land(&mut self, pipeline: &mut Pipeline, at: DateTime<Utc>, chance: &mut Chance) {
        if pipeline.runs.will_fail() {
            return;
        }
        let mut landings = Vec::new();
        let mut failures = Vec::new();
        for (index, job) in pipeline.jobs.iter().enumerate() {
            if !extraction::reads_storage(&job.input) {
                continue;
            }
            match self.prepare(pipeline, index, job) {
                Ok(landing) => landings.push(landing),
                Err(trace) => failures.push((index, trace)),
            }
        }
        if failures.is_empty() {
            for landing in landings {
                self.commit(pipeline, landing, at, chance);
            }
        }
        for (index, trace) in failures {
            pipeline.runs.fail(index, trace);
        }
    }

    fn prepare(&self, pipeline: &Pipeline, index: usize, job: &Job) -> Result<Landing, String> {
        let (raw, qualified) = job.landing(&pipeline.id);
        let raw = target(&raw)?;
        let qualified = qualified.as_ref().map(target).transpose()?;
        let customer_id = &pipeline.customer_id;
        let storage = &self.storage;
        let view = |target: &Target| {
            let table = storage
                .tables
                .named(customer_id, &target.schema, &target.name);
            table.map(|table| table.view.clone())
        };
        let before = Before {
            raw: view(&raw),
            qualified: qualified.as_ref().and_then(view),
        };
        let extracted = extraction::extract(
            &job.input,
            job.read.as_ref(),
            before,
            &storage.files,
            customer_id,
            &storage.disk,
        )?;
        Ok(Landing {
            job: index,
            raw,
            qualified,
            extracted,
        })
    }

    fn commit(
        &mut self,
        pipeline: &mut Pipeline,
        landing: Landing,
        at: DateTime<Utc>,
        chance: &mut Chance,
    ) {
        let Extracted {
            raw,
            qualified,
            read,
        } = landing.extracted;
        self.put(pipeline, landing.raw, raw, at, chance);
        if let Some((target, view)) = landing.qualified.zip(qualified) {
            self.put(pipeline, target, view, at, chance);
        }
        if let Some(job) = pipeline.jobs.get_mut(landing.job) {
            job.read = Some(read);
        }
    }

    fn put(
        &mut self,
        pipeline: &Pipeline,
        target: Target,
        view: View,
        at: DateTime<Utc>,
        chance: &mut Chance,
    ) {
        let customer_id = &pipeline.customer_id;
        let tables = &mut self.storage.tables;
        tables.land(customer_id, &target.schema, &target.name, view, at, chance);
        let maker = self.users.get(&pipeline.user_id);
        let maker = AssetUser {
            id: maker.map(|user| user.id.clone()).unwrap_or_default(),
            email: pipeline.user_id.clone(),
        };
        let table = LandedTable {
            pipeline_id: pipeline.id.clone(),
            table_schema: target.schema,
            table_name: target.name,
        };
        self.catalogs
            .upsert_from_pipeline(customer_id, maker, table, None, at, chance);
    }
}

/// The table that a job's output names.
fn target(output: &Value) -> Result<Target, String> {
    let text = |name: &str| {
        let text = output.get(name).and_then(Value::as_str);
        let text = text.filter(|text| !text.is_empty());
        text.map(ToOwned::to_owned)
            .ok_or_else(|| format!("The output has no {name}"))
    };
    Ok(Target {
        schema: text("table_schema")?,
        name: text("table_name")?,
    })
}
