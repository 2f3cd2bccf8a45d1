//! How ids are spelled: requests with hyphens or underscores, answers with underscores.

use serde_json::json;

use crate::people::Actor;
use crate::stage::{Stage, Stop};

use super::actions::{Names, authenticated, call, names_a_pipeline};
use super::bodies;
use super::law::{Law, Need};

pub(super) const LAWS: &[Law] = &[
    Law {
        id: "ids.spelling",
        says: "every operation takes pipeline, job and run ids with hyphens and with underscores, and answers with underscores",
        source: "facts 3, Ids (documented)",
        needs: &[Need::Writes, Need::Somebody(Actor::Admin)],
        check: |stage| Box::pin(spelling(stage)),
    },
    Law {
        id: "ids.no-uuid",
        says: "a pipeline's id need not be a UUID",
        source: "facts 3, Ids (documented: `test_pipeline_12345` occurs)",
        needs: &[Need::Writes, Need::Somebody(Actor::Admin)],
        check: |stage| Box::pin(no_uuid(stage)),
    },
    Law {
        id: "ids.strange",
        says: "an id that no server could have made is a 404 or a 400, never a 5xx and never another route",
        source: "inferred: ids are opaque",
        needs: &[Need::Somebody(Actor::Admin)],
        check: |stage| Box::pin(strange(stage)),
    },
];

async fn spelling(stage: &Stage) -> Result<(), Stop> {
    for spelled_with in ["hyphens", "underscores"] {
        let world = stage.world().await?;
        let admin = world.sign_in(Actor::Admin).await?;
        // Each operation has a pipeline of its own, with a run, so that none undoes what the next one needs.
        for operation in authenticated(&world) {
            if !names_a_pipeline(operation) {
                continue;
            }
            let made = bodies::make(&world, &admin, "orders").await?;
            bodies::execute(&world, &admin, &made).await?;
            if operation.id == "unpause_pipeline" {
                let body = json!({ "pipeline_id": made.id });
                world
                    .call("pause_pipeline")
                    .json(body)
                    .by(&admin)
                    .send()
                    .await?
                    .must(200)?;
            }
            let runs = bodies::runs(&world, &admin, &made).await?;
            let run = runs
                .first()
                .and_then(|run| run["pipeline_run_id"].as_str())
                .unwrap_or_default();
            let hyphens = Names {
                pipeline: made.id.clone(),
                job: format!("{}-0", made.id),
                run: run.replace('_', "-"),
                ..Names::absent(&world, &admin.customer_name)
            };
            let names = if spelled_with == "hyphens" {
                hyphens
            } else {
                hyphens.underscored()
            };
            let got = call(&world, operation, &names, admin.sign()).await?;
            let got = got.at(&format!("ids with {spelled_with}"));
            got.status(200);
            let hyphenated = got.answer.text().contains(&made.id);
            got.see(
                "id in the answer",
                !hyphenated,
                "spelled with underscores",
                "spelled with hyphens",
            );
        }
    }
    Ok(())
}

async fn no_uuid(stage: &Stage) -> Result<(), Stop> {
    let world = stage.world().await?;
    let admin = world.sign_in(Actor::Admin).await?;
    let own = stage.uuid().replace('-', "");
    let id = stage.made_up(format!("test_pipeline_{}", &own[..12]));
    let body = bodies::pipeline(&id, &format!("conformance-{id}"), bodies::input("orders"));
    let got = world
        .call("create_pipeline")
        .json(body)
        .by(&admin)
        .send()
        .await?;
    got.must(201)?.is("/data/pipeline_id", id.as_str());
    let got = world
        .call("get_pipeline")
        .path("pipelineId", &id)
        .by(&admin)
        .send()
        .await?;
    got.status(200)
        .is("/data/id", id.as_str())
        .is("/data/jobs/0/job_id", format!("{id}_0"));
    let job = world
        .call("get_jdbc_job")
        .path("jobId", &format!("{id}_0"))
        .by(&admin)
        .send()
        .await?;
    job.status(200);
    Ok(())
}

async fn strange(stage: &Stage) -> Result<(), Stop> {
    let world = stage.world().await?;
    let admin = world.sign_in(Actor::Admin).await?;
    for id in [
        "..%2f..",
        "a/b",
        "a\\..\\b",
        "%00",
        "\u{1f680}",
        "'; drop table pipelines; --",
        "null",
        "0",
        "-1",
        "execute",
    ] {
        for (operation, parameter) in [
            ("get_pipeline", "pipelineId"),
            ("list_pipeline_runs", "pipelineId"),
            ("get_jdbc_job", "jobId"),
            ("get_pipeline_v2_status", "id"),
        ] {
            let got = world
                .call(operation)
                .path(parameter, id)
                .by(&admin)
                .send()
                .await?;
            let status = got.answer.status;
            let got = got.at(&format!("the id {id:?}"));
            got.see("status", matches!(status, 400 | 404), "400 or 404", status);
        }
    }
    Ok(())
}
