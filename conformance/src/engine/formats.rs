//! The formats of OpenAPI 3.0 that JSON Schema draft 4 does not know.

/// Whether a text is a UUID as RFC 9562 writes it.
pub(crate) fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.char_indices().all(|(index, c)| match index {
            8 | 13 | 18 | 23 => c == '-',
            _ => c.is_ascii_hexdigit(),
        })
}

/// Whether a text is a full date of RFC 3339.
pub(crate) fn is_date(text: &str) -> bool {
    text.len() == 10 && chrono::NaiveDate::parse_from_str(text, "%Y-%m-%d").is_ok()
}

/// Whether a text is a time of RFC 3339 with its offset.
pub(crate) fn is_date_time(text: &str) -> bool {
    // The upper-case T alone: RFC 3339 lets others pass, and clients trip over them.
    text.as_bytes().get(10) == Some(&b'T') && chrono::DateTime::parse_from_rfc3339(text).is_ok()
}

/// Whether a text is base64 of some bytes.
pub(crate) fn is_base64(text: &str) -> bool {
    data_encoding::BASE64.decode(text.as_bytes()).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_tell_right_from_nearly_right() {
        assert!(is_uuid("9488a4e8-a0e1-7046-f441-1c5fa95a9966"));
        assert!(!is_uuid("9488a4e8_a0e1_7046_f441_1c5fa95a9966"));
        assert!(is_date("2024-02-29") && !is_date("2023-02-29") && !is_date("2024-2-29"));
        assert!(
            is_date_time("2024-01-15T10:30:00.000Z") && is_date_time("2024-01-15T10:30:00-03:00")
        );
        assert!(!is_date_time("2024-01-15 10:30:00Z") && !is_date_time("2024-01-15T10:30:00"));
        assert!(is_base64("AAE=") && !is_base64("AAE"));
    }
}
