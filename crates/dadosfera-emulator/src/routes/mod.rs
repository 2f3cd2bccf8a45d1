//! HTTP to state and back, one file for each noun; nothing is decided here but how an answer looks.

pub(crate) mod byte_range;
pub(crate) mod fields;
pub(crate) mod query;
pub(crate) mod table_columns;
pub(crate) mod times;

pub(crate) mod api_keys;
pub(crate) mod auth;
pub(crate) mod catalog;
pub(crate) mod connections;
pub(crate) mod customers;
pub(crate) mod datasets;
pub(crate) mod files;
pub(crate) mod health;
pub(crate) mod jobs;
pub(crate) mod memory;
pub(crate) mod permissions;
pub(crate) mod pipelines;
pub(crate) mod pipelines_v2;
pub(crate) mod runs;
pub(crate) mod tables;
pub(crate) mod tables_view;
pub(crate) mod users;
