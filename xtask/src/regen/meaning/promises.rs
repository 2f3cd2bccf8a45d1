//! What a description promises of a thing's future: how stable it is, and until when it stays.

use serde_json::Value;

use super::{Findings, Level};
use crate::regen::document::{flag, text};

/// From the least to the most that can be relied on.
const LEVELS: [&str; 4] = ["draft", "alpha", "beta", "stable"];

/// `x-stability-level`, under a rule such as `api-stability`.
pub(super) fn stability(was: &Value, is: &Value, said: &str, rule: &str, findings: &mut Findings) {
    let of = |value| text(value, "x-stability-level");
    let (Some(old), Some(new)) = (of(was), of(is)) else {
        return;
    };
    if old == new {
        return;
    }
    let rank = |level: &str| LEVELS.iter().position(|known| *known == level);
    let (level, what) = match (rank(old), rank(new)) {
        (_, None) => (Level::Text, "unknown"),
        (Some(before), Some(after)) if after < before => (Level::Breaking, "decreased"),
        _ => (Level::Text, "increased"),
    };
    findings.add(
        level,
        format!("{rule}-{what}"),
        format!("the stability of {said} is {new}, and was {old}"),
    );
}

/// `x-sunset` of what stays deprecated: a promise that is taken back or cut is broken.
pub(super) fn sunset(
    was: &Value,
    is: &Value,
    said: &str,
    rules: [&str; 3],
    findings: &mut Findings,
) {
    if !flag(was, "deprecated") || !flag(is, "deprecated") {
        return;
    }
    let [deleted, earlier, later] = rules;
    match (text(was, "x-sunset"), text(is, "x-sunset")) {
        (Some(old), None) => findings.add(
            Level::Text,
            deleted,
            format!("{said} no longer says that it is promised until {old}"),
        ),
        (Some(old), Some(new)) if new < old => findings.add(
            Level::Breaking,
            earlier,
            format!("{said} is promised until {new}, and was until {old}"),
        ),
        (Some(old), Some(new)) if new > old => findings.add(
            Level::Text,
            later,
            format!("{said} is promised until {new}, and was until {old}"),
        ),
        _ => {}
    }
}
