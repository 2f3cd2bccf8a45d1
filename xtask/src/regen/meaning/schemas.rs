//! Schemas, compared: what is allowed more and what less, which is good or bad by the direction that a value travels in.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::bounds::bounds;
use super::site::{Direction, Site};
use super::{Findings, Level, stability};
use crate::regen::document::{Document, entries, flag, schema_name, text};
use crate::regen::prepare::down::MEDIA_TYPE;

pub(super) fn compare(
    old: &Document,
    new: &Document,
    was: &Value,
    is: &Value,
    direction: Direction,
    site: &Site,
    findings: &mut Findings,
) {
    let mut walk = Walk {
        old,
        new,
        direction,
        seen: BTreeSet::new(),
    };
    walk.schema(was, is, site, findings);
}

struct Walk<'a> {
    old: &'a Document,
    new: &'a Document,
    direction: Direction,
    /// Pairs of named schemas that are being compared, so that recursion ends.
    seen: BTreeSet<(String, String)>,
}

impl Walk<'_> {
    fn schema(&mut self, was: &Value, is: &Value, site: &Site, findings: &mut Findings) {
        let pair = match (schema_name(was), schema_name(is)) {
            (Some(before), Some(after)) => Some((before.to_owned(), after.to_owned())),
            _ => None,
        };
        if let Some(pair) = pair
            && !self.seen.insert(pair)
        {
            return;
        }
        let (was, was_null) = bare(self.old, was);
        let (is, is_null) = bare(self.new, is);
        let (direction, wider, narrower) = (
            self.direction,
            self.direction.wider(),
            self.direction.narrower(),
        );
        match (was_null, is_null) {
            (false, true) => findings.add(
                wider.max(Level::Source),
                site.named("became-nullable"),
                format!("{site} can be null"),
            ),
            (true, false) => findings.add(
                narrower.max(Level::Source),
                site.named("became-not-nullable"),
                format!("{site} is never null any more"),
            ),
            _ => {}
        }
        self.kind(&was, &is, site, findings);
        self.words(&was, &is, site, findings);
        bounds(&was, &is, direction, site, findings);
        self.object(&was, &is, site, findings);
        self.alternatives(&was, &is, site, findings);
        if was["items"].is_object() && is["items"].is_object() {
            self.schema(&was["items"], &is["items"], &site.inside("[]"), findings);
        }
        match (was.get("default"), is.get("default")) {
            (None, Some(value)) => findings.add(
                Level::Compatible,
                site.named("default-value-added"),
                format!("{site} is {value} where it is left out"),
            ),
            (Some(value), None) => findings.add(
                Level::Compatible,
                site.named("default-value-removed"),
                format!("{site} is no longer {value} where it is left out"),
            ),
            (Some(before), Some(after)) if before != after => findings.add(
                Level::Compatible,
                site.named("default-value-changed"),
                format!("{site} is {after} where it is left out, and was {before}"),
            ),
            _ => {}
        }
        if was.get("description") != is.get("description") {
            findings.add(
                Level::Text,
                site.named("description-changed"),
                format!("the text of {site} is another"),
            );
        }
        if was.get("example") != is.get("example") {
            findings.add(
                Level::Text,
                site.named("example-changed"),
                format!("the example of {site} is another"),
            );
        }
    }

    fn kind(&self, was: &Value, is: &Value, site: &Site, findings: &mut Findings) {
        let (before, after) = (text(was, "type"), text(is, "type"));
        let said = |kind: Option<&str>| kind.unwrap_or("any").to_owned();
        if before != after {
            let wider = after.is_none() || (before, after) == (Some("integer"), Some("number"));
            let narrower = before.is_none() || (before, after) == (Some("number"), Some("integer"));
            let (level, rule) = match (wider, narrower) {
                (true, _) => (
                    self.direction.wider().max(Level::Source),
                    "type-generalized",
                ),
                (_, true) => (
                    self.direction.narrower().max(Level::Source),
                    "type-specialized",
                ),
                _ => (Level::Breaking, "type-changed"),
            };
            findings.add(
                level,
                site.named(rule),
                format!(
                    "{site} is of the type {}, and was {}",
                    said(after),
                    said(before)
                ),
            );
            return;
        }
        let (before, after) = (text(was, MEDIA_TYPE), text(is, MEDIA_TYPE));
        if before != after {
            findings.add(
                Level::Breaking,
                site.named("media-type-changed"),
                format!(
                    "{site} is {}, and was {}",
                    after.unwrap_or("of no named media type"),
                    before.unwrap_or("of no named media type")
                ),
            );
        }
        let (before, after) = (text(was, "format"), text(is, "format"));
        if before == after {
            return;
        }
        let (level, rule) = match (before, after) {
            (None, Some(_)) => (self.direction.narrower().max(Level::Source), "format-added"),
            (Some(_), None) => (self.direction.wider().max(Level::Source), "format-removed"),
            _ => (Level::Breaking, "format-changed"),
        };
        findings.add(
            level,
            site.named(rule),
            format!(
                "{site} has the format {}, and had {}",
                after.unwrap_or("none"),
                before.unwrap_or("none")
            ),
        );
    }

    /// Enums, closed and open, `const` being an enum of one.
    fn words(&self, was: &Value, is: &Value, site: &Site, findings: &mut Findings) {
        let values = |schema: &Value, key: &str| schema.get(key).and_then(Value::as_array).cloned();
        match (values(was, "enum"), values(is, "enum")) {
            (None, Some(_)) if is.get("x-extensible-enum").is_none() => findings.add(
                self.direction.narrower().max(Level::Source),
                site.named("became-enum"),
                format!("{site} takes only listed values"),
            ),
            (Some(_), None) => findings.add(
                self.direction.wider().max(Level::Source),
                site.named("became-not-enum"),
                format!("{site} is no longer held to listed values"),
            ),
            (Some(before), Some(after)) => {
                for value in after.iter().filter(|value| !before.contains(value)) {
                    findings.add(
                        self.direction.wider().max(Level::Compatible),
                        site.named("enum-value-added"),
                        format!("{site} can be {value}"),
                    );
                }
                for value in before.iter().filter(|value| !after.contains(value)) {
                    findings.add(
                        self.direction.narrower().max(Level::Source),
                        site.named("enum-value-removed"),
                        format!("{site} can no longer be {value}"),
                    );
                }
            }
            _ => {}
        }
        let (before, after) = (
            values(was, "x-extensible-enum").unwrap_or_default(),
            values(is, "x-extensible-enum").unwrap_or_default(),
        );
        for value in after.iter().filter(|value| !before.contains(value)) {
            findings.add(
                Level::Compatible,
                site.named("x-extensible-enum-value-added"),
                format!("{value} of {site} has a name; it was Unknown before"),
            );
        }
        for value in before.iter().filter(|value| !after.contains(value)) {
            findings.add(
                self.direction.narrower().max(Level::Source),
                site.named("x-extensible-enum-value-removed"),
                format!("{value} of {site} is no longer known"),
            );
        }
    }

    fn object(&mut self, was: &Value, is: &Value, site: &Site, findings: &mut Findings) {
        let word = self.direction.word();
        let (wider, narrower) = (self.direction.wider(), self.direction.narrower());
        let required = |schema: &Value, name: &str| {
            schema["required"]
                .as_array()
                .into_iter()
                .flatten()
                .any(|own| own == name)
        };
        // A parameter's or header's properties have their own name in the rules.
        let property = |what: &str| {
            if site.rule.ends_with("-body") {
                format!("{word}-{what}")
            } else {
                format!("{}-{what}", site.rule)
            }
        };
        let other_way = match self.direction {
            Direction::Request => "readOnly",
            Direction::Response => "writeOnly",
        };
        for (name, before) in entries(was.get("properties")) {
            let inner = site.inside(name);
            let never = flag(before, other_way);
            let Some(after) = is["properties"].get(name) else {
                if never {
                    continue;
                }
                let rule = match (self.direction, required(was, name)) {
                    (Direction::Request, _) => property("property-removed"),
                    (_, true) => property("required-property-removed"),
                    (_, false) => property("optional-property-removed"),
                };
                findings.add(Level::Breaking, rule, format!("{inner} is gone"));
                continue;
            };
            if never && flag(after, other_way) {
                continue;
            }
            match (required(was, name), required(is, name)) {
                (false, true) => {
                    let what = if after.get("default").is_some() {
                        "became-required-with-default"
                    } else {
                        "became-required"
                    };
                    findings.add(
                        narrower.max(Level::Source),
                        inner.named(what),
                        format!("{inner} is always there"),
                    );
                }
                (true, false) => findings.add(
                    wider.max(Level::Source),
                    inner.named("became-optional"),
                    format!("{inner} can be missing: its type is an Option"),
                ),
                _ => {}
            }
            self.marks(before, after, &inner, findings);
            self.schema(before, after, &inner, findings);
        }
        for (name, after) in entries(is.get("properties")) {
            if was["properties"].get(name).is_some() {
                continue;
            }
            let inner = site.inside(name);
            if self.direction == Direction::Response && flag(after, other_way) {
                continue;
            }
            match (self.direction, required(is, name)) {
                (Direction::Request, true) if after.get("readOnly") != Some(&json!(true)) => {
                    let rule = if after.get("default").is_some() {
                        "new-required-request-property-with-default"
                    } else {
                        "new-required-request-property"
                    };
                    findings.add(
                        Level::Breaking,
                        rule,
                        format!("{inner} is new and must be given"),
                    );
                }
                (Direction::Request, _) => findings.add(
                    Level::Source,
                    "new-optional-request-property",
                    format!(
                        "{inner} is new and can be left out; the raw struct has one more field"
                    ),
                ),
                (Direction::Response, true) => findings.add(
                    Level::Compatible,
                    "response-required-property-added",
                    format!("{inner} is new"),
                ),
                (Direction::Response, false) => findings.add(
                    Level::Compatible,
                    "response-optional-property-added",
                    format!("{inner} is new and can be missing"),
                ),
            }
        }
        let (before, after) = (
            was.get("additionalProperties"),
            is.get("additionalProperties"),
        );
        match (before == Some(&json!(false)), after == Some(&json!(false))) {
            (false, true) => findings.add(
                narrower.max(Level::Source),
                site.named("additional-properties-forbidden"),
                format!("{site} holds no other fields any more"),
            ),
            (true, false) => findings.add(
                wider.max(Level::Source),
                site.named("additional-properties-allowed"),
                format!("{site} can hold other fields"),
            ),
            _ => match (
                before.filter(|value| value.is_object()),
                after.filter(|value| value.is_object()),
            ) {
                (Some(before), Some(after)) => {
                    self.schema(before, after, &site.inside("*"), findings);
                }
                (None, Some(_)) if before != Some(&json!(false)) => findings.add(
                    narrower.max(Level::Source),
                    site.named("additional-properties-specialized"),
                    format!("the other fields of {site} are of one type"),
                ),
                (Some(_), None) if after != Some(&json!(false)) => findings.add(
                    wider.max(Level::Source),
                    site.named("additional-properties-generalized"),
                    format!("the other fields of {site} can be anything"),
                ),
                _ => {}
            },
        }
    }

    /// `readOnly`, `writeOnly`, `deprecated`.
    fn marks(&self, was: &Value, is: &Value, site: &Site, findings: &mut Findings) {
        for (key, rule, bad) in [
            ("readOnly", "read-only", Direction::Request),
            ("writeOnly", "write-only", Direction::Response),
        ] {
            let lost = self.direction == bad;
            match (flag(was, key), flag(is, key)) {
                (false, true) => findings.add(
                    if lost { Level::Breaking } else { Level::Source },
                    site.named(&format!("became-{rule}")),
                    format!("{site} is {key}"),
                ),
                (true, false) => findings.add(
                    Level::Source,
                    site.named(&format!("became-not-{rule}")),
                    format!("{site} is no longer {key}"),
                ),
                _ => {}
            }
        }
        stability(
            was,
            is,
            &site.to_string(),
            &site.named("stability"),
            findings,
        );
        match (flag(was, "deprecated"), flag(is, "deprecated")) {
            (false, true) => findings.add(
                Level::Compatible,
                site.named("deprecated"),
                format!("{site} is deprecated: callers see a warning"),
            ),
            (true, false) => findings.add(
                Level::Compatible,
                site.named("reactivated"),
                format!("{site} is no longer deprecated"),
            ),
            _ => {}
        }
    }

    fn alternatives(&mut self, was: &Value, is: &Value, site: &Site, findings: &mut Findings) {
        for (key, rule) in [("oneOf", "one-of"), ("anyOf", "any-of")] {
            let list = |schema: &Value| -> BTreeMap<String, Value> {
                let parts = schema
                    .get(key)
                    .and_then(Value::as_array)
                    .into_iter()
                    .flatten();
                parts
                    .map(|part| {
                        (
                            schema_name(part).map_or_else(|| part.to_string(), str::to_owned),
                            part.clone(),
                        )
                    })
                    .collect()
            };
            let (before, after) = (list(was), list(is));
            if before.is_empty() && after.is_empty() {
                continue;
            }
            let short = |name: &str| name.chars().take(60).collect::<String>();
            for name in after.keys().filter(|name| !before.contains_key(*name)) {
                findings.add(
                    self.direction.wider().max(Level::Source),
                    site.named(&format!("{rule}-added")),
                    format!("{site} can be {}", short(name)),
                );
            }
            for name in before.keys().filter(|name| !after.contains_key(*name)) {
                findings.add(
                    self.direction.narrower().max(Level::Source),
                    site.named(&format!("{rule}-removed")),
                    format!("{site} can no longer be {}", short(name)),
                );
            }
            for (name, part) in &before {
                if let Some(other) = after.get(name) {
                    self.schema(part, other, &site.inside(&short(name)), findings);
                }
            }
        }
        let (before, after) = (was.get("discriminator"), is.get("discriminator"));
        match (before, after) {
            (None, Some(_)) => findings.add(
                Level::Source,
                site.named("discriminator-added"),
                format!("{site} is told by a property"),
            ),
            (Some(_), None) => findings.add(
                Level::Source,
                site.named("discriminator-removed"),
                format!("{site} is no longer told by a property"),
            ),
            (Some(before), Some(after)) => {
                if before["propertyName"] != after["propertyName"] {
                    findings.add(
                        Level::Breaking,
                        site.named("discriminator-property-name-changed"),
                        format!(
                            "{site} is told by {}, and was by {}",
                            after["propertyName"], before["propertyName"]
                        ),
                    );
                }
                for (tag, target) in entries(before.get("mapping")) {
                    match after["mapping"].get(tag) {
                        None => findings.add(
                            self.direction.narrower().max(Level::Source),
                            site.named("discriminator-mapping-deleted"),
                            format!("{tag} of {site} means nothing any more"),
                        ),
                        Some(other) if other != target => findings.add(
                            Level::Breaking,
                            site.named("discriminator-mapping-changed"),
                            format!("{tag} of {site} means {other}, and meant {target}"),
                        ),
                        Some(_) => {}
                    }
                }
                for (tag, _) in entries(after.get("mapping")) {
                    if before["mapping"].get(tag).is_none() {
                        findings.add(
                            Level::Compatible,
                            site.named("discriminator-mapping-added"),
                            format!("{tag} of {site} has a meaning; it was Unknown before"),
                        );
                    }
                }
            }
            (None, None) => {}
        }
    }
}

/// A schema behind its references, and whether null fits.
fn bare(document: &Document, schema: &Value) -> (Value, bool) {
    let mut current = schema.clone();
    let mut null = false;
    for _ in 0..16 {
        null |= current.get("nullable") == Some(&Value::Bool(true));
        if let Ok(target) = document.resolve(&current)
            && *target != current
        {
            current = target.clone();
        } else if crate::regen::prepare::merge::is_alias(&current) {
            current = current["allOf"][0].clone();
        } else {
            break;
        }
    }
    (current, null)
}
