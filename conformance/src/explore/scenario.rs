//! What is tried, as data: a scenario is a list of steps, and things are handles, never ids, so that it can be shortened and repeated.

use serde::Serialize;
use serde_json::Value;

/// A few steps that are tried together, on things of their own.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Scenario {
    /// Its name, which the document decides; a random sequence is named by its number.
    pub name: String,
    /// What is done, in order.
    pub steps: Vec<Step>,
}

/// A thing that a scenario made, by the number of the step that makes it.
pub type Handle = usize;

/// One step. A step about a thing that was not made is passed over.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "do")]
#[non_exhaustive]
pub enum Step {
    /// Makes a thing.
    Create {
        /// Who.
        by: usize,
        /// Of which resource.
        resource: usize,
        /// In what.
        parent: Option<Handle>,
        /// Its name in this scenario.
        handle: Handle,
        /// The body.
        body: Value,
        /// Sends the key of an earlier create again.
        again: Option<Handle>,
        /// What the body is for.
        why: Option<Why>,
    },
    /// Reads a thing.
    Read {
        /// Who.
        by: usize,
        /// What.
        of: Handle,
    },
    /// Changes a thing.
    Update {
        /// Who.
        by: usize,
        /// What.
        of: Handle,
        /// The body.
        body: Value,
        /// Names the version before the last.
        stale: bool,
        /// What the body is for.
        why: Option<Why>,
    },
    /// Deletes a thing.
    Delete {
        /// Who.
        by: usize,
        /// What.
        of: Handle,
    },
    /// Reads a whole list.
    List {
        /// Who.
        by: usize,
        /// Of which resource.
        resource: usize,
        /// In what.
        parent: Option<Handle>,
        /// How many to a page; as many as possible where nothing is said.
        limit: Option<u64>,
        /// Only what fits: a parameter and its value.
        filter: Option<(String, Value)>,
    },
    /// Reads a child through another parent.
    Astray {
        /// Who.
        by: usize,
        /// The child.
        of: Handle,
        /// The other parent.
        through: Handle,
    },
    /// Asks for a thing of another tenant, and for one that is not there.
    Foreign {
        /// Who.
        by: usize,
        /// What.
        of: Handle,
        /// The operation.
        operation: String,
    },
    /// One request for an operation, with something about it that matters.
    Request(Request),
}

/// One request for an operation.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Request {
    /// Who.
    pub by: Who,
    /// The operation.
    pub operation: String,
    /// The method, where another than the operation's is tried.
    pub method: Option<String>,
    /// What its path names.
    pub of: Option<Handle>,
    /// Parameters that are set; null leaves one out.
    pub parameters: Vec<(String, String, Value)>,
    /// What it sends.
    pub body: Sent,
    /// What must come of it.
    pub expect: Expect,
    /// What it is for.
    pub why: Why,
}

/// What of the document is tried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Why {
    /// The place: `body /name`, `query limit`, `path id`.
    pub place: String,
    /// The keyword of the schema there, or another word for the rule.
    pub keyword: String,
    /// What of it, in words.
    pub what: String,
}

impl std::fmt::Display for Why {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.place, self.keyword)
    }
}

/// Who sends a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Who {
    /// An actor, as it should.
    Actor(usize),
    /// Nobody.
    Nobody,
    /// An actor with a token that is nearly right: its number, and in which way.
    Nearly(usize, String),
    /// An actor with its token under another scheme.
    Otherwise(usize, String),
}

/// What a request sends.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Sent {
    /// What the operation asks for, as small as may be.
    Usual,
    /// This value as JSON.
    Json(Value),
    /// This text, under this media type.
    Text(String, String),
    /// A text field of this many bytes.
    Oversize(usize),
}

/// What must come of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Expect {
    /// Success.
    Accepted,
    /// A refusal for what is wrong in it.
    Refused,
    /// A refusal of its media type.
    RefusedMedia,
    /// A refusal of its size, or success.
    AnswerBelow500,
    /// A refusal of the method.
    NoSuchMethod,
    /// A 401.
    Unauthorized,
    /// A 403.
    Forbidden,
}

impl Step {
    /// The step in a few words; `names` are those of the actors.
    #[must_use]
    pub fn words(&self, names: &[String], collections: &[String]) -> String {
        let who = |by: usize| {
            names
                .get(by)
                .cloned()
                .unwrap_or_else(|| format!("actor {by}"))
        };
        let kind = |resource: usize| collections.get(resource).map_or("?", String::as_str);
        match self {
            Self::Create {
                by,
                resource,
                parent,
                handle,
                body,
                again,
                ..
            } => {
                let place = parent.map_or(String::new(), |parent| format!(" in #{parent}"));
                let key = again.map_or(String::new(), |of| format!(" with the key of #{of}"));
                format!(
                    "{} creates #{handle} in {}{place}{key}: {body}",
                    who(*by),
                    kind(*resource)
                )
            }
            Self::Read { by, of } => format!("{} reads #{of}", who(*by)),
            Self::Update {
                by,
                of,
                body,
                stale,
                ..
            } => {
                let version = if *stale {
                    ", naming an old version"
                } else {
                    ""
                };
                format!("{} updates #{of}{version}: {body}", who(*by))
            }
            Self::Delete { by, of } => format!("{} deletes #{of}", who(*by)),
            Self::List {
                by,
                resource,
                parent,
                limit,
                filter,
            } => {
                let place = parent.map_or(String::new(), |parent| format!(" of #{parent}"));
                let pages = limit.map_or(String::new(), |limit| format!(", {limit} to a page"));
                let only = filter.as_ref().map_or(String::new(), |(name, value)| {
                    format!(", only {name} = {value}")
                });
                format!("{} lists {}{place}{pages}{only}", who(*by), kind(*resource))
            }
            Self::Astray { by, of, through } => {
                format!("{} reads #{of} through #{through}", who(*by))
            }
            Self::Foreign { by, of, operation } => {
                format!(
                    "{} calls {operation} with the id of #{of}, and with one that is not there",
                    who(*by)
                )
            }
            Self::Request(request) => {
                let by = match &request.by {
                    Who::Actor(by) => who(*by),
                    Who::Nobody => "nobody".to_owned(),
                    Who::Nearly(by, way) => format!("{} with a token {way}", who(*by)),
                    Who::Otherwise(by, scheme) => format!("{} under the scheme {scheme}", who(*by)),
                };
                let of = request.of.map_or(String::new(), |of| format!(" of #{of}"));
                let method = request
                    .method
                    .as_ref()
                    .map_or(String::new(), |method| format!(" as {method}"));
                format!(
                    "{by} calls {}{method}{of}: {}, {}",
                    request.operation, request.why, request.why.what
                )
            }
        }
    }

    /// The thing that it makes.
    #[must_use]
    pub fn makes(&self) -> Option<Handle> {
        match self {
            Self::Create { handle, .. } => Some(*handle),
            _ => None,
        }
    }
}
