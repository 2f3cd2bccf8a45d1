//! The catalogue of checks: for each a name that stays, the rule in one sentence, and where the rule comes from.

use crate::engine::Severity;

/// One thing that is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Check {
    /// The name, such as `law.second-delete`; it never changes.
    pub code: &'static str,
    /// The rule, in one sentence.
    pub says: &'static str,
    /// What the rule rests on.
    pub source: &'static str,
    /// Whether breaking it fails a run.
    pub severity: Severity,
}

const DOCUMENT: &str = "the document";
const HTTP: &str = "RFC 9110";

const fn error(code: &'static str, says: &'static str, source: &'static str) -> Check {
    Check {
        code,
        says,
        source,
        severity: Severity::Error,
    }
}

const fn warning(code: &'static str, says: &'static str, source: &'static str) -> Check {
    Check {
        code,
        says,
        source,
        severity: Severity::Warning,
    }
}

/// Every check, in the order in which reports show them.
pub const CHECKS: &[Check] = &[
    error("answer.none", "every request is answered", HTTP),
    error(
        "answer.server-error",
        "no request, whatever it holds, is answered 5xx",
        "RFC 9110 §15.6: the server failed",
    ),
    error(
        "answer.status-not-listed",
        "the status is one that the operation lists",
        DOCUMENT,
    ),
    error(
        "answer.content-type-not-listed",
        "the media type is one that the status lists",
        DOCUMENT,
    ),
    error(
        "answer.content-type-missing",
        "a body says what it is",
        "RFC 9110 §8.3",
    ),
    error(
        "answer.body-unexpected",
        "there is no body where none is described",
        DOCUMENT,
    ),
    error(
        "answer.body-unreadable",
        "a body is what its media type says",
        "RFC 8259 for JSON",
    ),
    error(
        "answer.body-mismatch",
        "a body fits its schema: types, formats, required and closed fields, also of errors",
        DOCUMENT,
    ),
    error(
        "answer.header-missing",
        "a required header is there",
        DOCUMENT,
    ),
    error(
        "answer.header-mismatch",
        "a header fits its schema",
        DOCUMENT,
    ),
    error(
        "answer.secret-shown",
        "a secret that was sent or shown once is in no other answer",
        "OWASP API3:2023; `format: password` in the document",
    ),
    warning(
        "drift.undeclared-field",
        "an open schema holds no field that the document does not know",
        DOCUMENT,
    ),
    warning(
        "drift.undeclared-value",
        "an open vocabulary holds no word that the document does not know",
        DOCUMENT,
    ),
    error(
        "input.invalid-accepted",
        "a request that breaks the document is refused",
        DOCUMENT,
    ),
    error(
        "input.refused-otherwise",
        "a request that breaks the document is refused for that, with a status that says so",
        "RFC 9110 §15.5: 400, 413, 415, 422 and, of a path, 404",
    ),
    error(
        "input.valid-refused",
        "a request that keeps to the document is accepted",
        DOCUMENT,
    ),
    error(
        "method.undocumented-answered",
        "a method that the document does not describe does nothing",
        "RFC 9110 §15.5.6",
    ),
    warning(
        "method.allow-missing",
        "a 405 names the methods that are allowed",
        "RFC 9110 §10.2.1",
    ),
    error(
        "auth.accepted-without-credentials",
        "an operation that asks for credentials does nothing without them",
        "`security` in the document",
    ),
    error(
        "auth.accepted-malformed",
        "a credential that is nearly right is wrong",
        "`security` in the document",
    ),
    error(
        "auth.accepted-wrong-scheme",
        "a credential counts under its own scheme only",
        "`security` in the document; RFC 9110 §11",
    ),
    error(
        "auth.refused-otherwise",
        "wrong credentials are answered 401 before anything else",
        "RFC 9110 §15.5.2",
    ),
    error(
        "auth.scope-ignored",
        "a credential without an operation's scopes is refused",
        "the scopes of `security` in the document",
    ),
    error(
        "auth.foreign-read",
        "what belongs to one tenant cannot be read by another",
        "OWASP API1:2023; the tenants of the actors",
    ),
    error(
        "auth.foreign-write",
        "what belongs to one tenant cannot be changed by another",
        "OWASP API1:2023; the tenants of the actors",
    ),
    error(
        "auth.foreign-listed",
        "a list holds nothing of another tenant",
        "OWASP API1:2023; the tenants of the actors",
    ),
    error(
        "auth.foreign-distinguishable",
        "an id of another tenant is answered as one that is not there",
        "RFC 9110 §15.5.4 lets a server hide what is forbidden; a leak otherwise",
    ),
    error(
        "law.not-readable-after-create",
        "what was created can be read",
        "RFC 9110 §9.3.3",
    ),
    error(
        "law.create-altered",
        "what was created is what was sent",
        "RFC 9110 §9.3.3",
    ),
    error(
        "law.default-not-applied",
        "a field that was left out has its documented default",
        "`default` in the document",
    ),
    error(
        "law.readable-after-delete",
        "what was deleted is gone",
        "RFC 9110 §9.3.5",
    ),
    error(
        "law.second-delete",
        "a second delete says that there is nothing",
        "the 404 or 410 that the document lists",
    ),
    error(
        "law.update-not-stored",
        "an update is stored",
        "RFC 5789; RFC 7396",
    ),
    error(
        "law.update-changed-more",
        "an update changes what it names and nothing else",
        "RFC 5789; RFC 7396",
    ),
    error(
        "law.failed-write-left-trace",
        "a write that was refused leaves no trace",
        "RFC 5789 §2: all or nothing",
    ),
    error(
        "law.child-through-other-parent",
        "a child is reached through its own parent only",
        "the paths of the document",
    ),
    error(
        "law.lost-update",
        "a write that names an old version is refused",
        "RFC 9110 §13.1.1",
    ),
    error(
        "law.idempotency-key-ignored",
        "the same key and the same body create once",
        "the Idempotency-Key header of the document",
    ),
    error(
        "law.idempotency-body-ignored",
        "the same key with another body is refused",
        "the Idempotency-Key header of the document",
    ),
    error(
        "law.id-reused",
        "an id is given out once",
        "RFC 3986 §1.1: an identifier keeps its meaning",
    ),
    error(
        "law.location-leads-nowhere",
        "the Location of a create can be read",
        "RFC 9110 §10.2.2",
    ),
    error(
        "list.misses-created",
        "a list holds what was created",
        "the operation's own description as a list",
    ),
    error(
        "list.repeats",
        "a list holds each thing once",
        "the operation's own description as a list",
    ),
    error(
        "list.holds-deleted",
        "a list holds nothing that was deleted",
        "RFC 9110 §9.3.5",
    ),
    error(
        "list.pages-repeat",
        "pages do not overlap",
        "the paging parameters of the document",
    ),
    error(
        "list.pages-drop",
        "pages leave nothing out",
        "the paging parameters of the document",
    ),
    error(
        "list.filter-ignored",
        "a filter keeps what fits, and only that",
        "the query parameter that is named like a field",
    ),
    error(
        "list.total",
        "a total counts what the caller may see",
        "the field of the list that is named total or count",
    ),
];

/// The check of this name.
#[must_use]
pub fn check(code: &str) -> Option<&'static Check> {
    CHECKS.iter().find(|check| check.code == code)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const VIOLATIONS: &str = include_str!("../../fixtures/shelf/violations.toml");

    #[test]
    fn every_check_has_a_planted_violation_and_no_violation_names_another() {
        let table: toml::Table = toml::from_str(VIOLATIONS).unwrap();
        let planted: BTreeSet<&str> = table["violation"]
            .as_array()
            .unwrap()
            .iter()
            .map(|violation| violation["code"].as_str().unwrap())
            .collect();
        let checks: BTreeSet<&str> = CHECKS.iter().map(|check| check.code).collect();
        assert_eq!(checks.len(), CHECKS.len(), "a check is listed twice");
        assert_eq!(checks, planted);
    }
}
