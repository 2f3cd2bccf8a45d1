//! What counts as the name of a host.

use std::net::Ipv4Addr;

const MAX_NAME: usize = 253;
const MAX_LABEL: usize = 63;

/// An IPv4 address in four decimal numbers, or a DNS name in ASCII (an international one in its `xn--` form).
///
/// What ends in a number is an address or nothing, as in URLs: `10.0.0.256` is no name of anything.
pub(crate) fn is_ipv4_or_dns_name(text: &str) -> bool {
    let last = text.rsplit('.').next().unwrap_or_default();
    if last.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.parse::<Ipv4Addr>().is_ok();
    }
    text.len() <= MAX_NAME && text.split('.').all(is_label)
}

fn is_label(label: &str) -> bool {
    (1..=MAX_LABEL).contains(&label.len())
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_names_are_told_from_all_else() {
        let label = "a".repeat(63);
        let longest = format!("{label}.{label}.{label}.{}", "a".repeat(61));
        for host in [
            "10.0.0.1",
            "db.example.com",
            "localhost",
            "DB-1.Example",
            "1.db",
            "xn--a-b",
            &longest,
        ] {
            assert!(is_ipv4_or_dns_name(host), "{host}");
        }
        let too_long = format!("{longest}a");
        let label_too_long = format!("{label}a.example");
        for none in [
            "",
            ".",
            "a.",
            ".a",
            "a..b",
            "-a.b",
            "a-.b",
            "10.0.0.256",
            "10.0.0",
            "010.0.0.1",
            "1",
            "::1",
            "a_b.example",
            "ação.example",
            "db.example.com:5432",
            "http://db.example",
            "a b",
            "a/b",
            "a\n",
            "\u{0}",
            &too_long,
            &label_too_long,
        ] {
            assert!(!is_ipv4_or_dns_name(none), "{none}");
        }
    }
}
