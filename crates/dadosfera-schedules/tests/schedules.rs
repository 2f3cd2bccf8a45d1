//! The proofs over random and PCT schedules: the original passes them all, and each mutant fails one.

use std::panic::{AssertUnwindSafe, catch_unwind};

use dadosfera_schedules::SUBJECTS;
use shuttle::scheduler::{PctScheduler, RandomScheduler};
use shuttle::{Config, FailurePersistence, Runner};

/// Schedules of each kind for each proof of the original.
const SCHEDULES: usize = 400;
/// Schedules of each kind within which a mutant must be found.
const HUNT: usize = 200;
/// How many times a PCT schedule changes its mind: the orderings that the proofs are about need no more.
const DEPTH: usize = 3;

#[test]
fn the_original_passes_every_proof_under_every_schedule() {
    let (name, proofs) = SUBJECTS[0];
    assert_eq!(name, "original");
    for (proof, run) in proofs {
        println!("{proof}: {SCHEDULES} random and {SCHEDULES} PCT schedules");
        shuttle::check_random(run, SCHEDULES);
        shuttle::check_pct(run, SCHEDULES, DEPTH);
    }
    assert_eq!(proofs.len(), 7);
}

#[test]
fn each_mutant_is_killed() {
    // A mutant that falls is no news; the last line tells of one that does not.
    std::panic::set_hook(Box::new(|_| {}));
    let mut alive = Vec::new();
    for (mutant, proofs) in &SUBJECTS[1..] {
        match proofs.iter().find(|(_, run)| falls(*run)) {
            Some((proof, _)) => println!("mutant {mutant}: killed by {proof}"),
            None => alive.push(*mutant),
        }
    }
    assert_eq!(SUBJECTS.len() - 1, 6);
    assert!(alive.is_empty(), "no proof finds {alive:?}");
}

/// Whether some schedule breaks a proof; the checker resumes its panic.
fn falls(run: fn()) -> bool {
    let mut config = Config::new();
    config.failure_persistence = FailurePersistence::None;
    let random = Runner::new(RandomScheduler::new(HUNT), config.clone());
    let pct = Runner::new(PctScheduler::new(DEPTH, HUNT), config);
    catch_unwind(AssertUnwindSafe(|| random.run(run))).is_err()
        || catch_unwind(AssertUnwindSafe(|| pct.run(run))).is_err()
}
