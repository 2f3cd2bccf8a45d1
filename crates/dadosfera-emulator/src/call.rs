//! One call of an operation: who asks for what, at what time, with what body.

use std::time::Duration;

use chrono::{DateTime, Utc};
use http::HeaderMap;
use serde_json::{Map, Value};

use crate::lang::Language;
use crate::state::files::Upload;
use crate::state::permissions::Group;

/// What a handler is given. Fields that an operation has no use for are empty.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) now: DateTime<Utc>,
    pub(crate) language: Language,
    pub(crate) caller: Caller,
    /// The path's parameters, decoded, in the order of the path.
    pub(crate) params: Vec<String>,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Map<String, Value>,
    /// The files of a form.
    pub(crate) uploads: Vec<Upload>,
    /// How long the access tokens live that are handed out, if not as long as usual.
    pub(crate) token_life: Option<Duration>,
}

/// Whom the credentials name; nobody where an operation needs none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Caller {
    pub(crate) user_id: String,
    pub(crate) username: String,
    pub(crate) customer_id: String,
    pub(crate) customer_name: String,
    pub(crate) group: Group,
    /// Whether every customer is theirs to see and to change; never so through an API key.
    pub(crate) platform_admin: bool,
    pub(crate) permissions: Vec<&'static str>,
}

impl Call {
    /// A path parameter; the table of operations says how many there are.
    pub(crate) fn param(&self, index: usize) -> &str {
        self.params.get(index).map_or("", String::as_str)
    }

    /// The last value of a query parameter.
    pub(crate) fn query(&self, name: &str) -> Option<&str> {
        let mut values = self.query.iter().rev();
        values
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}
