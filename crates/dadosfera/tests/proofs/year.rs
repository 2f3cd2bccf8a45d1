//! A year of a session in which much goes wrong for the provider, and nothing for the callers.
//!
//! Each day: six outages of at most five minutes, every third of them a storm of 429; at night the machine is suspended
//! and wakes with a wall clock that is up to ten minutes off. A caller comes every half minute or two, and more often
//! where a token is nearly over: a token that turned stale unseen would have less time left.

use std::sync::atomic::Ordering;
use std::time::Duration;

use dadosfera::{Client, SessionState};
use futures::FutureExt;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::idp::{Idp, LIFE, Trouble};

const DAYS: u64 = 365;
const DAY: Duration = Duration::from_secs(24 * 3600);
const OUTAGES: usize = 6;
const LONGEST_OUTAGE: u64 = 299;
/// A provider that asks for more than this is left alone for as long, even where a token dies of it.
const LONGEST_THROTTLE: u64 = 15;

#[derive(Debug, Default, PartialEq, Eq)]
struct Year {
    calls: u64,
    errors: u64,
    waits: u64,
    cold_starts: u64,
}

#[test]
fn no_caller_of_a_year_sees_an_outage_and_only_cold_starts_wait() {
    let seed = std::env::var("DADOSFERA_PROOF_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok())
        .unwrap_or_else(|| fastrand::u64(..));
    println!("seed {seed}; DADOSFERA_PROOF_SEED repeats it");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let idp = Idp::start();
    let year = runtime.block_on(live(&idp, seed));
    let (sign_ins, refreshes) = idp.asked();
    println!("{year:?}, {sign_ins} sign-ins, {refreshes} refreshes");
    assert_eq!(year.errors, 0);
    assert_eq!(year.waits, year.cold_starts);
    assert_eq!(idp.replays(), 0, "no refresh token is presented twice");
    assert_eq!(
        year.cold_starts, DAYS,
        "each morning is one, and nothing else"
    );
    assert!(refreshes as u64 > DAYS * 24, "a token lives no hour");
}

async fn live(idp: &Idp, seed: u64) -> Year {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let client = idp.client();
    let mut year = Year::default();
    for day in 0..DAYS {
        let morning = DAY * u32::try_from(day).expect("a year");
        let evening = morning + Duration::from_secs(16 * 3600);
        let outages = outages(&mut rng, morning);
        let mut has_called = false;
        while idp.watch.time.now() < evening {
            let now = idp.watch.time.now();
            let outage = outages
                .iter()
                .find(|(from, to, _)| (*from..*to).contains(&now));
            idp.set_trouble(outage.map(|(_, _, trouble)| *trouble));
            let is_cold = call(&client, &mut year).await;
            assert!(
                !is_cold || !has_called,
                "day {day}: a token died though callers came; seed {seed}"
            );
            has_called = true;
            let status = client.session().status().expect("a session");
            let gap = match status.fresh_for {
                Some(fresh) => Duration::from_secs(rng.random_range(30..=120)).min(fresh),
                None => Duration::from_secs(rng.random_range(1..=3)),
            };
            idp.pass(gap.max(Duration::from_secs(1)));
        }
        sleep_until(idp, &mut rng, morning + DAY);
    }
    year
}

/// When the provider is in trouble, in the hours in which the machine is awake. None at its waking: who has no token
/// cannot be served without the provider.
fn outages(rng: &mut ChaCha8Rng, morning: Duration) -> Vec<(Duration, Duration, Trouble)> {
    // Apart from each other by so much that each begins with a token of which little is used up.
    let slot = 16 * 3600 / (OUTAGES as u64);
    (0..OUTAGES as u64)
        .map(|number| {
            let first = number * slot + 600;
            let latest = (number + 1) * slot - LONGEST_OUTAGE - LIFE.as_secs();
            let from = morning + Duration::from_secs(rng.random_range(first..latest));
            let to = from + Duration::from_secs(rng.random_range(10..=LONGEST_OUTAGE));
            let trouble = if number % 3 == 2 {
                Trouble::Throttled(rng.random_range(1..=LONGEST_THROTTLE))
            } else {
                Trouble::Down
            };
            (from, to, trouble)
        })
        .collect()
}

/// One caller; answers whether there was no token.
async fn call(client: &Client, year: &mut Year) -> bool {
    let before = status(client);
    let is_cold = matches!(before, SessionState::Empty | SessionState::Dead);
    let metrics = tokio::runtime::Handle::current().metrics();
    let tasks = metrics.num_alive_tasks();
    year.calls += 1;
    year.cold_starts += u64::from(is_cold);
    let session = client.session();
    let mut token = Box::pin(session.access_token());
    let outcome = match token.as_mut().now_or_never() {
        Some(outcome) => outcome,
        None => {
            year.waits += 1;
            token.await
        }
    };
    year.errors += u64::from(outcome.is_err());
    if before == SessionState::Stale {
        // What was started beside lands before time goes on.
        while metrics.num_alive_tasks() > tasks {
            tokio::time::sleep(Duration::from_micros(50)).await;
        }
    }
    is_cold
}

fn status(client: &Client) -> SessionState {
    client.session().status().expect("a session").state
}

/// The lid is closed: the monotonic clock stands still, and the wall clock is wrong in the morning.
fn sleep_until(idp: &Idp, rng: &mut ChaCha8Rng, morning: Duration) {
    let night = morning.saturating_sub(idp.watch.time.now());
    idp.pass(night);
    let asleep = u64::try_from(night.as_millis()).expect("a night");
    idp.watch.suspended.fetch_add(asleep, Ordering::SeqCst);
    let ahead = Duration::from_secs(rng.random_range(3000..=4200));
    let ahead = u64::try_from(ahead.as_millis()).expect("an hour");
    idp.watch.ahead.store(ahead, Ordering::SeqCst);
}
