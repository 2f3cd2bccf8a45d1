//! How parameters and bodies are written where the generator's own way is not what the description says.
//!
//! Generated methods call these after the request is built. `None` and null write nothing.

#![expect(
    clippy::result_large_err,
    reason = "the error is that of the generated methods"
)]

use progenitor_client::Error;
use reqwest::Request;
use reqwest::header::{CONTENT_TYPE, COOKIE, HeaderName, HeaderValue};
use serde::Serialize;
use serde_json::Value;

use crate::encode::{encode_path, encode_text, whole_segment};

/// How a list or an object becomes text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// `a=1&a=2`, and a parameter for each field of an object.
    Exploded,
    /// `a=1,2`, and `a=field,value` for an object.
    Commas,
    /// `a=1%202`.
    Spaces,
    /// `a=1%7C2`.
    Pipes,
    /// `a[field]=1`.
    Deep,
    /// JSON text.
    Json,
}

/// How a list or an object becomes a segment of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Segment {
    /// `1,2`
    Simple,
    /// `.1.2`
    Label,
    /// `;a=1;a=2`
    Matrix,
}

/// Writes a query parameter.
///
/// # Errors
/// Where the value cannot be serialised.
pub fn query<E>(
    request: &mut Request,
    name: &str,
    style: Style,
    value: &impl Serialize,
) -> Result<(), Error<E>> {
    let pairs = pairs(name, style, &json_of(value)?);
    if pairs.is_empty() {
        return Ok(());
    }
    let url = request.url_mut();
    let query = match url.query().filter(|old| !old.is_empty()) {
        Some(old) => format!("{old}&{pairs}"),
        None => pairs,
    };
    url.set_query(Some(&query));
    Ok(())
}

/// Writes a header in the style `simple`.
///
/// # Errors
/// Where no header can hold the value.
pub fn header<E>(
    request: &mut Request,
    name: &'static str,
    explode: bool,
    json: bool,
    value: &impl Serialize,
) -> Result<(), Error<E>> {
    let value = json_of(value)?;
    if value.is_null() {
        return Ok(());
    }
    let text = if json {
        value.to_string()
    } else {
        list_of(&value, explode, ",", str::to_owned)
    };
    let invalid = |what: String| Error::InvalidRequest(format!("header {name}: {what}"));
    let name =
        HeaderName::from_bytes(name.as_bytes()).map_err(|error| invalid(error.to_string()))?;
    let value = HeaderValue::from_str(&text).map_err(|error| invalid(error.to_string()))?;
    request.headers_mut().insert(name, value);
    Ok(())
}

/// Adds a cookie to those that are sent.
///
/// # Errors
/// Where no header can hold the name.
pub fn cookie<E>(
    request: &mut Request,
    name: &str,
    value: &impl Serialize,
) -> Result<(), Error<E>> {
    let value = json_of(value)?;
    if value.is_null() {
        return Ok(());
    }
    let own = format!("{name}={}", list_of(&value, false, ",", encode_text));
    let all = match request.headers().get(COOKIE).map(HeaderValue::to_str) {
        Some(Ok(old)) => format!("{old}; {own}"),
        _ => own,
    };
    let mut all = HeaderValue::from_str(&all)
        .map_err(|error| Error::InvalidRequest(format!("cookie {name}: {error}")))?;
    all.set_sensitive(true);
    request.headers_mut().insert(COOKIE, all);
    Ok(())
}

/// One segment of a path, or what the path guard refuses.
#[must_use]
pub fn path(name: &str, style: Segment, explode: bool, value: &impl Serialize) -> String {
    let Ok(value) = serde_json::to_value(value) else {
        return encode_path("");
    };
    let fields = matches!(value, Value::Object(_));
    match style {
        Segment::Simple if matches!(value, Value::Array(_) | Value::Object(_)) => {
            whole_segment(list_of(&value, explode, ",", encode_text))
        }
        Segment::Simple => encode_path(&text_of(&value)),
        Segment::Label => {
            let between = if explode { "." } else { "," };
            whole_segment(format!(
                ".{}",
                list_of(&value, explode, between, encode_text)
            ))
        }
        Segment::Matrix if explode && fields => {
            whole_segment(format!(";{}", list_of(&value, true, ";", encode_text)))
        }
        Segment::Matrix if explode => {
            let each = |item: &Value| format!(";{name}={}", encode_text(&text_of(item)));
            whole_segment(match &value {
                Value::Array(items) => items.iter().map(each).collect(),
                one => each(one),
            })
        }
        Segment::Matrix => format!(";{name}={}", list_of(&value, false, ",", encode_text)),
    }
}

/// Writes a JSON body under the media type that the description gives it.
///
/// # Errors
/// Where the value cannot be serialised.
pub fn json<E>(
    request: &mut Request,
    media_type: &'static str,
    value: &impl Serialize,
) -> Result<(), Error<E>> {
    let value = json_of(value)?;
    if value.is_null() {
        return Ok(());
    }
    content_type(request, media_type);
    *request.body_mut() = Some(value.to_string().into());
    Ok(())
}

/// Writes a form, each field in its own style (`Exploded` where none is given).
///
/// # Errors
/// Where the value cannot be serialised, or is no object.
pub fn form<E>(
    request: &mut Request,
    styles: &[(&str, Style)],
    value: &impl Serialize,
) -> Result<(), Error<E>> {
    let value = json_of(value)?;
    let Value::Object(fields) = &value else {
        return if value.is_null() {
            Ok(())
        } else {
            Err(Error::InvalidRequest(
                "a form is made from an object".to_owned(),
            ))
        };
    };
    let mut text: Vec<String> = Vec::new();
    for (name, field) in fields {
        let style = styles.iter().find(|(own, _)| own == name);
        let style = style.map_or(Style::Exploded, |(_, style)| *style);
        // A field that is an object has no form of its own: it is written as JSON, as `encoding` defaults to.
        let style = if style == Style::Exploded && field.is_object() {
            Style::Json
        } else {
            style
        };
        text.push(pairs(name, style, field));
    }
    text.retain(|pairs| !pairs.is_empty());
    content_type(request, "application/x-www-form-urlencoded");
    *request.body_mut() = Some(text.join("&").into());
    Ok(())
}

/// Sets the media type of the body.
pub fn content_type(request: &mut Request, media_type: &'static str) {
    request
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
}

fn json_of<E>(value: &impl Serialize) -> Result<Value, Error<E>> {
    serde_json::to_value(value)
        .map_err(|error| Error::InvalidRequest(format!("the value cannot be written: {error}")))
}

fn pairs(name: &str, style: Style, value: &Value) -> String {
    let mut found = Vec::new();
    let mut pair = |name: &str, text: String| found.push(format!("{}={text}", encode_text(name)));
    match (style, value) {
        (_, Value::Null) => {}
        (Style::Json, value) => pair(name, encode_text(&value.to_string())),
        (Style::Deep, value) => deep(name, value, &mut pair),
        (Style::Exploded, Value::Object(fields)) => {
            for (field, inner) in fields.iter().filter(|(_, inner)| !inner.is_null()) {
                match inner {
                    Value::Array(items) => {
                        for item in items {
                            pair(field, encode_text(&text_of(item)));
                        }
                    }
                    inner => pair(field, encode_text(&text_of(inner))),
                }
            }
        }
        (Style::Exploded | Style::Spaces | Style::Pipes | Style::Commas, Value::Array(items))
            if items.is_empty() => {}
        (Style::Exploded, Value::Array(items)) => {
            for item in items {
                pair(name, encode_text(&text_of(item)));
            }
        }
        (style, value) => {
            let between = match style {
                Style::Spaces => "%20",
                Style::Pipes => "%7C",
                _ => ",",
            };
            pair(name, list_of(value, false, between, encode_text));
        }
    }
    found.join("&")
}

fn deep(name: &str, value: &Value, pair: &mut impl FnMut(&str, String)) {
    match value {
        Value::Null => {}
        Value::Object(fields) => {
            for (field, inner) in fields {
                deep(&format!("{name}[{field}]"), inner, pair);
            }
        }
        Value::Array(items) => {
            for item in items {
                deep(name, item, pair);
            }
        }
        scalar => pair(name, encode_text(&text_of(scalar))),
    }
}

/// A list, or an object as fields and values, on one line.
fn list_of(value: &Value, explode: bool, between: &str, encode: impl Fn(&str) -> String) -> String {
    match value {
        Value::Array(items) => items
            .iter()
            .map(|item| encode(&text_of(item)))
            .collect::<Vec<_>>()
            .join(between),
        Value::Object(fields) => fields
            .iter()
            .filter(|(_, inner)| !inner.is_null())
            .map(|(field, inner)| {
                let (field, text) = (encode(field), encode(&text_of(inner)));
                if explode {
                    format!("{field}={text}")
                } else {
                    format!("{field}{between}{text}")
                }
            })
            .collect::<Vec<_>>()
            .join(between),
        scalar => encode(&text_of(scalar)),
    }
}

pub(crate) fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}
