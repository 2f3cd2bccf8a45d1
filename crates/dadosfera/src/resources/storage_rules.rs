//! What a file and a folder in storage can be called, and how large a file can be: checked before anything is sent.
//!
//! The rules of names are those that no path can break (inferred). The size is what an import in the web application takes
//! (reported); [`Upload::largest`](crate::Upload::largest) takes it elsewhere.

use crate::error::Error;

/// What an import in the web application takes.
pub(crate) const LARGEST: u64 = 250 * 1000 * 1000;
const LONGEST_PATH: usize = 1024;
const LONGEST_SEGMENT: usize = 255;

/// A folder: `/` or `/raw/x`. A slash at its end means nothing, and is taken off.
pub(crate) fn folder(field: &str, text: &str) -> Result<String, Error> {
    let refuse = |rule: String| {
        Err(Error::invalid_field(
            field,
            rule,
            "write a folder from the root on, such as /raw/shop",
        ))
    };
    let Some(rest) = text.strip_prefix('/') else {
        return refuse("does not begin with `/`".to_owned());
    };
    if text.len() > LONGEST_PATH {
        return refuse(format!(
            "is {} bytes long, and {LONGEST_PATH} is the longest that can be",
            text.len()
        ));
    }
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    if !rest.is_empty()
        && let Some(why) = rest.split('/').find_map(fault)
    {
        return refuse(why);
    }
    Ok(format!("/{rest}"))
}

/// The name of a file, without a folder.
pub(crate) fn file_name(field: &str, text: &str) -> Result<(), Error> {
    let why = if text.contains('/') {
        Some("holds `/`".to_owned())
    } else {
        fault(text)
    };
    why.map_or(Ok(()), |why| {
        Err(Error::invalid_field(
            field,
            why,
            "give the file a plain name, such as orders.csv",
        ))
    })
}

/// The path of a file, as its folder and its name.
pub(crate) fn file_path<'a>(field: &str, text: &'a str) -> Result<(String, &'a str), Error> {
    let Some((parent, name)) = text
        .rsplit_once('/')
        .filter(|(parent, name)| !name.is_empty() && !parent.ends_with('/'))
    else {
        return Err(Error::invalid_field(
            field,
            "names no file",
            "write its path from the root on, such as /raw/shop/orders.csv",
        ));
    };
    let parent = if parent.is_empty() { "/" } else { parent };
    let parent = folder(field, parent)?;
    file_name(field, name)?;
    Ok((parent, name))
}

/// The size of a file.
pub(crate) fn size(field: &str, bytes: u64, largest: u64) -> Result<(), Error> {
    if bytes <= largest {
        return Ok(());
    }
    Err(Error::invalid_field(
        field,
        format_args!("is {bytes} bytes long, and storage takes {largest}"),
        "split the file, or allow more with largest(..) where you know that the server does",
    ))
}

fn fault(segment: &str) -> Option<String> {
    if segment.is_empty() {
        Some("holds an empty name".to_owned())
    } else if matches!(segment, "." | "..") {
        Some(format!("holds `{segment}`"))
    } else if segment.contains('\\') {
        Some(r"holds `\`".to_owned())
    } else if let Some(found) = segment.chars().find(|c| c.is_control()) {
        Some(format!("holds {found:?}"))
    } else if segment.len() > LONGEST_SEGMENT {
        Some(format!(
            "holds a name of {} bytes, and {LONGEST_SEGMENT} is the longest that can be",
            segment.len()
        ))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_a_folder_and_a_name() {
        for (path, expected) in [
            ("/a", ("/", "a")),
            ("/raw/a.csv", ("/raw", "a.csv")),
            ("/ação/🚀 b", ("/ação", "🚀 b")),
        ] {
            let (folder, name) = file_path("path", path).expect(path);
            assert_eq!((folder.as_str(), name), expected);
        }
        for path in ["", "/", "a", "raw/a", "/raw/", "/../a", "/a//b", "/a\\b/c"] {
            assert!(file_path("path", path).is_err(), "{path:?}");
        }
    }

    #[test]
    fn a_slash_at_the_end_of_a_folder_means_nothing() {
        assert_eq!(folder("folder", "/raw/").expect("fine"), "/raw");
        assert_eq!(folder("folder", "/").expect("fine"), "/");
        assert!(folder("folder", &format!("/{}", "x".repeat(256))).is_err());
        assert!(folder("folder", &"/x".repeat(600)).is_err());
    }
}
