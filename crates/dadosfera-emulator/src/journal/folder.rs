//! The data directory: whose it is, who may read it, and where what lies in it.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use crate::disk::TEMPORARY;
use crate::journal::refusal::DataDirError;

const LOCK: &str = "lock";
const FILES: &str = "files";
const JOURNAL: &str = "journal.redb";
/// The journal until it is whole for the first time.
const UNFINISHED: &str = "journal.redb.new";

/// A data directory that is ours as long as this lives: the lock goes with the process, however that ends.
#[derive(Debug)]
pub(crate) struct Folder {
    root: PathBuf,
    is_new: bool,
    /// Temporary folders of emulators that were killed.
    stale: Vec<PathBuf>,
    _lock: File,
}

impl Folder {
    /// Takes a directory, which is made where there is none.
    pub(crate) fn take(root: &Path) -> Result<Self, DataDirError> {
        let io = |error| DataDirError::io(root)(error);
        if !fs::exists(root).map_err(io)? {
            make(root).map_err(io)?;
        }
        check_private(root)?;
        let is_new = !fs::exists(root.join(JOURNAL)).map_err(io)?;
        if is_new {
            for entry in fs::read_dir(root).map_err(io)? {
                let name = entry.map_err(io)?.file_name();
                let name = name.to_string_lossy();
                if ![LOCK, FILES, UNFINISHED].contains(&&*name) && !name.starts_with(TEMPORARY) {
                    let path = root.to_owned();
                    return Err(DataDirError::NotOurs { path });
                }
            }
        } else {
            check_private(&root.join(JOURNAL))?;
        }
        let path = root.join(LOCK);
        let lock = private_file()
            .open(&path)
            .map_err(DataDirError::io(&path))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let path = root.to_owned();
                return Err(DataDirError::InUse { path });
            }
            Err(TryLockError::Error(error)) => return Err(DataDirError::io(&path)(error)),
        }
        let mut stale = Vec::new();
        for entry in fs::read_dir(root).map_err(io)? {
            let entry = entry.map_err(io)?;
            if entry.file_name().to_string_lossy().starts_with(TEMPORARY) {
                stale.push(entry.path());
            }
        }
        Ok(Self {
            root: root.to_owned(),
            is_new,
            stale,
            _lock: lock,
        })
    }

    /// Whether it has no journal yet.
    pub(crate) fn is_new(&self) -> bool {
        self.is_new
    }

    /// Where uploads lie.
    pub(crate) fn files(&self) -> PathBuf {
        self.root.join(FILES)
    }

    pub(crate) fn journal(&self) -> PathBuf {
        self.root.join(JOURNAL)
    }

    /// Makes what a new one holds; `write` fills the journal, which is there only once it is whole.
    pub(crate) fn begin(
        &self,
        write: impl FnOnce(File) -> Result<(), String>,
    ) -> Result<(), DataDirError> {
        let unfinished = self.root.join(UNFINISHED);
        let done = || -> io::Result<()> {
            if !fs::exists(self.files())? {
                make(&self.files())?;
            }
            let file = private_file().truncate(true).open(&unfinished)?;
            write(file.try_clone()?).map_err(io::Error::other)?;
            file.sync_all()?;
            fs::rename(&unfinished, self.journal())?;
            File::open(&self.root)?.sync_all()?;
            match self.root.parent() {
                Some(parent) if !parent.as_os_str().is_empty() => File::open(parent)?.sync_all(),
                _ => Ok(()),
            }
        };
        done().map_err(DataDirError::io(&self.root))
    }

    /// Removes the temporary folders of emulators that were killed.
    pub(crate) fn sweep(&self) -> io::Result<()> {
        self.stale.iter().try_for_each(fs::remove_dir_all)
    }
}

fn make(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

fn private_file() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

#[cfg(unix)]
fn check_private(path: &Path) -> Result<(), DataDirError> {
    use std::os::unix::fs::PermissionsExt;
    let found = fs::metadata(path).map_err(DataDirError::io(path))?;
    let mode = found.permissions().mode() & 0o777;
    if mode & 0o077 == 0 {
        return Ok(());
    }
    let path = path.to_owned();
    Err(DataDirError::TooOpen { path, mode })
}

/// Who may read what is another matter there: what an owner's folder inherits.
#[cfg(not(unix))]
fn check_private(path: &Path) -> Result<(), DataDirError> {
    fs::metadata(path).map_err(DataDirError::io(path))?;
    Ok(())
}
