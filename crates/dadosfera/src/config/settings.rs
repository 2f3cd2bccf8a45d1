//! What one source says: the code, the environment, or a profile. Everything is optional here.

use std::time::Duration;

use dadosfera_raw::Secret;

use super::environment::Environment;
use crate::auth::codes::CodeCallback;
use crate::error::Error;

/// The settings of one source.
#[derive(Debug, Clone, Default)]
pub(crate) struct Settings {
    pub(crate) base_url: Option<String>,
    pub(crate) username: Option<String>,
    pub(crate) password: Option<Secret>,
    pub(crate) totp_code: Option<Secret>,
    pub(crate) totp_secret: Option<Secret>,
    pub(crate) totp_callback: Option<CodeCallback>,
    pub(crate) refresh_token: Option<Secret>,
    pub(crate) customer_name: Option<String>,
    pub(crate) api_key: Option<Secret>,
    /// The path of a file.
    pub(crate) token_store: Option<String>,
    pub(crate) language: Option<String>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) connect_timeout: Option<Duration>,
}

/// Where settings come from, in the order of precedence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Source {
    Code,
    Environment,
    Profile(String),
}

/// Each setting's field, and what each source calls it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Field {
    ApiKey,
    Password,
    RefreshToken,
}

impl Source {
    /// How to speak of a field of this source.
    pub(crate) fn names(&self, field: Field) -> String {
        let (code, variable, key) = match field {
            Field::ApiKey => ("api_key(..)", "DADOSFERA_API_KEY", "api_key"),
            Field::Password => ("password(..)", "DADOSFERA_PASSWORD", "password"),
            Field::RefreshToken => (
                "refresh_token(..)",
                "DADOSFERA_REFRESH_TOKEN",
                "refresh_token",
            ),
        };
        match self {
            Self::Code => code.to_owned(),
            Self::Environment => variable.to_owned(),
            Self::Profile(name) => format!("{key} of the profile `{name}`"),
        }
    }
}

impl Settings {
    pub(crate) fn from_environment(environment: &Environment) -> Result<Self, Error> {
        let text = |name| environment.variable(name);
        let secret = |name| Ok::<_, Error>(environment.variable(name)?.map(Secret::from));
        Ok(Self {
            base_url: text("DADOSFERA_BASE_URL")?,
            username: text("DADOSFERA_USERNAME")?,
            password: secret("DADOSFERA_PASSWORD")?,
            totp_code: secret("DADOSFERA_TOTP")?,
            totp_secret: secret("DADOSFERA_TOTP_SECRET")?,
            refresh_token: secret("DADOSFERA_REFRESH_TOKEN")?,
            customer_name: text("DADOSFERA_CUSTOMER_NAME")?,
            api_key: secret("DADOSFERA_API_KEY")?,
            token_store: text("DADOSFERA_TOKEN_STORE")?,
            language: text("DADOSFERA_LANG")?,
            totp_callback: None,
            timeout: None,
            connect_timeout: None,
        })
    }
}
