//! SARIF 2.1.0, for code scanning: each finding lies at the line of its operation in the document.

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::view::{FindingView, View};

/// The report as SARIF; `document` is the text in which operations have their lines, `file` its name.
#[must_use]
pub fn to_sarif(view: &View, document: &str, file: &str) -> Value {
    let mut rules: Vec<Value> = view
        .rules
        .iter()
        .map(|rule| {
            json!({
                "id": rule.code,
                "shortDescription": { "text": rule.says },
                "help": { "text": format!("{}. Source: {}.", rule.says, rule.source) },
                "defaultConfiguration": { "level": rule.severity },
            })
        })
        .collect();
    for finding in &view.findings {
        if !rules.iter().any(|rule| rule["id"] == finding.code.as_str()) {
            rules.push(json!({ "id": finding.code, "shortDescription": { "text": finding.rule } }));
        }
    }
    let results: Vec<Value> = view
        .findings
        .iter()
        .map(|finding| result(view, finding, document, file))
        .collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": { "name": "conformance", "version": env!("CARGO_PKG_VERSION"), "rules": rules } },
            "invocations": [{ "executionSuccessful": view.exit_code < 2, "exitCode": view.exit_code }],
            "results": results,
        }],
    })
}

fn result(view: &View, finding: &FindingView, document: &str, file: &str) -> Value {
    let text = format!(
        "{} at {}: expected {}; got {}. Again: --seed {}{} --replay '{}'",
        finding.rule,
        finding.place,
        finding.expected,
        finding.got,
        view.seed,
        view.options,
        finding.replay
    );
    let mut result = json!({
        "ruleId": finding.code,
        "level": finding.severity,
        "message": { "text": text },
        "locations": [{
            "physicalLocation": {
                "artifactLocation": { "uri": file },
                "region": { "startLine": line_of(document, &finding.operation) },
            },
            "logicalLocations": [{ "name": finding.operation, "kind": "function" }],
        }],
        "partialFingerprints": { "conformance/v1": fingerprint(&finding.name) },
    });
    if let Some(why) = &finding.expected_because {
        result["suppressions"] = json!([{ "kind": "external", "justification": why }]);
    }
    result
}

/// The first line of an operation: that of its `operationId`, else that of its path.
fn line_of(document: &str, operation: &str) -> usize {
    let path = operation
        .split_once(' ')
        .map_or(operation, |(_, path)| path);
    let line = |is: &dyn Fn(&str) -> bool| document.lines().position(is).map(|index| index + 1);
    let named = |line: &str| {
        line.split_once("operationId").is_some_and(|(_, rest)| {
            rest.trim_matches(|c: char| !c.is_alphanumeric() && c != '_' && c != '-')
                .split([',', '}', '"', '\''])
                .next()
                == Some(operation)
        })
    };
    let keyed = |line: &str| line.trim().trim_matches(['"', '\'', ':', '{', ' ']) == path;
    line(&named).or_else(|| line(&keyed)).unwrap_or(1)
}

fn fingerprint(name: &str) -> String {
    data_encoding::HEXLOWER.encode(&Sha256::digest(name.as_bytes())[..16])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operation_is_found_by_its_id_or_its_path() {
        let document = "paths:\n  /a:\n    get:\n      operationId: read_a\n  \"/b\":\n    get: {operationId: 'read_b', x: 1}\n";
        assert_eq!(line_of(document, "read_a"), 4);
        assert_eq!(line_of(document, "read_b"), 6);
        assert_eq!(line_of(document, "GET /b"), 5);
        assert_eq!(line_of(document, "none"), 1);
    }
}
