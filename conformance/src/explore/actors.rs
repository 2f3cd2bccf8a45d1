//! Who speaks to a host: how each actor signs, how it signs in, and whose things it may see. Secrets come from the environment.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::engine::Sign;

/// Everyone who takes part.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Actors {
    /// The actors; the first does most of the work.
    #[serde(default, rename = "actor")]
    pub actors: Vec<Actor>,
}

/// One who takes part.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Actor {
    /// Its name, for reports and for the variable of its token.
    pub name: String,
    /// Whose things it sees: actors of two tenants must not see each other's.
    #[serde(default)]
    pub tenant: String,
    /// The scopes of its credentials; all of them where nothing is said.
    pub scopes: Option<Vec<String>>,
    /// How it shows its token.
    #[serde(default)]
    pub sign: Scheme,
    /// The token: `${NAME}` is a variable of the environment or one that a step took.
    pub token: Option<String>,
    /// The requests that sign it in, in order.
    #[serde(default, rename = "step")]
    pub steps: Vec<SignInStep>,
}

/// One request of a sign-in.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignInStep {
    /// The method.
    pub method: String,
    /// The path after the base URL.
    pub path: String,
    /// Headers to send.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// The JSON body; `${NAME}` in its texts is filled in.
    pub body: Option<Value>,
    /// What to keep of the answer: a name, and the JSON pointer of its value.
    #[serde(default)]
    pub take: BTreeMap<String, String>,
}

/// How a token is shown.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
#[non_exhaustive]
pub enum Scheme {
    /// `Authorization: Bearer TOKEN`.
    #[default]
    Bearer,
    /// `Authorization: TOKEN`.
    Bare,
    /// `NAME: TOKEN`.
    Header(String),
}

/// What is wrong with the actors.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ActorsError {
    /// The file does not say what it must.
    #[error("the actors file: {0}")]
    File(String),
    /// A variable is not set.
    #[error(
        "actor {actor}: ${{{variable}}} is neither in the environment nor taken by an earlier step"
    )]
    Variable {
        /// Who needs it.
        actor: String,
        /// Its name.
        variable: String,
    },
}

impl TryFrom<String> for Scheme {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl std::str::FromStr for Scheme {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            None if text == "bearer" => Ok(Self::Bearer),
            None if text == "bare" => Ok(Self::Bare),
            Some(("header", name)) if reqwest::header::HeaderName::try_from(name).is_ok() => {
                Ok(Self::Header(name.to_owned()))
            }
            _ => Err(format!(
                "{text:?} is no way to sign: bearer, bare or header:NAME"
            )),
        }
    }
}

impl Scheme {
    /// A token shown in this way.
    #[must_use]
    pub fn sign(&self, token: &str, variable: &str) -> Sign {
        match self {
            Self::Bearer => Sign::none().with_prefix("authorization", "Bearer ", token, variable),
            Self::Bare => Sign::none().with("authorization", token, variable),
            Self::Header(name) => Sign::none().with(name, token, variable),
        }
    }

    /// The same token shown in a way that is not this one; each has a name for reports.
    #[must_use]
    pub fn otherwise(&self, token: &str, variable: &str) -> Vec<(&'static str, Sign)> {
        let basic = Sign::none().with_prefix("authorization", "Basic ", token, variable);
        match self {
            Self::Bearer => vec![("bare", Self::Bare.sign(token, variable)), ("basic", basic)],
            // Whether `Bearer` before a bare token is taken is a courtesy of many servers; only `Basic` is wrong for sure.
            Self::Bare => vec![("basic", basic)],
            Self::Header(_) => vec![("bearer", Self::Bearer.sign(token, variable))],
        }
    }
}

impl Actors {
    /// Reads actors from TOML, or from YAML where it is no TOML file by its name.
    ///
    /// # Errors
    /// Where a field is missing, unknown or wrong.
    pub fn parse(text: &str, is_toml: bool) -> Result<Self, ActorsError> {
        let actors: Self = if is_toml {
            toml::from_str(text).map_err(|error| ActorsError::File(error.to_string()))?
        } else {
            yaml_serde::from_str(text).map_err(|error| ActorsError::File(error.to_string()))?
        };
        for (index, actor) in actors.actors.iter().enumerate() {
            let twice = actors.actors[..index]
                .iter()
                .any(|other| other.name == actor.name);
            if twice || actor.name.is_empty() {
                return Err(ActorsError::File(format!(
                    "actor {:?} needs a name of its own",
                    actor.name
                )));
            }
            let takes_token = actor
                .steps
                .iter()
                .any(|step| step.take.contains_key("token"));
            if actor.token.is_none() && !takes_token {
                return Err(ActorsError::File(format!(
                    "actor {}: say `token = \"${{VARIABLE}}\"`, or let a step take a `token`",
                    actor.name
                )));
            }
        }
        if actors.actors.is_empty() {
            return Err(ActorsError::File("it names no [[actor]]".to_owned()));
        }
        Ok(actors)
    }
}

impl Actor {
    /// The variable that stands for its token in curl lines: `TOKEN` for the first, `TOKEN_NAME` for the others.
    #[must_use]
    pub fn variable(&self, index: usize) -> String {
        if index == 0 {
            return "TOKEN".to_owned();
        }
        let name: String = self
            .name
            .chars()
            .map(|c| {
                if c.is_ascii_alphanumeric() {
                    c.to_ascii_uppercase()
                } else {
                    '_'
                }
            })
            .collect();
        format!("TOKEN_{name}")
    }

    /// The text with each `${NAME}` filled in.
    ///
    /// # Errors
    /// Where one is not known.
    pub fn filled(
        &self,
        text: &str,
        known: &dyn Fn(&str) -> Option<String>,
    ) -> Result<String, ActorsError> {
        let mut filled = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            filled.push_str(before);
            let (name, behind) = after.split_once('}').unwrap_or((after, ""));
            filled.push_str(&known(name).ok_or_else(|| ActorsError::Variable {
                actor: self.name.clone(),
                variable: name.to_owned(),
            })?);
            rest = behind;
        }
        filled.push_str(rest);
        Ok(filled)
    }

    /// The value with each `${NAME}` in its texts filled in.
    ///
    /// # Errors
    /// Where one is not known.
    pub fn filled_value(
        &self,
        value: &Value,
        known: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Value, ActorsError> {
        Ok(match value {
            Value::String(text) => Value::String(self.filled(text, known)?),
            Value::Array(items) => Value::Array(
                items
                    .iter()
                    .map(|item| self.filled_value(item, known))
                    .collect::<Result<_, _>>()?,
            ),
            Value::Object(fields) => Value::Object(
                fields
                    .iter()
                    .map(|(name, value)| Ok((name.clone(), self.filled_value(value, known)?)))
                    .collect::<Result<_, ActorsError>>()?,
            ),
            other => other.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_in_both_languages() {
        let toml = "[[actor]]\nname = \"a\"\ntoken = \"${A}\"\nsign = \"header:X-Key\"\n";
        let yaml = "actor: [{name: a, token: '${A}', sign: 'header:X-Key'}]";
        for (text, is_toml) in [(toml, true), (yaml, false)] {
            let actors = Actors::parse(text, is_toml).unwrap();
            assert_eq!(actors.actors[0].sign, Scheme::Header("X-Key".to_owned()));
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (text, word) in [
            ("", "no [[actor]]"),
            ("[[actor]]\nname = \"a\"", "token"),
            (
                "[[actor]]\nname = \"a\"\ntoken = \"x\"\nsign = \"magic\"",
                "magic",
            ),
            ("[[actor]]\nname = \"a\"\npassword = \"x\"", "password"),
        ] {
            let wrong = Actors::parse(text, true).unwrap_err().to_string();
            assert!(wrong.contains(word), "{wrong}");
        }
    }

    #[test]
    fn variables_are_filled_in_or_named() {
        let actors = Actors::parse("[[actor]]\nname = \"a\"\ntoken = \"x\"", true).unwrap();
        let known = |name: &str| (name == "A").then(|| "1".to_owned());
        assert_eq!(
            actors.actors[0].filled("<${A}>${A}", &known).unwrap(),
            "<1>1"
        );
        let wrong = actors.actors[0]
            .filled("${B}", &known)
            .unwrap_err()
            .to_string();
        assert!(wrong.contains("${B}"), "{wrong}");
    }
}
