//! Configuration: from the code, the environment and a profile to plain data.
//!
//! Rule: the code goes before the environment, the environment before the profile. Which kind of credentials is used is
//! decided by the first source that holds a secret; an API key beside a password in one source is an error, since each
//! would sign in as somebody else. Without a secret the token store is the last source. The default server is production.

mod base_url;
mod environment;
mod profile;
mod report;
mod settings;

use std::path::PathBuf;
use std::time::Duration;

use dadosfera_raw::Secret;

pub(crate) use base_url::BaseUrl;
pub use environment::Environment;
pub(crate) use profile::{DEFAULT as DEFAULT_PROFILE, Files};
pub use report::{CredentialsReport, PassedOver, ValueSource};
pub(crate) use settings::{Field, Settings, Source};

use crate::auth::codes::CodeCallback;
use crate::auth::totp::Totp;
use crate::error::Error;

/// Everything that a client is built from.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    pub(crate) base_url: BaseUrl,
    pub(crate) credentials: Credentials,
    /// What delete pipeline and refresh call the customer, where it is known beforehand.
    pub(crate) customer_name: Option<String>,
    pub(crate) language: Option<&'static str>,
    /// The limit of one call with its retries.
    pub(crate) timeout: Duration,
    pub(crate) connect_timeout: Duration,
    /// The file that keeps the tokens, where the code brings no store.
    pub(crate) token_store: Option<PathBuf>,
    /// Where all of this comes from.
    pub(crate) report: CredentialsReport,
}

/// Who the client is.
#[derive(Debug, Clone)]
pub(crate) enum Credentials {
    /// Nobody: only the health of the API can be asked.
    None,
    ApiKey(Secret),
    /// A user's session: at least one of the two, or a store.
    User {
        refresh_token: Option<Secret>,
        password: Option<Password>,
    },
}

/// A user name with its password, and the second factor.
#[derive(Debug, Clone)]
pub(crate) struct Password {
    pub(crate) username: String,
    pub(crate) password: Secret,
    /// One code, good for one sign-in.
    pub(crate) totp_code: Option<Secret>,
    pub(crate) totp: Option<Totp>,
    pub(crate) totp_callback: Option<CodeCallback>,
}

/// What the builder knows beside the settings.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Flags {
    pub(crate) anonymous: bool,
    pub(crate) allow_insecure_http: bool,
    /// Whether the code brings a store to resume from.
    pub(crate) has_store: bool,
}

const TIMEOUT: Duration = Duration::from_secs(120);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

impl Config {
    /// Puts the sources together, the strongest first.
    pub(crate) fn resolve(sources: &[(Source, Settings)], flags: Flags) -> Result<Self, Error> {
        let base_url = first(sources, |it| it.base_url.as_deref()).unwrap_or(base_url::PRODUCTION);
        Ok(Self {
            base_url: BaseUrl::parse(base_url, flags.allow_insecure_http)?,
            token_store: token_store(sources, flags),
            report: CredentialsReport::of(sources, flags),
            credentials: credentials(sources, flags)?,
            customer_name: first(sources, |it| it.customer_name.as_deref()).map(str::to_owned),
            language: first(sources, |it| it.language.as_deref())
                .map(language)
                .transpose()?,
            timeout: first(sources, |it| it.timeout).unwrap_or(TIMEOUT),
            connect_timeout: first(sources, |it| it.connect_timeout).unwrap_or(CONNECT_TIMEOUT),
        })
    }
}

fn first<'a, T>(
    sources: &'a [(Source, Settings)],
    field: impl Fn(&'a Settings) -> Option<T>,
) -> Option<T> {
    sources.iter().find_map(|(_, settings)| field(settings))
}

pub(crate) fn language(text: &str) -> Result<&'static str, Error> {
    ["pt-br", "en-us"]
        .into_iter()
        .find(|known| known.eq_ignore_ascii_case(text))
        .ok_or_else(|| {
            Error::config(
                format!("the language `{}` is unknown", text.escape_debug()),
                "write pt-br or en-us",
            )
        })
}

/// The file that keeps the tokens; a store of the code goes before it.
fn token_store(sources: &[(Source, Settings)], flags: Flags) -> Option<PathBuf> {
    let path = first(sources, |it| it.token_store.as_ref())?;
    (!flags.has_store).then(|| PathBuf::from(path))
}

fn credentials(sources: &[(Source, Settings)], flags: Flags) -> Result<Credentials, Error> {
    if flags.anonymous {
        return Ok(Credentials::None);
    }
    let holds_secret =
        |it: &Settings| it.api_key.is_some() || it.password.is_some() || it.refresh_token.is_some();
    let Some(position) = sources
        .iter()
        .position(|(_, settings)| holds_secret(settings))
    else {
        if flags.has_store || sources.iter().any(|(_, it)| it.token_store.is_some()) {
            return Ok(Credentials::User {
                refresh_token: None,
                password: None,
            });
        }
        return Err(no_credentials(sources));
    };
    let (source, settings) = &sources[position];
    if let Some(key) = &settings.api_key {
        for (field, is_set) in [
            (Field::Password, settings.password.is_some()),
            (Field::RefreshToken, settings.refresh_token.is_some()),
        ] {
            if is_set {
                let (key, other) = (source.names(Field::ApiKey), source.names(field));
                return Err(Error::config(
                    format!("{key} and {other} are both set"),
                    "keep one of the two",
                ));
            }
        }
        return Ok(Credentials::ApiKey(key.clone()));
    }
    let rest = &sources[position..];
    let password = match &settings.password {
        Some(password) => Some(user(sources, rest, source, password)?),
        None => None,
    };
    Ok(Credentials::User {
        refresh_token: settings.refresh_token.clone(),
        password,
    })
}

/// The user of a password. Its name may stand in a weaker source, such as the profile whose password is in the
/// environment; the second factor of a weaker source counts only for the same user.
fn user(
    sources: &[(Source, Settings)],
    rest: &[(Source, Settings)],
    source: &Source,
    password: &Secret,
) -> Result<Password, Error> {
    let Some(username) = first(sources, |it| it.username.as_deref()) else {
        return Err(Error::config(
            format!(
                "{} is set without a user name",
                source.names(Field::Password)
            ),
            "give the e-mail address too: password(user, password), DADOSFERA_USERNAME, or username in the profile",
        ));
    };
    let same_user = |it: &Settings| it.username.as_deref().is_none_or(|name| name == username);
    let own = |it: &&(Source, Settings)| same_user(&it.1);
    let totp_code = rest
        .iter()
        .filter(own)
        .find_map(|(_, it)| it.totp_code.clone());
    let totp_secret = rest
        .iter()
        .filter(own)
        .find_map(|(_, it)| it.totp_secret.as_ref());
    Ok(Password {
        username: username.to_owned(),
        password: password.clone(),
        totp_code: totp_code.map(|code| one_time_code(&code)).transpose()?,
        totp: totp_secret.map(Totp::from_base32).transpose()?,
        totp_callback: first(sources, |it| it.totp_callback.clone()),
    })
}

/// Checks that a one-time code is one, before it is wasted.
pub(crate) fn one_time_code(code: &Secret) -> Result<Secret, Error> {
    let digits: String = code
        .expose()
        .chars()
        .filter(|c| !c.is_whitespace())
        .collect();
    if digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(Secret::from(digits));
    }
    Err(Error::config(
        "the one-time code is not six digits",
        "pass the code that the authenticator shows now",
    ))
}

fn no_credentials(sources: &[(Source, Settings)]) -> Error {
    let what = match first(sources, |it| it.username.as_deref()) {
        Some(_) => "a user name is set, but no password",
        None => "no credentials are set",
    };
    Error::config(
        what,
        "give the builder password(..), refresh_token(..) or api_key(..), or set DADOSFERA_USERNAME and \
         DADOSFERA_PASSWORD, DADOSFERA_REFRESH_TOKEN or DADOSFERA_API_KEY and call from_env(), or name a profile that \
         holds them",
    )
}

#[cfg(test)]
mod tests;
