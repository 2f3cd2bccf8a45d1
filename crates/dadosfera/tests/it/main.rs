//! The SDK against the emulator in this process, and against servers that do what no emulator should.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "helpers of tests may fail a test and print for it, but the lints know only functions marked as tests"
)]

mod answers;
mod bad_input;
mod blocking;
mod calls;
mod credentials;
mod ensure;
mod features;
mod keyrings;
mod leaks;
mod lists;
mod manifest;
mod mfa;
mod outloud;
mod permissions;
mod pipelines;
mod races;
mod redis_server;
mod redis_stores;
mod refusals;
mod retries;
mod rotation;
mod runs;
mod scenarios;
mod session;
mod session_inputs;
mod spans;
mod storage;
mod stores;
mod support;
mod system_keyrings;
mod testing;
mod torn;
mod wishes;
