//! The text of a document, from a file or over HTTP, within limits.
//!
//! Nothing that may hold a secret is printed: an address is shown without its query, and credentials come from the
//! environment, are sent to the named host alone, and never stand in a message.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use ureq::ResponseExt as _;
use ureq::http::Uri;
use ureq::tls::{RootCerts, TlsConfig};

/// The variable whose value is sent as the header `Authorization`.
const CREDENTIALS: &str = "REGEN_AUTHORIZATION";
/// How much is read: the largest published documents have some 10 MB.
const LARGEST: u64 = 32 << 20;
const REDIRECTS: u32 = 5;
/// How long it may take in all.
const PATIENCE: Duration = Duration::from_secs(60);
const ACCEPT: &str = "application/json, application/yaml;q=0.9, text/yaml;q=0.8, */*;q=0.1";

/// A document as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fetched {
    pub(crate) text: String,
    /// What it is called in messages and in what is made from it: the same on every machine.
    pub(crate) name: String,
}

/// Reads a document from a path, or from an address that begins with http:// or https://.
pub(crate) fn fetch(from: &str) -> Result<Fetched, String> {
    if from.contains("://") {
        return over_http(from, PATIENCE);
    }
    let path = Path::new(from);
    let size = std::fs::metadata(path)
        .map_err(|error| format!("{from}: {error}"))?
        .len();
    if size > LARGEST {
        return Err(format!(
            "{from}: it has {size} bytes, and at most {LARGEST} are read"
        ));
    }
    let text = std::fs::read_to_string(path).map_err(|error| format!("{from}: {error}"))?;
    let name = path.file_name().map_or_else(
        || from.to_owned(),
        |name| name.to_string_lossy().into_owned(),
    );
    Ok(Fetched { text, name })
}

fn over_http(from: &str, patience: Duration) -> Result<Fetched, String> {
    let uri: Uri = from
        .parse()
        .map_err(|_| "the address cannot be read; write https://HOST/PATH".to_owned())?;
    let scheme = uri.scheme_str().unwrap_or_default().to_owned();
    if scheme != "http" && scheme != "https" {
        return Err(format!(
            "{scheme}:// is not fetched; give a file, http:// or https://"
        ));
    }
    if uri
        .authority()
        .is_some_and(|authority| authority.as_str().contains('@'))
    {
        return Err(format!(
            "the address holds credentials, and arguments can be read by others; put the header's value into {CREDENTIALS}"
        ));
    }
    let name = shown(&uri);
    let fails = |why: String| format!("{name}: {why}");
    let mut request = agent(patience).get(from).header("accept", ACCEPT);
    let credentials = std::env::var(CREDENTIALS).ok();
    if let Some(value) = &credentials {
        request = request.header("authorization", value);
    }
    let mut response = request
        .call()
        .map_err(|error| fails(words(&error, patience)))?;
    let hops = response.get_redirect_history().unwrap_or_default();
    if scheme == "https" && hops.iter().any(|hop| hop.scheme_str() != Some("https")) {
        return Err(fails(
            "it redirects to an address without encryption".to_owned(),
        ));
    }
    match response.status().as_u16() {
        200 => {}
        status @ (401 | 403) if credentials.is_some() => {
            return Err(fails(format!(
                "it answers {status}: the credentials in {CREDENTIALS} are not taken"
            )));
        }
        status @ (401 | 403) => {
            return Err(fails(format!(
                "it answers {status}: it asks for credentials; put the header's value into {CREDENTIALS}, such as `Bearer …`"
            )));
        }
        404 => {
            return Err(fails("it answers 404: there is no such document; NestJS serves it at /api-json or /docs-json".to_owned()));
        }
        status => {
            return Err(fails(format!(
                "it answers {status}; try again, or give a file"
            )));
        }
    }
    let media_type = response
        .body()
        .mime_type()
        .unwrap_or_default()
        .to_ascii_lowercase();
    let known = ["json", "yaml", "yml"]
        .iter()
        .any(|kind| media_type.contains(kind))
        || ["", "text/plain", "application/octet-stream"].contains(&media_type.as_str());
    let bytes = response
        .body_mut()
        .with_config()
        .limit(LARGEST)
        .read_to_vec()
        .map_err(|error| fails(words(&error, patience)))?;
    let text = String::from_utf8(bytes).map_err(|_| fails("it is no text in UTF-8".to_owned()))?;
    if media_type.contains("html") || text.trim_start().starts_with('<') {
        return Err(fails(
            "it answers a page and not a document; a page of the documentation names the document's own address, NestJS serves it at /api-json or /docs-json"
                .to_owned(),
        ));
    }
    if !known {
        return Err(fails(format!(
            "it answers {media_type}, which is neither JSON nor YAML"
        )));
    }
    Ok(Fetched { text, name })
}

fn agent(patience: Duration) -> ureq::Agent {
    let tls = TlsConfig::builder()
        .root_certs(RootCerts::PlatformVerifier)
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .build();
    ureq::Agent::config_builder()
        .tls_config(tls)
        .http_status_as_error(false)
        .max_redirects(REDIRECTS)
        .save_redirect_history(true)
        .timeout_global(Some(patience))
        .user_agent("dadosfera-rs regen")
        .build()
        .new_agent()
}

/// An address without what may be secret in it.
fn shown(uri: &Uri) -> String {
    format!(
        "{}://{}{}",
        uri.scheme_str().unwrap_or_default(),
        uri.authority()
            .map(|authority| authority.as_str())
            .unwrap_or_default(),
        uri.path()
    )
}

/// What went wrong on the way, in words of ours: those of the library may hold the address.
fn words(error: &ureq::Error, patience: Duration) -> String {
    match error {
        ureq::Error::Timeout(_) => format!("it did not answer within {} s", patience.as_secs_f32()),
        ureq::Error::HostNotFound => "there is no such host".to_owned(),
        ureq::Error::TooManyRedirects => format!("it redirects more than {REDIRECTS} times"),
        ureq::Error::BodyExceedsLimit(_) => format!("it is larger than {LARGEST} bytes"),
        ureq::Error::Io(error) => format!("the connection failed: {error}"),
        ureq::Error::Rustls(error) => format!("no encrypted connection: {error}"),
        ureq::Error::Protocol(_) => "what it answers is no HTTP".to_owned(),
        ureq::Error::Http(_) => format!("the value of {CREDENTIALS} cannot stand in a header"),
        ureq::Error::RedirectFailed => "its redirect leads nowhere".to_owned(),
        _ => "it cannot be fetched".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_that_says_nothing_is_given_up() {
        let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let from = format!(
            "http://{}/api-json?key=hunter2",
            silent.local_addr().unwrap()
        );
        let complaint = over_http(&from, Duration::from_millis(100)).unwrap_err();
        assert!(
            complaint.ends_with("/api-json: it did not answer within 0.1 s"),
            "{complaint}"
        );
    }
}
