//! A call in the making: what a law fills in before it is sent.

use std::sync::PoisonError;

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
        let got = Got {
            answer,
            stage: self.stage,
            at,
        };
        Self::remember(self.stage, &got);
        Ok(got)
    }

    fn with(mut self, change: impl FnOnce(&mut Call)) -> Self {
        if let Ok(call) = &mut self.call {
            change(call);
        }
        self
    }

    /// What was made on a live server has to be removed again.
    fn remember(stage: &Stage, got: &Got<'_>) {
        if stage.target.is_emulator() || !(200..300).contains(&got.answer.status) {
            return;
        }
        let id = |pointer| vec![got.text(pointer)];
        let (operation, ids) = match got.answer.operation.as_deref() {
            Some("create_pipeline") => ("delete_pipeline", id("/data/pipeline_id")),
            Some("create_api_key") => ("delete_api_key", id("/id")),
            Some("create_connection") => ("delete_connection", id("/id")),
            Some("create_data_asset") => ("delete_data_asset", id("/data_asset/id")),
            Some("create_table") => ("delete_table", id("/id")),
            Some("upload_files") => {
                let path = format!("{}/{}", got.text("/folderPath"), got.text("/fileName"));
                Self::must_remove(stage, "delete_file", path);
                ("delete_dataset", id("/datasetId"))
            }
            Some("create_users") => {
                let users = got.json()["users"].as_array().cloned().unwrap_or_default();
                let id = |user: &Value| user["id"].as_str().map(str::to_owned);
                ("delete_user", users.iter().filter_map(id).collect())
            }
            _ => return,
        };
        for id in ids {
            Self::must_remove(stage, operation, id);
        }
    }

    fn must_remove(stage: &Stage, operation: &'static str, id: String) {
        if !id.is_empty() {
            let mut made = stage.made.lock().unwrap_or_else(PoisonError::into_inner);
            made.push((operation, id));
        }
    }
}
