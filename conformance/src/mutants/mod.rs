//! Mutants: an emulator without one of its rules, and the law or check that must notice.
//!
//! A check that cannot fire looks like a pass. So each law and each check of an answer has a mutant at least, and a run
//! over all of them fails where one survives, or where only something else than what was expected notices it.

mod report;
mod run;
mod table;

pub use report::to_text;
pub use run::{Outcome, Row, Settings, run};
pub use table::{MUTANTS, Mutant};
