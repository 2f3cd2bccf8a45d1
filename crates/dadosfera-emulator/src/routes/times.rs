//! How answers write a time.

use chrono::{DateTime, SecondsFormat, Utc};

/// `2024-01-15T10:30:00.000Z`: runs, keys, users.
pub(crate) fn millis(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// `2024-12-01T10:00:00Z`: the detail of a pipeline.
pub(crate) fn seconds(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// `manual__2024-12-18T10:30:00+00:00`: what execute answers.
pub(crate) fn run_id(time: DateTime<Utc>) -> String {
    format!(
        "manual__{}",
        time.to_rfc3339_opts(SecondsFormat::Secs, false)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_look_like_the_documented_ones() {
        let time = DateTime::from_timestamp(1_734_517_800, 0).unwrap();
        assert_eq!(millis(time), "2024-12-18T10:30:00.000Z");
        assert_eq!(seconds(time), "2024-12-18T10:30:00Z");
        assert_eq!(run_id(time), "manual__2024-12-18T10:30:00+00:00");
    }
}
