//! `dadosfera runs`.

use std::time::{Duration, Instant};

use dadosfera::Client;
use dadosfera::types::{PipelineRun, RunStatus};

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

/// Waits for a run that is under way, and tells each change of its status. What ends by itself is waited out: an API that is
/// away for a while does not end the wait.
async fn wait(
    client: &Client,
    output: Output,
    pipeline: &str,
    run: Option<&str>,
    limit: Duration,
) -> Result<(), Failure> {
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
    let began = Instant::now();
    let mut pause = Duration::from_millis(500);
    let mut told = String::new();
    loop {
        match runs.get(id.as_str()).await {
            Ok(run) => {
                let status = run.last_status.to_string();
                if status != told {
                    say(&format!(
                        "{id} {status} after {} s\n",
                        began.elapsed().as_secs()
                    ));
                    told = status;
                }
                if run.last_status != RunStatus::Running {
                    return ended(output, &run);
                }
            }
            Err(error) if error.is_transient() => say(&format!("{error}\n")),
            Err(error) => return Err(error.into()),
        }
        let left = limit.saturating_sub(began.elapsed());
        if left.is_zero() {
            return Err(Failure::not_in_time(format!(
                "the run {id} had not ended after {} s, and goes on",
                limit.as_secs()
            )));
        }
        tokio::time::sleep(pause.min(left)).await;
        pause = (pause * 3 / 2).min(LONGEST);
    }
}

fn ended(output: Output, run: &PipelineRun) -> Result<(), Failure> {
    output.value(run, || {
        format!("{} ended: {}\n", run.pipeline_run_id, run.last_status)
    })?;
    if run.last_status == RunStatus::Success {
        return Ok(());
    }
    Err(Failure::run_failed(format!(
        "the run {} failed\ntrace: {}",
        run.pipeline_run_id,
        run.trace.as_deref().unwrap_or("none")
    )))
}
