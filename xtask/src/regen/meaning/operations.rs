//! Operations and components, compared.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::traffic::{answers, body, parameters};
use super::{Findings, Level, stability, sunset};
use crate::regen::document::{Document, Operation, entries, flag, text};
use crate::regen::problem::Problem;

pub(super) fn compare(
    old: &Document,
    new: &Document,
    findings: &mut Findings,
) -> Result<(), Problem> {
    let (before, after) = (keyed(old)?, keyed(new)?);
    for (key, operation) in &before {
        findings.at(name(operation));
        match after.get(key) {
            Some(other) => one(old, new, operation, other, findings)?,
            None => removed(operation, findings),
        }
    }
    for (key, operation) in &after {
        if !before.contains_key(key) {
            findings.at(name(operation));
            findings.add(Level::Compatible, "endpoint-added", "the operation is new");
        }
    }
    components(old, new, findings);
    Ok(())
}

/// Operations by method and by the path without the names of its parameters.
pub(crate) fn keyed(
    document: &Document,
) -> Result<BTreeMap<(String, &'static str), Operation<'_>>, Problem> {
    let mut found = BTreeMap::new();
    for operation in document.operations()? {
        let bare: String = operation
            .path
            .split('/')
            .map(|part| {
                if part.starts_with('{') && part.ends_with('}') {
                    "{}"
                } else {
                    part
                }
            })
            .collect::<Vec<_>>()
            .join("/");
        let method = crate::regen::document::METHODS
            .into_iter()
            .find(|method| *method == operation.method)
            .unwrap_or_default();
        found.insert((bare, method), operation);
    }
    Ok(found)
}

fn name(operation: &Operation<'_>) -> String {
    match operation.id() {
        Some(id) => format!(
            "{id} ({} {})",
            operation.method.to_uppercase(),
            operation.path
        ),
        None => format!("{} {}", operation.method.to_uppercase(), operation.path),
    }
}

fn removed(operation: &Operation<'_>, findings: &mut Findings) {
    let (rule, how) = match (
        flag(operation.value, "deprecated"),
        text(operation.value, "x-sunset"),
    ) {
        (true, Some(date)) => (
            "api-removed-before-sunset",
            format!("the operation is gone; it was deprecated, and promised until {date}"),
        ),
        (true, None) => (
            "api-removed-with-deprecation",
            "the operation is gone; it was deprecated".to_owned(),
        ),
        _ => (
            "api-removed-without-deprecation",
            "the operation is gone, and was never deprecated".to_owned(),
        ),
    };
    findings.add(Level::Breaking, rule, how);
}

fn one(
    old: &Document,
    new: &Document,
    before: &Operation<'_>,
    after: &Operation<'_>,
    findings: &mut Findings,
) -> Result<(), Problem> {
    let (was, is) = (before.value, after.value);
    match (before.id(), after.id()) {
        (Some(old), Some(new)) if old != new => findings.add(
            Level::Source,
            "api-operation-id-changed",
            format!("its method is called {new} and no longer {old}"),
        ),
        (Some(old), None) => findings.add(
            Level::Source,
            "api-operation-id-removed",
            format!("its id {old} is gone, so that the method gets a made name"),
        ),
        (None, Some(new)) => findings.add(
            Level::Source,
            "api-operation-id-added",
            format!("its method is called {new} and no longer by a made name"),
        ),
        _ => {}
    }
    match (flag(was, "deprecated"), flag(is, "deprecated")) {
        (false, true) => match text(is, "x-sunset") {
            Some(date) => findings.add(
                Level::Compatible,
                "endpoint-deprecated-with-sunset",
                format!("it is deprecated, and promised until {date}"),
            ),
            None => findings.add(
                Level::Compatible,
                "endpoint-deprecated",
                "it is deprecated: callers see a warning",
            ),
        },
        (true, false) => findings.add(
            Level::Compatible,
            "endpoint-reactivated",
            "it is no longer deprecated",
        ),
        _ => {}
    }
    let rules = [
        "sunset-deleted",
        "api-sunset-date-changed-too-small",
        "api-sunset-date-extended",
    ];
    sunset(was, is, "it", rules, findings);
    stability(was, is, "the operation", "api-stability", findings);
    words(was, is, findings);
    security(old, new, was, is, findings);
    parameters(old, new, before, after, findings);
    body(old, new, was, is, findings)?;
    answers(old, new, was, is, findings)?;
    if was.get("x-permission") != is.get("x-permission") {
        let said = |value: &Value| text(value, "x-permission").unwrap_or("none").to_owned();
        findings.add(
            Level::Breaking,
            "api-permission-changed",
            format!(
                "it needs the permission {}, and needed {}",
                said(is),
                said(was)
            ),
        );
    }
    if flag(was, "x-idempotent") != flag(is, "x-idempotent") {
        let how = if flag(is, "x-idempotent") {
            "it is retried after an unknown outcome now"
        } else {
            "it is no longer retried after an unknown outcome"
        };
        findings.add(Level::Compatible, "api-idempotency-changed", how);
    }
    let listed = |value: &Value| {
        entries(value.get("callbacks"))
            .map(|(name, _)| name.to_owned())
            .collect::<BTreeSet<_>>()
    };
    for callback in listed(was).symmetric_difference(&listed(is)) {
        findings.add(
            Level::Text,
            "api-callback-changed",
            format!("the callback {callback} came or went; the SDK serves none"),
        );
    }
    Ok(())
}

fn words(was: &Value, is: &Value, findings: &mut Findings) {
    for key in ["summary", "description"] {
        if was.get(key) != is.get(key) {
            findings.add(
                Level::Text,
                format!("api-{key}-changed"),
                format!("its {key} is another"),
            );
        }
    }
    let tags = |value: &Value| {
        value["tags"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect::<BTreeSet<_>>()
    };
    let (before, after) = (tags(was), tags(is));
    for tag in before.difference(&after) {
        findings.add(
            Level::Text,
            "api-tag-removed",
            format!("it no longer belongs to {tag}"),
        );
    }
    for tag in after.difference(&before) {
        findings.add(Level::Text, "api-tag-added", format!("it belongs to {tag}"));
    }
}

fn security(old: &Document, new: &Document, was: &Value, is: &Value, findings: &mut Findings) {
    let needs = |document: &Document, operation: &Value| -> BTreeMap<String, BTreeSet<String>> {
        let list = operation
            .get("security")
            .or_else(|| document.root.get("security"));
        list.and_then(Value::as_array)
            .into_iter()
            .flatten()
            .flat_map(|need| entries(Some(need)))
            .map(|(scheme, scopes)| {
                (
                    scheme.to_owned(),
                    scopes
                        .as_array()
                        .into_iter()
                        .flatten()
                        .filter_map(Value::as_str)
                        .map(str::to_owned)
                        .collect(),
                )
            })
            .collect()
    };
    let (before, after) = (needs(old, was), needs(new, is));
    for (scheme, scopes) in &after {
        match before.get(scheme) {
            None if before.is_empty() => findings.add(
                Level::Breaking,
                "api-security-added",
                format!("it asks for credentials of {scheme}"),
            ),
            None => findings.add(
                Level::Compatible,
                "api-security-alternative-added",
                format!("it takes credentials of {scheme} too"),
            ),
            Some(known) => {
                for scope in scopes.difference(known) {
                    findings.add(
                        Level::Breaking,
                        "api-security-scope-added",
                        format!("it asks {scheme} for the scope {scope}"),
                    );
                }
                for scope in known.difference(scopes) {
                    findings.add(
                        Level::Compatible,
                        "api-security-scope-removed",
                        format!("it no longer asks {scheme} for the scope {scope}"),
                    );
                }
            }
        }
    }
    for scheme in before.keys().filter(|scheme| !after.contains_key(*scheme)) {
        let (level, rule) = if after.is_empty() {
            (Level::Compatible, "api-security-removed")
        } else {
            (Level::Breaking, "api-security-alternative-removed")
        };
        findings.add(
            level,
            rule,
            format!("it no longer takes credentials of {scheme}"),
        );
    }
}

fn components(old: &Document, new: &Document, findings: &mut Findings) {
    let names = |document: &Document, kind: &str| {
        entries(document.root["components"].get(kind))
            .map(|(name, value)| (name.to_owned(), value.clone()))
            .collect::<BTreeMap<_, _>>()
    };
    let (before, after) = (names(old, "schemas"), names(new, "schemas"));
    for name in before.keys().filter(|name| !after.contains_key(*name)) {
        findings.at(format!("schema {name}"));
        findings.add(Level::Source, "api-schema-removed", "the type is gone");
    }
    for name in after.keys().filter(|name| !before.contains_key(*name)) {
        findings.at(format!("schema {name}"));
        findings.add(Level::Compatible, "api-schema-added", "the type is new");
    }
    let (before, after) = (names(old, "securitySchemes"), names(new, "securitySchemes"));
    for (name, scheme) in &before {
        findings.at(format!("security scheme {name}"));
        match after.get(name) {
            None => findings.add(
                Level::Breaking,
                "api-security-component-removed",
                "the way to sign in is gone",
            ),
            Some(other)
                if other["type"] != scheme["type"]
                    || other["scheme"] != scheme["scheme"]
                    || other["in"] != scheme["in"]
                    || other["name"] != scheme["name"] =>
            {
                findings.add(
                    Level::Breaking,
                    "api-security-component-changed",
                    "its credentials are sent otherwise",
                );
            }
            Some(other) if other["flows"] != scheme["flows"] => findings.add(
                Level::Breaking,
                "api-security-component-oauth-changed",
                "its flows, URLs or scopes are others",
            ),
            Some(_) => {}
        }
    }
    for name in after.keys().filter(|name| !before.contains_key(*name)) {
        findings.at(format!("security scheme {name}"));
        findings.add(
            Level::Compatible,
            "api-security-component-added",
            "there is another way to sign in",
        );
    }
    let servers = |document: &Document| {
        document.root["servers"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|server| text(server, "url"))
            .map(str::to_owned)
            .collect::<BTreeSet<_>>()
    };
    findings.at("servers");
    for url in servers(old).difference(&servers(new)) {
        findings.add(
            Level::Breaking,
            "api-server-removed",
            format!("{url} is gone"),
        );
    }
    for url in servers(new).difference(&servers(old)) {
        findings.add(
            Level::Compatible,
            "api-server-added",
            format!("{url} is new"),
        );
    }
}
