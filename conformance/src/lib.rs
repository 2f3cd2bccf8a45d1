//! One suite for every server that says it is Maestro: an engine that knows OpenAPI, and laws that know Maestro.
//!
#![doc = include_str!("../README.md")]

pub mod check_command;
pub mod command;
pub mod engine;
pub mod explore;
pub mod front;
pub mod generic;
pub mod generic_command;
pub mod got;
pub mod interop;
pub mod laws;
pub mod live;
pub mod live_command;
pub mod making;
pub mod mutants;
pub mod people;
pub mod report;
pub mod sdk;
pub mod seeds;
pub mod session;
pub mod stage;
pub mod suite;
pub mod target;
pub mod world;
