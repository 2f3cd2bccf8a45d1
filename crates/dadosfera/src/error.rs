//! The one error of the SDK.
//!
//! Rule: the kind says what happened, [`Error::is_transient`] whether the same call may succeed later. An error names the
//! operation, what was wrong and what to do next, and never holds a secret, a request or a raw body.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// What went wrong. Cheap to clone: callers that waited for one sign-in share its error.
///
/// ```
/// # dadosfera::__example!(client => {
/// use dadosfera::{Error, ErrorKind};
///
/// match client.pipelines().get("1b33ad2f_33d3_4837_9eeb_83c82c8b909d").await {
///     Ok(pipeline) => println!("{}", pipeline.name),
///     Err(error) if error.kind() == ErrorKind::NotFound => tell(&error),
///     Err(error) => return Err(error.into()),
/// }
/// let refused = client.pipelines().get("../admin").await.unwrap_err();
/// assert!(refused.kind() == ErrorKind::InvalidInput && !refused.is_transient());
///
/// /// All that an error knows.
/// fn tell(error: &Error) {
///     println!("{} in {:?}: {error}", error.kind().name(), error.operation());
///     println!("the API: {:?} {:?} {:?}", error.status(), error.code(), error.api_message());
///     println!("for a ticket: {:?}; try again after {:?}", error.request_id(), error.retry_after());
///     println!("bad input: {:?}; not allowed: {:?}", error.field(), error.missing_permission());
///     println!("a failed run: {:?} {:?}", error.pipeline_run_id(), error.trace());
/// }
/// # });
/// ```
#[derive(Clone)]
pub struct Error(Arc<Facts>);

#[derive(Clone)]
struct Facts {
    kind: ErrorKind,
    operation: Option<&'static str>,
    status: Option<u16>,
    code: Option<String>,
    api_message: Option<String>,
    request_id: Option<String>,
    retry_after: Option<Duration>,
    transient: bool,
    field: Option<String>,
    what: String,
    next: Option<String>,
    trace: Option<String>,
    run: Option<String>,
    missing_permission: Option<&'static str>,
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The configuration cannot be used: base URL, profile, files, credentials. Nothing was sent.
    Config,
    /// An argument that no server could accept. Nothing was sent. See [`Error::field`].
    InvalidInput,
    /// A file of this machine cannot be read or written, or has changed meanwhile.
    File,
    /// The account has a second factor, and no code, or a wrong one, was given.
    MfaRequired,
    /// The user name or the password is wrong. They were sent once and are not sent again.
    BadCredentials,
    /// The refresh token is refused and there are no credentials to sign in with.
    SessionExpired,
    /// The API does not accept the token or the API key (401).
    Unauthorized,
    /// A permission is missing, or the account is disabled (403).
    Forbidden,
    /// There is no such thing, or it belongs to another customer (404).
    NotFound,
    /// The name or the id is taken (409).
    Conflict,
    /// The API refuses the request as it is (400 and other 4xx).
    BadRequest,
    /// Too many requests (429); see [`Error::retry_after`].
    RateLimited,
    /// A time limit passed. A request that was under way may have taken effect.
    Timeout,
    /// No connection could be made. Nothing took effect.
    Connect,
    /// The connection broke before the whole answer had come: the request may have taken effect.
    ConnectionLost,
    /// The answer is none of this API: HTML, half a body, other JSON. See [`Error::status`].
    UnexpectedAnswer,
    /// The API failed (5xx).
    Server,
    /// The run of a pipeline ended in failure; see [`Error::trace`].
    RunFailed,
    /// The run had not ended when the time limit of `wait` passed. It goes on.
    WaitTimeout,
    /// The session was signed out.
    Closed,
}

impl ErrorKind {
    /// The kind as a word for metrics and spans, such as `not_found`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Config => "config",
            Self::InvalidInput => "invalid_input",
            Self::MfaRequired => "mfa_required",
            Self::BadCredentials => "bad_credentials",
            Self::SessionExpired => "session_expired",
            Self::Unauthorized => "unauthorized",
            Self::Forbidden => "forbidden",
            Self::NotFound => "not_found",
            Self::Conflict => "conflict",
            Self::BadRequest => "bad_request",
            Self::RateLimited => "rate_limited",
            Self::Timeout => "timeout",
            Self::Connect => "connect",
            Self::ConnectionLost => "connection_lost",
            Self::UnexpectedAnswer => "unexpected_answer",
            Self::Server => "server",
            Self::RunFailed => "run_failed",
            Self::WaitTimeout => "wait_timeout",
            Self::Closed => "closed",
            Self::File => "file",
        }
    }
}

impl Error {
    /// What happened.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The HTTP status of the answer, where there was one.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.0.status
    }

    /// The operation that failed, such as `create_pipeline`. It may be `sign_in` or `refresh_access_token` of the session
    /// when the call was another one, and it is `build_client` for a configuration that cannot be used.
    #[must_use]
    pub fn operation(&self) -> Option<&'static str> {
        self.0.operation
    }

    /// Whether the same call may succeed later without a change.
    ///
    /// It does not say that repeating is safe: after [`ErrorKind::ConnectionLost`] and [`ErrorKind::Timeout`] look first
    /// whether the effect took place. The SDK has already retried what can be retried safely.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        self.0.transient
    }

    /// The API's own code, such as `AUTH.FORBIDDEN` or `PipelinePaused`.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.0.code.as_deref()
    }

    /// The API's own message, in the language of the client.
    #[must_use]
    pub fn api_message(&self) -> Option<&str> {
        self.0.api_message.as_deref()
    }

    /// The id that the server gave the request, for a support ticket.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }

    /// How long the server asks to wait before the next try.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// The path of the field that is wrong, such as `jobs[0].input.table_name`; with [`ErrorKind::InvalidInput`].
    #[must_use]
    pub fn field(&self) -> Option<&str> {
        self.0.field.as_deref()
    }

    /// Why a run failed, as the platform tells it; with [`ErrorKind::RunFailed`].
    #[must_use]
    pub fn trace(&self) -> Option<&str> {
        self.0.trace.as_deref()
    }

    /// The run that failed, or that had not ended in time, where it was known; with [`ErrorKind::RunFailed`] and
    /// [`ErrorKind::WaitTimeout`].
    #[must_use]
    pub fn pipeline_run_id(&self) -> Option<&str> {
        self.0.run.as_deref()
    }

    /// The permission that the operation needs and that was not held, such as `catalog:delete`; with
    /// [`ErrorKind::Forbidden`].
    #[must_use]
    pub fn missing_permission(&self) -> Option<&'static str> {
        self.0.missing_permission
    }

    pub(crate) fn new(kind: ErrorKind, what: impl Into<String>) -> Self {
        Self(Arc::new(Facts {
            kind,
            operation: None,
            status: None,
            code: None,
            api_message: None,
            request_id: None,
            retry_after: None,
            transient: matches!(
                kind,
                ErrorKind::RateLimited
                    | ErrorKind::Timeout
                    | ErrorKind::Connect
                    | ErrorKind::ConnectionLost
            ),
            field: None,
            what: what.into(),
            next: None,
            trace: None,
            run: None,
            missing_permission: None,
            source: None,
        }))
    }

    pub(crate) fn config(what: impl Into<String>, next: impl Into<String>) -> Self {
        Self::new(ErrorKind::Config, what).next(next)
    }

    pub(crate) fn invalid_input(what: impl Into<String>, next: impl Into<String>) -> Self {
        Self::new(ErrorKind::InvalidInput, what).next(next)
    }

    /// A field that breaks a rule: the rule, and what to write instead.
    pub(crate) fn invalid_field(
        field: impl Into<String>,
        rule: impl fmt::Display,
        next: impl Into<String>,
    ) -> Self {
        let field = field.into();
        Self::invalid_input(format!("{field} {rule}"), next).with(|facts| facts.field = Some(field))
    }

    /// Names the field at fault.
    #[cfg(feature = "manifest")]
    pub(crate) fn with_field(self, field: impl Into<String>) -> Self {
        self.with(|facts| facts.field = Some(field.into()))
    }

    /// The same error, with what was being done in front of its own words.
    #[cfg(feature = "manifest")]
    pub(crate) fn preceded_by(self, said: &str) -> Self {
        self.with(|facts| facts.what.insert_str(0, said))
    }

    /// What to do next.
    pub(crate) fn next(self, next: impl Into<String>) -> Self {
        self.with(|facts| facts.next = Some(next.into()))
    }

    pub(crate) fn of(self, operation: &'static str) -> Self {
        self.with(|facts| facts.operation = Some(operation))
    }

    /// Names the operation of an error that arose before any operation was known.
    pub(crate) fn of_if_unknown(self, operation: &'static str) -> Self {
        if self.0.operation.is_some() {
            self
        } else {
            self.of(operation)
        }
    }

    pub(crate) fn with_status(self, status: u16) -> Self {
        self.with(|facts| facts.status = Some(status))
    }

    pub(crate) fn with_code(self, code: Option<String>) -> Self {
        self.with(|facts| facts.code = code)
    }

    pub(crate) fn with_api_message(self, message: Option<String>) -> Self {
        self.with(|facts| facts.api_message = message)
    }

    pub(crate) fn with_request_id(self, id: Option<String>) -> Self {
        self.with(|facts| facts.request_id = id)
    }

    pub(crate) fn with_retry_after(self, after: Option<Duration>) -> Self {
        self.with(|facts| facts.retry_after = after)
    }

    pub(crate) fn with_transient(self, transient: bool) -> Self {
        self.with(|facts| facts.transient = transient)
    }

    pub(crate) fn with_trace(self, trace: Option<String>) -> Self {
        self.with(|facts| facts.trace = trace)
    }

    pub(crate) fn with_run(self, pipeline_run_id: impl Into<String>) -> Self {
        self.with(|facts| facts.run = Some(pipeline_run_id.into()))
    }

    pub(crate) fn with_missing_permission(self, permission: Option<&'static str>) -> Self {
        self.with(|facts| facts.missing_permission = permission)
    }

    pub(crate) fn with_source(self, source: impl StdError + Send + Sync + 'static) -> Self {
        self.with(|facts| facts.source = Some(Arc::new(source)))
    }

    /// The same error as another kind, with its own words.
    pub(crate) fn into_kind(
        self,
        kind: ErrorKind,
        what: impl Into<String>,
        next: impl Into<String>,
    ) -> Self {
        self.with(|facts| {
            facts.kind = kind;
            facts.what = what.into();
            facts.next = Some(next.into());
        })
    }

    /// The same error without these texts: a server may repeat in its message what it was sent.
    pub(crate) fn without(self, secrets: &[&str]) -> Self {
        self.with(|facts| {
            let texts = [
                &mut facts.api_message,
                &mut facts.code,
                &mut facts.request_id,
            ];
            for text in texts.into_iter().flatten() {
                for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
                    take_out(text, secret);
                }
            }
        })
    }

    fn with(mut self, change: impl FnOnce(&mut Facts)) -> Self {
        change(Arc::make_mut(&mut self.0));
        self
    }
}

/// Takes a secret out of a text, also one that the text was cut in the middle of.
fn take_out(text: &mut String, secret: &str) {
    const HIDDEN: &str = "(secret)";
    if text.contains(secret) {
        *text = text.replace(secret, HIDDEN);
    }
    let whole = text.trim_end_matches('…');
    // Three characters of a secret tell nothing, and occur by chance.
    let begun = secret
        .char_indices()
        .map(|(end, _)| &secret[..end])
        .skip(4)
        .filter(|start| whole.ends_with(start))
        .last();
    if let Some(start) = begun {
        *text = format!("{}{HIDDEN}", &whole[..whole.len() - start.len()]);
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let facts = &*self.0;
        if let Some(operation) = facts.operation {
            write!(f, "{operation}: ")?;
        }
        f.write_str(&facts.what)?;
        match (facts.status, facts.code.as_deref()) {
            (Some(status), Some(code)) => write!(f, " ({status} {code})")?,
            (Some(status), None) => write!(f, " ({status})")?,
            (None, Some(code)) => write!(f, " ({code})")?,
            (None, None) => {}
        }
        if let Some(message) = &facts.api_message {
            write!(f, ", the API says: {message}")?;
        }
        if let Some(trace) = &facts.trace {
            write!(f, ", the trace says: {trace}")?;
        }
        if let Some(next) = &facts.next {
            write!(f, "; {next}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let facts = &*self.0;
        f.debug_struct("Error")
            .field("kind", &facts.kind)
            .field("operation", &facts.operation)
            .field("status", &facts.status)
            .field("code", &facts.code)
            .field("request_id", &facts.request_id)
            .field("retry_after", &facts.retry_after)
            .field("transient", &facts.transient)
            .field("field", &facts.field)
            .field("message", &self.to_string())
            .field("source", &facts.source.as_ref().map(ToString::to_string))
            .finish()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}

impl From<std::convert::Infallible> for Error {
    fn from(never: std::convert::Infallible) -> Self {
        match never {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_names_the_operation_what_was_wrong_and_what_to_do_next() {
        let error = Error::new(
            ErrorKind::Forbidden,
            "the permission `POST /pipelines` is missing",
        )
        .of("create_pipeline")
        .with_status(403)
        .with_code(Some("AUTH.FORBIDDEN".to_owned()))
        .with_api_message(Some("Não autorizado".to_owned()))
        .next("ask an administrator for it");
        assert_eq!(
            error.to_string(),
            "create_pipeline: the permission `POST /pipelines` is missing (403 AUTH.FORBIDDEN), \
             the API says: Não autorizado; ask an administrator for it"
        );
    }

    #[test]
    fn a_secret_that_the_server_repeats_is_taken_out() {
        let error = Error::new(ErrorKind::BadRequest, "refused")
            .with_api_message(Some("password hunter2 is too short".to_owned()))
            .without(&["hunter2", ""]);
        assert_eq!(error.api_message(), Some("password (secret) is too short"));
        assert!(!format!("{error:?} {error}").contains("hunter2"));
    }

    #[test]
    fn a_secret_that_a_message_was_cut_in_is_taken_out_too() {
        let cut = |text: &str| {
            let error = Error::new(ErrorKind::BadRequest, "refused")
                .with_api_message(Some(text.to_owned()));
            error
                .without(&["hunter2pässword"])
                .api_message()
                .map(str::to_owned)
        };
        assert_eq!(
            cut("you sent hunter2pä…").as_deref(),
            Some("you sent (secret)")
        );
        assert_eq!(
            cut("you sent hunter2pässword").as_deref(),
            Some("you sent (secret)")
        );
        assert_eq!(cut("you sent hun…").as_deref(), Some("you sent hun…"));
    }

    #[test]
    fn the_first_known_operation_stays() {
        let error = Error::new(ErrorKind::Connect, "refused")
            .of("sign_in")
            .of_if_unknown("list_pipelines");
        assert_eq!(error.operation(), Some("sign_in"));
    }
}
