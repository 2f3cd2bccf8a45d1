//! The escape hatch: any request to the API, with the session, the retries and the errors of every other call.

use bytes::Bytes;
use dadosfera_raw::{OPS, Op};
use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, HeaderValue};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::answer::{Answer, Recorder};
use crate::client::Client;
use crate::error::{Error, ErrorKind};

/// A request that the SDK has no method for; from [`Client::request`].
#[derive(Clone)]
#[must_use = "it is sent by send()"]
pub struct Request {
    client: Client,
    method: Result<Method, Error>,
    path: String,
    query: Vec<(String, String)>,
    body: Option<Result<Bytes, Error>>,
}

impl Client {
    /// A request to any path of the API: for an operation that this version of the SDK does not know. It is signed,
    /// refreshed, retried and limited like every other call, stays with the client's server, and takes and answers JSON.
    ///
    /// `path` begins with a slash and is taken as it is: encode what stands in it, and give parameters to
    /// [`Request::query`]. Where method and path are those of a known operation, its rules (permission, retries) are used;
    /// else the method says whether it is repeated: `GET`, `HEAD`, `PUT`, `DELETE` and `OPTIONS` are, after a failure that
    /// passes, unless [`CallOptions::idempotent`](crate::CallOptions::idempotent) says otherwise.
    ///
    /// ```
    /// # dadosfera::__example!(client => {
    /// let answer = client.request("GET", "/catalog").query("size", "1").send().await?;
    /// println!("{:?} {}", answer.status(), answer.value["total"]);
    /// # });
    /// ```
    pub fn request(&self, method: &str, path: impl Into<String>) -> Request {
        let method = Method::from_bytes(method.as_bytes()).map_err(|_| {
            Error::invalid_input(
                format!("`{}` is no HTTP method", method.escape_debug()),
                "write GET, POST, PUT, PATCH or DELETE",
            )
        });
        Request {
            client: self.clone(),
            method,
            path: path.into(),
            query: Vec::new(),
            body: None,
        }
    }
}

impl Request {
    /// Adds a parameter to the query; it is encoded.
    pub fn query(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.query.push((name.into(), value.into()));
        self
    }

    /// Sends this as JSON.
    ///
    /// ```
    /// # dadosfera::__example!(client => {
    /// let body = serde_json::json!({"name": "t", "schema": "s", "columns": [{"name": "id", "type": "INTEGER"}]});
    /// let made = client.request("POST", "/storage-explorer/tables").json(&body).send().await?;
    /// println!("{}", made.value["id"]);
    /// # });
    /// ```
    pub fn json(mut self, body: &impl Serialize) -> Self {
        self.body = Some(serde_json::to_vec(body).map(Bytes::from).map_err(|_| {
            Error::invalid_input(
                "the body cannot be written as JSON",
                "use maps with text keys, and numbers that JSON has",
            )
        }));
        self
    }

    /// Sends it and answers the JSON that came back; `null` where there was no body.
    ///
    /// # Errors
    /// As every call; [`ErrorKind::InvalidInput`] before anything is sent for a path that leads elsewhere.
    pub async fn send(self) -> Result<Answer<Value>, Error> {
        let recorder = Recorder::default();
        let value = self.exchange(&recorder).await?;
        Ok(Answer::new(value, recorder.take()))
    }

    /// Sends it and answers what came back as a type of one's own.
    ///
    /// ```
    /// # dadosfera::__example!(client => {
    /// #[derive(serde::Deserialize)]
    /// struct Count {
    ///     total: serde_json::Value,
    /// }
    ///
    /// let count = client.request("GET", "/catalog").send_as::<Count>().await?;
    /// println!("{}", count.value.total);
    /// # });
    /// ```
    ///
    /// # Errors
    /// As of [`send`](Self::send), and [`ErrorKind::UnexpectedAnswer`] for JSON of another shape.
    pub async fn send_as<T: DeserializeOwned>(self) -> Result<Answer<T>, Error> {
        self.send().await?.into_typed()
    }

    async fn exchange(self, recorder: &Recorder) -> Result<Value, Error> {
        let fault = |error: Error| error.of(UNKNOWN);
        let method = self.method.map_err(fault)?;
        let mut url = self.client.url(&self.path).map_err(fault)?;
        if !self.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&self.query);
        }
        let op = operation(&method, &self.path).ok_or_else(|| {
            fault(Error::invalid_input(
                format!("the method {method} cannot be sent"),
                "write GET, HEAD, OPTIONS, POST, PUT, PATCH or DELETE",
            ))
        })?;
        let mut request = reqwest::Request::new(method, url);
        if let Some(body) = self.body {
            let json = HeaderValue::from_static("application/json");
            request.headers_mut().insert(CONTENT_TYPE, json);
            *request.body_mut() = Some(body.map_err(fault)?.into());
        }
        let response = self.client.send(request, op, recorder).await?;
        let status = response.status().as_u16();
        let body = response.bytes().await.map_err(|error| {
            Error::new(ErrorKind::ConnectionLost, "the answer was cut short")
                .of(op.id)
                .with_source(error.without_url())
        })?;
        if body.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_slice(&body).map_err(|_| {
            Error::new(ErrorKind::UnexpectedAnswer, "the answer is not JSON")
                .of(op.id)
                .with_status(status)
        })
    }
}

impl std::fmt::Debug for Request {
    /// Shows neither query nor body: both may hold secrets.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

const UNKNOWN: &str = "request";

/// What is known of an operation that is not in the table: only its method.
static UNKNOWN_OPS: [Op; 7] = [
    Op::unknown("GET", true),
    Op::unknown("HEAD", true),
    Op::unknown("OPTIONS", true),
    Op::unknown("PUT", true),
    Op::unknown("DELETE", true),
    Op::unknown("POST", false),
    Op::unknown("PATCH", false),
];

/// The known operation of this method and path, else what its method says.
fn operation(method: &Method, path: &str) -> Option<&'static Op> {
    let of_method = |op: &&'static Op| op.method == method.as_str();
    // A stream is not read as JSON, so its operation is not of use here.
    OPS.iter()
        .filter(of_method)
        .filter(|op| !op.streams && is_of(op.path, path))
        // A name is nearer than a parameter: `/connections/plugins` is no connection.
        .min_by_key(|op| op.path.matches('{').count())
        .or_else(|| UNKNOWN_OPS.iter().find(of_method))
}

fn is_of(template: &str, path: &str) -> bool {
    let (mut wanted, mut given) = (template.split('/'), path.split('/'));
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return true,
            (Some(name), Some(value)) => {
                let is_parameter = name.starts_with('{') && !value.is_empty();
                if !is_parameter && !name.eq_ignore_ascii_case(value) {
                    return false;
                }
            }
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_operation_is_found_by_its_path() {
        let id = |method, path| operation(&method, path).map(|op| (op.id, op.idempotent));
        assert_eq!(
            id(Method::GET, "/platform/pipelines"),
            Some(("list_pipelines", true))
        );
        assert_eq!(
            id(Method::GET, "/connections/plugins"),
            Some(("list_connection_plugins", true))
        );
        assert_eq!(
            id(Method::GET, "/connections/17_abc_mysql-1"),
            Some(("get_connection", true))
        );
        assert_eq!(
            id(Method::POST, "/platform/pipeline"),
            Some(("create_pipeline", false))
        );
        assert_eq!(id(Method::GET, "/connections/"), Some(("request", true)));
        assert_eq!(id(Method::POST, "/brand/new"), Some(("request", false)));
        assert_eq!(id(Method::TRACE, "/brand/new"), None);
    }
}
