//! A million random steps of the machine beside a model that is simpler than it, invariant by invariant.
//!
//! The model knows the current token's times and what was rejected, and nothing of flights, pauses or tables.

use std::collections::HashSet;

use super::tests::at_both;
use super::*;

const STEPS: u32 = 1_000_000;
const WALKS: u32 = 2_000;

/// What is known without the machine.
#[derive(Default)]
struct Model {
    monotonic: u64,
    wall: u64,
    /// The current token: its fingerprint's number, when it was asked for on both clocks, how old it was, its life.
    token: Option<(u64, (u64, u64), u64, u64)>,
    generation: u64,
    rejected: HashSet<u64>,
    rejections: Vec<(u64, u64)>,
    in_air: Option<u64>,
    closed: bool,
    permanent: bool,
    /// Flights started, and the reasons that there were for them.
    started: u64,
    reasons: u64,
}

impl Model {
    fn now(&self) -> Moment {
        at_both(self.monotonic, self.wall)
    }

    fn since(&self, (monotonic, wall): (u64, u64)) -> u64 {
        (self.monotonic - monotonic).max(self.wall.saturating_sub(wall))
    }

    /// Whether the current token may be handed out.
    fn lives(&self) -> bool {
        self.token.is_some_and(|(number, anchor, spent, life)| {
            let margin = 30.max(life * 2 / 100);
            !self.rejected.contains(&number) && spent + self.since(anchor) < life - margin
        })
    }

    /// Whether it is past the last point at which it may still be fresh.
    fn is_surely_stale(&self) -> bool {
        self.token
            .is_some_and(|(_, anchor, spent, life)| (spent + self.since(anchor)) * 10 > life * 8)
    }

    /// Whether it is before the first point at which it may be stale.
    fn is_surely_fresh(&self) -> bool {
        self.token
            .is_some_and(|(_, anchor, spent, life)| (spent + self.since(anchor)) * 10 < life * 6)
    }
}

struct Walk {
    machine: Machine<&'static str>,
    model: Model,
    chance: fastrand::Rng,
    seed: u64,
    numbers: u64,
}

impl Walk {
    fn new(seed: u64) -> Self {
        let mut model = Model::default();
        (model.monotonic, model.wall) = (1_000, 1_000_000);
        Self {
            machine: Machine::new(),
            model,
            chance: fastrand::Rng::with_seed(seed),
            seed,
            numbers: 0,
        }
    }

    fn step(&mut self) {
        match self.chance.u8(..20) {
            0..8 => self.acquire(),
            8..10 => self.reject(),
            10..14 => self.land(),
            14..19 => self.pass(),
            _ => {
                self.machine.step(Event::Input, self.model.now());
                self.model.permanent = false;
                self.model.reasons += 1;
            }
        }
        // I7: generations only grow, and only by a landing.
        assert_eq!(
            self.machine.generation(),
            self.model.generation,
            "seed {}",
            self.seed
        );
    }

    fn acquire(&mut self) {
        let seed = self.seed;
        let (lives, in_air) = (self.model.lives(), self.model.in_air);
        let effect = self.machine.step(Event::Acquire, self.model.now());
        match effect {
            _ if self.model.closed => assert_eq!(effect, Effect::Closed, "seed {seed}"),
            Effect::Serve => {
                // I6: nothing expired and nothing rejected is handed out.
                assert!(lives, "a dead token is served: seed {seed}");
            }
            Effect::ServeAndStart(flight) => {
                assert!(lives, "a dead token is served: seed {seed}");
                assert!(
                    !self.model.is_surely_fresh(),
                    "a fresh token is refreshed: seed {seed}"
                );
                self.started(flight, in_air);
            }
            Effect::Start(flight) => {
                // I5: nobody waits while a token lives.
                assert!(
                    !lives,
                    "a caller waits with a token that lives: seed {seed}"
                );
                self.started(flight, in_air);
            }
            Effect::Join => {
                assert!(!lives && in_air.is_some(), "seed {seed}");
            }
            Effect::Fail(why) => {
                assert!(
                    !lives,
                    "a caller fails with a token that lives: seed {seed}"
                );
                // I10: what is permanent is told as such, and nothing is sent.
                assert_eq!(why == "refused", self.model.permanent, "seed {seed}");
            }
            other => panic!("{other:?} for a caller: seed {seed}"),
        }
    }

    fn started(&mut self, flight: u64, in_air: Option<u64>) {
        // I1: one flight at a time.
        assert_eq!(in_air, None, "two flights at once: seed {}", self.seed);
        assert!(!self.model.permanent, "seed {}", self.seed);
        self.model.in_air = Some(flight);
        self.model.started += 1;
        // I9: a flight has a reason: no token, one that is due, or a failure before.
        self.model.reasons += 1;
        assert!(
            self.model.started <= self.model.reasons,
            "seed {}",
            self.seed
        );
    }

    fn reject(&mut self) {
        let back = self.chance.u64(..3);
        let Some(generation) = self.model.generation.checked_sub(back).filter(|it| *it > 0) else {
            return;
        };
        let before = self.machine.clone();
        let may_help = self
            .machine
            .step(Event::Reject(generation), self.model.now())
            == Effect::TryAgain;
        let is_current = generation == self.model.generation;
        if !is_current {
            // I7: a late rejection of an old token touches nothing.
            assert_eq!(may_help, !self.model.closed, "seed {}", self.seed);
            assert_eq!(
                format!("{before:?}"),
                format!("{:?}", self.machine),
                "seed {}",
                self.seed
            );
            return;
        }
        let Some((number, anchor, spent, _)) = self.model.token else {
            return;
        };
        if self.model.closed || self.model.rejected.contains(&number) {
            return;
        }
        let model = &self.model;
        let young = spent + model.since(anchor) < 10;
        let recent = model
            .rejections
            .iter()
            .filter(|it| model.since(**it) < 60)
            .count();
        assert_eq!(may_help, !young && recent < 3, "seed {}", self.seed);
        if may_help {
            self.model.rejected.insert(number);
            self.model
                .rejections
                .push((self.model.monotonic, self.model.wall));
        }
    }

    fn land(&mut self) {
        let Some(flight) = self.model.in_air.take() else {
            return;
        };
        let how = self.chance.u8(..6);
        let life = *self
            .chance
            .choice([60, 300, 1800, 86_400].iter())
            .unwrap_or(&1800);
        let landing = match how {
            0..2 => {
                self.numbers += 1;
                self.token(self.numbers, life, 0, false)
            }
            2 => {
                // Somebody else's token, or one that came back from the store.
                let number = match (self.model.token, self.chance.bool()) {
                    (Some((number, ..)), true) => number,
                    _ => {
                        self.numbers += 1;
                        self.numbers
                    }
                };
                let spent = self.chance.u64(..life / 2);
                self.token(number, life, spent, true)
            }
            3 => Landing::Transient {
                error: "down",
                retry_after: self.chance.bool().then_some(Duration::from_secs(7)),
            },
            4 => Landing::Permanent("refused"),
            _ => Landing::Lost,
        };
        let event = Event::Land {
            flight,
            landing: landing.clone(),
            chance: self.chance.f64(),
        };
        let effect = self.machine.step(event.clone(), self.model.now());
        assert_eq!(
            self.machine.step(event, self.model.now()),
            Effect::Nothing,
            "a second landing of one flight counts: seed {}",
            self.seed
        );
        self.judge_landing(&landing, &effect);
    }

    fn token(&self, number: u64, life: u64, spent: u64, adopted: bool) -> Landing<&'static str> {
        Landing::Token(Landed {
            anchor: self.model.now(),
            spent: Duration::from_secs(spent),
            life: Duration::from_secs(life),
            fingerprint: Fingerprint::of(&number.to_string()),
            adopted,
        })
    }

    fn judge_landing(&mut self, landing: &Landing<&'static str>, effect: &Effect<&'static str>) {
        let seed = self.seed;
        if self.model.closed {
            assert_eq!(*effect, Effect::Closed, "seed {seed}");
            return;
        }
        match landing {
            Landing::Token(landed) => {
                let number = (0..=self.numbers)
                    .find(|it| Fingerprint::of(&it.to_string()) == landed.fingerprint)
                    .expect("one of ours");
                if landed.adopted && self.last_rejected() == Some(landed.fingerprint) {
                    assert_eq!(
                        *effect,
                        Effect::Reboard,
                        "a rejected token came back: seed {seed}"
                    );
                    return;
                }
                assert!(
                    matches!(effect, Effect::Publish { .. }),
                    "{effect:?}: seed {seed}"
                );
                // The machine refuses the last rejected one only: an older one cannot be in a store that only grows.
                self.model.rejected.remove(&number);
                self.model.generation += 1;
                self.model.permanent = false;
                let anchor = (self.model.monotonic, self.model.wall);
                let (spent, life) = (landed.spent.as_secs(), landed.life.as_secs());
                self.model.token = Some((number, anchor, spent, life));
            }
            Landing::Transient { .. } => {
                assert_eq!(*effect, Effect::Fail("down"), "seed {seed}");
                self.model.reasons += 1;
            }
            Landing::Permanent(_) => {
                assert_eq!(*effect, Effect::Fail("refused"), "seed {seed}");
                self.model.permanent = true;
            }
            Landing::Lost => assert_eq!(*effect, Effect::Reboard, "seed {seed}"),
        }
    }

    fn last_rejected(&self) -> Option<Fingerprint> {
        self.machine.rejected()
    }

    /// Time passes: on both clocks, on the wall alone (a suspend, a jump ahead), or backwards there.
    fn pass(&mut self) {
        let seconds = match self.chance.u8(..4) {
            0 => self.chance.u64(..15),
            1 => self.chance.u64(..120),
            2 => self.chance.u64(..2_000),
            _ => 0,
        };
        match self.chance.u8(..10) {
            0 => self.model.wall += seconds,
            1 => self.model.wall -= seconds.min(self.model.wall / 2),
            _ => {
                self.model.monotonic += seconds;
                self.model.wall += seconds;
            }
        }
        let (state, lives) = (self.machine.state(self.model.now()), self.model.lives());
        assert_eq!(
            matches!(state, State::Fresh | State::Stale),
            lives && !self.model.closed,
            "{state:?}: seed {}",
            self.seed
        );
        if state == State::Fresh {
            assert!(!self.model.is_surely_stale(), "seed {}", self.seed);
        }
    }

    /// I13: whatever happened, once its cause is gone half a minute heals it, or a minute where the server asked for one.
    fn heal(mut self) {
        if let Some(flight) = self.model.in_air.take() {
            let event = Event::Land {
                flight,
                landing: Landing::Lost,
                chance: 0.5,
            };
            self.machine.step(event, self.model.now());
        }
        self.machine.step(Event::Input, self.model.now());
        self.model.monotonic += 31;
        self.model.wall += 31;
        let effect = self.machine.step(Event::Acquire, self.model.now());
        assert!(
            matches!(
                effect,
                Effect::Serve | Effect::Start(_) | Effect::ServeAndStart(_)
            ),
            "{effect:?}: seed {}",
            self.seed
        );
        self.machine.step(Event::Close, self.model.now());
        assert_eq!(
            self.machine.step(Event::Acquire, self.model.now()),
            Effect::Closed
        );
    }
}

#[test]
fn no_walk_of_a_million_steps_breaks_an_invariant() {
    let seed = fastrand::u64(..);
    for walk in 0..u64::from(WALKS) {
        let mut walk = Walk::new(seed.wrapping_add(walk));
        for _ in 0..STEPS / WALKS {
            walk.step();
        }
        walk.heal();
    }
    println!("{STEPS} steps from seed {seed}");
}
