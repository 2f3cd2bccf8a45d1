//! What every text that a caller gives has to keep, told before anything is sent.
//!
//! Rule: nothing is refused here that a server could accept. The lengths are those of the warehouse's identifiers, which
//! names end up as (255 characters), and of descriptions that no form would take.

use std::collections::HashSet;

use crate::error::Error;

/// The longest name: what an identifier of the warehouse can hold.
pub(crate) const LONGEST_NAME: usize = 255;
/// The most MB that a pipeline or a job can have (documented: 12 GB).
pub(crate) const MOST_MEMORY: u32 = 12_000;

/// A name: not empty, on one line, not too long.
pub(crate) fn name(field: &str, text: &str) -> Result<(), Error> {
    if text.trim().is_empty() {
        return Err(Error::invalid_field(field, "is empty", "give it a name"));
    }
    if let Some(found) = text.chars().find(|c| c.is_control()) {
        return Err(Error::invalid_field(
            field,
            format_args!("holds {found:?}"),
            "a name stands on one line",
        ));
    }
    let length = text.chars().count();
    if length > LONGEST_NAME {
        return Err(Error::invalid_field(
            field,
            format_args!("is {length} characters long"),
            format!("a name has {LONGEST_NAME} at most"),
        ));
    }
    Ok(())
}

/// A list of names that is not empty and names nothing twice.
pub(crate) fn names(field: &str, list: &[String], if_empty: &str) -> Result<(), Error> {
    if list.is_empty() {
        return Err(Error::invalid_field(field, "is empty", if_empty));
    }
    let mut seen = HashSet::new();
    for (index, text) in list.iter().enumerate() {
        let field = format!("{field}[{index}]");
        name(&field, text)?;
        if !seen.insert(text) {
            return Err(Error::invalid_field(
                field,
                format_args!("names `{}` a second time", text.escape_debug()),
                "name each once",
            ));
        }
    }
    Ok(())
}

/// Memory in MB.
pub(crate) fn memory(field: &str, megabytes: u32) -> Result<(), Error> {
    if megabytes == 0 || megabytes > MOST_MEMORY {
        return Err(Error::invalid_field(
            field,
            format_args!("is {megabytes} MB"),
            format!("it can be 1 to {MOST_MEMORY} MB (12 GB)"),
        ));
    }
    Ok(())
}

/// An absolute http or https address.
pub(crate) fn address(field: &str, text: &str) -> Result<(), Error> {
    let is_address = reqwest::Url::parse(text)
        .is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    if is_address {
        return Ok(());
    }
    Err(Error::invalid_field(
        field,
        "is no address",
        "write it whole, such as https://example.com/page",
    ))
}
