//! Processes of a fleet: this test binary, started again, with a time that is a file which the test writes.

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use dadosfera::{Client, Clock, FileStore, RedisStore, Sleep, TokenStore};

use crate::redis_server::KEY;

const WORKER: &str = "DADOSFERA_FLEET_WORKER";
/// How long a worker pauses between two callers.
const BETWEEN: Duration = Duration::from_millis(4);
/// How long others wait where a holder of the lease was killed.
const LEASE: Duration = Duration::from_millis(500);

/// The file's time.
#[derive(Debug, Clone)]
pub(crate) struct FileTime(pub(crate) PathBuf);

impl FileTime {
    fn now(&self) -> Duration {
        let bytes = fs::read(&self.0).ok().and_then(|it| it.try_into().ok());
        Duration::from_millis(bytes.map_or(0, u64::from_le_bytes))
    }

    /// Written beside and renamed, so that nobody reads half a time.
    pub(crate) fn set(&self, now: Duration) {
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

/// What a worker is to do.
#[derive(Debug, Clone)]
pub(crate) struct Job {
    pub(crate) base_url: String,
    pub(crate) time: FileTime,
    /// The path of a file, or the address of a Redis.
    pub(crate) store: String,
}

impl Job {
    pub(crate) fn store(&self) -> Arc<dyn TokenStore> {
        if self.store.starts_with("redis://") {
            let store = RedisStore::new(&self.store, "fleet", &KEY).expect("a store");
            Arc::new(store.lease(LEASE))
        } else {
            Arc::new(FileStore::new(&self.store))
        }
    }

    fn text(&self) -> String {
        format!(
            "{}\n{}\n{}",
            self.base_url,
            self.time.0.display(),
            self.store
        )
    }

    fn of_this_process() -> Option<Self> {
        let text = std::env::var(WORKER).ok()?;
        let mut parts = text.split('\n').map(str::to_owned);
        let mut next = || parts.next().expect("url, time and store");
        Some(Self {
            base_url: next(),
            time: FileTime(next().into()),
            store: next(),
        })
    }
}

/// One process of a fleet, where the environment says so: it wants a token again and again until it is killed.
#[test]
fn worker() {
    let Some(job) = Job::of_this_process() else {
        return;
    };
    let client = Client::builder()
        .base_url(&job.base_url)
        .password("ana@acme.example", "acme-ana-password")
        .clock(Arc::new(job.time.clone()))
        .token_store(job.store())
        .build()
        .expect("a client");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        loop {
            // What fails is told to nobody here: the provider's record shows what was presented.
            let _ = client.session().access_token().await;
            tokio::time::sleep(BETWEEN).await;
        }
    });
}

/// A process that ends with its owner.
pub(crate) struct Worker(Child);

impl Worker {
    pub(crate) fn start(job: &Job) -> Self {
        let program = std::env::current_exe().expect("this binary");
        let child = Command::new(program)
            .args(["workers::worker", "--exact", "--nocapture"])
            .env(WORKER, job.text())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .expect("started");
        Self(child)
    }

    /// Kills it at once (SIGKILL on unix): it has no time to give anything back.
    pub(crate) fn kill(&mut self) {
        self.0.kill().expect("killed");
        self.0.wait().expect("gone");
    }

    /// Whether it runs still: a worker ends only by being killed.
    pub(crate) fn is_alive(&mut self) -> bool {
        self.0.try_wait().expect("watched").is_none()
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.kill();
    }
}
