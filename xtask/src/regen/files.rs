//! Files that are made from something else: which of them are stale, and their writing.

use std::path::{Path, PathBuf};

/// A path, from a folder that is named where it is used, and the text that belongs there.
pub(crate) type Made = (PathBuf, String);

/// Those that are not there as they should be.
pub(crate) fn stale<'a>(folder: &Path, files: &'a [Made]) -> Vec<&'a Made> {
    files
        .iter()
        .filter(|(path, text)| {
            std::fs::read_to_string(folder.join(path)).ok().as_deref() != Some(text)
        })
        .collect()
}

/// Writes files, and the folders that they need.
pub(crate) fn write(folder: &Path, files: &[&Made]) -> Result<(), String> {
    for (path, text) in files {
        let path = folder.join(path);
        let fails = |error: std::io::Error| format!("{}: {error}", path.display());
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).map_err(fails)?;
        }
        std::fs::write(&path, text).map_err(fails)?;
    }
    Ok(())
}

/// Their paths, as a person reads them.
pub(crate) fn names(files: &[&Made]) -> Vec<String> {
    files
        .iter()
        .map(|(path, _)| path.display().to_string())
        .collect()
}
