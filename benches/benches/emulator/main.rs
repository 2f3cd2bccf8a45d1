//! What the emulator promises about speed, each beside a bare hyper server that answers the same bytes.
//!
//! `cargo bench -p dadosfera-benches --bench emulator` measures; a name at its end measures that part only. Every server is
//! a process of its own (this program again), so that its memory and its start are its own too. Without `--bench`, as
//! tests run it, each part runs once, small and untimed.
#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a bench that cannot start has nothing to measure, and its result is what it prints"
)]

mod gibibyte;
mod load;
mod server;

use std::time::{Duration, Instant};

use load::{Client, Load};
use server::{Server, Subject};

/// How much is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Size {
    pub(crate) timed: bool,
}

type Part = (&'static str, fn(&Scene));

/// What all parts use.
pub(crate) struct Scene {
    pub(crate) runtime: tokio::runtime::Runtime,
    pub(crate) size: Size,
}

const PARTS: [Part; 5] = [
    ("start", start),
    ("small", small),
    ("catalog", catalog),
    ("journal", journal),
    ("gibibyte", gibibyte::run),
];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let Some(subject) = arguments.first().and_then(|name| Subject::named(name)) {
        server::serve(subject, arguments.get(1));
        return;
    }
    if arguments.iter().any(|argument| argument == "--list") {
        // How test runners ask what there is to run.
        if !arguments.iter().any(|argument| argument == "--ignored") {
            println!("emulator: test");
        }
        return;
    }
    let scene = Scene {
        runtime: tokio::runtime::Runtime::new().expect("a runtime"),
        size: Size {
            timed: arguments.iter().any(|argument| argument == "--bench"),
        },
    };
    let chosen = |name: &str| arguments.iter().any(|argument| argument == name);
    let any = PARTS.iter().any(|(name, _)| chosen(name));
    for (name, part) in PARTS {
        if !any || chosen(name) {
            part(&scene);
        }
    }
}

/// How long a start takes, and how much memory it holds when it idles.
fn start(scene: &Scene) {
    let rounds = if scene.size.timed { 10 } else { 1 };
    for subject in [Subject::Hyper, Subject::Emulator] {
        let mut times: Vec<Duration> = Vec::new();
        let mut resident = 0;
        for _ in 0..rounds {
            let started = Instant::now();
            let server = Server::start(subject, None);
            times.push(started.elapsed());
            resident = server.memory("VmRSS");
        }
        times.sort_unstable();
        println!(
            "start      {subject:?}: {:.1} ms (median of {rounds}), {:.1} MiB resident when idle",
            millis(times[rounds / 2]),
            mebibytes(resident)
        );
    }
}

/// Small authenticated GETs: as many as go, then half of what is promised at a steady pace.
fn small(scene: &Scene) {
    let path = "/customers/current";
    let mut rates = Vec::new();
    for subject in [Subject::Hyper, Subject::Emulator] {
        let server = Server::start(subject, None);
        let load = Load::new(&server, path, if scene.size.timed { 64 } else { 2 });
        let seconds = if scene.size.timed { 5 } else { 0 };
        let rate = scene
            .runtime
            .block_on(load.all_out(Duration::from_secs(seconds)));
        rates.push(rate);
        println!("small      {subject:?}: {rate:.0} GET/s, keep-alive");
        let paced = load.paced(10_000, Duration::from_secs(seconds));
        let latency = scene.runtime.block_on(paced);
        println!("small      {subject:?} at 10,000 GET/s: {latency}");
    }
    println!(
        "small      the emulator answers {:.2} of what bare hyper does",
        rates[1] / rates[0]
    );
}

/// Pages of a catalog with 100,000 assets.
fn catalog(scene: &Scene) {
    let assets = if scene.size.timed { 100_000 } else { 100 };
    let server = Server::start(Subject::Catalog, Some(&assets.to_string()));
    println!(
        "catalog    {assets} assets: {:.0} MiB resident",
        mebibytes(server.memory("VmRSS"))
    );
    let pages = if scene.size.timed { 200 } else { 1 };
    for path in [
        "/catalog?size=50",
        "/catalog?size=50&page=1900",
        "/catalog?size=50&sort_by=created_at",
        "/catalog?size=50&page=1000",
        "/catalog?size=50&search=asset+9999",
        "/catalog?size=50&search=asset&data_asset_type=dataset&page=500",
    ] {
        let load = Load::new(&server, path, 1);
        let latency = scene.runtime.block_on(load.one_by_one(pages));
        println!("catalog    {path}: {latency}");
    }
}

/// Writes with a data directory beside writes without, and a start over them.
fn journal(scene: &Scene) {
    let writes = if scene.size.timed { 100_000 } else { 10 };
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path().join("data");
    let folder = folder.to_string_lossy();
    let mut rates = Vec::new();
    for (subject, argument) in [
        (Subject::Emulator, None),
        (Subject::Journaled, Some(&*folder)),
    ] {
        let server = Server::start(subject, argument);
        let mut load = Load::new(&server, "/catalog", if scene.size.timed { 64 } else { 2 });
        load.post(
            r#"{"display_name": "An asset", "data_asset_type": "dataset", "tags": ["one", "two"]}"#,
        );
        let started = Instant::now();
        scene.runtime.block_on(load.exactly(writes));
        let rate = writes as f64 / started.elapsed().as_secs_f64();
        rates.push(rate);
        println!("journal    {subject:?}: {rate:.0} writes/s");
    }
    let started = Instant::now();
    let server = Server::start(Subject::Journaled, Some(&*folder));
    println!(
        "journal    durable writes are {:.2} of those in memory; a start over {writes} of them takes {:.2} s, from {:.0} MiB",
        rates[1] / rates[0],
        started.elapsed().as_secs_f64(),
        mebibytes(
            std::fs::metadata(format!("{folder}/journal.redb"))
                .expect("a journal")
                .len()
        )
    );
    let client = scene.runtime.block_on(Client::connect(&server));
    drop(client);
}

pub(crate) fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

#[expect(clippy::cast_precision_loss, reason = "it is shown to one digit")]
pub(crate) fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / (1024.0 * 1024.0)
}
