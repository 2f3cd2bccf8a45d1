#![doc = include_str!("../README.md")]

pub mod command;
pub mod engine;
pub mod front;
pub mod got;
pub mod interop;
pub mod laws;
pub mod people;
pub mod report;
pub mod sdk;
pub mod session;
pub mod stage;
pub mod suite;
pub mod target;
pub mod world;
