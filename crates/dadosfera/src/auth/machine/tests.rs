//! The tables of states against the code, and each rule by itself. Random walks are in `walks.rs`.

use std::time::SystemTime;

use super::*;

const LIFE: Duration = Duration::from_secs(30 * 60);

fn at(seconds: u64) -> Moment {
    at_both(seconds, seconds)
}

/// A moment that the two clocks tell differently.
pub(super) fn at_both(monotonic: u64, wall: u64) -> Moment {
    Moment::at(
        Duration::from_secs(monotonic),
        SystemTime::UNIX_EPOCH + Duration::from_secs(wall),
    )
}

fn token(anchor: u64) -> Landing<&'static str> {
    Landing::Token(Landed {
        anchor: at(anchor),
        spent: Duration::ZERO,
        life: LIFE,
        fingerprint: Fingerprint::of(&anchor.to_string()),
        adopted: false,
    })
}

impl Pausing for &'static str {
    fn retry_in(self, _pause: Duration) -> Self {
        self
    }
}

/// Shorter names for the events.
impl Machine<&'static str> {
    fn ask(&mut self, now: Moment) -> Effect<&'static str> {
        self.step(Event::Acquire, now)
    }

    fn refuse(&mut self, generation: u64, now: Moment) -> bool {
        self.step(Event::Reject(generation), now) == Effect::TryAgain
    }

    fn ends(
        &mut self,
        flight: u64,
        landing: Landing<&'static str>,
        now: Moment,
        chance: f64,
    ) -> Effect<&'static str> {
        let event = Event::Land {
            flight,
            landing,
            chance,
        };
        self.step(event, now)
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
    assert_eq!(machine.ask(at(0)), Effect::Start(1));
    machine.ends(1, token(0), at(0), 0.0);
    machine
}

#[test]
fn any_number_of_callers_start_one_flight() {
    let mut machine = Machine::new();
    assert_eq!(machine.ask(at(0)), Effect::Start(1));
    for _ in 0..100 {
        assert_eq!(machine.ask(at(0)), Effect::Join);
    }
}

#[test]
fn a_fresh_token_is_served_and_a_stale_one_starts_one_flight_beside() {
    let mut machine = signed_in();
    assert_eq!(machine.ask(at(18 * 60 - 1)), Effect::Serve);
    assert_eq!(machine.ask(at(18 * 60)), Effect::ServeAndStart(2));
    assert_eq!(machine.ask(at(18 * 60)), Effect::Serve);
    assert_eq!(machine.ask(at(1763)), Effect::Serve);
    assert_eq!(machine.ask(at(1764)), Effect::Join);
}

#[test]
fn a_failed_refresh_is_not_seen_while_the_token_lives() {
    let mut machine = signed_in();
    assert_eq!(machine.ask(at(1200)), Effect::ServeAndStart(2));
    machine.ends(2, transient(), at(1200), 1.0);
    assert_eq!(machine.ask(at(1200)), Effect::Serve);
    assert_eq!(machine.ask(at(1201)), Effect::ServeAndStart(3));
    machine.ends(3, Landing::Permanent("refused"), at(1201), 0.0);
    assert_eq!(machine.ask(at(1763)), Effect::Serve);
    assert_eq!(machine.ask(at(1764)), Effect::Fail("refused"));
}

#[test]
fn a_dead_token_shares_the_error_until_the_pause_is_over() {
    let mut machine = Machine::new();
    assert_eq!(machine.ask(at(0)), Effect::Start(1));
    machine.ends(1, transient(), at(0), 1.0);
    assert_eq!(machine.ask(at(0)), Effect::Fail("down"));
    assert_eq!(machine.ask(at(1)), Effect::Start(2));
    machine.ends(2, transient(), at(1), 1.0);
    assert_eq!(machine.ask(at(2)), Effect::Fail("down"));
    assert_eq!(machine.ask(at(3)), Effect::Start(3));
    machine.ends(
        3,
        Landing::Transient {
            error: "slow",
            retry_after: Some(Duration::from_secs(50)),
        },
        at(3),
        0.0,
    );
    assert_eq!(machine.ask(at(52)), Effect::Fail("slow"));
    assert_eq!(machine.ask(at(53)), Effect::Start(4));
    let asks_much = Landing::Transient {
        error: "slow",
        retry_after: Some(Duration::from_secs(3600)),
    };
    machine.ends(4, asks_much, at(53), 0.0);
    assert_eq!(machine.ask(at(53 + 59)), Effect::Fail("slow"));
    assert_eq!(machine.ask(at(53 + 60)), Effect::Start(5));
}

#[test]
fn a_rejected_token_is_never_served_again() {
    let mut machine = signed_in();
    assert!(machine.refuse(1, at(15)));
    assert_eq!(machine.ask(at(15)), Effect::Start(2));
    machine.ends(2, token(15), at(15), 0.0);
    assert_eq!(machine.ask(at(16)), Effect::Serve);
    assert_eq!(machine.generation(), 2);
}

#[test]
fn a_late_401_of_an_old_token_touches_nothing() {
    let mut machine = signed_in();
    assert!(machine.refuse(1, at(15)));
    assert_eq!(machine.ask(at(15)), Effect::Start(2));
    machine.ends(2, token(15), at(15), 0.0);
    assert!(
        machine.refuse(1, at(16)),
        "another try with the current token"
    );
    assert_eq!(machine.ask(at(16)), Effect::Serve);
}

#[test]
fn a_401_on_a_token_that_was_just_made_is_no_matter_of_the_token() {
    let mut machine = signed_in();
    assert!(!machine.refuse(1, at(9)));
    assert_eq!(machine.ask(at(9)), Effect::Serve);
    assert!(machine.refuse(1, at(10)));
    assert_eq!(machine.ask(at(10)), Effect::Start(2));
}

#[test]
fn a_401_for_every_token_stops_being_a_matter_of_tokens() {
    let mut machine = signed_in();
    for generation in 1..=3 {
        let now = at(10 * generation);
        assert!(machine.refuse(generation, now));
        assert_eq!(machine.ask(now), Effect::Start(generation + 1));
        machine.ends(generation + 1, token(10 * generation), now, 0.0);
    }
    assert!(!machine.refuse(4, at(69)));
    assert_eq!(machine.ask(at(69)), Effect::Serve);
    assert!(
        machine.refuse(4, at(70)),
        "a minute after the first it may be one again"
    );
}

/// A token from the store, made at second 0 and found at `found`.
fn adopted(name: &str, found: u64) -> Landing<&'static str> {
    Landing::Token(Landed {
        anchor: at(found),
        spent: Duration::from_secs(found),
        life: LIFE,
        fingerprint: Fingerprint::of(name),
        adopted: true,
    })
}

#[test]
fn a_token_from_the_store_is_as_old_as_it_is() {
    let mut machine = Machine::new();
    assert_eq!(machine.ask(at(600)), Effect::Start(1));
    machine.ends(1, adopted("kept", 600), at(600), 0.0);
    assert_eq!(machine.ask(at(18 * 60 - 1)), Effect::Serve);
    assert_eq!(machine.ask(at(18 * 60)), Effect::ServeAndStart(2));
    assert_eq!(machine.ask(at(1763)), Effect::Serve);
    assert_eq!(machine.ask(at(1764)), Effect::Join);
}

#[test]
fn a_rejected_token_does_not_come_back_from_the_store() {
    let mut machine = Machine::new();
    assert_eq!(machine.ask(at(600)), Effect::Start(1));
    machine.ends(1, adopted("kept", 600), at(600), 0.0);
    assert_eq!(machine.ask(at(18 * 60)), Effect::ServeAndStart(2));
    assert!(machine.refuse(1, at(1081)));
    assert_eq!(
        machine.ends(2, adopted("kept", 1081), at(1081), 0.0),
        Effect::Reboard
    );
    assert_eq!(machine.ask(at(1081)), Effect::Start(3));
    assert!(matches!(
        machine.ends(3, adopted("another", 1081), at(1081), 0.0),
        Effect::Publish { generation: 2, .. }
    ));
}

#[test]
fn a_wall_clock_that_jumps_ahead_ages_the_token_and_one_set_back_does_not_renew_it() {
    let mut machine = signed_in();
    assert_eq!(machine.state(at_both(60, 3600)), State::Dead);
    assert_eq!(machine.state(at_both(1764, 0)), State::Dead);
    assert_eq!(machine.state(at_both(60, 0)), State::Fresh);
    assert_eq!(machine.ask(at_both(60, 3600)), Effect::Start(2));
}

/// Walks a machine into a state of the tables.
fn in_state(state: &str) -> (Machine<&'static str>, Moment) {
    let mut machine = signed_in();
    match state {
        "Empty" => (Machine::new(), at(0)),
        "Fresh" => (machine, at(1)),
        "Stale" => (machine, at(18 * 60)),
        "Dead" => (machine, at(1764)),
        "NeedsInput" => {
            assert_eq!(machine.ask(at(1764)), Effect::Start(2));
            machine.ends(2, Landing::Permanent("refused"), at(1764), 0.0);
            (machine, at(1764))
        }
        "Closed" => {
            machine.step(Event::Close, at(1));
            (machine, at(1))
        }
        other => panic!("the table has a state `{other}` that the code has not"),
    }
}

/// The rows of the module's tables: the words of the first cell and of the others that stand in backticks.
fn rows() -> Vec<Vec<String>> {
    include_str!("../machine.rs")
        .lines()
        .filter_map(|line| {
            line.strip_prefix("//! | ")
                .filter(|row| row.starts_with('`'))
        })
        .map(|line| {
            line.split('|')
                .filter(|cell| cell.trim().starts_with('`') && cell.trim().ends_with('`'))
                .map(|cell| cell.trim_matches([' ', '`']).to_owned())
                .collect()
        })
        .collect()
}

fn name<T: std::fmt::Debug>(value: &T) -> String {
    let text = format!("{value:?}");
    text.split('(').next().unwrap_or_default().to_owned()
}

#[test]
fn the_table_of_states_is_what_the_code_does() {
    let rows = rows();
    assert_eq!(rows.len(), 6 + 3);
    for row in &rows[..6] {
        let (mut machine, now) = in_state(&row[0]);
        assert_eq!(name(&machine.state(now)), row[0]);
        assert_eq!(name(&machine.ask(now)), row[1], "in {}", row[0]);
    }
}

#[test]
fn the_table_of_the_register_is_what_the_code_does() {
    for row in &rows()[6..] {
        for (state, answer) in [("Empty", &row[1]), ("Dead", &row[1]), ("Stale", &row[2])] {
            let (mut machine, now) = in_state(state);
            if row[0] != "Idle" {
                machine.ask(now);
            }
            if row[0] == "Cooling" {
                let flight = machine.flights;
                machine.ends(flight, transient(), now, 0.0);
            }
            assert_eq!(
                name(&machine.flight).split(' ').next(),
                Some(row[0].as_str())
            );
            assert_eq!(&name(&machine.ask(now)), answer, "{state} with {}", row[0]);
        }
    }
}

#[test]
fn a_permanent_failure_ends_with_new_input() {
    let mut machine = Machine::new();
    assert_eq!(machine.ask(at(0)), Effect::Start(1));
    machine.ends(1, Landing::Permanent("code"), at(0), 0.0);
    assert_eq!(machine.ask(at(9999)), Effect::Fail("code"));
    machine.step(Event::Input, at(9999));
    assert_eq!(machine.ask(at(9999)), Effect::Start(2));
}

#[test]
fn a_lost_flight_is_started_again_and_its_late_word_is_ignored() {
    let mut machine = Machine::new();
    assert_eq!(machine.ask(at(0)), Effect::Start(1));
    machine.ends(1, Landing::Lost, at(1), 0.0);
    assert_eq!(machine.ask(at(1)), Effect::Start(2));
    machine.ends(1, token(0), at(1), 0.0);
    assert_eq!(machine.ask(at(1)), Effect::Join);
}

#[test]
fn a_closed_session_stays_closed() {
    let mut machine = signed_in();
    machine.step(Event::Close, at(1));
    assert_eq!(machine.ask(at(1)), Effect::Closed);
    machine.step(Event::Input, at(9999));
    assert_eq!(machine.ask(at(1)), Effect::Closed);
}
