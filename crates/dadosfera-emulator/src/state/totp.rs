//! One-time codes (RFC 6238: SHA-1, six digits, 30 seconds).

use chrono::{DateTime, Utc};
use totp_rs::{Builder, Secret};

const STEP_SECONDS: u64 = 30;

/// The code of the step that `now` lies in.
pub(crate) fn code_at(secret: &[u8], now: DateTime<Utc>) -> String {
    code(secret, step(now))
}

/// The step whose code this is: the current one or a neighbour, but none up to `last_used`, since a code is accepted once.
pub(crate) fn matching_step(
    secret: &[u8],
    given: &str,
    now: DateTime<Utc>,
    last_used: Option<u64>,
) -> Option<u64> {
    let current = step(now);
    (current.saturating_sub(1)..=current + 1)
        .filter(|step| last_used.is_none_or(|last| *step > last))
        .find(|step| code(secret, *step) == given)
}

fn step(now: DateTime<Utc>) -> u64 {
    u64::try_from(now.timestamp()).unwrap_or(0) / STEP_SECONDS
}

fn code(secret: &[u8], step: u64) -> String {
    Builder::new()
        .with_secret(Secret::new(secret.into()))
        .build_noncompliant()
        .generate(step * STEP_SECONDS)
        .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &[u8] = b"12345678901234567890";

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(second, 0).unwrap()
    }

    #[test]
    fn codes_are_those_of_the_rfc() {
        // RFC 6238 appendix B, cut to six digits.
        for (second, expected) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_234_567_890, "005924"),
        ] {
            assert_eq!(code_at(SECRET, at(second)), expected);
        }
    }

    #[test]
    fn a_code_is_good_one_step_early_and_late_and_no_more() {
        let code = code_at(SECRET, at(3000));
        for (second, good) in [
            (2940, false),
            (2970, true),
            (3029, true),
            (3059, true),
            (3060, false),
        ] {
            let found = matching_step(SECRET, &code, at(second), None).is_some();
            assert_eq!(found, good, "{second}");
        }
    }

    #[test]
    fn a_code_is_accepted_once() {
        let code = code_at(SECRET, at(3000));
        let step = matching_step(SECRET, &code, at(3000), None);
        assert_eq!(step, Some(100));
        assert_eq!(matching_step(SECRET, &code, at(3000), step), None);
    }
}
