//! The blocking form: the same calls from a program without a runtime, and a clear word where there is one.

use dadosfera::blocking::Client;
use dadosfera::types::RunStatus;
use dadosfera::{CallOptions, CatalogQuery, Done, ErrorKind, WaitOptions};
use dadosfera_emulator::FaultEffect;

use crate::outloud::Fails as _;
use crate::support::{ANA, World, new_pipeline};

/// An emulator on a runtime of another thread, as another process would be.
struct Elsewhere {
    runtime: tokio::runtime::Runtime,
    world: World,
}

impl Elsewhere {
    fn start() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime");
        let world = runtime.block_on(World::new());
        Self { runtime, world }
    }

    fn client(&self) -> Client {
        self.world
            .builder()
            .password(ANA.0, ANA.1)
            .build_blocking()
            .expect("a client")
    }
}

#[test]
fn a_program_without_a_runtime_creates_runs_waits_and_reads() {
    let elsewhere = Elsewhere::start();
    let client = elsewhere.client();
    let ensured = client
        .pipelines()
        .ensure(new_pipeline("Orders", "orders"))
        .expect("made");
    assert_eq!(ensured.done, Done::Created);
    let started = client.pipeline(&ensured.id).execute().expect("started");
    let statuses: Vec<_> = started
        .states(WaitOptions::new())
        .map(|run| run.expect("a state").last_status)
        .collect();
    assert_eq!(statuses, [RunStatus::Running, RunStatus::Success]);
    let run = started.wait().expect("ended");
    assert_eq!(
        client.runs(&ensured.id).list().expect("runs")[0].pipeline_run_id,
        run.pipeline_run_id
    );
    client
        .storage()
        .upload_bytes("/raw", "a.csv", "a\n1\n")
        .expect("stored");
    let mut download = client.storage().download("/raw/a.csv").expect("a head");
    assert_eq!(
        download.chunk().expect("bytes").as_deref(),
        Some(b"a\n1\n".as_slice())
    );
    assert!(client.can("catalog:delete").expect("signed in"));
    assert_eq!(elsewhere.world.count("sign_in"), 1);
}

#[test]
fn lists_are_iterators_that_go_on_where_another_stopped() {
    let elsewhere = Elsewhere::start();
    let client = elsewhere.client();
    for number in 0..5 {
        let name = format!("Pipeline {number}");
        client
            .pipelines()
            .create(new_pipeline(&name, "orders"))
            .expect("made");
    }
    let names = |it: Result<dadosfera::types::PipelineSummary, _>| it.map(|it| it.name);
    let all: Vec<String> = client
        .pipelines()
        .stream()
        .map(names)
        .collect::<Result<_, dadosfera::Error>>()
        .expect("all");
    let mut first = client.pipelines().stream();
    let mut got: Vec<String> = first
        .by_ref()
        .take(2)
        .map(|it| names(it).expect("a name"))
        .collect();
    let rest = client
        .pipelines()
        .stream()
        .resume(&first.position())
        .expect("the same list");
    got.extend(rest.map(|it| names(it).expect("a name")));
    assert_eq!(got, all);
    let pages = client.catalog().stream(CatalogQuery::default()).pages();
    assert!(pages.flat_map(|page| page.expect("a page")).count() <= 100);
}

#[test]
fn options_answers_and_requests_of_one_s_own_are_there_too() {
    let elsewhere = Elsewhere::start();
    let client = elsewhere.client();
    elsewhere
        .world
        .fail("list_pipelines", 2, FaultEffect::Status(503));
    let answer = client
        .with_answer(|client| client.pipelines().list())
        .expect("listed");
    assert_eq!(
        (answer.status(), answer.last().map(|head| head.attempts)),
        (Some(200), Some(3))
    );
    elsewhere
        .world
        .fail("list_pipelines", 1, FaultEffect::Status(503));
    client
        .with_call(CallOptions::new().attempts(1))
        .pipelines()
        .list()
        .fails("told to try once");
    let answer = client.request("GET", "/catalog").query("size", "1").send();
    assert!(answer.expect("answered").value["data_assets"].is_array());
}

#[test]
fn within_a_runtime_a_call_is_refused_and_nothing_is_sent() {
    let elsewhere = Elsewhere::start();
    let client = elsewhere.client();
    let (error, item) = elsewhere.runtime.block_on(async {
        let listed = client.pipelines().list();
        (
            listed.fails("a runtime"),
            client.pipelines().stream().next(),
        )
    });
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(
        error.to_string().contains("use dadosfera::Client there"),
        "{error}"
    );
    item.expect("an error").fails("a runtime");
    assert!(elsewhere.world.emulator.requests().is_empty());
    client.pipelines().list().expect("outside it works");
}

#[test]
fn the_last_handle_can_be_dropped_within_a_runtime() {
    let elsewhere = Elsewhere::start();
    let client = elsewhere.client();
    client.pipelines().list().expect("listed");
    elsewhere.runtime.block_on(async move { drop(client) });
}

#[test]
fn threads_share_a_client_and_its_session() {
    let elsewhere = Elsewhere::start();
    let client = elsewhere.client();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| client.pipelines().list().expect("listed"));
        }
    });
    assert_eq!(elsewhere.world.count("sign_in"), 1);
    assert_eq!(elsewhere.world.count("list_pipelines"), 8);
}
