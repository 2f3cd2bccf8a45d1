//! What makes a run on a live host safe: everything that it makes has a name of ours and stands in a ledger, and nothing else
//! is changed or deleted.

mod keeper;
mod made;
mod profile;
mod sweep;

pub use crate::engine::{Intent, Ledger, LedgerError, Thing};
pub use keeper::Housekeeper;
pub use profile::{Profile, ProfileError};
pub use sweep::Swept;
pub(crate) use sweep::sweep;

/// What no run may do on a live host: a consent takes a browser, and a customer is never one that the run made.
pub(crate) const NEVER: [&str; 2] = ["complete_connection", "update_customer"];
