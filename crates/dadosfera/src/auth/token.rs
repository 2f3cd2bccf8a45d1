//! What a token says of itself: the claims of a JWT, read without checking its signature.
//!
//! The signature is the server's business; we only want to know how long the token lives. The life is `exp - iat`, so
//! that a wrong clock on this machine changes nothing.

use std::time::Duration;

use serde::Deserialize;

/// An access token that does not say how long it lives: 30 minutes, as documented.
const ACCESS_LIFE: Duration = Duration::from_secs(30 * 60);
/// A refresh token that does not say how long it lives: 24 hours, as documented.
const REFRESH_LIFE: Duration = Duration::from_secs(24 * 60 * 60);
/// Lives outside of these are taken for mistakes.
const SHORTEST: Duration = Duration::from_secs(60);
const LONGEST_ACCESS: Duration = Duration::from_secs(24 * 60 * 60);

#[derive(Deserialize)]
struct Claims {
    exp: f64,
    iat: f64,
}

/// How long an access token lives from the moment that it was asked for.
pub(crate) fn access_life(token: &str) -> Duration {
    bounded(life(token).unwrap_or(ACCESS_LIFE))
}

/// A life that can be one of an access token.
pub(crate) fn bounded(life: Duration) -> Duration {
    life.clamp(SHORTEST, LONGEST_ACCESS)
}

/// How long a refresh token lives from the moment that it was asked for.
pub(crate) fn refresh_life(token: &str) -> Duration {
    life(token).unwrap_or(REFRESH_LIFE)
}

fn life(token: &str) -> Option<Duration> {
    let payload = token.split('.').nth(1)?;
    let payload = data_encoding::BASE64URL_NOPAD
        .decode(payload.trim_end_matches('=').as_bytes())
        .ok()?;
    let claims: Claims = serde_json::from_slice(&payload).ok()?;
    Duration::try_from_secs_f64(in_seconds(claims.exp) - in_seconds(claims.iat))
        .ok()
        .filter(|life| !life.is_zero())
}

/// Some servers write milliseconds. As seconds these would be thousands of years away.
fn in_seconds(time: f64) -> f64 {
    if time >= 1e11 { time / 1000.0 } else { time }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn jwt(claims: &str) -> String {
        format!(
            "e30.{}.c2lnbmF0dXJl",
            data_encoding::BASE64URL_NOPAD.encode(claims.as_bytes())
        )
    }

    #[test]
    fn the_life_is_the_difference_of_two_claims() {
        assert_eq!(
            access_life(&jwt(r#"{"iat": 1000, "exp": 1900}"#)),
            Duration::from_secs(900)
        );
        assert_eq!(
            refresh_life(&jwt(r#"{"iat": 1000, "exp": 1900.5}"#)),
            Duration::from_secs_f64(900.5)
        );
    }

    #[test]
    fn milliseconds_are_told_from_seconds() {
        for claims in [
            r#"{"iat": 1763991009000, "exp": 1763991909000}"#,
            r#"{"iat": 1763991009, "exp": 1763991909000}"#,
            r#"{"iat": 1763991009000, "exp": 1763991909}"#,
        ] {
            assert_eq!(access_life(&jwt(claims)), Duration::from_secs(900));
        }
    }

    #[test]
    fn a_token_that_says_nothing_lives_as_documented() {
        for token in [
            "",
            "abc",
            "a.b.c",
            &jwt("{}"),
            &jwt(r#"{"iat": 5, "exp": 1}"#),
            &jwt(r#"{"exp": 1900}"#),
        ] {
            assert_eq!(access_life(token), ACCESS_LIFE, "{token}");
            assert_eq!(refresh_life(token), REFRESH_LIFE, "{token}");
        }
    }

    #[test]
    fn an_absurd_life_is_bounded() {
        assert_eq!(access_life(&jwt(r#"{"iat": 0, "exp": 1}"#)), SHORTEST);
        assert_eq!(
            access_life(&jwt(r#"{"iat": 0, "exp": 1e12}"#)),
            LONGEST_ACCESS
        );
        assert_eq!(
            access_life(&jwt(r#"{"iat": 0, "exp": 1e300}"#)),
            ACCESS_LIFE
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn no_text_fails_to_be_read(token in ".*", claims in ".*") {
            let _ = (access_life(&token), access_life(&jwt(&claims)));
        }
    }
}
