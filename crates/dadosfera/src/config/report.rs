//! Where each value of a client comes from, and why the other sources were passed over. Holds no secret.

use std::fmt;

use serde::Serialize;

use super::settings::{Settings, Source};
use super::{Flags, first};

/// Which source each value of a client came from, in the order code, environment, profile, and which were passed over.
/// It names variables and keys, never what they hold.
///
/// ```
/// use dadosfera::{Client, CredentialsReport, Environment, PassedOver, ValueSource};
///
/// let client = Client::builder()
///     .password("ana@acme.example", "her password")
///     .environment(Environment::fixed([("DADOSFERA_API_KEY", "ddf_example")]))
///     .build()?;
/// let report: &CredentialsReport = client.credentials_report();
/// assert_eq!(report.identity, "password");
/// for ValueSource { value, used, passed_over, .. } in &report.values {
///     println!("{value}: {used:?}");
///     for PassedOver { source, why, .. } in passed_over {
///         println!("  not {source}: {why}");
///     }
/// }
/// # Ok::<(), dadosfera::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct CredentialsReport {
    /// One row for each value that a source gave, the credentials first.
    pub values: Vec<ValueSource>,
    /// How the client says who it is: `api key`, `password`, `refresh token`, `refresh token, then password`, `token store`
    /// or `nobody`.
    pub identity: &'static str,
}

/// Where one value came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ValueSource {
    /// What it is, such as `password`.
    pub value: &'static str,
    /// The source whose value is used, such as `DADOSFERA_PASSWORD`; none where all were passed over.
    pub used: Option<String>,
    /// The sources that gave one too, each with why it was passed over.
    pub passed_over: Vec<PassedOver>,
}

/// A source that gave a value that is not used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct PassedOver {
    /// The source, such as `api_key of the profile default`.
    pub source: String,
    /// Why it was passed over.
    pub why: String,
}

/// The values that are told of: what they are, in the code, as a variable and in a profile, and whether one is set.
type Row = (&'static str, [&'static str; 3], fn(&Settings) -> bool);

const SECRETS: [Row; 3] = [
    (
        "api key",
        ["api_key(..)", "DADOSFERA_API_KEY", "api_key"],
        |it| it.api_key.is_some(),
    ),
    (
        "refresh token",
        [
            "refresh_token(..)",
            "DADOSFERA_REFRESH_TOKEN",
            "refresh_token",
        ],
        |it| it.refresh_token.is_some(),
    ),
    (
        "password",
        ["password(..)", "DADOSFERA_PASSWORD", "password"],
        |it| it.password.is_some(),
    ),
];
const USER: Row = (
    "user name",
    ["password(..)", "DADOSFERA_USERNAME", "username"],
    |it| it.username.is_some(),
);
const FACTORS: [Row; 3] = [
    (
        "one-time code",
        ["totp_code(..)", "DADOSFERA_TOTP", "totp"],
        |it| it.totp_code.is_some(),
    ),
    (
        "one-time secret",
        ["totp_secret(..)", "DADOSFERA_TOTP_SECRET", "totp_secret"],
        |it| it.totp_secret.is_some(),
    ),
    ("one-time callback", ["totp_callback(..)", "", ""], |it| {
        it.totp_callback.is_some()
    }),
];
const STORE: Row = (
    "token store",
    ["token_store(..)", "DADOSFERA_TOKEN_STORE", "token_store"],
    |it| it.token_store.is_some(),
);
const PLAIN: [Row; 3] = [
    (
        "base URL",
        ["base_url(..)", "DADOSFERA_BASE_URL", "base_url"],
        |it| it.base_url.is_some(),
    ),
    (
        "customer name",
        [
            "customer_name(..)",
            "DADOSFERA_CUSTOMER_NAME",
            "customer_name",
        ],
        |it| it.customer_name.is_some(),
    ),
    (
        "language",
        ["language(..)", "DADOSFERA_LANG", "language"],
        |it| it.language.is_some(),
    ),
];

impl CredentialsReport {
    /// The report of what [`Config::resolve`](super::Config::resolve) does with the same sources.
    pub(super) fn of(sources: &[(Source, Settings)], flags: Flags) -> Self {
        let holds = |rows: &[Row], it: &Settings| rows.iter().any(|(_, _, is_set)| is_set(it));
        let decides = sources.iter().position(|(_, it)| holds(&SECRETS, it));
        let uses_key = decides.is_some_and(|at| sources[at].1.api_key.is_some());
        let username = first(sources, |it| it.username.as_deref());
        let mut values = Vec::new();
        let mut tell = |row: &Row, given: bool, refusal: &dyn Fn(usize) -> Option<String>| {
            let mut told = ValueSource {
                value: row.0,
                used: None,
                passed_over: Vec::new(),
            };
            for (at, (source, settings)) in sources.iter().enumerate() {
                let is_set = (row.2)(settings) || (given && *source == Source::Code);
                if !is_set {
                    continue;
                }
                let name = named(source, row);
                match (refusal(at), &told.used) {
                    (Some(why), _) => told.passed_over.push(PassedOver { source: name, why }),
                    (None, Some(used)) => told.passed_over.push(PassedOver {
                        source: name,
                        why: format!("{used} goes before it"),
                    }),
                    (None, None) => told.used = Some(name),
                }
            }
            if told.used.is_some() || !told.passed_over.is_empty() {
                values.push(told);
            }
        };
        let anonymous = || {
            flags
                .anonymous
                .then(|| "the client is anonymous".to_owned())
        };
        let with_key = || uses_key.then(|| "an API key needs none".to_owned());
        let stronger = |at: usize| {
            let decides = decides.filter(|decides| *decides < at)?;
            let (source, settings) = &sources[decides];
            let row = SECRETS.iter().find(|(_, _, is_set)| is_set(settings))?;
            Some(format!(
                "credentials come from one source, and {} goes before it",
                named(source, row)
            ))
        };
        for row in &SECRETS {
            tell(row, false, &|at| anonymous().or_else(|| stronger(at)));
        }
        tell(&USER, false, &|_| anonymous().or_else(with_key));
        for row in &FACTORS {
            tell(row, false, &|at| {
                let settings = &sources[at].1;
                let is_other = settings
                    .username
                    .as_deref()
                    .is_some_and(|it| Some(it) != username);
                let is_before = decides.is_some_and(|decides| at < decides);
                let is_callback = settings.totp_callback.is_some();
                anonymous()
                    .or_else(with_key)
                    .or_else(|| is_other.then(|| "it is of another user".to_owned()))
                    .or_else(|| {
                        (is_before && !is_callback)
                            .then(|| "the password comes from a weaker source".to_owned())
                    })
            });
        }
        tell(&STORE, flags.has_store, &|_| anonymous().or_else(with_key));
        for row in &PLAIN {
            tell(row, false, &|_| None);
        }
        let identity = match decides.map(|at| &sources[at].1) {
            _ if flags.anonymous => "nobody",
            Some(it) if it.api_key.is_some() => "api key",
            Some(it) => match (it.refresh_token.is_some(), it.password.is_some()) {
                (true, true) => "refresh token, then password",
                (true, false) => "refresh token",
                _ => "password",
            },
            None => "token store",
        };
        Self { values, identity }
    }
}

/// How to speak of a value of a source.
fn named(source: &Source, (_, [code, variable, key], _): &Row) -> String {
    match source {
        Source::Code => (*code).to_owned(),
        Source::Environment => (*variable).to_owned(),
        Source::Profile(name) => format!("{key} of the profile `{name}`"),
    }
}

impl fmt::Display for CredentialsReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "identity: {}", self.identity)?;
        for row in &self.values {
            match &row.used {
                Some(used) => writeln!(f, "{}: from {used}", row.value)?,
                None => writeln!(f, "{}: none is used", row.value)?,
            }
            for passed in &row.passed_over {
                writeln!(f, "  not {}: {}", passed.source, passed.why)?;
            }
        }
        Ok(())
    }
}
