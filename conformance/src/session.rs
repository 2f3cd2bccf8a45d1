//! Somebody who has signed in.

use data_encoding::BASE64URL_NOPAD;
use serde_json::Value;

use crate::engine::Sign;

/// Somebody who has signed in.
#[derive(Clone)]
pub struct Session {
    /// The access token.
    pub access_token: String,
    /// The refresh token.
    pub refresh_token: String,
    /// `customer.name`.
    pub customer_name: String,
    /// The names of what the person may do.
    pub permissions: Vec<String>,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session")
            .field("customer_name", &self.customer_name)
            .finish_non_exhaustive()
    }
}

impl Session {
    /// Reads a sign-in's answer; `None` where it holds no access token.
    #[must_use]
    pub fn of(answer: &Value) -> Option<Self> {
        let text = |pointer| Some(answer.pointer(pointer)?.as_str()?.to_owned());
        let permissions = answer["permissions"].as_array().into_iter().flatten();
        Some(Self {
            access_token: text("/tokens/accessToken")?,
            refresh_token: text("/tokens/refreshToken").unwrap_or_default(),
            customer_name: text("/customer/name").unwrap_or_default(),
            permissions: permissions
                .filter_map(Value::as_str)
                .map(str::to_owned)
                .collect(),
        })
    }

    /// Signs with the bare access token.
    #[must_use]
    pub fn sign(&self) -> Sign {
        token(&self.access_token)
    }

    /// The claims of the access token.
    #[must_use]
    pub fn claims(&self) -> Value {
        part(&self.access_token, 1)
    }
}

/// Signs with a bare access token.
#[must_use]
pub fn token(access_token: &str) -> Sign {
    Sign::none().with("authorization", access_token, "TOKEN")
}

/// Signs with an API key.
#[must_use]
pub fn api_key(key: &str) -> Sign {
    Sign::none().with("x-api-key", key, "API_KEY")
}

/// One JSON part of a JWT (0: header, 1: claims); null where it is none.
#[must_use]
pub fn part(jwt: &str, index: usize) -> Value {
    jwt.split('.')
        .nth(index)
        .and_then(|part| BASE64URL_NOPAD.decode(part.as_bytes()).ok())
        .and_then(|bytes| serde_json::from_slice(&bytes).ok())
        .unwrap_or(Value::Null)
}
