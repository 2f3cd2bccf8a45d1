//! Alternatives: told apart by their shape where that is sure, by their discriminator where there is one, and else kept as
//! the JSON that came, to be read as what the caller takes it for. None is guessed.

use std::collections::BTreeSet;

use heck::ToUpperCamelCase as _;
use serde_json::{Value, json};

use super::Draft;
use crate::regen::document::{Document, entries, schema_name, text};
use crate::regen::problem::Problem;

/// An alternative whose type is ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Union {
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) rule: Rule,
    pub(crate) variants: Vec<Variant>,
}

/// What decides which alternative a body is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Rule {
    /// The value of a property.
    Tag(String),
    /// The status that it comes with.
    Status,
    /// The caller: the JSON is kept.
    Caller,
}

/// One of the types that a union may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Variant {
    /// The component that is its type, and its name among the variants.
    pub(crate) schema: String,
    /// The values of the tag that mean it.
    pub(crate) tags: Vec<String>,
    /// Whether its type holds the union again.
    pub(crate) boxed: bool,
}

impl Draft {
    /// What the generator gets for a schema with alternatives; nothing where it has none.
    pub(super) fn alternatives(
        &mut self,
        owner: &str,
        place: &str,
        schema: &Value,
    ) -> Option<Value> {
        let any = schema.get("anyOf").and_then(Value::as_array);
        let list = any
            .or_else(|| schema.get("oneOf").and_then(Value::as_array))?
            .clone();
        if list.is_empty() {
            self.problems.push(Problem::new(
                place,
                "an alternative of nothing",
                "list what it can be",
            ));
            return Some(json!({}));
        }
        if let Some(values) = self.open_words(&list) {
            self.open_enum(owner, place, schema, &values);
            return Some(json!({ "type": "string" }));
        }
        if let Some(property) = schema
            .pointer("/discriminator/propertyName")
            .and_then(Value::as_str)
        {
            return Some(self.tagged(owner, place, schema, &list, property));
        }
        if list.len() == 1 {
            let only = self.part_of(&format!("{owner}Only"), place, &list[0]);
            return Some(described(schema, json!({ "allOf": [only] })));
        }
        if apart(&self.document, &list) {
            if any.is_some() {
                self.report
                    .add(place, "anyOf", "oneOf", "no body fits two of them");
            }
            let variants = self.variants(owner, place, &Value::Array(list));
            return Some(described(schema, json!({ "oneOf": variants })));
        }
        self.report.add(
            place,
            "alternatives that a body can fit at once",
            "the JSON that came, read as the type that is asked for",
            "the generated type would take the first that fits and lose the rest",
        );
        let variants = list
            .iter()
            .enumerate()
            .map(|(index, part)| Variant {
                schema: self.named(owner, place, index, part),
                tags: Vec::new(),
                boxed: false,
            })
            .collect();
        self.union(owner, schema, Rule::Caller, variants);
        Some(json!({}))
    }

    fn tagged(
        &mut self,
        owner: &str,
        place: &str,
        schema: &Value,
        list: &[Value],
        property: &str,
    ) -> Value {
        let mut variants: Vec<Variant> = Vec::new();
        for part in list {
            let Some(name) = schema_name(part) else {
                continue;
            };
            let target = format!("#/components/schemas/{name}");
            let mapping = schema.pointer("/discriminator/mapping");
            let tags: Vec<String> = entries(mapping)
                .filter(|(_, to)| to.as_str() == Some(&target))
                .map(|(tag, _)| tag.to_owned())
                .collect();
            if variants.iter().all(|variant| variant.schema != name) {
                variants.push(Variant {
                    schema: name.to_owned(),
                    tags,
                    boxed: reaches(&self.document, part, owner),
                });
            }
        }
        self.report.add(
            place,
            format!("the discriminator {property}"),
            "an enum that is told by it, with Unknown(JSON)",
            "the generator ignores discriminators",
        );
        self.union(owner, schema, Rule::Tag(property.to_owned()), variants);
        json!({})
    }

    pub(super) fn union(
        &mut self,
        owner: &str,
        schema: &Value,
        rule: Rule,
        variants: Vec<Variant>,
    ) {
        self.unions.push(Union {
            name: owner.to_owned(),
            description: text(schema, "description").unwrap_or_default().to_owned(),
            rule,
            variants,
        });
    }

    /// The name of a component that is the part.
    fn named(&mut self, owner: &str, place: &str, index: usize, part: &Value) -> String {
        match schema_name(part) {
            Some(name) => name.to_owned(),
            None => {
                let name = self.free(&format!(
                    "{owner}{}",
                    kind_word(part).unwrap_or_else(|| format!("Variant{index}"))
                ));
                self.hoist(&name, place, part);
                name
            }
        }
    }

    /// The values of "these words, or any other": an enum of strings beside a plain string.
    fn open_words(&self, list: &[Value]) -> Option<Value> {
        let parts: Vec<&Value> = list
            .iter()
            .filter_map(|part| self.document.resolve(part).ok())
            .collect();
        let strings = parts
            .iter()
            .all(|part| text(part, "type") == Some("string"));
        let plain = |part: &&&Value| part.get("enum").is_none() && part.get("format").is_none();
        if parts.len() < 2
            || !strings
            || parts.iter().filter(plain).count() != 1
            || parts
                .iter()
                .filter(|part| part.get("enum").is_some())
                .count()
                != parts.len() - 1
        {
            return None;
        }
        let values: Vec<Value> = parts
            .iter()
            .flat_map(|part| part["enum"].as_array().into_iter().flatten().cloned())
            .collect();
        Some(Value::Array(values))
    }
}

/// `string` becomes `Text` and so on: a word for an inline alternative.
fn kind_word(part: &Value) -> Option<String> {
    text(part, "title")
        .map(|title| {
            title
                .chars()
                .filter(char::is_ascii)
                .collect::<String>()
                .to_upper_camel_case()
        })
        .filter(|title| title.starts_with(|c: char| c.is_ascii_alphabetic()))
}

fn described(schema: &Value, mut rewritten: Value) -> Value {
    if let Some(description) = schema.get("description") {
        rewritten["description"] = description.clone();
    }
    rewritten
}

/// Whether a value of the schema can hold one of the named schema.
pub(super) fn reaches(document: &Document, schema: &Value, name: &str) -> bool {
    let mut seen = BTreeSet::new();
    let mut waiting = vec![schema.clone()];
    while let Some(next) = waiting.pop() {
        let mut names = Vec::new();
        collect(&next, &mut names);
        for found in names {
            if found == name {
                return true;
            }
            if seen.insert(found.clone())
                && let Some(schema) = document.root["components"]["schemas"].get(&found)
            {
                waiting.push(schema.clone());
            }
        }
    }
    false
}

/// The names that a schema refers to, and so to whom it must be known.
pub(super) fn collect(value: &Value, found: &mut Vec<String>) {
    if let Some(name) = schema_name(value) {
        found.push(name.to_owned());
    }
    match value {
        Value::Object(object) => object.values().for_each(|inner| collect(inner, found)),
        Value::Array(items) => items.iter().for_each(|inner| collect(inner, found)),
        _ => {}
    }
}

/// Whether no body fits two of the alternatives in the eyes of the generated type.
pub(super) fn apart(document: &Document, list: &[Value]) -> bool {
    list.iter().enumerate().all(|(index, one)| {
        list[index + 1..].iter().all(|other| {
            match (document.resolve(one), document.resolve(other)) {
                (Ok(first), Ok(second)) => told_apart(document, first, second),
                _ => false,
            }
        })
    })
}

fn told_apart(document: &Document, first: &Value, second: &Value) -> bool {
    let (kind, other) = (text(first, "type"), text(second, "type"));
    if kind != Some("object") || other != Some("object") {
        let number = |kind: Option<&str>| matches!(kind, Some("integer" | "number"));
        let nullable = first.get("nullable") == Some(&json!(true))
            && second.get("nullable") == Some(&json!(true));
        return kind.is_some()
            && other.is_some()
            && kind != other
            && !(number(kind) && number(other))
            && !nullable;
    }
    // The generated type tries the one that requires more first.
    let (pickier, other) = if required(first).count() >= required(second).count() {
        (first, second)
    } else {
        (second, first)
    };
    let unknown_to = |property: &str, schema: &Value| schema["properties"].get(property).is_none();
    let decisive = required(pickier).any(|property| unknown_to(property, other));
    let mutual = required(other).any(|property| unknown_to(property, pickier));
    let more = required(pickier).count() > required(other).count();
    decisive && (more || mutual) || differs(document, first, second)
}

/// Whether both require a property whose type or whose words differ.
fn differs(document: &Document, first: &Value, second: &Value) -> bool {
    required(first)
        .filter(|property| required(second).any(|name| name == *property))
        .any(|property| {
            let ours = document.resolve(&first["properties"][property]);
            let theirs = document.resolve(&second["properties"][property]);
            let (Ok(ours), Ok(theirs)) = (ours, theirs) else {
                return false;
            };
            let types = ours["type"].is_string()
                && theirs["type"].is_string()
                && ours["type"] != theirs["type"];
            let words = match (ours["enum"].as_array(), theirs["enum"].as_array()) {
                (Some(ours), Some(theirs)) => {
                    ours.iter().all(Value::is_string)
                        && ours.iter().all(|value| !theirs.contains(value))
                }
                _ => false,
            };
            let numbers = types
                && [ours, theirs]
                    .iter()
                    .all(|schema| matches!(text(schema, "type"), Some("integer" | "number")));
            types && !numbers || words
        })
}

fn required(schema: &Value) -> impl Iterator<Item = &str> {
    schema["required"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
}
