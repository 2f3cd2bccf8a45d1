//! A store in Redis, for the processes of many machines: a lease instead of a lock, a fence instead of trust in it.
//!
//! Rules: the lock is a key with a random owner, which ends by itself and which its holder renews while it lives; so the
//! lock of one that was killed is free before others give up waiting for it. Everything that changes something does so in
//! one script that looks whether the lock is still ours, so a holder that slept through its lease changes nothing: the
//! owner is the fence. A record goes only over one that is not newer. Redis sees encrypted bytes.

mod link;
mod sealed;

use std::sync::Arc;
use std::time::Duration;

use redis::{Cmd, Value};
use tokio::task::AbortHandle;

use super::failure::{StoreError, StoreErrorKind};
use super::record::Record;
use super::{StoreFuture, StoreGuard, TokenStore};
use crate::error::Error;
use link::Link;
use sealed::Seal;

/// How long a lock lasts that its holder does not renew: shorter than a flight waits for one, so that nobody fails because
/// somebody else was killed. Every write under it makes it last as long again.
const LEASE: Duration = Duration::from_secs(6);
/// How many times a holder tries to renew its lock before that ends.
const RENEWALS: u32 = 3;
/// How long between two looks at a lock that somebody else holds, at first and after some; most hold it for a moment only.
const FIRST_POLL: Duration = Duration::from_millis(10);
const POLL: Duration = Duration::from_millis(100);
/// More records than this aside are a quarrel between two programs, not an accident.
const MOST_ASIDE: u32 = 100;
const LONGEST_NAME: usize = 128;

/// Takes the lock; 1 where it is ours. Asked twice, it is still ours.
const LOCK: &str = "
if redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then return 1 end
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1";
/// Keeps a record: 1 where it is kept, 0 where the lock is another's or a newer record is kept.
const SAVE: &str = "
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
local kept = redis.call('HGET', KEYS[2], 'generation')
if kept and (tonumber(kept) or 0) > tonumber(ARGV[3]) then return 0 end
redis.call('HSET', KEYS[2], 'generation', ARGV[3], 'sealed', ARGV[4])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1";
/// Keeps nothing any more: 1, or 0 where the lock is another's.
const CLEAR: &str = "
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[2])
return 1";
/// Moves the record aside: 1, 0 where the lock is another's, 2 where the place is taken. No record counts as moved.
const SET_ASIDE: &str = "
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
if redis.call('EXISTS', KEYS[2]) == 0 then return 1 end
return redis.call('RENAMENX', KEYS[2], KEYS[3]) == 1 and 1 or 2";
/// Makes the lock last longer: 1, or 0 where it is another's.
const RENEW: &str = "
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])";
/// Gives the lock back where it is ours.
const RELEASE: &str = "
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])";

/// Keeps the tokens in Redis, for the processes of any number of machines. Behind the feature `redis`.
///
/// It uses the keys `dadosfera:{name}:record` (a hash of `generation` and `sealed`), `dadosfera:{name}:lock` and
/// `dadosfera:{name}:aside:1` to `:100`. The record is encrypted with XChaCha20-Poly1305; whoever has the key of 32 bytes
/// can read it, and every process of the fleet needs the same. The address is `redis://user:password@host:port/db`, or
/// `rediss://` for TLS, which needs the feature `rustls` and a certificate that this machine trusts.
///
/// ```
/// use std::sync::Arc;
/// use std::time::Duration;
///
/// use dadosfera::{Client, RedisStore};
///
/// # let key_from_the_vault = [7; 32];
/// let store = RedisStore::new("redis://127.0.0.1:6379", "nightly-loads", &key_from_the_vault)?
///     .lease(Duration::from_secs(60));
/// let client = Client::builder()
///     .password("ana@acme.example", "her password")
///     .token_store(Arc::new(store))
///     .build()?;
/// # Ok::<(), dadosfera::Error>(())
/// ```
///
/// # Limits
/// - One server, or a primary with replicas behind one address; no client-side cluster. The keys share one hash slot.
/// - A lock ends 6 s after its holder's last sign of life, which is given every 2 s. Whoever was killed with it holds up
///   others for at most as long, which is less than they wait; tokens that are still good are served meanwhile. Whoever
///   stood still for longer (a suspended machine) finds that it has lost the lock, and changes nothing any more.
/// - A server that loses writes which it confirmed (no append-only file, or a failover to a replica that lags) may bring an
///   old refresh token back. Where the API accepts each of them once, that costs a sign-in.
/// - Who can write to Redis can delete the record or put an older one back, but neither read nor forge one.
///
/// # Errors
/// Each method answers [`StoreErrorKind::Unavailable`] where Redis cannot be reached within 2 s or refuses the user,
/// [`StoreErrorKind::Unwritable`] where it is read only or full, [`StoreErrorKind::Corrupt`] for a record of another key,
/// [`StoreErrorKind::Busy`] for a lock that others hold, and [`StoreErrorKind::Fenced`] once the lock was lost.
#[derive(Debug, Clone)]
pub struct RedisStore {
    shared: Arc<Shared>,
    lease: Duration,
}

#[derive(Debug)]
struct Shared {
    link: Link,
    seal: Seal,
    /// What the keys begin with.
    prefix: String,
}

/// A lease, which a task renews for as long as this is held. Dropped, it is given back by a task that ends with that, at the
/// latest when the lease does.
#[derive(Debug)]
struct Guard {
    shared: Arc<Shared>,
    owner: String,
    lease: Duration,
    is_released: bool,
    renewing: Option<AbortHandle>,
}

impl RedisStore {
    /// A store of this name on the server at this address, encrypted with this key. Nothing is sent yet.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) for an address or a name that cannot be used, without repeating the
    /// address, which may hold a password.
    pub fn new(address: &str, name: &str, key: &[u8; 32]) -> Result<Self, Error> {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.:@/".contains(c);
        if name.is_empty() || name.len() > LONGEST_NAME || !name.chars().all(is_plain) {
            return Err(Error::config(
                "the name of the Redis store is not 1 to 128 of the characters A-Z a-z 0-9 - _ . : @ /",
                "name it after the user and the job, such as nightly-loads",
            ));
        }
        let refused = |what: &str| {
            Error::config(
                format!("the address of Redis {what}"),
                "write redis://host:6379, or rediss://host:6379 for TLS",
            )
        };
        if address.starts_with("rediss:") && !cfg!(feature = "rustls") {
            return Err(refused("asks for TLS, which needs the feature `rustls`"));
        }
        if !address.starts_with("redis:") && !address.starts_with("rediss:") {
            return Err(refused("begins with neither redis:// nor rediss://"));
        }
        let client = redis::Client::open(address).map_err(|_| refused("cannot be read"))?;
        let place = format!("Redis at {}", client.get_connection_info().addr());
        Ok(Self {
            shared: Arc::new(Shared {
                link: Link::new(client, place),
                seal: Seal::new(key, name),
                prefix: format!("dadosfera:{{{name}}}"),
            }),
            lease: LEASE,
        })
    }

    /// With another lease than 6 s: from 100 ms to 10 minutes. It is how long others wait for one that was killed, and how
    /// long a living holder may stand still or be cut off from Redis without losing the lock. One of more than 12 s lets
    /// those who wait for a killed one fail; every process of a fleet wants the same.
    #[must_use]
    pub fn lease(mut self, lease: Duration) -> Self {
        self.lease = lease.clamp(Duration::from_millis(100), Duration::from_secs(600));
        self
    }
}

impl TokenStore for RedisStore {
    fn place(&self) -> String {
        format!(
            "{} under {}",
            self.shared.link.place(),
            self.shared.record_key()
        )
    }

    fn load(&self) -> StoreFuture<'_, Option<Record>> {
        Box::pin(self.shared.load())
    }

    fn lock(&self, deadline: Duration) -> StoreFuture<'_, Box<dyn StoreGuard>> {
        Box::pin(async move {
            let mut guard = Guard {
                shared: Arc::clone(&self.shared),
                owner: uuid::Uuid::new_v4().to_string(),
                lease: self.lease,
                is_released: false,
                renewing: None,
            };
            let wait = async {
                let mut pause = FIRST_POLL;
                while guard.run(LOCK, &[&self.shared.lock_key()], &[]).await? != 1 {
                    tokio::time::sleep(pause).await;
                    pause = POLL.min(pause * 2);
                }
                Ok::<(), StoreError>(())
            };
            match tokio::time::timeout(deadline, wait).await {
                Ok(Ok(())) => {
                    guard.renewing = Some(tokio::spawn(guard.again().renew()).abort_handle());
                    Ok(Box::new(guard) as Box<dyn StoreGuard>)
                }
                Ok(Err(error)) => Err(error),
                Err(_) => Err(StoreError::new(
                    StoreErrorKind::Busy,
                    format!(
                        "another process holds {} on {}; the lease of one that died ends after {:.1} s",
                        self.shared.lock_key(),
                        self.shared.link.place(),
                        self.lease.as_secs_f32()
                    ),
                )),
            }
        })
    }
}

impl StoreGuard for Guard {
    fn load(&mut self) -> StoreFuture<'_, Option<Record>> {
        Box::pin(self.shared.load())
    }

    fn save<'a>(&'a mut self, record: &'a Record) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            let sealed = self.shared.seal.close(record)?;
            let generation = record.generation.to_string();
            let keys = [self.shared.lock_key(), self.shared.record_key()];
            let more: [&[u8]; 2] = [generation.as_bytes(), &sealed];
            match self.run(SAVE, &[&keys[0], &keys[1]], &more).await? {
                1 => Ok(()),
                _ => Err(self.fenced()),
            }
        })
    }

    fn clear(&mut self) -> StoreFuture<'_, ()> {
        Box::pin(async move {
            let keys = [self.shared.lock_key(), self.shared.record_key()];
            match self.run(CLEAR, &[&keys[0], &keys[1]], &[]).await? {
                1 => Ok(()),
                _ => Err(self.fenced()),
            }
        })
    }

    fn set_aside(&mut self) -> StoreFuture<'_, String> {
        Box::pin(async move {
            let keys = [self.shared.lock_key(), self.shared.record_key()];
            for number in 1..=MOST_ASIDE {
                let aside = format!("{}:aside:{number}", self.shared.prefix);
                match self
                    .run(SET_ASIDE, &[&keys[0], &keys[1], &aside], &[])
                    .await?
                {
                    1 => return Ok(format!("{aside} on {}", self.shared.link.place())),
                    0 => return Err(self.fenced()),
                    _ => {}
                }
            }
            Err(StoreError::new(
                StoreErrorKind::Unwritable,
                format!(
                    "{MOST_ASIDE} records lie aside of {}; give each program its own name and the same key, then delete them",
                    keys[1]
                ),
            ))
        })
    }

    fn release(mut self: Box<Self>) -> StoreFuture<'static, ()> {
        Box::pin(async move {
            self.stop_renewing();
            let given_back = self.give_back().await;
            self.is_released = given_back.is_ok();
            given_back
        })
    }
}

impl Guard {
    async fn run(&self, script: &str, keys: &[&str], more: &[&[u8]]) -> Result<i64, StoreError> {
        let mut question = redis::cmd("EVAL");
        question.arg(script).arg(keys.len()).arg(keys);
        question.arg(&self.owner);
        question.arg(u64::try_from(self.lease.as_millis()).unwrap_or(u64::MAX));
        for argument in more {
            question.arg(*argument);
        }
        self.shared.link.ask(&question).await
    }

    /// The same lease for a task beside, which must not give it back when it is dropped.
    fn again(&self) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
            owner: self.owner.clone(),
            lease: self.lease,
            is_released: true,
            renewing: None,
        }
    }

    /// Renews the lease until it is another's. A server that cannot be reached is asked again: it may come back in time.
    async fn renew(self) {
        loop {
            tokio::time::sleep(self.lease / RENEWALS).await;
            if let Ok(0) = self.run(RENEW, &[&self.shared.lock_key()], &[]).await {
                return;
            }
        }
    }

    fn stop_renewing(&mut self) {
        if let Some(renewing) = self.renewing.take() {
            renewing.abort();
        }
    }

    async fn give_back(&self) -> Result<(), StoreError> {
        self.run(RELEASE, &[&self.shared.lock_key()], &[]).await?;
        Ok(())
    }

    /// A server that comes back still holds the lease; others should not have to wait for its end.
    async fn give_back_once_reachable(self) {
        let ends = tokio::time::sleep(self.lease);
        tokio::pin!(ends);
        loop {
            match self.give_back().await {
                Err(error) if error.kind() == StoreErrorKind::Unavailable => {}
                _ => return,
            }
            tokio::select! {
                () = &mut ends => return,
                () = tokio::time::sleep(POLL) => {}
            }
        }
    }

    fn fenced(&self) -> StoreError {
        StoreError::new(
            StoreErrorKind::Fenced,
            format!(
                "the lock of {} was lost, or somebody else kept a newer record; the next flight reads it",
                self.shared.record_key()
            ),
        )
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.stop_renewing();
        if self.is_released {
            return;
        }
        // Without a runtime the lease runs out.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(self.again().give_back_once_reachable());
        }
    }
}

impl Shared {
    fn record_key(&self) -> String {
        format!("{}:record", self.prefix)
    }

    fn lock_key(&self) -> String {
        format!("{}:lock", self.prefix)
    }

    async fn load(&self) -> Result<Option<Record>, StoreError> {
        let question: Cmd = {
            let mut question = redis::cmd("HMGET");
            question
                .arg(self.record_key())
                .arg("generation")
                .arg("sealed");
            question
        };
        match self.link.ask::<(Value, Value)>(&question).await? {
            (Value::Nil, Value::Nil) => Ok(None),
            (Value::BulkString(generation), Value::BulkString(sealed)) => {
                let generation = std::str::from_utf8(&generation)
                    .ok()
                    .and_then(|text| text.parse().ok());
                let generation = generation.ok_or_else(|| self.foreign())?;
                self.seal.open(&sealed, generation).map(Some)
            }
            _ => Err(self.foreign()),
        }
    }

    fn foreign(&self) -> StoreError {
        StoreError::new(
            StoreErrorKind::Corrupt,
            format!("{} holds something else than a record", self.record_key()),
        )
    }
}
