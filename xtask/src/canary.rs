//! No secret is in what the tests print: their output as nextest keeps it, with every log line and error that the SDK's tests
//! print for this, and their snapshots.
//!
//! Rule: a secret of a fixture holds the word `canary` or is one of the emulator's seed, and a token is a JWT. One leak is
//! planted on purpose and must be found: a run whose output was not kept proves nothing.

use std::path::Path;

use crate::command::Step;

/// Where nextest keeps the output of the tests, as `.config/nextest.toml` tells it.
const OUTPUT: &str = "target/nextest/default/junit.xml";
/// What the test `leaks::a_leak_is_planted_where_ci_looks_for_leaks` prints.
const PLANTED: &str = "planted where ci looks for leaks: canary";
/// What betrays a secret, and whose it is.
const SECRETS: [(&str, &str); 4] = [
    ("canary", "a fixture's secret"),
    ("JBSWY3DPEHPK3PXP", "the emulator's TOTP secret"),
    ("GEZDGNBVGY3TQOJQ", "a fixture's TOTP secret"),
    ("eyJhbGciOi", "a token"),
];
/// The passwords of the emulator's seed are `acme-NAME-password`.
const PASSWORD: (&str, &str) = ("acme-", "-password");

/// Forgets the output of earlier runs.
pub(crate) fn forget(root: &Path) {
    // Where there is none, or it cannot be removed, the planted leak is found in no new one.
    let _ = std::fs::remove_file(root.join(OUTPUT));
}

/// Looks through the output of the tests that just ran, and through all snapshots.
pub(crate) fn check(root: &Path) -> Result<(), String> {
    let report = std::fs::read_to_string(root.join(OUTPUT)).map_err(|error| {
        format!("{OUTPUT}: {error}; the profile of .config/nextest.toml keeps the output there")
    })?;
    let mut leaks = judge(&report)?;
    let list = Step::new(
        "snapshots",
        "git ls-files -- *.snap",
        "run it in a checkout",
    );
    for file in list.output(root)?.lines() {
        let text = std::fs::read_to_string(root.join(file)).unwrap_or_default();
        leaks.extend(secrets(&text).map(|whose| format!("{file}: {whose}")));
    }
    if leaks.is_empty() {
        return Ok(());
    }
    Err(format!(
        "secrets are in what the tests print:\n  {}\nrun the test alone with --no-capture, and take the secret out where the text is made",
        leaks.join("\n  ")
    ))
}

/// The leaks of a report, without the one that was planted.
fn judge(report: &str) -> Result<Vec<String>, String> {
    let planted = report.matches(PLANTED).count();
    if planted != 1 {
        return Err(format!(
            "the leak that is planted in the SDK's tests was found {planted} times instead of once: the output was not kept"
        ));
    }
    let report = report.replace(PLANTED, "");
    let leaks = outputs(&report).flat_map(|(test, output)| {
        // The harness prints the name of the test, which may be about canaries.
        let printed = output.replace(test, "");
        secrets(&printed)
            .map(|whose| format!("{test}: {whose}"))
            .collect::<Vec<_>>()
    });
    Ok(leaks.collect())
}

/// What each test printed, by its name.
fn outputs(report: &str) -> impl Iterator<Item = (&str, &str)> {
    report.split("<testcase ").skip(1).flat_map(|case| {
        let test = between(case, "name=\"", "\"").unwrap_or("a test");
        let printed = [
            ("<system-out>", "</system-out>"),
            ("<system-err>", "</system-err>"),
        ];
        printed
            .into_iter()
            .filter_map(move |(from, to)| Some((test, between(case, from, to)?)))
    })
}

/// Whose secrets a text holds.
fn secrets(text: &str) -> impl Iterator<Item = &'static str> {
    let found = SECRETS
        .iter()
        .filter(move |(secret, _)| text.contains(secret))
        .map(|(_, whose)| *whose);
    found.chain(has_password(text).then_some("a password of the emulator's seed"))
}

fn has_password(text: &str) -> bool {
    text.split(PASSWORD.0).skip(1).any(|rest| {
        let name = rest.trim_start_matches(|c: char| c.is_ascii_lowercase());
        name.len() < rest.len() && name.starts_with(PASSWORD.1)
    })
}

fn between<'a>(text: &'a str, from: &str, to: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(from)?;
    rest.split_once(to).map(|(found, _)| found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(out: &str, err: &str) -> String {
        format!(
            "<testsuite><testcase name=\"planted\" classname=\"c\"><system-out>{PLANTED}\n</system-out></testcase>\
             <testcase name=\"says_no_canary\" classname=\"c\"><system-out>test says_no_canary ... ok\n{out}</system-out><system-err>{err}</system-err>\
             </testcase></testsuite>"
        )
    }

    #[test]
    fn each_kind_of_secret_is_found_in_either_output() {
        for (secret, whose) in [
            ("Bearer canary-token", "a fixture's secret"),
            (
                "otpauth JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP",
                "the emulator's TOTP secret",
            ),
            ("eyJhbGciOiJFUzUxMiJ9.e30.c2ln", "a token"),
            (
                "password: acme-ana-password",
                "a password of the emulator's seed",
            ),
        ] {
            let leak = [format!("says_no_canary: {whose}")];
            assert_eq!(judge(&report(secret, "")).expect("planted"), leak);
            assert_eq!(judge(&report("", secret)).expect("planted"), leak);
        }
    }

    #[test]
    fn what_is_no_secret_is_none() {
        let text = "acme_corp acme-password acme-ana ana@acme.example eyJ e30 can a ry";
        assert_eq!(
            judge(&report(text, text)).expect("planted"),
            Vec::<String>::new()
        );
    }

    #[test]
    fn a_report_without_the_planted_leak_proves_nothing() {
        let error = judge("<testsuite></testsuite>").expect_err("no output");
        assert!(error.contains("0 times"), "{error}");
        let twice = report("", "").repeat(2);
        assert!(judge(&twice).is_err());
    }
}
