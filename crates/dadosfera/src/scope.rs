//! What the calls of one handle of a client do otherwise, and who listens to their answers.

use std::sync::Arc;

use dadosfera_raw::Op;

use crate::answer::Recorder;
use crate::call_options::CallOptions;

/// The options and the listener of a client's calls. The usual one is empty and costs nothing to clone.
#[derive(Debug, Clone, Default)]
pub(crate) struct Scope {
    options: Option<Arc<CallOptions>>,
    recorder: Option<Recorder>,
}

impl Scope {
    /// The same scope with these options over those that it has.
    pub(crate) fn with_options(&self, options: CallOptions) -> Self {
        let options = match &self.options {
            Some(base) => options.over(base),
            None => options,
        };
        Self {
            options: Some(Arc::new(options)),
            recorder: self.recorder.clone(),
        }
    }

    /// The same scope with somebody who listens.
    pub(crate) fn with_recorder(&self, recorder: Recorder) -> Self {
        Self {
            options: self.options.clone(),
            recorder: Some(recorder),
        }
    }

    pub(crate) fn options(&self) -> Option<&CallOptions> {
        self.options.as_deref()
    }

    pub(crate) const fn recorder(&self) -> Option<&Recorder> {
        self.recorder.as_ref()
    }

    /// Whether the operation can be repeated without harm: it says so itself, or the caller does.
    pub(crate) fn is_idempotent(&self, op: &Op) -> bool {
        self.options()
            .and_then(|options| options.idempotent)
            .unwrap_or(op.idempotent)
    }
}
