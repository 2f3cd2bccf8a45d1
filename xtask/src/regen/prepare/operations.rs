//! Parameters as the generator can take them. One that it would write otherwise than described becomes a stand-in in the
//! query, marked with `x-wire`; the pass over the generated code puts the right words in its place.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::names::{is_plain, snake, unique};
use super::{WIRE, bodies};
use crate::regen::document::{Document, METHODS, entries, text};
use crate::regen::problem::Problem;
use crate::regen::report::Report;

/// Words that the generated method uses itself.
const TAKEN: [&str; 8] = [
    "header_map",
    "send",
    "new",
    "client",
    "info",
    "body",
    "value",
    "self",
];
/// Headers that are described elsewhere, says OpenAPI.
const ELSEWHERE: [&str; 3] = ["accept", "content-type", "authorization"];

pub(super) fn rewrite(document: &mut Document, report: &mut Report, problems: &mut Vec<Problem>) {
    let operations = match document.operations() {
        Ok(operations) => operations,
        Err(problem) => {
            problems.push(problem);
            return;
        }
    };
    let mut rewritten = Vec::new();
    for operation in &operations {
        let mut value = operation.value.clone();
        let place = operation.name();
        let mut names = Names {
            taken: BTreeSet::new(),
        };
        let parameters = parameters(
            document,
            operation.path,
            &place,
            &operation.parameters,
            &mut names,
            report,
            problems,
        );
        value["parameters"] = Value::Array(parameters);
        for key in ["callbacks", "servers"] {
            if value.get(key).is_some() {
                report.add(
                    &place,
                    key,
                    "left out",
                    "the client is told its base URL, and serves nothing",
                );
            }
        }
        bodies::request(
            document,
            &place,
            &mut value,
            &mut |wanted| names.take(wanted, "body"),
            report,
            problems,
        );
        bodies::responses(
            document,
            &place,
            operation.method,
            &mut value,
            report,
            problems,
        );
        rewritten.push((
            operation.path.to_owned(),
            operation.method.to_owned(),
            value,
        ));
    }
    for (path, method, value) in rewritten {
        document.root["paths"][path.as_str()][method.as_str()] = value;
    }
    if let Some(paths) = document
        .root
        .get_mut("paths")
        .and_then(Value::as_object_mut)
    {
        for item in paths.values_mut().filter_map(Value::as_object_mut) {
            item.retain(|key, _| METHODS.contains(&key.as_str()) || key.starts_with("x-"));
        }
    }
}

struct Names {
    taken: BTreeSet<String>,
}

impl Names {
    /// A name for an argument that no other has.
    fn take(&mut self, wanted: &str, kind: &str) -> String {
        let plain = snake(wanted);
        let free = is_plain(&plain) && !TAKEN.contains(&plain.as_str());
        let base = if kind == "body" || free && !self.taken.contains(&plain) {
            plain
        } else {
            format!("{plain}_{kind}")
        };
        let name = unique(&base, "_", &self.taken);
        self.taken.insert(name.clone());
        name
    }
}

fn parameters(
    document: &Document,
    path: &str,
    operation: &str,
    declared: &[&Value],
    names: &mut Names,
    report: &mut Report,
    problems: &mut Vec<Problem>,
) -> Vec<Value> {
    let template: Vec<&str> = path
        .split('{')
        .skip(1)
        .filter_map(|part| part.split('}').next())
        .collect();
    // Those of the path keep their names, declared or not, since the template holds them.
    names.taken.extend(template.iter().map(|name| snake(name)));
    let mut sorted: Vec<&Value> = declared.to_vec();
    sorted.sort_by_key(|parameter| text(parameter, "in") != Some("path"));
    let mut kept = Vec::new();
    let mut seen = BTreeSet::new();
    for parameter in sorted {
        let own = text(parameter, "name").unwrap_or_default();
        let place = format!("{operation}, parameter {own}");
        let location = text(parameter, "in").unwrap_or_default();
        if parameter.get("x-transport") == Some(&Value::Bool(true)) {
            kept.push(parameter.clone());
            continue;
        }
        match location {
            "path" if !template.contains(&own) => {
                problems.push(Problem::new(
                    &place,
                    "the path parameter does not stand in the path",
                    "take it out, or write it into the path",
                ));
                continue;
            }
            "path" | "query" | "cookie" => {}
            "header" if ELSEWHERE.contains(&own.to_ascii_lowercase().as_str()) => {
                report.add(
                    &place,
                    format!("the header {own}"),
                    "left out",
                    "OpenAPI describes it elsewhere",
                );
                continue;
            }
            "header" => {}
            other => {
                problems.push(Problem::new(
                    &place,
                    format!("a parameter in {other:?}"),
                    "put it in path, query, header or cookie",
                ));
                continue;
            }
        }
        let token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
        if own.is_empty() || location != "path" && location != "query" && !own.chars().all(token) {
            problems.push(Problem::new(
                &place,
                format!("no {location} can have that name"),
                "mend the name",
            ));
            continue;
        }
        if !seen.insert((location.to_owned(), own.to_owned())) {
            problems.push(Problem::new(
                &place,
                format!("the {location} parameter stands twice"),
                "take one out",
            ));
            continue;
        }
        match parameter_for(document, &place, parameter, location, own, names, report) {
            Ok(rewritten) => kept.push(rewritten),
            Err(problem) => problems.push(problem),
        }
    }
    let twice: BTreeSet<&&str> = template
        .iter()
        .filter(|name| template.iter().filter(|other| other == name).count() > 1)
        .collect();
    for name in twice {
        problems.push(Problem::new(
            operation,
            format!("the path holds {{{name}}} twice"),
            "give each its name",
        ));
    }
    for name in template {
        if name.is_empty() {
            problems.push(Problem::new(
                operation,
                "the path holds a parameter without a name",
                "name it",
            ));
        } else if !seen.contains(&("path".to_owned(), name.to_owned())) {
            report.add(
                operation,
                format!("{{{name}}} of the path is not declared"),
                "a string",
                "the path cannot be made without it",
            );
            kept.push(json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } }));
        }
    }
    kept
}

/// How the generator is told of a parameter: as it is, or by a stand-in.
fn parameter_for(
    document: &Document,
    place: &str,
    parameter: &Value,
    location: &str,
    own: &str,
    names: &mut Names,
    report: &mut Report,
) -> Result<Value, Problem> {
    let mut copy = parameter.clone();
    let json_text = match parameter.get("content") {
        Some(content) => {
            let media = entries(Some(content)).next();
            match media {
                Some((kind, media)) if is_json(kind) => {
                    copy["schema"] = media.get("schema").cloned().unwrap_or_else(|| json!({}));
                    true
                }
                _ => {
                    return Err(Problem::new(
                        place,
                        "its content is no JSON",
                        "give it a schema",
                    ));
                }
            }
        }
        None => false,
    };
    if copy.get("schema").is_none() {
        report.add(place, "no schema", "a string", "a parameter is text");
        copy["schema"] = json!({ "type": "string" });
    }
    let schema = document.resolve(&copy["schema"])?.clone();
    if schema.get("default").is_some() {
        report.add(
            place,
            format!("default: {}", schema["default"]),
            "not sent",
            "the server fills it in",
        );
    }
    let kind = kind(document, &schema);
    let list = matches!(kind, Some("array" | "object"));
    let style = text(parameter, "style").unwrap_or(match location {
        "query" | "cookie" => "form",
        _ => "simple",
    });
    let explode = parameter
        .get("explode")
        .and_then(Value::as_bool)
        .unwrap_or(style == "form" && location != "cookie");
    let name = if location == "path" {
        snake(own)
    } else {
        names.take(own, location)
    };
    let own_name =
        name == snake(own) && own.is_ascii() && own.starts_with(|c: char| c.is_ascii_alphabetic());
    if location == "path" {
        if copy.get("required") != Some(&Value::Bool(true)) {
            report.add(
                place,
                "a path parameter that is not required",
                "required",
                "the path cannot be made without it",
            );
            copy["required"] = json!(true);
        }
        if schema.get("nullable") == Some(&Value::Bool(true)) {
            report.add(
                place,
                "nullable",
                "a value",
                "the path cannot be made without it",
            );
            copy["schema"] = schema.clone();
            copy["schema"]["nullable"] = json!(false);
        }
        if !["simple", "label", "matrix"].contains(&style) {
            return Err(Problem::new(
                place,
                format!("a path parameter has no style {style}"),
                "use simple, label or matrix",
            ));
        }
        let special = style != "simple"
            || list
            || kind.is_none()
            || text(&schema, "format") == Some("password");
        if !own_name && !special {
            // Where the name is one of the method's own, only the argument of a path needs no other.
            names.taken.insert(snake(own));
        }
        if special {
            report.add(
                place,
                format!("style {style}, explode {explode}"),
                "written by wire::path",
                "the generator knows scalars in the style simple",
            );
            copy[WIRE] = json!({ "as": "path", "name": own, "style": style, "explode": explode });
        }
        return Ok(plain(copy));
    }
    let unknown = kind.is_none() || schema.get("nullable") == Some(&Value::Bool(true));
    let wire = match location {
        "query" => {
            let how = match (style, kind) {
                _ if json_text => "Json",
                ("form", Some("array" | "object")) if !explode => "Commas",
                ("form", _) => "Exploded",
                ("deepObject", _) => "Deep",
                ("spaceDelimited", Some("array"))
                    if !parameter
                        .get("explode")
                        .and_then(Value::as_bool)
                        .unwrap_or(false) =>
                {
                    "Spaces"
                }
                ("pipeDelimited", Some("array"))
                    if !parameter
                        .get("explode")
                        .and_then(Value::as_bool)
                        .unwrap_or(false) =>
                {
                    "Pipes"
                }
                ("spaceDelimited" | "pipeDelimited", Some("array")) => "Exploded",
                _ => {
                    return Err(Problem::new(
                        place,
                        format!("style {style} has no meaning for what it holds"),
                        "use form, or deepObject for an object",
                    ));
                }
            };
            lists_in_lists(document, place, &schema, how)?;
            let native = how == "Exploded" && kind != Some("object") && !unknown && own_name;
            (!native).then(|| json!({ "as": "query", "name": own, "style": how }))
        }
        "header" => {
            if style != "simple" {
                return Err(Problem::new(
                    place,
                    format!("a header has no style {style}"),
                    "use simple",
                ));
            }
            let secret = text(&schema, "format") == Some("password");
            let native = !json_text && !list && !unknown && !secret && own_name;
            (!native).then(
                || json!({ "as": "header", "name": own, "explode": explode, "json": json_text }),
            )
        }
        _ => Some(json!({ "as": "cookie", "name": own })),
    };
    if let Some(wire) = wire {
        report.add(
            place,
            format!("{location}, style {style}, explode {explode}"),
            format!(
                "the argument {name}, written as {}",
                text(&wire, "style")
                    .or_else(|| text(&wire, "as"))
                    .unwrap_or_default()
            ),
            "the generator would write it otherwise, or not at all",
        );
        copy["in"] = json!("query");
        copy["name"] = json!(name);
        copy[WIRE] = wire;
        if unknown {
            copy["schema"] = schema;
            if let Some(object) = copy["schema"].as_object_mut() {
                object.remove("nullable");
            }
        }
    }
    Ok(plain(copy))
}

/// The parameter without what was dealt with.
fn plain(mut parameter: Value) -> Value {
    if let Some(object) = parameter.as_object_mut() {
        for key in [
            "style",
            "explode",
            "content",
            "allowReserved",
            "allowEmptyValue",
        ] {
            object.remove(key);
        }
    }
    parameter
}

/// A list of objects has no text in any style but JSON.
fn lists_in_lists(
    document: &Document,
    place: &str,
    schema: &Value,
    how: &str,
) -> Result<(), Problem> {
    let bad = |inner: &Value| {
        matches!(
            document
                .resolve(inner)
                .ok()
                .and_then(|inner| kind(document, inner)),
            Some("array" | "object")
        )
    };
    let refused = match (how, kind(document, schema)) {
        ("Json", _) => false,
        (_, Some("array")) => schema.get("items").is_some_and(bad),
        ("Deep", Some("object")) => false,
        (_, Some("object")) => entries(schema.get("properties")).any(|(_, inner)| {
            document.resolve(inner).is_ok_and(|inner| {
                kind(document, inner) == Some("object")
                    || kind(document, inner) == Some("array") && inner.get("items").is_some_and(bad)
            })
        }),
        _ => false,
    };
    if refused {
        return Err(Problem::new(
            place,
            "OpenAPI has no text for what is nested in it",
            "use deepObject, or content: application/json",
        ));
    }
    Ok(())
}

/// What a schema is, through `allOf` and enums too; nothing where it may be several things.
pub(super) fn kind<'a>(document: &'a Document, schema: &'a Value) -> Option<&'a str> {
    if schema.get("oneOf").is_some() || schema.get("anyOf").is_some() {
        return None;
    }
    if let Some(kind) = text(schema, "type") {
        return Some(kind);
    }
    let parts = schema.get("allOf").and_then(Value::as_array)?;
    parts
        .iter()
        .find_map(|part| text(document.resolve(part).ok()?, "type"))
}

/// Whether a media type is JSON.
pub(super) fn is_json(media_type: &str) -> bool {
    let plain = media_type
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    plain == "application/json" || plain == "text/json" || plain.ends_with("+json")
}
