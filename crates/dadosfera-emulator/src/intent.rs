//! A request that asks for a change, after it was found that its sender may ask: what a change follows from, and no secret
//! of the sender beside what its body holds.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::lang::Language;
use crate::operations::Operation;
use crate::state::files::Upload;

/// The request headers that operations which write read; they see no others.
pub(crate) const HEADERS_OF_WRITES: [&str; 2] = ["customer_name", "host"];

/// What is asked for.
#[derive(Debug, Clone)]
pub(crate) struct Intent {
    pub(crate) operation: &'static Operation,
    pub(crate) credential: Option<Credential>,
    pub(crate) language: Language,
    pub(crate) params: Vec<String>,
    pub(crate) query: Vec<(String, String)>,
    /// Those of [`HEADERS_OF_WRITES`] that came.
    pub(crate) headers: Vec<(String, String)>,
    /// A JSON object, or nothing.
    pub(crate) body: String,
    pub(crate) uploads: Vec<Upload>,
    /// How long the access tokens live that are handed out, if not as long as usual; nothing else follows from it.
    pub(crate) token_life: Option<Duration>,
}

/// By whose right: what a token or a key was found to stand for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Credential {
    /// The id of the user whose access token it was.
    UserOfToken(String),
    /// The id of an API key.
    ApiKey(String),
}
