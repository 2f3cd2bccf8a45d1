//! What came back of a call, and what a law looks at in it.

use std::fmt::Display;

use serde_json::Value;

use crate::engine::Answer;
use crate::stage::{Stage, Stop};

/// What came back, and the stage on which it is looked at.
pub struct Got<'a> {
    /// The answer.
    pub answer: Answer,
    pub(crate) stage: &'a Stage,
    /// What is being looked at, for reports.
    pub(crate) at: String,
}

impl Got<'_> {
    /// Says in what situation it is looked at, for reports.
    #[must_use]
    pub fn at(mut self, situation: &str) -> Self {
        situation.clone_into(&mut self.at);
        self
    }

    /// Checks something of it.
    pub fn see(&self, what: &str, holds: bool, expected: impl Display, got: impl Display) -> &Self {
        let place = format!("{}: {what}", self.at);
        self.stage
            .check(holds, &place, &expected, &got, Some(&self.answer));
        self
    }

    /// Checks the status.
    pub fn status(&self, expected: u16) -> &Self {
        let status = self.answer.status;
        let got = || {
            if status == expected {
                String::new()
            } else {
                format!("{status} with {}", self.answer.text())
            }
        };
        self.see("status", status == expected, expected, got())
    }

    /// Checks the status, without which nothing that follows makes sense.
    ///
    /// # Errors
    /// Where it is another.
    pub fn must(&self, expected: u16) -> Result<&Self, Stop> {
        self.status(expected);
        if self.answer.status == expected {
            Ok(self)
        } else {
            Err(Stop::Broken)
        }
    }

    /// Checks a value of the body.
    pub fn is(&self, pointer: &str, expected: impl Into<Value>) -> &Self {
        let expected = expected.into();
        let body = self.json();
        let got = body.pointer(pointer);
        self.see(
            pointer,
            got == Some(&expected),
            &expected,
            got.map_or("nothing".to_owned(), Value::to_string),
        )
    }

    /// Checks that something is not in the body.
    pub fn lacks(&self, pointer: &str) -> &Self {
        let absent = self.json().pointer(pointer).is_none();
        self.see(pointer, absent, "nothing", "something")
    }

    /// Checks for a 401 of the gateway.
    pub fn is_unauthorized(&self) -> &Self {
        self.status(401)
            .is("/statusCode", 401)
            .is("/code", "AUTH.UNAUTHORIZED")
    }

    /// Checks for a 403 of the gateway.
    pub fn is_forbidden(&self) -> &Self {
        self.status(403)
            .is("/statusCode", 403)
            .is("/code", "AUTH.FORBIDDEN")
    }

    /// Checks for a platform's exception (shape 2).
    pub fn is_exception(&self, status: u16, exception_type: &str, text: &str) -> &Self {
        self.status(status)
            .is("/detail/status", false)
            .is("/detail/exception_type", exception_type)
            .is("/detail/traceback", text)
            .is("/detail/data", Value::Null)
    }

    /// Checks for a platform's one text (shape 1).
    pub fn is_detail(&self, status: u16, text: &str) -> &Self {
        self.status(status).is("/detail", text)
    }

    /// The body.
    #[must_use]
    pub fn json(&self) -> Value {
        self.answer.json()
    }

    /// A text of the body; empty where it is none.
    #[must_use]
    pub fn text(&self, pointer: &str) -> String {
        self.json()
            .pointer(pointer)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    }
}
