//! JUnit XML: a suite for each family of rules, a case for each rule and operation. What was not tried is skipped, not passed.

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::view::{FindingView, View};

/// The report as JUnit XML.
///
/// # Errors
/// Where the XML cannot be written.
pub fn to_junit(view: &View) -> Result<String, String> {
    let mut report = Report::new(format!("conformance {}", view.command));
    let mut suites: Vec<TestSuite> = Vec::new();
    for rule in &view.rules {
        let family = rule.code.split('.').next().unwrap_or_default().to_owned();
        let mut cases: Vec<TestCase> = Vec::new();
        for operation in view
            .operations
            .iter()
            .filter(|operation| operation.rules.contains_key(&rule.code))
        {
            let here = |finding: &&FindingView| {
                finding.code == rule.code && finding.operation == operation.id
            };
            cases.push(case(
                &rule.code,
                &operation.id,
                view.findings.iter().filter(here).collect(),
            ));
        }
        let elsewhere: Vec<&FindingView> = view
            .findings
            .iter()
            .filter(|finding| finding.code == rule.code)
            .filter(|finding| {
                let operation = view
                    .operations
                    .iter()
                    .find(|operation| operation.id == finding.operation);
                operation.is_none_or(|operation| !operation.rules.contains_key(&rule.code))
            })
            .collect();
        if !elsewhere.is_empty() {
            cases.push(case(&rule.code, "elsewhere", elsewhere));
        }
        if cases.is_empty() {
            let why = rule
                .not_tried
                .clone()
                .unwrap_or_else(|| "nothing in this run could try it".to_owned());
            let mut status = TestCaseStatus::skipped();
            status.set_message(clean(&why));
            let mut skipped = TestCase::new(rule.code.clone(), status);
            skipped.set_classname(family.clone());
            cases.push(skipped);
        }
        for case in &mut cases {
            case.set_classname(family.clone());
        }
        match suites
            .iter_mut()
            .find(|suite| suite.name.as_str() == family)
        {
            Some(suite) => {
                suite.add_test_cases(cases);
            }
            None => {
                let mut suite = TestSuite::new(family);
                suite.add_test_cases(cases);
                suites.push(suite);
            }
        }
    }
    let mut whole = TestSuite::new("run");
    let status = if view.exit_code == 0 || view.exit_code == 1 {
        TestCaseStatus::success()
    } else {
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
        status.set_message(clean(&format!("{}: {}", view.ending, view.gaps.join("; "))));
        status
    };
    whole.add_test_case(TestCase::new("the run came to its end", status));
    suites.push(whole);
    report.add_test_suites(suites);
    report.to_string().map_err(|error| error.to_string())
}

fn case(code: &str, operation: &str, findings: Vec<&FindingView>) -> TestCase {
    let failing: Vec<&FindingView> = findings
        .into_iter()
        .filter(|finding| finding.fails())
        .collect();
    let status = if failing.is_empty() {
        TestCaseStatus::success()
    } else {
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
        status.set_message(clean(&failing[0].name)).set_type(code);
        let text: Vec<String> = failing
            .iter()
            .map(|finding| {
                format!(
                    "{}\n{}\nexpected {}\ngot {}\n{}\n{}",
                    finding.name,
                    finding.verdict_words(),
                    finding.expected,
                    finding.got,
                    finding.steps.join("\n"),
                    finding.curl
                )
            })
            .collect();
        status.set_description(clean(&text.join("\n\n")));
        status
    };
    TestCase::new(format!("{code} {operation}"), status)
}

/// What XML 1.0 cannot hold is shown as what it is.
fn clean(text: &str) -> String {
    text.chars()
        .map(|c| {
            if c < ' ' && !matches!(c, '\n' | '\t') || matches!(c, '\u{FFFE}' | '\u{FFFF}') {
                '\u{FFFD}'
            } else {
                c
            }
        })
        .collect()
}
