//! What one call does otherwise than the client: its time limits, its attempts, its headers.

use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

use crate::error::Error;

/// Headers that are the SDK's own: what they say must not contradict the body, the connection or the credentials.
const OWN: [&str; 11] = [
    "authorization",
    "connection",
    "content-length",
    "content-type",
    "cookie",
    "dadosfera-lang",
    "host",
    "proxy-authorization",
    "te",
    "transfer-encoding",
    "x-api-key",
];

/// What the calls of a client do otherwise; for [`Client::with_call`](crate::Client::with_call). What is not set stays as
/// the client has it.
///
/// ```
/// use std::time::Duration;
///
/// use dadosfera::CallOptions;
///
/// let patient = CallOptions::new()
///     .timeout(Duration::from_secs(600))
///     .attempt_timeout(Duration::from_secs(60))
///     .idle_timeout(Duration::from_secs(20))
///     .attempts(5)
///     .idempotent(true)
///     .language("en-us")
///     .header("x-correlation-id", "nightly-42");
/// ```
#[derive(Debug, Clone, Default)]
pub struct CallOptions {
    pub(crate) timeout: Option<Duration>,
    pub(crate) attempt_timeout: Option<Duration>,
    pub(crate) idle_timeout: Option<Duration>,
    pub(crate) attempts: Option<u32>,
    pub(crate) idempotent: Option<bool>,
    pub(crate) language: Option<&'static str>,
    pub(crate) headers: HeaderMap,
    /// What cannot be sent is told by the first call, so that options need no `?`.
    pub(crate) fault: Option<Error>,
}

impl CallOptions {
    /// No difference yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How long the call may take in all: its attempts, the pauses between them and the sign-in that it waits for, and of
    /// an upload or a download the whole body.
    #[must_use]
    pub const fn timeout(mut self, limit: Duration) -> Self {
        self.timeout = Some(limit);
        self
    }

    /// How long one attempt may take, from the first byte sent to the last one read; of a download up to its head.
    #[must_use]
    pub const fn attempt_timeout(mut self, limit: Duration) -> Self {
        self.attempt_timeout = Some(limit);
        self
    }

    /// How long the body of an answer may pause, and how long a server may take nothing of a body that goes up.
    #[must_use]
    pub const fn idle_timeout(mut self, limit: Duration) -> Self {
        self.idle_timeout = Some(limit);
        self
    }

    /// How often it is tried in all: 1 never retries, and 0 counts as 1.
    #[must_use]
    pub const fn attempts(mut self, attempts: u32) -> Self {
        self.attempts = Some(attempts);
        self
    }

    /// Whether the call can be repeated without harm. Without it that is the operation's own property: the API's reads,
    /// `PUT`s and `DELETE`s can be, `POST`s and `PATCH`es not.
    ///
    /// Say `true` only where a second effect does no harm: after a lost answer the call is then sent again.
    #[must_use]
    pub const fn idempotent(mut self, idempotent: bool) -> Self {
        self.idempotent = Some(idempotent);
        self
    }

    /// The language of the API's messages: `pt-br` or `en-us`. Another one is told by the first call.
    #[must_use]
    pub fn language(mut self, language: &str) -> Self {
        match crate::config::language(language) {
            Ok(known) => self.language = Some(known),
            Err(error) => self.fault = Some(error),
        }
        self
    }

    /// A header more. Its value is treated as a secret. One that cannot be sent, or is the SDK's own (credentials, length,
    /// language), is told by the first call.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        match header(name, value) {
            Ok((name, value)) => {
                self.headers.insert(name, value);
            }
            Err(error) => self.fault = Some(error),
        }
        self
    }

    /// These options where they are set, else those of `base`.
    pub(crate) fn over(mut self, base: &Self) -> Self {
        self.timeout = self.timeout.or(base.timeout);
        self.attempt_timeout = self.attempt_timeout.or(base.attempt_timeout);
        self.idle_timeout = self.idle_timeout.or(base.idle_timeout);
        self.attempts = self.attempts.or(base.attempts);
        self.idempotent = self.idempotent.or(base.idempotent);
        self.language = self.language.or(base.language);
        self.fault = self.fault.or_else(|| base.fault.clone());
        for (name, value) in &base.headers {
            if !self.headers.contains_key(name) {
                self.headers.insert(name.clone(), value.clone());
            }
        }
        self
    }
}

fn header(name: &str, value: &str) -> Result<(HeaderName, HeaderValue), Error> {
    let refused = |why: &str, next: &str| {
        let shown: String = name.escape_debug().take(60).collect();
        Error::invalid_input(format!("the header `{shown}` {why}"), next)
    };
    let parsed = HeaderName::from_bytes(name.as_bytes()).map_err(|_| {
        refused(
            "has a name that HTTP does not have",
            "use letters, digits and hyphens",
        )
    })?;
    if OWN.contains(&parsed.as_str()) {
        return Err(refused(
            "is set by the SDK itself",
            "leave it out; credentials and language belong to the client",
        ));
    }
    let mut value = HeaderValue::from_str(value).map_err(|_| {
        refused(
            "has a value that no header can carry",
            "use visible ASCII, without line breaks",
        )
    })?;
    value.set_sensitive(true);
    Ok((parsed, value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    #[test]
    fn later_options_go_over_earlier_ones_and_leave_the_rest() {
        let base = CallOptions::new()
            .attempts(5)
            .timeout(Duration::from_secs(9))
            .header("x-one", "1")
            .header("x-two", "1");
        let both = CallOptions::new()
            .attempts(2)
            .header("x-two", "2")
            .over(&base);
        assert_eq!(
            (both.attempts, both.timeout),
            (Some(2), Some(Duration::from_secs(9)))
        );
        assert_eq!(both.headers["x-one"], "1");
        assert_eq!(both.headers["x-two"], "2");
    }

    #[test]
    fn a_header_of_the_sdk_itself_is_refused_and_none_is_shown() {
        for (name, value) in [
            ("Authorization", "canary"),
            ("X-API-Key", "canary"),
            ("Host", "canary"),
            ("not a name", "canary"),
            ("x-fine", "canary\r\nx-other: 1"),
        ] {
            let options = CallOptions::new().header(name, value);
            let fault = options.fault.clone().expect(name);
            assert_eq!(fault.kind(), ErrorKind::InvalidInput);
            assert!(
                !format!("{fault} {options:?}").contains("canary"),
                "{fault}"
            );
        }
        let options = CallOptions::new().header("x-correlation-id", "canary");
        assert!(options.fault.is_none());
        assert!(!format!("{options:?}").contains("canary"), "{options:?}");
    }

    #[test]
    fn an_unknown_language_is_kept_as_a_fault() {
        let fault = CallOptions::new().language("klingon").fault;
        assert!(fault.is_some_and(|it| it.to_string().contains("pt-br or en-us")));
    }
}
