//! Eight processes that share one store and are killed at random, against refresh tokens that work once and whose replay
//! revokes the family: not one replay in thousands of refreshes.
//!
//! The workers are this test binary, started again. Time is a file that they read and the test writes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use dadosfera::{Client, Clock, FileStore, Sleep};
use dadosfera_emulator::{Emulator, Options};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tempfile::TempDir;

const WORKERS: usize = 8;
/// Unless `DADOSFERA_PROOF_REFRESHES` says otherwise: ten thousand take some minutes.
const REFRESHES: usize = 2_000;
/// So many refreshes between two kills, on average.
const KILL_EVERY: u32 = 40;
/// Past the hard point of every token.
const STEP: Duration = Duration::from_secs(1765);
const STORE: &str = "state/session.json";
const WORKER: &str = "DADOSFERA_FLEET_WORKER";

/// The file's time.
#[derive(Debug)]
struct FileTime(PathBuf);

impl FileTime {
    fn now(&self) -> Duration {
        let bytes = fs::read(&self.0).ok().and_then(|it| it.try_into().ok());
        Duration::from_millis(bytes.map_or(0, u64::from_le_bytes))
    }

    /// Written beside and renamed, so that nobody reads half a time.
    fn set(&self, now: Duration) {
        let milliseconds = u64::try_from(now.as_millis()).expect("a time");
        let beside = self.0.with_extension("next");
        fs::write(&beside, milliseconds.to_le_bytes()).expect("written");
        fs::rename(beside, &self.0).expect("renamed");
    }
}

impl Clock for FileTime {
    fn monotonic(&self) -> Duration {
        self.now()
    }

    fn wall(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + self.now()
    }

    fn sleep(&self, _: Duration) -> Sleep {
        Box::pin(tokio::time::sleep(Duration::from_millis(5)))
    }
}

/// One process of the fleet, where the environment says so: it wants a token again and again until it is killed.
#[test]
fn worker() {
    let Ok(job) = std::env::var(WORKER) else {
        return;
    };
    let mut parts = job.split('\n');
    let mut next = || parts.next().expect("url, time and store").to_owned();
    let (url, time, store) = (next(), next(), next());
    let client = Client::builder()
        .base_url(url)
        .password("ana@acme.example", "acme-ana-password")
        .clock(Arc::new(FileTime(time.into())))
        .token_store(Arc::new(FileStore::new(store)))
        .build()
        .expect("a client");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        loop {
            if let Err(error) = client.session().access_token().await {
                println!("a worker got {error}");
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
}

/// A process that ends with its owner.
struct Worker(Child);

impl Worker {
    fn start(job: &str) -> Self {
        let program = std::env::current_exe().expect("this binary");
        let child = Command::new(program)
            .args(["fleet::worker", "--exact", "--nocapture"])
            .env(WORKER, job)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .expect("started");
        Self(child)
    }

    fn kill(&mut self) {
        self.0.kill().expect("killed");
        self.0.wait().expect("gone");
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.kill();
    }
}

#[test]
fn eight_processes_that_are_killed_at_random_never_present_a_refresh_token_twice() {
    let seed = fastrand::u64(..);
    println!("seed {seed}");
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(fleet(seed));
}

async fn fleet(seed: u64) {
    let refreshes = std::env::var("DADOSFERA_PROOF_REFRESHES")
        .ok()
        .and_then(|count| count.parse().ok())
        .unwrap_or(REFRESHES);
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let options = Options {
        rotate_refresh_tokens: true,
        single_use_refresh_tokens: true,
        ..Options::default()
    };
    let emulator = Emulator::builder()
        .hold_clock()
        .options(options)
        .start()
        .await
        .expect("an emulator");
    // Kills are what is proven, not power cuts: where there is a file system in memory, syncs cost nothing.
    let memory = Path::new("/dev/shm");
    let folder = if memory.is_dir() {
        TempDir::new_in(memory)
    } else {
        TempDir::new()
    }
    .expect("a folder");
    let time = FileTime(folder.path().join("time"));
    time.set(since_1970(&emulator));
    let job = job(&emulator, folder.path());
    let mut workers: Vec<_> = (0..WORKERS).map(|_| Worker::start(&job)).collect();
    let store = folder.path().join(STORE);
    let mut kept = wait_for_more(&emulator, &time, &store, 0).await;
    let (mut rounds, mut kills) = (1, 0);
    while emulator.count("refresh_access_token") < refreshes {
        rounds += 1;
        emulator.clock().advance(STEP);
        time.set(since_1970(&emulator));
        if rng.random_ratio(1, KILL_EVERY) {
            // Within a flight as well as before and after one.
            tokio::time::sleep(Duration::from_micros(rng.random_range(0..20_000))).await;
            let victim = rng.random_range(0..WORKERS);
            workers[victim].kill();
            workers[victim] = Worker::start(&job);
            kills += 1;
        }
        kept = wait_for_more(&emulator, &time, &store, kept).await;
        // Most of those that waited for the lock have found the new token by then.
        tokio::time::sleep(Duration::from_millis(4)).await;
    }
    drop(workers);
    let refused = emulator
        .requests()
        .iter()
        .filter(|it| it.operation == Some("refresh_access_token") && it.status == 401)
        .count();
    let total = asked(&emulator);
    println!("{rounds} rounds, {kills} kills, {total} tokens");
    assert_eq!(
        refused, 0,
        "a refresh token was presented twice; seed {seed}"
    );
    assert!(kills > refreshes / KILL_EVERY as usize / 2, "{kills} kills");
    // A flight that is in the air when time steps fails by its deadline, and its token is lost.
    assert!(
        total <= 2 * rounds + kills,
        "{total} tokens for {rounds} rounds and {kills} kills: some flights were not shared; seed {seed}"
    );
}

/// Waits for a token to be kept. Time goes on meanwhile: whoever flew when it stepped failed by its deadline, and pauses.
async fn wait_for_more(emulator: &Emulator, time: &FileTime, store: &Path, before: u64) -> u64 {
    for _ in 0..30_000 {
        tokio::time::sleep(Duration::from_millis(1)).await;
        let kept = generation(store);
        if kept > before {
            return kept;
        }
        emulator.clock().advance(Duration::from_millis(10));
        time.set(since_1970(emulator));
    }
    panic!("nobody kept a token for half a minute");
}

/// The number of the token that is kept, where nobody is about to spend it.
fn generation(store: &Path) -> u64 {
    let text = fs::read_to_string(store).unwrap_or_default();
    let record: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
    if record["spending"] == true {
        return 0;
    }
    record["generation"].as_u64().unwrap_or_default()
}

fn asked(emulator: &Emulator) -> usize {
    emulator.count("refresh_access_token") + emulator.count("sign_in")
}

fn since_1970(emulator: &Emulator) -> Duration {
    let milliseconds = emulator.clock().now().timestamp_millis();
    Duration::from_millis(u64::try_from(milliseconds).expect("after 1970"))
}

fn job(emulator: &Emulator, folder: &Path) -> String {
    format!(
        "{}\n{}\n{}",
        emulator.base_url(),
        folder.join("time").display(),
        folder.join(STORE).display()
    )
}
