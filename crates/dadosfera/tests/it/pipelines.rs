//! Pipelines, runs, jobs, keys and health through the SDK, from creation to deletion.

use std::time::Duration;

use dadosfera::raw::types::{JobStateChange, LoadType, PipelineState, RunStatus};
use dadosfera::{ErrorKind, JobInputPatch, PageOptions, PipelinePatch, SyncMode, WaitOptions};
use dadosfera_emulator::{Emulator, FaultEffect, Seed};

use crate::outloud::Fails as _;
use crate::support::{TestClock, World, a_pipeline, new_pipeline};

#[tokio::test]
async fn a_pipeline_lives_from_creation_to_deletion() {
    let world = World::new().await;
    let client = world.ana();
    let id = client
        .pipelines()
        .create(
            new_pipeline("Orders", "orders")
                .description("of the shop")
                .cron("0 6 * * *"),
        )
        .await
        .expect("created");
    let all = client.pipelines().list().await.expect("listed");
    assert_eq!(
        all.iter()
            .map(|it| it.pipeline_id.as_str())
            .collect::<Vec<_>>(),
        [id.as_str()]
    );

    client
        .pipelines()
        .update(&id, &PipelinePatch::new().name("Orders 2").manual())
        .await
        .expect("updated");
    let pipeline = client
        .pipelines()
        .get(id.as_str().replace('_', "-"))
        .await
        .expect("either spelling");
    assert_eq!(
        (pipeline.name.as_str(), pipeline.cron.as_deref()),
        ("Orders 2", None)
    );
    assert_eq!(pipeline.description.as_deref(), Some("of the shop"));

    client.pipeline(&id).pause().await.expect("paused");
    assert_eq!(
        client.pipelines().get(&id).await.expect("there").status,
        PipelineState::Paused
    );
    let error = client.pipeline(&id).execute().await.fails("paused");
    assert_eq!(
        (error.kind(), error.code()),
        (ErrorKind::BadRequest, Some("PipelinePaused"))
    );
    assert!(error.to_string().contains("unpause"), "{error}");
    client.pipeline(&id).unpause().await.expect("unpaused");

    assert_eq!(
        client.pipeline(&id).set_memory(4096).await.expect("set"),
        4096
    );
    let error = client
        .pipeline(&id)
        .set_memory(12_001)
        .await
        .fails("too much");
    assert_eq!(
        (error.kind(), error.field()),
        (ErrorKind::InvalidInput, Some("amount"))
    );
    assert_eq!(world.count("update_pipeline_memory"), 1);

    client.pipelines().delete(&id).await.expect("deleted");
    assert_eq!(
        client.pipelines().get(&id).await.fails("gone").kind(),
        ErrorKind::NotFound
    );
}

#[tokio::test]
async fn a_run_is_waited_for_without_real_time_passing() {
    let world = World::new().await;
    let client = world.ana();
    let id = a_pipeline(&client).await;
    for runs in 1..=3 {
        let handle = client.pipeline(&id).execute().await.expect("started");
        assert!(handle.run_id().starts_with("manual__"));
        let run = handle.wait().await.expect("succeeded");
        assert_eq!(run.last_status, RunStatus::Success);
        let all = client.runs(&id).list().await.expect("listed");
        assert_eq!(all.len(), runs);
        assert_eq!(
            all[0].pipeline_run_id, run.pipeline_run_id,
            "the newest is the one that was waited for"
        );
        assert_eq!(
            client
                .runs(&id)
                .get(&run.pipeline_run_id)
                .await
                .expect("there")
                .id,
            run.id
        );
    }
}

#[tokio::test]
async fn a_run_that_fails_is_an_error_with_its_trace() {
    let seed = Seed {
        failing_tables: [(
            "orders".to_owned(),
            "Connection timeout to source database".to_owned(),
        )]
        .into(),
        ..Seed::default()
    };
    let emulator = Emulator::builder()
        .hold_clock()
        .seed(seed)
        .start()
        .await
        .expect("an emulator");
    let clock = TestClock::of(&emulator);
    let world = World { emulator, clock };
    let client = world.ana();
    let id = a_pipeline(&client).await;
    let error = client
        .pipeline(&id)
        .execute()
        .await
        .expect("started")
        .wait()
        .await
        .fails("failed");
    assert_eq!(error.kind(), ErrorKind::RunFailed);
    assert!(
        error
            .trace()
            .is_some_and(|trace| trace.contains("Connection timeout to source database"))
    );
    assert!(!error.is_transient());
}

#[tokio::test]
async fn a_wait_ends_at_its_limit_and_can_go_on() {
    let world = World::new().await;
    let client = world.ana();
    let id = a_pipeline(&client).await;
    let handle = client.pipeline(&id).execute().await.expect("started");
    let error = handle
        .wait_with(WaitOptions::new().limit(Duration::from_secs(10)))
        .await
        .fails("too short");
    assert_eq!(error.kind(), ErrorKind::WaitTimeout);
    assert!(
        error.to_string().contains("still RUNNING after 10 s"),
        "{error}"
    );
    assert_eq!(
        handle.wait().await.expect("succeeded").last_status,
        RunStatus::Success
    );
}

#[tokio::test]
async fn a_wait_outlives_an_api_that_is_away_for_a_while() {
    let world = World::new().await;
    let client = world.ana();
    let id = a_pipeline(&client).await;
    let handle = client.pipeline(&id).execute().await.expect("started");
    world.fail("list_pipeline_runs", 6, FaultEffect::Status(503));
    world.fail("get_pipeline_run", 5, FaultEffect::DropBefore);
    assert_eq!(
        handle.wait().await.expect("succeeded").last_status,
        RunStatus::Success
    );
}

#[tokio::test]
async fn a_queued_execution_is_told_from_the_run_before_it() {
    let world = World::new().await;
    let client = world.ana();
    let id = a_pipeline(&client).await;
    let first = client.pipeline(&id).execute().await.expect("started");
    let second = client.pipeline(&id).execute().await.expect("queued");
    let second = second.wait().await.expect("succeeded");
    let first = first.wait().await.expect("succeeded");
    assert!(first.id < second.id, "{first:?} {second:?}");
}

#[tokio::test]
async fn whoever_may_start_but_not_read_runs_can_start_one() {
    let world = World::new().await;
    let ana = world.ana();
    let id = a_pipeline(&ana).await;
    let key = ana
        .api_keys()
        .create(["PUT /pipelines"])
        .await
        .expect("made")
        .key;
    let client = world.builder().api_key(key).build().expect("a client");
    let handle = client.pipeline(&id).execute().await.expect("started");
    let error = handle.wait().await.fails("not to be read");
    assert_eq!(
        (error.kind(), error.operation()),
        (ErrorKind::Forbidden, Some("list_pipeline_runs"))
    );
    assert_eq!(ana.runs(&id).list().await.expect("listed").len(), 1);
}

#[tokio::test]
async fn a_pipeline_that_is_not_there_is_told_by_the_start() {
    let world = World::new().await;
    let error = world.ana().pipeline("none").execute().await.fails("none");
    assert_eq!(
        (error.kind(), error.operation()),
        (ErrorKind::NotFound, Some("execute_pipeline"))
    );
    assert_eq!(error.code(), Some("PipelineNotFound"));
}

#[tokio::test]
async fn a_job_changes_how_and_what_it_loads() {
    let world = World::new().await;
    let client = world.ana();
    let job = a_pipeline(&client).await.job(0);
    let read = client.jobs().get_jdbc(&job).await.expect("there");
    assert_eq!(read.source_config.load_type, Some(LoadType::FullLoad));

    let mode = SyncMode::incremental("updated_at", "timestamp");
    let answer = client
        .jobs()
        .set_sync_mode(&job, &mode)
        .await
        .expect("changed");
    assert_eq!(answer.state, JobStateChange::Initialized);
    let fields = client
        .jobs()
        .patch_input(&job, &JobInputPatch::new().add_columns(["total"]))
        .await
        .expect("patched");
    assert_eq!(fields, ["column_include_list"]);
    let read = client
        .jobs()
        .get_jdbc(job.as_str().replace('_', "-"))
        .await
        .expect("either spelling");
    assert_eq!(
        read.source_config
            .column_include_list
            .as_ref()
            .map(Vec::len),
        Some(2)
    );
    client.jobs().reset_state(&job).await.expect("reset");
    assert_eq!(
        client.jobs().set_memory(&job, 4096).await.expect("set"),
        4096
    );
}

#[tokio::test]
async fn a_permission_is_named_and_an_unknown_one_refused_with_the_known() {
    let world = World::new().await;
    let client = world.ana();
    let made = client
        .api_keys()
        .create(["catalog:create"])
        .await
        .expect("made");
    assert_eq!(made.permissions[0].id, 34);
    assert!(made.key.expose().starts_with("ddf_"));
    assert_eq!(client.api_keys().list().await.expect("listed").len(), 1);
    let error = client
        .api_keys()
        .create(["catalog:craete"])
        .await
        .fails("a slip");
    assert_eq!(
        (error.kind(), error.operation()),
        (ErrorKind::InvalidInput, Some("create_api_key"))
    );
    assert!(error.to_string().contains("catalog:create"), "{error}");
    let error = client.api_keys().create([0]).await.fails("no id");
    assert_eq!((error.code(), error.status()), (Some("UNKNOWN"), Some(500)));
    client.api_keys().delete(&made.id).await.expect("deleted");
}

#[tokio::test]
async fn the_older_routes_answer_too() {
    let world = World::new().await;
    let client = world.ana();
    let id = a_pipeline(&client).await;
    client
        .pipeline(&id)
        .execute()
        .await
        .expect("started")
        .wait()
        .await
        .expect("succeeded");
    let page = client
        .pipelines_v2()
        .list(&PageOptions {
            size: Some(500),
            ..PageOptions::default()
        })
        .await
        .expect("listed");
    assert_eq!(page.len(), 1);
    assert!(
        !client
            .pipelines_v2()
            .status(&id)
            .await
            .expect("there")
            .is_empty()
    );
    assert!(
        !client
            .pipelines_v2()
            .download_logs(&id)
            .await
            .expect("there")
            .is_empty()
    );
}

#[tokio::test]
async fn a_health_report_is_an_answer_even_from_an_api_that_is_not_well() {
    let report = r#"{"status": "error", "info": {}, "error": {"database": {"status": "down"}}, "details": {}}"#;
    let server = crate::support::Raw::start(move |_| {
        crate::support::json("503 Service Unavailable", report)
    })
    .await;
    let health = server.client().health().get().await.expect("a report");
    assert_eq!(health.status.as_str(), "error");
    assert!(
        !server.requests()[0].to_lowercase().contains("x-api-key"),
        "health needs no credentials"
    );
}

#[tokio::test]
async fn what_the_sdk_does_not_wrap_goes_through_the_generated_client() {
    let world = World::new().await;
    let client = world.ana();
    assert_eq!(
        client
            .raw()
            .list_pipelines()
            .await
            .expect("signed")
            .status()
            .as_u16(),
        200
    );
    let error = client.raw().get_pipeline("none").await.fails("none");
    let error = dadosfera::Error::from(error);
    assert_eq!(
        (error.kind(), error.operation()),
        (ErrorKind::NotFound, Some("get_pipeline"))
    );
}
