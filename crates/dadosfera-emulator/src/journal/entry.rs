//! How a change is written down, and how it is read again.
//!
//! An entry is a digest and a line of JSON. The digest covers the one before it and the line, so that an entry that was
//! altered, lost or moved is seen.

use std::io;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::changes::Change;
use crate::clock::Mode;
use crate::disk::Disk;
use crate::intent::{Credential, Intent};
use crate::lang::Language;
use crate::operations;
use crate::options::Options;
use crate::rows::ingest::Format;
use crate::rows::segment::{Segment, Written};
use crate::state::files::{FileContent, FileRows, Upload};

const DIGEST: usize = 32;

/// The digest of the last entry.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Chain([u8; DIGEST]);

/// A change and its time.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Entry {
    pub(crate) at: DateTime<Utc>,
    what: What,
}

/// What an entry holds, ready to happen again.
pub(crate) enum Read {
    Change(Change),
    Clock(Mode),
}

#[derive(Debug, Serialize, Deserialize)]
enum What {
    Request(Box<WrittenIntent>),
    Consent { state: String, approved: bool },
    Expire(String),
    Options(Box<Options>),
    Time,
    Clock(Mode),
}

#[derive(Debug, Serialize, Deserialize)]
struct WrittenIntent {
    operation: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    credential: Option<Credential>,
    language: Language,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    params: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    query: Vec<(String, String)>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    headers: Vec<(String, String)>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    body: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    uploads: Vec<WrittenUpload>,
}

/// A file that was uploaded: where its bytes and its rows lie.
#[derive(Debug, Serialize, Deserialize)]
struct WrittenUpload {
    name: String,
    file: String,
    size: u64,
    sha256: String,
    rows: Option<(Format, Written)>,
}

impl Chain {
    /// The entry that follows, and the chain with it.
    pub(crate) fn seal(self, line: &[u8]) -> (Self, Vec<u8>) {
        let next = self.next(line);
        (next, [&next.0, line].concat())
    }

    /// The line of the entry that follows, and the chain with it; nothing if it does not follow.
    pub(crate) fn unseal(self, sealed: &[u8]) -> Option<(Self, &[u8])> {
        let (digest, line) = sealed.split_at_checked(DIGEST)?;
        let next = self.next(line);
        (next.0 == digest).then_some((next, line))
    }

    fn next(self, line: &[u8]) -> Self {
        let digest = Sha256::new().chain_update(self.0).chain_update(line);
        Self(digest.finalize().into())
    }
}

impl Entry {
    pub(crate) fn of_change(at: DateTime<Utc>, change: &Change) -> Self {
        let what = match change {
            Change::Request(intent) => What::Request(Box::new(WrittenIntent::of(intent))),
            Change::Consent { state, approved } => What::Consent {
                state: state.clone(),
                approved: *approved,
            },
            Change::Expire(expiring) => What::Expire(expiring.clone()),
            Change::Options(options) => What::Options(options.clone()),
            Change::Time => What::Time,
        };
        Self { at, what }
    }

    pub(crate) fn of_clock(at: DateTime<Utc>, mode: Mode) -> Self {
        let what = What::Clock(mode);
        Self { at, what }
    }

    pub(crate) fn line(&self) -> serde_json::Result<Vec<u8>> {
        serde_json::to_vec(self)
    }

    /// What is to happen again; its files are on this disk.
    pub(crate) fn read(self, disk: &Disk) -> io::Result<Read> {
        Ok(match self.what {
            What::Request(written) => Read::Change(Change::Request(Box::new(written.read(disk)?))),
            What::Consent { state, approved } => Read::Change(Change::Consent { state, approved }),
            What::Expire(expiring) => Read::Change(Change::Expire(expiring)),
            What::Options(options) => Read::Change(Change::Options(options)),
            What::Time => Read::Change(Change::Time),
            What::Clock(mode) => Read::Clock(mode),
        })
    }
}

impl WrittenIntent {
    fn of(intent: &Intent) -> Self {
        Self {
            operation: intent.operation.id.to_owned(),
            credential: intent.credential.clone(),
            language: intent.language,
            params: intent.params.clone(),
            query: intent.query.clone(),
            headers: intent.headers.clone(),
            body: intent.body.clone(),
            uploads: intent.uploads.iter().map(WrittenUpload::of).collect(),
        }
    }

    fn read(self, disk: &Disk) -> io::Result<Intent> {
        let operation = operations::by_id(&self.operation)
            .ok_or_else(|| io::Error::other(format!("{} is no operation", self.operation)))?;
        let uploads = self.uploads.into_iter().map(|upload| upload.read(disk));
        Ok(Intent {
            operation,
            credential: self.credential,
            language: self.language,
            params: self.params,
            query: self.query,
            headers: self.headers,
            body: self.body,
            uploads: uploads.collect::<io::Result<_>>()?,
            token_life: None,
        })
    }
}

impl WrittenUpload {
    fn of(upload: &Upload) -> Self {
        let rows = upload.rows.as_ref();
        Self {
            name: upload.name.clone(),
            file: upload.content.file.name(),
            size: upload.content.size,
            sha256: upload.content.sha256.clone(),
            rows: rows.map(|rows| (rows.format, rows.segment.written())),
        }
    }

    fn read(self, disk: &Disk) -> io::Result<Upload> {
        let rows = self.rows.map(|(format, written)| {
            let segment = Arc::new(Segment::adopt(written, disk)?);
            io::Result::Ok(FileRows { format, segment })
        });
        Ok(Upload {
            name: self.name,
            content: Arc::new(FileContent {
                file: disk.adopt(&self.file, self.size)?,
                size: self.size,
                sha256: self.sha256,
            }),
            rows: rows.transpose()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_that_was_altered_lost_or_moved_does_not_follow() {
        let start = Chain::default();
        let (after_one, one) = start.seal(b"one");
        let (_, two) = after_one.seal(b"two");
        assert_eq!(start.unseal(&one), Some((after_one, &b"one"[..])));
        assert!(after_one.unseal(&two).is_some());
        assert!(start.unseal(&two).is_none());
        assert!(after_one.unseal(&one).is_none());
        let mut altered = one;
        *altered.last_mut().unwrap() ^= 1;
        assert!(start.unseal(&altered).is_none());
        assert!(start.unseal(b"short").is_none());
    }
}
