//! What is known of an operation beyond its types: the row of the table `OPS`.

use crate::ops::OPS;

/// One operation of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Op {
    /// The operation's id, such as `list_pipelines`.
    pub id: &'static str,
    /// The HTTP method in capitals.
    pub method: &'static str,
    /// The path's template, such as `/platform/pipeline/{pipelineId}`.
    pub path: &'static str,
    /// The domain that it belongs to.
    pub tag: &'static str,
    /// Whether it asks for credentials.
    pub authenticated: bool,
    /// Whether repeating the call is harmless, so that it may be retried after an unknown outcome.
    pub idempotent: bool,
    /// The permission that it needs, where it needs one.
    pub permission: Option<&'static str>,
    /// What the description of the operation rests on.
    pub evidence: Evidence,
    /// Whether a success is a stream of bytes and not JSON.
    pub streams: bool,
    /// Whether an empty success means `null`.
    pub empty_is_null: bool,
}

impl Op {
    /// An operation that is not in the description, of which only the method is known: it asks for credentials, has the
    /// id `request` and no path of its own.
    #[must_use]
    pub const fn unknown(method: &'static str, idempotent: bool) -> Self {
        Self {
            id: "request",
            method,
            path: "",
            tag: "request",
            authenticated: true,
            idempotent,
            permission: None,
            evidence: Evidence::Inferred,
            streams: false,
            empty_is_null: false,
        }
    }
}

/// What the description of an operation rests on, strongest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Evidence {
    /// The vendor's own documentation.
    Documented,
    /// The vendor's public code, or a captured answer.
    Observed,
    /// What the official Python package sends and reads.
    Library,
    /// Third-party notes, never proven.
    Reported,
    /// Ours, after the conventions of proven neighbours: provisional.
    Inferred,
}

/// Finds an operation by its id.
#[must_use]
pub fn op(id: &str) -> Option<&'static Op> {
    OPS.iter().find(|op| op.id == id)
}
