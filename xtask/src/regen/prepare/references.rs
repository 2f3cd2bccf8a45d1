//! References that the generator can follow: path items and parts of schemas that are referred to get a place of their own.

use std::collections::BTreeMap;

use heck::ToUpperCamelCase as _;
use serde_json::{Value, json};

use crate::regen::document::{Document, text};
use crate::regen::problem::Problem;
use crate::regen::report::Report;
use crate::regen::walk;

const SCHEMAS: &str = "#/components/schemas/";

pub(super) fn plain(document: &mut Document, report: &mut Report, problems: &mut Vec<Problem>) {
    path_items(document, report, problems);
    parts(document, report, problems);
    if let Some(schemas) = document
        .root
        .pointer_mut("/components/schemas")
        .and_then(Value::as_object_mut)
    {
        for schema in schemas.values_mut() {
            if let Some(object) = schema.as_object_mut() {
                object.remove("$defs");
            }
        }
    }
    let mut targets = Vec::new();
    let mut root = document.root.clone();
    walk::schemas_mut(&mut root, &mut |place, schema| {
        if schema.get("$ref").is_some() {
            targets.push((place.to_owned(), schema.clone()));
        }
    });
    for (place, schema) in targets {
        if let Err(problem) = document.resolve(&schema) {
            problems.push(Problem {
                place: format!("{place}, {}", problem.place),
                ..problem
            });
        }
    }
    for (name, schema) in document.schemas() {
        if let Err(problem) = document.resolve(schema) {
            problems.push(Problem {
                place: format!("schema {name}"),
                ..problem
            });
        }
    }
}

fn path_items(document: &mut Document, report: &mut Report, problems: &mut Vec<Problem>) {
    let mut replaced = Vec::new();
    for (path, item) in super::super::document::entries(document.root.get("paths")) {
        if item.get("$ref").is_none() {
            continue;
        }
        match document.resolve(item) {
            Ok(target) => replaced.push((path.to_owned(), target.clone())),
            Err(problem) => problems.push(Problem {
                place: path.to_owned(),
                ..problem
            }),
        }
    }
    for (path, item) in replaced {
        report.add(
            &path,
            "a path item by reference",
            "the path item",
            "the generator follows none",
        );
        document.root["paths"][path.as_str()] = item;
    }
}

/// A reference to anything but a named schema: the part gets a name.
fn parts(document: &mut Document, report: &mut Report, problems: &mut Vec<Problem>) {
    // A hoisted part may refer to parts in turn.
    for _ in 0..16 {
        let mut found: BTreeMap<String, String> = BTreeMap::new();
        let mut wanted = Vec::new();
        walk::schemas_mut(&mut document.root, &mut |place, schema| {
            if let Some(target) = text(schema, "$ref")
                && target
                    .strip_prefix(SCHEMAS)
                    .is_none_or(|name| name.contains('/'))
            {
                wanted.push((place.to_owned(), target.to_owned()));
            }
        });
        if wanted.is_empty() {
            return;
        }
        for (place, target) in wanted {
            if found.contains_key(&target) {
                continue;
            }
            match document.resolve(&json!({ "$ref": target })) {
                Ok(part) => {
                    let part = part.clone();
                    let name = free_name(document, &target);
                    document.root["components"]["schemas"][name.as_str()] = part;
                    report.add(
                        &place,
                        format!("$ref {target}"),
                        format!("the component {name}"),
                        "the generator follows references to named schemas only",
                    );
                    found.insert(target, format!("{SCHEMAS}{name}"));
                }
                Err(problem) => {
                    problems.push(Problem {
                        place: format!("{place}, {}", problem.place),
                        ..problem
                    });
                    found.insert(target.clone(), target);
                }
            }
        }
        walk::references_mut(&mut document.root, &mut |target| {
            if let Some(new) = found.get(target.as_str()) {
                target.clone_from(new);
            }
        });
        if !problems.is_empty() {
            return;
        }
    }
}

/// `#/components/schemas/A/properties/b` becomes `AB`.
fn free_name(document: &Document, target: &str) -> String {
    let words: Vec<&str> = target
        .trim_start_matches('#')
        .split('/')
        .filter(|word| {
            ![
                "",
                "components",
                "schemas",
                "properties",
                "$defs",
                "schema",
                "paths",
                "content",
            ]
            .contains(word)
        })
        .collect();
    let base = words.join("-").to_upper_camel_case();
    let taken = |name: &str| document.schemas().any(|(other, _)| other == name);
    if !taken(&base) {
        return base;
    }
    (2..)
        .map(|number| format!("{base}{number}"))
        .find(|name| !taken(name))
        .unwrap_or(base)
}
