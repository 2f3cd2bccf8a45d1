//! Jobs: how they load, what they read, where they land, how much memory they have.

use serde_json::{Value, json};

use crate::got::Got;
use crate::people::Actor;
use crate::session::Session;
use crate::stage::{Stage, Stop};
use crate::world::World;

use super::bodies;
use super::law::{Law, Need};

const NEEDS: &[Need] = &[Need::Writes, Need::Somebody(Actor::Admin)];

pub(super) const LAWS: &[Law] = &[
    Law {
        id: "jobs.sync-mode",
        says: "full to an incremental mode initialises the state, an incremental mode to full resets it, between both it is preserved",
        source: "facts 3, jobs (documented; the answer inferred)",
        needs: NEEDS,
        check: |stage| Box::pin(sync_mode(stage)),
    },
    Law {
        id: "jobs.sync-mode-refused",
        says: "a mode that is none, or without the fields that it needs, is a 400 and changes nothing",
        source: "facts 3, jobs (documented: needed fields; 400 inferred)",
        needs: NEEDS,
        check: |stage| Box::pin(sync_mode_refused(stage)),
    },
    Law {
        id: "jobs.column-union",
        says: "column_include_list of a patch is joined with the columns that are there, each once",
        source: "facts 3, jobs (documented)",
        needs: NEEDS,
        check: |stage| Box::pin(column_union(stage)),
    },
    Law {
        id: "jobs.reset-state",
        says: "reset answers the documented texts, and a job that is none a 404",
        source: "facts 3, jobs (documented)",
        needs: NEEDS,
        check: |stage| Box::pin(reset_state(stage)),
    },
    Law {
        id: "jobs.landing-table",
        says: "rows land in tb__{code}__{schema}__{table}, raw in PUBLIC, qualified in STAGED",
        source: "facts 3 (documented and observed vectors)",
        needs: NEEDS,
        check: |stage| Box::pin(landing_table(stage)),
    },
    Law {
        id: "memory.limits",
        says: "a pipeline's and a job's memory is 1 to 12000 MB; more is refused with the documented text, and changes nothing",
        source: "facts 3 (documented for the pipeline; inferred for the job)",
        needs: NEEDS,
        check: |stage| Box::pin(memory(stage)),
    },
];

async fn job<'a>(world: &'a World<'a>, by: &Session, id: &str) -> Result<Got<'a>, Stop> {
    world
        .call("get_jdbc_job")
        .path("jobId", id)
        .by(by)
        .send()
        .await
}

fn mode(target: &str) -> Value {
    let mut body = json!({ "target_load_type": target });
    if target != "full_load" {
        body["incremental_column_name"] = json!("updated_at");
        body["incremental_column_type"] = json!("timestamp");
    }
    if target == "incremental_with_qualify" {
        body["primary_keys"] = json!(["id"]);
    }
    body
}

async fn sync_mode(stage: &Stage) -> Result<(), Stop> {
    let world = stage.world().await?;
    let admin = world.sign_in(Actor::Admin).await?;
    let made = bodies::make(&world, &admin, "orders").await?;
    for (target, state) in [
        ("incremental", "initialized"),
        ("incremental_with_qualify", "preserved"),
        ("incremental", "preserved"),
        ("full_load", "reset"),
        ("incremental_with_qualify", "initialized"),
        ("full_load", "reset"),
    ] {
        let call = world
            .call("update_job_sync_mode")
            .path("jobId", &made.job());
        let got = call
            .json(mode(target))
            .by(&admin)
            .send()
            .await?
            .at(&format!("to {target}"));
        got.status(200).is("/status", true).is("/state", state);
        let got = job(&world, &admin, &made.job()).await?;
        got.at(&format!("after {target}"))
            .is("/source_config/load_type", target);
    }
    // Guides say POST; a server that takes it must do the same. It is not in the description.
    let path = format!("/platform/jobs/jdbc/{}/sync-mode", made.job());
    let got = world
        .call_undescribed("POST", &path)
        .json(mode("incremental"))
        .by(&admin)
        .send()
        .await?;
    if got.answer.status != 404 {
        got.at("by POST, as guides say")
            .status(200)
            .is("/state", "initialized");
    }
    Ok(())
}

async fn sync_mode_refused(stage: &Stage) -> Result<(), Stop> {
    let world = stage.world().await?;
    let admin = world.sign_in(Actor::Admin).await?;
    let made = bodies::make(&world, &admin, "orders").await?;
    let before = job(&world, &admin, &made.job()).await?.json();
    for (situation, body) in [
        ("no mode", json!({})),
        (
            "a mode that is none",
            json!({ "target_load_type": "sometimes" }),
        ),
        (
            "incremental without a column",
            json!({ "target_load_type": "incremental" }),
        ),
        (
            "incremental without a column type",
            json!({ "target_load_type": "incremental", "incremental_column_name": "at" }),
        ),
        (
            "qualify without primary keys",
            json!({ "target_load_type": "incremental_with_qualify", "incremental_column_name": "at", "incremental_column_type": "timestamp" }),
        ),
    ] {
        let call = world
            .call("update_job_sync_mode")
            .path("jobId", &made.job());
        let got = call.json(body).by(&admin).send().await?.at(situation);
        got.status(400);
        got.see("detail", !got.text("/detail").is_empty(), "a text", "none");
    }
    let after = job(&world, &admin, &made.job()).await?;
    after.see(
        "the job after all refusals",
        after.json() == before,
        &before,
        after.json(),
    );
    let absent = format!("{}_0", bodies::underscored(&stage.uuid()));
    let got = world
        .call("update_job_sync_mode")
        .path("jobId", &absent)
        .json(mode("incremental"))
        .by(&admin)
        .send()
        .await?;
    got.is_detail(404, &format!("job_id {absent} not found"));
    Ok(())
}

async fn column_union(stage: &Stage) -> Result<(), Stop> {
    let world = stage.world().await?;
    let admin = world.sign_in(Actor::Admin).await?;
    let made = bodies::make(&world, &admin, "orders").await?;
    let patch = |body: Value| {
        world
            .call("patch_job_input")
            .path("jobId", &made.job())
            .json(body)
            .by(&admin)
            .send()
    };
    let got = patch(json!({ "column_include_list": ["total_amount", "status"] })).await?;
    let text = format!(
        "Successfully updated input fields for job_id {}",
        made.job()
    );
    got.is_detail(200, &text)
        .is("/status", true)
        .is("/updated_fields", json!(["column_include_list"]));
    let got = job(&world, &admin, &made.job()).await?;
    got.is(
        "/source_config/column_include_list",
        json!(["id", "total_amount", "status"]),
    )
    .is("/source_config/table_name", "orders");
    patch(json!({ "column_include_list": ["status"] }))
        .await?
        .status(200);
    let got = job(&world, &admin, &made.job()).await?;
    got.at("the same column again").is(
        "/source_config/column_include_list",
        json!(["id", "total_amount", "status"]),
    );
    let absent = format!("{}_0", bodies::underscored(&stage.uuid()));
    let call = world
        .call("patch_job_input")
        .path("jobId", &absent)
        .json(json!({ "column_include_list": ["a"] }));
    call.by(&admin)
        .send()
        .await?
        .is_detail(404, &format!("job_id {absent} not found"));
    Ok(())
}

async fn reset_state(stage: &Stage) -> Result<(), Stop> {
    let world = stage.world().await?;
    let admin = world.sign_in(Actor::Admin).await?;
    let made = bodies::make(&world, &admin, "orders").await?;
    let got = world
        .call("reset_job_state")
        .path("jobId", &made.job())
        .by(&admin)
        .send()
        .await?;
    got.is_detail(
        200,
        &format!("Successfully reset state for job_id {}", made.job()),
    )
    .is("/status", true)
    .is(
        "/message",
        "Next job execution will start from beginning (full load/extraction)",
    );
    let got = world
        .call("reset_job_state")
        .path("jobId", "invalid_job_id")
        .by(&admin)
        .send()
        .await?;
    got.is_detail(404, "job_id invalid_job_id not found");
    Ok(())
}

async fn landing_table(stage: &Stage) -> Result<(), Stop> {
    // The first was seen in a warehouse, the second is documented; both ids are other people's, so only an emulator takes them.
    let vectors = [
        ("fb3dc75a-11f8-4c61-99c4-e804871d166d", "9c6hqs"),
        ("7b8b3399-b8c0-4fc5-9116-142cd9f4e7ae", "xqfu8g"),
    ];
    if !stage.target.is_emulator() {
        return Err(Stop::NotApplicable(
            "the known codes belong to ids of others".to_owned(),
        ));
    }
    let world = stage.world().await?;
    let admin = world.sign_in(Actor::Admin).await?;
    for (id, code) in vectors {
        let body = bodies::pipeline(id, &format!("conformance-{code}"), bodies::input("orders"));
        world
            .call("create_pipeline")
            .json(body)
            .by(&admin)
            .send()
            .await?
            .must(201)?;
        let table = format!("tb__{code}__public__orders");
        let got = world
            .call("get_pipeline")
            .path("pipelineId", id)
            .by(&admin)
            .send()
            .await?;
        got.is("/data/jobs/0/output/table_name", table.as_str());
        let job_id = format!("{}_0", bodies::underscored(id));
        let got = job(&world, &admin, &job_id).await?.at("a full load");
        got.is(
            "/output_config/raw",
            json!({ "table_name": table, "table_schema": "PUBLIC" }),
        )
        .lacks("/output_config/qualify");
        let call = world.call("update_job_sync_mode").path("jobId", &job_id);
        call.json(mode("incremental_with_qualify"))
            .by(&admin)
            .send()
            .await?
            .must(200)?;
        let got = job(&world, &admin, &job_id).await?.at("a qualified load");
        got.is(
            "/output_config/raw",
            json!({ "table_name": table, "table_schema": "PUBLIC" }),
        )
        .is(
            "/output_config/qualify",
            json!({ "table_name": table, "table_schema": "STAGED" }),
        );
    }
    Ok(())
}

async fn memory(stage: &Stage) -> Result<(), Stop> {
    let world = stage.world().await?;
    let admin = world.sign_in(Actor::Admin).await?;
    let made = bodies::make(&world, &admin, "orders").await?;
    bodies::execute(&world, &admin, &made).await?;
    for (operation, parameter, id, field) in [
        (
            "update_pipeline_memory",
            "pipelineId",
            made.answered(),
            "/data/pipeline_id",
        ),
        ("update_job_memory", "jobId", made.job(), "/data/job_id"),
    ] {
        let set = |amount: Value| {
            world
                .call(operation)
                .path(parameter, &id)
                .json(json!({ "amount": amount }))
                .by(&admin)
                .send()
        };
        for amount in [1, 4096, 12_000] {
            let got = set(json!(amount)).await?.at(&format!("{amount} MB"));
            got.status(200)
                .is("/status", true)
                .is("/data/memory_mb", amount)
                .is(field, id.as_str());
        }
        for amount in [12_001, 1_000_000] {
            let got = set(json!(amount)).await?.at(&format!("{amount} MB"));
            got.status(400)
                .is(
                    "/message",
                    "Memory limit exceeded. Maximum allowed: 12000MB (12GB)",
                )
                .is("/statusCode", 400);
        }
        for amount in [json!(0), json!(-1), json!("4096"), json!(1.5), Value::Null] {
            let got = set(amount.clone()).await?;
            got.at(&format!("an amount of {amount}")).status(400);
        }
        if stage.target.is_emulator() {
            // Only the log of a run says what memory there is.
            let log = world.call("download_pipeline_logs");
            let log = log.query("pipeline_id", &made.id).by(&admin).send().await?;
            let told = log.answer.text().contains("with 12000 MB");
            log.see("memory after all refusals", told, "12000 MB", "other");
        }
    }
    let got = world
        .call("update_pipeline_memory")
        .path("pipelineId", &made.id)
        .json(json!({ "amount": 2048 }))
        .by(&admin)
        .send()
        .await?;
    got.is("/data/message", "Pipeline memory updated successfully");
    Ok(())
}
