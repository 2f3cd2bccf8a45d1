//! What the connections of one emulator share: the API, the clock, the faults, and the record of requests.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::api::Api;
use crate::clock::Clock;
use crate::faults::Faults;

/// How many requests are recorded; later ones are only counted.
const MAX_RECORDED: usize = 100_000;

pub(crate) struct Shared {
    pub(crate) clock: Clock,
    pub(crate) faults: Faults,
    api: Mutex<Api>,
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
    pub(crate) fn new(api: Api, clock: Clock) -> Self {
        Self {
            clock,
            faults: Faults::default(),
            api: Mutex::new(api),
            record: Mutex::new(Record::default()),
        }
    }

    pub(crate) fn api(&self) -> MutexGuard<'_, Api> {
        self.api.lock().unwrap_or_else(PoisonError::into_inner)
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
