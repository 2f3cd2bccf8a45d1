//! Where sessions keep their tokens between runs and share them with other processes.
//!
//! Rules: who spends a refresh token holds the store's lock and has read the record under it. A lock dies with its
//! process. A record that cannot be used is set aside, never deleted.

mod failure;
mod file;
#[cfg(feature = "keyring")]
mod keyring;
mod memory;
mod record;
#[cfg(feature = "redis")]
mod redis;

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

#[cfg(feature = "keyring")]
pub use self::keyring::{Keyring, KeyringStore};
#[cfg(feature = "redis")]
pub use self::redis::RedisStore;
pub use failure::{StoreError, StoreErrorKind};
pub use file::FileStore;
pub use memory::MemoryStore;
pub use record::Record;
pub(crate) use record::milliseconds;

/// The future of a store's methods.
pub type StoreFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// A place for the tokens of one session. Sessions that share one share their tokens: one of them refreshes for all.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use std::time::Duration;
///
/// use dadosfera::{MemoryStore, Record, StoreErrorKind, StoreFuture, StoreGuard, TokenStore};
///
/// /// A store that says how often it was locked; what keeps and locks is another one.
/// #[derive(Debug)]
/// struct Told(MemoryStore);
///
/// impl TokenStore for Told {
///     fn place(&self) -> String {
///         self.0.place()
///     }
///
///     fn load(&self) -> StoreFuture<'_, Option<Record>> {
///         self.0.load()
///     }
///
///     fn lock(&self, deadline: Duration) -> StoreFuture<'_, Box<dyn StoreGuard>> {
///         println!("locking {}", self.place());
///         self.0.lock(deadline)
///     }
/// }
///
/// let store = Told(MemoryStore::new());
/// let mut guard = store.lock(Duration::from_secs(1)).await?;
/// guard.save(&Record::new("https://maestro.dadosfera.ai")).await?;
/// let busy = store.lock(Duration::from_millis(1)).await.err().ok_or("nobody holds it")?;
/// assert_eq!(busy.kind(), StoreErrorKind::Busy);
/// assert!(guard.load().await?.is_some());
/// println!("it lies with {} now", guard.set_aside().await?);
/// guard.clear().await?;
/// guard.release().await?;
/// assert!(store.load().await?.is_none());
/// # Ok(())
/// # }
/// ```
pub trait TokenStore: fmt::Debug + Send + Sync {
    /// Where it is, for people; no secret.
    fn place(&self) -> String;

    /// What is kept, without the lock: good to look at, not to spend.
    fn load(&self) -> StoreFuture<'_, Option<Record>>;

    /// Takes the lock, waiting at most this long, after which it is [`StoreErrorKind::Busy`].
    fn lock(&self, deadline: Duration) -> StoreFuture<'_, Box<dyn StoreGuard>>;
}

/// A locked store. Dropped without [`release`](Self::release), the lock goes as soon as it can.
pub trait StoreGuard: Send + Sync {
    /// What is kept.
    fn load(&mut self) -> StoreFuture<'_, Option<Record>>;

    /// Keeps this in place of what is kept, wholly or not at all.
    fn save<'a>(&'a mut self, record: &'a Record) -> StoreFuture<'a, ()>;

    /// Keeps nothing any more.
    fn clear(&mut self) -> StoreFuture<'_, ()>;

    /// Moves a record that cannot be used out of the way, and answers where to.
    fn set_aside(&mut self) -> StoreFuture<'_, String>;

    /// Gives the lock back.
    fn release(self: Box<Self>) -> StoreFuture<'static, ()>;
}
