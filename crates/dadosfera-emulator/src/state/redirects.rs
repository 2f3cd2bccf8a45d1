//! Where an authorisation server may send somebody back to.
//!
//! Rule: `https` to any host, `http` to this machine only (what tools that wait for a callback listen on). The text goes
//! into a header and a page as it is, so what browsers read in more than one way is refused: backslashes, user
//! information, control characters, and all that is not ASCII. A fragment is refused, as the grant's standard says.

use crate::state::hosts;

const MAX_LENGTH: usize = 2048;

/// Whether this is such a place; the error is a text for the caller.
pub(crate) fn check(uri: &str) -> Result<(), &'static str> {
    const WRONG: &str = "redirect_uri must be an https URL, or an http URL of a loopback address, without user and fragment";
    if uri.len() > MAX_LENGTH {
        return Err("redirect_uri must not be longer than 2048 characters");
    }
    let plain = uri
        .bytes()
        .all(|byte| byte.is_ascii_graphic() && !b"\\\"<>^`{|}#".contains(&byte));
    let (scheme, rest) = uri.split_once("://").ok_or(WRONG)?;
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    let allowed = match split_port(authority) {
        Some(host) if scheme.eq_ignore_ascii_case("https") => is_host(host),
        Some(host) if scheme.eq_ignore_ascii_case("http") => is_loopback(host),
        _ => false,
    };
    if plain && allowed { Ok(()) } else { Err(WRONG) }
}

/// The host of an authority whose port, if any, is a number.
fn split_port(authority: &str) -> Option<&str> {
    let after_address = authority.rfind(']').map_or(0, |at| at + 1);
    match authority.get(after_address..)?.rfind(':') {
        None => Some(authority),
        Some(at) => {
            let (host, port) = authority.split_at(after_address + at);
            let digits = &port[1..];
            let number = digits.bytes().all(|byte| byte.is_ascii_digit());
            (number && digits.parse::<u16>().is_ok()).then_some(host)
        }
    }
}

fn is_host(host: &str) -> bool {
    bracketed(host).is_some() || hosts::is_ipv4_or_dns_name(host)
}

fn is_loopback(host: &str) -> bool {
    if let Some(address) = bracketed(host) {
        return address.is_loopback();
    }
    host.eq_ignore_ascii_case("localhost")
        || host
            .parse::<std::net::Ipv4Addr>()
            .is_ok_and(|address| address.is_loopback())
}

fn bracketed(host: &str) -> Option<std::net::Ipv6Addr> {
    host.strip_prefix('[')?.strip_suffix(']')?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn https_goes_anywhere_and_http_to_this_machine() {
        for uri in [
            "https://app.example.com/callback",
            "HTTPS://app.example.com",
            "https://10.0.0.1:8443/x?y=z&w",
            "https://[2001:db8::1]/",
            "http://127.0.0.1:9000/callback",
            "http://127.8.9.1/",
            "http://localhost:65535",
            "http://[::1]:9000/callback?a=b",
        ] {
            assert_eq!(check(uri), Ok(()), "{uri}");
        }
    }

    #[test]
    fn what_leads_elsewhere_or_reads_in_two_ways_is_refused() {
        let long = format!("https://app.example.com/{}", "a".repeat(MAX_LENGTH));
        for uri in [
            "",
            "https",
            "https://",
            "https:///path",
            "//app.example.com",
            "javascript:alert(1)",
            "javascript://127.0.0.1/%0aalert(1)",
            "ftp://127.0.0.1/",
            "http://app.example.com/",
            "http://10.0.0.1/",
            "http://localhost.example.com/",
            "http://127.0.0.1@app.example.com/",
            "http://127.0.0.1:80@app.example.com/",
            "https://user:password@app.example.com/",
            "http://127.0.0.1\\@app.example.com/",
            "http://app.example.com\\.127.0.0.1/",
            "http://127.0.0.1#.app.example.com/",
            "http://127.1/",
            "http://2130706433/",
            "http://0.0.0.0/",
            "http://[::1/",
            "http://[::2]/",
            "http://[::1]x/",
            "http://localhost:/",
            "http://localhost:65536/",
            "http://localhost:+1/",
            "https://app.example.com/\r\nSet-Cookie:a=b",
            "https://app.example.com/a b",
            "https://app.example.com/\"><script>",
            "https://app.example.com/ação",
            "https://ação.example/",
            " https://app.example.com/",
            &long,
        ] {
            assert!(check(uri).is_err(), "{uri}");
        }
    }
}
