//! Files that say what is to be: TOML or JSON, with the API's own field names.
//!
//! Rule: a mistake is told with the file and the field, and never with what stands there, which may be a secret.

use std::path::Path;

use serde_json::{Map, Value};

use crate::failure::Failure;

/// A file's fields.
#[derive(Debug)]
pub(crate) struct Document {
    place: String,
    pub(crate) fields: Map<String, Value>,
}

impl Document {
    /// Reads a file, which may only have these fields.
    pub(crate) fn read(path: &Path, known: &[&str]) -> Result<Self, Failure> {
        let place = path.display().to_string();
        let text = std::fs::read_to_string(path)
            .map_err(|error| Failure::usage(format!("{place} cannot be read: {error}")))?;
        let line = |at: usize| 1 + text.get(..at).unwrap_or(&text).matches('\n').count();
        let fields = match path.extension().and_then(|it| it.to_str()) {
            // The parsers' own words may quote the file.
            Some("toml") => toml::from_str(&text).map_err(|error: toml::de::Error| {
                let line = error.span().map_or(1, |span| line(span.start));
                Failure::usage(format!("{place} is no TOML at line {line}"))
            })?,
            Some("json") => serde_json::from_str(&text).map_err(|error| {
                Failure::usage(format!(
                    "{place} is no JSON object at line {}, column {}",
                    error.line(),
                    error.column()
                ))
            })?,
            _ => {
                return Err(Failure::usage(format!(
                    "{place} is neither .toml nor .json; its name has to say how it is written"
                )));
            }
        };
        let this = Self { place, fields };
        this.only(&this.fields, "", known)?;
        Ok(this)
    }

    /// Refuses fields that are not known, so that a misspelt one is no silent loss.
    pub(crate) fn only(
        &self,
        fields: &Map<String, Value>,
        below: &str,
        known: &[&str],
    ) -> Result<(), Failure> {
        match fields.keys().find(|name| !known.contains(&name.as_str())) {
            None => Ok(()),
            Some(name) => Err(self.wrong(
                &format!("{below}{}", name.escape_debug()),
                &format!("is no field; known are {}", known.join(", ")),
            )),
        }
    }

    /// A text that may be left out; `null` says the same.
    pub(crate) fn text(&self, field: &str) -> Result<Option<String>, Failure> {
        match self.fields.get(field) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(self.wrong(field, "is no text")),
        }
    }

    /// A text that has to be there.
    pub(crate) fn needed(&self, field: &str) -> Result<String, Failure> {
        self.text(field)?
            .ok_or_else(|| self.wrong(field, "is missing"))
    }

    /// What is wrong with a field.
    pub(crate) fn wrong(&self, field: &str, what: &str) -> Failure {
        Failure::usage(format!("{}: {field} {what}", self.place))
    }
}
