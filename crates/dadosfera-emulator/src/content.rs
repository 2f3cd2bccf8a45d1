//! The body of an answer on its way to a connection: bytes in memory, or a part of a file that is read as it is sent.

use std::io;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use futures::{Stream, stream};
use tokio::io::{AsyncReadExt, AsyncSeekExt};

use crate::answer::{Content, FilePart};

/// How much of a file is in memory at a time.
const PIECE: u64 = 64 * 1024;

/// What to send.
#[derive(Debug)]
pub(crate) enum Source {
    Memory(Bytes),
    File(FilePart),
}

impl Source {
    pub(crate) fn of(content: Content) -> Self {
        match content {
            Content::File(part) => Self::File(part),
            other => Self::Memory(other.into_bytes().into()),
        }
    }

    pub(crate) fn length(&self) -> u64 {
        match self {
            Self::Memory(bytes) => bytes.len() as u64,
            Self::File(part) => part.range.end.saturating_sub(part.range.start),
        }
    }

    /// Its first half and the rest, as a fault parts it.
    pub(crate) fn halves(self) -> (Self, Self) {
        match self {
            Self::Memory(mut bytes) => {
                let first = bytes.split_to(bytes.len() / 2);
                (Self::Memory(first), Self::Memory(bytes))
            }
            Self::File(part) => {
                let Range { start, end } = part.range;
                let middle = start + end.saturating_sub(start) / 2;
                let of = |range| {
                    let content = Arc::clone(&part.content);
                    Self::File(FilePart { content, range })
                };
                (of(start..middle), of(middle..end))
            }
        }
    }
}

/// The bytes of a part of a file, a piece at a time.
pub(crate) fn pieces(part: FilePart) -> impl Stream<Item = io::Result<Bytes>> + Send {
    let start = (part, None::<tokio::fs::File>);
    stream::try_unfold(start, |(mut part, open)| async move {
        let left = part.range.end.saturating_sub(part.range.start);
        if left == 0 {
            return Ok(None);
        }
        let mut file = match open {
            Some(file) => file,
            None => {
                let mut file = tokio::fs::File::from_std(part.content.file.open()?);
                file.seek(io::SeekFrom::Start(part.range.start)).await?;
                file
            }
        };
        let mut piece = Vec::with_capacity(usize::try_from(left.min(PIECE)).unwrap_or(0));
        (&mut file)
            .take(left.min(PIECE))
            .read_to_end(&mut piece)
            .await?;
        if piece.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        part.range.start += piece.len() as u64;
        Ok(Some((Bytes::from(piece), (part, Some(file)))))
    })
}
