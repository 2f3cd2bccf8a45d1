//! Schemas: inline ones get names, open vocabularies and optional fields are noted, bounds are left to the server.

use serde_json::{Map, Value, json};

use super::{Draft, Field, OpenEnum, Presence, pascal};
use crate::regen::document::{EXTRA, entries, schema_name, text};
use crate::regen::problem::Problem;

/// Bounds that the generator ignores, or turns into types that are awkward to build.
const BOUNDS: [&str; 12] = [
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minLength",
    "maxLength",
    "pattern",
    "minItems",
    "maxItems",
    "uniqueItems",
    "minProperties",
];
/// Words that only people and validators read.
const NOTES: [&str; 8] = [
    "example",
    "examples",
    "readOnly",
    "writeOnly",
    "deprecated",
    "externalDocs",
    "title",
    "xml",
];

/// Marks an object that holds secrets.
const SECRET: &str = "x-secret";

impl Draft {
    /// A named schema of the description.
    pub(super) fn component(&mut self, name: &str, schema: &Value) {
        let rewritten = self.rewrite(name, name, schema);
        self.schemas.insert(name.to_owned(), rewritten);
    }

    /// A schema that stands inline in an operation: a type of its own gets the name `name`.
    pub(super) fn inline(&mut self, name: &str, place: &str, schema: &Value) -> Value {
        if !needs_name(schema) {
            return self.rewrite(name, place, schema);
        }
        self.hoist(name, place, schema)
    }

    fn hoist(&mut self, name: &str, place: &str, schema: &Value) -> Value {
        if self.schemas.contains_key(name) {
            self.problems.push(Problem::new(
                place,
                format!("its inline schema would be called {name}, which is taken"),
                "give the schema a name in components",
            ));
        }
        self.report.add(
            place,
            "an inline schema",
            format!("the component {name}"),
            "the generator's own names for inline schemas collide",
        );
        let rewritten = self.rewrite(name, place, schema);
        self.schemas.insert(name.to_owned(), rewritten);
        json!({ "$ref": format!("#/components/schemas/{name}") })
    }

    /// Rewrites a schema that is, or stands in, the component `owner`.
    fn rewrite(&mut self, owner: &str, place: &str, schema: &Value) -> Value {
        if let Some(values) = schema.get("x-extensible-enum") {
            self.open_enum(owner, place, schema, values);
        }
        if schema.get(SECRET) == Some(&Value::Bool(true)) {
            self.report
                .add(place, SECRET, "crate::SecretMap", "Debug is redacted");
            self.secrets.push(owner.to_owned());
        }
        let Some(object) = schema.as_object() else {
            return schema.clone();
        };
        if object.contains_key("$ref") {
            return json!({ "$ref": object["$ref"] });
        }
        if let Some(reference) = narrowed(object) {
            self.report.add(
                place,
                "a bound on another schema",
                format!("that schema, {reference}"),
                "what may be sent is less than what may come, and the type is one",
            );
            return json!({ "$ref": reference });
        }
        let mut rewritten = Map::new();
        for (key, value) in object {
            if key.starts_with("x-") || NOTES.contains(&key.as_str()) {
                continue;
            }
            if BOUNDS.contains(&key.as_str()) {
                self.report.add(
                    place,
                    format!("{key}: {value}"),
                    "not checked by the generated client",
                    "the server checks it, and so does the SDK where it matters",
                );
                continue;
            }
            let after = match key.as_str() {
                "properties" => self.properties(owner, place, object, value),
                "items" => self.part(&format!("{owner}Item"), &format!("{place}[]"), value),
                "additionalProperties" if value.is_object() => {
                    self.part(&format!("{owner}Value"), &format!("{place}.*"), value)
                }
                "additionalProperties" if value == true && object.contains_key("properties") => {
                    self.report.add(
                        place,
                        "additionalProperties: true",
                        "the field `extra`",
                        "fields that the description does not name survive",
                    );
                    json!({})
                }
                "additionalProperties" if value == false => {
                    self.report.add(
                        place,
                        "additionalProperties: false",
                        "a field that is not named fails the decoding",
                        "this is what tells the schema from its neighbours",
                    );
                    value.clone()
                }
                "oneOf" => self.variants(owner, place, value),
                "allOf" => Value::Array(
                    value
                        .as_array()
                        .into_iter()
                        .flatten()
                        .map(|part| self.rewrite(owner, place, part))
                        .collect(),
                ),
                _ => value.clone(),
            };
            rewritten.insert(key.clone(), after);
        }
        Value::Object(rewritten)
    }

    /// A schema inside another: a type of its own gets a name of its own.
    fn part(&mut self, name: &str, place: &str, schema: &Value) -> Value {
        if needs_name(schema) {
            self.hoist(name, place, schema)
        } else {
            self.rewrite(name, place, schema)
        }
    }

    fn properties(
        &mut self,
        owner: &str,
        place: &str,
        holder: &Map<String, Value>,
        properties: &Value,
    ) -> Value {
        let required: Vec<&str> = holder
            .get("required")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        let mut rewritten = Map::new();
        for (property, schema) in entries(Some(properties)) {
            let inner = format!("{place}.{property}");
            if schema.get(EXTRA) == Some(&Value::Bool(true)) {
                self.report.add(
                    inner,
                    "a property",
                    "an entry of `extra`",
                    "its field would have the name of another",
                );
                continue;
            }
            if !required.contains(&property) {
                self.presence(owner, property, &inner, schema);
            }
            let after = self.part(&format!("{owner}{}", pascal(property)), &inner, schema);
            rewritten.insert(property.to_owned(), after);
        }
        Value::Object(rewritten)
    }

    /// Notes an optional field whose absence the generator would confuse with null or empty.
    fn presence(&mut self, owner: &str, property: &str, place: &str, schema: &Value) {
        let collection = matches!(text(schema, "type"), Some("array"))
            || (text(schema, "type") == Some("object") && !schema["properties"].is_object());
        let (presence, after) = if schema.get("nullable") == Some(&Value::Bool(true)) {
            (Presence::AbsentNullOrValue, "Maybe<T>")
        } else if collection && !needs_name(schema) {
            (Presence::AbsentOrCollection, "Option<T>")
        } else {
            return;
        };
        self.fields.push(Field {
            schema: owner.to_owned(),
            property: property.to_owned(),
            presence,
        });
        self.report.add(
            place,
            match presence {
                Presence::AbsentNullOrValue => "absent and null were one",
                Presence::AbsentOrCollection => "absent and empty were one",
            },
            after,
            "what is not sent and what is sent empty differ on the wire",
        );
    }

    pub(super) fn variants(&mut self, owner: &str, place: &str, value: &Value) -> Value {
        let mut variants: Vec<&Value> = value.as_array().into_iter().flatten().collect();
        // The generated type takes the first variant that fits, so the pickiest must come first. The sort is stable.
        variants.sort_by_key(|variant| std::cmp::Reverse(self.required_count(variant)));
        Value::Array(
            variants
                .into_iter()
                .enumerate()
                .map(|(index, variant)| {
                    self.part(&format!("{owner}Variant{index}"), place, variant)
                })
                .collect(),
        )
    }

    fn required_count(&self, schema: &Value) -> usize {
        match schema_name(schema) {
            Some(name) => self.required.get(name).copied().unwrap_or_default(),
            None => schema["required"].as_array().map_or(0, Vec::len),
        }
    }

    fn open_enum(&mut self, owner: &str, place: &str, schema: &Value, values: &Value) {
        let mut known = Vec::new();
        for value in values.as_array().into_iter().flatten() {
            let Some(wire) = value.as_str() else {
                self.problems.push(Problem::new(
                    place,
                    format!("x-extensible-enum holds {value}, which is no string"),
                    "list strings only",
                ));
                continue;
            };
            let variant = pascal(wire);
            let taken = known.iter().any(|(other, _)| *other == variant);
            if taken || variant == "Unknown" || !variant.starts_with(|c: char| c.is_alphabetic()) {
                self.problems.push(Problem::new(
                    place,
                    format!("x-extensible-enum value {wire:?} makes no variant name of its own"),
                    "leave it out: values that are not listed are kept as text",
                ));
            }
            known.push((variant, wire.to_owned()));
        }
        self.report.add(
            place,
            "x-extensible-enum",
            "an enum with Unknown(String)",
            "a value that we do not know must not fail the whole answer",
        );
        self.open_enums.push(OpenEnum {
            name: owner.to_owned(),
            description: text(schema, "description").unwrap_or_default().to_owned(),
            values: known,
        });
    }
}

/// The one schema that an `allOf` takes and only puts bounds on, as what may be sent is narrower than what may come.
fn narrowed(schema: &Map<String, Value>) -> Option<&str> {
    let [part] = schema.get("allOf")?.as_array()?.as_slice() else {
        return None;
    };
    let adds_nothing = |key: &String| {
        let key = key.as_str();
        matches!(key, "allOf" | "description")
            || key.starts_with("x-")
            || BOUNDS.contains(&key)
            || NOTES.contains(&key)
    };
    let reference = text(part, "$ref")?;
    schema.keys().all(adds_nothing).then_some(reference)
}

/// Whether a schema becomes a Rust type of its own and so must have a name that we chose.
fn needs_name(schema: &Value) -> bool {
    let object_with_fields = schema["properties"].is_object();
    let named_otherwise = schema.get("$ref").is_some();
    !named_otherwise
        && (object_with_fields
            || schema.get("enum").is_some()
            || schema.get("oneOf").is_some()
            || schema.get("allOf").is_some() && schema.as_object().and_then(narrowed).is_none()
            || schema.get("x-extensible-enum").is_some()
            || schema.get(SECRET).is_some())
}
