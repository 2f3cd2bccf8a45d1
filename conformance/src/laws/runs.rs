//! The life of a run: RUNNING, then SUCCESS or FAILED; one at a time.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use crate::people::Actor;
use crate::stage::{Stage, Stop};

use super::bodies;
use super::law::{Law, Need};

pub(super) const LAWS: &[Law] = &[
    Law {
        id: "runs.life",
        says: "an execution gives a run that is RUNNING, then SUCCESS without a trace; pipeline, job and the older route say the same",
        source: "facts 3 (documented)",
        needs: &[Need::HeldClock],
        check: |stage| Box::pin(life(stage)),
    },
    Law {
        id: "runs.failed",
        says: "a run that fails is FAILED with a trace, and its pipeline is in error",
        source: "facts 3 (documented: FAILED and trace; status error)",
        needs: &[Need::HeldClock],
        check: |stage| Box::pin(failed(stage)),
    },
    Law {
        id: "runs.queue",
        says: "an execution while a run is under way waits its turn: one run at a time, newest first, none lost",
        source: "facts 3 (documented: the new execution queues)",
        needs: &[Need::HeldClock],
        check: |stage| Box::pin(queue(stage)),
    },
    Law {
        id: "runs.pause",
        says: "a pause lets the run under way finish and starts none, until unpaused",
        source: "facts 3 (documented)",
        needs: &[Need::HeldClock],
        check: |stage| Box::pin(pause(stage)),
    },
    Law {
        id: "runs.schedule",
        says: "a pipeline with a cron runs by itself when its time comes, and not once the cron is null",
        source: "facts 3 (documented: cron, null = manual)",
        needs: &[Need::HeldClock],
        check: |stage| Box::pin(schedule(stage)),
    },
    Law {
        id: "runs.no-way-back",
        says: "whatever happens to a pipeline, a run goes from RUNNING to SUCCESS or FAILED and stays there, whole",
        source: "facts 3 (documented: the three values; that there is no way back is inferred)",
        needs: &[Need::HeldClock],
        check: |stage| Box::pin(no_way_back(stage)),
    },
    Law {
        id: "runs.absent",
        says: "a run that nobody started is a 404 with the id in its text",
        source: "facts 3 (inferred)",
        needs: &[Need::Writes, Need::Somebody(Actor::Admin)],
        check: |stage| Box::pin(absent(stage)),
    },
];

/// Longer than a run of the default world takes.
const A_RUN: Duration = Duration::from_secs(31);

fn statuses(runs: &[Value]) -> Vec<&str> {
    runs.iter()
        .filter_map(|run| run["last_status"].as_str())
        .collect()
}

fn are(stage: &Stage, situation: &str, runs: &[Value], expected: &[&str]) {
    let got = statuses(runs);
    stage.check(
        got == expected,
        situation,
        &format!("{expected:?}"),
        &format!("{got:?}"),
        None,
    );
}

async fn life(stage: &Stage) -> Result<(), Stop> {
    let world = stage.world().await?;
    let admin = world.sign_in(Actor::Admin).await?;
    let made = bodies::make(&world, &admin, "orders").await?;
    let got = world
        .call("execute_pipeline")
        .json(json!({ "pipeline_id": made.id }))
        .by(&admin)
        .send()
        .await?;
    got.must(200)?
        .is("/status", true)
        .is("/data/message", "Pipeline execution triggered successfully")
        .is("/data/pipeline_id", made.answered());
    let run_id = got.text("/data/run_id");
    got.see(
        "run_id",
        run_id.starts_with("manual__"),
        "manual__<time>",
        &run_id,
    );
    let runs = bodies::runs(&world, &admin, &made).await?;
    are(stage, "runs after an execution", &runs, &["RUNNING"]);
    let Some(run) = runs.first() else {
        return Err(Stop::Broken);
    };
    let id = run["pipeline_run_id"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    stage.check(
        run["pipeline_id"] == made.answered().as_str(),
        "pipeline_id of the run",
        &made.answered(),
        &run["pipeline_id"],
        None,
    );
    world.advance(A_RUN)?;
    let one = world
        .call("get_pipeline_run")
        .path("pipelineId", &made.id)
        .path("runId", &id)
        .by(&admin)
        .send()
        .await?;
    one.status(200)
        .is("/pipeline_run_id", id.as_str())
        .is("/last_status", "SUCCESS")
        .is("/trace", Value::Null)
        .is("/created_at", run["created_at"].clone());
    let (created, updated) = (one.text("/created_at"), one.text("/updated_at"));
    one.see(
        "updated_at",
        updated > created,
        "after created_at",
        &updated,
    );
    let all = bodies::runs(&world, &admin, &made).await?;
    stage.check(
        all == [one.json()],
        "the run in the list",
        &one.json(),
        &Value::from(all.clone()),
        None,
    );
    let list = world.call("list_pipelines").by(&admin).send().await?;
    list.is("/0/last_status", "SUCCESS")
        .is("/0/jobs/0/job_status", "SUCCESS");
    let older = world
        .call("get_pipeline_v2_status")
        .path("id", &made.id)
        .by(&admin)
        .send()
        .await?;
    older
        .status(200)
        .is("/status/0/status", "SUCCESS")
        .lacks("/status/1");
    let log = world
        .call("download_pipeline_logs")
        .query("pipeline_id", &made.id)
        .by(&admin)
        .send()
        .await?;
    log.status(200);
    log.see("log", !log.answer.body.is_empty(), "a text", "nothing");
    Ok(())
}

async fn failed(stage: &Stage) -> Result<(), Stop> {
    let world = stage.world().await?;
    let admin = world.sign_in(Actor::Admin).await?;
    // The default world's table whose extraction fails.
    let made = bodies::make(&world, &admin, "orders_broken").await?;
    bodies::execute(&world, &admin, &made).await?;
    world.advance(A_RUN)?;
    let runs = bodies::runs(&world, &admin, &made).await?;
    are(stage, "runs of a failing pipeline", &runs, &["FAILED"]);
    let trace = runs.first().map_or(&Value::Null, |run| &run["trace"]);
    stage.check(
        trace.as_str().is_some_and(|text| !text.is_empty()),
        "trace",
        &"a text",
        trace,
        None,
    );
    let got = world
        .call("get_pipeline")
        .path("pipelineId", &made.id)
        .by(&admin)
        .send()
        .await?;
    got.is("/data/status", "error");
    let got = world.call("list_pipelines").by(&admin).send().await?;
    got.is("/0/last_status", "FAILED")
        .is("/0/jobs/0/job_status", "FAILED");
    Ok(())
}

async fn queue(stage: &Stage) -> Result<(), Stop> {
    let world = stage.world().await?;
    let admin = world.sign_in(Actor::Admin).await?;
    let made = bodies::make(&world, &admin, "orders").await?;
    for _ in 0..3 {
        bodies::execute(&world, &admin, &made).await?;
    }
    let runs = bodies::runs(&world, &admin, &made).await?;
    are(stage, "runs after three executions", &runs, &["RUNNING"]);
    let expected: [&[&str]; 3] = [
        &["RUNNING", "SUCCESS"],
        &["RUNNING", "SUCCESS", "SUCCESS"],
        &["SUCCESS", "SUCCESS", "SUCCESS"],
    ];
    for expected in expected {
        world.advance(Duration::from_secs(30))?;
        let runs = bodies::runs(&world, &admin, &made).await?;
        are(stage, "runs as the queue goes on", &runs, expected);
        let times: Vec<&str> = runs
            .iter()
            .filter_map(|run| run["created_at"].as_str())
            .collect();
        let newest_first = times.windows(2).all(|pair| pair[0] > pair[1]);
        stage.check(
            newest_first,
            "order of the runs",
            &"newest first",
            &format!("{times:?}"),
            None,
        );
    }
    world.advance(Duration::from_secs(300))?;
    let runs = bodies::runs(&world, &admin, &made).await?;
    stage.check(
        runs.len() == 3,
        "number of runs in the end",
        &3,
        &runs.len(),
        None,
    );
    Ok(())
}

async fn pause(stage: &Stage) -> Result<(), Stop> {
    let world = stage.world().await?;
    let admin = world.sign_in(Actor::Admin).await?;
    let made = bodies::make(&world, &admin, "orders").await?;
    let body = json!({ "pipeline_id": made.id });
    bodies::execute(&world, &admin, &made).await?;
    bodies::execute(&world, &admin, &made).await?;
    world
        .call("pause_pipeline")
        .json(body.clone())
        .by(&admin)
        .send()
        .await?
        .must(200)?;
    let runs = bodies::runs(&world, &admin, &made).await?;
    are(stage, "runs at once after the pause", &runs, &["RUNNING"]);
    world.advance(A_RUN)?;
    let runs = bodies::runs(&world, &admin, &made).await?;
    are(
        stage,
        "the run under way when it was paused",
        &runs,
        &["SUCCESS"],
    );
    world.advance(A_RUN)?;
    let runs = bodies::runs(&world, &admin, &made).await?;
    are(stage, "runs while it is paused", &runs, &["SUCCESS"]);
    world
        .call("unpause_pipeline")
        .json(body)
        .by(&admin)
        .send()
        .await?
        .must(200)?;
    bodies::execute(&world, &admin, &made).await?;
    world.advance(Duration::from_secs(120))?;
    let runs = bodies::runs(&world, &admin, &made).await?;
    // The second execution waited through the pause, and the third came after it.
    let all = ["SUCCESS", "SUCCESS", "SUCCESS"];
    are(
        stage,
        "runs after it was unpaused and executed",
        &runs,
        &all,
    );
    Ok(())
}

async fn schedule(stage: &Stage) -> Result<(), Stop> {
    let world = stage.world().await?;
    let admin = world.sign_in(Actor::Admin).await?;
    let made = bodies::make(&world, &admin, "orders").await?;
    let cron = |cron: Value| {
        let body = json!({ "cron": cron });
        world
            .call("update_pipeline")
            .path("pipelineId", &made.id)
            .json(body)
            .by(&admin)
            .send()
    };
    cron(json!("*/5 * * * *")).await?.must(200)?;
    world.advance(Duration::from_secs(15 * 60))?;
    let runs = bodies::runs(&world, &admin, &made).await?;
    stage.check(
        runs.len() == 3,
        "runs in 15 minutes of every five minutes",
        &3,
        &runs.len(),
        None,
    );
    cron(Value::Null).await?.must(200)?;
    world.advance(Duration::from_secs(5 * 60))?;
    let later = bodies::runs(&world, &admin, &made).await?;
    stage.check(
        later.len() == runs.len(),
        "runs once the cron is null",
        &runs.len(),
        &later.len(),
        None,
    );
    Ok(())
}

/// Does things to a pipeline, and sees after each that no run has changed that had ended.
async fn no_way_back(stage: &Stage) -> Result<(), Stop> {
    let world = stage.world().await?;
    let admin = world.sign_in(Actor::Admin).await?;
    for table in ["orders", "orders_broken"] {
        let made = bodies::make(&world, &admin, table).await?;
        let mut ended: BTreeMap<String, Value> = BTreeMap::new();
        for step in [
            "execute", "wait", "execute", "execute", "pause", "wait", "unpause", "change", "wait",
            "wait",
        ] {
            let id = json!({ "pipeline_id": made.id });
            let done = match step {
                "execute" => world.call("execute_pipeline").json(id),
                "pause" => world.call("pause_pipeline").json(id),
                "unpause" => world.call("unpause_pipeline").json(id),
                "change" => world
                    .call("update_pipeline")
                    .path("pipelineId", &made.id)
                    .json(json!({ "description": "changed" })),
                _ => {
                    world.advance(A_RUN)?;
                    world.call("list_pipelines")
                }
            };
            done.by(&admin).send().await?.must(200)?;
            for run in bodies::runs(&world, &admin, &made).await? {
                let id = run["pipeline_run_id"].as_str().unwrap_or_default();
                if let Some(before) = ended.get(id) {
                    let place = format!("a run of {table} that had ended, after: {step}");
                    stage.check(*before == run, &place, before, &run, None);
                } else if run["last_status"] != "RUNNING" {
                    ended.insert(id.to_owned(), run.clone());
                }
            }
        }
        stage.check(ended.len() == 3, "runs that ended", &3, &ended.len(), None);
    }
    Ok(())
}

async fn absent(stage: &Stage) -> Result<(), Stop> {
    let world = stage.world().await?;
    let admin = world.sign_in(Actor::Admin).await?;
    let made = bodies::make(&world, &admin, "orders").await?;
    bodies::execute(&world, &admin, &made).await?;
    let id = bodies::underscored(&stage.uuid());
    let got = world
        .call("get_pipeline_run")
        .path("pipelineId", &made.id)
        .path("runId", &id)
        .by(&admin)
        .send()
        .await?;
    got.is_detail(404, &format!("pipeline_run_id {id} not found"));
    let nobodys = stage.uuid();
    let text = format!(
        "Pipeline with id {} not found",
        bodies::underscored(&nobodys)
    );
    let got = world
        .call("list_pipeline_runs")
        .path("pipelineId", &nobodys)
        .by(&admin)
        .send()
        .await?;
    got.is_exception(404, "PipelineNotFound", &text);
    Ok(())
}
