//! How an answer becomes a value: by the type that its status has, and with the status kept where the body is another.

use std::fmt;
use std::sync::Arc;

use progenitor_client::{Error, ResponseValue};
use reqwest::ResponseBuilderExt as _;
use serde::de::DeserializeOwned;

/// Why a body could not be read as what the description says: in the extensions of the response inside
/// [`Error::UnexpectedResponse`], whose status, headers and bytes are those of the server.
#[derive(Clone)]
pub struct Unreadable(Arc<serde_json::Error>);

impl Unreadable {
    /// The decoder's own words; they may quote a value of the body.
    #[must_use]
    pub fn error(&self) -> &serde_json::Error {
        &self.0
    }
}

impl fmt::Debug for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unreadable")
            .field("line", &self.0.line())
            .field("column", &self.0.column())
            .finish()
    }
}

/// Reads a JSON body. An empty one is `null`, which only an optional type takes.
///
/// # Errors
/// [`Error::ResponseBodyError`] where the body breaks off, [`Error::UnexpectedResponse`] with [`Unreadable`] where it is
/// not of the type.
pub async fn read<T: DeserializeOwned, E>(
    response: reqwest::Response,
) -> Result<ResponseValue<T>, Error<E>> {
    let status = response.status();
    let headers = response.headers().clone();
    let version = response.version();
    let url = response.url().clone();
    let body = response.bytes().await.map_err(Error::ResponseBodyError)?;
    let text: &[u8] = if body.is_empty() { b"null" } else { &body };
    match serde_json::from_slice(text) {
        Ok(value) => Ok(ResponseValue::new(value, status, headers)),
        Err(error) => {
            // Where nothing came, the decoder's words about a null that we put there would mislead.
            let error = if body.is_empty() {
                serde_json::from_slice::<T>(b"").err().unwrap_or(error)
            } else {
                error
            };
            let built = http::Response::builder()
                .status(status)
                .version(version)
                .url(url)
                .extension(Unreadable(Arc::new(error)))
                .body(body);
            match built {
                Ok(mut rebuilt) => {
                    *rebuilt.headers_mut() = headers;
                    Err(Error::UnexpectedResponse(rebuilt.into()))
                }
                Err(error) => Err(Error::InvalidRequest(error.to_string())),
            }
        }
    }
}

/// Reads a JSON body as the type of its status, and hands it on as one of the operation's alternatives.
///
/// # Errors
/// Those of [`read`].
pub async fn read_as<Part, T, E>(response: reqwest::Response) -> Result<ResponseValue<T>, Error<E>>
where
    Part: DeserializeOwned + Into<T>,
    T: fmt::Debug,
{
    read::<Part, E>(response).await?.map(Into::into)
}

/// Like [`read_as`], where the operation may also answer nothing.
///
/// # Errors
/// Those of [`read`].
pub async fn read_as_some<Part, T, E>(
    response: reqwest::Response,
) -> Result<ResponseValue<Option<T>>, Error<E>>
where
    Part: DeserializeOwned + Into<T>,
    T: fmt::Debug,
{
    read::<Part, E>(response)
        .await?
        .map(|part| Some(part.into()))
}
