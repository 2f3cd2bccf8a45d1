//! The `Range` header: one range of bytes.
//!
//! What is no such range (another unit, several ranges, no numbers) is as if it had not been sent, as HTTP wants it.

use std::ops::Range;

/// What is asked for of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Asked {
    Whole,
    Part(Range<u64>),
    /// A range that the file does not have.
    Nothing,
}

/// Reads the header for a file of this size.
pub(crate) fn asked(header: &str, size: u64) -> Asked {
    let Some((unit, range)) = header.split_once('=') else {
        return Asked::Whole;
    };
    if !unit.trim().eq_ignore_ascii_case("bytes") {
        return Asked::Whole;
    }
    let Some((first, last)) = range.trim().split_once('-') else {
        return Asked::Whole;
    };
    let (first, last) = match (number(first), number(last)) {
        (Some(first), Some(last)) if first <= last => (first, last),
        (Some(first), None) if last.is_empty() => (first, u64::MAX),
        (None, Some(0)) if first.is_empty() => return Asked::Nothing,
        (None, Some(length)) if first.is_empty() => (size.saturating_sub(length), u64::MAX),
        _ => return Asked::Whole,
    };
    if first >= size {
        return Asked::Nothing;
    }
    Asked::Part(first..last.saturating_add(1).min(size))
}

/// A number of digits; one that is larger than any file counts as the largest.
fn number(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_range_is_a_part() {
        for (header, expected) in [
            ("bytes=0-0", 0..1),
            ("bytes=2-5", 2..6),
            ("bytes=2-", 2..10),
            ("bytes=-3", 7..10),
            ("bytes=-99", 0..10),
            ("bytes=0-99999999999999999999999", 0..10),
            ("Bytes=9-9", 9..10),
        ] {
            assert_eq!(asked(header, 10), Asked::Part(expected), "{header}");
        }
    }

    #[test]
    fn a_range_beyond_the_end_is_nothing_and_what_is_no_range_the_whole() {
        for header in ["bytes=10-", "bytes=10-11", "bytes=-0"] {
            assert_eq!(asked(header, 10), Asked::Nothing, "{header}");
        }
        assert_eq!(asked("bytes=0-", 0), Asked::Nothing);
        assert_eq!(asked("bytes=-1", 0), Asked::Nothing);
        for header in [
            "",
            "bytes",
            "bytes=",
            "bytes=-",
            "bytes=5-2",
            "bytes=0-1,3-4",
            "items=0-1",
            "bytes=a-b",
            "bytes=+1-2",
        ] {
            assert_eq!(asked(header, 10), Asked::Whole, "{header}");
        }
    }
}
