//! A finding: what was expected, what came, where, and how to see it again. Data; reports only print it.

use std::fmt;

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Severity {
    /// Drift: the server said more than the document knows. It fails nothing.
    Warning,
    /// The server and the document, or the server and a law, disagree.
    Error,
}

/// What kind of finding it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Code {
    /// The status is none that the operation lists.
    StatusNotListed,
    /// The media type is none that the status lists.
    ContentTypeNotListed,
    /// There is a body and no word of what it is.
    ContentTypeMissing,
    /// There is a body where none is listed.
    BodyUnexpected,
    /// The body is not what its media type says.
    BodyUnreadable,
    /// The body breaks its schema.
    BodyMismatch,
    /// A header that must be there is not.
    HeaderMissing,
    /// A header breaks its schema.
    HeaderMismatch,
    /// A field that the document does not declare.
    UndeclaredField,
    /// A value that an open vocabulary does not know.
    UndeclaredValue,
    /// A secret where none may be shown.
    SecretShown,
    /// The server did not answer.
    NoAnswer,
    /// A law is broken.
    Law(String),
}

/// One thing that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Its kind.
    pub code: Code,
    /// How much it matters.
    pub severity: Severity,
    /// The operation, or `-` for none.
    pub operation: String,
    /// The law during which it was found.
    pub law: String,
    /// Where: a status, a JSON pointer, a header, or what a law was looking at.
    pub place: String,
    /// What was expected.
    pub expected: String,
    /// What came instead.
    pub got: String,
    /// The curl line of the request, with variables for secrets; empty where there was none.
    pub curl: String,
    /// How often it was found.
    pub count: usize,
}

impl Code {
    /// The stable name of the kind.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::StatusNotListed => "answer.status-not-listed",
            Self::ContentTypeNotListed => "answer.content-type-not-listed",
            Self::ContentTypeMissing => "answer.content-type-missing",
            Self::BodyUnexpected => "answer.body-unexpected",
            Self::BodyUnreadable => "answer.body-unreadable",
            Self::BodyMismatch => "answer.body-mismatch",
            Self::HeaderMissing => "answer.header-missing",
            Self::HeaderMismatch => "answer.header-mismatch",
            Self::UndeclaredField => "drift.undeclared-field",
            Self::UndeclaredValue => "drift.undeclared-value",
            Self::SecretShown => "answer.secret-shown",
            Self::NoAnswer => "answer.none",
            Self::Law(id) => id,
        }
    }

    /// How much findings of this kind matter.
    #[must_use]
    pub fn severity(&self) -> Severity {
        match self {
            Self::UndeclaredField | Self::UndeclaredValue => Severity::Warning,
            _ => Severity::Error,
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Finding {
    /// A finding about an operation.
    #[must_use]
    pub fn new(
        code: Code,
        operation: Option<&str>,
        place: &str,
        expected: String,
        got: String,
    ) -> Self {
        Self {
            severity: code.severity(),
            code,
            operation: operation.unwrap_or("-").to_owned(),
            law: String::new(),
            place: place.to_owned(),
            expected,
            got,
            curl: String::new(),
            count: 1,
        }
    }

    /// Whether both are the same thing found twice: ids and values in `got` may differ.
    pub(crate) fn repeats(&self, other: &Self) -> bool {
        self.code == other.code
            && self.operation == other.operation
            && self.place == other.place
            && self.expected == other.expected
    }
}
