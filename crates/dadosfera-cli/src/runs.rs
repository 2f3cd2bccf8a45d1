//! `dadosfera runs`.

use std::time::Duration;

use dadosfera::types::PipelineRun;
use dadosfera::{Client, ErrorKind, WaitOptions};

use crate::arguments::RunsVerb;
use crate::failure::Failure;
use crate::output::Output;
use crate::progress::say;

pub(crate) async fn run(client: &Client, output: Output, verb: &RunsVerb) -> Result<(), Failure> {
    match verb {
        RunsVerb::List { pipeline } => {
            let runs = client.runs(pipeline.as_str()).list().await?;
            output.rows(
                &runs,
                ["RUN", "STATUS", "CREATED", "UPDATED", "TRACE"],
                |run| {
                    [
                        run.pipeline_run_id.clone(),
                        run.last_status.to_string(),
                        run.created_at.to_string(),
                        run.updated_at.to_string(),
                        run.trace.clone().unwrap_or_default(),
                    ]
                },
            )
        }
        RunsVerb::Get { pipeline, run } => {
            let run = client.runs(pipeline.as_str()).get(run.as_str()).await?;
            output.value(&run, || {
                format!(
                    "run      {}\nstatus   {}\ncreated  {}\nupdated  {}\ntrace    {}\n",
                    run.pipeline_run_id,
                    run.last_status,
                    run.created_at,
                    run.updated_at,
                    run.trace.as_deref().unwrap_or("-"),
                )
            })
        }
        RunsVerb::Wait {
            pipeline,
            run,
            limit,
        } => {
            wait(
                client,
                output,
                pipeline,
                run.as_deref(),
                Duration::from_secs(*limit),
            )
            .await
        }
    }
}

/// Waits for a run that is under way, and tells each change of its status.
async fn wait(
    client: &Client,
    output: Output,
    pipeline: &str,
    run: Option<&str>,
    limit: Duration,
) -> Result<(), Failure> {
    const FIRST: Duration = Duration::from_millis(500);
    const LONGEST: Duration = Duration::from_secs(15);
    let runs = client.runs(pipeline);
    let id = match run {
        Some(id) => id.to_owned(),
        None => match runs.list().await?.into_iter().next() {
            Some(newest) => newest.pipeline_run_id,
            None => {
                return Err(Failure::refused(format!(
                    "{pipeline} has no run to wait for"
                )));
            }
        },
    };
    let options = WaitOptions::new().limit(limit).pauses(FIRST, LONGEST);
    let mut seen: Option<PipelineRun> = None;
    let outcome = runs
        .follow(id.as_str())?
        .wait_with_progress(options, |progress| {
            let status = |run: &PipelineRun| run.last_status.to_string();
            if let Some(run) = progress.run
                && seen.as_ref().map(status) != Some(status(run))
            {
                say(&format!(
                    "{id} {} after {} s\n",
                    run.last_status,
                    progress.waited.as_secs()
                ));
                seen = Some(run.clone());
            }
        })
        .await;
    match (outcome, seen) {
        (Ok(run), _) => ended(output, &run),
        (Err(error), Some(run)) if error.kind() == ErrorKind::RunFailed => {
            ended(output, &run)?;
            Err(error.into())
        }
        (Err(error), _) => Err(error.into()),
    }
}

fn ended(output: Output, run: &PipelineRun) -> Result<(), Failure> {
    output.value(run, || {
        format!("{} ended: {}\n", run.pipeline_run_id, run.last_status)
    })
}
