//! Makes an OpenAPI document one that the other steps can take: version 3.0, plain references, names that are Rust names,
//! parameters and bodies that the generator can write (what it cannot is marked with `x-wire` for the pass after it).
//!
//! Each change is reported; what would lose meaning is a problem with its place.

mod bodies;
pub(crate) mod down;
pub(crate) mod forms;
mod keys;
mod knots;
pub(crate) mod merge;
mod names;
mod operations;
mod references;
mod shape;

use super::document::Document;
use super::problem::Problem;
use super::report::Report;

/// Marks a stand-in for the generator, with what is to be sent in its place.
pub(crate) const WIRE: &str = "x-wire";

/// Rewrites the document in place.
pub(crate) fn prepare(document: &mut Document, report: &mut Report) -> Result<(), Vec<Problem>> {
    let mut problems = Vec::new();
    shape::hold(&mut document.root, report, &mut problems);
    keys::check(&document.root, report, &mut problems);
    if !problems.is_empty() {
        return Err(problems);
    }
    down::to_3_0(&mut document.root, report, &mut problems);
    if !problems.is_empty() {
        return Err(problems);
    }
    references::plain(document, report, &mut problems);
    if !problems.is_empty() {
        return Err(problems);
    }
    names::fit(document, report, &mut problems);
    if !problems.is_empty() {
        return Err(problems);
    }
    knots::tie(document, report);
    merge::flatten(document, report, &mut problems);
    if !problems.is_empty() {
        return Err(problems);
    }
    operations::rewrite(document, report, &mut problems);
    if problems.is_empty() {
        Ok(())
    } else {
        Err(problems)
    }
}

/// Makes of a document one whose meaning can be compared with another's: names and bodies stay as they are.
pub(crate) fn compared(document: &mut Document) -> Result<(), Vec<Problem>> {
    let (mut report, mut problems) = (Report::default(), Vec::new());
    shape::hold(&mut document.root, &mut report, &mut problems);
    keys::check(&document.root, &mut report, &mut problems);
    if problems.is_empty() {
        down::to_3_0(&mut document.root, &mut report, &mut problems);
    }
    if problems.is_empty() {
        references::plain(document, &mut report, &mut problems);
    }
    if problems.is_empty() {
        knots::tie(document, &mut report);
        merge::flatten(document, &mut report, &mut problems);
    }
    if problems.is_empty() {
        Ok(())
    } else {
        Err(problems)
    }
}

/// The name that a parameter's argument has.
pub(crate) fn argument(name: &str) -> String {
    names::snake(name)
}
