//! The SDK for programs that are not asynchronous: every handle and method under the same name, whose calls wait.
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let runtime = tokio::runtime::Runtime::new()?;
//! # let platform = runtime.block_on(dadosfera::testing::Platform::start())?;
//! # let base_url = platform.emulator().base_url();
//! # let clock = std::sync::Arc::new(platform.clock());
//! use dadosfera::{Client, NewJdbcJob, NewPipeline};
//!
//! let client = Client::builder()
//! #   .base_url(base_url).clock(clock)
//!     .password("ana@acme.example", "acme-ana-password")
//!     .build_blocking()?;
//! let orders = NewJdbcJob::new("postgresql", "public", "orders", "1763991009206_kvpd3364_postgresql-1.0.0");
//! let pipeline = client.pipelines().create(NewPipeline::new("Orders").job(orders))?;
//! let run = client.pipeline(&pipeline).execute()?.wait()?;
//! println!("{} {}", run.pipeline_run_id, run.last_status);
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
