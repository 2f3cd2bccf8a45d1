//! Bounds, compared: what they allow more or less.

use serde_json::{Value, json};

use super::Findings;
use super::Level;
use super::site::{Direction, Site};

/// A bound: its word, its rule, and whether more of it allows more values.
const BOUNDS: [(&str, &str, bool); 8] = [
    ("maximum", "max", true),
    ("minimum", "min", false),
    ("maxLength", "max-length", true),
    ("minLength", "min-length", false),
    ("maxItems", "max-items", true),
    ("minItems", "min-items", false),
    ("maxProperties", "max-properties", true),
    ("minProperties", "min-properties", false),
];

pub(super) fn bounds(
    was: &Value,
    is: &Value,
    direction: Direction,
    site: &Site,
    findings: &mut Findings,
) {
    let (wider, narrower) = (direction.wider(), direction.narrower());
    for (key, rule, more_is_wider) in BOUNDS {
        match (was[key].as_f64(), is[key].as_f64()) {
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
    for (key, rule) in [("pattern", "pattern"), ("multipleOf", "multiple-of")] {
        match (was.get(key), is.get(key)) {
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
            (Some(before), Some(after)) if before != after => findings.add(
                Level::Breaking,
                site.named(&format!("{rule}-changed")),
                format!("{site} has the {key} {after}, and had {before}"),
            ),
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
