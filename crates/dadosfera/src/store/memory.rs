//! A store in memory: shared by the sessions of one process.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::failure::{StoreError, StoreErrorKind};
use super::record::Record;
use super::{StoreFuture, StoreGuard, TokenStore};

/// Keeps the tokens in memory. Clones are the same store.
///
/// ```
/// use std::sync::Arc;
///
/// use dadosfera::{Client, MemoryStore};
///
/// // Two clients of one user, and one sign-in.
/// let store = MemoryStore::new();
/// let client = || Client::builder().password("ana@acme.example", "her password").token_store(Arc::new(store.clone()));
/// let (reports, loads) = (client().build()?, client().build()?);
/// # Ok::<(), dadosfera::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct MemoryStore {
    record: Arc<Mutex<Option<Record>>>,
    lock: Arc<tokio::sync::Mutex<()>>,
}

impl MemoryStore {
    /// An empty one.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

struct Guard {
    record: Arc<Mutex<Option<Record>>>,
    _lock: tokio::sync::OwnedMutexGuard<()>,
}

impl TokenStore for MemoryStore {
    fn place(&self) -> String {
        "this process's memory".to_owned()
    }

    fn load(&self) -> StoreFuture<'_, Option<Record>> {
        Box::pin(async { Ok(get(&self.record)) })
    }

    fn lock(&self, deadline: Duration) -> StoreFuture<'_, Box<dyn StoreGuard>> {
        Box::pin(async move {
            let lock = Arc::clone(&self.lock).lock_owned();
            match tokio::time::timeout(deadline, lock).await {
                Ok(lock) => Ok(Box::new(Guard {
                    record: Arc::clone(&self.record),
                    _lock: lock,
                }) as Box<dyn StoreGuard>),
                Err(_) => Err(StoreError::new(
                    StoreErrorKind::Busy,
                    "another session of this process holds the store; wait for it",
                )),
            }
        })
    }
}

impl StoreGuard for Guard {
    fn load(&mut self) -> StoreFuture<'_, Option<Record>> {
        Box::pin(async { Ok(get(&self.record)) })
    }

    fn save<'a>(&'a mut self, record: &'a Record) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            set(&self.record, Some(record.clone()));
            Ok(())
        })
    }

    fn clear(&mut self) -> StoreFuture<'_, ()> {
        Box::pin(async {
            set(&self.record, None);
            Ok(())
        })
    }

    fn set_aside(&mut self) -> StoreFuture<'_, String> {
        // Nothing but this process can have written it, and whoever did holds it still.
        Box::pin(async {
            set(&self.record, None);
            Ok("the session that wrote it".to_owned())
        })
    }

    fn release(self: Box<Self>) -> StoreFuture<'static, ()> {
        Box::pin(async { Ok(()) })
    }
}

fn get(record: &Mutex<Option<Record>>) -> Option<Record> {
    record
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .clone()
}

fn set(kept: &Mutex<Option<Record>>, record: Option<Record>) {
    *kept.lock().unwrap_or_else(PoisonError::into_inner) = record;
}
