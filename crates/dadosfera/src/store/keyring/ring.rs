//! The keyring itself: short texts under names, in the operating system, and a call that never takes longer than 3 s.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use dadosfera_raw::Secret;

use crate::store::{StoreError, StoreErrorKind};

/// How long one call may take: a keyring that is locked may ask somebody who is not there.
const PATIENCE: Duration = Duration::from_secs(3);

/// A keyring: entries of at most 1280 UTF-16 units each, which is what Windows holds. Calls may block; they are made on a
/// thread of their own and given up after 3 s. Bring one for a keyring that the crate does not know, such as the Secret
/// Service over D-Bus.
///
/// ```
/// use std::collections::BTreeMap;
/// use std::sync::{Arc, Mutex, PoisonError};
///
/// use dadosfera::{Client, Keyring, KeyringStore, Secret, StoreError};
///
/// /// A keyring that is forgotten with its process.
/// #[derive(Debug, Default)]
/// struct Pocket(Mutex<BTreeMap<String, Secret>>);
///
/// impl Keyring for Pocket {
///     fn place(&self) -> String {
///         "a pocket".to_owned()
///     }
///
///     fn get(&self, entry: &str) -> Result<Option<Secret>, StoreError> {
///         Ok(self.0.lock().unwrap_or_else(PoisonError::into_inner).get(entry).cloned())
///     }
///
///     fn set(&self, entry: &str, value: &Secret) -> Result<(), StoreError> {
///         self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(entry.to_owned(), value.clone());
///         Ok(())
///     }
///
///     fn remove(&self, entry: &str) -> Result<(), StoreError> {
///         self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(entry);
///         Ok(())
///     }
/// }
///
/// # let folder = tempfile::tempdir()?;
/// let store = KeyringStore::over(Arc::new(Pocket::default()), "ana@acme.example", folder.path().join("keyring"));
/// let client = Client::builder()
///     .password("ana@acme.example", "her password")
///     .token_store(Arc::new(store))
///     .build()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Keyring: fmt::Debug + Send + Sync {
    /// Where it is, for people; no secret.
    fn place(&self) -> String;

    /// The value of an entry; nothing where there is none.
    ///
    /// # Errors
    /// [`StoreErrorKind::Unavailable`] where the keyring cannot be reached, without the value in its words.
    fn get(&self, entry: &str) -> Result<Option<Secret>, StoreError>;

    /// Sets the value of an entry, wholly or not at all.
    ///
    /// # Errors
    /// [`StoreErrorKind::Unwritable`] where it cannot be kept, without the value in its words.
    fn set(&self, entry: &str, value: &Secret) -> Result<(), StoreError>;

    /// Removes an entry; one that is not there is removed already.
    ///
    /// # Errors
    /// [`StoreErrorKind::Unwritable`] where it cannot be removed.
    fn remove(&self, entry: &str) -> Result<(), StoreError>;
}

/// The operating system's keyring.
#[derive(Debug, Clone)]
pub(super) struct SystemKeyring {
    pub(super) service: String,
}

impl SystemKeyring {
    fn entry(&self, name: &str) -> Result<keyring::Entry, StoreError> {
        // Elsewhere the crate keeps the values in memory and forgets them with the entry.
        if cfg!(not(any(
            target_os = "linux",
            target_os = "macos",
            target_os = "ios",
            windows
        ))) {
            return Err(StoreError::new(
                StoreErrorKind::Unavailable,
                "this operating system has no keyring that the SDK knows; use a FileStore",
            ));
        }
        let entry = || keyring::Entry::new(&self.service, name);
        if cfg!(target_os = "linux") {
            // In a process without a session keyring (a service, a container) the first entry of a thread makes one and looks
            // past it, so that it finds nothing.
            entry().map_err(|error| told(&error, "opened"))?;
        }
        entry().map_err(|error| told(&error, "opened"))
    }
}

impl Keyring for SystemKeyring {
    fn place(&self) -> String {
        format!("the system's keyring under {}", self.service)
    }

    fn get(&self, entry: &str) -> Result<Option<Secret>, StoreError> {
        match self.entry(entry)?.get_password() {
            Ok(value) => Ok(Some(Secret::from(value))),
            Err(keyring::Error::NoEntry) => Ok(None),
            Err(error) => Err(told(&error, "read")),
        }
    }

    fn set(&self, entry: &str, value: &Secret) -> Result<(), StoreError> {
        self.entry(entry)?
            .set_password(value.expose())
            .map_err(|error| told(&error, "written"))
    }

    fn remove(&self, entry: &str) -> Result<(), StoreError> {
        match self.entry(entry)?.delete_credential() {
            Ok(()) | Err(keyring::Error::NoEntry) => Ok(()),
            Err(error) => Err(told(&error, "written")),
        }
    }
}

/// The driver's own words may hold what it read, so only their kind is told.
fn told(error: &keyring::Error, what: &str) -> StoreError {
    let (why, next) = match error {
        keyring::Error::NoStorageAccess(_) => {
            ("it cannot be reached", "unlock it, or use a FileStore")
        }
        keyring::Error::BadEncoding(_) => (
            "an entry is no text",
            "remove the entry, which another program wrote",
        ),
        keyring::Error::TooLong(..) | keyring::Error::Invalid(..) => (
            "it does not take the name or the length of the entry",
            "give the store a shorter name",
        ),
        keyring::Error::Ambiguous(_) => (
            "it holds the entry more than once",
            "remove all but one of them",
        ),
        _ => ("it failed", "look whether it runs, or use a FileStore"),
    };
    let kind = match what {
        "written" => StoreErrorKind::Unwritable,
        _ => StoreErrorKind::Unavailable,
    };
    StoreError::new(
        kind,
        format!("the system's keyring cannot be {what}: {why}; {next}"),
    )
}

/// Calls a keyring without waiting for it for ever.
#[derive(Debug, Clone)]
pub(super) struct Caller {
    pub(super) ring: Arc<dyn Keyring>,
    /// Lives while a call that was given up hangs: another one would hang as well, and cost another thread.
    hanging: Arc<Mutex<Weak<()>>>,
}

impl Caller {
    pub(super) fn new(ring: Arc<dyn Keyring>) -> Self {
        Self {
            ring,
            hanging: Arc::default(),
        }
    }

    pub(super) async fn call<T: Send + 'static>(
        &self,
        work: impl FnOnce(&dyn Keyring) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let given_up = || {
            StoreError::new(
                StoreErrorKind::Unavailable,
                format!(
                    "{} did not answer within {} s; unlock it, or use a FileStore",
                    self.ring.place(),
                    PATIENCE.as_secs()
                ),
            )
        };
        if self.hanging().strong_count() > 0 {
            return Err(given_up());
        }
        let (ring, running) = (Arc::clone(&self.ring), Arc::new(()));
        let watch = Arc::downgrade(&running);
        let (answer, answered) = tokio::sync::oneshot::channel();
        // A thread of the runtime would hold up its end for as long as the call hangs.
        let started = std::thread::Builder::new()
            .name("dadosfera-keyring".to_owned())
            .spawn(move || {
                let done = work(&*ring);
                drop(running);
                let _ = answer.send(done);
            });
        if let Err(error) = started {
            return Err(StoreError::new(
                StoreErrorKind::Unavailable,
                "no thread can be started to ask the keyring; end some",
            )
            .with_source(error));
        }
        match tokio::time::timeout(PATIENCE, answered).await {
            Ok(Ok(done)) => done,
            Ok(Err(_)) => Err(StoreError::new(
                StoreErrorKind::Unavailable,
                format!("a call to {} panicked", self.ring.place()),
            )),
            Err(_) => {
                *self.hanging() = watch;
                Err(given_up())
            }
        }
    }

    fn hanging(&self) -> MutexGuard<'_, Weak<()>> {
        self.hanging.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
