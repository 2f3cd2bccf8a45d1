//! The report for programs; the README describes its schema.

use serde_json::{Value, json};

use crate::engine::Severity;
use crate::suite::{Report, Verdict};

/// The version of the schema; a field that goes or changes its meaning makes a new one.
pub const VERSION: u32 = 1;

/// The report as JSON.
#[must_use]
pub fn to_json(report: &Report) -> Value {
    let operations: Vec<Value> = report
        .operations
        .iter()
        .map(|(id, method, row)| {
            let statuses: serde_json::Map<String, Value> =
                row.statuses.iter().map(|(status, count)| (status.to_string(), json!(count))).collect();
            json!({ "id": id, "method": method, "called": row.called, "statuses": statuses, "laws": row.laws })
        })
        .collect();
    let laws: Vec<Value> = report
        .laws
        .iter()
        .map(|row| {
            let (verdict, why) = match &row.verdict {
                Verdict::Kept => ("kept", None),
                Verdict::Broken => ("broken", None),
                Verdict::NotApplicable(why) => ("not applicable", Some(why)),
                Verdict::Incomplete(why) => ("incomplete", Some(why)),
            };
            json!({
                "id": row.law.id,
                "says": row.law.says,
                "source": row.law.source,
                "verdict": verdict,
                "why": why,
                "checks": row.checks,
            })
        })
        .collect();
    let findings: Vec<Value> = report
        .findings
        .iter()
        .map(|finding| {
            json!({
                "code": finding.code.name(),
                "severity": match finding.severity { Severity::Warning => "warning", _ => "error" },
                "operation": finding.operation,
                "law": finding.law,
                "place": finding.place,
                "expected": finding.expected,
                "got": finding.got,
                "curl": finding.curl,
                "count": finding.count,
            })
        })
        .collect();
    json!({
        "version": VERSION,
        "target": report.target,
        "seed": report.seed,
        "filter": report.filter,
        "requests": report.requests,
        "exit_code": report.outcome().code(),
        "gaps": report.gaps(),
        "operations": operations,
        "laws": laws,
        "findings": findings,
    })
}
