//! How long and how often: the limits of a client, and what one call makes of them.

use std::time::Duration;

use crate::call_options::CallOptions;

/// The limits of one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limits {
    /// One attempt, from the first byte sent to the last one read.
    pub(crate) attempt: Duration,
    /// The whole call, with its retries and the sign-in that it waits for.
    pub(crate) total: Duration,
    /// The longest pause in the body of an answer.
    pub(crate) idle: Duration,
    /// A body that is streamed up: as long as it takes, but a server that takes nothing must not be waited for for ever.
    pub(crate) upload: Duration,
    /// A body that is streamed down, where the caller limits it.
    pub(crate) download: Option<Duration>,
    /// How often it is sent, at least once.
    pub(crate) attempts: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            attempt: Duration::from_secs(30),
            total: Duration::from_secs(120),
            idle: Duration::from_secs(60),
            upload: Duration::from_secs(6 * 3600),
            download: None,
            attempts: 4,
        }
    }
}

impl Limits {
    /// The limits of a call with these options.
    pub(crate) fn of(mut self, options: Option<&CallOptions>) -> Self {
        let Some(options) = options else {
            return self;
        };
        if let Some(attempt) = options.attempt_timeout {
            self.attempt = attempt;
            self.upload = attempt;
        }
        if let Some(total) = options.timeout {
            self.total = total;
            self.upload = self.upload.min(total);
            if options.attempt_timeout.is_none() {
                self.upload = total;
            }
            self.download = Some(total);
        }
        self.idle = options.idle_timeout.unwrap_or(self.idle);
        self.attempts = options.attempts.unwrap_or(self.attempts).max(1);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn a_call_without_options_has_the_client_s_limits() {
        assert_eq!(Limits::default().of(None), Limits::default());
        assert_eq!(
            Limits::default().of(Some(&CallOptions::new())),
            Limits::default()
        );
    }

    #[test]
    fn a_limit_for_the_call_limits_uploads_and_downloads_too() {
        let limits = Limits::default().of(Some(&CallOptions::new().timeout(10 * MINUTE)));
        assert_eq!(limits.total, 10 * MINUTE);
        assert_eq!(limits.attempt, Limits::default().attempt);
        assert_eq!(limits.upload, 10 * MINUTE);
        assert_eq!(limits.download, Some(10 * MINUTE));
    }

    #[test]
    fn the_shorter_of_attempt_and_call_limits_an_upload() {
        let options = CallOptions::new()
            .timeout(10 * MINUTE)
            .attempt_timeout(MINUTE);
        let limits = Limits::default().of(Some(&options));
        assert_eq!((limits.attempt, limits.upload), (MINUTE, MINUTE));
    }

    #[test]
    fn no_attempts_count_as_one() {
        let limits = Limits::default().of(Some(&CallOptions::new().attempts(0)));
        assert_eq!(limits.attempts, 1);
    }
}
