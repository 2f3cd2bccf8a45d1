//! Schemas: inline ones get names, open vocabularies and optional fields are noted, bounds are left to the server.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::words::{self, field_names};
use super::{Draft, Field, OpenEnum, Presence, pascal};
use crate::regen::document::{EXTRA, entries, schema_name, text};
use crate::regen::prepare::merge::{BOUNDS, is_alias};
use crate::regen::problem::Problem;

/// Words that only people and validators read.
const NOTES: [&str; 9] = [
    "example",
    "examples",
    "readOnly",
    "writeOnly",
    "deprecated",
    "externalDocs",
    "title",
    "xml",
    "discriminator",
];

/// Marks an object that holds secrets.
const SECRET: &str = "x-secret";

impl Draft {
    /// A named schema of the description.
    pub(super) fn component(&mut self, name: &str, schema: &Value) {
        // Null is said where the schema is used, so that the type itself is the one that has the name.
        let rewritten = self.rewrite(name, name, &without_null(schema));
        self.schemas.insert(name.to_owned(), rewritten);
    }

    /// A schema that stands inline in an operation: a type of its own gets the name `name`.
    pub(super) fn inline(&mut self, name: &str, place: &str, schema: &Value) -> Value {
        self.part_of(name, place, schema)
    }

    /// A name that no component has.
    pub(super) fn free(&self, wanted: &str) -> String {
        let taken =
            |name: &str| self.schemas.contains_key(name) || self.required.contains_key(name);
        let wanted = pascal(wanted);
        let mut name = wanted.clone();
        let mut number = 1;
        while taken(&name) {
            number += 1;
            name = format!("{wanted}{number}");
        }
        name
    }

    pub(super) fn hoist(&mut self, wanted: &str, place: &str, schema: &Value) -> Value {
        let name = self.free(wanted);
        self.report.add(
            place,
            "an inline schema",
            format!("the component {name}"),
            "the generator's own names for inline schemas collide",
        );
        // The name is taken before what stands inside looks for its own.
        self.schemas.insert(name.clone(), Value::Null);
        let rewritten = self.rewrite(&name, place, &without_null(schema));
        self.schemas.insert(name.clone(), rewritten);
        let reference = json!({ "$ref": format!("#/components/schemas/{name}") });
        if is_nullable(schema) {
            json!({ "nullable": true, "allOf": [reference] })
        } else {
            reference
        }
    }

    /// Rewrites a schema that is, or stands in, the component `owner`.
    pub(super) fn rewrite(&mut self, owner: &str, place: &str, schema: &Value) -> Value {
        let Some(object) = schema.as_object() else {
            return schema.clone();
        };
        if object.contains_key("$ref") {
            return self.reference(schema, schema);
        }
        if is_alias(schema) {
            if BOUNDS.iter().any(|key| schema.get(*key).is_some()) {
                self.report.add(
                    place,
                    "a bound on another schema",
                    format!("that schema, {}", schema["allOf"][0]["$ref"]),
                    "what may be sent is less than what may come, and the type is one",
                );
            }
            return self.reference(schema, &schema["allOf"][0]);
        }
        if text(schema, "type") == Some("string") {
            if let Some(values) = schema.get("x-extensible-enum") {
                self.open_enum(owner, place, schema, values);
            } else if let Some(values) = schema.get("enum").and_then(Value::as_array)
                && !words::are_plain(values)
                && values.iter().all(Value::is_string)
            {
                self.report.add(
                    place,
                    "values whose names would collide",
                    "an enum with names of its own",
                    "the generator makes no variant of them",
                );
                self.open_enum(owner, place, schema, &schema["enum"]);
            }
        }
        if schema.get(SECRET) == Some(&Value::Bool(true)) {
            self.report
                .add(place, SECRET, "crate::SecretMap", "Debug is redacted");
            self.secrets.push(owner.to_owned());
        }
        if let Some(rewritten) = self.alternatives(owner, place, schema) {
            return rewritten;
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
                "required" => self.required(owner, place, object, value),
                "items" => self.part_of(&format!("{owner}Item"), &format!("{place}[]"), value),
                "additionalProperties" if value.is_object() => {
                    self.part_of(&format!("{owner}Value"), &format!("{place}.*"), value)
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
                "enum" if !self.keeps_enum(place, schema, value) => continue,
                "default" if !self.keeps_default(place, schema, value) => continue,
                "oneOf" | "anyOf" | "allOf" => continue,
                _ => value.clone(),
            };
            rewritten.insert(key.clone(), after);
        }
        self.fits_generator(place, schema, &mut rewritten);
        Value::Object(rewritten)
    }

    /// A reference to `only`, and whether null fits too: by the word beside it, or by what it refers to.
    fn reference(&self, schema: &Value, only: &Value) -> Value {
        let target = self.document.resolve(only).unwrap_or(only);
        let reference = json!({ "$ref": only["$ref"] });
        if is_nullable(schema) || is_nullable(target) {
            json!({ "nullable": true, "allOf": [reference] })
        } else {
            reference
        }
    }

    /// Combinations that the generator turns into something else than the document says.
    fn fits_generator(&mut self, place: &str, schema: &Value, rewritten: &mut Map<String, Value>) {
        if text(schema, "type") == Some("string")
            && schema.get("writeOnly") == Some(&Value::Bool(true))
            && schema.get("enum").is_none()
            && schema.get("format").is_none()
        {
            self.report.add(
                place,
                "writeOnly",
                "crate::Secret",
                "Debug is redacted and the memory is zeroed",
            );
            rewritten.insert("format".to_owned(), json!("password"));
        }
        // A word of 3.0 that holds no type: any JSON.
        if rewritten.get("type").is_none() {
            for key in ["nullable", "format", "required"] {
                rewritten.remove(key);
            }
        }
        let known = match text(schema, "type") {
            Some("integer") => [
                "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64",
            ]
            .as_slice(),
            Some("number") => ["float", "double"].as_slice(),
            Some("string") => [
                "date",
                "date-time",
                "password",
                "uuid",
                "ip",
                "ipv4",
                "ipv6",
                "binary",
                "byte",
            ]
            .as_slice(),
            _ => [].as_slice(),
        };
        if let Some(format) = text(schema, "format").filter(|format| !known.contains(format)) {
            rewritten.remove("format");
            if text(schema, "type") != Some("string") {
                self.report.add(
                    place,
                    format!("format: {format}"),
                    "the widest type of its kind",
                    "no type is known for it",
                );
            }
        }
    }

    /// What a schema requires in both directions that it is used in.
    fn required(
        &mut self,
        owner: &str,
        place: &str,
        holder: &Map<String, Value>,
        value: &Value,
    ) -> Value {
        let properties = holder.get("properties");
        let kept = value.as_array().into_iter().flatten().filter(|name| {
            let property = properties.and_then(|all| all.get(name.as_str()?));
            self.is_required(owner, property)
        });
        let names = properties.map_or_else(Vec::new, |properties| field_names(holder, properties));
        let field = |name: &Value| {
            let renamed = names
                .iter()
                .find(|(own, _)| Some(own.as_str()) == name.as_str());
            renamed.map_or_else(|| name.clone(), |(_, field)| json!(field))
        };
        let kept: Vec<Value> = kept.map(field).collect();
        if Some(kept.len()) != value.as_array().map(Vec::len) {
            self.report.add(
                place,
                "required, though one direction never holds it",
                "optional",
                "readOnly is not sent, and writeOnly does not come",
            );
        }
        Value::Array(kept)
    }

    fn is_required(&self, owner: &str, property: Option<&Value>) -> bool {
        let Some(property) = property else {
            // A name that no property has cannot be a field.
            return false;
        };
        let property = self.document.resolve(property).unwrap_or(property);
        let marked = |key: &str| property.get(key) == Some(&Value::Bool(true));
        !(marked("readOnly") && self.sent.contains(owner)
            || marked("writeOnly") && self.received.contains(owner) && self.sent.contains(owner))
    }

    /// Whether the generator takes the values of an enum as they are.
    fn keeps_enum(&mut self, place: &str, schema: &Value, values: &Value) -> bool {
        let strings = values
            .as_array()
            .is_some_and(|values| !values.is_empty() && values.iter().all(Value::is_string));
        if text(schema, "type") == Some("string") && strings {
            return schema.get("x-extensible-enum").is_none()
                && values
                    .as_array()
                    .is_some_and(|values| words::are_plain(values))
                && schema.get("format").is_none();
        }
        self.report.add(
            place,
            format!("enum: {values}"),
            "any value of its type",
            "the server checks it",
        );
        false
    }

    /// Whether a default stays: the generator can make one of a scalar.
    fn keeps_default(&mut self, place: &str, schema: &Value, default: &Value) -> bool {
        let nullable = schema.get("nullable") == Some(&Value::Bool(true));
        let fits = match text(schema, "type") {
            Some("string") => default.is_string(),
            Some("integer") => default.is_i64() || default.is_u64(),
            Some("number") => default.is_number(),
            Some("boolean") => default.is_boolean(),
            Some("array") => default.is_array(),
            Some("object") => default.is_object(),
            _ => true,
        };
        let listed = schema
            .get("enum")
            .and_then(Value::as_array)
            .is_none_or(|values| values.contains(default));
        if !(fits && listed || default.is_null() && nullable) {
            self.problems.push(Problem::new(
                place,
                format!("the default {default} does not fit its schema"),
                "mend the default",
            ));
            return false;
        }
        let plain = matches!(
            text(schema, "type"),
            Some("string" | "integer" | "number" | "boolean")
        ) && !nullable
            && schema.get("format").is_none()
            && schema.get("writeOnly").is_none();
        let named = schema.get("enum").is_some() || schema.get("x-extensible-enum").is_some();
        if plain && !named {
            return true;
        }
        self.report.add(
            place,
            format!("default: {default}"),
            "not filled in by the client",
            "absent stays absent",
        );
        false
    }

    /// A schema inside another: a type of its own gets a name of its own.
    pub(super) fn part_of(&mut self, name: &str, place: &str, schema: &Value) -> Value {
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
            .filter(|name| self.is_required(owner, properties.get(name)))
            .collect();
        let names = field_names(holder, properties);
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
            let field = names
                .iter()
                .find(|(own, _)| own == property)
                .map_or_else(|| property.to_owned(), |(_, field)| field.clone());
            if field != property {
                self.report.add(
                    &inner,
                    "a property",
                    format!("the field {field}"),
                    "its field would have the name of another",
                );
                self.renames
                    .push((owner.to_owned(), field.clone(), property.to_owned()));
            }
            if schema.get("deprecated") == Some(&Value::Bool(true)) {
                self.deprecated_fields
                    .push((owner.to_owned(), property.to_owned()));
            }
            if !required.contains(&property) {
                self.presence(owner, &field, &inner, schema);
            }
            let after = self.part_of(&format!("{owner}{}", pascal(&field)), &inner, schema);
            if schema.get("writeOnly") == Some(&Value::Bool(true))
                && text(&after, "format") != Some("password")
                && schema.get(SECRET).is_none()
            {
                self.report
                    .add(&inner, "writeOnly", "crate::Hidden<T>", "Debug is redacted");
                self.hidden.push((owner.to_owned(), property.to_owned()));
            }
            rewritten.insert(field, after);
        }
        Value::Object(rewritten)
    }

    /// Notes an optional field whose absence the generator would confuse with null or empty.
    fn presence(&mut self, owner: &str, property: &str, place: &str, schema: &Value) {
        let collection = matches!(text(schema, "type"), Some("array"))
            || (text(schema, "type") == Some("object") && !schema["properties"].is_object());
        let target = self.document.resolve(schema).unwrap_or(schema);
        let behind = is_alias(schema)
            && self
                .document
                .resolve(&schema["allOf"][0])
                .is_ok_and(is_nullable);
        let (presence, after) =
            if is_nullable(schema) || is_nullable(target) || behind || any_value(schema) {
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
                Presence::AbsentOrCollection => "absent and empty were one",
                _ => "absent and null were one",
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
                    self.part_of(&format!("{owner}Variant{index}"), place, variant)
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

    pub(super) fn open_enum(&mut self, owner: &str, place: &str, schema: &Value, values: &Value) {
        let mut known: Vec<(String, String)> = Vec::new();
        let mut taken = BTreeSet::new();
        for value in values.as_array().into_iter().flatten() {
            let Some(wire) = value.as_str() else {
                self.problems.push(Problem::new(
                    place,
                    format!("x-extensible-enum holds {value}, which is no string"),
                    "list strings only",
                ));
                continue;
            };
            if known.iter().any(|(_, other)| other == wire) {
                continue;
            }
            let variant = words::variant(wire, &taken);
            taken.insert(variant.clone());
            known.push((variant, wire.to_owned()));
        }
        self.report.add(
            place,
            "an open vocabulary",
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

fn is_nullable(schema: &Value) -> bool {
    schema.get("nullable") == Some(&Value::Bool(true))
}

fn without_null(schema: &Value) -> Value {
    let mut schema = schema.clone();
    if let Some(object) = schema.as_object_mut() {
        object.remove("nullable");
    }
    schema
}

/// Whether any JSON fits the schema, null too.
fn any_value(schema: &Value) -> bool {
    let silent = [
        "type",
        "$ref",
        "enum",
        "oneOf",
        "anyOf",
        "allOf",
        "x-extensible-enum",
    ];
    schema.is_object() && silent.iter().all(|key| schema.get(*key).is_none())
}

/// Whether a schema becomes a Rust type of its own and so must have a name that we chose.
fn needs_name(schema: &Value) -> bool {
    let object_with_fields = schema["properties"].is_object()
        || text(schema, "type") == Some("object")
            && schema.get("additionalProperties") == Some(&json!(false));
    let words = text(schema, "type") == Some("string") && schema["enum"].is_array();
    let named_otherwise = schema.get("$ref").is_some() || is_alias(schema);
    !named_otherwise
        && (object_with_fields
            || words
            || schema.get("oneOf").is_some()
            || schema.get("anyOf").is_some()
            || schema.get("allOf").is_some()
            || schema.get("x-extensible-enum").is_some()
            || schema.get(SECRET).is_some())
}
