//! A run on a live host that is killed, that meets another host's ledger, that spends its budget, or that is throttled.

#![expect(clippy::unwrap_used, reason = "helpers of tests may panic as tests do")]

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use dadosfera_conformance::engine::Call;
use dadosfera_conformance::front::{Behind, BoxFuture, Front, Reply};
use dadosfera_emulator::Emulator;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::process::{Child, Command};

/// What lists what the law makes.
const LISTS: [&str; 4] = [
    "/connections?size=100&start_page=1",
    "/catalog?size=100",
    "/storage-explorer/tables",
    "/api-key",
];

/// Sends on to an emulator, but for what it keeps to itself.
struct Between {
    emulator: String,
    http: reqwest::Client,
    /// The path of a POST that the emulator gets and whose answer nobody gets.
    swallows: Option<&'static str>,
    swallowed: Arc<tokio::sync::Notify>,
    /// After this many requests it answers 429.
    patience: usize,
    served: AtomicUsize,
}

impl Between {
    fn new(emulator: &Emulator) -> Self {
        Self {
            emulator: emulator.base_url().to_owned(),
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
            swallows: None,
            swallowed: Arc::default(),
            patience: usize::MAX,
            served: AtomicUsize::new(0),
        }
    }
}

impl Behind for Between {
    fn serve(&self, call: Call) -> BoxFuture<'_, Result<Reply, String>> {
        Box::pin(async move {
            if self.served.fetch_add(1, Ordering::SeqCst) >= self.patience {
                let mut headers = reqwest::header::HeaderMap::new();
                let now = reqwest::header::HeaderValue::from_static("0");
                headers.insert(reqwest::header::RETRY_AFTER, now);
                return Ok(Reply {
                    status: 429,
                    headers,
                    body: Vec::new(),
                });
            }
            let method = Method::from_bytes(call.method.as_bytes()).unwrap();
            let url = format!("{}{}", self.emulator, call.path);
            let mut request = self.http.request(method, url).query(&call.query);
            for (name, value) in call.headers.iter().chain(&call.sign.shown()) {
                request = request.header(name, value);
            }
            let request = request.body(call.body.clone().unwrap_or_default());
            let answer = request.send().await.map_err(|error| error.to_string())?;
            // Once, so that what comes after the crash finds a host that works.
            if call.method == "POST"
                && self.swallows == Some(call.path.as_str())
                && self.served.swap(usize::MAX / 2, Ordering::SeqCst) < usize::MAX / 2
            {
                self.swallowed.notify_one();
                std::future::pending::<()>().await;
            }
            Ok(Reply {
                status: answer.status().as_u16(),
                headers: answer.headers().clone(),
                body: answer
                    .bytes()
                    .await
                    .map_err(|error| error.to_string())?
                    .to_vec(),
            })
        })
    }
}

fn conformance(arguments: &[&str], folder: &Path) -> Child {
    Command::new(env!("CARGO_BIN_EXE_conformance"))
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .env("CONFORMANCE_USERNAME", "ana@acme.example")
        .env("CONFORMANCE_PASSWORD", "acme-ana-password")
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap()
}

/// The exit code, and all that it said.
async fn ended(arguments: &[&str], folder: &Path) -> (Option<i32>, String) {
    let output = conformance(arguments, folder)
        .wait_with_output()
        .await
        .unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(text).unwrap())
}

async fn token(server: &Emulator) -> String {
    let body = json!({ "username": "ana@acme.example", "password": "acme-ana-password" });
    let sign_in = format!("{}/auth/sign-in", server.base_url());
    let answer = reqwest::Client::new()
        .post(sign_in)
        .json(&body)
        .send()
        .await;
    let answer: Value = answer.unwrap().json().await.unwrap();
    answer["tokens"]["accessToken"].as_str().unwrap().to_owned()
}

async fn listed(server: &Emulator) -> Vec<Value> {
    let token = token(server).await;
    let mut lists = Vec::new();
    for path in LISTS {
        let request = reqwest::Client::new()
            .get(format!("{}{path}", server.base_url()))
            .header("authorization", &token);
        lists.push(request.send().await.unwrap().json().await.unwrap());
    }
    lists
}

/// What belongs to somebody else, some of it with names that look like ours.
async fn furnish(server: &Emulator) {
    let token = token(server).await;
    let connection = |name: &str| {
        json!({ "name": name, "plugin": "postgresql", "config": {
            "endpoint": "db.example.com", "port": 5432, "network": "direct",
            "user": "reader", "password": "a-password", "database": "orders",
        }})
    };
    let table =
        |name: &str| json!({ "name": name, "columns": [{ "name": "id", "type": "INTEGER" }] });
    for (path, body) in [
        ("/connections", connection("orders")),
        ("/connections", connection("conformance-of-somebody-else")),
        ("/storage-explorer/tables", table("orders")),
        (
            "/storage-explorer/tables",
            table("conformance_of_somebody_else"),
        ),
        ("/api-key", json!({ "permissions": [1] })),
    ] {
        let request = reqwest::Client::new()
            .post(format!("{}{path}", server.base_url()))
            .header("authorization", &token)
            .json(&body);
        assert_eq!(request.send().await.unwrap().status(), 201, "{path}");
    }
}

#[tokio::test]
async fn what_a_killed_run_made_is_cleaned_and_nothing_else_is_touched() {
    let server = Emulator::builder().start().await.unwrap();
    furnish(&server).await;
    let before = listed(&server).await;
    let between = Between {
        swallows: Some("/storage-explorer/tables"),
        ..Between::new(&server)
    };
    let swallowed = Arc::clone(&between.swallowed);
    let front = Front::start(Arc::new(between)).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let run = [
        "run",
        "--target",
        front.base_url(),
        "--write",
        "--filter",
        "writes.read-back",
    ];
    let mut child = conformance(&run, folder.path());
    swallowed.notified().await;
    child.kill().await.unwrap();
    let after_the_crash = listed(&server).await;
    let more = |index: usize, list: &str| {
        let count = |lists: &[Value]| lists[index][list].as_array().unwrap().len();
        count(&after_the_crash) - count(&before)
    };
    assert_eq!(
        (
            more(0, "connections"),
            more(1, "data_assets"),
            more(2, "tables")
        ),
        (1, 1, 1),
        "the crash left nothing to clean"
    );
    // The next run will not begin on top of it.
    let (code, text) = ended(&run, folder.path()).await;
    assert_eq!(code, Some(2), "{text}");
    assert!(text.contains("conformance clean --ledger"), "{text}");

    let clean = ["clean", "--ledger", "conformance-ledger.jsonl"];
    let (code, text) = ended(&clean, folder.path()).await;
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("3 removed, 0 left"), "{text}");
    assert_eq!(listed(&server).await, before);
    let writes = server.requests().len();
    let (code, text) = ended(&clean, folder.path()).await;
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("0 removed, 0 left"), "{text}");
    assert_eq!(
        server.requests().len(),
        writes,
        "a clean ledger asks for nothing"
    );
    let ledger = std::fs::read_to_string(folder.path().join("conformance-ledger.jsonl")).unwrap();
    assert!(!ledger.contains("acme-ana-password") && !ledger.contains("eyJ"));
}

#[tokio::test]
async fn the_ledger_of_another_host_is_refused_before_anything_is_sent() {
    let server = Emulator::builder().start().await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("conformance-ledger.jsonl");
    let theirs = dadosfera_conformance::live::Ledger::begin(&path, "https://maestro.example", "1");
    drop(theirs.unwrap());
    for arguments in [
        vec!["run", "--target", server.base_url(), "--write"],
        vec![
            "clean",
            "--ledger",
            "conformance-ledger.jsonl",
            "--target",
            server.base_url(),
        ],
    ] {
        let (code, text) = ended(&arguments, folder.path()).await;
        assert_eq!(code, Some(2), "{text}");
        assert!(
            text.contains("belongs to https://maestro.example"),
            "{text}"
        );
    }
    assert_eq!(server.requests().len(), 0);
}

#[tokio::test]
async fn a_spent_budget_ends_a_run_that_still_cleans_up() {
    let server = Emulator::builder().start().await.unwrap();
    let before = listed(&server).await;
    let sent = server.requests().len();
    let folder = tempfile::tempdir().unwrap();
    let run = [
        "run",
        "--target",
        server.base_url(),
        "--write",
        "--filter",
        "writes.",
        "--max-requests",
        "6",
    ];
    let (code, text) = ended(&run, folder.path()).await;
    assert_eq!(code, Some(3), "{text}");
    assert!(text.contains("the budget of 6 requests is spent"), "{text}");
    // Beyond the budget, nothing but deletions of what the first six made.
    let beyond = server.requests()[sent..][6..]
        .iter()
        .all(|it| it.method == "DELETE");
    assert!(beyond, "{text}");
    assert_eq!(listed(&server).await, before);
}

#[tokio::test]
async fn a_storm_of_429_ends_a_run_with_a_code_of_its_own_and_keeps_what_was_seen() {
    let server = Emulator::builder().start().await.unwrap();
    let between = Arc::new(Between {
        patience: 4,
        ..Between::new(&server)
    });
    let front = Front::start(Arc::clone(&between) as Arc<dyn Behind>)
        .await
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let run = ["run", "--target", front.base_url(), "--json", "report.json"];
    let (code, text) = ended(&run, folder.path()).await;
    assert_eq!(code, Some(7), "{text}");
    assert!(text.contains("answered 429 3 times in a row"), "{text}");
    assert_eq!(between.served.load(Ordering::SeqCst), 4 + 3);
    let report = std::fs::read_to_string(folder.path().join("report.json")).unwrap();
    let report: Value = serde_json::from_str(&report).unwrap();
    assert_eq!(
        (&report["requests"], &report["exit_code"]),
        (&json!(7), &json!(7))
    );
}
