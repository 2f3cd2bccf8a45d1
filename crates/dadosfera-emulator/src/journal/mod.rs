//! What makes a world outlive its process: every change is written, and synced, before it is made.
//!
//! Rules: a change that cannot be written is not made. The order in the journal is the order in which changes are made,
//! since one thread does both; what waits meanwhile is written together. A start makes the world of the seed and then all
//! changes again, each at its time, so nothing of the state itself is on disk, beside the files that were uploaded.
//! A folder that is refused is left as it was.

mod entry;
mod folder;
mod refusal;
mod restore;
mod store;
mod trial;
mod writer;

pub use refusal::DataDirError;
pub(crate) use restore::{NotRestored, Restored, restore};
pub(crate) use writer::Journal;
