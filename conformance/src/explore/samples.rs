//! Valid texts of the formats, and texts that break careless code.

/// One text of each kind that breaks careless code: beyond the basic plane, right to left, combining, quotes, spaces.
pub(crate) const ODD: [&str; 6] = [
    "\u{1F680}\u{10FFFF}",
    "\u{5E9}\u{5DC}",
    "e\u{301}",
    "'\"\\<&>%00",
    " a ",
    "\u{3000}\u{FEFF}",
];

/// Valid texts of a format; empty for a format that is not known.
pub(crate) fn samples(format: &str) -> &'static [&'static str] {
    match format {
        "uuid" => &[
            "7b0f3a52-5c1d-4e9a-8f60-2d4c1b9a7e33",
            "00000000-0000-0000-0000-000000000000",
        ],
        "date" => &["2026-02-28", "2024-02-29", "0001-01-01", "9999-12-31"],
        "date-time" => &[
            "2026-02-28T23:59:59Z",
            "2024-02-29T00:00:00.123456Z",
            "2026-06-30T12:00:00+14:00",
        ],
        "email" => &["someone@example.com", "a+b@sub.example.org"],
        "uri" => &["https://example.com/a?b=c#d", "urn:isbn:0451450523"],
        "hostname" => &["example.com", "a-b.example"],
        "ipv4" => &["192.0.2.1", "255.255.255.255"],
        "ipv6" => &["2001:db8::1", "::"],
        "byte" => &["c2FtcGxl", ""],
        "password" => &["correct-horse-battery-staple"],
        _ => &[],
    }
}

/// A UUID of version 4 of these bits.
pub(crate) fn uuid(bits: u128) -> String {
    let bits = bits & !(0xf << 76 | 0b11 << 62) | 4 << 76 | 0b10 << 62;
    let hex = format!("{bits:032x}");
    format!(
        "{}-{}-{}-{}-{}",
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..]
    )
}
