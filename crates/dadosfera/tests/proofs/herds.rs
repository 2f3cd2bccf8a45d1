//! Ten thousand callers at once: the provider is asked once, whatever happens.

use std::time::Duration;

use dadosfera::{Client, Error, ErrorKind};
use tokio::runtime::{Builder, Runtime};

use crate::idp::{Idp, LIFE, Trouble};

const CALLERS: usize = 10_000;
const THREADS: usize = 16;

fn threads() -> Runtime {
    Builder::new_multi_thread()
        .worker_threads(THREADS)
        .enable_all()
        .build()
        .expect("a runtime")
}

/// Runs all callers at once, on many threads; answers what each got.
fn stampede(client: &Client) -> Vec<Result<(), Error>> {
    stampede_on(&threads(), client)
}

fn stampede_on(runtime: &Runtime, client: &Client) -> Vec<Result<(), Error>> {
    runtime.block_on(async {
        let tasks: Vec<_> = (0..CALLERS)
            .map(|_| {
                let client = client.clone();
                tokio::spawn(async move { client.session().access_token().await.map(|_| ()) })
            })
            .collect();
        let mut outcomes = Vec::with_capacity(CALLERS);
        for task in tasks {
            outcomes.push(task.await.expect("no panic"));
        }
        outcomes
    })
}

#[test]
fn ten_thousand_first_callers_sign_in_once() {
    let idp = Idp::start();
    idp.set_latency(Duration::from_millis(100));
    let outcomes = stampede(&idp.client());
    assert_eq!(outcomes.iter().filter(|it| it.is_ok()).count(), CALLERS);
    assert_eq!(idp.asked(), (1, 0));
}

#[test]
fn ten_thousand_callers_at_expiry_refresh_once() {
    let idp = Idp::start();
    let client = idp.client();
    stampede(&client);
    idp.set_latency(Duration::from_millis(100));
    idp.pass(LIFE);
    let outcomes = stampede(&client);
    assert_eq!(outcomes.iter().filter(|it| it.is_ok()).count(), CALLERS);
    assert_eq!(idp.asked(), (1, 1));
}

#[test]
fn ten_thousand_callers_in_an_outage_share_one_error() {
    let idp = Idp::start();
    let client = idp.client();
    stampede(&client);
    idp.set_trouble(Some(Trouble::Down));
    idp.set_latency(Duration::from_millis(100));
    idp.pass(LIFE);
    let outcomes = stampede(&client);
    let told = outcomes
        .iter()
        .filter(|it| {
            it.as_ref().is_err_and(|error| {
                error.kind() == ErrorKind::Server && error.retry_after().is_some()
            })
        })
        .count();
    assert_eq!(told, CALLERS, "each is told when to try again");
    assert_eq!(idp.asked(), (1, 1));
}

#[test]
fn ten_thousand_callers_in_an_outage_with_a_token_that_lives_see_nothing() {
    let idp = Idp::start();
    let client = idp.client();
    stampede(&client);
    idp.set_trouble(Some(Trouble::Down));
    idp.pass(Duration::from_secs(1500));
    let runtime = threads();
    let outcomes = stampede_on(&runtime, &client);
    assert_eq!(outcomes.iter().filter(|it| it.is_ok()).count(), CALLERS);
    // The task that renews beside comes to its request when nobody waits for it any more.
    for _ in 0..500 {
        if idp.asked() == (1, 1) {
            break;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    let outcomes = stampede_on(&runtime, &client);
    assert_eq!(outcomes.iter().filter(|it| it.is_ok()).count(), CALLERS);
    assert_eq!(idp.asked(), (1, 1), "one failed, and its pause is not over");
}
