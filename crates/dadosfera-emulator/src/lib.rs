//! The whole of the emulated API as one value, [`Emulator`]; its README follows.
//!
#![doc = include_str!("../README.md")]

pub mod command;

mod clock;
mod emulator;
mod faults;
mod mutations;
mod options;
mod seed;
mod seed_asset;

mod admin;
mod answer;
mod api;
mod call;
mod changes;
mod consent;
mod content;
mod disk;
mod dispatch;
mod intent;
mod journal;
mod lang;
mod line;
mod mishap;
mod operations;
mod routes;
mod rows;
mod server;
mod shared;
mod state;
mod tokens;
mod upload;

pub use clock::Clock;
pub use emulator::{Builder, Emulator, StartError};
pub use faults::{Fault, FaultEffect, FaultError};
pub use journal::DataDirError;
pub use mutations::Mutation;
pub use options::{Options, RefreshAnswer};
pub use seed::{Seed, SeedCustomer, SeedError, SeedPipeline, SeedUser};
pub use seed_asset::{SeedAsset, SeedAssetTable};
pub use shared::RecordedRequest;
