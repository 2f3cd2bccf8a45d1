//! The journal on a disk that is full, and what nobody acknowledged.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use chrono::TimeDelta;
use redb::StorageBackend;

use super::*;
use crate::changes::Change;

/// A disk in memory that can be full.
#[derive(Debug, Clone, Default)]
struct Memory {
    bytes: Arc<Mutex<Vec<u8>>>,
    full: Arc<AtomicBool>,
}

impl Memory {
    fn room(&self) -> io::Result<()> {
        match self.full.load(Ordering::SeqCst) {
            true => Err(io::ErrorKind::StorageFull.into()),
            false => Ok(()),
        }
    }
}

impl StorageBackend for Memory {
    fn len(&self) -> io::Result<u64> {
        Ok(self.bytes.lock().unwrap().len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let start = usize::try_from(offset).unwrap();
        out.copy_from_slice(&self.bytes.lock().unwrap()[start..start + out.len()]);
        Ok(())
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        self.room()?;
        self.bytes
            .lock()
            .unwrap()
            .resize(usize::try_from(length).unwrap(), 0);
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        self.room()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.room()?;
        let start = usize::try_from(offset).unwrap();
        self.bytes.lock().unwrap()[start..start + data.len()].copy_from_slice(data);
        Ok(())
    }
}

fn entry(second: i64) -> Entry {
    Entry::of_change(
        DateTime::UNIX_EPOCH + TimeDelta::seconds(second),
        &Change::Time,
    )
}

fn numbers(store: &mut Store) -> Vec<u64> {
    let database = store.ready().unwrap();
    let transaction = database.begin_read().unwrap();
    let entries = transaction.open_table(ENTRIES).unwrap();
    let numbers = entries.iter().unwrap();
    numbers.map(|item| item.unwrap().0.value()).collect()
}

#[test]
fn what_a_full_disk_refused_is_not_there_and_what_comes_once_there_is_room_is() {
    let memory = Memory::default();
    let disk = memory.clone();
    let opener: Opener =
        Box::new(move || builder().create_with_backend(disk.clone()).map_err(text));
    let mut store = Store::open(opener, Place::default()).unwrap();
    store.append(&[entry(1), entry(2)]).unwrap();
    memory.full.store(true, Ordering::SeqCst);
    for _ in 0..3 {
        store.append(&[entry(3)]).unwrap_err();
    }
    memory.full.store(false, Ordering::SeqCst);
    assert_eq!(numbers(&mut store), [0, 1]);
    store.append(&[entry(4)]).unwrap();
    assert_eq!(numbers(&mut store), [0, 1, 2]);
}

#[test]
fn entries_that_nobody_acknowledged_go_when_the_journal_is_opened() {
    let memory = Memory::default();
    let open = |place| {
        let disk = memory.clone();
        let opener: Opener =
            Box::new(move || builder().create_with_backend(disk.clone()).map_err(text));
        Store::open(opener, place).unwrap()
    };
    let mut store = open(Place::default());
    store.append(&[entry(1)]).unwrap();
    let acknowledged = store.place;
    store.append(&[entry(2), entry(3)]).unwrap();
    drop(store);
    let mut store = open(acknowledged);
    assert_eq!(numbers(&mut store), [0]);
}
