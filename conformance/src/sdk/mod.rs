//! Every operation through the SDK, as its users would call it.

mod newer;

use dadosfera::types::SortOrder;
use dadosfera::{
    Client, Error, JobInputPatch, NewJdbcJob, NewPipeline, PageOptions, PipelineId, PipelinePatch,
    SyncMode, WaitOptions,
};

use crate::people::Person;
use crate::session::Session;

/// One call of the SDK, and the error that it ended with.
#[derive(Debug)]
pub struct Step {
    /// The operation that the call is for.
    pub operation: &'static str,
    /// The SDK's own words, which hold no secret.
    pub error: Option<String>,
}

/// Where to walk, and as whom.
#[derive(Debug)]
pub struct Walk<'a> {
    /// The base URL.
    pub base_url: &'a str,
    /// Who signs in.
    pub person: &'a Person,
    /// A session of the same person, whose refresh token is used once.
    pub session: &'a Session,
    /// The id of the pipeline that is made and deleted.
    pub id: &'a str,
    /// Whether a program can consent to an OAuth connection, as on the emulator.
    pub consents: bool,
    /// How long to wait for its run.
    pub wait: WaitOptions,
}

/// The steps of a walk.
#[derive(Debug, Default)]
struct Steps(Vec<Step>);

impl Steps {
    /// Notes how a call ended, and hands its value on.
    fn note<T>(&mut self, operation: &'static str, result: Result<T, Error>) -> Option<T> {
        let (value, error) = match result {
            Ok(value) => (Some(value), None),
            Err(error) => (None, Some(error.to_string())),
        };
        self.0.push(Step { operation, error });
        value
    }
}

impl Walk<'_> {
    /// Calls every operation that the SDK has; `between` is called while a run is under way.
    pub async fn run(&self, between: impl Fn()) -> Vec<Step> {
        let mut steps = Steps::default();
        let client = match self.client() {
            Ok(client) => client,
            Err(error) => {
                steps.note::<()>("sign_in", Err(error));
                return steps.0;
            }
        };
        steps.note("get_health", client.health().get().await);
        steps.note("sign_in", client.session().sign_in().await);
        self.refresh(&mut steps).await;
        keys(&client, &mut steps).await;
        if let Ok(id) = PipelineId::new(self.id) {
            self.pipeline(&client, &id, &mut steps, between).await;
            jobs(&client, &id, &mut steps).await;
            older(&client, &id, &mut steps).await;
            steps.note("delete_pipeline", client.pipelines().delete(&id).await);
        }
        let name = self.name();
        newer::connections(&client, &name, self.consents, &mut steps).await;
        newer::catalog(&client, &name, &mut steps).await;
        newer::storage(&client, &name, &mut steps).await;
        newer::people(&client, &name, self.consents, &mut steps).await;
        steps.0
    }

    /// The name of everything that is made.
    fn name(&self) -> String {
        format!("conformance-sdk-{}", self.id.get(..8).unwrap_or(self.id))
    }

    fn client(&self) -> Result<Client, Error> {
        let mut builder = Client::builder()
            .base_url(self.base_url)
            .password(&*self.person.username, &*self.person.password);
        if let Some(secret) = &self.person.totp_secret {
            builder = builder.totp_secret(&**secret);
        }
        builder.build()
    }

    /// A client that starts from a refresh token refreshes before its first call.
    async fn refresh(&self, steps: &mut Steps) {
        let built = Client::builder()
            .base_url(self.base_url)
            .refresh_token(&*self.session.refresh_token, &*self.session.customer_name)
            .build();
        if let Some(client) = steps.note("refresh_access_token", built) {
            steps.note("list_pipelines", client.pipelines().list().await);
        }
    }

    async fn pipeline(
        &self,
        client: &Client,
        id: &PipelineId,
        steps: &mut Steps,
        between: impl Fn(),
    ) {
        let connection = "1701234567890_abc123_postgresql-1.0.0";
        let job = NewJdbcJob::new("postgresql", "public", "orders", connection).columns(["id"]);
        let new = NewPipeline::new(self.name())
            .id(id.clone())
            .description("made by the SDK")
            .job(job);
        steps.note("create_pipeline", client.pipelines().create(new).await);
        steps.note("get_pipeline", client.pipelines().get(id).await);
        let patch = PipelinePatch::new()
            .description("changed by the SDK")
            .manual();
        steps.note(
            "update_pipeline",
            client.pipelines().update(id, &patch).await,
        );
        let handle = client.pipeline(id);
        steps.note("update_pipeline_memory", handle.set_memory(4096).await);
        steps.note("pause_pipeline", handle.pause().await);
        steps.note("unpause_pipeline", handle.unpause().await);
        let Some(run) = steps.note("execute_pipeline", handle.execute().await) else {
            return;
        };
        between();
        let ended = steps.note("list_pipeline_runs", run.wait_with(self.wait).await);
        if let Some(ended) = ended {
            steps.note(
                "get_pipeline_run",
                handle.runs().get(ended.pipeline_run_id).await,
            );
        }
    }
}

async fn keys(client: &Client, steps: &mut Steps) {
    steps.note("list_permissions", client.permissions().list().await);
    let key = steps.note("create_api_key", client.api_keys().create([1]).await);
    steps.note("list_api_keys", client.api_keys().list().await);
    if let Some(key) = key {
        steps.note("delete_api_key", client.api_keys().delete(&key.id).await);
    }
}

async fn jobs(client: &Client, id: &PipelineId, steps: &mut Steps) {
    let (jobs, job) = (client.jobs(), id.job(0));
    steps.note("get_jdbc_job", jobs.get_jdbc(&job).await);
    let mode = SyncMode::incremental("updated_at", "timestamp");
    steps.note(
        "update_job_sync_mode",
        jobs.set_sync_mode(&job, &mode).await,
    );
    let patch = JobInputPatch::new().add_columns(["status"]);
    steps.note("patch_job_input", jobs.patch_input(&job, &patch).await);
    steps.note("reset_job_state", jobs.reset_state(&job).await);
    steps.note("update_job_memory", jobs.set_memory(&job, 4096).await);
}

async fn older(client: &Client, id: &PipelineId, steps: &mut Steps) {
    let page = PageOptions {
        page: Some(1),
        size: Some(50),
        order: Some(SortOrder::Asc),
        sort_by: Some("display_name".to_owned()),
    };
    let older = client.pipelines_v2();
    steps.note("list_pipelines_v2", older.list(&page).await);
    steps.note("get_pipeline_v2_status", older.status(id).await);
    steps.note("download_pipeline_logs", older.download_logs(id).await);
}
