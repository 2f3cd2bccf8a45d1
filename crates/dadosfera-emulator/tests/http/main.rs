//! The emulator over HTTP: what the documentation shows, byte by byte where it shows bytes.
//!
//! Expected answers are literals, most of them the vendor's own samples; none is made by serialising our types.

#![expect(
    clippy::unwrap_used,
    reason = "clippy knows that a test function may panic, but not that its helpers are tests too"
)]

mod caller;
mod session;

mod anything;
mod api_keys;
mod auth;
mod bad_input;
mod catalog;
mod command;
mod connections;
mod customers;
mod determinism;
mod faults;
mod jobs;
mod landing;
mod leftovers;
mod oauth;
mod persistence;
mod pipelines;
mod pipelines_v2;
mod runs;
mod seeds;
mod storage;
mod users;
