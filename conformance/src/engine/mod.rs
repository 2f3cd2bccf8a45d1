//! The spec-driven half: it knows an OpenAPI document, a base URL and how to sign, and nothing of Maestro.
//!
//! Each answer that comes in, whoever asked for it, is checked against the document and noted in one [`Recorder`].

mod call;
mod check;
mod client;
mod curl;
mod document;
mod drift;
mod finding;
mod formats;
mod keeper;
mod ledger;
mod pace;
mod recorder;
mod schema;
mod taint;

pub use call::{Answer, Call, Sign};
pub(crate) use check::{Asked, variable_of};
pub use check::{Contract, ContractError};
pub use client::{Client, ClientError, Guard, Shared};
pub use curl::curl;
pub use document::{Document, DocumentError, Operation, Parameter, Response};
pub(crate) use document::{array, entries, resolve};
pub use drift::Drift;
pub use finding::{Code, Finding, Severity};
pub use keeper::Keeper;
pub use ledger::{Intent, Ledger, LedgerError, Thing};
pub use openapi_overlay::{Action, Overlay, OverlayError, Target};
pub use pace::{Limits, Pace, Spent};
pub use recorder::{OperationRow, Recorder};
pub use schema::{Direction, Mark, MarkKind, Schema, SchemaError};
pub use taint::Taint;
