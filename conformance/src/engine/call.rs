//! One request as data, and what came back.

use reqwest::Url;
use reqwest::header::HeaderMap;
use serde_json::Value;

use super::document::Operation;

/// How a request shows who sends it: headers that hold secrets, and the shell variable that stands for each.
#[derive(Clone, Default)]
pub struct Sign {
    pub(crate) headers: Vec<SignHeader>,
}

/// One header that signs.
#[derive(Clone)]
pub(crate) struct SignHeader {
    pub(crate) name: String,
    /// What stands before the secret, such as `Bearer `.
    pub(crate) prefix: String,
    pub(crate) secret: String,
    pub(crate) variable: String,
}

impl SignHeader {
    pub(crate) fn value(&self) -> String {
        format!("{}{}", self.prefix, self.secret)
    }
}

/// One request, not yet sent.
#[derive(Clone)]
pub struct Call {
    /// The operation that it is meant for; `None` for a route that the document does not describe.
    pub operation: Option<String>,
    /// The method in capitals.
    pub method: String,
    /// The path, percent-encoded.
    pub path: String,
    /// The query.
    pub query: Vec<(String, String)>,
    /// The headers, but for those that sign.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Option<Vec<u8>>,
    /// Who sends it.
    pub sign: Sign,
}

/// What came back.
#[derive(Clone)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Vec<u8>,
    /// What it answers.
    pub call: Call,
    /// The base URL that a curl line names.
    pub shown_base_url: String,
    /// The operation that it answers.
    pub operation: Option<String>,
}

impl Sign {
    /// Nobody.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// Adds a header that holds a secret; `variable` stands for it in what is printed.
    #[must_use]
    pub fn with(self, name: &str, secret: &str, variable: &str) -> Self {
        self.with_prefix(name, "", secret, variable)
    }

    /// Adds a header that holds a secret behind a prefix.
    #[must_use]
    pub fn with_prefix(mut self, name: &str, prefix: &str, secret: &str, variable: &str) -> Self {
        self.headers.push(SignHeader {
            name: name.to_owned(),
            prefix: prefix.to_owned(),
            secret: secret.to_owned(),
            variable: variable.to_owned(),
        });
        self
    }

    /// The headers as they are sent, with their secrets.
    #[must_use]
    pub fn shown(&self) -> Vec<(String, String)> {
        self.headers
            .iter()
            .map(|header| (header.name.clone(), header.value()))
            .collect()
    }

    /// Both: for the request that shows two credentials at once.
    #[must_use]
    pub fn and(mut self, other: &Self) -> Self {
        self.headers.extend(other.headers.iter().cloned());
        self
    }
}

impl std::fmt::Debug for Sign {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list()
            .entries(self.headers.iter().map(|header| &header.name))
            .finish()
    }
}

impl Call {
    /// A request for an operation, with its path filled in.
    #[must_use]
    pub fn new(operation: &Operation, path_parameters: &[(String, String)]) -> Self {
        let mut call = Self::undescribed(&operation.method, &operation.render(path_parameters));
        call.operation = Some(operation.id.clone());
        call
    }

    /// A request for a route that the document does not describe.
    #[must_use]
    pub fn undescribed(method: &str, path: &str) -> Self {
        Self {
            operation: None,
            method: method.to_owned(),
            path: path.to_owned(),
            query: Vec::new(),
            headers: Vec::new(),
            body: None,
            sign: Sign::none(),
        }
    }

    /// Puts a JSON body in.
    #[must_use]
    pub fn with_json(mut self, body: &Value) -> Self {
        self.headers
            .push(("content-type".to_owned(), "application/json".to_owned()));
        self.body = Some(body.to_string().into_bytes());
        self
    }

    pub(crate) fn url(&self, base_url: &str) -> Option<Url> {
        let mut url =
            Url::parse(&format!("{}{}", base_url.trim_end_matches('/'), self.path)).ok()?;
        if !self.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&self.query);
        }
        Some(url)
    }
}

impl Answer {
    /// A header's text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The media type without its parameters, in lower case.
    #[must_use]
    pub fn media_type(&self) -> Option<String> {
        let value = self.header("content-type")?;
        Some(
            value
                .split(';')
                .next()
                .unwrap_or_default()
                .trim()
                .to_ascii_lowercase(),
        )
    }

    /// The body as JSON; null where it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}
