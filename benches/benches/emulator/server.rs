//! The servers under measurement, each this program again in a process of its own.

use std::convert::Infallible;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};

use dadosfera_emulator::{Emulator, Options, Seed, SeedAsset};
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::json;

/// What bare hyper answers: the size of the emulator's own answer to the request that is measured.
const CONSTANT: &[u8] = br#"{"customer":{"id":"acme_corp","links":[{}],"modules":["catalog","pipelines"],"name":"acme_corp","scheduleLimit":"hourly","tier":"STANDARD"}}"#;

/// What is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Subject {
    /// A hyper server that answers a constant.
    Hyper,
    Emulator,
    /// The emulator with as many assets as the argument says.
    Catalog,
    /// The emulator with the argument as its data directory.
    Journaled,
}

/// A server that runs.
pub(crate) struct Server {
    pub(crate) address: String,
    /// Whether somebody has to sign in.
    pub(crate) signs_in: bool,
    child: Child,
}

impl Subject {
    const ALL: [Self; 4] = [Self::Hyper, Self::Emulator, Self::Catalog, Self::Journaled];

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|subject| subject.name() == name)
    }

    fn name(self) -> &'static str {
        match self {
            Self::Hyper => "serve-hyper",
            Self::Emulator => "serve-emulator",
            Self::Catalog => "serve-catalog",
            Self::Journaled => "serve-journaled",
        }
    }
}

impl Server {
    /// Starts it, and returns when it listens.
    pub(crate) fn start(subject: Subject, argument: Option<&str>) -> Self {
        let program = std::env::current_exe().expect("this program");
        let mut child = Command::new(program)
            .arg(subject.name())
            .args(argument)
            .stdout(Stdio::piped())
            .stdin(Stdio::null())
            .spawn()
            .expect("a process");
        let stdout = child.stdout.take().expect("its output");
        let mut address = String::new();
        let read = BufReader::new(stdout).read_line(&mut address);
        read.expect("where it listens");
        Self {
            address: address.trim().to_owned(),
            signs_in: subject != Subject::Hyper,
            child,
        }
    }

    /// Bytes of memory, as the system counts them under this name; 0 where it does not.
    pub(crate) fn memory(&self, name: &str) -> u64 {
        let status = format!("/proc/{}/status", self.child.id());
        let status = std::fs::read_to_string(status).unwrap_or_default();
        let line = status.lines().find(|line| line.starts_with(name));
        let kibibytes = line.and_then(|line| line.split_whitespace().nth(1));
        kibibytes
            .and_then(|text| text.parse().ok())
            .unwrap_or(0_u64)
            * 1024
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // One that ended by itself is no harm, and what was measured is measured.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Serves until it is killed.
pub(crate) fn serve(subject: Subject, argument: Option<&String>) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        if subject == Subject::Hyper {
            hyper().await;
            return;
        }
        let mut seed = Seed::default();
        if subject == Subject::Catalog {
            let count = argument.and_then(|text| text.parse().ok());
            seed.assets = (0..count.unwrap_or(0_u32)).map(asset).collect();
        }
        let mut builder = Emulator::builder().seed(seed).options(Options {
            max_upload_bytes: u64::MAX,
            ..Options::default()
        });
        if let (Subject::Journaled, Some(folder)) = (subject, argument) {
            builder = builder.data_dir(folder);
        }
        let emulator = builder.start().await.expect("an emulator");
        told(emulator.base_url().trim_start_matches("http://"));
        std::future::pending::<()>().await;
    });
}

fn asset(number: u32) -> SeedAsset {
    let asset = json!({
        "display_name": format!("Asset {number}"),
        "description": format!("Orders of region {}", number % 97),
        "data_asset_type": "table",
        "tags": ["orders", "daily"],
    });
    let owner = "ana@acme.example";
    serde_json::from_value(json!({"owner": owner, "asset": asset})).expect("an asset")
}

async fn hyper() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await;
    let listener = listener.expect("a port");
    told(&listener.local_addr().expect("its address").to_string());
    loop {
        let (stream, _) = listener.accept().await.expect("a connection");
        let _ = stream.set_nodelay(true);
        tokio::spawn(async move {
            let service = service_fn(|_| async {
                let body = Full::new(Bytes::from_static(CONSTANT));
                let answer = hyper::Response::builder()
                    .header("content-type", "application/json; charset=utf-8")
                    .body(body);
                Ok::<_, Infallible>(answer.expect("an answer"))
            });
            let _ = hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}

fn told(address: &str) {
    let mut stdout = std::io::stdout();
    writeln!(stdout, "{address}").expect("somebody to tell");
    stdout.flush().expect("somebody to tell");
}
