//! The proofs, compiled into each subject. Each is one run of a schedule: it panics where an invariant breaks, and the
//! checker panics where nobody can go on.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use shuttle::future::{JoinHandle, block_on, spawn, yield_now};
use shuttle::sync::atomic::{AtomicU64, Ordering};

use super::fingerprint::Fingerprint;
use super::hub::{Hub, Refusal, Runway};
use super::machine::{Landed, Pausing};
use crate::clock::Moment;

/// The proofs by name.
pub(crate) const ALL: &[(&str, fn())] = &[
    ("any_number_of_callers_ask_once", any_number_of_callers_ask_once),
    ("a_failure_is_shared", a_failure_is_shared),
    ("a_caller_that_goes_away_disturbs_nobody", a_caller_that_goes_away_disturbs_nobody),
    ("a_lost_flight_is_started_again", a_lost_flight_is_started_again),
    ("rejections_of_one_token_ask_once", rejections_of_one_token_ask_once),
    ("a_rejected_token_does_not_come_back", a_rejected_token_does_not_come_back),
    ("whoever_waits_is_woken_when_the_session_ends", whoever_waits_is_woken_when_the_session_ends),
];

const LIFE: Duration = Duration::from_secs(1800);

/// An error that all who wait share.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Down;

impl Pausing for Down {
    fn retry_in(self, _pause: Duration) -> Self {
        self
    }
}

/// The generation and the token, or why there is none.
type Answer = Result<(u64, u64), Refusal<Down>>;

/// How a flight goes.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Way {
    /// The provider makes a token.
    Makes,
    /// The provider is down.
    Fails,
    /// The first flight's task ends without a word.
    LosesTheFirst,
    /// The store holds the token 1; the provider is asked only where that is known to be rejected.
    Adopts,
}

/// A session whose tokens are numbers.
#[derive(Clone)]
struct World {
    hub: Arc<Hub<u64, Down>>,
    seconds: Arc<AtomicU64>,
    /// How often the provider was asked.
    asked: Arc<AtomicU64>,
    flights: Arc<AtomicU64>,
    way: Way,
}

impl World {
    fn new(way: Way) -> Self {
        Self {
            hub: Hub::new(),
            seconds: Arc::new(AtomicU64::new(1_000)),
            asked: Arc::default(),
            flights: Arc::default(),
            way,
        }
    }

    fn now(&self) -> Moment {
        let passed = Duration::from_secs(self.seconds.load(Ordering::SeqCst));
        Moment::at(passed, SystemTime::UNIX_EPOCH + passed)
    }

    fn pass(&self, seconds: u64) {
        self.seconds.fetch_add(seconds, Ordering::SeqCst);
    }

    fn asked(&self) -> u64 {
        self.asked.load(Ordering::SeqCst)
    }

    async fn acquire(&self) -> Answer {
        let world = self.clone();
        let token = self
            .hub
            .acquire(|| self.now(), |runway| world.clone().fly(runway))
            .await?;
        Ok((token.generation, token.token))
    }

    async fn fly(self, runway: Runway<u64, Down>) {
        let first = self.flights.fetch_add(1, Ordering::SeqCst) == 0;
        if self.way == Way::LosesTheFirst && first {
            yield_now().await;
            drop(runway);
            return;
        }
        let kept = Fingerprint::of("1");
        let adopted = self.way == Way::Adopts && self.hub.rejected() != Some(kept);
        let anchor = self.now();
        yield_now().await;
        if adopted {
            let spent = Duration::from_secs(self.seconds.load(Ordering::SeqCst) - 1_000);
            runway.land(landed(anchor, 1, spent, true), 1, self.now(), 0.5);
            return;
        }
        let asked = self.asked.fetch_add(1, Ordering::SeqCst) + 1;
        yield_now().await;
        if self.way == Way::Fails {
            runway.fail(Down, false, None, self.now(), 0.5);
        } else {
            let token = asked + 1;
            runway.land(landed(anchor, token, Duration::ZERO, false), token, self.now(), 0.5);
        }
    }

    /// This many callers at once.
    fn callers(&self, count: usize) -> Vec<JoinHandle<Answer>> {
        (0..count)
            .map(|_| {
                let world = self.clone();
                spawn(async move { world.acquire().await })
            })
            .collect()
    }
}

fn landed(anchor: Moment, token: u64, spent: Duration, adopted: bool) -> Landed {
    Landed {
        anchor,
        spent,
        life: LIFE,
        fingerprint: Fingerprint::of(&token.to_string()),
        adopted,
    }
}

/// What a task answered; one that panicked has failed the proof already.
async fn join<T>(task: JoinHandle<T>) -> Option<T> {
    task.await.ok()
}

fn any_number_of_callers_ask_once() {
    block_on(async {
        let world = World::new(Way::Makes);
        for caller in world.callers(4) {
            assert_eq!(join(caller).await, Some(Ok((1, 2))));
        }
        assert_eq!(world.asked(), 1);
    });
}

fn a_failure_is_shared() {
    block_on(async {
        let world = World::new(Way::Fails);
        for caller in world.callers(3) {
            assert_eq!(join(caller).await, Some(Err(Refusal::Failed(Down))));
        }
        assert_eq!(world.asked(), 1);
    });
}

fn a_caller_that_goes_away_disturbs_nobody() {
    block_on(async {
        let world = World::new(Way::Makes);
        let mut callers = world.callers(3);
        let first = callers.remove(0);
        yield_now().await;
        first.abort();
        for caller in callers {
            assert_eq!(join(caller).await, Some(Ok((1, 2))));
        }
        assert_eq!(world.asked(), 1);
    });
}

fn a_lost_flight_is_started_again() {
    block_on(async {
        let world = World::new(Way::LosesTheFirst);
        for caller in world.callers(3) {
            assert_eq!(join(caller).await, Some(Ok((1, 2))));
        }
        assert_eq!(world.asked(), 1);
    });
}

fn rejections_of_one_token_ask_once() {
    block_on(async {
        let world = World::new(Way::Makes);
        assert_eq!(world.acquire().await, Ok((1, 2)));
        // At once, and then by two whose answers come late.
        for count in [3, 2] {
            world.pass(60);
            let callers: Vec<_> = (0..count)
                .map(|_| {
                    let world = world.clone();
                    spawn(async move {
                        let may_help = world.hub.reject(1, world.now());
                        (may_help, world.acquire().await)
                    })
                })
                .collect();
            for caller in callers {
                assert_eq!(join(caller).await, Some((true, Ok((2, 3)))));
            }
            assert_eq!(world.asked(), 2);
        }
    });
}

fn a_rejected_token_does_not_come_back() {
    block_on(async {
        let world = World::new(Way::Adopts);
        assert_eq!(world.acquire().await, Ok((1, 1)));
        // Past the last soft point, so that the next caller starts a flight beside, and it adopts again.
        world.pass(1_500);
        let renewing = world.callers(1);
        let rejecting = {
            let world = world.clone();
            spawn(async move {
                let may_help = world.hub.reject(1, world.now());
                let token = world.acquire().await;
                (may_help, token)
            })
        };
        if let Some((true, token)) = join(rejecting).await {
            // Where the flight landed before the rejection, 1 is an old generation, and its token is not known to be
            // rejected; else it must not come back.
            let rejected = world.hub.rejected().is_some();
            assert!(!rejected || token.is_ok_and(|(_, token)| token != 1));
        }
        for caller in renewing {
            assert!(join(caller).await.is_some_and(|it| it.is_ok()));
        }
        if world.hub.rejected().is_some() {
            assert!(world.acquire().await.is_ok_and(|(_, token)| token != 1));
        }
    });
}

fn whoever_waits_is_woken_when_the_session_ends() {
    block_on(async {
        let world = World::new(Way::Makes);
        let callers = world.callers(3);
        yield_now().await;
        world.hub.close(world.now());
        world.hub.landed().await;
        for caller in callers {
            let answer = join(caller).await;
            assert!(
                matches!(answer, Some(Ok((1, 2)) | Err(Refusal::Closed))),
                "{answer:?}"
            );
        }
        assert_eq!(world.acquire().await, Err(Refusal::Closed));
        assert!(world.asked() <= 1);
    });
}
