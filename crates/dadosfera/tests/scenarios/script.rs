//! The form of `auth.json`: shared by the run against the pure machine and the run against the client.

use serde::Deserialize;

/// The file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Script {
    #[serde(rename = "about")]
    _about: String,
    pub(crate) scenarios: Vec<Scenario>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Scenario {
    pub(crate) name: String,
    pub(crate) given: Given,
    pub(crate) steps: Vec<Step>,
    pub(crate) expect: Counts,
}

/// What the session has.
#[derive(Debug, Default, Clone, Copy, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Given {
    pub(crate) credentials: Credentials,
    pub(crate) factor: Factor,
    /// Whether it has a store, which the other session shares.
    pub(crate) store: bool,
    /// Whether refresh tokens rotate and work once.
    pub(crate) rotates: bool,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Credentials {
    #[default]
    Password,
    WrongPassword,
    RefreshToken,
}

/// The second factor of the account, and where its code comes from.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Factor {
    #[default]
    None,
    Missing,
    Code,
    Secret,
    Callback,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Step {
    /// A caller wants a token: `ok`, or the name of the error's kind.
    Acquire(String),
    /// A caller makes a request of the API.
    Call(String),
    /// Callers at once.
    Herd {
        callers: usize,
        outcome: String,
    },
    /// Another session with the same credentials and the same store wants a token.
    Other(String),
    /// The other session makes a request.
    OtherCall(String),
    /// All clocks move by seconds.
    Pass(u64),
    /// All but the session's monotonic clock.
    Suspend(u64),
    /// The session's wall clock alone.
    Skew(i64),
    Idp(Mood),
    Api(Mood),
    Revoke(Thing),
    Store(Mood),
    Supply(Thing),
    LogOut(()),
    /// The session's state now.
    State(String),
    /// What happens beside has happened.
    Settle(Settled),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Mood {
    // The provider, the API
    Up,
    Down,
    Drops,
    ThrottledOnce,
    Html,
    WithoutTokens,
    Disabled,
    Unauthorized,
    // The store
    Works,
    Unwritable,
    Gone,
    Corrupt,
    Foreign,
}

/// What is revoked or supplied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Thing {
    Access,
    Refresh,
    Code,
    Password,
}

/// How often the provider was asked, from the start of the scenario.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Counts {
    pub(crate) sign_ins: usize,
    pub(crate) refreshes: usize,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settled {
    pub(crate) sign_ins: usize,
    pub(crate) refreshes: usize,
    pub(crate) generation: u64,
    /// How many flights failed.
    #[serde(default)]
    pub(crate) failures: usize,
}

/// The file's scenarios.
pub(crate) fn scenarios() -> Vec<Scenario> {
    let script: Script =
        serde_json::from_str(include_str!("auth.json")).expect("auth.json is of its form");
    script.scenarios
}
