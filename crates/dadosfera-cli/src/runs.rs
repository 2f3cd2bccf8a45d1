//! `dadosfera runs`.

use dadosfera::Client;

use crate::arguments::RunsVerb;
use crate::failure::Failure;
use crate::output::Output;

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
    }
}
