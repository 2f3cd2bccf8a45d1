//! No id, whatever it holds, changes the path that is asked for; one that cannot be sent never reaches the transport.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

use std::sync::{Arc, LazyLock, Mutex};

use dadosfera_raw::{BoxFuture, Client, Error, Inner, OPS, Op, Transport};
use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;

/// Ids that once broke out of a generated client, or look as if they might.
const NASTY: [&str; 16] = [
    "",
    ".",
    "..",
    r"..\..\admin",
    r"a\..\b",
    r".\x",
    "../../admin",
    "a/b",
    "%2e%2e",
    "%2E",
    "\n",
    "a?b=c",
    "a#b",
    "🦀",
    "..%2f..",
    " ",
];

/// Building one loads certificates, so all cases share it.
static HTTP: LazyLock<reqwest::Client> = LazyLock::new(reqwest::Client::new);

/// Keeps the URL that was asked for and answers nothing.
#[derive(Clone, Default)]
struct Recorder(Arc<Mutex<Vec<(reqwest::Url, &'static Op)>>>);

impl Transport for Recorder {
    fn call<'a>(
        &'a self,
        _http: &'a reqwest::Client,
        request: reqwest::Request,
        op: &'static Op,
    ) -> BoxFuture<'a, reqwest::Result<reqwest::Response>> {
        self.0.lock().unwrap().push((request.url().clone(), op));
        Box::pin(async { Ok(http::Response::new("").into()) })
    }
}

/// What became of one call: the path that was asked for, or a refusal before the network.
fn ask(operation: &str, first: &str, second: &str) -> Result<Vec<String>, String> {
    let recorder = Recorder::default();
    let client = Client::new_with_client(
        "http://host.invalid",
        HTTP.clone(),
        Inner::new(recorder.clone()),
    );
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let refusal = runtime.block_on(async {
        match operation {
            "delete_api_key" => refused(client.delete_api_key(first).await),
            "get_pipeline" => refused(client.get_pipeline(first).await),
            "delete_pipeline" => refused(client.delete_pipeline(first, "acme_corp").await),
            "list_pipeline_runs" => refused(client.list_pipeline_runs(first).await),
            "get_pipeline_run" => refused(client.get_pipeline_run(first, second).await),
            "get_jdbc_job" => refused(client.get_jdbc_job(first).await),
            "reset_job_state" => refused(client.reset_job_state(first).await),
            "get_pipeline_v2_status" => refused(client.get_pipeline_v2_status(first).await),
            other => panic!("no call for {other}"),
        }
    });
    let asked = recorder.0.lock().unwrap().pop();
    match (refusal, asked) {
        (Some(reason), None) => Err(reason),
        (None, Some((url, op))) => {
            assert_eq!(op.id, operation);
            assert_eq!(url.host_str(), Some("host.invalid"));
            assert_eq!((url.query(), url.fragment()), (None, None));
            Ok(url.path().split('/').skip(1).map(str::to_owned).collect())
        }
        (refusal, asked) => panic!("{operation}: refused {refusal:?} and asked {asked:?}"),
    }
}

fn refused<T, E>(outcome: Result<T, Error<E>>) -> Option<String> {
    match outcome {
        Err(Error::InvalidRequest(reason)) => Some(reason),
        _ => None,
    }
}

/// Checks one operation with ids that may be anything.
fn check(operation: &str, first: &str, second: &str) {
    let op = dadosfera_raw::op(operation).unwrap();
    let template: Vec<&str> = op.path.split('/').skip(1).collect();
    let unsendable = |id: &str| matches!(id, "" | "." | "..");
    let two = template.iter().filter(|part| part.starts_with('{')).count() == 2;
    match ask(operation, first, second) {
        Err(reason) => {
            assert!(
                unsendable(first) || (two && unsendable(second)),
                "{first:?}: {reason}"
            );
            assert!(reason.starts_with(operation), "{reason}");
        }
        Ok(segments) => {
            assert!(
                !(unsendable(first) || two && unsendable(second)),
                "{first:?} {second:?}"
            );
            assert_eq!(
                segments.len(),
                template.len(),
                "{segments:?} for {template:?}"
            );
            let mut ids = [first, second].into_iter();
            for (segment, part) in segments.iter().zip(template) {
                if part.starts_with('{') {
                    let decoded = percent_encoding::percent_decode_str(segment)
                        .decode_utf8()
                        .unwrap();
                    assert_eq!(decoded, ids.next().unwrap());
                } else {
                    assert_eq!(segment, part);
                }
            }
        }
    }
}

/// Every operation whose path holds an id and that is reached by `ask`.
fn operations() -> Vec<&'static str> {
    vec![
        "delete_api_key",
        "get_pipeline",
        "delete_pipeline",
        "list_pipeline_runs",
        "get_pipeline_run",
        "get_jdbc_job",
        "reset_job_state",
        "get_pipeline_v2_status",
    ]
}

#[test]
fn nasty_ids_stay_one_segment_or_are_refused() {
    for operation in operations() {
        for first in NASTY {
            check(operation, first, "1");
            check(operation, "1", first);
        }
    }
}

#[test]
fn every_generated_path_is_built_with_the_guard() {
    // The generated source is the only place where paths are built; an id that goes around the guard shows here.
    let source = include_str!("../src/generated.rs").replace([' ', '\n'], "");
    let ids: usize = OPS.iter().map(|op| op.path.matches('{').count()).sum();
    assert_eq!(source.matches("crate::encode::encode_path(").count(), ids);
    assert_eq!(source.matches("encode_path(").count(), ids);
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 400,
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct("tests/path_guard.proptest-regressions"))),
        ..ProptestConfig::default()
    })]

    #[test]
    fn no_id_changes_the_path(
        operation in prop::sample::select(operations()),
        first in prop_oneof![any::<String>(), r"[./\\%2eE\n#?;a]{0,12}"],
        second in prop_oneof![any::<String>(), r"[./\\%2eE\n#?;a]{0,12}"],
    ) {
        check(operation, &first, &second);
    }
}
