//! Where a schema stands and which way its values travel: that makes a change good or bad, and names its rule.

use std::fmt;

use super::Level;

/// Which way a value travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    Request,
    Response,
}

impl Direction {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Response => "response",
        }
    }

    /// A place takes or holds more than before: a caller may send the new, and must read it.
    pub(super) const fn wider(self) -> Level {
        match self {
            Self::Request => Level::Compatible,
            Self::Response => Level::Breaking,
        }
    }

    pub(super) const fn narrower(self) -> Level {
        match self {
            Self::Request => Level::Breaking,
            Self::Response => Level::Compatible,
        }
    }
}

/// Where a schema stands, for the rule's name and for the sentence.
#[derive(Debug, Clone)]
pub(super) struct Site {
    /// `request-parameter`, `response-body`, …
    pub(super) rule: String,
    said: String,
    /// The property inside, as a path.
    property: String,
}

impl Site {
    pub(super) fn parameter(kind: &str, name: &str) -> Self {
        Self {
            rule: "request-parameter".to_owned(),
            said: format!("the {kind} parameter {name}"),
            property: String::new(),
        }
    }

    pub(super) fn header(name: &str, status: &str) -> Self {
        Self {
            rule: "response-header".to_owned(),
            said: format!("the header {name} of the answer {status}"),
            property: String::new(),
        }
    }

    pub(super) fn body(direction: Direction, status: &str) -> Self {
        let said = match direction {
            Direction::Request => "the body".to_owned(),
            Direction::Response => format!("the answer {status}"),
        };
        Self {
            rule: format!("{}-body", direction.word()),
            said,
            property: String::new(),
        }
    }

    pub(super) fn inside(&self, property: &str) -> Self {
        let property = if self.property.is_empty() {
            property.to_owned()
        } else {
            format!("{}.{property}", self.property)
        };
        Self {
            property,
            ..self.clone()
        }
    }

    /// The rule for what happens here: a body's properties have rules of their own.
    pub(super) fn named(&self, what: &str) -> String {
        match (self.property.is_empty(), self.rule.strip_suffix("-body")) {
            (true, _) => format!("{}-{what}", self.rule),
            (false, Some(direction)) => format!("{direction}-property-{what}"),
            (false, None) => format!("{}-property-{what}", self.rule),
        }
    }
}

impl fmt::Display for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.property.is_empty() {
            f.write_str(&self.said)
        } else {
            write!(f, "{} of {}", self.property, self.said)
        }
    }
}
