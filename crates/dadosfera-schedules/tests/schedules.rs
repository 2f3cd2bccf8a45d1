//! The proofs over random and PCT schedules: the original passes them all, and each mutant fails one.

use std::panic::{AssertUnwindSafe, catch_unwind};

use dadosfera_schedules::SUBJECTS;

/// Schedules of each kind for each proof of the original.
const SCHEDULES: usize = 2_000;
/// Schedules of each kind within which a mutant must be found.
const HUNT: usize = 1_000;
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
    let mut alive = Vec::new();
    for (mutant, proofs) in &SUBJECTS[1..] {
        let killers: Vec<&str> = proofs
            .iter()
            .filter(|(_, run)| falls(*run))
            .map(|(proof, _)| *proof)
            .collect();
        println!("mutant {mutant}: killed by {}", killers.join(", "));
        if killers.is_empty() {
            alive.push(*mutant);
        }
    }
    assert_eq!(SUBJECTS.len() - 1, 6);
    assert!(alive.is_empty(), "no proof finds {alive:?}");
}

fn falls(run: fn()) -> bool {
    // The checker resumes the panic of the schedule that failed.
    let random = catch_unwind(AssertUnwindSafe(|| shuttle::check_random(run, HUNT)));
    random.is_err()
        || catch_unwind(AssertUnwindSafe(|| shuttle::check_pct(run, HUNT, DEPTH))).is_err()
}
