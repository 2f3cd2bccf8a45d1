//! Links into the vendor's web application, as people paste them into public notes. Only production's address was seen.

use crate::client::Client;
use crate::id::{ConnectionId, DataAssetId, PipelineId};

const PRODUCTION_API: &str = "maestro.dadosfera.ai";
const PRODUCTION_WEB: &str = "https://app.dadosfera.ai";

/// Links into the web application; from [`Client::web_links`], or for a host of one's own.
///
/// ```
/// use dadosfera::{PipelineId, WebLinks};
///
/// let links = WebLinks::production().english();
/// let id = PipelineId::new("ea6717c9_2da0_4a47_b9a4_c169aeccc5a8")?;
/// assert_eq!(
///     links.pipeline(&id),
///     "https://app.dadosfera.ai/en-US/collect/pipelines/ea6717c9-2da0-4a47-b9a4-c169aeccc5a8"
/// );
///
/// let own = WebLinks::at("https://app.example.com");
/// println!("{}", own.connection(&"1763991009206_kvpd3364_mysql-1.0.0".parse()?));
/// println!("{}", own.data_asset(&"2d044685-9d3f-4a8b-8d5c-6f0c9f6f4c11".parse()?));
///
/// let client = dadosfera::Client::builder().api_key("ddf_example").build()?;
/// assert_eq!(client.web_links(), Some(WebLinks::production()));
/// # Ok::<(), dadosfera::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebLinks {
    host: String,
    language: &'static str,
}

impl Client {
    /// Links into the web application that belongs to the client's server, where it is known: for production only.
    #[must_use]
    pub fn web_links(&self) -> Option<WebLinks> {
        let url = reqwest::Url::parse(self.base_url()).ok()?;
        (url.host_str() == Some(PRODUCTION_API)).then(WebLinks::production)
    }
}

impl WebLinks {
    /// Links into production, in Portuguese.
    #[must_use]
    pub fn production() -> Self {
        Self::at(PRODUCTION_WEB)
    }

    /// Links into another host's application, such as `https://app.example.com`.
    #[must_use]
    pub fn at(host: &str) -> Self {
        Self {
            host: host.trim_end_matches('/').to_owned(),
            language: "pt-BR",
        }
    }

    /// The same in English.
    #[must_use]
    pub const fn english(mut self) -> Self {
        self.language = "en-US";
        self
    }

    /// A pipeline's page. The application writes its id with hyphens.
    #[must_use]
    pub fn pipeline(&self, id: &PipelineId) -> String {
        self.page(&["collect", "pipelines", &id.as_str().replace('_', "-")])
    }

    /// A connection's page.
    #[must_use]
    pub fn connection(&self, id: &ConnectionId) -> String {
        self.page(&["collect", "connections", id.as_str()])
    }

    /// A catalog asset's page.
    #[must_use]
    pub fn data_asset(&self, id: &DataAssetId) -> String {
        self.page(&["catalog", "data-assets", id.as_str()])
    }

    fn page(&self, segments: &[&str]) -> String {
        let mut page = format!("{}/{}", self.host, self.language);
        for segment in segments {
            page.push('/');
            for byte in segment.bytes() {
                if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
                    page.push(char::from(byte));
                } else {
                    page.push_str(&format!("%{byte:02X}"));
                }
            }
        }
        page
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_look_as_they_are_pasted() {
        // Connections and assets of public notes.
        let links = WebLinks::production();
        let connection =
            ConnectionId::new("1775945377062_ahlq7ivb_postgresql-1.0.0").expect("an id");
        assert_eq!(
            links.connection(&connection),
            "https://app.dadosfera.ai/pt-BR/collect/connections/1775945377062_ahlq7ivb_postgresql-1.0.0"
        );
        let asset = DataAssetId::new("2d044685-b897-4cfb-8010-b8c19c1e669d").expect("an id");
        assert_eq!(
            links.data_asset(&asset),
            "https://app.dadosfera.ai/pt-BR/catalog/data-assets/2d044685-b897-4cfb-8010-b8c19c1e669d"
        );
    }

    #[test]
    fn an_id_cannot_leave_its_segment() {
        let asset = DataAssetId::new("a b?c#d%2e").expect("an id");
        assert_eq!(
            WebLinks::at("https://app.example.com/").data_asset(&asset),
            "https://app.example.com/pt-BR/catalog/data-assets/a%20b%3Fc%23d%252e"
        );
    }

    #[test]
    fn only_production_s_application_is_known() {
        let client = |url: &str| {
            let builder = Client::builder().base_url(url).anonymous();
            builder.build().expect("a client").web_links()
        };
        assert_eq!(
            client("https://maestro.dadosfera.ai"),
            Some(WebLinks::production())
        );
        assert_eq!(client("https://maestro.stg.dadosfera.ai"), None);
    }
}
