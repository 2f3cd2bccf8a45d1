//! Invalid values of a schema: each constraint broken in turn in an otherwise valid value.

use serde_json::{Value, json};

use super::shape::{DEEPEST, flat, is_closed, kind, range};
use super::values::{Case, fullest, smallest, with};
use crate::engine::{array, entries};

/// Every way in which one constraint of the schema is broken and all others are kept.
pub(crate) fn broken(root: &Value, schema: &Value) -> Vec<Case> {
    let (small, full) = (smallest(root, schema), fullest(root, schema));
    broken_in(root, schema, &small, &full)
}

/// The same in a valid value that is given small and full.
pub(crate) fn broken_in(root: &Value, schema: &Value, small: &Value, full: &Value) -> Vec<Case> {
    ways(root, schema, (small, full), 0)
}

fn ways(root: &Value, schema: &Value, base: (&Value, &Value), depth: usize) -> Vec<Case> {
    let schema = flat(root, schema);
    let mut cases = Vec::new();
    wrong_kind(&schema, &mut cases);
    if schema.get("enum").is_some() {
        let stranger = if kind(&schema) == "string" {
            json!("no-such-word")
        } else {
            json!(987_654_321)
        };
        cases.push(case("enum", "a value that is not listed", stranger));
        return cases;
    }
    match kind(&schema) {
        "string" => texts(&schema, &mut cases),
        "integer" | "number" => numbers(&schema, &mut cases),
        "array" => arrays(root, &schema, base, depth, &mut cases),
        "object" if depth < DEEPEST => objects(root, &schema, base, depth, &mut cases),
        _ => {}
    }
    cases
}

fn wrong_kind(schema: &Value, cases: &mut Vec<Case>) {
    let others: &[Value] = match kind(schema) {
        "string" => &[json!(17), json!({ "a": 1 })],
        "integer" => &[json!("3"), json!(1.5), json!(true)],
        "number" => &[json!("1.5"), json!([1])],
        "boolean" => &[json!("true"), json!(1)],
        "array" => &[json!("a"), json!({ "0": "a" })],
        "object" => &[json!([]), json!("a")],
        _ => return,
    };
    for other in others {
        cases.push(case(
            "type",
            &format!("{other} for {}", kind(schema)),
            other.clone(),
        ));
    }
    if schema["nullable"] != true && schema.get("type").is_some() {
        cases.push(case("nullable", "null", Value::Null));
    }
}

fn texts(schema: &Value, cases: &mut Vec<Case>) {
    if let Some(most) = schema["maxLength"].as_u64().filter(|most| *most < 100_000) {
        let long = "z".repeat(usize::try_from(most).unwrap_or(0) + 1);
        cases.push(case(
            "maxLength",
            &format!("{} characters", most + 1),
            json!(long),
        ));
    }
    if let Some(least) = schema["minLength"].as_u64().filter(|least| *least > 0) {
        let short = "a".repeat(usize::try_from(least).unwrap_or(1) - 1);
        cases.push(case(
            "minLength",
            &format!("{} characters", least - 1),
            json!(short),
        ));
    }
    if schema.get("pattern").is_some() {
        cases.push(case(
            "pattern",
            "a text that does not match",
            json!("\u{1F680} no match \n"),
        ));
    }
    let wrong: &[&str] = match schema["format"].as_str() {
        Some("uuid") => &["not-a-uuid"],
        Some("date") => &["tomorrow", "2023-02-29", "2024-2-9"],
        Some("date-time") => &["now", "2026-13-01T00:00:00Z"],
        Some("email") => &["nobody"],
        Some("uri") => &["no uri"],
        Some("ipv4") => &["256.0.0.1"],
        Some("ipv6") => &[":::"],
        Some("byte") => &["*"],
        _ => &[],
    };
    for text in wrong {
        cases.push(case("format", &format!("{text:?}"), json!(text)));
    }
}

fn numbers(schema: &Value, cases: &mut Vec<Case>) {
    let integer = kind(schema) == "integer";
    let step = if integer { 1.0 } else { 0.001 };
    let (least, most) = range(schema, step);
    let format = schema["format"].as_str();
    if let Some(least) =
        least.filter(|_| format != Some("int64") || schema.get("minimum").is_some())
    {
        let below = super::shape::number(least - step);
        cases.push(case("minimum", &below.to_string(), below));
    }
    if let Some(most) = most.filter(|_| format != Some("int64") || schema.get("maximum").is_some())
    {
        let above = super::shape::number(most + step);
        cases.push(case("maximum", &above.to_string(), above));
    }
    if let Some(multiple) = schema["multipleOf"]
        .as_f64()
        .filter(|multiple| *multiple > 1.0)
    {
        let off = super::shape::number(multiple * 2.0 + 1.0);
        cases.push(case("multipleOf", &off.to_string(), off));
    }
}

fn arrays(
    root: &Value,
    schema: &Value,
    base: (&Value, &Value),
    depth: usize,
    cases: &mut Vec<Case>,
) {
    let items = schema.get("items").cloned().unwrap_or(json!({}));
    let item_of = |whole: &Value, made: Value| whole.get(0).cloned().unwrap_or(made);
    let item = item_of(base.0, smallest(root, &items));
    let full = item_of(base.1, fullest(root, &items));
    let distinct = |count: u64| -> Vec<Value> {
        (0..count)
            .map(|index| {
                if item.is_string() {
                    json!(format!("v{index}"))
                } else {
                    item.clone()
                }
            })
            .collect()
    };
    if let Some(most) = schema["maxItems"].as_u64().filter(|most| *most < 1000) {
        cases.push(case(
            "maxItems",
            &format!("{} items", most + 1),
            Value::Array(distinct(most + 1)),
        ));
    }
    if let Some(least) = schema["minItems"].as_u64().filter(|least| *least > 0) {
        cases.push(case(
            "minItems",
            &format!("{} items", least - 1),
            Value::Array(distinct(least - 1)),
        ));
    }
    if schema["uniqueItems"] == true {
        cases.push(case(
            "uniqueItems",
            "the same item twice",
            json!([item, item]),
        ));
    }
    if depth < DEEPEST {
        for inner in ways(root, &items, (&item, &full), depth + 1) {
            let value = Value::Array(vec![inner.value.clone()]);
            cases.push(Case {
                place: format!("/*{}", inner.place),
                value,
                ..inner
            });
        }
    }
}

fn objects(
    root: &Value,
    schema: &Value,
    (base, full): (&Value, &Value),
    depth: usize,
    cases: &mut Vec<Case>,
) {
    if is_closed(schema) {
        let more = with(base, "no_such_field", json!("x"));
        cases.push(case(
            "additionalProperties",
            "a field that is not described",
            more,
        ));
    }
    if schema["minProperties"]
        .as_u64()
        .is_some_and(|least| least > 0)
    {
        cases.push(case("minProperties", "no field", json!({})));
    }
    for name in array(schema.get("required")).filter_map(Value::as_str) {
        let mut without = full.clone();
        if let Some(fields) = without.as_object_mut() {
            fields.remove(name);
        }
        let missing = case("required", "left out", without);
        cases.push(Case {
            place: format!("/{name}"),
            ..missing
        });
    }
    for (name, field) in entries(schema.get("properties")) {
        let inner_base = base
            .get(name)
            .cloned()
            .unwrap_or_else(|| smallest(root, field));
        let inner_full = full
            .get(name)
            .cloned()
            .unwrap_or_else(|| fullest(root, field));
        for inner in ways(root, field, (&inner_base, &inner_full), depth + 1) {
            let value = with(base, name, inner.value.clone());
            cases.push(Case {
                place: format!("/{name}{}", inner.place),
                value,
                ..inner
            });
        }
    }
}

fn case(keyword: &str, what: &str, value: Value) -> Case {
    Case {
        place: String::new(),
        keyword: keyword.to_owned(),
        what: what.to_owned(),
        value,
    }
}

#[cfg(test)]
mod tests {
    use super::super::values::{boundaries, drawn, runner, strategy};
    use super::*;
    use crate::engine::{Direction, Schema};

    fn everything() -> Value {
        json!({
            "type": "object", "additionalProperties": false, "required": ["name", "size"],
            "properties": {
                "name": { "type": "string", "minLength": 2, "maxLength": 5 },
                "size": { "type": "integer", "minimum": 3, "maximum": 9, "multipleOf": 3 },
                "share": { "type": "number", "minimum": 0, "exclusiveMinimum": true, "maximum": 1 },
                "kind": { "type": "string", "enum": ["a", "b"], "nullable": true },
                "day": { "type": "string", "format": "date" },
                "id": { "type": "string", "format": "uuid" },
                "code": { "type": "string", "pattern": "^[A-Z]{3}-\\d+$" },
                "tags": { "type": "array", "minItems": 1, "maxItems": 3, "uniqueItems": true,
                          "items": { "type": "string", "maxLength": 4 } },
                "inner": { "type": "object", "required": ["x"], "properties": { "x": { "type": "boolean" } } },
            },
        })
    }

    #[test]
    fn every_boundary_and_every_random_value_is_valid() {
        let root = json!({});
        let schema = everything();
        let compiled = Schema::compile(&root, &schema, Direction::Request).unwrap();
        let cases = boundaries(&root, &schema);
        for case in &cases {
            assert_eq!(
                compiled.broken(&case.value),
                Vec::<String>::new(),
                "{case:?}"
            );
        }
        for keyword in [
            "minLength",
            "maxLength",
            "minimum",
            "maximum",
            "enum",
            "nullable",
            "format",
            "pattern",
        ] {
            assert!(
                cases.iter().any(|case| case.keyword == keyword),
                "{keyword}"
            );
        }
        assert!(
            cases
                .iter()
                .any(|case| case.value["name"] == "\u{1F680}".repeat(5))
        );
        let (strategy, mut runner) = (strategy(&root, &schema, 0), runner(7, "random"));
        let mut different = std::collections::BTreeSet::new();
        for _ in 0..200 {
            let value = drawn(&strategy, &mut runner);
            assert_eq!(compiled.broken(&value), Vec::<String>::new(), "{value}");
            different.insert(value.to_string());
        }
        assert!(different.len() > 150, "{}", different.len());
    }

    #[test]
    fn every_broken_value_is_invalid_and_every_constraint_is_broken() {
        let root = json!({});
        let schema = everything();
        let compiled = Schema::compile(&root, &schema, Direction::Request).unwrap();
        let cases = broken(&root, &schema);
        for case in &cases {
            assert!(!compiled.broken(&case.value).is_empty(), "{case:?}");
        }
        let tried: std::collections::BTreeSet<(String, String)> = cases
            .into_iter()
            .map(|case| (case.place, case.keyword))
            .collect();
        for (place, keyword) in super::super::shape::constraints(&root, &schema) {
            if place != "/kind" || keyword != "nullable" {
                assert!(
                    tried.contains(&(place.clone(), keyword.clone())),
                    "{place} {keyword}"
                );
            }
        }
    }

    #[test]
    fn a_seed_and_a_name_decide_what_is_drawn() {
        let strategy = strategy(&json!({}), &everything(), 0);
        let draw = |seed, name| drawn(&strategy, &mut runner(seed, name));
        assert_eq!(draw(1, "a"), draw(1, "a"));
        assert_ne!(draw(1, "a"), draw(2, "a"));
        assert_ne!(draw(1, "a"), draw(1, "b"));
    }
}
