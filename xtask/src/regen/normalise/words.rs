//! Values of enums and properties: each becomes a name in Rust, and no two alike.

use std::collections::BTreeSet;

use heck::{ToSnakeCase as _, ToUpperCamelCase as _};
use serde_json::{Map, Value};

use crate::regen::document::{EXTRA, entries};

/// Whether the generator makes a name of its own from each value.
pub(super) fn are_plain(values: &[Value]) -> bool {
    let mut seen = BTreeSet::new();
    values.iter().all(|value| {
        value.as_str().is_some_and(|word| {
            word.starts_with(|c: char| c.is_ascii_alphabetic())
                && word
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || "_- ".contains(c))
                && word.to_upper_camel_case() != "Self"
                && seen.insert(word.to_upper_camel_case())
        })
    })
}

/// The value as the name of a variant, and one that no other has.
pub(super) fn variant(value: &str, taken: &BTreeSet<String>) -> String {
    let mut spelled = String::new();
    for (index, c) in value.chars().enumerate() {
        match c {
            '-' if index > 0 => spelled.push(' '),
            c if c.is_ascii_alphanumeric() || "_ ".contains(c) => spelled.push(c),
            c => spelled.push_str(&format!(" {} ", symbol(c))),
        }
    }
    let mut name = spelled.to_upper_camel_case();
    if name.is_empty() {
        name = if value.is_empty() {
            "Empty".to_owned()
        } else {
            "Blank".to_owned()
        };
    }
    if name.starts_with(|c: char| c.is_ascii_digit()) || name == "Unknown" || name == "Self" {
        name = format!("Value{name}");
    }
    let mut number = 1;
    let mut unique = name.clone();
    while taken.contains(&unique) {
        number += 1;
        unique = format!("{name}{number}");
    }
    unique
}

fn symbol(c: char) -> String {
    let word = match c {
        '<' => "less",
        '>' => "greater",
        '=' => "equal",
        '+' => "plus",
        '-' => "minus",
        '*' => "star",
        '/' => "slash",
        '.' => "dot",
        '!' => "not",
        '%' => "percent",
        '$' => "dollar",
        '#' => "hash",
        '@' => "at",
        '&' => "and",
        '|' => "or",
        ',' => "comma",
        ':' => "colon",
        other => return format!("u{:x}", u32::from(other)),
    };
    word.to_owned()
}

/// A name for each property whose field would have the name of another, or none.
pub(super) fn field_names(
    holder: &Map<String, Value>,
    properties: &Value,
) -> Vec<(String, String)> {
    let plain = |property: &str| {
        property.chars().all(|c| c.is_ascii_graphic() || c == ' ')
            && property.chars().any(|c| c.is_ascii_alphanumeric())
    };
    let spelled = |property: &str| {
        let words: String = property
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
            .collect();
        words.to_snake_case()
    };
    let mut taken: BTreeSet<String> = BTreeSet::new();
    let open = holder
        .get("additionalProperties")
        .is_some_and(|more| more != &Value::Bool(false));
    if open {
        taken.insert("extra".to_owned());
    }
    let keeps = |property: &str| {
        plain(property) && spelled(property) == property && !(open && property == "extra")
    };
    // A name that is its own field goes first, so that the rest go round it.
    for (property, _) in entries(Some(properties)) {
        if keeps(property) {
            taken.insert(property.to_owned());
        }
    }
    let mut names = Vec::new();
    for (property, schema) in entries(Some(properties)) {
        let own = spelled(property);
        if schema.get(EXTRA) == Some(&Value::Bool(true)) || keeps(property) {
            continue;
        }
        if plain(property) && taken.insert(own.clone()) {
            continue;
        }
        let base = if own.is_empty() {
            "field".to_owned()
        } else if own.starts_with(|c: char| c.is_ascii_digit()) {
            format!("field{own}")
        } else {
            own
        };
        let mut field = base.clone();
        let mut number = 1;
        while taken.contains(&field) {
            number += 1;
            field = format!("{base}{number}");
        }
        taken.insert(field.clone());
        names.push((property.to_owned(), field));
    }
    names
}
