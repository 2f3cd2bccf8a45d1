//! What a store keeps: one JSON object, small and versioned.

use std::time::{Duration, SystemTime};

use dadosfera_raw::Secret;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::failure::{StoreError, StoreErrorKind};

/// The version that we write and the only one that we read.
const VERSION: u32 = 1;

/// The tokens of one session, and whose they are.
///
/// ```
/// use dadosfera::Record;
///
/// let mut record = Record::new("https://maestro.dadosfera.ai");
/// record.user = Some("ana@acme.example".to_owned());
/// let bytes = record.to_bytes()?;
/// assert_eq!(Record::from_bytes(&bytes)?.user, record.user);
/// # Ok::<(), dadosfera::StoreError>(())
/// ```
#[derive(Debug, Clone, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Record {
    /// The version of this form: 1.
    pub v: u32,
    /// The server's base URL.
    pub host: String,
    /// The customer's name, where it is known; a refresh sends it.
    pub customer: Option<String>,
    /// The user's name, where it is known.
    pub user: Option<String>,
    /// Grows with each token that is kept.
    pub generation: u64,
    /// The refresh token, unless it was refused.
    pub refresh_token: Option<Secret>,
    /// Whether somebody set out to spend the refresh token. Found under the lock, it means that they died on the way, and
    /// that the token may be used up.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub spending: bool,
    /// When the refresh token ends, in seconds since 1970, by the clock of whoever got it.
    pub refresh_exp: Option<u64>,
    /// The access token; a keyring keeps none.
    pub access_token: Option<Secret>,
    /// How long the access token lives, in seconds.
    pub life: u64,
    /// When the access token was asked for, in milliseconds since 1970.
    pub obtained_wall: u64,
    /// The first 16 bytes of the access token's SHA-256, in hex.
    pub fingerprint: String,
}

impl Record {
    /// A record without tokens.
    #[must_use]
    pub fn new(host: impl Into<String>) -> Self {
        Self {
            v: VERSION,
            host: host.into(),
            customer: None,
            user: None,
            generation: 0,
            refresh_token: None,
            spending: false,
            refresh_exp: None,
            access_token: None,
            life: 0,
            obtained_wall: 0,
            fingerprint: String::new(),
        }
    }

    /// The bytes that a store keeps. They hold the tokens, and are zeroed when they are dropped.
    ///
    /// # Errors
    /// Never in practice; a failure of the encoder is told as [`StoreErrorKind::Unwritable`].
    pub fn to_bytes(&self) -> Result<Zeroizing<Vec<u8>>, StoreError> {
        serde_json::to_vec(self).map(Zeroizing::new).map_err(|_| {
            StoreError::new(
                StoreErrorKind::Unwritable,
                "the record cannot be written as JSON",
            )
        })
    }

    /// Reads what a store kept.
    ///
    /// # Errors
    /// [`StoreErrorKind::Corrupt`], without a word of what was read.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, StoreError> {
        let corrupt = |what: &str| StoreError::new(StoreErrorKind::Corrupt, what);
        // The decoder's own words may quote a token.
        let record: Self = serde_json::from_slice(bytes)
            .map_err(|_| corrupt("what is kept is no record of a session"))?;
        if record.v != VERSION {
            return Err(corrupt(&format!(
                "the record is of version {}, and this is version {VERSION}",
                record.v
            )));
        }
        Ok(record)
    }

    /// How old the access token is at `now`; nothing where it claims to come from the future.
    pub(crate) fn age(&self, now: SystemTime) -> Option<Duration> {
        /// Clocks of two machines differ by this much.
        const SKEW: u64 = 10 * 60 * 1000;
        let now = milliseconds(now);
        (self.obtained_wall <= now.saturating_add(SKEW))
            .then(|| Duration::from_millis(now.saturating_sub(self.obtained_wall)))
    }
}

/// Milliseconds since 1970.
pub(crate) fn milliseconds(time: SystemTime) -> u64 {
    let since = time
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_read_back_as_it_was_and_shows_no_secret() {
        let mut record = Record::new("https://api.example");
        record.refresh_token = Some("canary".into());
        record.generation = 7;
        let bytes = record.to_bytes().expect("bytes");
        let back = Record::from_bytes(&bytes).expect("a record");
        assert_eq!(back.generation, 7);
        assert_eq!(back.refresh_token.expect("kept").expose(), "canary");
        assert!(!format!("{record:?}").contains("canary"));
    }

    #[test]
    fn what_is_no_record_is_corrupt_and_not_repeated() {
        for bytes in [
            &b""[..],
            b"canary",
            b"{\"v\":1}",
            b"\xff\xfe",
            br#"{"v":2,"host":"h","generation":1,"life":1,"obtained_wall":1,"fingerprint":"canary"}"#,
        ] {
            let error = Record::from_bytes(bytes).expect_err("no record");
            assert_eq!(error.kind(), StoreErrorKind::Corrupt);
            assert!(!format!("{error} {error:?}").contains("canary"));
        }
    }

    #[test]
    fn a_record_from_the_future_has_no_age() {
        let mut record = Record::new("h");
        record.obtained_wall = 1_000_000;
        let at = |ms| SystemTime::UNIX_EPOCH + Duration::from_millis(ms);
        assert_eq!(record.age(at(1_001_000)), Some(Duration::from_secs(1)));
        assert_eq!(record.age(at(999_000)), Some(Duration::ZERO));
        assert_eq!(record.age(at(1_000)), None);
    }
}
