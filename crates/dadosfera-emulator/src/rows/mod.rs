//! Rows of files and tables: what types they have, how they lie on disk, and how files of each format become them.
//!
//! Nothing here holds more than one row in memory, but for the index of a segment and the values that statistics count.

pub(crate) mod column;
pub(crate) mod times;

pub(crate) mod segment;
pub(crate) mod stats;
pub(crate) mod view;

mod csv;
mod json;
mod parquet;
mod text;

pub(crate) mod ingest;
