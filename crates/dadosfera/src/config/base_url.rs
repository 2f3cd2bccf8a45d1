//! The base URL: which server is meant, checked before anything is sent to it.
//!
//! Rule: credentials travel over https, or stay on this machine. Paths hang directly off the host.

use reqwest::Url;

use crate::error::Error;

/// Production.
pub(crate) const PRODUCTION: &str = "https://maestro.dadosfera.ai";

/// A checked base URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BaseUrl(Url);

impl BaseUrl {
    pub(crate) fn parse(text: &str, allow_insecure_http: bool) -> Result<Self, Error> {
        let text = text.trim();
        if !text.contains("://") {
            return Err(wrong(
                text,
                "has no scheme",
                &format!("https://{}", host_of(text)),
            ));
        }
        let url = Url::parse(text)
            .map_err(|error| wrong(text, &format!("cannot be read ({error})"), PRODUCTION))?;
        let Some(host) = url.host_str().filter(|host| !host.is_empty()) else {
            return Err(wrong(text, "names no host", PRODUCTION));
        };
        let port = url
            .port()
            .map(|port| format!(":{port}"))
            .unwrap_or_default();
        let plain = format!("{}://{host}{port}", url.scheme());
        if !matches!(url.scheme(), "http" | "https") {
            return Err(wrong(
                text,
                "is neither http nor https",
                &format!("https://{host}{port}"),
            ));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(wrong(text, "holds a user name or a password", &plain).next(format!(
                "write {plain} and give the credentials to the builder or in DADOSFERA_USERNAME and DADOSFERA_PASSWORD"
            )));
        }
        if url.query().is_some() {
            return Err(wrong(text, "has a query", &plain));
        }
        if url.fragment().is_some() {
            return Err(wrong(text, "has a fragment", &plain));
        }
        if url.path() != "/" {
            let fault = format!(
                "has the path `{}`, while the API's paths hang directly off the host",
                url.path()
            );
            return Err(wrong(text, &fault, &plain));
        }
        let this = Self(url);
        if this.0.scheme() == "http" && !this.is_loopback() && !allow_insecure_http {
            let secure = format!("https://{}", this.host());
            return Err(
                wrong(text, "would send credentials in the clear", &secure).next(format!(
                    "write {secure}, or call allow_insecure_http() where the network is yours"
                )),
            );
        }
        Ok(this)
    }

    /// The text that paths are appended to, without a slash at its end.
    pub(crate) fn as_str(&self) -> &str {
        self.0.as_str().trim_end_matches('/')
    }

    /// Whether a request stays with the server that the credentials are for.
    pub(crate) fn is_origin_of(&self, url: &Url) -> bool {
        self.0.origin() == url.origin()
    }

    /// Whether the server is this machine.
    pub(crate) fn is_loopback(&self) -> bool {
        let host = self.host().trim_start_matches('[').trim_end_matches(']');
        host == "localhost"
            || host
                .parse::<std::net::IpAddr>()
                .is_ok_and(|address| address.is_loopback())
    }

    /// The server's name or address.
    pub(crate) fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }

    /// The server's port.
    #[cfg(feature = "tracing")]
    pub(crate) fn port(&self) -> Option<u16> {
        self.0.port_or_known_default()
    }

    /// A path of this server, taken as it is.
    pub(crate) fn path(&self, path: &str) -> Result<Url, Error> {
        let refused = |why: &str, next: &str| {
            let shown: String = path.escape_debug().take(100).collect();
            Error::invalid_input(format!("the path `{shown}` {why}"), next)
        };
        if !path.starts_with('/') || path.starts_with("//") {
            return Err(refused(
                "does not begin with one slash",
                "write the path alone, such as /platform/pipelines",
            ));
        }
        if path.contains(['?', '#']) {
            return Err(refused(
                "holds a query or a fragment",
                "give parameters to query(..)",
            ));
        }
        let mut url = self.0.clone();
        url.set_path(path);
        if url.path() == path {
            return Ok(url);
        }
        Err(refused(
            "holds what a URL changes or resolves",
            "percent-encode each segment, and leave out `.` and `..`",
        ))
    }
}

fn wrong(text: &str, fault: &str, instead: &str) -> Error {
    Error::config(
        format!("the base URL {} {fault}", shown(text)),
        format!("write {instead}"),
    )
}

/// The URL as it can be shown: what stands before an `@` may be a password, what follows a `?` a token.
fn shown(text: &str) -> String {
    let end = text.find(['?', '#']).unwrap_or(text.len());
    let visible = &text[..end];
    match visible.rfind('@') {
        Some(at) => format!("`…{}`", &visible[at..]),
        None if visible.is_empty() => "(empty)".to_owned(),
        None => format!("`{visible}`"),
    }
}

/// The host and port of a URL without a scheme, or production's.
fn host_of(text: &str) -> &str {
    let host = text.split(['/', '?', '#']).next().unwrap_or_default();
    let host = host.rsplit('@').next().unwrap_or_default();
    if host.is_empty() {
        "maestro.dadosfera.ai"
    } else {
        host
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(text: &str) -> String {
        BaseUrl::parse(text, false).expect_err(text).to_string()
    }

    #[test]
    fn a_trailing_slash_is_trimmed() {
        let url = BaseUrl::parse("https://maestro.dadosfera.ai/", false).expect("good");
        assert_eq!(url.as_str(), "https://maestro.dadosfera.ai");
    }

    #[test]
    fn each_fault_is_named_with_what_to_write() {
        for (text, parts) in [
            (
                "maestro.dadosfera.ai",
                ["has no scheme", "write https://maestro.dadosfera.ai"],
            ),
            (
                "localhost:8080",
                ["has no scheme", "write https://localhost:8080"],
            ),
            (
                "",
                [
                    "(empty) has no scheme",
                    "write https://maestro.dadosfera.ai",
                ],
            ),
            (
                "ftp://maestro.dadosfera.ai",
                [
                    "neither http nor https",
                    "write https://maestro.dadosfera.ai",
                ],
            ),
            (
                "https://maestro.dadosfera.ai/api",
                ["has the path `/api`", "write https://maestro.dadosfera.ai"],
            ),
            (
                "https://maestro.dadosfera.ai?x=1",
                ["has a query", "write https://maestro.dadosfera.ai"],
            ),
            (
                "https://maestro.dadosfera.ai/#x",
                ["has a fragment", "write https://maestro.dadosfera.ai"],
            ),
            (
                "http://maestro.dadosfera.ai",
                ["in the clear", "allow_insecure_http()"],
            ),
            (
                "https://",
                ["cannot be read", "write https://maestro.dadosfera.ai"],
            ),
        ] {
            let said = fault(text);
            assert!(
                parts.iter().all(|part| said.contains(part)),
                "{text}: {said}"
            );
        }
    }

    #[test]
    fn a_password_in_the_url_is_refused_and_not_shown() {
        let said = fault("https://ana:canary@maestro.dadosfera.ai");
        assert!(
            said.contains("a user name or a password") && !said.contains("canary"),
            "{said}"
        );
        assert!(!fault("ana:canary@maestro.dadosfera.ai").contains("canary"));
        assert!(!fault("https://host/?token=canary").contains("canary"));
    }

    #[test]
    fn plain_http_is_for_this_machine() {
        for text in [
            "http://127.0.0.1:8080",
            "http://localhost:1",
            "http://[::1]:1/",
        ] {
            assert!(BaseUrl::parse(text, false).expect(text).is_loopback());
        }
        assert!(BaseUrl::parse("http://10.0.0.1", true).is_ok());
    }

    #[test]
    fn another_host_or_port_is_another_origin() {
        let url = BaseUrl::parse("https://maestro.dadosfera.ai", false).expect("good");
        assert!(
            url.is_origin_of(&Url::parse("https://maestro.dadosfera.ai/health").expect("a URL"))
        );
        assert!(
            !url.is_origin_of(
                &Url::parse("https://maestro.dadosfera.ai:444/health").expect("a URL")
            )
        );
        assert!(!url.is_origin_of(
            &Url::parse("https://maestro.dadosfera.ai.example/health").expect("a URL")
        ));
    }
}
