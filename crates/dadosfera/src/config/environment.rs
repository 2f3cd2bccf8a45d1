//! The one door to the environment: variables, and where configuration files lie.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use crate::error::Error;

/// Environment variables: those of the process, or fixed ones.
///
/// ```
/// use dadosfera::{Client, Environment};
///
/// let client = Client::builder()
///     .environment(Environment::fixed([("DADOSFERA_API_KEY", "ddf_example")]))
///     .build()?;
/// # Ok::<(), dadosfera::Error>(())
/// ```
#[derive(Clone)]
pub struct Environment(Variables);

#[derive(Clone)]
enum Variables {
    Process,
    Fixed(BTreeMap<String, String>),
}

impl Environment {
    /// The variables of this process.
    ///
    /// ```
    /// use dadosfera::{Client, Environment};
    ///
    /// let builder = Client::builder().environment(Environment::process());
    /// ```
    #[must_use]
    pub const fn process() -> Self {
        Self(Variables::Process)
    }

    /// These variables and no others.
    pub fn fixed<K: Into<String>, V: Into<String>>(
        pairs: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        Self(Variables::Fixed(
            pairs
                .into_iter()
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
        ))
    }

    /// The value of a variable. An empty one counts as not set, since that is what a missing secret of a CI job becomes.
    pub(crate) fn variable(&self, name: &str) -> Result<Option<String>, Error> {
        let value = match &self.0 {
            Variables::Fixed(pairs) => pairs.get(name).cloned(),
            Variables::Process => match std::env::var(name) {
                Ok(value) => Some(value),
                Err(std::env::VarError::NotPresent) => None,
                Err(std::env::VarError::NotUnicode(_)) => {
                    return Err(Error::config(
                        format!("the environment variable {name} is not UTF-8"),
                        "set it to plain text",
                    ));
                }
            },
        };
        Ok(value.filter(|value| !value.is_empty()))
    }

    /// The folder of `config.toml` and `secrets.toml`, where the platform has one.
    pub(crate) fn config_folder(&self) -> Result<Option<PathBuf>, Error> {
        let path =
            |value: Option<String>| value.map(PathBuf::from).filter(|path| path.is_absolute());
        if let Some(base) = path(self.variable("XDG_CONFIG_HOME")?) {
            return Ok(Some(base.join("dadosfera")));
        }
        if cfg!(windows) {
            return Ok(path(self.variable("APPDATA")?).map(|base| base.join("dadosfera")));
        }
        Ok(path(self.variable("HOME")?).map(|home| home.join(".config").join("dadosfera")))
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Variables::Process => f.write_str("Environment::process()"),
            // Values may be secrets.
            Variables::Fixed(pairs) => f.debug_set().entries(pairs.keys()).finish(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_variable_is_not_set() {
        let environment = Environment::fixed([("A", ""), ("B", "b")]);
        assert_eq!(environment.variable("A").expect("readable"), None);
        assert_eq!(
            environment.variable("B").expect("readable"),
            Some("b".to_owned())
        );
    }

    #[cfg(unix)]
    #[test]
    fn the_xdg_folder_goes_before_the_home_folder() {
        let both = Environment::fixed([("XDG_CONFIG_HOME", "/x"), ("HOME", "/home/ana")]);
        assert_eq!(
            both.config_folder().expect("readable"),
            Some("/x/dadosfera".into())
        );
        let home = Environment::fixed([("HOME", "/home/ana")]);
        assert_eq!(
            home.config_folder().expect("readable"),
            Some("/home/ana/.config/dadosfera".into())
        );
    }

    #[test]
    fn values_are_not_shown() {
        let shown = format!(
            "{:?}",
            Environment::fixed([("DADOSFERA_PASSWORD", "canary")])
        );
        assert!(shown.contains("DADOSFERA_PASSWORD") && !shown.contains("canary"));
    }
}
