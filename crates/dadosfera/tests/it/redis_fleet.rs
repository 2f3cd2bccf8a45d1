//! Eight sessions share one Redis that is killed and started again while they refresh: no refresh token is presented twice.

use std::sync::Arc;
use std::time::Duration;

use dadosfera::Client;
use dadosfera_emulator::Options;

use crate::redis_server::RedisServer;
use crate::support::{ANA, World};

const SESSIONS: usize = 8;
const ROUNDS: usize = 46;
/// The server is killed before every third round, but not before the last, and comes back in the middle of it.
const OUTAGE_EVERY: usize = 3;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_refresh_token_is_presented_twice_while_redis_comes_and_goes() {
    let world = World::with(Options {
        rotate_refresh_tokens: true,
        single_use_refresh_tokens: true,
        ..Options::default()
    })
    .await;
    let mut redis = RedisServer::start();
    let clients: Vec<Client> = (0..SESSIONS)
        .map(|_| {
            world
                .builder()
                .password(ANA.0, ANA.1)
                .token_store(Arc::new(redis.store()))
                .build()
                .expect("a client")
        })
        .collect();
    let mut seed = 0x5eed_u64;
    for round in 0..ROUNDS {
        let is_outage = round % OUTAGE_EVERY == OUTAGE_EVERY - 1;
        if is_outage {
            redis.stop();
        }
        let calls: Vec<_> = clients
            .iter()
            .map(|client| {
                let client = client.clone();
                tokio::spawn(async move { client.pipelines().list().await.map(|_| ()) })
            })
            .collect();
        if is_outage {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            tokio::time::sleep(Duration::from_micros((seed >> 33) % 60_000)).await;
            redis.resume();
        }
        for call in calls {
            call.await.expect("no panic").expect("listed");
        }
        world.advance(31);
    }
    let refreshes: Vec<u16> = world
        .emulator
        .requests()
        .iter()
        .filter(|request| request.operation == Some("refresh_access_token"))
        .map(|request| request.status)
        .collect();
    let refused = refreshes.iter().filter(|status| **status != 200).count();
    assert_eq!(refused, 0, "of {} refreshes", refreshes.len());
    // Two rounds of three know no outage, and in them one session refreshes for all.
    assert!(
        refreshes.len() >= ROUNDS / 2,
        "{} refreshes",
        refreshes.len()
    );
    let status = clients[0].session().status().expect("a session");
    assert_eq!(status.store_degraded, None, "{status:?}");
}
