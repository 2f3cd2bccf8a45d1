//! When a pipeline runs by itself.
//!
//! `null` is manual; `@once` runs right after it is set; `@hourly`, `@daily`, `@weekly`, `@monthly`, `@yearly` and
//! five-field cron patterns fire in UTC.

use chrono::{DateTime, Utc};
use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};

/// A parsed schedule.
#[derive(Debug, Clone)]
pub(crate) enum Schedule {
    Manual,
    Once,
    Cron(Box<Cron>),
}

impl Schedule {
    /// Reads the API's `cron`; the error is a text for the caller.
    pub(crate) fn parse(cron: Option<&str>) -> Result<Self, String> {
        let Some(text) = cron else {
            return Ok(Self::Manual);
        };
        if text.trim().eq_ignore_ascii_case("@once") {
            return Ok(Self::Once);
        }
        let invalid = || format!("Invalid cron expression: {text}");
        // The parser is made for short ASCII patterns; anything else cannot be one.
        if !text.is_ascii() || text.len() > 120 {
            return Err(invalid());
        }
        let cron = CronParser::builder()
            .seconds(Seconds::Disallowed)
            .year(Year::Disallowed)
            .build()
            .parse(text)
            .map_err(|_| invalid())?;
        Ok(Self::Cron(Box::new(cron)))
    }

    /// The first time after `time` at which it fires; a pattern that never does has none.
    pub(crate) fn next_after(&self, time: DateTime<Utc>) -> Option<DateTime<Utc>> {
        match self {
            Self::Manual | Self::Once => None,
            Self::Cron(cron) => cron.find_next_occurrence(&time, false).ok(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(cron: &str, after: &str) -> Option<String> {
        let after: DateTime<Utc> = after.parse().unwrap();
        let schedule = Schedule::parse(Some(cron)).unwrap();
        schedule
            .next_after(after)
            .map(|time| time.to_rfc3339_opts(chrono::SecondsFormat::Secs, true))
    }

    #[test]
    fn cron_and_its_nicknames_fire_in_utc() {
        let after = "2024-12-31T06:00:00Z";
        for (cron, expected) in [
            ("0 6 * * *", "2025-01-01T06:00:00Z"),
            ("0 */6 * * *", "2024-12-31T12:00:00Z"),
            ("@hourly", "2024-12-31T07:00:00Z"),
            ("@daily", "2025-01-01T00:00:00Z"),
            ("@weekly", "2025-01-05T00:00:00Z"),
            ("@monthly", "2025-01-01T00:00:00Z"),
            ("@yearly", "2025-01-01T00:00:00Z"),
        ] {
            assert_eq!(next(cron, after).as_deref(), Some(expected), "{cron}");
        }
        assert_eq!(next("@once", after), None);
    }

    #[test]
    fn a_pattern_that_never_fires_has_no_next_time() {
        assert_eq!(next("0 0 30 2 *", "2024-12-31T06:00:00Z"), None);
    }

    #[test]
    fn what_is_no_cron_is_refused() {
        for text in [
            "",
            " ",
            "x",
            "* * * *",
            "60 * * * *",
            "* * * * * *",
            "@never",
            "é * * * *",
            "@once now",
        ] {
            assert!(Schedule::parse(Some(text)).is_err(), "{text:?}");
        }
    }
}
