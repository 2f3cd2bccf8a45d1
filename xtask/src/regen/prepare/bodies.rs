//! Bodies as the generator can take them: one media type, JSON where there is a choice, and all else as bytes.

use serde_json::{Map, Value, json};

use super::operations::{is_json, kind};
use super::{WIRE, forms};
use crate::regen::document::{Document, entries, text};
use crate::regen::problem::Problem;
use crate::regen::report::Report;

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";
const MULTIPART: &str = "multipart/form-data";

/// The request body of an operation, in place.
pub(super) fn request(
    document: &Document,
    operation: &str,
    value: &mut Value,
    name: &mut dyn FnMut(&str) -> String,
    report: &mut Report,
    problems: &mut Vec<Problem>,
) {
    let Some(body) = value.get("requestBody") else {
        return;
    };
    let body = match document.resolve(body) {
        Ok(body) => body.clone(),
        Err(problem) => {
            problems.push(Problem {
                place: format!("{operation}, request body: {}", problem.place),
                ..problem
            });
            return;
        }
    };
    let place = format!("{operation}, request body");
    let content: Vec<(&str, &Value)> = entries(body.get("content")).collect();
    let Some((media_type, media)) = chosen(&content) else {
        report.add(
            &place,
            "a body without content",
            "left out",
            "there is nothing to send",
        );
        if let Some(object) = value.as_object_mut() {
            object.remove("requestBody");
        }
        return;
    };
    if content.len() > 1 {
        report.add(
            &place,
            format!("{} media types", content.len()),
            media_type,
            "a client sends one",
        );
    }
    let required = body.get("required") == Some(&Value::Bool(true));
    let mut schema = media.get("schema").cloned();
    let plain = media_type.split(';').next().unwrap_or_default().trim();
    let mut stand_in = |wire: Value, schema: Value, report: &mut Report| {
        let own = name("body");
        report.add(
            &place,
            format!("{media_type}{}", if required { "" } else { ", optional" }),
            format!("the argument {own}"),
            "the generator would always send application/json",
        );
        let parameter = json!({ "name": own, "in": "query", "required": required, "schema": schema, WIRE: wire });
        if let Some(parameters) = value["parameters"].as_array_mut() {
            parameters.push(parameter);
        }
        if let Some(object) = value.as_object_mut() {
            object.remove("requestBody");
        }
    };
    if is_json(plain) {
        if schema.is_none() {
            report.add(
                &place,
                "JSON without a schema",
                "any JSON",
                "the document does not say more",
            );
        }
        let schema = schema.take().unwrap_or_else(|| json!({}));
        let own = name("body");
        if required && media_type == JSON && own == "body" {
            value["requestBody"] =
                json!({ "required": true, "content": { JSON: { "schema": schema } } });
        } else {
            report.add(
                &place,
                format!("{media_type}{}", if required { "" } else { ", optional" }),
                format!("the argument {own}"),
                "the generator would always send application/json",
            );
            let parameter = json!({ "name": own, "in": "query", "required": required, "schema": schema, WIRE: { "as": "json", "media": media_type } });
            if let Some(parameters) = value["parameters"].as_array_mut() {
                parameters.push(parameter);
            }
            if let Some(object) = value.as_object_mut() {
                object.remove("requestBody");
            }
        }
    } else if plain == FORM {
        let Some(schema) = schema else {
            problems.push(Problem::new(
                &place,
                "a form without a schema",
                "name its fields",
            ));
            return;
        };
        let resolved = document.resolve(&schema).cloned().unwrap_or_default();
        if kind(document, &resolved) != Some("object") {
            problems.push(Problem::new(
                &place,
                "a form is made from an object",
                "give it type: object and properties",
            ));
            return;
        }
        match styles(document, &resolved, media.get("encoding")) {
            Ok(styles) => stand_in(json!({ "as": "form", "styles": styles }), schema, report),
            Err(problem) => problems.push(Problem {
                place: format!("{place}, {}", problem.place),
                ..problem
            }),
        }
    } else if plain == MULTIPART {
        let schema = schema.unwrap_or_default();
        let resolved = document.resolve(&schema).cloned().unwrap_or_default();
        if !matches!(kind(document, &resolved), None | Some("object")) || schema.is_null() {
            problems.push(Problem::new(
                &place,
                "a multipart form is made from an object",
                "give it type: object and properties",
            ));
            return;
        }
        match forms::fields(document, &resolved, media.get("encoding")) {
            Ok(fields) => stand_in(
                json!({ "as": "multipart", "required": required, "fields": fields }),
                schema,
                report,
            ),
            Err(why) => {
                report.add(
                    &place,
                    "a multipart/form-data body",
                    "bytes that the caller makes with Multipart",
                    format!("how it is written is not certain: {why}"),
                );
                if name("body") != "body" {
                    problems.push(body_is_taken(&place));
                    return;
                }
                value["requestBody"] =
                    json!({ "required": true, "content": { MULTIPART: { "schema": schema } } });
            }
        }
    } else if name("body") != "body" {
        // A body of bytes has an argument of that name, and the path holds another.
        problems.push(body_is_taken(&place));
    } else if plain.starts_with("multipart/") {
        raw(operation, value, None, report);
    } else if plain == "text/plain"
        && required
        && schema
            .as_ref()
            .is_none_or(|schema| schema == &json!({ "type": "string" }))
    {
        value["requestBody"] = json!({ "required": true, "content": { "text/plain": { "schema": { "type": "string" } } } });
    } else {
        let several = content.len() > 1 || media_type.contains('*');
        raw(operation, value, (!several).then_some(media_type), report);
    }
}

fn body_is_taken(place: &str) -> Problem {
    Problem::new(
        place,
        "a path parameter is called body beside a body of bytes",
        "call the parameter otherwise",
    )
}

/// A body of bytes: under its media type, or under the one that the caller names.
fn raw(operation: &str, value: &mut Value, media_type: Option<&str>, report: &mut Report) {
    let schema = json!({ "type": "string", "format": "binary" });
    value["requestBody"] = json!({ "required": true, "content": { "application/octet-stream": { "schema": schema } } });
    match media_type {
        Some("application/octet-stream") => {}
        Some(media_type) => {
            report.add(
                format!("{operation}, request body"),
                media_type,
                "bytes under that media type",
                "the generator knows no such body",
            );
            value["x-content-type"] = json!(media_type);
        }
        None => {
            report.add(
                format!("{operation}, request body"),
                "a choice of media types",
                "bytes, with the header parameter Content-Type",
                "only the caller knows what it sends",
            );
            if let Some(parameters) = value["parameters"].as_array_mut() {
                parameters.push(json!({ "name": "Content-Type", "in": "header", "required": true, "schema": { "type": "string" } }));
            }
        }
    }
}

/// How each field of a form is written.
fn styles(
    document: &Document,
    schema: &Value,
    encoding: Option<&Value>,
) -> Result<Map<String, Value>, Problem> {
    let mut styles = Map::new();
    for (field, how) in entries(encoding) {
        let style = match (
            text(how, "contentType"),
            text(how, "style"),
            how.get("explode").and_then(Value::as_bool),
        ) {
            (Some(kind), _, _) if is_json(kind) => "Json",
            (Some(other), _, _) => {
                return Err(Problem::new(
                    format!("field {field}"),
                    format!("the content type {other} in a form"),
                    "use JSON or leave it out",
                ));
            }
            (None, Some("deepObject"), _) => "Deep",
            (None, Some("spaceDelimited"), explode) if explode != Some(true) => "Spaces",
            (None, Some("pipeDelimited"), explode) if explode != Some(true) => "Pipes",
            (None, _, Some(false)) => "Commas",
            _ => "Exploded",
        };
        styles.insert(field.to_owned(), json!(style));
    }
    for (field, inner) in entries(schema.get("properties")) {
        let Ok(inner) = document.resolve(inner) else {
            continue;
        };
        let nested = inner
            .get("items")
            .and_then(|items| document.resolve(items).ok());
        if nested.is_some_and(|items| matches!(kind(document, items), Some("object" | "array")))
            && styles.get(field) != Some(&json!("Json"))
        {
            return Err(Problem::new(
                format!("field {field}"),
                "a list of objects has no text in a form",
                "give it encoding with contentType application/json",
            ));
        }
    }
    Ok(styles)
}

/// The one media type of several that a client sends or asks for.
pub(super) fn chosen<'a>(content: &[(&'a str, &'a Value)]) -> Option<(&'a str, &'a Value)> {
    let rank = |media_type: &str| match media_type.split(';').next().unwrap_or_default().trim() {
        JSON => 0,
        plain if is_json(plain) => 1,
        FORM => 2,
        MULTIPART => 3,
        "text/plain" => 4,
        _ => 5,
    };
    content
        .iter()
        .min_by_key(|(media_type, _)| rank(media_type))
        .copied()
}

/// The answers of an operation, in place: references followed, one media type each.
pub(super) fn responses(
    document: &Document,
    operation: &str,
    method: &str,
    value: &mut Value,
    report: &mut Report,
    problems: &mut Vec<Problem>,
) {
    let mut kept = Map::new();
    for (status, response) in entries(value.get("responses")) {
        if status.starts_with("x-") {
            continue;
        }
        let place = format!("{operation}, answer {status}");
        let response = match document.resolve(response) {
            Ok(response) => response,
            Err(problem) => {
                problems.push(Problem {
                    place: format!("{place}: {}", problem.place),
                    ..problem
                });
                continue;
            }
        };
        let normal = status.to_ascii_uppercase();
        let valid = normal == "DEFAULT"
            || normal.len() == 3
                && normal.starts_with(['1', '2', '3', '4', '5'])
                && (normal.ends_with("XX") || normal.bytes().all(|b| b.is_ascii_digit()));
        if !valid {
            problems.push(Problem::new(
                &place,
                "there is no such status",
                "write three digits, 2XX or default",
            ));
            continue;
        }
        if normal.starts_with('3') || normal.starts_with('1') {
            report.add(
                &place,
                "an answer that is neither success nor error",
                "not declared",
                "it arrives as UnexpectedResponse with its status and headers",
            );
            continue;
        }
        if response.get("links").is_some() {
            report.add(
                &place,
                "links",
                "left out",
                "the client follows none by itself",
            );
        }
        let mut answer =
            json!({ "description": text(response, "description").unwrap_or_default() });
        if normal.starts_with('2') || normal == "DEFAULT" {
            empty_answer(&place, &normal, response, report);
        }
        let mut content: Vec<(&str, &Value)> = entries(response.get("content")).collect();
        if method == "head" && !content.is_empty() {
            report.add(
                &place,
                "the body of an answer to HEAD",
                "left out",
                "HTTP sends none",
            );
            content.clear();
        }
        if let Some((media_type, media)) = chosen(&content) {
            if content.len() > 1 {
                report.add(
                    &place,
                    format!("{} media types", content.len()),
                    media_type,
                    "the client asks for one",
                );
            }
            let schema = match media.get("schema") {
                Some(schema) => schema.clone(),
                None => {
                    report.add(
                        &place,
                        format!("{media_type} without a schema"),
                        "any value",
                        "the document does not say more",
                    );
                    json!({})
                }
            };
            answer["content"] = json!({ media_type: { "schema": schema } });
        }
        kept.insert(
            if normal == "DEFAULT" {
                "default".to_owned()
            } else {
                normal
            },
            answer,
        );
    }
    // A lone `default` is what comes in every case.
    if kept.len() == 1
        && let Some(only) = kept.get("default").cloned()
    {
        report.add(
            operation,
            "default alone",
            "2XX beside it",
            "no success is described, so it is this",
        );
        kept.insert("2XX".to_owned(), only);
    }
    if !kept.keys().any(|status| status.starts_with('2')) {
        report.add(
            operation,
            "no success",
            "any 2XX is a stream of bytes",
            "the document does not say what success looks like",
        );
        kept.insert("2XX".to_owned(), json!({ "description": "Not described.", "content": { "application/octet-stream": { "schema": {} } } }));
    }
    value["responses"] = Value::Object(kept);
}

/// A framework that is not told a response's type writes none: the client would throw the body away.
fn empty_answer(place: &str, status: &str, response: &Value, report: &mut Report) {
    if status != "204" && status != "205" && entries(response.get("content")).next().is_none() {
        report.add(
            place,
            "a success without content",
            "()",
            "if it has a body, name its schema in a repair",
        );
    }
}
