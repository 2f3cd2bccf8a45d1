//! Profiles: named settings in `config.toml`, and their secrets in `secrets.toml` beside it.
//!
//! Rule: settings may be shared, secrets may not. A secret in `config.toml` is refused, and so is a `secrets.toml` that
//! others can read or change. No line of either file is ever repeated in an error.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

use dadosfera_raw::Secret;
use toml::{Table, Value};

use super::environment::Environment;
use super::settings::Settings;
use crate::error::Error;

const SETTINGS: [&str; 7] = [
    "base_url",
    "username",
    "customer_name",
    "token_store",
    "language",
    "timeout_seconds",
    "connect_timeout_seconds",
];
const SECRETS: [&str; 4] = ["password", "totp_secret", "refresh_token", "api_key"];

/// The profile that is used, where there is one, when none is named.
pub(crate) const DEFAULT: &str = "default";

/// Where the two files lie.
#[derive(Debug, Clone)]
pub(crate) struct Files {
    config: Option<PathBuf>,
    secrets: Option<PathBuf>,
}

impl Files {
    pub(crate) fn locate(environment: &Environment) -> Result<Self, Error> {
        let folder = environment.config_folder()?;
        let place = |variable: &str, name: &str| {
            Ok::<_, Error>(match environment.variable(variable)? {
                Some(path) => Some(PathBuf::from(path)),
                None => folder.as_ref().map(|folder| folder.join(name)),
            })
        };
        Ok(Self {
            config: place("DADOSFERA_CONFIG_FILE", "config.toml")?,
            secrets: place("DADOSFERA_SECRETS_FILE", "secrets.toml")?,
        })
    }

    /// The settings of the named profile; where `must_exist` is not set, of the profile if there is one.
    pub(crate) fn profile(&self, name: &str, must_exist: bool) -> Result<Option<Settings>, Error> {
        let config = Profiles::read(self.config.as_deref(), false)?;
        let secrets = Profiles::read(self.secrets.as_deref(), true)?;
        let found = (config.get(name)?, secrets.get(name)?);
        if found.0.is_none() && found.1.is_none() {
            return if must_exist {
                Err(self.unknown(name, &config, &secrets))
            } else {
                Ok(None)
            };
        }
        let mut settings = Settings::default();
        for (file, table) in [(&config, found.0), (&secrets, found.1)] {
            for (key, value) in table.into_iter().flatten() {
                file.take(&mut settings, name, key, value)?;
            }
        }
        Ok(Some(settings))
    }

    fn unknown(&self, name: &str, config: &Profiles, secrets: &Profiles) -> Error {
        let mut known: Vec<&str> = config.names().chain(secrets.names()).collect();
        known.sort_unstable();
        known.dedup();
        let place = match &self.config {
            Some(path) => path.display().to_string(),
            None => "config.toml (its folder is not known: set HOME or DADOSFERA_CONFIG_FILE)"
                .to_owned(),
        };
        let next = if known.is_empty() {
            format!("no profile is known; write [profile.{name}] into {place}")
        } else {
            format!(
                "known are {}; name one of them, or write [profile.{name}] into {place}",
                known.join(", ")
            )
        };
        Error::config(format!("there is no profile `{name}`"), next)
    }
}

/// One of the two files.
#[derive(Debug)]
struct Profiles {
    place: String,
    is_secrets: bool,
    table: Table,
}

impl Profiles {
    /// Reads a file; one that is not there holds no profiles.
    fn read(path: Option<&Path>, is_secrets: bool) -> Result<Self, Error> {
        let place = path
            .map(|path| path.display().to_string())
            .unwrap_or_default();
        let text = match path.map(|path| open(path, &place, is_secrets)) {
            None | Some(Ok(None)) => String::new(),
            Some(Ok(Some(text))) => text,
            Some(Err(error)) => return Err(error),
        };
        let root = text.parse::<Table>().map_err(|error| {
            // The parser's own words quote the line, which may hold a secret.
            let line = error.span().map_or(1, |span| {
                1 + text[..span.start.min(text.len())].matches('\n').count()
            });
            Error::config(
                format!("{place} is not valid TOML at line {line}"),
                "mend that line",
            )
        })?;
        let mut table = Table::new();
        for (key, value) in root {
            match (key.as_str(), value) {
                ("profile", Value::Table(profiles)) => table = profiles,
                _ => {
                    return Err(Error::config(
                        format!("{place} holds the unknown key `{key}`"),
                        "write everything under [profile.NAME]",
                    ));
                }
            }
        }
        Ok(Self {
            place,
            is_secrets,
            table,
        })
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        self.table.keys().map(String::as_str)
    }

    fn get(&self, name: &str) -> Result<Option<&Table>, Error> {
        match self.table.get(name) {
            None => Ok(None),
            Some(Value::Table(table)) => Ok(Some(table)),
            Some(_) => Err(Error::config(
                format!("`profile.{name}` in {} is no table", self.place),
                format!("write [profile.{name}] and its keys below"),
            )),
        }
    }

    fn take(
        &self,
        settings: &mut Settings,
        profile: &str,
        key: &str,
        value: &Value,
    ) -> Result<(), Error> {
        let at = format!("`{key}` of the profile `{profile}` in {}", self.place);
        if !self.is_secrets && SECRETS.contains(&key) {
            return Err(Error::config(
                format!("{at} is a secret"),
                "move it to secrets.toml, which only you can read, and make a new one if this file was shared",
            ));
        }
        let known: &[&str] = if self.is_secrets { &SECRETS } else { &SETTINGS };
        if !known.contains(&key) {
            return Err(Error::config(
                format!("{at} is unknown"),
                format!("known are {}", known.join(", ")),
            ));
        }
        if key.ends_with("_seconds") {
            let seconds = match value {
                Value::Integer(seconds) => {
                    u64::try_from(*seconds).ok().filter(|seconds| *seconds > 0)
                }
                _ => None,
            };
            let Some(seconds) = seconds else {
                return Err(Error::config(
                    format!("{at} is no whole number above 0"),
                    "write seconds, such as 30",
                ));
            };
            let slot = if key == "timeout_seconds" {
                &mut settings.timeout
            } else {
                &mut settings.connect_timeout
            };
            *slot = Some(Duration::from_secs(seconds));
            return Ok(());
        }
        let Value::String(text) = value else {
            return Err(Error::config(
                format!("{at} is no text"),
                "put it in quotes",
            ));
        };
        match key {
            "base_url" => settings.base_url = Some(text.clone()),
            "username" => settings.username = Some(text.clone()),
            "customer_name" => settings.customer_name = Some(text.clone()),
            "token_store" => settings.token_store = Some(text.clone()),
            "language" => settings.language = Some(text.clone()),
            "password" => settings.password = Some(Secret::from(text.as_str())),
            "totp_secret" => settings.totp_secret = Some(Secret::from(text.as_str())),
            "refresh_token" => settings.refresh_token = Some(Secret::from(text.as_str())),
            _ => settings.api_key = Some(Secret::from(text.as_str())),
        }
        Ok(())
    }
}

fn open(path: &Path, place: &str, is_secrets: bool) -> Result<Option<String>, Error> {
    let unreadable = |error: io::Error| {
        Error::config(
            format!("{place} cannot be read ({error})"),
            "give yourself access to it",
        )
        .with_source(error)
    };
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unreadable(error)),
    };
    if is_secrets {
        refuse_shared(&file, place)?;
    }
    let mut text = String::new();
    file.read_to_string(&mut text).map_err(unreadable)?;
    Ok(Some(text))
}

/// Looks at the opened file, not at its path, so that nothing can be put in its place between the two.
#[cfg(unix)]
fn refuse_shared(file: &File, place: &str) -> Result<(), Error> {
    use std::os::unix::fs::PermissionsExt;

    let mode = file
        .metadata()
        .map_err(|error| {
            Error::config(
                format!("{place} cannot be examined ({error})"),
                "give yourself access to it",
            )
        })?
        .permissions()
        .mode();
    if mode & 0o077 == 0 {
        return Ok(());
    }
    Err(Error::config(
        format!(
            "{place} holds secrets and others can read or change it (mode {:03o})",
            mode & 0o777
        ),
        format!("run: chmod 600 {place}"),
    ))
}

/// Elsewhere the rights of the user's own folder have to do.
#[cfg(not(unix))]
fn refuse_shared(_file: &File, _place: &str) -> Result<(), Error> {
    Ok(())
}
