//! Waiting for runs: progress, states, giving up and going on, and which run is whose.

use std::time::Duration;

use dadosfera::types::RunStatus;
use dadosfera::{ErrorKind, WaitOptions};
use dadosfera_emulator::FaultEffect;

use crate::outloud::Fails as _;
use crate::support::{World, a_pipeline};

#[tokio::test]
async fn a_wait_tells_how_it_is_going() {
    let world = World::new().await;
    let client = world.ana();
    let pipeline = a_pipeline(&client).await;
    let handle = client.pipeline(&pipeline).execute().await.expect("started");
    let mut told = Vec::new();
    let run = handle
        .wait_with_progress(WaitOptions::new(), |progress| {
            let status = progress.run.map(|run| run.last_status.clone());
            told.push((progress.looks, status, progress.waited));
        })
        .await
        .expect("ended");
    assert_eq!(
        told.first().map(|it| &it.1),
        Some(&Some(RunStatus::Running))
    );
    assert_eq!(told.last().map(|it| &it.1), Some(&Some(RunStatus::Success)));
    assert!(told.iter().zip(1..).all(|(it, look)| it.0 == look));
    assert!(told.is_sorted_by_key(|it| it.2));
    assert_eq!(handle.pipeline_run_id(), Some(run.pipeline_run_id.as_str()));
}

#[tokio::test]
async fn the_states_of_a_run_come_once_each_and_end_with_it() {
    let world = World::new().await;
    let client = world.ana();
    let pipeline = a_pipeline(&client).await;
    let handle = client.pipeline(&pipeline).execute().await.expect("started");
    let mut states = handle.states(WaitOptions::new());
    let mut seen = Vec::new();
    while let Some(run) = states.next().await {
        seen.push(run.expect("a state").last_status);
    }
    assert_eq!(seen, [RunStatus::Running, RunStatus::Success]);
}

#[tokio::test]
async fn states_end_with_an_error_at_the_limit() {
    let world = World::new().await;
    let client = world.ana();
    let pipeline = a_pipeline(&client).await;
    let handle = client.pipeline(&pipeline).execute().await.expect("started");
    let mut states = handle.states(WaitOptions::new().limit(Duration::from_secs(5)));
    states.next().await.expect("a state").expect("running");
    let error = states.next().await.expect("an error").fails("too long");
    assert_eq!(error.kind(), ErrorKind::WaitTimeout);
    assert_eq!(error.pipeline_run_id(), handle.pipeline_run_id());
    assert!(states.next().await.is_none());
}

#[tokio::test]
async fn a_wait_that_is_dropped_again_and_again_finds_the_same_run() {
    let world = World::new().await;
    let client = world.ana();
    let pipeline = a_pipeline(&client).await;
    let handle = client.pipeline(&pipeline).execute().await.expect("started");
    for _ in 0..20 {
        // Real time ends the wait wherever it is; the clock of the test moves on.
        let _ = tokio::time::timeout(Duration::from_millis(1), handle.wait()).await;
    }
    let run = handle.wait().await.expect("ended");
    let runs = client.runs(&pipeline).list().await.expect("runs");
    assert_eq!(runs.len(), 1);
    assert_eq!(runs[0].pipeline_run_id, run.pipeline_run_id);
}

#[tokio::test]
async fn two_executions_of_one_client_wait_for_two_runs() {
    let world = World::new().await;
    let client = world.ana();
    let pipeline = a_pipeline(&client).await;
    let handle = client.pipeline(&pipeline);
    // Both look at the runs before either starts one.
    let (first, second) = tokio::join!(handle.execute(), handle.execute());
    let (first, second) = (first.expect("started"), second.expect("started"));
    let (first, second) = tokio::join!(first.wait(), second.wait());
    assert_ne!(
        first.expect("ended").pipeline_run_id,
        second.expect("ended").pipeline_run_id
    );
}

#[tokio::test]
async fn clones_of_a_handle_wait_for_one_run_on_any_task() {
    let world = World::new().await;
    let client = world.ana();
    let pipeline = a_pipeline(&client).await;
    let handle = client.pipeline(&pipeline).execute().await.expect("started");
    let waits: Vec<_> = (0..8)
        .map(|_| {
            let handle = handle.clone();
            tokio::spawn(async move { handle.wait().await })
        })
        .collect();
    for wait in waits {
        let run = wait.await.expect("no panic").expect("ended");
        assert_eq!(handle.pipeline_run_id(), Some(run.pipeline_run_id.as_str()));
    }
}

#[tokio::test]
async fn a_run_is_followed_by_its_id() {
    let world = World::new().await;
    let client = world.ana();
    let pipeline = a_pipeline(&client).await;
    client.pipeline(&pipeline).execute().await.expect("started");
    let listed = client.runs(&pipeline).list().await.expect("runs").remove(0);
    let run = client
        .runs(&pipeline)
        .follow(&listed.pipeline_run_id)
        .expect("an id")
        .wait()
        .await
        .expect("ended");
    assert_eq!(run.pipeline_run_id, listed.pipeline_run_id);
    let error = client
        .runs(&pipeline)
        .follow("5e9d0c9e_5a4d_4fd3_8d6c_0f3f5a0a0a0a")
        .expect("an id")
        .wait()
        .await
        .fails("not there");
    assert_eq!(error.kind(), ErrorKind::NotFound);
    client.runs(&pipeline).follow("..").fails("no id");
}

#[tokio::test]
async fn a_wait_outlives_failures_that_pass_and_ends_at_one_that_does_not() {
    let world = World::new().await;
    let client = world.ana();
    let pipeline = a_pipeline(&client).await;
    let handle = client.pipeline(&pipeline).execute().await.expect("started");
    world.fail("list_pipeline_runs", 4, FaultEffect::DropBefore);
    world.fail("list_pipeline_runs", 1, FaultEffect::Status(403));
    let error = handle.wait().await.fails("forbidden");
    assert_eq!(error.kind(), ErrorKind::Forbidden);
    handle.wait().await.expect("ended");
}
