//! What a session does with its store: lock, read, set aside what cannot be used, prove, save, and go on without it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use dadosfera_raw::Secret;

use super::events::{SessionEvent, SessionObserver};
use crate::error::{Error, ErrorKind};
use crate::store::{Record, StoreError, StoreErrorKind, StoreGuard, TokenStore};

/// How long to wait for whoever else holds the lock.
const LOCK_WAIT: Duration = Duration::from_secs(15);
/// How long between two looks at what whoever holds it has kept meanwhile.
const LOOK: Duration = Duration::from_millis(250);
/// How often to look at a record that a set-aside should have removed.
const MOST_READS: usize = 3;

/// A session's view of its store.
#[derive(Debug)]
pub(crate) struct Keeper {
    store: Option<Arc<dyn TokenStore>>,
    observer: Option<Arc<dyn SessionObserver>>,
    owner: Owner,
    health: Mutex<Health>,
}

/// Whose records are ours.
#[derive(Debug)]
pub(crate) struct Owner {
    pub(crate) host: String,
    pub(crate) customer: Option<String>,
    pub(crate) user: Option<String>,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Health {
    pub(crate) degraded: Option<String>,
    pub(crate) set_aside: Vec<String>,
}

/// The store during a flight.
pub(crate) enum Shelf {
    /// The session has none.
    None,
    /// It is of no use for now.
    Gone,
    /// Locked, with what is kept.
    Open {
        guard: Box<dyn StoreGuard>,
        record: Option<Box<Record>>,
    },
}

/// What became of an attempt to lock the store.
pub(crate) enum Opened<T> {
    /// It is ours, or of no use.
    Shelf(Shelf),
    /// Another session holds it, and kept what is wanted.
    Found(T),
}

impl Keeper {
    pub(crate) fn new(
        store: Option<Arc<dyn TokenStore>>,
        observer: Option<Arc<dyn SessionObserver>>,
        owner: Owner,
    ) -> Self {
        Self {
            store,
            observer,
            owner,
            health: Mutex::default(),
        }
    }

    pub(crate) fn tell(&self, event: &SessionEvent) {
        if let Some(observer) = &self.observer {
            observer.event(event);
        }
    }

    pub(crate) fn health(&self) -> Health {
        self.lock().clone()
    }

    pub(crate) const fn has_store(&self) -> bool {
        self.store.is_some()
    }

    /// Where the store is, for people.
    pub(crate) fn place(&self) -> String {
        self.store
            .as_ref()
            .map_or_else(|| "no store".to_owned(), |store| store.place())
    }

    pub(crate) const fn owner(&self) -> &Owner {
        &self.owner
    }

    /// What is kept, without the lock; nothing where it cannot be used.
    pub(crate) async fn look(&self) -> Option<Record> {
        let record = self.store.as_ref()?.load().await.ok()??;
        self.foreign(&record).is_none().then_some(record)
    }

    /// Locks the store, or finds what is wanted in the record while another session holds it. An error only where that one
    /// does not let go: then nothing may be spent.
    pub(crate) async fn open<T>(
        &self,
        wanted: impl Fn(&Record) -> Option<T>,
    ) -> Result<Opened<T>, Error> {
        let Some(store) = &self.store else {
            return Ok(Opened::Shelf(Shelf::None));
        };
        let mut waited = Duration::ZERO;
        loop {
            match store.lock(LOOK).await {
                Ok(guard) => return Ok(Opened::Shelf(self.read(guard).await)),
                Err(error) if error.kind() != StoreErrorKind::Busy => {
                    self.degrade(&error);
                    return Ok(Opened::Shelf(Shelf::Gone));
                }
                Err(error) => {
                    if let Some(found) = self.look().await.and_then(|record| wanted(&record)) {
                        return Ok(Opened::Found(found));
                    }
                    waited += LOOK;
                    if waited >= LOCK_WAIT {
                        return Err(held_for_too_long(error));
                    }
                }
            }
        }
    }

    /// Reads what is kept under the lock, and sets aside what cannot be used.
    async fn read(&self, mut guard: Box<dyn StoreGuard>) -> Shelf {
        for _ in 0..MOST_READS {
            let why = match guard.load().await {
                Ok(None) => {
                    return Shelf::Open {
                        guard,
                        record: None,
                    };
                }
                Ok(Some(record)) => match self.foreign(&record) {
                    None => {
                        return Shelf::Open {
                            guard,
                            record: Some(Box::new(record)),
                        };
                    }
                    Some(why) => why,
                },
                Err(error) if error.kind() == StoreErrorKind::Corrupt => error.to_string(),
                Err(error) => {
                    self.degrade(&error);
                    return Shelf::Gone;
                }
            };
            match guard.set_aside().await {
                Ok(place) => {
                    self.lock()
                        .set_aside
                        .push(format!("{why}; it is now {place}"));
                    self.tell(&SessionEvent::SetAside { why, place });
                }
                Err(error) => {
                    self.degrade(&error);
                    return Shelf::Gone;
                }
            }
        }
        self.degrade(&StoreError::new(
            StoreErrorKind::Unavailable,
            "records that cannot be used come back as soon as they are set aside",
        ));
        Shelf::Gone
    }

    /// Forgets what is kept, once nobody else holds the lock.
    pub(crate) async fn clear(&self) -> Result<(), StoreError> {
        let Some(store) = &self.store else {
            return Ok(());
        };
        let mut guard = store.lock(LOCK_WAIT).await?;
        let ours = match guard.load().await {
            Ok(Some(record)) => self.foreign(&record).is_none(),
            Ok(None) => false,
            Err(error) => return Err(error),
        };
        if ours {
            guard.clear().await?;
        }
        guard.release().await
    }

    /// Notes that the store is of no use.
    pub(crate) fn degrade(&self, error: &StoreError) {
        let why = error.to_string();
        let is_news = self.lock().degraded.replace(why.clone()).is_none();
        if is_news {
            self.tell(&SessionEvent::StoreDegraded(why));
        }
    }

    /// Notes that the store works.
    pub(crate) fn recover(&self) {
        let was_degraded = self.lock().degraded.take().is_some();
        if was_degraded {
            self.tell(&SessionEvent::StoreRecovered);
        }
    }

    /// Why a record is not ours, where it is not.
    fn foreign(&self, record: &Record) -> Option<String> {
        let differ = |ours: &Option<String>, theirs: &Option<String>| match (ours, theirs) {
            (Some(ours), Some(theirs)) => ours != theirs,
            _ => false,
        };
        if record.host != self.owner.host {
            Some(format!("the record is of the server {}", record.host))
        } else if differ(&self.owner.user, &record.user) {
            Some("the record is of another user".to_owned())
        } else if differ(&self.owner.customer, &record.customer) {
            Some("the record is of another customer".to_owned())
        } else {
            None
        }
    }

    fn lock(&self) -> MutexGuard<'_, Health> {
        self.health.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn held_for_too_long(error: StoreError) -> Error {
    Error::new(
        ErrorKind::Timeout,
        "another session holds the token store and does not let go",
    )
    .next("look for a process that hangs")
    .with_source(error)
}

impl Shelf {
    /// What is kept.
    pub(crate) fn record(&self) -> Option<&Record> {
        match self {
            Self::Open { record, .. } => record.as_deref(),
            Self::None | Self::Gone => None,
        }
    }

    /// Reads what is kept again: a lease may have run out.
    pub(crate) async fn reload(&mut self) {
        if let Self::Open { guard, record } = self
            && let Ok(kept) = guard.load().await
        {
            *record = kept.map(Box::new);
        }
    }

    /// Whether the store can be written, which is proven by noting that the refresh token is about to be spent: whoever
    /// finds that note under the lock knows that its writer died, and that the token may be used up.
    pub(crate) async fn prove(&mut self, keeper: &Keeper) -> bool {
        self.note_spending(keeper, true).await
    }

    /// Takes the note of [`prove`](Self::prove) back: the server answered, and did not spend the token.
    pub(crate) async fn unspent(&mut self, keeper: &Keeper) {
        if self.record().is_some_and(|record| record.spending) {
            self.note_spending(keeper, false).await;
        }
    }

    async fn note_spending(&mut self, keeper: &Keeper, spending: bool) -> bool {
        let Self::Open { guard, record } = self else {
            return true;
        };
        let Some(record) = record else { return true };
        record.spending = spending;
        match guard.save(record).await {
            Ok(()) => true,
            Err(error) => {
                keeper.degrade(&error);
                false
            }
        }
    }

    /// A refresh token that somebody set out to spend, and of which nobody knows what became.
    pub(crate) fn doubtful(&self) -> Option<&Secret> {
        let record = self.record().filter(|record| record.spending)?;
        record.refresh_token.as_ref()
    }

    /// Keeps a record. Where that fails, the session goes on without the store; the next flight tries again.
    pub(crate) async fn save(&mut self, keeper: &Keeper, kept: Record) -> bool {
        let Self::Open { guard, record } = self else {
            return false;
        };
        match guard.save(&kept).await {
            Ok(()) => {
                *record = Some(Box::new(kept));
                keeper.recover();
                true
            }
            Err(error) => {
                keeper.degrade(&error);
                false
            }
        }
    }

    /// Gives the lock back. A store that does not take it back lets the lease run out.
    pub(crate) async fn release(self) {
        if let Self::Open { guard, .. } = self {
            let _ = guard.release().await;
        }
    }
}
