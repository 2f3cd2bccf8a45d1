//! Reading the times that files hold.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, SecondsFormat, Utc};

/// A time with an offset, without one (then it is UTC), or a date alone.
pub(crate) fn parse(text: &str) -> Option<DateTime<Utc>> {
    // Every form begins with a year of four digits; most text does not.
    let bytes = text.as_bytes();
    if !(10..=40).contains(&bytes.len()) || bytes[4] != b'-' || !bytes[0].is_ascii_digit() {
        return None;
    }
    if bytes.len() == 10 {
        let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
        return Some(date.and_time(NaiveTime::MIN).and_utc());
    }
    let (time, with_offset, without) = match bytes[10] {
        b'T' | b't' => (
            &bytes[11..],
            "%Y-%m-%dT%H:%M:%S%.f%#z",
            "%Y-%m-%dT%H:%M:%S%.f",
        ),
        b' ' => (
            &bytes[11..],
            "%Y-%m-%d %H:%M:%S%.f%#z",
            "%Y-%m-%d %H:%M:%S%.f",
        ),
        _ => return None,
    };
    if time
        .iter()
        .any(|byte| matches!(byte, b'Z' | b'z' | b'+' | b'-'))
    {
        return DateTime::parse_from_rfc3339(text)
            .or_else(|_| DateTime::parse_from_str(text, with_offset))
            .ok()
            .map(|time| time.to_utc());
    }
    let time = NaiveDateTime::parse_from_str(text, without).ok()?;
    Some(time.and_utc())
}

/// `2024-01-15T10:30:00Z`, with as many decimals as it needs.
pub(crate) fn write(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_spellings_are_one_time() {
        for text in [
            "2024-01-15T10:30:00Z",
            "2024-01-15 10:30:00",
            "2024-01-15T10:30:00.000",
            "2024-01-15T07:30:00-03:00",
            "2024-01-15 07:30:00-03",
            "2024-01-15 10:30:00+00:00",
        ] {
            assert_eq!(
                parse(text).map(write).as_deref(),
                Some("2024-01-15T10:30:00Z"),
                "{text}"
            );
        }
        assert_eq!(
            parse("2024-01-15").map(write).as_deref(),
            Some("2024-01-15T00:00:00Z")
        );
    }

    #[test]
    fn what_is_no_time_is_none() {
        for text in [
            "",
            "2024",
            "2024-13-01",
            "10:30",
            "15/01/2024",
            "ação-ação-ação",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
