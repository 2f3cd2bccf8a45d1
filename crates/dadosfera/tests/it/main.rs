//! The SDK against the emulator in this process, and against servers that do what no emulator should.

mod bad_input;
mod leaks;
mod mfa;
mod pipelines;
mod retries;
mod session;
mod support;
