//! Failures that are known: a file of them with reasons. A run goes on past them, and an entry that matches nothing fails it.

use serde::Deserialize;

use super::wire::Find;

/// One known failure.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expected {
    /// The rule.
    pub code: String,
    /// Other rules that the same thing breaks, by what came before it.
    #[serde(default)]
    pub also: Vec<String>,
    /// The operation; any where nothing is said.
    pub operation: Option<String>,
    /// The operations; in place of one.
    #[serde(default)]
    pub operations: Vec<String>,
    /// The place; any where nothing is said.
    pub place: Option<String>,
    /// Parts of what came, one of which must be in it; anything where nothing is said.
    #[serde(default)]
    pub says: Vec<String>,
    /// Why it is expected.
    pub reason: String,
}

/// A file of known failures that says something else.
#[derive(Debug, thiserror::Error)]
#[error("the expected failures: {0}")]
pub struct KnownError(String);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    expected: Vec<Expected>,
}

impl Expected {
    /// Reads a file of `[[expected]]` entries.
    ///
    /// # Errors
    /// Where an entry lacks its reason or names a rule that there is not.
    pub fn parse(text: &str) -> Result<Vec<Self>, KnownError> {
        let file: File = toml::from_str(text).map_err(|error| KnownError(error.to_string()))?;
        for entry in &file.expected {
            let mut rules = entry.also.iter().chain([&entry.code]);
            if let Some(wrong) = rules.find(|rule| super::checks::check(rule).is_none()) {
                return Err(KnownError(format!(
                    "there is no rule {wrong:?}; `conformance checks` lists them"
                )));
            }
            if entry.reason.trim().is_empty() {
                return Err(KnownError(format!(
                    "the entry for {} gives no reason",
                    entry.code
                )));
            }
        }
        Ok(file.expected)
    }

    pub(crate) fn matches(&self, find: &Find) -> bool {
        let is =
            |wanted: &Option<String>, got: &str| wanted.as_ref().is_none_or(|wanted| wanted == got);
        let rule = self.code == find.code || self.also.iter().any(|rule| rule == find.code);
        rule && is(&self.operation, &find.operation)
            && (self.operations.is_empty() || self.operations.contains(&find.operation))
            && is(&self.place, &find.place)
            && (self.says.is_empty() || self.says.iter().any(|part| find.got.contains(part)))
    }

    pub(crate) fn shown(&self) -> String {
        let rest: Vec<&str> = self
            .operation
            .iter()
            .chain(&self.operations)
            .chain(&self.place)
            .chain(&self.says)
            .map(String::as_str)
            .collect();
        format!("{} {}", self.code, rest.join(" "))
            .trim_end()
            .to_owned()
    }
}

/// Why something is expected, if it is.
pub(crate) fn reason(expected: &[Expected], find: &Find) -> Option<String> {
    let known = expected.iter().find(|known| known.matches(find))?;
    Some(known.reason.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_needs_a_rule_and_a_reason() {
        let entry = |code: &str, reason: &str| {
            format!("[[expected]]\ncode = {code:?}\nreason = {reason:?}\n")
        };
        assert_eq!(
            Expected::parse(&entry("list.total", "issue 7"))
                .unwrap()
                .len(),
            1
        );
        assert!(
            Expected::parse(&entry("list.total", " "))
                .unwrap_err()
                .to_string()
                .contains("no reason")
        );
        assert!(
            Expected::parse(&entry("list.totals", "x"))
                .unwrap_err()
                .to_string()
                .contains("list.totals")
        );
        assert!(Expected::parse("[[expected]]\ncode = \"list.total\"").is_err());
    }
}
