//! The rules of the world: pure and deterministic.
//!
//! Nothing here knows HTTP, is async, or reads a clock: every function is given the time.
//! What happens by itself (runs that end, schedules that fire) happens in [`world::World::catch_up`], in the order of time.

pub(crate) mod chance;
pub(crate) mod ids;
pub(crate) mod landing;
pub(crate) mod schedule;
pub(crate) mod totp;

pub(crate) mod api_keys;
pub(crate) mod customers;
pub(crate) mod permissions;
pub(crate) mod refresh_families;
pub(crate) mod users;

pub(crate) mod connections;
pub(crate) mod hosts;
pub(crate) mod oauth;
pub(crate) mod plugins;
pub(crate) mod redirects;
pub(crate) mod secret;

pub(crate) mod catalog;
pub(crate) mod catalog_index;
pub(crate) mod catalog_texts;
pub(crate) mod data_asset;

pub(crate) mod health;
pub(crate) mod job_input;
pub(crate) mod jobs;
pub(crate) mod pipeline;
pub(crate) mod pipelines;
pub(crate) mod runs;

pub(crate) mod datasets;
pub(crate) mod file_path;
pub(crate) mod files;
pub(crate) mod storage;
pub(crate) mod tables;

pub(crate) mod extraction;
pub(crate) mod warehouse;

pub(crate) mod world;
