//! What the platform's names say: where a pipeline's rows land, and what a connection's id is made of.

use std::time::{Duration, SystemTime};

use crate::id::{ConnectionId, PipelineId};

const Z_BASE_32: &[u8; 32] = b"ybndrfg8ejkmcpqxot1uwisza345h769";

impl PipelineId {
    /// The six characters that stand for the pipeline in the names of its tables: the beginning of the z-base-32 of its
    /// UUID (documented). An id that is no UUID has none.
    ///
    /// ```
    /// let id: dadosfera::PipelineId = "7b8b3399-b8c0-4fc5-9116-142cd9f4e7ae".parse()?;
    /// assert_eq!(id.landing_code().as_deref(), Some("xqfu8g"));
    /// # Ok::<(), dadosfera::Error>(())
    /// ```
    #[must_use]
    pub fn landing_code(&self) -> Option<String> {
        let uuid = uuid::Uuid::try_parse(&self.as_str().replace('_', "-")).ok()?;
        let bits = uuid.as_u128();
        let code = (0..6).map(|place| {
            let index = (bits >> (123 - 5 * place)) & 31;
            char::from(Z_BASE_32[index as usize])
        });
        Some(code.collect())
    }

    /// The table in which the rows of a source table land: `tb__{code}__{schema}__{table}` (documented). It lies in the
    /// schema `PUBLIC`; where a job loads with `incremental_with_qualify`, the qualified one lies in `STAGED`. The
    /// warehouse shows the name in capitals. That characters which no identifier takes become `_` is inferred.
    ///
    /// ```
    /// let id: dadosfera::PipelineId = "fb3dc75a-11f8-4c61-99c4-e804871d166d".parse()?;
    /// let table = id.landing_table("public", "Orders");
    /// assert_eq!(table.as_deref(), Some("tb__9c6hqs__public__orders"));
    /// # Ok::<(), dadosfera::Error>(())
    /// ```
    #[must_use]
    pub fn landing_table(&self, schema: &str, table: &str) -> Option<String> {
        let code = self.landing_code()?;
        Some(format!("tb__{code}__{}__{}", plain(schema), plain(table)))
    }
}

/// What a connection's id says; from [`ConnectionId::parts`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConnectionIdParts {
    /// When the connection was made, to the millisecond.
    pub created_at: SystemTime,
    /// Six to eight letters and digits.
    pub random: String,
    /// The plugin, such as `mysql`.
    pub plugin: String,
    /// The plugin's version, such as `1.0.0`.
    pub version: String,
}

impl ConnectionId {
    /// What the id says, where it is made as those that were seen: `<ms>_<random>_<plugin>-<version>`.
    ///
    /// ```
    /// use dadosfera::{ConnectionId, ConnectionIdParts};
    ///
    /// let id: ConnectionId = "1763991009206_kvpd3364_google-sheets-1.0.0".parse()?;
    /// let parts: ConnectionIdParts = id.parts().expect("made as usual");
    /// assert_eq!((parts.plugin.as_str(), parts.version.as_str()), ("google-sheets", "1.0.0"));
    /// # Ok::<(), dadosfera::Error>(())
    /// ```
    #[must_use]
    pub fn parts(&self) -> Option<ConnectionIdParts> {
        let (time, rest) = self.as_str().split_once('_')?;
        let (random, rest) = rest.split_once('_')?;
        let (plugin, version) = rest.rsplit_once('-')?;
        let millis: u64 = time.parse().ok()?;
        let is_random = (6..=8).contains(&random.len())
            && random
                .bytes()
                .all(|byte| byte.is_ascii_digit() || byte.is_ascii_lowercase());
        let is_version = version.starts_with(|c: char| c.is_ascii_digit());
        if !is_random || !is_version || plugin.is_empty() {
            return None;
        }
        Some(ConnectionIdParts {
            created_at: SystemTime::UNIX_EPOCH.checked_add(Duration::from_millis(millis))?,
            random: random.to_owned(),
            plugin: plugin.to_owned(),
            version: version.to_owned(),
        })
    }
}

fn plain(name: &str) -> String {
    name.chars()
        .map(|c| if c.is_alphanumeric() { c } else { '_' })
        .flat_map(char::to_lowercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_matches_both_published_vectors_in_either_spelling() {
        for (id, code) in [
            ("fb3dc75a-11f8-4c61-99c4-e804871d166d", Some("9c6hqs")),
            ("7b8b3399-b8c0-4fc5-9116-142cd9f4e7ae", Some("xqfu8g")),
            ("7b8b3399_b8c0_4fc5_9116_142cd9f4e7ae", Some("xqfu8g")),
            ("test_pipeline_12345", None),
        ] {
            let id = PipelineId::new(id).expect("an id");
            assert_eq!(id.landing_code().as_deref(), code, "{id}");
        }
    }

    #[test]
    fn an_id_of_another_make_says_nothing() {
        for id in [
            "c1",
            "1763991009206_kvpd3364_mysql",
            "x_kvpd3364_mysql-1.0.0",
            "1763991009206_K_mysql-1.0.0",
            "1763991009206_kvpd3364_-1.0.0",
        ] {
            assert_eq!(ConnectionId::new(id).expect("an id").parts(), None, "{id}");
        }
    }
}
