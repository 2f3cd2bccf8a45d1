//! What a run says: to a person, and to programs. All of them only print what the report holds, which is free of secrets.

mod har;
mod html;
mod json;
mod junit;
mod sarif;
mod screen;
mod summary;
mod table;
mod view;
mod write;

pub use har::to_har;
pub use html::to_html;
pub use json::{VERSION, to_json};
pub use junit::to_junit;
pub use sarif::to_sarif;
pub use screen::to_screen;
pub use summary::to_summary;
pub use table::{finding_to_text, to_text};
pub use view::{ConstraintView, FindingView, OperationView, RuleView, VIEW_VERSION, View};
pub use write::{Output, Written};
