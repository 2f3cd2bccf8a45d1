//! Forms with files, for operations whose body is `multipart/form-data`: streamed, and of known length where the parts are.
//!
//! The generator knows no multipart, so regen gives such an operation a body of bytes and two header parameters;
//! [`Multipart`] makes all three from a [`Form`].

use reqwest::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderName};
use reqwest::multipart::Form;

/// A form, ready for a generated method.
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
