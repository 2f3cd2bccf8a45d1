//! The engine against a server that is not ours: each planted violation is found, and the clean server gives nothing.

#![expect(clippy::unwrap_used, reason = "helpers of tests may panic as tests do")]

mod hostile;
mod live;
mod reports;
mod server;

use std::process::ExitCode;

use dadosfera_conformance::explore::{
    Actors, Effort, Ending, Expected, Exploration, Settings, Verdict, explore,
};
use libtest_mimic::{Arguments, Failed, Trial};
use serde::Deserialize;
use server::Shelf;

const DOCUMENT: &str = include_str!("../../fixtures/shelf/shelf.yaml");
const ACTORS: &str = include_str!("../../fixtures/shelf/actors.toml");
const README: &str = include_str!("../../README.md");
const VIOLATIONS: &str = include_str!("../../fixtures/shelf/violations.toml");

type Test = fn() -> Result<(), Failed>;

#[derive(Clone, Deserialize)]
struct Violation {
    name: String,
    class: String,
    says: String,
    code: String,
}

#[derive(Deserialize)]
struct Violations {
    violation: Vec<Violation>,
}

fn main() -> ExitCode {
    let violations: Violations = toml::from_str(VIOLATIONS).unwrap();
    let counted = violations.violation.clone();
    let listed = violations.violation.clone();
    let mut trials = vec![
        Trial::test("the_readme_lists_the_violations_as_they_are", move || {
            readme(&listed)
        }),
        Trial::test(
            "the_45_violations_are_of_the_classes_that_the_readme_counts",
            move || counts(&counted),
        ),
        Trial::test("an_answer_that_comes_now_and_then_is_called_flaky", flaky),
        Trial::test(
            "a_known_failure_is_passed_over_and_one_that_is_gone_fails",
            known,
        ),
        Trial::test("the_same_seed_sends_the_same_number_of_requests", same_seed),
        Trial::test("a_finding_is_replayed_alone", replayed),
        Trial::test("a_sequence_is_shortened_to_what_is_needed", shortened),
    ];
    let others: [(&str, Test); 17] = [
        (
            "reports::are_of_their_schemas",
            reports::are_of_their_schemas,
        ),
        (
            "live::what_a_run_makes_is_named_noted_and_gone",
            live::keeps_to_itself,
        ),
        (
            "live::a_broken_rule_is_found_with_what_is_ours_alone",
            live::finds_there_too,
        ),
        (
            "live::what_a_crash_leaves_is_cleaned",
            live::is_cleaned_after_a_crash,
        ),
        (
            "hostile::a_base_url_that_answers_html_is_named",
            hostile::html,
        ),
        (
            "hostile::a_host_that_is_not_there_is_named",
            hostile::nobody,
        ),
        ("hostile::a_host_that_hangs_is_given_up", hostile::hangs),
        (
            "hostile::a_host_that_resets_is_given_up_and_what_was_found_is_kept",
            hostile::resets,
        ),
        (
            "hostile::a_host_that_throttles_is_left_alone",
            hostile::throttles,
        ),
        (
            "hostile::wrong_credentials_are_named_and_not_shown",
            hostile::refuses,
        ),
        (
            "hostile::a_run_that_checked_nothing_is_no_success",
            hostile::checks_nothing,
        ),
        (
            "hostile::a_document_that_cannot_be_used_says_why",
            hostile::documents,
        ),
        ("hostile::wrong_usage_says_what_is_wrong", hostile::usage),
        ("reports::hold_no_secret", reports::hold_no_secret),
        (
            "reports::print_curl_lines_that_run",
            reports::print_curl_lines_that_run,
        ),
        ("reports::escape_everything", reports::escape_everything),
        ("reports::exit_as_documented", reports::exit_as_documented),
    ];
    trials.extend(others.map(|(name, test)| Trial::test(name, test)));
    for seed in 0..10 {
        trials.push(Trial::test(format!("clean::seed_{seed}"), move || {
            clean(seed)
        }));
    }
    for violation in violations.violation {
        let name = format!("planted::{}::{}", violation.class, violation.name);
        trials.push(Trial::test(name, move || found(&violation)));
    }
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

/// As small as still finds everything: a run by hand tries more.
fn settings(base_url: &str, seed: u64) -> Settings {
    let actors = Actors::parse(ACTORS, true).unwrap();
    let effort = Effort {
        seed,
        examples: 2,
        sequences: 4,
        steps: 14,
        oversize: 2 << 20,
    };
    Settings::alone(DOCUMENT, base_url, actors, effort)
}

fn run(settings: &Settings) -> Exploration {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime
        .block_on(explore(settings, &server::environment))
        .unwrap()
}

fn told(exploration: &Exploration) -> String {
    let findings: Vec<String> = exploration
        .found
        .iter()
        .map(|found| {
            format!(
                "{} [{:?}, {}]\n    expected {}\n    got {}\n    {}",
                found.name(),
                found.verdict,
                found.scenario,
                found.expected,
                found.got,
                found.words.join("\n    ")
            )
        })
        .collect();
    format!(
        "{:?} {:?}\n{}",
        exploration.ending,
        exploration.gaps,
        findings.join("\n")
    )
}

/// The README's table between its marks is what the file of violations says; with UPDATE_README set it is written.
fn readme(violations: &[Violation]) -> Result<(), Failed> {
    let (begin, end) = ("<!-- violations -->\n", "<!-- end of violations -->");
    let rows: String = violations
        .iter()
        .filter(|violation| violation.class != "more")
        .map(|it| {
            format!(
                "| {} | {} | {} | `{}` |\n",
                it.class, it.name, it.says, it.code
            )
        })
        .collect();
    let table = format!(
        "| class | violation | what the server does | found by |\n|---|---|---|---|\n{rows}"
    );
    let (before, rest) = README.split_once(begin).ok_or("the README has no mark")?;
    let (now, after) = rest.split_once(end).ok_or("the README has no end mark")?;
    if now == table {
        return Ok(());
    }
    if std::env::var_os("UPDATE_README").is_some() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
        std::fs::write(file, format!("{before}{begin}{table}{end}{after}"))?;
        return Ok(());
    }
    Err("README.md is stale: UPDATE_README=1 cargo nextest run -p dadosfera-conformance --test shelf the_readme".into())
}

fn counts(violations: &[Violation]) -> Result<(), Failed> {
    let of = |class: &str| {
        violations
            .iter()
            .filter(|violation| violation.class == class)
            .count()
    };
    let counts = [of("shape"), of("input"), of("auth"), of("law")];
    if counts == [10, 9, 12, 14] {
        Ok(())
    } else {
        Err(format!("{counts:?}").into())
    }
}

fn found(violation: &Violation) -> Result<(), Failed> {
    let shelf = Shelf::start(&violation.name);
    let mut settings = settings(shelf.base_url(), 1);
    settings.until = Some(violation.code.clone());
    let exploration = run(&settings);
    let by_its_check = exploration.found.iter().any(|found| {
        found.check.code == violation.code && !matches!(found.verdict, Verdict::Flaky { .. })
    });
    if by_its_check {
        Ok(())
    } else {
        Err(format!("no {}:\n{}", violation.code, told(&exploration)).into())
    }
}

fn clean(seed: u64) -> Result<(), Failed> {
    let shelf = Shelf::start("none");
    let exploration = run(&settings(shelf.base_url(), seed));
    let whole = exploration.gaps.is_empty() && exploration.scenarios.0 == exploration.scenarios.1;
    if exploration.found.is_empty() && exploration.ending == Ending::Clean && whole {
        Ok(())
    } else {
        Err(told(&exploration).into())
    }
}

fn flaky() -> Result<(), Failed> {
    let shelf = Shelf::start("flaky-status");
    let exploration = run(&settings(shelf.base_url(), 1));
    let flaky = exploration
        .found
        .iter()
        .any(|found| matches!(found.verdict, Verdict::Flaky { seen, of: 3 } if seen < 3));
    if flaky {
        Ok(())
    } else {
        Err(told(&exploration).into())
    }
}

fn known() -> Result<(), Failed> {
    let shelf = Shelf::start("second-delete-succeeds");
    let entry = |code: &str| {
        Expected::parse(&format!(
            "[[expected]]\ncode = {code:?}\nreason = \"a test\"\n"
        ))
        .unwrap()
    };
    let mut settings = settings(shelf.base_url(), 1);
    settings.expected = entry("law.second-delete");
    let passed_over = run(&settings);
    if passed_over.ending != Ending::Clean || passed_over.found.is_empty() {
        return Err(told(&passed_over).into());
    }
    settings.expected.extend(entry("list.total"));
    let gone = run(&settings);
    if gone.ending == Ending::Found && gone.no_longer == ["list.total"] {
        Ok(())
    } else {
        Err(told(&gone).into())
    }
}

fn same_seed() -> Result<(), Failed> {
    let requests = |seed| run(&settings(Shelf::start("none").base_url(), seed)).requests;
    let (first, again) = (requests(5), requests(5));
    if first == again {
        Ok(())
    } else {
        Err(format!("{first} and {again}").into())
    }
}

fn replayed() -> Result<(), Failed> {
    let shelf = Shelf::start("stale-write-accepted");
    let mut settings = settings(shelf.base_url(), 1);
    let whole = run(&settings);
    let finding = whole
        .found
        .iter()
        .find(|found| found.check.code == "law.lost-update")
        .unwrap();
    settings.only = finding
        .replay()
        .split_once('@')
        .map(|(_, scenario)| scenario.to_owned());
    let alone = run(&settings);
    let names: Vec<String> = alone.found.iter().map(|found| found.name()).collect();
    if names.contains(&finding.name()) && alone.scenarios == (1, 1) && alone.requests < 60 {
        Ok(())
    } else {
        Err(format!("{} requests\n{}", alone.requests, told(&alone)).into())
    }
}

fn shortened() -> Result<(), Failed> {
    let shelf = Shelf::start("stale-write-accepted");
    let mut settings = settings(shelf.base_url(), 1);
    settings.shrink = 64;
    let exploration = run(&settings);
    let finding = exploration
        .found
        .iter()
        .find(|found| found.check.code == "law.lost-update")
        .unwrap();
    // Made, changed once, changed again with the first version.
    if finding.steps.len() <= 4 && finding.words.last().unwrap().contains("old version") {
        Ok(())
    } else {
        Err(told(&exploration).into())
    }
}
