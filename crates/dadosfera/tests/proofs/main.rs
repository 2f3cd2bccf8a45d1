//! Proofs of the session that take thousands of tokens: a simulated year, herds of ten thousand, fleets of processes.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "helpers of tests may fail a test and tell its seed, but the lints know only functions marked as tests"
)]

mod fleet;
mod herds;
mod idp;
#[path = "../it/redis_server.rs"]
#[expect(dead_code, reason = "the other tests ask it more")]
mod redis_server;
mod workers;
mod year;
