//! Valid values of a schema: the smallest, the boundaries one by one, and random ones as proptest strategies.

use proptest::collection::{btree_set, vec};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use super::samples::{ODD, samples, uuid};
use super::shape::{DEEPEST, flat, is_required, kind, number, range};
use crate::engine::{array, entries};

/// One value that is tried for a reason.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Case {
    /// Where in the value the reason lies, as a pointer.
    pub(crate) place: String,
    /// The keyword of the schema that is tried there.
    pub(crate) keyword: String,
    /// What of it, in words.
    pub(crate) what: String,
    pub(crate) value: Value,
}

/// Texts longer than this are not made for a bound alone.
const LONGEST: u64 = 100_000;
/// A source of values that a seed and a name decide.
pub(crate) fn runner(seed: u64, name: &str) -> TestRunner {
    let digest = Sha256::new()
        .chain_update(seed.to_le_bytes())
        .chain_update(name)
        .finalize();
    let mut bytes = [0_u8; 32];
    bytes.copy_from_slice(&digest);
    let config = Config {
        failure_persistence: None,
        ..Config::default()
    };
    TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes))
}

/// A value of a strategy; null where the strategy finds none.
pub(crate) fn drawn(strategy: &BoxedStrategy<Value>, runner: &mut TestRunner) -> Value {
    strategy
        .new_tree(runner)
        .map_or(Value::Null, |tree| tree.current())
}

/// The smallest value of a schema: what is required, and no more.
pub(crate) fn smallest(root: &Value, schema: &Value) -> Value {
    made(root, schema, false, 0)
}

/// A value of a schema with every optional field.
pub(crate) fn fullest(root: &Value, schema: &Value) -> Value {
    made(root, schema, true, 0)
}

fn made(root: &Value, schema: &Value, full: bool, depth: usize) -> Value {
    let schema = flat(root, schema);
    if let Some(example) = schema.get("example").or_else(|| schema.get("default"))
        && !full
        && kind(&schema) != "object"
    {
        return example.clone();
    }
    if let Some(first) = array(schema.get("enum")).next() {
        return first.clone();
    }
    if let Some(branch) = array(schema.get("oneOf"))
        .chain(array(schema.get("anyOf")))
        .next()
    {
        return made(root, branch, full, depth + 1);
    }
    match kind(&schema) {
        "object" => {
            let mut fields = Map::new();
            for (name, field) in entries(schema.get("properties")) {
                if is_required(&schema, name) || (full && depth < DEEPEST) {
                    fields.insert(name.to_owned(), made(root, field, full, depth + 1));
                }
            }
            let least = schema["minProperties"].as_u64().unwrap_or(0);
            for (name, field) in entries(schema.get("properties")) {
                if (fields.len() as u64) < least && !fields.contains_key(name) {
                    fields.insert(name.to_owned(), made(root, field, full, depth + 1));
                }
            }
            Value::Object(fields)
        }
        "array" => {
            let least = schema["minItems"]
                .as_u64()
                .unwrap_or(u64::from(full && depth < DEEPEST));
            let items = schema.get("items").cloned().unwrap_or(json!({}));
            let mut runner = runner(0, "items");
            let item = strategy(root, &items, depth + 1);
            let first = made(root, &items, full, depth + 1);
            let rest = (1..least).map(|_| drawn(&item, &mut runner));
            Value::Array(
                (0..least.min(1))
                    .map(|_| first.clone())
                    .chain(rest)
                    .collect(),
            )
        }
        "string" => text_of(&schema),
        "integer" => number(nearest_to_zero(&schema, 1.0)),
        "number" => number(nearest_to_zero(&schema, 0.5)),
        "boolean" => json!(false),
        _ => json!("any"),
    }
}

fn nearest_to_zero(schema: &Value, step: f64) -> f64 {
    let (least, most) = range(schema, step);
    let value = 1.0_f64
        .max(least.unwrap_or(1.0))
        .min(most.unwrap_or(f64::MAX));
    match schema["multipleOf"].as_f64() {
        Some(multiple) if multiple > 0.0 => (value / multiple).ceil() * multiple,
        _ => value,
    }
}

fn text_of(schema: &Value) -> Value {
    if let Some(pattern) = schema["pattern"].as_str() {
        return drawn(&matching(pattern, schema), &mut runner(0, pattern));
    }
    if let Some(sample) = schema["format"]
        .as_str()
        .and_then(|format| samples(format).first().copied())
    {
        return json!(sample);
    }
    let least = schema["minLength"].as_u64().unwrap_or(1).clamp(1, LONGEST);
    let most = schema["maxLength"].as_u64().unwrap_or(u64::MAX);
    json!(
        "sample text"
            .chars()
            .cycle()
            .take(least.max(6).min(most).try_into().unwrap_or(6))
            .collect::<String>()
    )
}

/// Every boundary of a schema, each alone in an otherwise small value.
pub(crate) fn boundaries(root: &Value, schema: &Value) -> Vec<Case> {
    let (small, full) = (smallest(root, schema), fullest(root, schema));
    boundaries_in(root, schema, &small, &full)
}

/// Every boundary of a schema, each alone in a value that is given small and full.
pub(crate) fn boundaries_in(root: &Value, schema: &Value, base: &Value, full: &Value) -> Vec<Case> {
    let mut cases = Vec::new();
    let whole = flat(root, schema);
    if kind(&whole) == "object" {
        let least = smallest(root, schema);
        cases.push(case("", "required", "only what is required", least));
        cases.push(case(
            "",
            "example",
            "as the document shows it",
            base.clone(),
        ));
        cases.push(case("", "properties", "every optional field", full.clone()));
        for (name, field) in entries(whole.get("properties")) {
            for mut inner in own_boundaries(root, field, 1) {
                inner.place = format!("/{name}{}", inner.place);
                inner.value = with(base, name, inner.value);
                cases.push(inner);
            }
            if !is_required(&whole, name) {
                cases.push(case(
                    &format!("/{name}"),
                    "properties",
                    "alone",
                    with(base, name, full[name].clone()),
                ));
                let mut without = full.clone();
                if let Some(fields) = without.as_object_mut() {
                    fields.remove(name);
                }
                cases.push(case(
                    &format!("/{name}"),
                    "properties",
                    "left out of all",
                    without,
                ));
            }
        }
    } else {
        cases.extend(own_boundaries(root, schema, 0));
    }
    let mut seen = Vec::new();
    cases.retain(|case| {
        let new = !seen.contains(&case.value);
        seen.push(case.value.clone());
        new
    });
    cases
}

fn own_boundaries(root: &Value, schema: &Value, depth: usize) -> Vec<Case> {
    let schema = flat(root, schema);
    let mut cases = Vec::new();
    if schema["nullable"] == true {
        cases.push(case("", "nullable", "null", Value::Null));
    }
    for value in array(schema.get("enum")) {
        cases.push(case("", "enum", &value.to_string(), value.clone()));
    }
    if !cases.is_empty() && schema.get("enum").is_some() {
        return cases;
    }
    for key in ["oneOf", "anyOf"] {
        for (index, branch) in array(schema.get(key)).enumerate() {
            cases.push(case(
                "",
                key,
                &format!("branch {index}"),
                made(root, branch, false, depth + 1),
            ));
        }
    }
    match kind(&schema) {
        "string" => text_boundaries(&schema, &mut cases),
        "integer" => number_boundaries(&schema, 1.0, &mut cases),
        "number" => number_boundaries(&schema, 0.001, &mut cases),
        "boolean" => {
            cases.push(case("", "type", "true", json!(true)));
            cases.push(case("", "type", "false", json!(false)));
        }
        "array" if depth < DEEPEST => array_boundaries(root, &schema, depth, &mut cases),
        "object" if depth < DEEPEST => {
            cases.push(case(
                "",
                "required",
                "only what is required",
                made(root, &schema, false, depth),
            ));
            cases.push(case(
                "",
                "properties",
                "every optional field",
                made(root, &schema, true, depth),
            ));
        }
        _ => {}
    }
    cases
}

fn text_boundaries(schema: &Value, cases: &mut Vec<Case>) {
    if schema.get("pattern").is_some() {
        cases.push(case("", "pattern", "a text that matches", text_of(schema)));
        return;
    }
    if let Some(format) = schema["format"].as_str() {
        for sample in samples(format) {
            cases.push(case(
                "",
                "format",
                &format!("{format} {sample}"),
                json!(sample),
            ));
        }
        if !samples(format).is_empty() {
            return;
        }
    }
    let least = schema["minLength"].as_u64().unwrap_or(0);
    let most = schema["maxLength"].as_u64();
    let sized =
        |length: u64, with: char| json!(with.to_string().repeat(length.try_into().unwrap_or(0)));
    cases.push(case(
        "",
        "minLength",
        &format!("exactly {least}"),
        sized(least, 'a'),
    ));
    if let Some(most) = most.filter(|most| *most <= LONGEST) {
        cases.push(case(
            "",
            "maxLength",
            &format!("exactly {most}"),
            sized(most, 'z'),
        ));
        cases.push(case(
            "",
            "maxLength",
            &format!("exactly {most}, beyond the basic plane"),
            sized(most, '\u{1F680}'),
        ));
    }
    for odd in ODD {
        let length = odd.chars().count() as u64;
        if length >= least && most.is_none_or(|most| length <= most) {
            cases.push(case("", "type", &format!("the text {odd:?}"), json!(odd)));
        }
    }
}

fn number_boundaries(schema: &Value, step: f64, cases: &mut Vec<Case>) {
    let (least, most) = range(schema, step);
    let multiple = schema["multipleOf"]
        .as_f64()
        .filter(|multiple| *multiple > 0.0);
    let mut push = |keyword: &str, what: &str, value: f64| {
        let value = multiple.map_or(value, |multiple| (value / multiple).round() * multiple);
        let inside =
            least.is_none_or(|least| value >= least) && most.is_none_or(|most| value <= most);
        if inside {
            cases.push(case("", keyword, &format!("{what} {value}"), number(value)));
        }
    };
    if let Some(least) = least {
        push("minimum", "the least,", least);
        push(
            "minimum",
            "above the least,",
            least + step.max(multiple.unwrap_or(0.0)),
        );
    } else {
        push("type", "negative,", -1.0);
    }
    if let Some(most) = most {
        push("maximum", "the most,", most);
    } else {
        push("type", "large,", 2_147_483_647.0);
    }
    push("type", "zero,", 0.0);
}

fn array_boundaries(root: &Value, schema: &Value, depth: usize, cases: &mut Vec<Case>) {
    let items = schema.get("items").cloned().unwrap_or(json!({}));
    let least = schema["minItems"].as_u64().unwrap_or(0);
    let most = schema["maxItems"].as_u64().unwrap_or(least + 3).min(50);
    let item = strategy(root, &items, depth + 1);
    for (keyword, length) in [("minItems", least), ("maxItems", most)] {
        let mut runner = runner(0, keyword);
        let mut values: Vec<Value> = Vec::new();
        // An item that repeats another is drawn again, but not for ever: a small vocabulary may be used up.
        for _ in 0..length * 8 {
            let value = drawn(&item, &mut runner);
            if values.len() as u64 == length {
                break;
            }
            if schema["uniqueItems"] != true || !values.contains(&value) {
                values.push(value);
            }
        }
        cases.push(case(
            "",
            keyword,
            &format!("exactly {length}"),
            Value::Array(values),
        ));
    }
    for inner in own_boundaries(root, &items, depth + 1) {
        let value = Value::Array(vec![inner.value.clone()]);
        if least <= 1 && most >= 1 {
            cases.push(Case {
                place: format!("/*{}", inner.place),
                value,
                ..inner
            });
        }
    }
}

/// Random values of a schema.
pub(crate) fn strategy(root: &Value, schema: &Value, depth: usize) -> BoxedStrategy<Value> {
    let schema = flat(root, schema);
    let plain = plain(root, &schema, depth);
    if schema["nullable"] == true {
        prop_oneof![4 => plain, 1 => Just(Value::Null)].boxed()
    } else {
        plain
    }
}

fn plain(root: &Value, schema: &Value, depth: usize) -> BoxedStrategy<Value> {
    let values: Vec<Value> = array(schema.get("enum")).cloned().collect();
    if !values.is_empty() {
        return select(values).boxed();
    }
    let branches: Vec<&Value> = array(schema.get("oneOf"))
        .chain(array(schema.get("anyOf")))
        .collect();
    if !branches.is_empty() && depth < DEEPEST {
        let branches: Vec<_> = branches
            .into_iter()
            .map(|branch| strategy(root, branch, depth + 1))
            .collect();
        return proptest::strategy::Union::new(branches).boxed();
    }
    match kind(schema) {
        "object" => object(root, schema, depth),
        "array" => items(root, schema, depth),
        "string" => text(schema),
        "integer" => {
            let (least, most) = range(schema, 1.0);
            numbers(
                schema,
                least.unwrap_or(-1000.0),
                most.unwrap_or(100_000.0),
                1.0,
            )
        }
        "number" => {
            let (least, most) = range(schema, 0.001);
            numbers(
                schema,
                least.unwrap_or(-1000.0),
                most.unwrap_or(100_000.0),
                0.25,
            )
        }
        "boolean" => any::<bool>().prop_map(|value| json!(value)).boxed(),
        _ => select(vec![json!("any"), json!(1), json!(true)]).boxed(),
    }
}

fn object(root: &Value, schema: &Value, depth: usize) -> BoxedStrategy<Value> {
    let least = schema["minProperties"].as_u64().unwrap_or(0);
    let small = smallest(root, schema);
    let mut fields: BoxedStrategy<Map<String, Value>> = Just(Map::new()).boxed();
    for (name, field) in entries(schema.get("properties")) {
        let (name, required) = (name.to_owned(), is_required(schema, name));
        if !required && depth >= DEEPEST {
            continue;
        }
        let value = strategy(root, field, depth + 1);
        fields = (fields, any::<bool>(), value)
            .prop_map(move |(mut fields, on, value)| {
                if required || on {
                    fields.insert(name.clone(), value);
                }
                fields
            })
            .boxed();
    }
    fields
        .prop_map(move |fields| {
            if (fields.len() as u64) < least {
                small.clone()
            } else {
                Value::Object(fields)
            }
        })
        .boxed()
}

fn items(root: &Value, schema: &Value, depth: usize) -> BoxedStrategy<Value> {
    let least = usize::try_from(schema["minItems"].as_u64().unwrap_or(0)).unwrap_or(0);
    let most = usize::try_from(schema["maxItems"].as_u64().unwrap_or(3))
        .unwrap_or(3)
        .clamp(least, least + 8);
    let item = strategy(root, schema.get("items").unwrap_or(&json!({})), depth + 1);
    if schema["uniqueItems"] == true {
        return btree_set(item.prop_map(|value| value.to_string()), least..=most)
            .prop_map(|texts| {
                texts
                    .iter()
                    .filter_map(|text| serde_json::from_str::<Value>(text).ok())
                    .collect()
            })
            .boxed();
    }
    vec(item, least..=most).prop_map(Value::Array).boxed()
}

fn text(schema: &Value) -> BoxedStrategy<Value> {
    if let Some(pattern) = schema["pattern"].as_str() {
        return matching(pattern, schema);
    }
    match schema["format"].as_str() {
        Some("uuid") => return any::<u128>().prop_map(|bits| json!(uuid(bits))).boxed(),
        Some("password") => return "[a-zA-Z0-9]{20}".prop_map(|text| json!(text)).boxed(),
        Some("email") => {
            return "[a-z]{1,8}@[a-z]{1,8}\\.example"
                .prop_map(|text| json!(text))
                .boxed();
        }
        Some("date") => {
            return (2000..2100_u32, 1..=12_u32, 1..=28_u32)
                .prop_map(|(year, month, day)| json!(format!("{year}-{month:02}-{day:02}")))
                .boxed();
        }
        Some(format) if !samples(format).is_empty() => {
            return select(samples(format))
                .prop_map(|sample| json!(sample))
                .boxed();
        }
        _ => {}
    }
    let least = usize::try_from(schema["minLength"].as_u64().unwrap_or(0)).unwrap_or(0);
    let most = schema["maxLength"]
        .as_u64()
        .and_then(|most| usize::try_from(most).ok())
        .unwrap_or(least + 24);
    let character = prop_oneof![6 => "[a-zA-Z0-9]", 1 => "[ -~]", 1 => "[à-ÿа-я一-十🙂-🙏]"];
    vec(character, least..=most.min(least + 64))
        .prop_map(|parts| json!(parts.concat()))
        .boxed()
}

fn matching(pattern: &str, schema: &Value) -> BoxedStrategy<Value> {
    // ECMAScript's classes are ASCII, those of the generator are Unicode.
    let ascii = pattern
        .trim_start_matches('^')
        .trim_end_matches('$')
        .replace("\\d", "[0-9]")
        .replace("\\w", "[A-Za-z0-9_]")
        .replace("\\s", " ");
    let least = schema["minLength"].as_u64().unwrap_or(0);
    let most = schema["maxLength"].as_u64().unwrap_or(u64::MAX);
    match proptest::string::string_regex(&ascii) {
        Ok(texts) => texts
            .prop_filter("its length", move |text| {
                (least..=most).contains(&(text.chars().count() as u64))
            })
            .prop_map(|text| json!(text))
            .boxed(),
        // A pattern that only ECMAScript has: what is drawn does not match, and is dropped before it is sent.
        Err(_) => Just(json!("sample")).boxed(),
    }
}

fn numbers(schema: &Value, least: f64, most: f64, step: f64) -> BoxedStrategy<Value> {
    let multiple = schema["multipleOf"]
        .as_f64()
        .filter(|multiple| *multiple > 0.0);
    let step = multiple.unwrap_or(step);
    let (first, last) = ((least / step).ceil(), (most.max(least) / step).floor());
    #[expect(
        clippy::cast_possible_truncation,
        reason = "casts of floats saturate, and the range stays a range"
    )]
    let (first, last) = (first as i64, (last as i64).max(first as i64));
    (first..=last)
        .prop_map(move |count| {
            #[expect(
                clippy::cast_precision_loss,
                reason = "counts of steps are small, and the validator has the last word"
            )]
            let value = count as f64 * step;
            number(value)
        })
        .boxed()
}

fn case(place: &str, keyword: &str, what: &str, value: Value) -> Case {
    Case {
        place: place.to_owned(),
        keyword: keyword.to_owned(),
        what: what.to_owned(),
        value,
    }
}

/// The object with one field set.
pub(crate) fn with(base: &Value, name: &str, value: Value) -> Value {
    let mut object = base.clone();
    if let Some(fields) = object.as_object_mut() {
        fields.insert(name.to_owned(), value);
    }
    object
}
