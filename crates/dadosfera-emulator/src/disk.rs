//! The emulator's folder on disk: files that live as long as somebody holds them.
//!
//! A file is written once and never changed. Whoever reads it holds it, so what is deleted or replaced meanwhile is
//! still read to its end; the file goes with its last holder, and the folder with the emulator.

use std::fs::{self, File};
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tempfile::TempDir;

/// The folder among the system's temporary files, made when the first file is; clones share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Disk {
    folder: Arc<Folder>,
}

#[derive(Debug, Default)]
struct Folder {
    root: Mutex<Option<TempDir>>,
    next: AtomicU64,
}

/// A file that is removed when it is dropped.
#[derive(Debug)]
pub(crate) struct DiskFile {
    path: PathBuf,
    /// The folder outlives its files.
    _folder: Arc<Folder>,
}

impl Disk {
    /// A new, empty file, open for writing; its name begins with what it is for.
    pub(crate) fn create(&self, kind: &str) -> io::Result<(DiskFile, File)> {
        let path = self.free_path(kind)?;
        let file = File::create_new(&path)?;
        let held = DiskFile {
            path,
            _folder: Arc::clone(&self.folder),
        };
        Ok((held, file))
    }

    /// Gives a file a name that begins with this.
    pub(crate) fn rename(&self, file: &mut DiskFile, kind: &str) -> io::Result<()> {
        let path = self.free_path(kind)?;
        fs::rename(&file.path, &path)?;
        file.path = path;
        Ok(())
    }

    /// How many files there are.
    #[cfg(test)]
    pub(crate) fn count(&self) -> usize {
        let root = self.root().unwrap();
        fs::read_dir(root).unwrap().count()
    }

    fn free_path(&self, kind: &str) -> io::Result<PathBuf> {
        let number = self.folder.next.fetch_add(1, Ordering::Relaxed);
        Ok(self.root()?.join(format!("{kind}.{number}")))
    }

    fn root(&self) -> io::Result<PathBuf> {
        let mut root = self
            .folder
            .root
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let folder = match root.take() {
            Some(folder) => folder,
            None => tempfile::Builder::new()
                .prefix("dadosfera-emulator-")
                .tempdir()?,
        };
        Ok(root.insert(folder).path().to_owned())
    }
}

impl DiskFile {
    pub(crate) fn open(&self) -> io::Result<File> {
        File::open(&self.path)
    }

    #[cfg(test)]
    pub(crate) fn path(&self) -> &std::path::Path {
        &self.path
    }
}

impl Drop for DiskFile {
    fn drop(&mut self) {
        // What cannot be removed now goes with the folder.
        let _ = fs::remove_file(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_goes_with_its_holder_and_the_folder_with_the_last_of_them() {
        let disk = Disk::default();
        let (mut one, _) = disk.create("incoming").unwrap();
        let (two, _) = disk.create("incoming").unwrap();
        disk.rename(&mut one, "content").unwrap();
        assert_eq!(disk.count(), 2);
        drop(one);
        assert_eq!(disk.count(), 1);
        let root = two.path().parent().unwrap().to_owned();
        drop(disk);
        assert!(two.open().is_ok());
        drop(two);
        assert!(!root.exists());
    }
}
