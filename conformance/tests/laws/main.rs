//! One test for each law against an emulator, and one for each planted bug that a law must notice.

#![expect(clippy::unwrap_used, reason = "helpers of tests may panic as tests do")]

mod answers;
mod planted;

use std::process::ExitCode;

use dadosfera_conformance::laws;
use dadosfera_conformance::suite::{DESCRIPTION, LawRow, Report, Settings, Suite, Verdict};
use dadosfera_conformance::target::Target;
use libtest_mimic::{Arguments, Failed, Trial};

fn main() -> ExitCode {
    let kept = laws::all().map(|law| Trial::test(format!("law::{}", law.id), move || keeps(law)));
    let noticed = planted::BUGS
        .iter()
        .map(|bug| Trial::test(format!("planted::{}", bug.name), move || notices(bug)));
    let proven = Trial::test("planted::every_law_has_a_bug", planted::every_law_has_a_bug);
    let trials = kept.chain(noticed).chain([proven]).collect();
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

fn keeps(law: &'static laws::Law) -> Result<(), Failed> {
    let (row, report) = tried(law, Target::emulator())?;
    if row.verdict != Verdict::Kept || !report.findings.is_empty() {
        return Err(format!("{}: {}\n{:#?}", law.id, row.verdict, report.findings).into());
    }
    Ok(())
}

fn notices(bug: &'static planted::Bug) -> Result<(), Failed> {
    let law = laws::law(bug.law).ok_or("there is no such law")?;
    let (row, report) = tried(
        law,
        Target::Emulator {
            planted: Some(bug.plant()),
        },
    )?;
    if row.verdict != Verdict::Broken {
        return Err(format!("{} did not notice: {}", law.id, row.verdict).into());
    }
    let by_law = report
        .findings
        .iter()
        .any(|finding| finding.code.name() == law.id);
    if by_law {
        Ok(())
    } else {
        Err(format!("no finding of the law itself: {:#?}", report.findings).into())
    }
}

fn tried(law: &'static laws::Law, target: Target) -> Result<(LawRow, Report), Failed> {
    let settings = Settings {
        target,
        seed: 7,
        filter: Some(law.id.to_owned()),
    };
    let suite = Suite::new(DESCRIPTION, settings)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    let row = runtime.block_on(suite.try_law(law));
    Ok((row.clone(), suite.report(vec![row])))
}
