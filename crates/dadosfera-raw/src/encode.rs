//! The path guard: how a parameter becomes one segment of a path.
//!
//! Rule: no value may change which path is asked for. Everything but unreserved characters is percent-encoded, and what a
//! URL parser would still take for something else (nothing, `.`, `..`) is marked with [`MARK`], which cannot come from
//! encoding a Rust string, since 0xFF occurs in no UTF-8. The hook refuses a marked request before it is sent.
//!
//! The check has to be made while encoding: `a\..\b` ends as a well-formed request for `b` in a finished URL.

/// Stands for a segment that cannot be sent.
const MARK: &str = "%FF%FF";

/// Encodes one path parameter. The generated client calls this in place of its own.
pub(crate) fn encode_path(segment: &str) -> String {
    if matches!(segment, "" | "." | "..") {
        return MARK.to_owned();
    }
    encode_text(segment)
}

/// A segment that was put together from encoded parts, or the mark where the whole could not be sent.
pub(crate) fn whole_segment(encoded: String) -> String {
    if matches!(encoded.as_str(), "" | "." | "..") {
        MARK.to_owned()
    } else {
        encoded
    }
}

/// Percent-encodes everything but unreserved characters.
pub(crate) fn encode_text(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            encoded.push(char::from(byte));
        } else {
            encoded.push('%');
            encoded.extend([byte >> 4, byte & 15].map(hex_digit));
        }
    }
    encoded
}

/// Whether a finished URL holds a segment that cannot be sent.
pub(crate) fn is_marked(url: &reqwest::Url) -> bool {
    url.path().contains(MARK)
}

fn hex_digit(value: u8) -> char {
    char::from(if value < 10 {
        b'0' + value
    } else {
        b'A' + value - 10
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_path_can_hold_is_marked() {
        for segment in ["", ".", ".."] {
            assert_eq!(encode_path(segment), MARK, "{segment:?}");
        }
    }

    #[test]
    fn separators_and_percent_signs_are_encoded() {
        assert_eq!(encode_path(r"..\..\admin"), "..%5C..%5Cadmin");
        assert_eq!(encode_path("a/../b"), "a%2F..%2Fb");
        assert_eq!(encode_path("%2e%2e"), "%252e%252e");
        assert_eq!(encode_path("a\nb"), "a%0Ab");
        assert_eq!(encode_path("🦀"), "%F0%9F%A6%80");
        assert_eq!(encode_path("1b33ad2f_33d3-4837"), "1b33ad2f_33d3-4837");
    }
}
