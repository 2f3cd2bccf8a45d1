//! What must never be printed: every secret that was sent or seen, remembered by what it is, not by the name of a field.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use data_encoding::BASE64;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

/// Shorter texts are no secrets that could be told from chance.
const SHORTEST: usize = 4;
/// A one-time code is six digits; an answer can hold those by chance, so only longer secrets are looked for in answers.
const SHORTEST_ECHO: usize = 12;

/// The secrets of a run, each with the name of the shell variable that stands for it.
#[derive(Debug, Default)]
pub struct Taint {
    /// Longest first, so that a secret inside another is not cut out of it.
    spellings: Mutex<BTreeMap<(std::cmp::Reverse<usize>, String), String>>,
    /// Values that stand for secrets and are none: they may be printed, and must not come back.
    watched: Mutex<BTreeMap<String, String>>,
}

impl Taint {
    /// Remembers a secret, and how it looks in JSON, in a URL and in base64. The name that was learned last counts.
    pub fn learn(&self, secret: &str, variable: &str) {
        if secret.len() < SHORTEST {
            return;
        }
        let json = serde_json::Value::from(secret).to_string();
        let spellings = [
            secret.to_owned(),
            json[1..json.len() - 1].to_owned(),
            utf8_percent_encode(secret, NON_ALPHANUMERIC).to_string(),
            BASE64.encode(secret.as_bytes()),
        ];
        let mut known = self.lock();
        for spelling in spellings {
            known.insert(
                (std::cmp::Reverse(spelling.len()), spelling),
                variable.to_owned(),
            );
        }
    }

    /// Watches for a value that we made up in a secret's place: an answer must not hold it, a report may.
    pub fn watch(&self, value: &str, variable: &str) {
        let mut watched = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
        watched.insert(value.to_owned(), variable.to_owned());
    }

    /// The text with `$NAME` for each secret in it.
    #[must_use]
    pub fn redact(&self, text: &str) -> String {
        self.replace(text, |variable| format!("${variable}"))
    }

    /// The text as a single-quoted word of a POSIX shell, with `"$NAME"` for each secret in it.
    #[must_use]
    pub fn shell(&self, text: &str) -> String {
        let marked = self.replace(text, |variable| format!("\0{variable}\0"));
        let mut word = String::new();
        for (index, part) in marked.split('\0').enumerate() {
            if index % 2 == 1 {
                word.push_str(&format!("\"${part}\""));
            } else if !part.is_empty() {
                word.push_str(&format!("'{}'", part.replace('\'', r"'\''")));
            }
        }
        if word.is_empty() {
            word.push_str("''");
        }
        word
    }

    /// The variable of a long secret that occurs in the text, whoever it was told to.
    #[must_use]
    pub fn found_in(&self, text: &str) -> Option<String> {
        self.lock()
            .iter()
            .find(|((_, spelling), _)| spelling.len() >= SHORTEST_ECHO && text.contains(spelling))
            .map(|(_, variable)| format!("${variable}"))
            .or_else(|| self.watched_in(text))
    }

    fn watched_in(&self, text: &str) -> Option<String> {
        let watched = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
        watched
            .iter()
            .find(|(value, _)| value.len() >= SHORTEST_ECHO && text.contains(value.as_str()))
            .map(|(_, variable)| format!("${variable}"))
    }

    fn replace(&self, text: &str, with: impl Fn(&str) -> String) -> String {
        let mut text = text.to_owned();
        for ((_, spelling), variable) in self.lock().iter() {
            if text.contains(spelling) {
                text = text.replace(spelling, &with(variable));
            }
        }
        text
    }

    fn lock(
        &self,
    ) -> std::sync::MutexGuard<'_, BTreeMap<(std::cmp::Reverse<usize>, String), String>> {
        self.spellings
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_hidden_in_every_spelling() {
        let taint = Taint::default();
        taint.learn("pa\"ss/word", "PASSWORD");
        for text in [
            "pa\"ss/word",
            "{\"p\":\"pa\\\"ss/word\"}",
            "?p=pa%22ss%2Fword",
            "cGEic3Mvd29yZA==",
        ] {
            let redacted = taint.redact(text);
            assert!(redacted.contains("$PASSWORD"), "{redacted}");
            assert!(
                !redacted.contains("ss/word") && !redacted.contains("cGE"),
                "{redacted}"
            );
        }
    }

    #[test]
    fn a_shell_word_keeps_its_quotes_around_a_variable() {
        let taint = Taint::default();
        taint.learn("hunter22", "PASSWORD");
        assert_eq!(
            taint.shell("{\"it's\":\"hunter22\"}"),
            r#"'{"it'\''s":"'"$PASSWORD"'"}'"#
        );
    }

    #[test]
    fn the_longer_secret_goes_first() {
        let taint = Taint::default();
        taint.learn("abcd", "SHORT");
        taint.learn("abcdefghijklmnop", "LONG");
        assert_eq!(taint.redact("abcdefghijklmnop abcd"), "$LONG $SHORT");
        assert_eq!(
            taint.found_in("xabcdefghijklmnopx"),
            Some("$LONG".to_owned())
        );
        assert_eq!(taint.found_in("abcd"), None);
    }
}
