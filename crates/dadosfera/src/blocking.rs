//! The SDK for programs that are not asynchronous: every handle and method under the same name, whose calls wait.
//!
//! ```no_run
//! use dadosfera::Client;
//!
//! # fn run() -> Result<(), dadosfera::Error> {
//! let client = Client::builder().password("ana@acme.example", "her password").build_blocking()?;
//! for pipeline in client.pipelines().list()? {
//!     println!("{} {}", pipeline.pipeline_id, pipeline.name);
//! }
//! let run = client.pipeline("1b33ad2f_33d3_4837_9eeb_83c82c8b909d").execute()?.wait()?;
//! # Ok(())
//! # }
//! ```
//!
//! A client has a runtime of its own with one thread, which its clones and handles share and the last of them ends. Streams
//! are iterators. Within an asynchronous runtime a call answers an error of the kind
//! [`InvalidInput`](crate::ErrorKind::InvalidInput) and sends nothing: waiting there would stop the runtime.

mod client;
mod engine;
#[rustfmt::skip]
mod generated;
mod streams;

pub use generated::*;
pub use streams::{Items, Pages, RunStates};
