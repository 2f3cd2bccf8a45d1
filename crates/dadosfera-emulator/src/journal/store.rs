//! The journal in its database: entries by number, and what the journal is of.

use std::fs::{File, OpenOptions};
use std::path::Path;

use chrono::{DateTime, Utc};
use redb::{Database, ReadableDatabase, ReadableTable, StorageError, TableDefinition};
use serde::{Deserialize, Serialize};

use crate::clock::Mode;
use crate::journal::entry::{Chain, Entry};
use crate::journal::trial::Trial;

const ENTRIES: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("entries");
const ABOUT: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("about");
const IDENTITY: &str = "identity";
/// The journal is written in order and read once, so a small cache does.
const CACHE_BYTES: usize = 4 * 1024 * 1024;

/// What a journal is of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Identity {
    /// The version of the emulator.
    pub(crate) version: String,
    /// The fingerprint of the seed.
    pub(crate) seed: String,
    /// When the world began.
    pub(crate) born: DateTime<Utc>,
    /// How its clock ran then.
    pub(crate) clock: Mode,
}

/// Opens the database again after it failed.
pub(crate) type Opener = Box<dyn Fn() -> Result<Database, String> + Send>;

/// A journal that is open for writing.
pub(crate) struct Store {
    opener: Opener,
    database: Option<Database>,
    place: Place,
}

/// Where a journal ends.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Place {
    next: u64,
    chain: Chain,
}

/// Fills an empty file with a journal of nothing.
pub(crate) fn create(file: File, identity: &Identity) -> Result<(), String> {
    let database = builder().create_file(file).map_err(text)?;
    let about = serde_json::to_vec(identity).map_err(text)?;
    let transaction = database.begin_write().map_err(text)?;
    transaction
        .open_table(ABOUT)
        .map_err(text)?
        .insert(IDENTITY, &*about)
        .map_err(text)?;
    transaction.open_table(ENTRIES).map_err(text)?;
    transaction.commit().map_err(text)
}

/// Reads a journal without touching its file. `begin` is told what it is of, `next` each entry; the error of either ends
/// it, and what else goes wrong is told by `damaged`.
pub(crate) fn read<E: Send>(
    path: &Path,
    damaged: impl Fn(String) -> E + Send + Sync,
    mut begin: impl FnMut(Identity) -> Result<(), E> + Send,
    mut next: impl FnMut(Entry) -> Result<(), E> + Send,
) -> Result<Place, E> {
    let work = || {
        let file = File::open(path).map_err(|error| damaged(text(error)))?;
        let trial = Trial::of(file).map_err(|error| damaged(text(error)))?;
        let mut database = builder()
            .create_with_backend(trial)
            .map_err(|error| damaged(text(error)))?;
        let before = last(&database).map_err(&damaged)?;
        // It also says no where only its notes on free pages are out of date, so what was lost is looked for here.
        database
            .check_integrity()
            .map_err(|error| damaged(text(error)))?;
        if last(&database).map_err(&damaged)? != before {
            return Err(damaged("its end was lost".to_owned()));
        }
        let transaction = database
            .begin_read()
            .map_err(|error| damaged(text(error)))?;
        let about = transaction
            .open_table(ABOUT)
            .map_err(|error| damaged(text(error)))?;
        let about = about
            .get(IDENTITY)
            .map_err(|error| damaged(text(error)))?
            .ok_or_else(|| damaged("it does not say what it is of".to_owned()))?;
        let identity =
            serde_json::from_slice(about.value()).map_err(|error| damaged(text(error)))?;
        begin(identity)?;
        let entries = transaction
            .open_table(ENTRIES)
            .map_err(|error| damaged(text(error)))?;
        let mut place = Place::default();
        for item in entries.iter().map_err(|error| damaged(text(error)))? {
            let (number, sealed) = item.map_err(|error| damaged(text(error)))?;
            let unsealed = place.chain.unseal(sealed.value());
            let Some((chain, line)) = unsealed.filter(|_| number.value() == place.next) else {
                return Err(damaged(format!(
                    "entry {} is not what was written",
                    place.next
                )));
            };
            let entry = serde_json::from_slice(line).map_err(|error| damaged(text(error)))?;
            next(entry)?;
            place = Place {
                next: place.next + 1,
                chain,
            };
        }
        Ok(place)
    };
    // A damaged file can make the database panic, in a thread where that is no harm.
    let read = std::thread::scope(|scope| scope.spawn(work).join());
    read.unwrap_or_else(|_| Err(damaged("the database cannot read it".to_owned())))
}

/// The number of the last entry.
fn last(database: &Database) -> Result<Option<u64>, String> {
    let transaction = database.begin_read().map_err(text)?;
    let entries = transaction.open_table(ENTRIES).map_err(text)?;
    let last = entries.last().map_err(text)?;
    Ok(last.map(|(number, _)| number.value()))
}

/// Opens the file of a journal.
pub(crate) fn opener(path: &Path) -> Opener {
    let path = path.to_owned();
    Box::new(move || {
        let mut options = OpenOptions::new();
        let file = options.read(true).write(true).open(&path).map_err(text)?;
        builder().create_file(file).map_err(text)
    })
}

impl Store {
    pub(crate) fn open(opener: Opener, place: Place) -> Result<Self, String> {
        let mut store = Self {
            opener,
            database: None,
            place,
        };
        store.ready()?;
        Ok(store)
    }

    /// Adds entries, and returns when they outlive whatever comes; after an error none of them is there.
    pub(crate) fn append(&mut self, entries: &[Entry]) -> Result<(), String> {
        let mut place = self.place;
        let mut sealed = Vec::with_capacity(entries.len());
        for entry in entries {
            let (chain, bytes) = place.chain.seal(&entry.line().map_err(text)?);
            sealed.push((place.next, bytes));
            place = Place {
                next: place.next + 1,
                chain,
            };
        }
        let database = self.ready()?;
        match write(database, &sealed) {
            Ok(()) => {
                self.place = place;
                Ok(())
            }
            Err(error) => {
                // It may be written for all that; whatever it is, it goes when the database is opened again.
                self.database = None;
                Err(error)
            }
        }
    }

    /// The database, opened again if it failed, and without entries that were never acknowledged.
    fn ready(&mut self) -> Result<&Database, String> {
        let database = match self.database.take() {
            Some(database) => database,
            None => {
                let database = (self.opener)()?;
                forget_from(&database, self.place.next)?;
                database
            }
        };
        Ok(self.database.insert(database))
    }
}

fn write(database: &Database, sealed: &[(u64, Vec<u8>)]) -> Result<(), String> {
    let transaction = database.begin_write().map_err(text)?;
    {
        let mut table = transaction.open_table(ENTRIES).map_err(text)?;
        for (number, bytes) in sealed {
            table.insert(number, &**bytes).map_err(text)?;
        }
    }
    transaction.commit().map_err(text)
}

fn forget_from(database: &Database, next: u64) -> Result<(), String> {
    let transaction = database.begin_write().map_err(text)?;
    let beyond = {
        let mut table = transaction.open_table(ENTRIES).map_err(text)?;
        let last = table.last().map_err(text)?;
        let last = last.map(|(number, _)| number.value());
        let beyond = last.is_some_and(|last| last >= next);
        if beyond {
            let kept = table.retain_in(next.., |_, _| false);
            kept.map_err(|error: StorageError| text(error))?;
        }
        beyond
    };
    if beyond {
        transaction.commit().map_err(text)
    } else {
        transaction.abort().map_err(text)
    }
}

fn builder() -> redb::Builder {
    let mut builder = Database::builder();
    builder.set_cache_size(CACHE_BYTES);
    builder
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}

#[cfg(test)]
#[path = "store_tests.rs"]
mod tests;
