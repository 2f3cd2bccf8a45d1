//! `dadosfera pipelines`.

use std::time::Duration;

use dadosfera::{Client, NewJdbcJob, NewPipeline, WaitOptions, types};
use serde_json::json;

use crate::arguments::{CreatePipeline, PipelinesVerb};
use crate::ensure;
use crate::failure::Failure;
use crate::output::Output;

pub(crate) async fn run(
    client: &Client,
    output: Output,
    verb: &PipelinesVerb,
) -> Result<(), Failure> {
    match verb {
        PipelinesVerb::List => list(client, output).await,
        PipelinesVerb::Get { id } => get(client, output, id).await,
        PipelinesVerb::Create(options) => create(client, output, options).await,
        PipelinesVerb::Ensure(arguments) => ensure::pipeline(client, output, arguments).await,
        PipelinesVerb::Delete { id } => {
            client.pipelines().delete(id.as_str()).await?;
            done(output, id, "deleted")
        }
        PipelinesVerb::Run { id, wait, limit } => {
            start(
                client,
                output,
                id,
                wait.then(|| Duration::from_secs(*limit)),
            )
            .await
        }
        PipelinesVerb::Pause { id } => {
            client.pipeline(id.as_str()).pause().await?;
            done(output, id, "paused")
        }
        PipelinesVerb::Unpause { id } => {
            client.pipeline(id.as_str()).unpause().await?;
            done(output, id, "unpaused")
        }
        PipelinesVerb::Memory { id, megabytes } => {
            let set = client.pipeline(id.as_str()).set_memory(*megabytes).await?;
            done(output, id, &format!("memory set to {set} MB"))
        }
    }
}

async fn list(client: &Client, output: Output) -> Result<(), Failure> {
    let pipelines = client.pipelines().list().await?;
    output.rows(
        &pipelines,
        ["PIPELINE", "NAME", "CRON", "LAST STATUS", "JOBS"],
        |pipeline| {
            [
                pipeline.pipeline_id.clone(),
                pipeline.name.clone(),
                pipeline.cron.clone().unwrap_or_else(|| "-".to_owned()),
                pipeline.last_status.to_string(),
                pipeline.jobs.len().to_string(),
            ]
        },
    )
}

async fn get(client: &Client, output: Output, id: &str) -> Result<(), Failure> {
    let pipeline = client.pipelines().get(id).await?;
    output.value(&pipeline, || described(&pipeline))
}

fn described(pipeline: &types::PipelineDetail) -> String {
    let none = || "-".to_owned();
    let mut text = format!(
        "id           {}\nname         {}\ndescription  {}\nstatus       {}\ncron         {}\ncreated      {}\nupdated      {}\n",
        pipeline.id,
        pipeline.name,
        pipeline.description.clone().unwrap_or_else(none),
        pipeline.status,
        pipeline.cron.clone().unwrap_or_else(none),
        pipeline.created_at,
        pipeline.updated_at,
    );
    for job in &pipeline.jobs {
        let table = job.output.table_name.clone().unwrap_or_else(none);
        text.push_str(&format!(
            "job          {} {} -> {table}\n",
            job.job_id, job.job_name
        ));
    }
    text
}

async fn create(client: &Client, output: Output, options: &CreatePipeline) -> Result<(), Failure> {
    let mut job = NewJdbcJob::new(
        &options.plugin,
        &options.schema,
        &options.table,
        &options.connection,
    );
    if !options.columns.is_empty() {
        job = job.columns(options.columns.iter().cloned());
    }
    if let Some((name, kind)) = &options.incremental {
        job = job.incremental(name, kind);
    }
    let mut pipeline = NewPipeline::new(&options.name).job(job);
    if let Some(cron) = &options.cron {
        pipeline = pipeline.cron(cron);
    }
    if let Some(description) = &options.description {
        pipeline = pipeline.description(description);
    }
    let id = client.pipelines().create(pipeline).await?;
    done(output, id.as_str(), "created")
}

async fn start(
    client: &Client,
    output: Output,
    id: &str,
    wait: Option<Duration>,
) -> Result<(), Failure> {
    let pipeline = client.pipeline(id);
    let run = pipeline.execute().await?;
    let Some(limit) = wait else {
        let started = json!({ "pipeline_id": id, "run_id": run.run_id() });
        return output.value(&started, || format!("{id} started as {}\n", run.run_id()));
    };
    let ended = run.wait_with(WaitOptions::new().limit(limit)).await?;
    output.value(&ended, || {
        format!(
            "{id} run {} ended: {}\n",
            ended.pipeline_run_id, ended.last_status
        )
    })
}

fn done(output: Output, id: &str, what: &str) -> Result<(), Failure> {
    output.value(&json!({ "pipeline_id": id, "done": what }), || {
        format!("{id} {what}\n")
    })
}
