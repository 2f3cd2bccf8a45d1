//! One-time codes made from a TOTP secret (RFC 6238: SHA-1, six digits, 30 seconds).

use std::fmt;
use std::time::{Duration, SystemTime};

use dadosfera_raw::Secret;
use totp_rs::{Builder, Secret as SharedKey};

use crate::error::Error;

const STEP: u64 = 30;

/// Makes codes.
#[derive(Clone)]
pub(crate) struct Totp(totp_rs::Totp);

/// A code and the step that it belongs to.
pub(crate) struct Code {
    pub(crate) step: u64,
    pub(crate) code: String,
}

impl Totp {
    /// Reads a secret as authenticators show it: base32 in any case, with spaces or hyphens between groups.
    pub(crate) fn from_base32(secret: &Secret) -> Result<Self, Error> {
        let text = Secret::from(
            secret
                .expose()
                .chars()
                .filter(|c| !matches!(c, ' ' | '-' | '='))
                .collect::<String>()
                .to_ascii_uppercase(),
        );
        match SharedKey::try_from_base32(text.expose()) {
            Ok(key) if !text.is_empty() => {
                Ok(Self(Builder::new().with_secret(key).build_noncompliant()))
            }
            _ => Err(Error::config(
                "the TOTP secret is not base32",
                "pass the text that was shown beside the QR code when MFA was set up (A to Z and 2 to 7)",
            )),
        }
    }

    /// The code of a moment.
    pub(crate) fn code_at(&self, time: SystemTime) -> Code {
        let seconds = time
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default()
            .as_secs();
        Code {
            step: seconds / STEP,
            code: self.0.generate(seconds).to_string(),
        }
    }
}

/// How long the step of `time` still lasts.
pub(crate) fn until_next_step(time: SystemTime) -> Duration {
    let since = time
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    let next = Duration::from_secs((since.as_secs() / STEP + 1) * STEP);
    next.saturating_sub(since)
}

impl fmt::Debug for Totp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Totp(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    #[test]
    fn the_codes_are_those_of_the_rfc() {
        // RFC 6238, appendix B, SHA-1; its eight digits end with our six.
        let totp =
            Totp::from_base32(&"gezd gnbv gy3t qojq-GEZDGNBVGY3TQOJQ".into()).expect("base32");
        assert_eq!(totp.code_at(at(59)).code, "287082");
        assert_eq!(totp.code_at(at(1_111_111_109)).code, "081804");
        assert_eq!(totp.code_at(at(59)).step, 1);
    }

    #[test]
    fn the_next_step_is_never_further_than_half_a_minute() {
        assert_eq!(until_next_step(at(60)), Duration::from_secs(30));
        assert_eq!(
            until_next_step(at(89) + Duration::from_millis(500)),
            Duration::from_millis(500)
        );
    }

    #[test]
    fn what_is_not_base32_is_refused_without_being_shown() {
        let error =
            Totp::from_base32(&"canary-0189".into()).expect_err("0, 1, 8 and 9 are not in base32");
        assert!(error.to_string().contains("not base32") && !error.to_string().contains("canary"));
        assert!(Totp::from_base32(&"".into()).is_err());
    }
}
