//! The store in Redis, over a real server: who holds the lease, who is fenced, and what a session does without it.

use std::sync::Arc;
use std::time::Duration;

use dadosfera::{
    Client, ErrorKind, Record, RedisStore, SessionObserver, StoreErrorKind, StoreGuard, TokenStore,
};
use tokio::runtime::{Builder, Runtime};

use crate::outloud::Fails as _;
use crate::redis_server::{KEY, RedisServer};
use crate::stores::{Events, lists};
use crate::support::{ANA, World};

const SOON: Duration = Duration::from_secs(5);
const AT_ONCE: Duration = Duration::from_millis(250);

fn record(generation: u64) -> Record {
    let mut record = Record::new("https://api.example");
    record.refresh_token = Some("canary-refresh".into());
    record.generation = generation;
    record
}

/// A fleet of one customer, whose API takes each refresh token once.
struct Fleet {
    world: World,
    redis: RedisServer,
    events: Arc<Events>,
}

impl Fleet {
    async fn new() -> Self {
        Self {
            world: World::rotating().await,
            redis: RedisServer::start(),
            events: Arc::default(),
        }
    }

    fn client(&self) -> Client {
        self.client_with(self.redis.store())
    }

    fn client_with(&self, store: RedisStore) -> Client {
        self.world
            .builder()
            .password(ANA.0, ANA.1)
            .token_store(Arc::new(store))
            .session_observer(Arc::clone(&self.events) as Arc<dyn SessionObserver>)
            .build()
            .expect("a client")
    }

    fn asked(&self) -> (usize, usize) {
        (
            self.world.count("sign_in"),
            self.world.count("refresh_access_token"),
        )
    }
}

/// Takes the lock on a runtime of its own, with which the renewing of it ends.
async fn held_elsewhere(store: RedisStore) -> (Box<dyn StoreGuard>, Runtime) {
    let runtime = Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime");
    let guard = runtime.spawn(async move { store.lock(SOON).await });
    (guard.await.expect("no panic").expect("free"), runtime)
}

#[tokio::test]
async fn one_at_a_time_holds_the_lease_and_a_dropped_one_is_given_back() {
    let redis = RedisServer::start();
    let (one, two) = (redis.store(), redis.store());
    let guard = one.lock(SOON).await.expect("free");
    let error = two.lock(AT_ONCE).await.fails("held");
    assert_eq!(error.kind(), StoreErrorKind::Busy);
    guard.release().await.expect("released");
    let guard = two.lock(SOON).await.expect("free again");
    drop(guard);
    let guard = one.lock(SOON).await.expect("given back");
    guard.release().await.expect("released");
}

#[tokio::test]
async fn who_slept_through_the_lease_changes_nothing_any_more() {
    let redis = RedisServer::start();
    let sleeper = redis.store().lease(Duration::from_millis(150));
    let (mut asleep, runtime) = held_elsewhere(sleeper).await;
    asleep.save(&record(1)).await.expect("kept in time");
    // Whoever stands still renews nothing.
    runtime.shutdown_background();
    let other = redis.store();
    let mut guard = other.lock(SOON).await.expect("the lease ended");
    guard.save(&record(2)).await.expect("kept");

    let refused = [
        asleep.save(&record(3)).await.fails("fenced"),
        asleep.clear().await.fails("fenced"),
        asleep.set_aside().await.fails("fenced"),
    ];
    for error in refused {
        assert_eq!(error.kind(), StoreErrorKind::Fenced, "{error}");
    }
    asleep.release().await.expect("nothing to give back");
    let error = redis.store().lock(AT_ONCE).await.fails("still held");
    assert_eq!(error.kind(), StoreErrorKind::Busy);
    let kept = guard.load().await.expect("readable").expect("a record");
    assert_eq!(kept.generation, 2);
    guard.release().await.expect("released");
}

#[tokio::test]
async fn an_older_record_does_not_replace_a_newer_one() {
    let redis = RedisServer::start();
    let store = redis.store();
    let mut guard = store.lock(SOON).await.expect("free");
    guard.save(&record(5)).await.expect("kept");
    guard
        .save(&record(5))
        .await
        .expect("written again as it is");
    let error = guard.save(&record(4)).await.fails("older");
    assert_eq!(error.kind(), StoreErrorKind::Fenced);
    guard.clear().await.expect("cleared");
    assert!(guard.load().await.expect("readable").is_none());
    guard.save(&record(1)).await.expect("kept");
    guard.release().await.expect("released");
}

#[tokio::test]
async fn a_server_that_was_stopped_is_found_again_with_what_it_kept() {
    let mut redis = RedisServer::start();
    let store = redis.store();
    let mut guard = store.lock(SOON).await.expect("free");
    guard.save(&record(9)).await.expect("kept");
    redis.stop();
    for error in [
        store.load().await.map(|_| ()).fails("gone"),
        guard.save(&record(10)).await.fails("gone"),
        store.lock(SOON).await.map(|_| ()).fails("gone"),
    ] {
        assert_eq!(error.kind(), StoreErrorKind::Unavailable);
        assert!(
            error.to_string().contains("look whether the server runs"),
            "{error}"
        );
    }
    redis.resume();
    let kept = store.load().await.expect("readable").expect("a record");
    assert_eq!(kept.generation, 9);
    guard
        .save(&record(10))
        .await
        .expect("the lease outlived the server");
    guard.release().await.expect("released");
}

#[tokio::test]
async fn redis_sees_no_secret() {
    let redis = RedisServer::start();
    let store = redis.store();
    let mut guard = store.lock(SOON).await.expect("free");
    guard.save(&record(1)).await.expect("kept");
    guard.release().await.expect("released");
    let seen = redis.ask("HGETALL dadosfera:{fleet}:record");
    assert!(
        seen.contains("sealed") && !seen.contains("canary"),
        "{seen}"
    );
    assert!(!seen.contains("api.example"), "{seen}");
    assert!(
        redis.ask("KEYS *").starts_with("*1\r\n"),
        "the lock is gone"
    );
}

#[tokio::test]
async fn sessions_of_many_machines_go_on_with_one_token() {
    let fleet = Fleet::new().await;
    for _ in 0..3 {
        lists(&fleet.client()).await;
    }
    assert_eq!(fleet.asked(), (1, 0));
    fleet.world.advance(31);
    for _ in 0..3 {
        lists(&fleet.client()).await;
    }
    assert_eq!(fleet.asked(), (1, 1));
}

#[tokio::test]
async fn a_record_of_another_key_or_program_is_kept_aside() {
    let fleet = Fleet::new().await;
    lists(&fleet.client()).await;
    let sealed = fleet.redis.ask("HGET dadosfera:{fleet}:record sealed");
    let other = RedisStore::new(&fleet.redis.address(), "fleet", &[8; 32]).expect("a store");
    let client = fleet.client_with(other);
    lists(&client).await;
    let status = client.session().status().expect("a session");
    assert_eq!(status.set_aside.len(), 1, "{status:?}");
    assert!(status.set_aside[0].contains("another key"), "{status:?}");
    assert_eq!(status.store_degraded, None);
    let aside = fleet.redis.ask("HGET dadosfera:{fleet}:aside:1 sealed");
    assert_eq!(aside, sealed, "kept as it was");

    fleet.redis.ask("SET dadosfera:{fleet}:record canary");
    let error = fleet.redis.store().load().await.fails("no hash");
    assert_eq!(error.kind(), StoreErrorKind::Corrupt);
    lists(&fleet.client()).await;
    let aside = fleet.redis.ask("GET dadosfera:{fleet}:aside:2");
    assert!(aside.contains("canary"), "{aside}");
    assert_eq!(fleet.asked(), (3, 0));
}

#[tokio::test]
async fn a_session_goes_on_without_redis_and_finds_it_again() {
    let mut fleet = Fleet::new().await;
    let client = fleet.client();
    lists(&client).await;
    fleet.redis.stop();
    fleet.world.advance(31);
    lists(&client).await;
    // Others may hold the refresh token too, so it was not spent: the password was used.
    assert_eq!(fleet.asked(), (2, 0));
    let status = client.session().status().expect("a session");
    let why = status.store_degraded.expect("degraded");
    assert!(why.starts_with("Redis at 127.0.0.1:"), "{why}");
    fleet.redis.resume();
    fleet.world.advance(31);
    lists(&client).await;
    let status = client.session().status().expect("a session");
    assert_eq!(status.store_degraded, None);
    let events = "SignedIn StoreDegraded SignedIn Refreshed StoreRecovered";
    assert_eq!(fleet.events.names().join(" "), events);
}

#[tokio::test]
async fn a_token_that_a_lost_record_held_is_not_presented_where_there_is_a_password() {
    let fleet = Fleet::new().await;
    let (one, two) = (fleet.client(), fleet.client());
    lists(&one).await;
    lists(&two).await;
    fleet.world.advance(31);
    lists(&one).await;
    assert_eq!(fleet.asked(), (1, 1));
    fleet.redis.ask("FLUSHALL");
    // The second session still holds the token that the first has spent.
    lists(&two).await;
    assert_eq!(fleet.asked(), (2, 1));
}

#[tokio::test]
async fn logging_out_clears_redis() {
    let fleet = Fleet::new().await;
    let client = fleet.client();
    lists(&client).await;
    client.session().log_out().await.expect("logged out");
    assert!(fleet.redis.ask("KEYS *").starts_with("*0\r\n"));
}

#[tokio::test]
async fn tls_to_a_server_without_it_is_an_error_and_no_panic() {
    let redis = RedisServer::start();
    let address = redis.address().replace("redis://", "rediss://");
    let store = RedisStore::new(&address, "fleet", &KEY).expect("a store");
    let error = store.load().await.fails("no TLS there");
    assert_eq!(error.kind(), StoreErrorKind::Unavailable);
}

#[tokio::test]
async fn a_server_that_wants_a_password_says_so_and_nobody_repeats_one() {
    let redis = RedisServer::start();
    redis.ask("CONFIG SET requirepass canary-right");
    let wrong = redis
        .address()
        .replace("redis://", "redis://:canary-wrong@");
    for address in [redis.address(), wrong] {
        let store = RedisStore::new(&address, "fleet", &KEY).expect("a store");
        let error = store.load().await.fails("refused");
        assert_eq!(error.kind(), StoreErrorKind::Unavailable);
        let said = format!("{error} {error:?} {store:?} {}", store.place());
        assert!(said.contains("check the user and the password"), "{said}");
        assert!(!said.contains("canary"), "{said}");
    }
}

#[test]
fn an_address_or_a_name_that_cannot_be_used_is_told_without_the_password() {
    for (address, name) in [
        ("http://:canary@h", "fleet"),
        ("redis://:canary@", "fleet"),
        ("redis://:canary@h:99999", "fleet"),
        ("redis://:canary@h", ""),
        ("redis://:canary@h", "a{b}"),
        ("redis://:canary@h", "two words"),
    ] {
        let error = RedisStore::new(address, name, &KEY).fails(address);
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(
            !format!("{error} {error:?}").contains("canary"),
            "{error:?}"
        );
    }
}

#[tokio::test]
async fn a_lease_lives_as_long_as_its_holder_and_ends_soon_after_it() {
    let redis = RedisServer::start();
    let lease = Duration::from_millis(300);
    let (one, two) = (redis.store().lease(lease), redis.store().lease(lease));
    let (mut guard, runtime) = held_elsewhere(one).await;
    // Its holder says nothing for five leases, and the task beside renews it.
    let error = two.lock(lease * 5).await.fails("held");
    assert_eq!(error.kind(), StoreErrorKind::Busy);
    guard.save(&record(1)).await.expect("it is still ours");
    // Like a kill: nothing renews it any more, and nothing gives it back.
    std::mem::forget(guard);
    runtime.shutdown_background();
    let guard = two.lock(SOON).await.expect("free once the lease is over");
    guard.release().await.expect("released");
}

#[tokio::test]
async fn a_lease_outlives_a_server_that_stands_still_for_less() {
    let redis = RedisServer::start();
    let store = redis.store();
    let mut guard = store.lock(SOON).await.expect("free");
    redis.stand_still();
    tokio::time::sleep(AT_ONCE).await;
    redis.go_on();
    guard.save(&record(1)).await.expect("it is still ours");
    guard.release().await.expect("released");
}

#[tokio::test]
async fn who_waits_for_a_killed_holder_gets_a_token_and_no_error() {
    let fleet = Fleet::new().await;
    lists(&fleet.client()).await;
    fleet.world.advance(31);
    // A holder that was killed: its lock is there, and nobody renews it. It lasts as long as the store's own do.
    let held = fleet
        .redis
        .ask("SET dadosfera:{fleet}:lock a-dead-owner NX PX 6000");
    assert!(held.starts_with("+OK"), "{held}");
    lists(&fleet.client()).await;
    assert_eq!(fleet.asked(), (1, 1));
    let status = fleet.client().session().status().expect("a session");
    assert_eq!(status.store_degraded, None, "{status:?}");
}

#[tokio::test]
async fn who_waits_for_a_lease_finds_what_its_holder_kept() {
    let fleet = Fleet::new().await;
    lists(&fleet.client()).await;
    // Held by somebody who does not let go; what is kept is good all the same.
    let held = fleet
        .redis
        .ask("SET dadosfera:{fleet}:lock somebody NX PX 60000");
    assert!(held.starts_with("+OK"), "{held}");
    lists(&fleet.client()).await;
    assert_eq!(fleet.asked(), (1, 0));
    assert_eq!(fleet.events.names(), ["SignedIn", "Adopted"]);
}
