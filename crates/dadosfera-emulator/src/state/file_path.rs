//! The paths of files and folders in storage.
//!
//! Rule (ours): a folder begins with `/` and holds no empty segment, `.`, `..`, backslash or control character; a slash at
//! its end means nothing. Every other character of Unicode is fine, and its spelling is kept. The root is `/`.

const MAX_LENGTH: usize = 1024;
const MAX_NAME_LENGTH: usize = 255;

/// A folder as answers spell it; the error is a text for the caller.
pub(crate) fn folder(name: &str, text: &str) -> Result<String, String> {
    let Some(rest) = text.strip_prefix('/') else {
        return Err(format!("{name} must begin with /"));
    };
    if text.len() > MAX_LENGTH {
        return Err(format!("{name} must not be longer than {MAX_LENGTH} bytes"));
    }
    let cut = rest.strip_suffix('/').filter(|cut| !cut.is_empty());
    let rest = cut.unwrap_or(rest);
    if !rest.is_empty() {
        for segment in rest.split('/') {
            check_segment(segment).map_err(|why| format!("{name} must not hold {why}"))?;
        }
    }
    Ok(format!("/{rest}"))
}

/// A file's name, without a folder.
pub(crate) fn file_name(text: &str) -> Result<&str, String> {
    if text.contains('/') {
        return Err("the file name must not hold a slash".into());
    }
    check_segment(text).map_err(|why| format!("the file name must not hold {why}"))?;
    Ok(text)
}

/// A file in a folder.
pub(crate) fn join(folder: &str, name: &str) -> String {
    let folder = folder.trim_end_matches('/');
    format!("{folder}/{name}")
}

/// The folder and the name of a path that [`join`] made.
pub(crate) fn split(path: &str) -> (&str, &str) {
    match path.rsplit_once('/') {
        Some(("", name)) => ("/", name),
        Some(both) => both,
        None => ("/", path),
    }
}

fn check_segment(segment: &str) -> Result<(), String> {
    if segment.is_empty() {
        Err("an empty segment".into())
    } else if matches!(segment, "." | "..") {
        Err(format!("the segment {segment}"))
    } else if segment.contains('\\') {
        Err("a backslash".into())
    } else if segment.chars().any(char::is_control) {
        Err("a control character".into())
    } else if segment.len() > MAX_NAME_LENGTH {
        Err(format!("a segment of more than {MAX_NAME_LENGTH} bytes"))
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_has_one_spelling() {
        for (text, expected) in [
            ("/", "/"),
            ("/raw", "/raw"),
            ("/raw/x/", "/raw/x"),
            ("/ação/🚀 b", "/ação/🚀 b"),
            ("/...", "/..."),
        ] {
            assert_eq!(folder("folderPath", text).as_deref(), Ok(expected));
        }
    }

    #[test]
    fn tricks_are_refused() {
        for text in [
            "",
            "raw",
            "//",
            "/a//b",
            "/../etc",
            "/a/..",
            "/./a",
            "/a\\b",
            "/a\u{0}",
            "/a\nb",
            "\\a",
            "C:/a",
            "/a/\u{85}",
        ] {
            assert!(folder("folderPath", text).is_err(), "{text:?}");
        }
        assert!(folder("folderPath", &format!("/{}", "x".repeat(256))).is_err());
        assert!(folder("folderPath", &"/x".repeat(600)).is_err());
        for text in ["", ".", "..", "a/b", "a\\b", "\u{7f}"] {
            assert!(file_name(text).is_err(), "{text:?}");
        }
        assert_eq!(file_name("..csv"), Ok("..csv"));
    }

    #[test]
    fn a_path_is_split_where_it_was_joined() {
        for (folder, name) in [("/", "a"), ("/raw", "a.csv"), ("/raw/x", "ação")] {
            assert_eq!(split(&join(folder, name)), (folder, name));
        }
    }
}
