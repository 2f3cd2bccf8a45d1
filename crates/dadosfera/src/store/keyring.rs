//! A store in the operating system's keyring: the refresh token only, in pieces, with a lock in a file beside it.

mod pieces;
mod ring;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

pub use ring::Keyring;

use super::failure::StoreError;
use super::record::Record;
use super::{FileStore, StoreFuture, StoreGuard, TokenStore};
use ring::{Caller, SystemKeyring};

/// Keeps the refresh token in the operating system's keyring, for one user of one machine. Behind the feature `keyring`.
///
/// It speaks to the Keychain of macOS and iOS, the Credential Manager of Windows, and the kernel's keyring of Linux, which
/// needs no other program but forgets three days after the last use, and when the machine restarts. The access token stays in memory, so each
/// process gets its own with the refresh token. Keyrings have no locks: a file `{lock}.lock` is locked meanwhile, by the
/// rules of [`FileStore`].
///
/// Reading or writing takes at most 3 s. A keyring that is locked, gone or slower is given up, which the observer hears as
/// [`StoreDegraded`](crate::SessionEvent::StoreDegraded); the session goes on in memory. Values longer than the 1280 characters
/// that Windows holds are kept in pieces.
///
/// ```
/// use std::sync::Arc;
/// use dadosfera::{Client, KeyringStore};
///
/// let store = KeyringStore::new("ana@acme.example", "/home/ana/.local/state/dadosfera/keyring");
/// let client = Client::builder()
///     .password("ana@acme.example", "her password")
///     .token_store(Arc::new(store))
///     .build()?;
/// # Ok::<(), dadosfera::Error>(())
/// ```
///
/// # Errors
/// Each method answers [`StoreErrorKind::Unavailable`](crate::StoreErrorKind::Unavailable) where the keyring does not answer,
/// `Unwritable` where it takes no value, `Corrupt` for what is no record of ours, and those of the lock's file.
#[derive(Debug, Clone)]
pub struct KeyringStore {
    caller: Caller,
    name: String,
    /// Only its lock is used.
    lock: FileStore,
}

struct Guard {
    caller: Caller,
    name: String,
    /// Held until the last write has ended, also one that was given up.
    lock: Arc<dyn StoreGuard>,
}

impl KeyringStore {
    /// A store in the system's keyring, in the entries of the service `dadosfera` that begin with `name`; `lock` is the
    /// path of the lock's file without `.lock`. Nothing is read yet.
    #[must_use]
    pub fn new(name: impl Into<String>, lock: impl Into<PathBuf>) -> Self {
        let system = SystemKeyring {
            service: "dadosfera".to_owned(),
        };
        Self::over(Arc::new(system), name, lock)
    }

    /// A store in another keyring.
    #[must_use]
    pub fn over(
        keyring: Arc<dyn Keyring>,
        name: impl Into<String>,
        lock: impl Into<PathBuf>,
    ) -> Self {
        Self {
            caller: Caller::new(keyring),
            name: name.into(),
            lock: FileStore::new(lock),
        }
    }
}

impl TokenStore for KeyringStore {
    fn place(&self) -> String {
        format!("{} in {}", self.name, self.caller.ring.place())
    }

    fn load(&self) -> StoreFuture<'_, Option<Record>> {
        load(&self.caller, &self.name)
    }

    fn lock(&self, deadline: Duration) -> StoreFuture<'_, Box<dyn StoreGuard>> {
        Box::pin(async move {
            Ok(Box::new(Guard {
                caller: self.caller.clone(),
                name: self.name.clone(),
                lock: Arc::from(self.lock.lock(deadline).await?),
            }) as Box<dyn StoreGuard>)
        })
    }
}

impl StoreGuard for Guard {
    fn load(&mut self) -> StoreFuture<'_, Option<Record>> {
        load(&self.caller, &self.name)
    }

    fn save<'a>(&'a mut self, record: &'a Record) -> StoreFuture<'a, ()> {
        let mut kept = record.clone();
        kept.access_token = None;
        self.write(move |ring, name| pieces::save(ring, name, &kept))
    }

    fn clear(&mut self) -> StoreFuture<'_, ()> {
        self.write(pieces::clear)
    }

    fn set_aside(&mut self) -> StoreFuture<'_, String> {
        self.write(pieces::set_aside)
    }

    fn release(self: Box<Self>) -> StoreFuture<'static, ()> {
        Box::pin(async move {
            drop(self);
            Ok(())
        })
    }
}

impl Guard {
    fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&dyn Keyring, &str) -> Result<T, StoreError> + Send + 'static,
    ) -> StoreFuture<'_, T> {
        let (name, lock) = (self.name.clone(), Arc::clone(&self.lock));
        Box::pin(self.caller.call(move |ring| {
            let done = work(ring, &name);
            drop(lock);
            done
        }))
    }
}

fn load<'a>(caller: &'a Caller, name: &str) -> StoreFuture<'a, Option<Record>> {
    let name = name.to_owned();
    Box::pin(caller.call(move |ring| pieces::load(ring, &name)))
}
