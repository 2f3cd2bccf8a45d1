//! What a failed flight means: whether a token is refused, whether nobody knows, whether new input is needed, and in what
//! words it is told.

use std::time::Duration;

use crate::error::{Error, ErrorKind};

/// How long callers get the error of a refused code before another is made from the secret.
const CODE_PAUSE: Duration = Duration::from_secs(60);

/// Whether the API looked at a refresh token and does not take it.
pub(super) fn is_refused(error: &Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::Unauthorized | ErrorKind::BadRequest
    )
}

/// Whether nobody knows what the API did: no answer came, half of one, a success that cannot be read, or one of a gateway
/// that got none itself.
pub(super) fn is_unanswered(error: &Error) -> bool {
    match (error.kind(), error.status()) {
        (ErrorKind::Timeout | ErrorKind::ConnectionLost, _) => true,
        (ErrorKind::UnexpectedAnswer, Some(status)) => (200..300).contains(&status),
        (_, status) => matches!(status, Some(502 | 504)),
    }
}

/// Whether only new input can help, so that nothing is sent again.
pub(super) fn is_permanent(error: &Error) -> bool {
    if error.is_transient() {
        return false;
    }
    matches!(
        error.kind(),
        ErrorKind::MfaRequired
            | ErrorKind::BadCredentials
            | ErrorKind::SessionExpired
            | ErrorKind::Forbidden
            | ErrorKind::BadRequest
            | ErrorKind::Config
            | ErrorKind::InvalidInput
    )
}

/// Another session may hold the same refresh token, and this one could not be told of the next.
pub(super) fn unspent(why: Option<&str>) -> Error {
    Error::new(
        ErrorKind::Timeout,
        "the token store is of no use for now, and its refresh token is not spent without it",
    )
    .of("refresh_access_token")
    .next(match why {
        Some(why) => format!("mend the store ({why}), or give the client a password"),
        None => "mend the store, or give the client a password".to_owned(),
    })
}

/// The time of a flight went by before it could ask.
pub(super) fn too_late() -> Error {
    Error::new(
        ErrorKind::Timeout,
        "the time for getting a token was over before the API could be asked",
    )
    .of("refresh_access_token")
    .next("look whether the token store is slow or held by a process that hangs; the next call tries again")
}

pub(super) fn session_expired() -> Error {
    Error::new(ErrorKind::SessionExpired, "the refresh token is expired or refused, and no password is held")
        .of("refresh_access_token")
        .next(
            "sign in again for a new refresh token, check that the customer name is the one of that sign-in, or give \
             the client a password",
        )
}

pub(super) fn sign_in_error(error: Error) -> Error {
    match error.kind() {
        ErrorKind::Unauthorized => error.into_kind(
            ErrorKind::BadCredentials,
            "the user name or the password is wrong",
            "check both; the user name is the e-mail address, and nothing is sent again until they change",
        ),
        ErrorKind::Forbidden => error.into_kind(
            ErrorKind::Forbidden,
            "the account may not sign in",
            "ask an administrator whether it is disabled",
        ),
        _ => error,
    }
}

pub(super) fn mfa_required(with_code: bool, from_secret: bool) -> Error {
    let (what, next) = match (with_code, from_secret) {
        (false, _) => (
            "the account has a second factor, and no code was sent",
            "give the builder totp_secret(..) or totp_code(..), set DADOSFERA_TOTP_SECRET or DADOSFERA_TOTP, or pass \
             the current code to session().supply_code(..); a code is good for one sign-in",
        ),
        (true, false) => (
            "the one-time code was not accepted",
            "pass the code that the authenticator shows now to session().supply_code(..)",
        ),
        (true, true) => (
            "the one-time code made from the TOTP secret was not accepted",
            "check the secret, and that this machine's clock is right",
        ),
    };
    let error = Error::new(ErrorKind::MfaRequired, what).next(next);
    if with_code && from_secret {
        // The next code may be accepted, once the clocks agree; the pause keeps clear of a lock-out.
        return error
            .with_transient(true)
            .with_retry_after(Some(CODE_PAUSE));
    }
    error
}
