//! The SDK of the Dadosfera Maestro API.

mod auth;
mod chance;
mod clock;
mod config;
mod error;
mod id;
mod problem;

pub use clock::{Clock, Sleep, SystemClock};
pub use config::Environment;
pub use error::{Error, ErrorKind};
pub use id::{ApiKeyId, JobId, PipelineId, PipelineRunId};
