//! A store in a file that only its owner can read, with an advisory lock beside it that dies with its process.
//!
//! Rules: the folder is 0700 and the file 0600; a wider one, another owner's or a symbolic link is refused. A record is
//! written beside the old one, synced, and put in its place. On Windows the rights of the user's profile have to do.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use zeroize::Zeroizing;

use super::failure::{StoreError, StoreErrorKind};
use super::record::Record;
use super::{StoreFuture, StoreGuard, TokenStore};

/// No record comes near.
const LARGEST: u64 = 1024 * 1024;
/// How long between two looks at a lock that somebody else holds: doubling, since most refreshes are short.
const FIRST_POLL: Duration = Duration::from_millis(1);
const LONGEST_POLL: Duration = Duration::from_millis(20);
/// More records than this aside are a quarrel between two programs, not an accident.
const MOST_ASIDE: u32 = 100;

/// Keeps the tokens in a file, for one user of one machine. Any number of processes may share it.
///
/// ```
/// use std::sync::Arc;
/// use dadosfera::{Client, FileStore};
///
/// let client = Client::builder()
///     .password("ana@acme.example", "her password")
///     .token_store(Arc::new(FileStore::new("/home/ana/.local/state/dadosfera/session.json")))
///     .build()?;
/// # Ok::<(), dadosfera::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct FileStore {
    paths: Arc<Paths>,
}

#[derive(Debug)]
struct Paths {
    record: PathBuf,
    lock: PathBuf,
    temporary: PathBuf,
}

struct Guard {
    paths: Arc<Paths>,
    /// Closing it gives the lock back.
    _lock: File,
}

impl FileStore {
    /// A store in this file; its folder is made when it is first locked. Nothing is read yet.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        let record: PathBuf = path.into();
        let beside = |suffix: &str| {
            let mut name = record.as_os_str().to_owned();
            name.push(suffix);
            PathBuf::from(name)
        };
        Self {
            paths: Arc::new(Paths {
                lock: beside(".lock"),
                temporary: beside(".tmp"),
                record,
            }),
        }
    }
}

impl TokenStore for FileStore {
    fn place(&self) -> String {
        format!("the file {}", self.paths.record.display())
    }

    fn load(&self) -> StoreFuture<'_, Option<Record>> {
        in_background(&self.paths, Paths::load)
    }

    fn lock(&self, deadline: Duration) -> StoreFuture<'_, Box<dyn StoreGuard>> {
        Box::pin(async move {
            let wait = async {
                let mut pause = FIRST_POLL;
                loop {
                    if let Some(lock) = in_background(&self.paths, Paths::try_lock).await? {
                        return Ok::<_, StoreError>(lock);
                    }
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(LONGEST_POLL);
                }
            };
            match tokio::time::timeout(deadline, wait).await {
                Ok(lock) => Ok(Box::new(Guard {
                    paths: Arc::clone(&self.paths),
                    _lock: lock?,
                }) as Box<dyn StoreGuard>),
                Err(_) => Err(StoreError::new(
                    StoreErrorKind::Busy,
                    format!(
                        "another process holds {}; look for one that hangs",
                        self.paths.lock.display()
                    ),
                )),
            }
        })
    }
}

impl StoreGuard for Guard {
    fn load(&mut self) -> StoreFuture<'_, Option<Record>> {
        in_background(&self.paths, Paths::load)
    }

    fn save<'a>(&'a mut self, record: &'a Record) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            let bytes = record.to_bytes()?;
            in_background(&self.paths, move |paths| paths.save(&bytes)).await
        })
    }

    fn clear(&mut self) -> StoreFuture<'_, ()> {
        in_background(&self.paths, Paths::clear)
    }

    fn set_aside(&mut self) -> StoreFuture<'_, String> {
        in_background(&self.paths, Paths::set_aside)
    }

    fn release(self: Box<Self>) -> StoreFuture<'static, ()> {
        Box::pin(async move {
            drop(self);
            Ok(())
        })
    }
}

/// A disk may be slow, so no call to it holds up the runtime.
fn in_background<T: Send + 'static>(
    paths: &Arc<Paths>,
    work: impl FnOnce(&Paths) -> Result<T, StoreError> + Send + 'static,
) -> StoreFuture<'static, T> {
    let paths = Arc::clone(paths);
    Box::pin(async move {
        match tokio::task::spawn_blocking(move || work(&paths)).await {
            Ok(done) => done,
            Err(_) => Err(StoreError::new(
                StoreErrorKind::Unavailable,
                "the runtime ended during a call to the disk",
            )),
        }
    })
}

impl Paths {
    /// The folder that holds everything; a bare name lies in the current one.
    fn folder(&self) -> &Path {
        match self.record.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        }
    }

    fn load(&self) -> Result<Option<Record>, StoreError> {
        let mut file = match self.open(&self.record) {
            Ok(Some(file)) => file,
            Ok(None) => return Ok(None),
            Err(error) => return Err(error),
        };
        let mut bytes = Zeroizing::new(Vec::new());
        let read = (&mut file).take(LARGEST + 1).read_to_end(&mut bytes);
        read.map_err(|error| unreadable(&self.record, error))?;
        if bytes.len() as u64 > LARGEST {
            return Err(StoreError::new(
                StoreErrorKind::Corrupt,
                format!("{} is too large for a record", self.record.display()),
            ));
        }
        Record::from_bytes(&bytes).map(Some)
    }

    fn try_lock(&self) -> Result<Option<File>, StoreError> {
        self.make_folder()?;
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        owner_only(&mut options);
        refuse_link(&self.lock)?;
        let file = options
            .open(&self.lock)
            .map_err(|error| unwritable(&self.lock, error))?;
        safety::check(&self.lock, &file)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(file)),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(StoreError::new(
                StoreErrorKind::Unavailable,
                format!(
                    "{} cannot be locked ({error}); put the file on a disk of this machine",
                    self.lock.display()
                ),
            )),
        }
    }

    fn save(&self, bytes: &[u8]) -> Result<(), StoreError> {
        // Who is refused to read is refused to write: what lies there may be another's.
        drop(self.open(&self.record)?);
        match self.write_beside(bytes) {
            Ok(()) => Ok(()),
            Err(error) => {
                // Half a record is of no use to anybody.
                let _ = fs::remove_file(&self.temporary);
                Err(unwritable(&self.record, error))
            }
        }
    }

    fn write_beside(&self, bytes: &[u8]) -> io::Result<()> {
        // Left behind by a process that died in between; nobody else writes here, since we hold the lock.
        match fs::remove_file(&self.temporary) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        owner_only(&mut options);
        let mut file = options.open(&self.temporary)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&self.temporary, &self.record)?;
        sync_folder(self.folder())
    }

    fn clear(&self) -> Result<(), StoreError> {
        match fs::remove_file(&self.record) {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(unwritable(&self.record, error)),
        }
    }

    fn set_aside(&self) -> Result<String, StoreError> {
        for number in 1..=MOST_ASIDE {
            let mut name = self.record.as_os_str().to_owned();
            name.push(format!(".aside-{number}"));
            let aside = PathBuf::from(name);
            // Only we write here, since we hold the lock.
            if aside.symlink_metadata().is_ok() {
                continue;
            }
            return match fs::rename(&self.record, &aside) {
                Ok(()) => Ok(aside.display().to_string()),
                Err(error) => Err(unwritable(&self.record, error)),
            };
        }
        Err(StoreError::new(
            StoreErrorKind::Unwritable,
            format!(
                "{MOST_ASIDE} records lie aside of {}; give each program its own file, then remove them",
                self.record.display()
            ),
        ))
    }

    fn make_folder(&self) -> Result<(), StoreError> {
        let folder = self.folder();
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        owner_only_folder(&mut builder);
        builder
            .create(folder)
            .map_err(|error| unwritable(folder, error))?;
        safety::check_folder(folder)
    }

    /// Opens a file that is ours alone; nothing where there is none.
    fn open(&self, path: &Path) -> Result<Option<File>, StoreError> {
        refuse_link(path)?;
        match File::open(path) {
            Ok(file) => {
                safety::check(path, &file)?;
                Ok(Some(file))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(unreadable(path, error)),
        }
    }
}

fn unreadable(path: &Path, error: io::Error) -> StoreError {
    StoreError::new(
        StoreErrorKind::Unavailable,
        format!(
            "{} cannot be read ({error}); give yourself access to it",
            path.display()
        ),
    )
    .with_source(error)
}

fn unwritable(path: &Path, error: io::Error) -> StoreError {
    StoreError::new(
        StoreErrorKind::Unwritable,
        format!(
            "{} cannot be written ({error}); make room, or give yourself the right to write in its folder",
            path.display()
        ),
    )
    .with_source(error)
}

fn refuse_link(path: &Path) -> Result<(), StoreError> {
    match path.symlink_metadata() {
        Ok(found) if found.is_symlink() => Err(StoreError::new(
            StoreErrorKind::Unsafe,
            format!(
                "{} is a symbolic link; name the file that it points to",
                path.display()
            ),
        )),
        _ => Ok(()),
    }
}

#[cfg(unix)]
fn owner_only(options: &mut OpenOptions) {
    use std::os::unix::fs::OpenOptionsExt;

    options.mode(0o600);
}

#[cfg(not(unix))]
fn owner_only(_options: &mut OpenOptions) {}

#[cfg(unix)]
fn owner_only_folder(builder: &mut fs::DirBuilder) {
    use std::os::unix::fs::DirBuilderExt;

    builder.mode(0o700);
}

#[cfg(not(unix))]
fn owner_only_folder(_builder: &mut fs::DirBuilder) {}

/// A renamed file is on the disk only once its folder is.
#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_folder: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(unix)]
mod safety {
    //! Whether something is ours alone.

    use std::fs::{File, Metadata};
    use std::os::unix::fs::MetadataExt;
    use std::path::Path;

    use super::{StoreError, StoreErrorKind, refuse_link, unreadable};

    /// Looks at the opened file, not at its path, so that nothing can be put in its place between the two.
    pub(super) fn check(path: &Path, file: &File) -> Result<(), StoreError> {
        let opened = file.metadata().map_err(|error| unreadable(path, error))?;
        judge(path, &opened, "chmod 600")?;
        let named = path
            .symlink_metadata()
            .map_err(|error| unreadable(path, error))?;
        if opened.is_file() && (named.ino(), named.dev()) == (opened.ino(), opened.dev()) {
            return Ok(());
        }
        // Renaming puts another file of ours under the name; a link or a device is never ours.
        if opened.is_file() && named.is_file() && named.uid() == opened.uid() {
            return Ok(());
        }
        Err(StoreError::new(
            StoreErrorKind::Unsafe,
            format!("{} is no plain file; name another one", path.display()),
        ))
    }

    pub(super) fn check_folder(folder: &Path) -> Result<(), StoreError> {
        refuse_link(folder)?;
        let found = folder
            .metadata()
            .map_err(|error| unreadable(folder, error))?;
        judge(folder, &found, "chmod 700")
    }

    fn judge(path: &Path, found: &Metadata, remedy: &str) -> Result<(), StoreError> {
        if found.uid() != rustix::process::geteuid().as_raw() {
            return Err(StoreError::new(
                StoreErrorKind::Unsafe,
                format!(
                    "{} belongs to another user; name a file of your own",
                    path.display()
                ),
            ));
        }
        if found.mode() & 0o077 != 0 {
            return Err(StoreError::new(
                StoreErrorKind::Unsafe,
                format!(
                    "others can reach {0} (mode {1:03o}), which holds tokens; run: {remedy} {0}",
                    path.display(),
                    found.mode() & 0o777
                ),
            ));
        }
        Ok(())
    }
}

#[cfg(not(unix))]
mod safety {
    //! Elsewhere the rights of the user's own folder have to do.

    use std::fs::File;
    use std::path::Path;

    use super::StoreError;

    pub(super) fn check(_path: &Path, _file: &File) -> Result<(), StoreError> {
        Ok(())
    }

    pub(super) fn check_folder(_folder: &Path) -> Result<(), StoreError> {
        Ok(())
    }
}
