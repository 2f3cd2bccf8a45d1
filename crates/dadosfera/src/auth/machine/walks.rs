//! A million random steps of the machine beside a model that says beforehand what it must do, invariant by invariant.
//!
//! The model knows callers and where they wait, flights and how they end, the times of the token, what was rejected and how
//! long a pause is; it knows nothing of the machine's own state. Of the invariants of the design the machine can show I1
//! and I3 to I10, and I13; I2 is shown by the fleets of `tests/proofs`, I11, I12 and I14 by tests of the client.

use std::collections::HashSet;

use super::tests::at_both;
use super::*;

const STEPS: u32 = 1_000_000;
const WALKS: u32 = 2_000;
/// Callers that come at once after a failure.
const HERD: u32 = 3;

/// An error that knows its flight, so that it can be seen whether all are told the same one, and its pause.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Why {
    flight: u64,
    is_permanent: bool,
    pause: Option<Duration>,
}

impl Pausing for Why {
    fn retry_in(mut self, pause: Duration) -> Self {
        self.pause = Some(pause);
        self
    }
}

/// A time on the monotonic clock and on the wall.
type Times = (u64, u64);

#[derive(Debug, Clone, Copy)]
struct Token {
    number: u64,
    anchor: Times,
    spent: u64,
    life: u64,
    /// When it turns stale, counted from its anchor, as the machine told when it published it.
    soft: Duration,
}

/// What is known without the machine.
#[derive(Default)]
struct Model {
    times: Times,
    token: Option<Token>,
    generation: u64,
    rejected: HashSet<u64>,
    last_rejected: Option<u64>,
    rejections: Vec<Times>,
    in_air: Option<u64>,
    /// Callers that wait for the flight in the air.
    waiting: u32,
    closed: bool,
    permanent: Option<Why>,
    /// The failure whose pause may not be over: since when, how long, and what all are told.
    cooling: Option<(Times, Duration, Why)>,
    /// Failures that may pass, since the last token or input.
    failures: u32,
    started: u64,
    landed: u64,
}

impl Model {
    fn now(&self) -> Moment {
        at_both(self.times.0, self.times.1)
    }

    fn since(&self, (monotonic, wall): Times) -> Duration {
        let seconds = (self.times.0 - monotonic).max(self.times.1.saturating_sub(wall));
        Duration::from_secs(seconds)
    }

    /// How long the current token may still be handed out.
    fn left(&self) -> Option<Duration> {
        let token = self
            .token
            .filter(|it| !self.rejected.contains(&it.number))?;
        let hard = token.life - margin(token.life);
        let left = Duration::from_secs(hard)
            .saturating_sub(Duration::from_secs(token.spent) + self.since(token.anchor));
        (!left.is_zero()).then_some(left)
    }

    fn is_stale(&self) -> bool {
        self.token
            .is_some_and(|token| self.since(token.anchor) >= token.soft)
    }

    /// What is left of a pause, and what is told meanwhile.
    fn pause(&self) -> Option<Why> {
        let (since, pause, why) = self.cooling?;
        let left = pause.saturating_sub(self.since(since));
        (!left.is_zero()).then(|| why.retry_in(left))
    }

    /// What a caller must be answered.
    fn answer(&self) -> Effect<Why> {
        let next = self.started + 1;
        if self.closed {
            return Effect::Closed;
        }
        if self.left().is_some() {
            // I5: nobody waits or fails while a token lives. I9: one flight for a token that is due, and one after each pause.
            let starts = self.is_stale()
                && self.permanent.is_none()
                && self.in_air.is_none()
                && self.pause().is_none();
            return if starts {
                Effect::ServeAndStart(next)
            } else {
                Effect::Serve
            };
        }
        match (self.permanent, self.in_air, self.pause()) {
            // I10: what is permanent is told, and nothing is sent.
            (Some(why), _, _) => Effect::Fail(why),
            // I1: one flight at a time, whatever the number of callers.
            (None, Some(_), _) => Effect::Join,
            // I8: whoever comes within the pause is told the error of the one flight that failed.
            (None, None, Some(why)) => Effect::Fail(why),
            (None, None, None) => Effect::Start(next),
        }
    }

    /// The shortest and the longest pause after a failure, for the chance that was drawn.
    fn pauses(&self, retry_after: Option<Duration>, chance: f64) -> (Duration, Duration) {
        let doubled = Duration::from_secs(1 << self.failures.min(5)).min(Duration::from_secs(30));
        let most = self.left().map_or(doubled, |left| {
            doubled.min((left / 4).max(Duration::from_secs(1)))
        });
        let asked = retry_after.unwrap_or_default().min(Duration::from_secs(60));
        let pause = most.mul_f64(0.5 + chance / 2.0).max(asked);
        let slack = Duration::from_millis(1);
        (pause.saturating_sub(slack), pause + slack)
    }
}

/// How long before its end a token counts as dead.
fn margin(life: u64) -> u64 {
    30.max(life * 2 / 100)
}

struct Walk {
    machine: Machine<Why>,
    model: Model,
    chance: fastrand::Rng,
    seed: u64,
    numbers: u64,
}

impl Walk {
    fn new(seed: u64) -> Self {
        Self {
            machine: Machine::new(),
            model: Model {
                times: (1_000, 1_000_000),
                ..Model::default()
            },
            chance: fastrand::Rng::with_seed(seed),
            seed,
            numbers: 0,
        }
    }

    fn step(&mut self) {
        match self.chance.u8(..21) {
            0..8 => {
                self.acquire();
            }
            8..10 => self.reject(),
            10..14 => self.land(),
            14..19 => self.pass(),
            // I3: a caller that goes away is no event: nothing changes.
            19 => self.model.waiting = self.model.waiting.saturating_sub(1),
            _ => self.input(),
        }
        // I7: generations only grow, and only by a landing.
        let seed = self.seed;
        assert_eq!(
            self.machine.generation(),
            self.model.generation,
            "seed {seed}"
        );
        // I1, I9: what was started has landed, but for the one in the air.
        let in_air = u64::from(self.model.in_air.is_some());
        assert_eq!(
            self.model.started,
            self.model.landed + in_air,
            "seed {seed}"
        );
    }

    /// One caller; it waits where the machine says so.
    fn acquire(&mut self) -> Effect<Why> {
        let wanted = self.model.answer();
        let effect = self.machine.step(Event::Acquire, self.model.now());
        assert_eq!(effect, wanted, "for a caller: seed {}", self.seed);
        match effect {
            Effect::Start(flight) => {
                self.started(flight);
                self.model.waiting += 1;
            }
            Effect::ServeAndStart(flight) => self.started(flight),
            Effect::Join => self.model.waiting += 1,
            _ => {}
        }
        effect
    }

    fn started(&mut self, flight: u64) {
        self.model.in_air = Some(flight);
        self.model.started += 1;
        self.model.cooling = None;
    }

    fn input(&mut self) {
        let effect = self.machine.step(Event::Input, self.model.now());
        assert_eq!(effect, Effect::Nothing);
        self.model.permanent = None;
        self.model.failures = 0;
        self.model.cooling = None;
    }

    fn reject(&mut self) {
        let back = self.chance.u64(..3);
        let Some(generation) = self.model.generation.checked_sub(back).filter(|it| *it > 0) else {
            return;
        };
        let (seed, before) = (self.seed, self.machine.clone());
        let effect = self
            .machine
            .step(Event::Reject(generation), self.model.now());
        let model = &mut self.model;
        let Some(token) = model
            .token
            .filter(|it| generation == model.generation && !model.rejected.contains(&it.number))
        else {
            // I7: a late rejection of an old token, and another of the same, touch nothing.
            assert_eq!(effect, Effect::TryAgain, "seed {seed}");
            let (before, after) = (format!("{before:?}"), format!("{:?}", self.machine));
            assert_eq!(before, after, "seed {seed}");
            return;
        };
        let age = Duration::from_secs(token.spent) + model.since(token.anchor);
        let minute = Duration::from_secs(60);
        let mut rejections = std::mem::take(&mut model.rejections);
        rejections.retain(|it| model.since(*it) < minute);
        model.rejections = rejections;
        if age < Duration::from_secs(10) || model.rejections.len() >= 3 {
            assert_eq!(effect, Effect::GiveUp, "seed {seed}");
            return;
        }
        assert_eq!(effect, Effect::TryAgain, "seed {seed}");
        model.rejected.insert(token.number);
        model.last_rejected = Some(token.number);
        model.rejections.push(model.times);
    }

    fn land(&mut self) {
        let Some(flight) = self.model.in_air else {
            return;
        };
        let why = |is_permanent| Why {
            flight,
            is_permanent,
            pause: None,
        };
        let life = *self
            .chance
            .choice([60, 300, 1800, 86_400].iter())
            .unwrap_or(&1800);
        match self.chance.u8(..6) {
            0..2 => {
                self.numbers += 1;
                self.land_token(flight, self.numbers, life, 0, false);
            }
            2 => {
                // Somebody else's token, or one that came back from the store.
                let number = match (self.model.token, self.chance.bool()) {
                    (Some(token), true) => token.number,
                    _ => {
                        self.numbers += 1;
                        self.numbers
                    }
                };
                let spent = self.chance.u64(..life / 2);
                self.land_token(flight, number, life, spent, true);
            }
            3 => {
                let retry_after = [None, Some(7), Some(600)][self.chance.usize(..3)];
                self.land_down(flight, why(false), retry_after.map(Duration::from_secs));
            }
            4 => {
                let effect = self.touch_down(flight, Landing::Permanent(why(true)), 0.5);
                assert_eq!(effect, Effect::Fail(why(true)), "seed {}", self.seed);
                self.model.permanent = Some(why(true));
                // I4: all who waited are told.
                self.model.waiting = 0;
            }
            _ => self.land_lost(flight),
        }
    }

    /// A landing, which counts once.
    fn touch_down(&mut self, flight: u64, landing: Landing<Why>, chance: f64) -> Effect<Why> {
        let event = Event::Land {
            flight,
            landing,
            chance,
        };
        let effect = self.machine.step(event.clone(), self.model.now());
        let again = self.machine.step(event, self.model.now());
        assert_eq!(
            again,
            Effect::Nothing,
            "it landed twice: seed {}",
            self.seed
        );
        self.model.in_air = None;
        self.model.landed += 1;
        effect
    }

    fn land_token(&mut self, flight: u64, number: u64, life: u64, spent: u64, adopted: bool) {
        let seed = self.seed;
        let landed = Landed {
            anchor: self.model.now(),
            spent: Duration::from_secs(spent),
            life: Duration::from_secs(life),
            fingerprint: Fingerprint::of(&number.to_string()),
            adopted,
        };
        let chance = self.chance.f64();
        let effect = self.touch_down(flight, Landing::Token(landed), chance);
        if adopted && self.model.last_rejected == Some(number) {
            // I6: what was rejected does not come back by way of the store.
            assert_eq!(effect, Effect::Reboard, "seed {seed}");
            self.board_again();
            return;
        }
        let Effect::Publish {
            generation,
            soft,
            hard,
        } = effect
        else {
            panic!("{effect:?} for a token: seed {seed}");
        };
        let share = |share| Duration::from_secs(life).mul_f64(share);
        let spent_already = Duration::from_secs(spent);
        let slack = Duration::from_millis(1);
        assert_eq!(generation, self.model.generation + 1, "seed {seed}");
        assert!(
            soft + spent_already + slack >= share(0.6).max(spent_already),
            "seed {seed}"
        );
        assert!(
            soft <= share(0.8).saturating_sub(spent_already) + slack,
            "seed {seed}"
        );
        let hard_point = Duration::from_secs(life - margin(life) - spent);
        assert!(hard.abs_diff(hard_point) < slack, "seed {seed}");
        let model = &mut self.model;
        // The machine refuses the last rejected one only: an older one cannot be in a store that only grows.
        model.rejected.remove(&number);
        model.generation = generation;
        model.permanent = None;
        model.failures = 0;
        model.token = Some(Token {
            number,
            anchor: model.times,
            spent,
            life,
            soft,
        });
        // I4: whoever waited looks again, and is served.
        for _ in 0..std::mem::take(&mut self.model.waiting) {
            let effect = self.acquire();
            let is_served = matches!(effect, Effect::Serve | Effect::ServeAndStart(_));
            assert!(is_served, "{effect:?} after a landing: seed {seed}");
        }
    }

    fn land_down(&mut self, flight: u64, why: Why, retry_after: Option<Duration>) {
        let (seed, chance) = (self.seed, self.chance.f64());
        let (shortest, longest) = self.model.pauses(retry_after, chance);
        let landing = Landing::Transient {
            error: why,
            retry_after,
        };
        let effect = self.touch_down(flight, landing, chance);
        let Effect::Fail(told) = effect else {
            panic!("{effect:?} for a failure: seed {seed}");
        };
        let pause = told.pause.expect("it says when the next try is due");
        assert_eq!(told.flight, flight, "seed {seed}");
        assert!(
            (shortest..=longest).contains(&pause),
            "{pause:?}: seed {seed}"
        );
        self.model.failures += 1;
        self.model.cooling = Some((self.model.times, pause, told));
        // I4, I8: all who waited are told this one error, and whoever comes at once asks nobody again.
        self.model.waiting = 0;
        let started = self.model.started;
        for _ in 0..HERD {
            let effect = self.acquire();
            let is_shared = match effect {
                Effect::Serve => self.model.left().is_some(),
                Effect::Fail(why) => why.flight == flight,
                _ => false,
            };
            assert!(is_shared, "{effect:?} after a failure: seed {seed}");
        }
        assert_eq!(
            self.model.started, started,
            "one failure, one attempt: seed {seed}"
        );
    }

    fn land_lost(&mut self, flight: u64) {
        let effect = self.touch_down(flight, Landing::Lost, 0.0);
        assert_eq!(effect, Effect::Reboard, "seed {}", self.seed);
        self.board_again();
    }

    /// I4, I8: whoever waited boards anew, and that is one flight for all of them.
    fn board_again(&mut self) {
        let started = self.model.started;
        for _ in 0..std::mem::take(&mut self.model.waiting) {
            self.acquire();
        }
        assert!(self.model.started <= started + 1, "seed {}", self.seed);
    }

    /// Time passes: on both clocks, on the wall alone (a suspend, a jump ahead), or backwards there.
    fn pass(&mut self) {
        let seconds = match self.chance.u8(..4) {
            0 => self.chance.u64(..15),
            1 => self.chance.u64(..120),
            2 => self.chance.u64(..2_000),
            _ => 0,
        };
        let (monotonic, wall) = &mut self.model.times;
        match self.chance.u8(..10) {
            0 => *wall += seconds,
            1 => *wall -= seconds.min(*wall / 2),
            _ => {
                *monotonic += seconds;
                *wall += seconds;
            }
        }
        // I6: a token is fresh or stale where it lives, and in no other case.
        let state = self.machine.state(self.model.now());
        let wanted = match (self.model.left(), self.model.token, self.model.permanent) {
            (Some(_), _, _) if self.model.is_stale() => State::Stale,
            (Some(_), _, _) => State::Fresh,
            (None, _, Some(_)) => State::NeedsInput,
            (None, Some(_), None) => State::Dead,
            (None, None, None) => State::Empty,
        };
        assert_eq!(state, wanted, "seed {}", self.seed);
    }

    /// I13: whatever happened, once its cause is gone half a minute heals it, or a minute where the server asked for one. Then
    /// the session is closed, before its flight lands or after.
    fn heal(mut self) {
        let seed = self.seed;
        if let Some(flight) = self.model.in_air {
            self.model.waiting = 0;
            self.land_lost(flight);
        }
        if self.model.permanent.is_some() {
            self.input();
        }
        let asked_for_more = self
            .model
            .cooling
            .is_some_and(|(_, pause, _)| pause > Duration::from_secs(30));
        let wait = if asked_for_more { 60 } else { 30 };
        self.model.times.0 += wait;
        self.model.times.1 += wait;
        let effect = self.acquire();
        let is_well = matches!(
            effect,
            Effect::Serve | Effect::Start(_) | Effect::ServeAndStart(_)
        );
        assert!(is_well, "{effect:?}: seed {seed}");
        self.machine.step(Event::Close, self.model.now());
        self.model.closed = true;
        self.model.token = None;
        self.acquire();
        if let Some(flight) = self.model.in_air {
            let landing = Landing::Token(Landed {
                anchor: self.model.now(),
                spent: Duration::ZERO,
                life: Duration::from_secs(1800),
                fingerprint: Fingerprint::of("late"),
                adopted: false,
            });
            let effect = self.touch_down(flight, landing, 0.5);
            assert_eq!(effect, Effect::Closed, "who waits is told: seed {seed}");
        }
        self.acquire();
        assert_eq!(self.machine.state(self.model.now()), State::Closed);
    }
}

#[test]
fn no_walk_of_a_million_steps_breaks_an_invariant() {
    let seed = fastrand::u64(..);
    println!("{STEPS} steps from seed {seed}");
    let (mut flights, mut tokens) = (0, 0);
    for walk in 0..u64::from(WALKS) {
        let mut walk = Walk::new(seed.wrapping_add(walk));
        for _ in 0..STEPS / WALKS {
            walk.step();
        }
        flights += walk.model.started;
        tokens += walk.model.generation;
        walk.heal();
    }
    println!("{flights} flights brought {tokens} tokens");
    assert!(
        tokens > u64::from(WALKS) && flights > tokens,
        "they went somewhere"
    );
}
