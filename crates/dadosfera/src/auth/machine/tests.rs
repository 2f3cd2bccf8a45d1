//! The table of states, row by row, and random walks through it.

use std::time::SystemTime;

use proptest::prelude::*;

use super::*;

const LIFE: Duration = Duration::from_secs(30 * 60);

fn at(seconds: u64) -> Moment {
    Moment::at(
        Duration::from_secs(seconds),
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds),
    )
}

fn token(anchor: u64) -> Landing<&'static str> {
    Landing::Token {
        anchor: at(anchor),
        life: LIFE,
    }
}

fn transient() -> Landing<&'static str> {
    Landing::Transient {
        error: "down",
        retry_after: None,
    }
}

/// A machine that got its first token at second 0; it turns stale after 18 minutes and dies 36 seconds before its end.
fn signed_in() -> Machine<&'static str> {
    let mut machine = Machine::new();
    assert_eq!(machine.acquire(at(0)), Acquire::Start(1));
    machine.land(1, token(0), at(0), 0.0);
    machine
}

#[test]
fn any_number_of_callers_start_one_flight() {
    let mut machine = Machine::<&str>::new();
    assert_eq!(machine.acquire(at(0)), Acquire::Start(1));
    for _ in 0..100 {
        assert_eq!(machine.acquire(at(0)), Acquire::Join);
    }
}

#[test]
fn a_fresh_token_is_served_and_a_stale_one_starts_one_flight_beside() {
    let mut machine = signed_in();
    assert_eq!(
        machine.acquire(at(18 * 60 - 1)),
        Acquire::Serve { start: None }
    );
    assert_eq!(
        machine.acquire(at(18 * 60)),
        Acquire::Serve { start: Some(2) }
    );
    assert_eq!(machine.acquire(at(18 * 60)), Acquire::Serve { start: None });
    assert_eq!(machine.acquire(at(1763)), Acquire::Serve { start: None });
    assert_eq!(machine.acquire(at(1764)), Acquire::Join);
}

#[test]
fn a_failed_refresh_is_not_seen_while_the_token_lives() {
    let mut machine = signed_in();
    assert_eq!(machine.acquire(at(1200)), Acquire::Serve { start: Some(2) });
    machine.land(2, transient(), at(1200), 1.0);
    assert_eq!(machine.acquire(at(1200)), Acquire::Serve { start: None });
    assert_eq!(machine.acquire(at(1201)), Acquire::Serve { start: Some(3) });
    machine.land(3, Landing::Permanent("refused"), at(1201), 0.0);
    assert_eq!(machine.acquire(at(1763)), Acquire::Serve { start: None });
    assert_eq!(machine.acquire(at(1764)), Acquire::Fail("refused"));
}

#[test]
fn a_dead_token_shares_the_error_until_the_pause_is_over() {
    let mut machine = Machine::new();
    assert_eq!(machine.acquire(at(0)), Acquire::Start(1));
    machine.land(1, transient(), at(0), 1.0);
    assert_eq!(machine.acquire(at(0)), Acquire::Fail("down"));
    assert_eq!(machine.acquire(at(1)), Acquire::Start(2));
    machine.land(2, transient(), at(1), 1.0);
    assert_eq!(machine.acquire(at(2)), Acquire::Fail("down"));
    assert_eq!(machine.acquire(at(3)), Acquire::Start(3));
    machine.land(
        3,
        Landing::Transient {
            error: "slow",
            retry_after: Some(Duration::from_secs(300)),
        },
        at(3),
        0.0,
    );
    assert_eq!(machine.acquire(at(302)), Acquire::Fail("slow"));
    assert_eq!(machine.acquire(at(303)), Acquire::Start(4));
}

#[test]
fn a_rejected_token_is_never_served_again() {
    let mut machine = signed_in();
    assert!(machine.reject(1, at(5)));
    assert_eq!(machine.acquire(at(5)), Acquire::Start(2));
    machine.land(2, token(5), at(5), 0.0);
    assert_eq!(machine.acquire(at(6)), Acquire::Serve { start: None });
    assert_eq!(machine.generation(), 2);
}

#[test]
fn a_late_401_of_an_old_token_touches_nothing() {
    let mut machine = signed_in();
    assert!(machine.reject(1, at(5)));
    assert_eq!(machine.acquire(at(5)), Acquire::Start(2));
    machine.land(2, token(5), at(5), 0.0);
    assert!(
        machine.reject(1, at(6)),
        "another try with the current token"
    );
    assert_eq!(machine.acquire(at(6)), Acquire::Serve { start: None });
}

#[test]
fn a_401_for_every_token_stops_being_a_matter_of_tokens() {
    let mut machine = signed_in();
    for generation in 1..=3 {
        assert!(machine.reject(generation, at(5)));
        assert_eq!(machine.acquire(at(5)), Acquire::Start(generation + 1));
        machine.land(generation + 1, token(5), at(5), 0.0);
    }
    assert!(!machine.reject(4, at(6)));
    assert_eq!(machine.acquire(at(6)), Acquire::Serve { start: None });
    assert!(
        machine.reject(4, at(66)),
        "a minute later it may be one again"
    );
}

#[test]
fn a_permanent_failure_ends_with_new_input() {
    let mut machine = Machine::new();
    assert_eq!(machine.acquire(at(0)), Acquire::Start(1));
    machine.land(1, Landing::Permanent("code"), at(0), 0.0);
    assert_eq!(machine.acquire(at(9999)), Acquire::Fail("code"));
    machine.input_arrived();
    assert_eq!(machine.acquire(at(9999)), Acquire::Start(2));
}

#[test]
fn a_lost_flight_is_started_again_and_its_late_word_is_ignored() {
    let mut machine = Machine::new();
    assert_eq!(machine.acquire(at(0)), Acquire::Start(1));
    machine.land(1, Landing::<&str>::Lost, at(1), 0.0);
    assert_eq!(machine.acquire(at(1)), Acquire::Start(2));
    machine.land(1, token(0), at(1), 0.0);
    assert_eq!(machine.acquire(at(1)), Acquire::Join);
}

#[test]
fn a_closed_session_stays_closed() {
    let mut machine = signed_in();
    machine.close();
    assert_eq!(machine.acquire(at(1)), Acquire::Closed);
    machine.input_arrived();
    assert_eq!(machine.acquire(at(1)), Acquire::Closed);
}

#[derive(Debug, Clone)]
enum Event {
    Acquire,
    Reject(u64),
    Land(u8),
    Pass(u64),
    Input,
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let event = prop_oneof![
        4 => Just(Event::Acquire),
        1 => (0_u64..3).prop_map(Event::Reject),
        2 => (0_u8..4).prop_map(Event::Land),
        2 => (0_u64..2000).prop_map(Event::Pass),
        1 => Just(Event::Input),
    ];
    prop::collection::vec(event, 0..80)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// The invariants of the session's design that the core alone must hold: one flight at a time, no dead or rejected
    /// token is served, generations only grow, a failure is no more than a pause or an input away from the next try.
    #[test]
    fn no_walk_breaks_an_invariant(events in events()) {
        let mut machine = Machine::new();
        let (mut now, mut in_air, mut dead, mut landed) = (0, None, 0, None);
        for event in events {
            match event {
                Event::Acquire => match machine.acquire(at(now)) {
                    Acquire::Start(id) | Acquire::Serve { start: Some(id) } => {
                        prop_assert!(in_air.is_none(), "two flights at once");
                        in_air = Some(id);
                    }
                    Acquire::Join => prop_assert!(in_air.is_some()),
                    Acquire::Serve { start: None } => {
                        prop_assert!(machine.generation() > dead, "a rejected token was served");
                        prop_assert!(landed.is_some_and(|second| now - second < LIFE.as_secs()), "a dead token");
                    }
                    Acquire::Fail(_) => {}
                    Acquire::Closed => prop_assert!(false),
                },
                Event::Reject(back) => {
                    let generation = machine.generation().saturating_sub(back);
                    if generation > 0 && machine.reject(generation, at(now)) && generation == machine.generation() {
                        dead = generation;
                    }
                }
                Event::Land(how) => if let Some(id) = in_air.take() {
                    let before = machine.generation();
                    let landing = match how {
                        0 => { landed = Some(now); token(now) }
                        1 => transient(),
                        2 => Landing::Permanent("refused"),
                        _ => Landing::Lost,
                    };
                    machine.land(id, landing, at(now), 0.5);
                    prop_assert_eq!(machine.generation(), before + u64::from(how == 0));
                },
                Event::Pass(seconds) => now += seconds,
                Event::Input => machine.input_arrived(),
            }
        }
        if let Some(id) = in_air {
            machine.land(id, Landing::Lost, at(now), 0.5);
        }
        machine.input_arrived();
        prop_assert!(!matches!(machine.acquire(at(now + 31)), Acquire::Fail(_) | Acquire::Join));
    }
}
