//! The emulator's folders on disk: files that live as long as somebody holds them.
//!
//! A file is written once and never changed. Whoever reads it holds it, so what is deleted or replaced meanwhile is
//! still read to its end; the file goes with its last holder. A temporary folder goes with the emulator. In a lasting one
//! files are synced before anything names them, and nothing is removed before [`Disk::begin_to_remove`] and after
//! [`Disk::stop_removing`]: what is dropped with a whole world stays for the next start.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tempfile::TempDir;

/// A folder; clones share it. The default is one among the system's temporary files, made when the first file is.
#[derive(Debug, Clone, Default)]
pub(crate) struct Disk {
    folder: Arc<Folder>,
}

#[derive(Debug, Default)]
struct Folder {
    root: Mutex<Root>,
    next: AtomicU64,
    /// What a lasting folder should hold, by name with its length, until it begins to remove.
    expected: Mutex<BTreeMap<String, u64>>,
    removes: AtomicBool,
}

#[derive(Debug)]
enum Root {
    /// Not made yet; below this folder, or where the system wants it.
    Unmade(Option<PathBuf>),
    Temporary(TempDir),
    Lasting(PathBuf),
}

/// A file that is removed when it is dropped.
#[derive(Debug)]
pub(crate) struct DiskFile {
    path: PathBuf,
    /// Whether it stays when it is dropped.
    kept: AtomicBool,
    /// The folder outlives its files.
    folder: Arc<Folder>,
}

impl Default for Root {
    fn default() -> Self {
        Self::Unmade(None)
    }
}

impl Disk {
    /// A temporary folder below this one.
    pub(crate) fn temporary_in(parent: PathBuf) -> Self {
        Self::of(Root::Unmade(Some(parent)))
    }

    /// A folder that is there, and whose files outlive the emulator.
    pub(crate) fn lasting(root: PathBuf) -> Self {
        Self::of(Root::Lasting(root))
    }

    fn of(root: Root) -> Self {
        let folder = Folder {
            root: Mutex::new(root),
            ..Folder::default()
        };
        Self {
            folder: Arc::new(folder),
        }
    }

    pub(crate) fn is_lasting(&self) -> bool {
        matches!(*self.folder.root(), Root::Lasting(_))
    }

    /// A new, empty file, open for writing; its name begins with what it is for.
    pub(crate) fn create(&self, kind: &str) -> io::Result<(DiskFile, File)> {
        let path = self.free_path(kind)?;
        let file = File::create_new(&path)?;
        Ok((self.held(path), file))
    }

    /// Gives a file a name that begins with this.
    pub(crate) fn rename(&self, file: &mut DiskFile, kind: &str) -> io::Result<()> {
        let path = self.free_path(kind)?;
        fs::rename(&file.path, &path)?;
        file.path = path;
        Ok(())
    }

    /// Makes the names of all files that were made or renamed until now outlive a crash.
    pub(crate) fn sync_names(&self) -> io::Result<()> {
        let root = match &*self.folder.root() {
            Root::Lasting(root) => root.clone(),
            _ => return Ok(()),
        };
        File::open(root)?.sync_all()
    }

    /// A file of an earlier life, by its name and length; it may be gone if it is dropped before anybody looks.
    pub(crate) fn adopt(&self, name: &str, length: u64) -> io::Result<DiskFile> {
        if name.contains(['/', '\\']) || name.starts_with('.') {
            return Err(io::Error::other(format!("{name} is no name of a file")));
        }
        let number = name.rsplit_once('.').and_then(|(_, end)| end.parse().ok());
        let next = number.unwrap_or(0_u64).saturating_add(1);
        self.folder.next.fetch_max(next, Ordering::Relaxed);
        self.folder.expected().insert(name.to_owned(), length);
        let path = self.root()?.join(name);
        Ok(self.held(path))
    }

    /// Whether all files that were adopted, and not dropped since, are there; else what is wrong.
    pub(crate) fn check(&self) -> Result<(), String> {
        let root = self.root().map_err(|error| error.to_string())?;
        for (name, length) in &*self.folder.expected() {
            match fs::metadata(root.join(name)) {
                Ok(found) if found.len() == *length => {}
                Ok(found) => {
                    let found = found.len();
                    return Err(format!("{name} has {found} bytes in place of {length}"));
                }
                Err(error) => return Err(format!("{name} cannot be read: {error}")),
            }
        }
        Ok(())
    }

    /// Removes what nobody adopted, and from now on what is dropped.
    pub(crate) fn begin_to_remove(&self) -> io::Result<()> {
        let root = self.root()?;
        let expected = std::mem::take(&mut *self.folder.expected());
        for entry in fs::read_dir(root)? {
            let entry = entry?;
            let known = entry.file_name().into_string();
            if !known.is_ok_and(|name| expected.contains_key(&name)) {
                fs::remove_file(entry.path())?;
            }
        }
        self.folder.removes.store(true, Ordering::SeqCst);
        Ok(())
    }

    /// Leaves in a lasting folder what is dropped from now on.
    pub(crate) fn stop_removing(&self) {
        self.folder.removes.store(false, Ordering::SeqCst);
    }

    /// How many files there are.
    #[cfg(test)]
    pub(crate) fn count(&self) -> usize {
        let root = self.root().unwrap();
        fs::read_dir(root).unwrap().count()
    }

    fn held(&self, path: PathBuf) -> DiskFile {
        DiskFile {
            path,
            kept: AtomicBool::new(false),
            folder: Arc::clone(&self.folder),
        }
    }

    fn free_path(&self, kind: &str) -> io::Result<PathBuf> {
        let number = self.folder.next.fetch_add(1, Ordering::Relaxed);
        Ok(self.root()?.join(format!("{kind}.{number}")))
    }

    fn root(&self) -> io::Result<PathBuf> {
        let mut root = self.folder.root();
        if let Root::Unmade(parent) = &*root {
            let mut builder = tempfile::Builder::new();
            builder.prefix(TEMPORARY);
            *root = Root::Temporary(match parent {
                Some(parent) => builder.tempdir_in(parent)?,
                None => builder.tempdir()?,
            });
        }
        Ok(match &*root {
            Root::Temporary(folder) => folder.path().to_owned(),
            Root::Lasting(folder) | Root::Unmade(Some(folder)) => folder.clone(),
            Root::Unmade(None) => PathBuf::new(),
        })
    }
}

/// How the names of temporary folders begin.
pub(crate) const TEMPORARY: &str = "dadosfera-emulator-";

impl Folder {
    fn root(&self) -> MutexGuard<'_, Root> {
        self.root.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn expected(&self) -> MutexGuard<'_, BTreeMap<String, u64>> {
        self.expected.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl DiskFile {
    pub(crate) fn open(&self) -> io::Result<File> {
        File::open(&self.path)
    }

    /// Its name in its folder.
    pub(crate) fn name(&self) -> String {
        let name = self.path.file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    }

    pub(crate) fn is_lasting(&self) -> bool {
        matches!(*self.folder.root(), Root::Lasting(_))
    }

    /// Lets it stay where it is, in a lasting folder, when it is dropped: what was made from it is made from it again.
    pub(crate) fn keep(&self) {
        if self.is_lasting() {
            self.kept.store(true, Ordering::SeqCst);
        }
    }

    #[cfg(test)]
    pub(crate) fn path(&self) -> &std::path::Path {
        &self.path
    }
}

impl Drop for DiskFile {
    fn drop(&mut self) {
        if self.kept.load(Ordering::SeqCst) {
            return;
        }
        if !self.is_lasting() || self.folder.removes.load(Ordering::SeqCst) {
            // What cannot be removed now goes with the folder, or at the next start.
            let _ = fs::remove_file(&self.path);
        } else {
            self.folder.expected().remove(&self.name());
        }
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

    #[test]
    fn a_lasting_folder_keeps_what_was_adopted_and_loses_what_nobody_names() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["a.1", "b.2", "c.3", "incoming.4"] {
            fs::write(folder.path().join(name), "four").unwrap();
        }
        let disk = Disk::lasting(folder.path().to_owned());
        let kept = disk.adopt("a.1", 4).unwrap();
        let dropped = disk.adopt("b.2", 4).unwrap();
        let made_from = disk.adopt("c.3", 4).unwrap();
        drop(dropped);
        made_from.keep();
        drop(made_from);
        assert_eq!(disk.count(), 4);
        disk.check().unwrap();
        disk.begin_to_remove().unwrap();
        assert_eq!(disk.count(), 2);
        assert_eq!(disk.create("d").unwrap().0.name(), "d.4");
        disk.stop_removing();
        drop(kept);
        assert_eq!(disk.count(), 2);
    }

    #[test]
    fn a_file_that_is_missing_or_cut_is_told() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a.1"), "thr").unwrap();
        let disk = Disk::lasting(folder.path().to_owned());
        let cut = disk.adopt("a.1", 4).unwrap();
        assert_eq!(disk.check().unwrap_err(), "a.1 has 3 bytes in place of 4");
        drop(cut);
        disk.check().unwrap();
        let _gone = disk.adopt("b.2", 4).unwrap();
        assert!(disk.check().unwrap_err().starts_with("b.2 cannot be read"));
        assert!(disk.adopt("../x", 1).is_err());
    }
}
