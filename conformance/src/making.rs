//! A call in the making: what a law fills in before it is sent.

use serde_json::Value;

use crate::engine::{Call, Client, Operation, Sign};
use crate::got::Got;
use crate::session::Session;
use crate::stage::{Stage, Stop};

/// A call in the making.
pub struct Making<'a> {
    stage: &'a Stage,
    client: &'a Client,
    call: Result<Call, Stop>,
    path: Vec<(String, String)>,
    operation: Option<Operation>,
}

impl<'a> Making<'a> {
    pub(crate) fn of_operation(stage: &'a Stage, client: &'a Client, operation: &str) -> Self {
        let found = client.contract().document().operation(operation).cloned();
        let call = match &found {
            Some(operation) => Ok(Call::new(operation, &[])),
            None => Err(Stop::Incomplete(format!(
                "the document has no operation {operation}"
            ))),
        };
        Self {
            stage,
            client,
            call,
            path: Vec::new(),
            operation: found,
        }
    }

    pub(crate) fn undescribed(
        stage: &'a Stage,
        client: &'a Client,
        method: &str,
        path: &str,
    ) -> Self {
        let call = Ok(Call::undescribed(method, path));
        Self {
            stage,
            client,
            call,
            path: Vec::new(),
            operation: None,
        }
    }

    /// Fills in a parameter of the path.
    #[must_use]
    pub fn path(mut self, name: &str, value: &str) -> Self {
        self.path.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Adds to the query.
    #[must_use]
    pub fn query(self, name: &str, value: &str) -> Self {
        self.with(|call| call.query.push((name.to_owned(), value.to_owned())))
    }

    /// Adds a header.
    #[must_use]
    pub fn header(self, name: &str, value: &str) -> Self {
        self.with(|call| call.headers.push((name.to_owned(), value.to_owned())))
    }

    /// Puts in a JSON body.
    #[must_use]
    #[expect(
        clippy::needless_pass_by_value,
        reason = "every caller makes the body in place"
    )]
    pub fn json(mut self, body: Value) -> Self {
        self.call = self.call.map(|call| call.with_json(&body));
        self
    }

    /// Puts in a body that need not be JSON.
    #[must_use]
    pub fn body(self, media_type: &str, body: impl Into<Vec<u8>>) -> Self {
        self.header("content-type", media_type)
            .with(|call| call.body = Some(body.into()))
    }

    /// Signs as somebody.
    #[must_use]
    pub fn by(self, session: &Session) -> Self {
        self.sign(session.sign())
    }

    /// Signs otherwise.
    #[must_use]
    pub fn sign(self, sign: Sign) -> Self {
        self.with(|call| call.sign = sign)
    }

    /// Sends it.
    ///
    /// # Errors
    /// Where it may not be sent, or no answer comes.
    pub async fn send(self) -> Result<Got<'a>, Stop> {
        let mut call = self.call?;
        if let Some(operation) = &self.operation {
            call.path = operation.render(&self.path);
        }
        let answer = self.client.send(&call).await?;
        let at = call.operation.unwrap_or(call.path);
        Ok(Got {
            answer,
            stage: self.stage,
            at,
        })
    }

    fn with(mut self, change: impl FnOnce(&mut Call)) -> Self {
        if let Ok(call) = &mut self.call {
            change(call);
        }
        self
    }
}
