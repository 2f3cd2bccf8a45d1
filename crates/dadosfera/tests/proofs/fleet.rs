//! Eight processes that share one store and are killed at random, against refresh tokens that work once and whose replay
//! revokes the family: not one replay in ten thousand refreshes over a file, and none in thousands over a Redis that is killed
//! and stopped as well, before a refresh and in the middle of one.
//!
//! Time steps past the life of the token as soon as the store keeps a new one, so that each round is a refresh.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use dadosfera::TokenStore;
use dadosfera_emulator::{Emulator, Fault, FaultEffect, Options};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tempfile::TempDir;

use crate::redis_server::RedisServer;
use crate::workers::{FileTime, Job, Worker};

const WORKERS: usize = 8;
/// Unless `DADOSFERA_PROOF_REFRESHES` says otherwise.
const REFRESHES_OVER_A_FILE: usize = 10_000;
const REFRESHES_OVER_REDIS: usize = 2_000;
/// So many rounds between two kills, on average.
const KILL_EVERY: u32 = 40;
/// So many rounds between two troubles of Redis, on average.
const TROUBLE_EVERY: u32 = 25;
/// Past the hard point of every token.
const STEP: Duration = Duration::from_secs(1765);
/// How long a refresh takes in whose middle something happens.
const SLOW: Duration = Duration::from_millis(20);
/// Longer than the store waits for an answer.
const LONG_STALL: Duration = Duration::from_millis(2_100);

struct Fleet {
    emulator: Emulator,
    store: Arc<dyn TokenStore>,
    job: Job,
    workers: Vec<Worker>,
    rng: ChaCha8Rng,
    seed: u64,
    rounds: usize,
    kills: usize,
    _folder: TempDir,
}

/// What was asked for a token, and what was refused.
#[derive(Debug, PartialEq, Eq)]
struct Record {
    refreshes: usize,
    sign_ins: usize,
    refused: usize,
}

impl Fleet {
    /// `store` says where the store is, from a folder of ours.
    async fn start(store: impl FnOnce(&Path) -> String) -> Self {
        let seed = std::env::var("DADOSFERA_PROOF_SEED")
            .ok()
            .and_then(|seed| seed.parse().ok())
            .unwrap_or_else(|| fastrand::u64(..));
        println!("seed {seed}; DADOSFERA_PROOF_SEED repeats the kills, but not the schedule");
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
        let job = Job {
            base_url: emulator.base_url().to_owned(),
            time: FileTime(folder.path().join("time")),
            store: store(folder.path()),
        };
        let fleet = Self {
            store: job.store(),
            emulator,
            workers: Vec::new(),
            rng: ChaCha8Rng::seed_from_u64(seed),
            seed,
            rounds: 0,
            kills: 0,
            _folder: folder,
            job,
        };
        fleet.tell_the_time();
        fleet
    }

    async fn first_round(&mut self) {
        self.workers = (0..WORKERS).map(|_| Worker::start(&self.job)).collect();
        self.rounds = 1;
        self.until_kept(0).await;
    }

    /// Lets all tokens die. Whoever dies with them is killed within a flight as well as before and after one.
    async fn next_round(&mut self) {
        self.rounds += 1;
        self.step(STEP);
        if self.rng.random_ratio(1, KILL_EVERY) {
            let moment = self.rng.random_range(0..10_000);
            tokio::time::sleep(Duration::from_micros(moment)).await;
            let victim = self.rng.random_range(0..WORKERS);
            self.workers[victim].kill();
            self.workers[victim] = Worker::start(&self.job);
            self.kills += 1;
        }
    }

    /// Waits for a token to be kept. Time goes on meanwhile: whoever flew when it stepped failed by its deadline, and pauses.
    async fn until_kept(&mut self, before: u64) -> u64 {
        for look in 1..30_000 {
            tokio::time::sleep(Duration::from_millis(1)).await;
            let kept = self.kept().await;
            if kept > before {
                return kept;
            }
            if look % 5 == 0 {
                self.step(Duration::from_millis(50));
            }
        }
        panic!(
            "nobody kept a token for half a minute; seed {}: {:?}",
            self.seed,
            self.record()
        );
    }

    /// The number of the token that is kept, where nobody is about to spend it.
    async fn kept(&self) -> u64 {
        match self.store.load().await {
            Ok(Some(record)) if !record.spending => record.generation,
            _ => 0,
        }
    }

    fn step(&self, by: Duration) {
        self.emulator.clock().advance(by);
        self.tell_the_time();
    }

    fn tell_the_time(&self) {
        let milliseconds = self.emulator.clock().now().timestamp_millis();
        let milliseconds = u64::try_from(milliseconds).expect("after 1970");
        self.job.time.set(Duration::from_millis(milliseconds));
    }

    fn refreshes(&self) -> usize {
        self.emulator.count("refresh_access_token")
    }

    fn record(&self) -> Record {
        let refused = self
            .emulator
            .requests()
            .iter()
            .filter(|it| it.operation == Some("refresh_access_token") && it.status == 401)
            .count();
        Record {
            refreshes: self.refreshes(),
            sign_ins: self.emulator.count("sign_in"),
            refused,
        }
    }

    /// Nobody presented a token twice, nobody died but by being killed, and flights were shared.
    fn judge(mut self) {
        let record = self.record();
        println!("{} rounds, {} kills, {record:?}", self.rounds, self.kills);
        assert_eq!(
            record.refused, 0,
            "a refresh token was presented twice; seed {}",
            self.seed
        );
        assert!(
            self.workers.iter_mut().all(Worker::is_alive),
            "a worker ended by itself; seed {}",
            self.seed
        );
        let rounds = u32::try_from(self.rounds).expect("few");
        let kills = u32::try_from(self.kills).expect("few");
        assert!(kills > rounds / KILL_EVERY / 2, "{kills} kills");
    }
}

fn wanted(unless_told: usize) -> usize {
    std::env::var("DADOSFERA_PROOF_REFRESHES")
        .ok()
        .and_then(|count| count.parse().ok())
        .unwrap_or(unless_told)
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime")
}

#[test]
fn eight_processes_that_are_killed_at_random_never_present_a_refresh_token_twice() {
    let refreshes = wanted(REFRESHES_OVER_A_FILE);
    runtime().block_on(async {
        let mut fleet = Fleet::start(|folder| {
            let path = folder.join("state").join("session.json");
            path.display().to_string()
        })
        .await;
        fleet.first_round().await;
        while fleet.refreshes() < refreshes {
            let before = fleet.kept().await;
            fleet.next_round().await;
            fleet.until_kept(before).await;
        }
        let (record, rounds) = (fleet.record(), fleet.rounds);
        assert!(
            record.refreshes + record.sign_ins <= rounds + rounds / 5,
            "{record:?} in {rounds} rounds: some flights were not shared; seed {}",
            fleet.seed
        );
        fleet.judge();
    });
}

/// What happens to Redis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trouble {
    /// It is killed before anybody asks for a token, and comes back.
    KilledBefore,
    /// It is killed while a refresh is under way, and comes back.
    KilledDuring,
    /// It stands still while a refresh is under way, and goes on before anybody gives it up.
    StoppedDuring,
    /// It stands still for so long that all give it up.
    StoppedForLong,
}

const TROUBLES: [Trouble; 4] = [
    Trouble::KilledBefore,
    Trouble::KilledDuring,
    Trouble::StoppedDuring,
    Trouble::StoppedForLong,
];

#[test]
fn nor_do_they_over_a_redis_that_is_killed_and_stopped_in_the_middle_of_refreshes() {
    let refreshes = wanted(REFRESHES_OVER_REDIS);
    runtime().block_on(async {
        let mut redis = RedisServer::start();
        let address = redis.address();
        let mut fleet = Fleet::start(|_| address).await;
        fleet.first_round().await;
        let mut troubles = [0; TROUBLES.len()];
        while fleet.refreshes() < refreshes {
            let before = fleet.kept().await;
            if fleet.rng.random_ratio(1, TROUBLE_EVERY) {
                // The last one takes seconds, so it is the rarest.
                let is_long = fleet.rng.random_ratio(1, 16);
                let which = if is_long {
                    3
                } else {
                    fleet.rng.random_range(0..3)
                };
                troubles[which] += 1;
                fleet.in_trouble(TROUBLES[which], &mut redis).await;
            } else {
                fleet.next_round().await;
                fleet.until_kept(before).await;
            }
        }
        println!("{TROUBLES:?}: {troubles:?}");
        fleet.judge();
    });
}

impl Fleet {
    /// A round in whose course something happens to Redis. When it is over, some have tokens that the store does not know.
    async fn in_trouble(&mut self, trouble: Trouble, redis: &mut RedisServer) {
        let pause = Duration::from_micros(self.rng.random_range(0..60_000));
        if trouble == Trouble::KilledBefore {
            redis.stop();
            self.next_round().await;
            tokio::time::sleep(pause).await;
            redis.resume();
            return;
        }
        let asked = self.refreshes();
        let slow = Fault::on("refresh_access_token", FaultEffect::Delay(SLOW));
        self.emulator.inject(slow).expect("a fault that can happen");
        self.next_round().await;
        // Where the last round left a note of a token that may be spent, this one signs in, and no refresh comes.
        for _ in 0..200 {
            if self.refreshes() > asked {
                break;
            }
            self.step(Duration::from_millis(10));
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        match trouble {
            Trouble::KilledDuring => {
                redis.stop();
                tokio::time::sleep(pause).await;
                redis.resume();
            }
            Trouble::StoppedForLong => {
                redis.stand_still();
                tokio::time::sleep(LONG_STALL).await;
                redis.go_on();
            }
            _ => {
                redis.stand_still();
                tokio::time::sleep(pause).await;
                redis.go_on();
            }
        }
        self.emulator.clear_faults();
    }
}
