//! Forms with files, for operations whose body is `multipart/form-data`: streamed, and of known length where the parts are.
//!
//! Where the description names the fields, the generated method takes a struct of them, and [`write()`] makes the body of it.
//! Where it does not, the method takes bytes and two header parameters; [`Multipart`] makes all three from a [`Form`].

#![expect(
    clippy::result_large_err,
    reason = "the error is that of the generated methods"
)]

use std::fmt;

use progenitor_client::Error;
use reqwest::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderName, HeaderValue};
use reqwest::multipart::Form;
use serde::Serialize;
use serde_json::Value;

use crate::wire::text_of;

/// A file in a form: its name, its content, and its media type where the description's is not the right one.
pub struct Part {
    name: String,
    media_type: Option<String>,
    length: Option<u64>,
    body: reqwest::Body,
}

impl Part {
    /// A file that is in memory.
    #[must_use]
    pub fn bytes(name: impl Into<String>, content: impl Into<Vec<u8>>) -> Self {
        let content = content.into();
        Self {
            name: name.into(),
            media_type: None,
            length: Some(content.len() as u64),
            body: content.into(),
        }
    }

    /// A file that is read while it is sent. With its length in bytes the whole form has a length; without, it is sent in
    /// chunks, which not every server takes.
    #[must_use]
    pub fn stream(
        name: impl Into<String>,
        content: impl Into<reqwest::Body>,
        length: Option<u64>,
    ) -> Self {
        Self {
            name: name.into(),
            media_type: None,
            length,
            body: content.into(),
        }
    }

    /// Gives the file a media type of its own, such as `image/png`.
    #[must_use]
    pub fn with_media_type(mut self, media_type: impl Into<String>) -> Self {
        self.media_type = Some(media_type.into());
        self
    }
}

impl fmt::Debug for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Part")
            .field("name", &self.name)
            .field("media_type", &self.media_type)
            .field("length", &self.length)
            .finish_non_exhaustive()
    }
}

/// A struct of the fields of a form. The generated ones implement it.
pub trait Fields {
    /// Adds each field that is there.
    ///
    /// # Errors
    /// In words, where a field cannot be written.
    fn write(self, parts: &mut Parts) -> Result<(), String>;
}

/// The parts of a form, as they are added.
#[derive(Debug)]
pub struct Parts {
    form: Form,
}

impl Default for Parts {
    fn default() -> Self {
        // Names go as they are: `name*=` is what RFC 7578 forbids.
        Self {
            form: Form::new().percent_encode_noop(),
        }
    }
}

impl Parts {
    /// Adds a field as text: a list as one part for each item, null as none.
    ///
    /// # Errors
    /// Where the value cannot be serialised.
    pub fn text(
        &mut self,
        name: &str,
        media_type: Option<&str>,
        value: &impl Serialize,
    ) -> Result<(), String> {
        let value = json_of(name, value)?;
        self.each(name, value, &|value| (text_of(value), media_type))
    }

    /// Adds a field as JSON: a list as one part for each item, as OpenAPI has it, null as none.
    ///
    /// # Errors
    /// Where the value cannot be serialised.
    pub fn json(
        &mut self,
        name: &str,
        media_type: &str,
        value: &impl Serialize,
    ) -> Result<(), String> {
        let value = json_of(name, value)?;
        self.each(name, value, &|value| (value.to_string(), Some(media_type)))
    }

    /// Adds fields that the description does not name: objects as JSON, all else as text.
    ///
    /// # Errors
    /// Where the values cannot be serialised.
    pub fn extra(&mut self, values: &impl Serialize) -> Result<(), String> {
        let Value::Object(fields) = json_of("extra", values)? else {
            return Err("the extra fields of a form are no map".to_owned());
        };
        for (name, value) in fields {
            self.each(&name, value, &|value| match value {
                Value::Object(_) | Value::Array(_) => (value.to_string(), Some("application/json")),
                scalar => (text_of(scalar), None),
            })?;
        }
        Ok(())
    }

    /// Adds files, under the media type that the description gives where they have none of their own.
    ///
    /// # Errors
    /// Where a media type is none.
    pub fn files(
        &mut self,
        name: &str,
        media_type: &str,
        files: impl IntoIterator<Item = Part>,
    ) -> Result<(), String> {
        for file in files {
            let part = match file.length {
                Some(length) => reqwest::multipart::Part::stream_with_length(file.body, length),
                None => reqwest::multipart::Part::stream(file.body),
            };
            let media_type = file.media_type.as_deref().unwrap_or(media_type);
            self.add(name, Some(media_type), part.file_name(quotable(&file.name)))?;
        }
        Ok(())
    }

    fn each<'t>(
        &mut self,
        name: &str,
        value: Value,
        written: &dyn Fn(&Value) -> (String, Option<&'t str>),
    ) -> Result<(), String> {
        let items = match value {
            Value::Null => Vec::new(),
            Value::Array(items) => items,
            one => vec![one],
        };
        for item in items {
            let (text, media_type) = written(&item);
            self.add(name, media_type, reqwest::multipart::Part::text(text))?;
        }
        Ok(())
    }

    fn add(
        &mut self,
        name: &str,
        media_type: Option<&str>,
        part: reqwest::multipart::Part,
    ) -> Result<(), String> {
        let part = match media_type {
            Some(media_type) => part
                .mime_str(media_type)
                .map_err(|_| format!("{name}: {media_type:?} is no media type"))?,
            None => part,
        };
        let form = std::mem::take(&mut self.form);
        self.form = form.part(quotable(name), part);
        Ok(())
    }
}

/// Makes the body of a request from a form, with its media type, and with its length where every file has one.
///
/// # Errors
/// [`Error::InvalidRequest`] where a field cannot be written.
pub fn write<E>(
    http: &reqwest::Client,
    request: &mut reqwest::Request,
    fields: Option<impl Fields>,
) -> Result<(), Error<E>> {
    let Some(fields) = fields else {
        return Ok(());
    };
    let invalid = |what: String| Error::InvalidRequest(format!("the form cannot be sent: {what}"));
    let mut parts = Parts::default();
    fields.write(&mut parts).map_err(invalid)?;
    let form = Multipart::new(http, parts.form).map_err(|error| invalid(error.to_string()))?;
    let header =
        |text: &str| HeaderValue::from_str(text).map_err(|error| invalid(error.to_string()));
    let media_type = header(&form.content_type)?;
    request.headers_mut().insert(CONTENT_TYPE, media_type);
    if let Some(length) = &form.content_length {
        let length = header(length)?;
        request.headers_mut().insert(CONTENT_LENGTH, length);
    }
    *request.body_mut() = Some(form.body);
    Ok(())
}

/// A name as browsers put it between quotes.
fn quotable(name: &str) -> String {
    name.replace('"', "%22")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

fn json_of(name: &str, value: &impl Serialize) -> Result<Value, String> {
    serde_json::to_value(value).map_err(|error| format!("{name}: {error}"))
}

/// A form, ready for a generated method that takes bytes.
#[derive(Debug)]
pub struct Multipart {
    /// The media type with the boundary.
    pub content_type: String,
    /// The length of the body in bytes, where every part has one.
    pub content_length: Option<String>,
    /// The body, streamed.
    pub body: reqwest::Body,
}

impl Multipart {
    /// Takes a form apart.
    ///
    /// # Errors
    /// Where the form cannot be encoded, such as for a file name that no header can hold.
    pub fn new(http: &reqwest::Client, form: Form) -> reqwest::Result<Self> {
        // Only a request builder tells a form's length; the request itself is never sent.
        let mut request = http.post("http://form.invalid").multipart(form).build()?;
        let header = |name: HeaderName| {
            let value = request.headers().get(name)?.to_str().ok()?;
            Some(value.to_owned())
        };
        let content_type = header(CONTENT_TYPE).unwrap_or_default();
        let content_length = header(CONTENT_LENGTH);
        let body = request.body_mut().take().unwrap_or_default();
        Ok(Self {
            content_type,
            content_length,
            body,
        })
    }
}
