//! Names that are names in Rust, and no two alike: of operations and of schemas. Discriminators get all their words first,
//! since the values that they imply are the names before.

use std::collections::{BTreeMap, BTreeSet};

use heck::{ToSnakeCase as _, ToUpperCamelCase as _};
use serde_json::{Value, json};

use crate::regen::document::{Document, METHODS, entries, text};
use crate::regen::problem::Problem;
use crate::regen::report::Report;
use crate::regen::walk;

const SCHEMAS: &str = "#/components/schemas/";

/// Methods that the generated client has already.
const METHODS_TAKEN: [&str; 14] = [
    "new",
    "new_with_client",
    "clone",
    "pre",
    "post",
    "exec",
    "client",
    "baseurl",
    "inner",
    "api_version",
    "default",
    "fmt",
    "into",
    "from",
];
const KEYWORDS: [&str; 51] = [
    "as", "break", "const", "continue", "crate", "else", "enum", "extern", "false", "fn", "for",
    "if", "impl", "in", "let", "loop", "match", "mod", "move", "mut", "pub", "ref", "return",
    "self", "static", "struct", "super", "trait", "true", "type", "unsafe", "use", "where",
    "while", "async", "await", "dyn", "abstract", "become", "box", "do", "final", "macro",
    "override", "priv", "typeof", "unsized", "virtual", "yield", "try", "gen",
];

pub(super) fn fit(document: &mut Document, report: &mut Report, problems: &mut Vec<Problem>) {
    discriminators(document, report, problems);
    schemas(document, report);
    operations(document, report, problems);
}

/// Whether a word can name a method or an argument.
pub(super) fn is_plain(word: &str) -> bool {
    word == snake(word) && !KEYWORDS.contains(&word)
}

/// The word in snake_case, of ASCII, and never empty.
pub(super) fn snake(word: &str) -> String {
    let ascii: String = word
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .collect();
    let name = ascii.to_snake_case();
    if name.starts_with(|c: char| c.is_ascii_alphabetic()) {
        name
    } else {
        format!("n{name}")
    }
}

/// The word as the generator names a type: the same again when it is asked twice.
pub(super) fn pascal(word: &str) -> String {
    let name = snake(word).to_upper_camel_case();
    if name == "Self" {
        "SelfType".to_owned()
    } else {
        name
    }
}

/// The name, or with a number after it where it is taken.
pub(super) fn unique(base: &str, separator: &str, taken: &BTreeSet<String>) -> String {
    if !taken.contains(base) {
        return base.to_owned();
    }
    (2_u32..)
        .map(|number| format!("{base}{separator}{number}"))
        .find(|name| !taken.contains(name))
        .unwrap_or_else(|| base.to_owned())
}

/// Each discriminator with every value that it has, and the alternatives that it tells apart.
fn discriminators(document: &mut Document, report: &mut Report, problems: &mut Vec<Problem>) {
    let children = children(document);
    let names: BTreeSet<String> = document
        .schemas()
        .map(|(name, _)| name.to_owned())
        .collect();
    walk::schemas_mut(&mut document.root, &mut |place, schema| {
        let Some(discriminator) = schema.get("discriminator").cloned() else {
            return;
        };
        let own = place
            .strip_prefix("schema ")
            .filter(|name| names.contains(*name));
        let Some(property) = text(&discriminator, "propertyName") else {
            problems.push(Problem::new(
                place,
                "the discriminator has no propertyName",
                "name the property",
            ));
            return;
        };
        let mut mapping: BTreeMap<String, String> = BTreeMap::new();
        for (tag, target) in entries(discriminator.get("mapping")) {
            let target = target.as_str().unwrap_or_default();
            let target = if names.contains(target) {
                format!("{SCHEMAS}{target}")
            } else {
                target.to_owned()
            };
            if !target
                .strip_prefix(SCHEMAS)
                .is_some_and(|name| names.contains(name))
            {
                problems.push(Problem::new(
                    place,
                    format!("the discriminator maps {tag:?} to {target:?}, which is no schema"),
                    "point it at a schema in components",
                ));
                return;
            }
            mapping.insert(tag.to_owned(), target);
        }
        let listed = ["oneOf", "anyOf"]
            .into_iter()
            .find_map(|key| schema.get(key)?.as_array().cloned());
        let parts = match (listed, own.and_then(|name| children.get(name))) {
            (Some(parts), _) => parts,
            (None, Some(children)) => {
                let mut all: BTreeSet<String> = children
                    .iter()
                    .map(|name| format!("{SCHEMAS}{name}"))
                    .collect();
                all.extend(mapping.values().cloned());
                report.add(
                    place,
                    "a discriminator over schemas that extend this one",
                    "oneOf of them",
                    "the generator knows no inheritance",
                );
                all.into_iter()
                    .map(|target| json!({ "$ref": target }))
                    .collect()
            }
            (None, None) if !mapping.is_empty() => {
                let all: BTreeSet<&String> = mapping.values().collect();
                all.into_iter()
                    .map(|target| json!({ "$ref": target }))
                    .collect()
            }
            (None, None) => {
                report.add(
                    place,
                    "a discriminator",
                    "left out",
                    "nothing extends the schema",
                );
                if let Some(object) = schema.as_object_mut() {
                    object.remove("discriminator");
                }
                return;
            }
        };
        for part in &parts {
            let Some(target) = text(part, "$ref") else {
                // An inline alternative has no name to be told by.
                mapping.clear();
                break;
            };
            if !mapping.values().any(|known| known == target) {
                mapping.insert(
                    target.strip_prefix(SCHEMAS).unwrap_or(target).to_owned(),
                    target.to_owned(),
                );
            }
        }
        for key in ["oneOf", "anyOf"] {
            if let Some(object) = schema.as_object_mut() {
                object.remove(key);
            }
        }
        schema["oneOf"] = Value::Array(parts);
        schema["discriminator"] = json!({ "propertyName": property, "mapping": mapping });
        if mapping.is_empty()
            && let Some(object) = schema.as_object_mut()
        {
            object.remove("discriminator");
            report.add(
                place,
                "a discriminator over inline schemas",
                "told apart by shape",
                "only named schemas have a value",
            );
        }
    });
}

/// Which schemas extend which by `allOf`, directly or not.
fn children(document: &Document) -> BTreeMap<String, BTreeSet<String>> {
    let mut direct: Vec<(String, String)> = Vec::new();
    for (name, schema) in document.schemas() {
        for part in schema
            .get("allOf")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            if let Some(base) = text(part, "$ref").and_then(|target| target.strip_prefix(SCHEMAS)) {
                direct.push((base.to_owned(), name.to_owned()));
            }
        }
    }
    let mut all: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (base, _) in &direct {
        let mut waiting = vec![base.clone()];
        let mut found = BTreeSet::new();
        while let Some(next) = waiting.pop() {
            for (_, child) in direct.iter().filter(|(parent, _)| *parent == next) {
                if found.insert(child.clone()) {
                    waiting.push(child.clone());
                }
            }
        }
        found.remove(base);
        all.insert(base.clone(), found);
    }
    all
}

fn schemas(document: &mut Document, report: &mut Report) {
    let names: Vec<String> = document
        .schemas()
        .map(|(name, _)| name.to_owned())
        .collect();
    // What needs no new name keeps its own, whatever stands before it.
    let mut taken: BTreeSet<String> = names
        .iter()
        .filter(|name| pascal(name) == **name)
        .cloned()
        .collect();
    let mut renamed: BTreeMap<String, String> = BTreeMap::new();
    for name in names.iter().filter(|name| pascal(name) != **name) {
        let new = unique(&pascal(name), "", &taken);
        taken.insert(new.clone());
        report.add(
            format!("schema {name}"),
            name,
            &new,
            "a type of Rust has a name in PascalCase of its own",
        );
        renamed.insert(name.clone(), new);
    }
    if renamed.is_empty() {
        return;
    }
    if let Some(schemas) = document
        .root
        .pointer_mut("/components/schemas")
        .and_then(Value::as_object_mut)
    {
        let old = std::mem::take(schemas);
        schemas.extend(
            old.into_iter()
                .map(|(name, schema)| (renamed.get(&name).cloned().unwrap_or(name), schema)),
        );
    }
    let rename = |target: &mut String| {
        let name = target
            .strip_prefix(SCHEMAS)
            .map(|name| name.replace("~1", "/").replace("~0", "~"));
        if let Some(new) = name.and_then(|name| renamed.get(&name)) {
            *target = format!("{SCHEMAS}{new}");
        }
    };
    walk::references_mut(&mut document.root, &mut |target| rename(target));
    walk::schemas_mut(&mut document.root, &mut |_, schema| {
        if let Some(mapping) = schema
            .pointer_mut("/discriminator/mapping")
            .and_then(Value::as_object_mut)
        {
            for target in mapping.values_mut() {
                if let Value::String(target) = target {
                    rename(target);
                }
            }
        }
    });
}

fn operations(document: &mut Document, report: &mut Report, problems: &mut Vec<Problem>) {
    let mut taken = BTreeSet::new();
    let Some(paths) = document
        .root
        .get_mut("paths")
        .and_then(Value::as_object_mut)
    else {
        return;
    };
    let mut waiting: Vec<(String, &'static str, Option<String>)> = Vec::new();
    for (path, item) in paths.iter() {
        if !path.starts_with('/') && !path.starts_with("x-") {
            problems.push(Problem::new(
                path,
                "the path does not start with a slash",
                "write it as /…",
            ));
        }
        for method in METHODS {
            if let Some(operation) = item.get(method) {
                let id = text(operation, "operationId").filter(|id| !id.is_empty());
                waiting.push((path.clone(), method, id.map(str::to_owned)));
            }
        }
    }
    // Ids that are good as they are are taken first, so that no other gets theirs.
    let good = |id: &Option<String>| {
        id.as_deref()
            .is_some_and(|id| is_plain(id) && !METHODS_TAKEN.contains(&id))
    };
    waiting.sort_by_key(|(_, _, id)| !good(id));
    for (path, method, id) in waiting {
        let base = match &id {
            Some(id) => without_controller(id),
            None => from_path(method, &path),
        };
        let base = if METHODS_TAKEN.contains(&base.as_str()) || KEYWORDS.contains(&base.as_str()) {
            format!("call_{base}")
        } else {
            base
        };
        let new = unique(&base, "_", &taken);
        taken.insert(new.clone());
        if id.as_deref() == Some(new.as_str()) {
            continue;
        }
        report.add(
            format!("{} {path}", method.to_uppercase()),
            id.map_or_else(
                || "no operationId".to_owned(),
                |id| format!("operationId {id}"),
            ),
            &new,
            "a method of Rust has a name in snake_case of its own",
        );
        if let Some(operation) = paths
            .get_mut(&path)
            .and_then(|item| item.get_mut(method))
            .and_then(Value::as_object_mut)
        {
            operation.insert("operationId".to_owned(), json!(new));
        }
    }
}

/// NestJS writes `UsersController_findAll`.
fn without_controller(id: &str) -> String {
    match id.split_once("Controller_") {
        Some((resource, action)) => snake(&format!("{resource}_{action}")),
        None => snake(id),
    }
}

fn from_path(method: &str, path: &str) -> String {
    let words: Vec<String> = path
        .split('/')
        .filter(|word| !word.is_empty())
        .map(|word| {
            match word
                .strip_prefix('{')
                .and_then(|word| word.strip_suffix('}'))
            {
                Some(name) => format!("by {name}"),
                None => word.to_owned(),
            }
        })
        .collect();
    snake(&format!("{method} {}", words.join(" ")))
}
