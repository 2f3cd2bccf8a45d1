//! Parameters, bodies and answers, compared.

use std::collections::BTreeMap;

use serde_json::Value;

use super::schemas;
use super::site::{Direction, Site};
use super::{Findings, Level, sunset};
use crate::regen::document::{Document, Operation, entries, flag, text};
use crate::regen::problem::Problem;

pub(super) fn parameters(
    old: &Document,
    new: &Document,
    before: &Operation<'_>,
    after: &Operation<'_>,
    findings: &mut Findings,
) {
    let place = |operation: &Operation<'_>, name: &str| {
        operation
            .path
            .split('/')
            .position(|part| part == format!("{{{name}}}"))
    };
    let find =
        |operation: &Operation<'_>, wanted: &Value, other: &Operation<'_>| -> Option<Value> {
            let own = text(wanted, "name").unwrap_or_default();
            let kind = text(wanted, "in");
            operation
                .parameters
                .iter()
                .find(|parameter| {
                    let name = text(parameter, "name").unwrap_or_default();
                    let same = if kind == Some("header") {
                        name.eq_ignore_ascii_case(own)
                    } else {
                        name == own
                    };
                    let moved = kind == Some("path")
                        && place(operation, name).is_some()
                        && place(operation, name) == place(other, own);
                    text(parameter, "in") == kind && (same || moved)
                })
                .map(|parameter| (*parameter).clone())
        };
    for parameter in &before.parameters {
        let (own, kind) = (
            text(parameter, "name").unwrap_or_default(),
            text(parameter, "in").unwrap_or_default(),
        );
        let Some(other) = find(after, parameter, before) else {
            let (rule, more) = match (flag(parameter, "deprecated"), text(parameter, "x-sunset")) {
                (true, Some(date)) => (
                    "request-parameter-removed-before-sunset",
                    format!("; it was deprecated, and promised until {date}"),
                ),
                (true, None) => ("request-parameter-removed-with-deprecation", String::new()),
                _ => ("request-parameter-removed", String::new()),
            };
            findings.add(
                Level::Breaking,
                rule,
                format!("the {kind} parameter {own} is gone{more}"),
            );
            continue;
        };
        let site = Site::parameter(kind, own);
        let renamed = text(&other, "name").unwrap_or_default();
        if kind == "path" && renamed != own {
            findings.add(
                Level::Text,
                "request-path-parameter-renamed",
                format!("the path parameter {own} is called {renamed}; callers pass it by place"),
            );
        }
        match (flag(parameter, "required"), flag(&other, "required")) {
            (false, true) => findings.add(
                Level::Breaking,
                "request-parameter-became-required",
                format!("{site} must be given"),
            ),
            (true, false) => findings.add(
                Level::Source,
                "request-parameter-became-optional",
                format!("{site} can be left out: its type is an Option"),
            ),
            _ => {}
        }
        match (flag(parameter, "deprecated"), flag(&other, "deprecated")) {
            (false, true) => findings.add(
                Level::Compatible,
                "request-parameter-deprecated",
                format!("{site} is deprecated"),
            ),
            (true, false) => findings.add(
                Level::Compatible,
                "request-parameter-reactivated",
                format!("{site} is no longer deprecated"),
            ),
            _ => {}
        }
        let rules = [
            "request-parameter-sunset-deleted",
            "request-parameter-sunset-date-changed-too-small",
            "request-parameter-sunset-date-extended",
        ];
        sunset(parameter, &other, &site.to_string(), rules, findings);
        for key in ["style", "explode", "allowReserved", "content"] {
            let media = |value: &Value| {
                entries(value.get("content"))
                    .map(|(kind, _)| kind.to_owned())
                    .collect::<Vec<_>>()
            };
            let differs = if key == "content" {
                media(parameter) != media(&other)
            } else {
                parameter.get(key) != other.get(key)
            };
            if differs {
                findings.add(
                    Level::Breaking,
                    format!("request-parameter-{}-changed", key.to_ascii_lowercase()),
                    format!("{site} is written otherwise ({key})"),
                );
            }
        }
        if parameter.get("description") != other.get("description") {
            findings.add(
                Level::Text,
                "request-parameter-description-changed",
                format!("the text of {site} is another"),
            );
        }
        schemas::compare(
            old,
            new,
            &schema_of(parameter),
            &schema_of(&other),
            Direction::Request,
            &site,
            findings,
        );
    }
    for parameter in &after.parameters {
        if find(before, parameter, after).is_some() {
            continue;
        }
        let (own, kind) = (
            text(parameter, "name").unwrap_or_default(),
            text(parameter, "in").unwrap_or_default(),
        );
        match (kind, flag(parameter, "required")) {
            ("path", _) => findings.add(Level::Breaking, "new-request-path-parameter", format!("the path parameter {own} is new")),
            (_, true) => findings.add(Level::Breaking, "new-required-request-parameter", format!("the {kind} parameter {own} is new and must be given")),
            (_, false) => findings.add(Level::Source, "new-optional-request-parameter", format!("the {kind} parameter {own} is new and can be left out; the raw method has one more argument")),
        }
    }
}

fn schema_of(holder: &Value) -> Value {
    match holder.get("schema") {
        Some(schema) => schema.clone(),
        None => entries(holder.get("content"))
            .next()
            .and_then(|(_, media)| media.get("schema"))
            .cloned()
            .unwrap_or_default(),
    }
}

pub(super) fn body(
    old: &Document,
    new: &Document,
    was: &Value,
    is: &Value,
    findings: &mut Findings,
) -> Result<(), Problem> {
    let resolved = |document: &Document, value: &Value| {
        value
            .get("requestBody")
            .map(|body| document.resolve(body).cloned())
            .transpose()
    };
    let (before, after) = match (resolved(old, was)?, resolved(new, is)?) {
        (None, None) => return Ok(()),
        (None, Some(body)) => {
            let (level, rule) = if flag(&body, "required") {
                (Level::Breaking, "request-body-added-required")
            } else {
                (Level::Source, "request-body-added-optional")
            };
            findings.add(level, rule, "it takes a body");
            return Ok(());
        }
        (Some(_), None) => {
            findings.add(
                Level::Breaking,
                "request-body-removed",
                "it no longer takes a body",
            );
            return Ok(());
        }
        (Some(before), Some(after)) => (before, after),
    };
    match (flag(&before, "required"), flag(&after, "required")) {
        (false, true) => findings.add(
            Level::Breaking,
            "request-body-became-required",
            "the body must be given",
        ),
        (true, false) => findings.add(
            Level::Source,
            "request-body-became-optional",
            "the body can be left out: its type is an Option",
        ),
        _ => {}
    }
    media(old, new, &before, &after, Direction::Request, "", findings);
    Ok(())
}

/// Media types with how they are written. What comes is read the same whatever its parameters, so it goes by its plain
/// name where that tells it from the others.
fn by_kind(holder: &Value, direction: Direction) -> BTreeMap<String, (String, Value)> {
    let plain = |kind: &str| {
        let bare = kind.split(';').next().unwrap_or_default();
        bare.trim().to_ascii_lowercase()
    };
    let all: Vec<(&str, &Value)> = entries(holder.get("content")).collect();
    let alone = |kind: &str| {
        let same = all.iter().filter(|(other, _)| plain(other) == plain(kind));
        same.count() == 1
    };
    all.iter()
        .map(|(kind, media)| {
            let key = if direction == Direction::Response && alone(kind) {
                plain(kind)
            } else {
                (*kind).to_owned()
            };
            (key, ((*kind).to_owned(), (*media).clone()))
        })
        .collect()
}

fn media(
    old: &Document,
    new: &Document,
    before: &Value,
    after: &Value,
    direction: Direction,
    status: &str,
    findings: &mut Findings,
) {
    let (was, is) = (by_kind(before, direction), by_kind(after, direction));
    let word = direction.word();
    let at = if status.is_empty() {
        String::new()
    } else {
        format!(" of the answer {status}")
    };
    for kind in was.keys().filter(|kind| !is.contains_key(*kind)) {
        findings.add(
            Level::Breaking,
            format!("{word}-media-type-removed"),
            format!("the media type {kind}{at} is gone"),
        );
    }
    for kind in is.keys().filter(|kind| !was.contains_key(*kind)) {
        findings.add(
            Level::Compatible,
            format!("{word}-media-type-added"),
            format!("the media type {kind}{at} is new"),
        );
    }
    for (kind, (full, media)) in &was {
        if let Some((other_full, other)) = is.get(kind) {
            if full != other_full {
                let what = match (full.contains(';'), other_full.contains(';')) {
                    (false, _) => "added",
                    (_, false) => "removed",
                    _ => "changed",
                };
                findings.add(
                    Level::Text,
                    format!("{word}-media-type-parameter-{what}"),
                    format!(
                        "the media type{at} is {other_full}, and was {full}; the client reads both"
                    ),
                );
            }
            let site = Site::body(direction, status);
            schemas::compare(
                old,
                new,
                &media["schema"],
                &other["schema"],
                direction,
                &site,
                findings,
            );
            if media.get("encoding") != other.get("encoding") {
                findings.add(
                    Level::Breaking,
                    format!("{word}-encoding-changed"),
                    format!("the fields of {site} are encoded otherwise"),
                );
            }
        }
    }
}

pub(super) fn answers(
    old: &Document,
    new: &Document,
    was: &Value,
    is: &Value,
    findings: &mut Findings,
) -> Result<(), Problem> {
    let of = |document: &Document, value: &Value| -> Result<BTreeMap<String, Value>, Problem> {
        entries(value.get("responses"))
            .filter(|(status, _)| !status.starts_with("x-"))
            .map(|(status, response)| Ok((status.to_owned(), document.resolve(response)?.clone())))
            .collect()
    };
    let (before, after) = (of(old, was)?, of(new, is)?);
    let success = |status: &str| status.starts_with('2');
    for status in before.keys().filter(|status| !after.contains_key(*status)) {
        let (level, rule) = if success(status) {
            (Level::Breaking, "response-success-status-removed")
        } else {
            (Level::Source, "response-non-success-status-removed")
        };
        findings.add(level, rule, format!("the answer {status} is gone"));
    }
    for status in after.keys().filter(|status| !before.contains_key(*status)) {
        let (level, rule) = if success(status) {
            (Level::Source, "response-success-status-added")
        } else {
            (Level::Compatible, "response-non-success-status-added")
        };
        findings.add(level, rule, format!("the answer {status} is new"));
    }
    for (status, response) in &before {
        let Some(other) = after.get(status) else {
            continue;
        };
        let content = |value: &Value| entries(value.get("content")).next().is_some();
        match (content(response), content(other)) {
            (true, false) => findings.add(
                Level::Breaking,
                "response-body-removed",
                format!("the answer {status} has no body any more"),
            ),
            (false, true) => findings.add(
                Level::Source,
                "response-body-added",
                format!("the answer {status} has a body"),
            ),
            _ => media(
                old,
                new,
                response,
                other,
                Direction::Response,
                status,
                findings,
            ),
        }
        if response.get("description") != other.get("description") {
            findings.add(
                Level::Text,
                "response-description-changed",
                format!("the text of the answer {status} is another"),
            );
        }
        headers(old, new, status, response, other, findings);
    }
    Ok(())
}

fn headers(
    old: &Document,
    new: &Document,
    status: &str,
    response: &Value,
    other: &Value,
    findings: &mut Findings,
) {
    let of = |document: &Document, value: &Value| -> BTreeMap<String, Value> {
        entries(value.get("headers"))
            .filter_map(|(name, header)| {
                Some((
                    name.to_ascii_lowercase(),
                    document.resolve(header).ok()?.clone(),
                ))
            })
            .collect()
    };
    let (before, after) = (of(old, response), of(new, other));
    for (name, header) in &before {
        match after.get(name) {
            None if flag(header, "required") => findings.add(
                Level::Breaking,
                "required-response-header-removed",
                format!("the answer {status} no longer has the header {name}"),
            ),
            None => findings.add(
                Level::Compatible,
                "optional-response-header-removed",
                format!(
                    "the answer {status} no longer has the header {name}, which could be missing"
                ),
            ),
            Some(new_header) => {
                match (flag(header, "required"), flag(new_header, "required")) {
                    (true, false) => findings.add(
                        Level::Breaking,
                        "response-header-became-optional",
                        format!("the header {name} of the answer {status} can be missing"),
                    ),
                    (false, true) => findings.add(
                        Level::Compatible,
                        "response-header-became-required",
                        format!("the header {name} of the answer {status} is always there"),
                    ),
                    _ => {}
                }
                let site = Site::header(name, status);
                schemas::compare(
                    old,
                    new,
                    &schema_of(header),
                    &schema_of(new_header),
                    Direction::Response,
                    &site,
                    findings,
                );
            }
        }
    }
    for name in after.keys().filter(|name| !before.contains_key(*name)) {
        findings.add(
            Level::Compatible,
            "response-header-added",
            format!("the answer {status} has the header {name}"),
        );
    }
}
