//! What the connections of one emulator share: the API, the clock, the faults, and the record of requests.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::answer::Answer;
use crate::api::Api;
use crate::changes::{self, Change};
use crate::clock::Clock;
use crate::disk::Disk;
use crate::faults::Faults;
use crate::journal::Journal;

/// How many requests are recorded; later ones are only counted.
const MAX_RECORDED: usize = 100_000;

pub(crate) struct Shared {
    pub(crate) clock: Clock,
    pub(crate) faults: Faults,
    /// Where uploads are written.
    pub(crate) uploads: Disk,
    api: Arc<RwLock<Api>>,
    journal: Option<Journal>,
    record: Mutex<Record>,
}

/// A request that the emulator met; without headers, query and body, so without secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RecordedRequest {
    /// The id of the operation, if the request named one.
    pub operation: Option<&'static str>,
    /// The method.
    pub method: String,
    /// The path as it was asked for, without the query.
    pub path: String,
    /// The answer's status; 0 where none was sent (yet).
    pub status: u16,
}

#[derive(Debug, Default)]
struct Record {
    requests: Vec<RecordedRequest>,
    counts: BTreeMap<&'static str, usize>,
}

/// A request's place in the record.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Recorded(usize);

impl Shared {
    pub(crate) fn new(
        api: Arc<RwLock<Api>>,
        clock: Clock,
        uploads: Disk,
        journal: Option<Journal>,
    ) -> Self {
        Self {
            clock,
            faults: Faults::default(),
            uploads,
            api,
            journal,
            record: Mutex::new(Record::default()),
        }
    }

    /// What there is to be read.
    pub(crate) fn api(&self) -> RwLockReadGuard<'_, Api> {
        self.api.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn api_mut(&self) -> RwLockWriteGuard<'_, Api> {
        self.api.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes a change, and tells what came of it: with a journal, after the change is written there.
    pub(crate) async fn change(&self, change: Change) -> Answer {
        match &self.journal {
            Some(journal) => journal.change(change).await,
            None => changes::apply(&mut self.api_mut(), change, self.clock.now()),
        }
    }

    /// The same for who cannot be woken: it blocks the thread until the change is written.
    pub(crate) fn change_now(&self, change: Change) -> Answer {
        match &self.journal {
            Some(journal) => journal.change_now(change),
            None => changes::apply(&mut self.api_mut(), change, self.clock.now()),
        }
    }

    /// Lets happen what is to happen by itself until now; the error is the answer where it cannot.
    pub(crate) async fn catch_up(&self) -> Result<(), Answer> {
        if !self.api().world.is_due(self.clock.now()) {
            return Ok(());
        }
        let caught_up = self.change(Change::Time).await;
        if caught_up.status.is_success() {
            Ok(())
        } else {
            Err(caught_up)
        }
    }

    /// Ends the journal: when this returns, it is closed.
    pub(crate) fn close(&self) {
        self.uploads.stop_removing();
        if let Some(journal) = &self.journal {
            journal.close();
        }
    }

    /// Records a request when it arrives, so that one that never gets an answer counts too.
    pub(crate) fn record(
        &self,
        operation: Option<&'static str>,
        method: &str,
        path: &str,
    ) -> Recorded {
        let mut record = self.lock_record();
        if let Some(id) = operation {
            *record.counts.entry(id).or_default() += 1;
        }
        let place = record.requests.len();
        if place < MAX_RECORDED {
            record.requests.push(RecordedRequest {
                operation,
                method: method.to_owned(),
                path: path.to_owned(),
                status: 0,
            });
        }
        Recorded(place)
    }

    pub(crate) fn record_status(&self, recorded: Recorded, status: u16) {
        if let Some(request) = self.lock_record().requests.get_mut(recorded.0) {
            request.status = status;
        }
    }

    pub(crate) fn requests(&self) -> Vec<RecordedRequest> {
        self.lock_record().requests.clone()
    }

    pub(crate) fn count(&self, operation: &str) -> usize {
        let record = self.lock_record();
        record.counts.get(operation).copied().unwrap_or_default()
    }

    fn lock_record(&self) -> MutexGuard<'_, Record> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
