//! Bounds, compared: what they allow more or less.

use serde_json::{Value, json};

use super::Findings;
use super::Level;
use super::site::{Direction, Site};
use crate::regen::prepare::down::UNCHECKED;

/// A bound: its word, its rule, and whether more of it allows more values.
const BOUNDS: [(&str, &str, bool); 10] = [
    ("maximum", "max", true),
    ("minimum", "min", false),
    ("maxLength", "max-length", true),
    ("minLength", "min-length", false),
    ("maxItems", "max-items", true),
    ("minItems", "min-items", false),
    ("maxProperties", "max-properties", true),
    ("minProperties", "min-properties", false),
    ("maxContains", "max-contains", true),
    ("minContains", "min-contains", false),
];
/// Words that take values away, whatever they say.
const WORDS: [(&str, &str); 9] = [
    ("pattern", "pattern"),
    ("multipleOf", "multiple-of"),
    ("not", "not"),
    ("contains", "contains"),
    ("propertyNames", "property-names"),
    ("dependentRequired", "dependent-required"),
    ("unevaluatedItems", "unevaluated-items"),
    ("unevaluatedProperties", "unevaluated-properties"),
    ("contentSchema", "content-schema"),
];
/// Patterns that every text fits.
const ANYTHING: [&str; 6] = ["", ".*", "^.*$", "^.*", ".*$", "^"];

/// A word of a schema, also where 3.0 has no place for it.
fn word<'a>(schema: &'a Value, key: &str) -> Option<&'a Value> {
    schema.get(key).or_else(|| schema.get(UNCHECKED)?.get(key))
}

/// What became of a word that stays, where it can be told: `Some(true)` where it allows more.
fn wider_word(key: &str, before: &Value, after: &Value) -> Option<bool> {
    match key {
        "pattern" if ANYTHING.contains(&after.as_str()?) => Some(true),
        "multipleOf" => {
            let (before, after) = (before.as_f64()?, after.as_f64()?);
            let whole = |value: f64, part: f64| (value / part).fract() == 0.0;
            if whole(before, after) {
                Some(true)
            } else {
                whole(after, before).then_some(false)
            }
        }
        _ => None,
    }
}

pub(super) fn bounds(
    was: &Value,
    is: &Value,
    direction: Direction,
    site: &Site,
    findings: &mut Findings,
) {
    let (wider, narrower) = (direction.wider(), direction.narrower());
    for (key, rule, more_is_wider) in BOUNDS {
        let number = |schema| word(schema, key).and_then(Value::as_f64);
        match (number(was), number(is)) {
            (None, Some(value)) => findings.add(
                narrower,
                site.named(&format!("{rule}-set")),
                format!("{site} has the {key} {value}"),
            ),
            (Some(value), None) => findings.add(
                wider,
                site.named(&format!("{rule}-unset")),
                format!("{site} no longer has the {key} {value}"),
            ),
            (Some(before), Some(after)) if before < after => findings.add(
                if more_is_wider { wider } else { narrower },
                site.named(&format!("{rule}-increased")),
                format!("{site} has the {key} {after}, and had {before}"),
            ),
            (Some(before), Some(after)) if before > after => findings.add(
                if more_is_wider { narrower } else { wider },
                site.named(&format!("{rule}-decreased")),
                format!("{site} has the {key} {after}, and had {before}"),
            ),
            _ => {}
        }
    }
    for (key, rule) in WORDS {
        match (word(was, key), word(is, key)) {
            (None, Some(value)) => findings.add(
                narrower,
                site.named(&format!("{rule}-added")),
                format!("{site} has the {key} {value}"),
            ),
            (Some(value), None) => findings.add(
                wider,
                site.named(&format!("{rule}-removed")),
                format!("{site} no longer has the {key} {value}"),
            ),
            (Some(before), Some(after)) if before != after => {
                let (level, what) = match wider_word(key, before, after) {
                    Some(true) => (wider, "generalized"),
                    Some(false) => (narrower, "specialized"),
                    None => (Level::Breaking, "changed"),
                };
                findings.add(
                    level,
                    site.named(&format!("{rule}-{what}")),
                    format!("{site} has the {key} {after}, and had {before}"),
                );
            }
            _ => {}
        }
    }
    for (key, rule) in [
        ("uniqueItems", "unique-items"),
        ("exclusiveMinimum", "exclusive-min"),
        ("exclusiveMaximum", "exclusive-max"),
    ] {
        match (
            was.get(key) == Some(&json!(true)),
            is.get(key) == Some(&json!(true)),
        ) {
            (false, true) => findings.add(
                narrower,
                site.named(&format!("{rule}-set")),
                format!("{site} has {key}"),
            ),
            (true, false) => findings.add(
                wider,
                site.named(&format!("{rule}-unset")),
                format!("{site} no longer has {key}"),
            ),
            _ => {}
        }
    }
}
