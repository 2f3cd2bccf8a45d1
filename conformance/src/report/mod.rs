//! What a run says: to a person, and to a program. Both only print what the report holds, which is free of secrets.

mod json;
mod table;

pub use json::{VERSION, to_json};
pub use table::{finding_to_text, to_text};
