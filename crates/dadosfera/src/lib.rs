//! The SDK of the Dadosfera Maestro API: sessions that refresh themselves, typed errors, run and wait.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let platform = dadosfera::testing::Platform::start().await?;
//! use dadosfera::{Client, NewJdbcJob, NewPipeline};
//!
//! let client = Client::builder()
//! #   .base_url(platform.emulator().base_url()).clock(std::sync::Arc::new(platform.clock()))
//!     .password("mfa@acme.example", "acme-mfa-password")
//!     .totp_secret("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")
//!     .build()?;
//!
//! let orders = NewJdbcJob::new("postgresql", "public", "orders", "1763991009206_kvpd3364_postgresql-1.0.0");
//! let pipeline = client.pipelines().create(NewPipeline::new("Orders").job(orders)).await?;
//! let run = client.pipeline(&pipeline).execute().await?.wait().await?;
//! println!("{} {}", run.pipeline_run_id, run.last_status);
//! # Ok(())
//! # }
//! ```
//!
//! - [`Client::builder`] takes a password (with a second factor), a refresh token or an API key, from code, environment
//!   or profile. Nothing is sent before the first call.
//! - One sign-in or refresh serves any number of concurrent callers; a caller that goes away does not disturb it.
//! - What can be repeated without harm is retried; what cannot is not. [`Error`] says which operation failed, why, and
//!   what to do next.
//! - Every list is a stream ([`Items`]) that ends rightly and can be resumed; [`Pipelines::ensure`], [`Connections::ensure`]
//!   and [`Catalog::ensure`] make sure that something of a name is there, once, as described.
//! - [`Client::with_call`] gives calls their own limits, attempts and headers; [`Client::with_answer`] shows what the server
//!   answered; [`Client::request`] sends what the SDK has no method for.
//! - Values are those of the generated crate, [`types`]; words that this version does not know are kept. `null` and absent
//!   are two things ([`Maybe`]), times keep their text ([`Timestamp`]), and secrets are never shown ([`Secret`], [`SecretMap`]).
//!
//! ```
//! use dadosfera::{Maybe, Secret, SecretMap, Timestamp, raw, types};
//!
//! let made: Timestamp = serde_json::from_str("\"2026-11-24T14:30:00.000Z\"")?;
//! println!("{made} is {}", made.parse()?.timestamp());
//! let manual = types::UpdatePipelineRequest { cron: Maybe::Null, ..Default::default() };
//! assert_eq!(serde_json::to_string(&manual)?, r#"{"cron":null}"#);
//! let config: SecretMap = serde_json::Map::from_iter([("password".to_owned(), "hunter2".into())]).into();
//! assert!(!format!("{config:?} {:?}", Secret::from("hunter2")).contains("hunter2"));
//! assert!(raw::OPS.iter().any(|operation| operation.id == "update_pipeline"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Features
//!
#![cfg_attr(feature = "document-features", doc = document_features::document_features!())]

#[cfg(feature = "blocking")]
pub mod blocking;

mod example;
#[cfg(feature = "manifest")]
pub mod manifest;
#[cfg(feature = "testing")]
pub mod testing;

mod client;
mod client_builder;
mod resources;
mod wait;

mod answer;
mod call_options;
mod ensure;
mod pages;
mod request;

mod call;
mod outcome;
mod scope;
mod transport;

mod body;
mod budget;
mod claims;
mod gate;
mod limits;
mod observe;
mod spans;

mod auth;
mod config;
mod problem;
mod retry;

mod store;

mod chance;
mod clock;
mod error;
mod id;
mod input;
#[cfg(feature = "manifest")]
mod markdown;
mod moment;
mod names;

pub use answer::{Answer, AnswerHead};
pub use call_options::CallOptions;
pub use client::Client;
pub use client_builder::ClientBuilder;
pub use config::{CredentialsReport, Environment, PassedOver, ValueSource};
pub use ensure::{Done, Ensured};
pub use error::{Error, ErrorKind};
pub use observe::{AttemptEnd, CallEnd, Metrics};
pub use pages::{Items, Pages, Position};
pub use request::Request;

pub use id::{
    ApiKeyId, ConnectionId, CustomerId, DataAssetId, DatasetId, JobId, PipelineId, PipelineRunId,
    TableId, UserId,
};

pub use names::ConnectionIdParts;

#[cfg(feature = "manifest")]
pub use markdown::markdown_to_docs;
pub use resources::api_keys::{ApiKeys, PermissionRef};
pub use resources::auth::SessionHandle;
pub use resources::catalog::{Catalog, CatalogPage, CatalogQuery, PreviewQuery};
pub use resources::connections::{ConnectionQuery, Connections};
pub use resources::customers::Customers;
pub use resources::health::Health;
pub use resources::jobs::{JobInputPatch, Jobs};
pub use resources::new_file_job::{CsvFormat, FileEncoding, FileFormat, NewFileJob};
pub use resources::new_jdbc_job::{JdbcPlugin, NewJdbcJob};
pub use resources::new_pipeline::{NewPipeline, PipelinePatch};
pub use resources::new_source_job::{NewMongoJob, NewSingerJob};
pub use resources::permissions::{MissingPermission, Permissions, PlanCheck};
pub use resources::pipelines::{PipelineHandle, Pipelines};
pub use resources::pipelines_v2::{PageOptions, PipelinesV2};
pub use resources::runs::{RunHandle, RunProgress, RunStates, Runs};
pub use resources::storage::{Download, Storage};
pub use resources::storage_download::{DownloadOptions, Downloaded};
pub use resources::storage_upload::{Transferred, Upload, Uploaded};
pub use resources::storage_upload_many::{UploadMany, UploadedOne};
pub use resources::sync_mode::{SyncMode, SyncModePlan};
pub use resources::table_from_file::TableFromFile;
pub use resources::tables::{Datasets, Tables};
pub use resources::users::Users;
pub use resources::web_links::WebLinks;
pub use wait::WaitOptions;

pub use auth::events::{SessionEvent, SessionObserver, SessionState, SessionStatus};
pub use auth::flight::SignedIn;
pub use clock::{Clock, Sleep, SystemClock};
pub use store::{
    FileStore, MemoryStore, Record, StoreError, StoreErrorKind, StoreFuture, StoreGuard, TokenStore,
};

#[cfg(feature = "redis")]
pub use store::RedisStore;
#[cfg(feature = "keyring")]
pub use store::{Keyring, KeyringStore};

pub use dadosfera_raw as raw;
pub use dadosfera_raw::{Maybe, Secret, SecretMap, Timestamp, types};
