//! One test for each law against an emulator, and what the table of mutants must hold: a mutant for each mutation, for
//! each law, and for each check of the answers.
//!
//! The mutants themselves run in `cargo xtask conformance --mutants`, which CI calls.

use std::collections::BTreeSet;
use std::process::ExitCode;

use dadosfera_conformance::engine::Code;
use dadosfera_conformance::laws;
use dadosfera_conformance::mutants::MUTANTS;
use dadosfera_conformance::suite::{DESCRIPTION, Settings, Suite, Verdict};
use dadosfera_conformance::target::Target;
use dadosfera_emulator::Mutation;
use libtest_mimic::{Arguments, Failed, Trial};

/// The checks of the answers, each of which must have a mutant that it notices.
const CHECKS: [Code; 12] = [
    Code::StatusNotListed,
    Code::ContentTypeNotListed,
    Code::ContentTypeMissing,
    Code::BodyUnexpected,
    Code::BodyUnreadable,
    Code::BodyMismatch,
    Code::HeaderMissing,
    Code::HeaderMismatch,
    Code::UndeclaredField,
    Code::UndeclaredValue,
    Code::SecretShown,
    Code::NoAnswer,
];

fn main() -> ExitCode {
    let kept = laws::all().map(|law| Trial::test(format!("law::{}", law.id), move || keeps(law)));
    let proven = [
        Trial::test(
            "mutants::every_mutation_is_in_the_table_once",
            every_mutation,
        ),
        Trial::test("mutants::every_law_has_a_mutant", every_law),
        Trial::test("mutants::every_check_has_a_mutant", every_check),
    ];
    let trials = kept.chain(proven).collect();
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

fn keeps(law: &'static laws::Law) -> Result<(), Failed> {
    let settings = Settings {
        target: Target::emulator(),
        seed: 7,
        filter: Some(law.id.to_owned()),
    };
    let suite = Suite::new(DESCRIPTION, settings)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    let row = runtime.block_on(suite.try_law(law));
    let report = suite.report(vec![row.clone()]);
    if row.verdict != Verdict::Kept || !report.findings.is_empty() {
        return Err(format!("{}: {}\n{:#?}", law.id, row.verdict, report.findings).into());
    }
    Ok(())
}

fn every_mutation() -> Result<(), Failed> {
    for mutation in Mutation::ALL {
        let rows = MUTANTS
            .iter()
            .filter(|mutant| mutant.mutation == *mutation)
            .count();
        if rows != 1 {
            return Err(format!("{} is in {rows} rows", mutation.name()).into());
        }
    }
    for mutant in MUTANTS {
        if laws::law(mutant.law).is_none() {
            return Err(format!("there is no law {}", mutant.law).into());
        }
    }
    Ok(())
}

fn every_law() -> Result<(), Failed> {
    let noticing: BTreeSet<&str> = MUTANTS.iter().map(|mutant| mutant.by).collect();
    let unproven: Vec<&str> = laws::all()
        .map(|law| law.id)
        .filter(|id| !noticing.contains(id))
        .collect();
    none(&unproven)
}

fn every_check() -> Result<(), Failed> {
    let noticing: BTreeSet<&str> = MUTANTS.iter().map(|mutant| mutant.by).collect();
    let unproven: Vec<&str> = CHECKS
        .iter()
        .map(Code::name)
        .filter(|name| !noticing.contains(name))
        .collect();
    none(&unproven)
}

fn none(unproven: &[&str]) -> Result<(), Failed> {
    if unproven.is_empty() {
        Ok(())
    } else {
        Err(format!("no mutant is killed by {unproven:?}").into())
    }
}
