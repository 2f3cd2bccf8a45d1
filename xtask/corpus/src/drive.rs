//! Calls a generated method with arguments in JSON, and shows in JSON what it answered.

use std::fmt::Debug;

use futures::TryStreamExt as _;
use progenitor_client::{ByteStream, Error, OperationInfo, ResponseValue};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// The generated clients carry nothing of their own.
#[derive(Clone, Debug, Default)]
pub struct Inner;

/// The path guard, as the raw crate's hook has it.
///
/// # Errors
/// Where a segment is one that no server could have made.
pub fn guard<E>(request: &reqwest::Request, info: &OperationInfo) -> Result<(), Error<E>> {
    if crate::encode::is_marked(request.url()) {
        return Err(Error::InvalidRequest(format!(
            "{}: a segment of the path is empty, `.` or `..`",
            info.operation_id
        )));
    }
    Ok(())
}

/// An argument by its name; what is not given is null.
///
/// # Errors
/// Where the value is not of the argument's type.
pub fn argument<T: DeserializeOwned>(arguments: &Value, name: &str) -> Result<T, Value> {
    let value = arguments.get(name).cloned().unwrap_or_default();
    serde_json::from_value(value).map_err(|error| json!({ "argument": format!("{name}: {error}") }))
}

/// A field of a form; where it is not given, what stands for nothing.
///
/// # Errors
/// Where the value is not of the field's type.
pub fn field<T: DeserializeOwned>(form: &Value, name: &str) -> Result<T, Value> {
    match form.get(name) {
        None => serde_json::from_value(Value::Null)
            .or_else(|_| serde_json::from_value(json!({})))
            .map_err(|error| json!({ "argument": format!("{name}: {error}") })),
        Some(_) => argument(form, name),
    }
}

/// The files of a field: each an object with `name`, `content` and, where it has one of its own, `type`. With `stream`
/// its length is not told.
///
/// # Errors
/// Where the field has to be there and is not.
pub fn file<T: Given>(form: &Value, name: &str) -> Result<T, Value> {
    T::given(form.get(name).unwrap_or(&Value::Null))
        .ok_or_else(|| json!({ "argument": format!("{name}: no file") }))
}

/// What is made from a file in JSON.
pub trait Given: Sized {
    fn given(value: &Value) -> Option<Self>;
}

impl Given for crate::Part {
    fn given(value: &Value) -> Option<Self> {
        let (name, content) = (
            value["name"].as_str()?,
            value["content"].as_str()?.to_owned(),
        );
        let part = if value["stream"] == true {
            let pieces = [Ok::<_, std::io::Error>(content)];
            let body = reqwest::Body::wrap_stream(futures::stream::iter(pieces));
            Self::stream(name, body, None)
        } else {
            Self::bytes(name, content)
        };
        Some(match value["type"].as_str() {
            Some(media_type) => part.with_media_type(media_type),
            None => part,
        })
    }
}

impl<T: Given> Given for Option<T> {
    fn given(value: &Value) -> Option<Self> {
        if value.is_null() {
            Some(None)
        } else {
            T::given(value).map(Some)
        }
    }
}

impl<T: Given> Given for Vec<T> {
    fn given(value: &Value) -> Option<Self> {
        value.as_array()?.iter().map(T::given).collect()
    }
}

pub fn typed<T: Serialize + Debug>(value: ResponseValue<T>) -> Value {
    let (status, headers) = (value.status().as_u16(), value.headers().clone());
    let inner = value.into_inner();
    let debug = format!("{inner:?}");
    let shown = serde_json::to_value(&inner)
        .unwrap_or_else(|error| json!({ "unwritable": error.to_string() }));
    let headers: serde_json::Map<String, Value> = headers
        .iter()
        .map(|(name, value)| (name.to_string(), json!(value.to_str().unwrap_or_default())))
        .collect();
    json!({ "status": status, "value": shown, "debug": debug, "headers": headers })
}

pub async fn streamed(value: ResponseValue<ByteStream>) -> Value {
    let status = value.status().as_u16();
    let parts: Result<Vec<_>, _> = value.into_inner_stream().try_collect().await;
    match parts {
        Ok(parts) => {
            json!({ "status": status, "value": String::from_utf8_lossy(&parts.concat()), "stream": true })
        }
        Err(error) => json!({ "error": "stream", "message": error.to_string() }),
    }
}

/// Any error but one with a body of the documented type.
pub fn other<E>(error: Error<E>) -> Value {
    match error {
        Error::UnexpectedResponse(response) => {
            let unreadable = response
                .extensions()
                .get::<crate::answer::Unreadable>()
                .is_some();
            json!({ "error": if unreadable { "unreadable" } else { "undeclared" }, "status": response.status().as_u16() })
        }
        Error::InvalidRequest(message) => json!({ "error": "refused", "message": message }),
        Error::InvalidResponsePayload(..) => json!({ "error": "lost" }),
        Error::CommunicationError(error) => {
            json!({ "error": "connection", "message": format!("{error:?}") })
        }
        _ => json!({ "error": "other" }),
    }
}

pub fn failed(mut shown: Value) -> Value {
    shown["error"] = json!("answer");
    shown
}
