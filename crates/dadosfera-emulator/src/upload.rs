//! Forms with files: from the connection to the disk, a piece at a time, and never in memory.
//!
//! A file is written under a name of its own, counted, and read for its rows; storage takes it only after the whole form
//! is there. Whatever ends a form early drops what was written.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use data_encoding::HEXLOWER;
use futures::{Stream, StreamExt, TryStreamExt};
use http::{HeaderMap, StatusCode, header};
use http_body_util::BodyDataStream;
use hyper::body::Body;
use multer::{Field, Multipart};
use percent_encoding::percent_decode_str;
use sha2::{Digest, Sha256};
use tokio::io::AsyncWriteExt;

use crate::answer::Answer;
use crate::disk::Disk;
use crate::dispatch;
use crate::rows::ingest::{self, Format, Rejected};
use crate::state::file_path;
use crate::state::files::{FileContent, FileRows, Upload};

/// The field that holds files.
const FIELD: &str = "file";
/// How much may lie around and between the files of a form: headers, boundaries.
const MAX_AROUND: usize = 1024 * 1024;
/// How many files one form may bring.
const MAX_FILES: usize = 1000;

/// Why a form is not taken.
#[derive(Debug)]
pub(crate) enum Failed {
    /// This is to be answered.
    Told(Answer),
    /// The connection broke: nobody waits for an answer.
    Broken,
}

/// The stream under the form failed.
#[derive(Debug, thiserror::Error)]
enum StreamError {
    #[error("the connection broke")]
    Broken,
    #[error("too much lies around the files")]
    TooMuchAround,
}

/// Takes the files of a form.
pub(crate) async fn receive<B>(
    headers: &HeaderMap,
    body: B,
    disk: &Disk,
    max_bytes: u64,
) -> Result<Vec<Upload>, Failed>
where
    B: Body<Data = Bytes> + Send + Unpin,
{
    let boundary = boundary(headers)?;
    let around = Arc::new(AtomicUsize::new(0));
    let mut form = Multipart::new(counted(body, Arc::clone(&around)), boundary);
    let mut uploads = Vec::new();
    while let Some(field) = form
        .next_field()
        .await
        .map_err(|error| broken_form(&error))?
    {
        if uploads.len() == MAX_FILES {
            return Err(invalid(format!(
                "{FIELD}: at most {MAX_FILES} files at once"
            )));
        }
        uploads.push(take(field, disk, max_bytes, &around).await?);
    }
    if uploads.is_empty() {
        return Err(invalid(format!("{FIELD} is required")));
    }
    if disk.is_lasting() {
        let disk = disk.clone();
        let synced = tokio::task::spawn_blocking(move || disk.sync_names()).await;
        synced
            .map_err(io::Error::other)
            .flatten()
            .map_err(|_| disk_fails())?;
    }
    Ok(uploads)
}

fn boundary(headers: &HeaderMap) -> Result<String, Failed> {
    let value = headers.get(header::CONTENT_TYPE);
    let text = value.and_then(|value| value.to_str().ok());
    multer::parse_boundary(text.unwrap_or_default()).map_err(|error| match error {
        multer::Error::NoBoundary => invalid("the form has no boundary".into()),
        _ => Failed::Told(Answer::framework(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "Content-Type must be multipart/form-data",
        )),
    })
}

/// The body's bytes; an error once too much of it is no file, since the form is parsed in memory there.
fn counted<B>(body: B, around: Arc<AtomicUsize>) -> impl Stream<Item = Result<Bytes, StreamError>>
where
    B: Body<Data = Bytes> + Send + Unpin,
{
    let bytes = BodyDataStream::new(body).map_err(|_| StreamError::Broken);
    bytes.map(move |piece| {
        let piece = piece?;
        let before = around.fetch_add(piece.len(), Ordering::Relaxed);
        // One piece may bring a whole small file, and is in memory already.
        if before > MAX_AROUND {
            return Err(StreamError::TooMuchAround);
        }
        Ok(piece)
    })
}

async fn take(
    mut field: Field<'_>,
    disk: &Disk,
    max_bytes: u64,
    around: &AtomicUsize,
) -> Result<Upload, Failed> {
    if field.name() != Some(FIELD) {
        let name = field.name().unwrap_or_default();
        return Err(invalid(format!("property {name} should not exist")));
    }
    let name =
        file_name(&field).ok_or_else(|| invalid(format!("{FIELD} must have a file name")))?;
    file_path::file_name(&name).map_err(invalid)?;
    let (mut held, file) = disk.create("incoming").map_err(|_| disk_fails())?;
    let mut file = tokio::fs::File::from_std(file);
    let mut digest = Sha256::new();
    let mut size = 0_u64;
    while let Some(piece) = field.chunk().await.map_err(|error| broken_form(&error))? {
        around.store(0, Ordering::Relaxed);
        size = size.saturating_add(piece.len() as u64);
        if size > max_bytes {
            return Err(Failed::Told(dispatch::too_large()));
        }
        digest.update(&piece);
        file.write_all(&piece).await.map_err(|_| disk_fails())?;
    }
    around.store(0, Ordering::Relaxed);
    file.flush().await.map_err(|_| disk_fails())?;
    if disk.is_lasting() {
        file.sync_all().await.map_err(|_| disk_fails())?;
    }
    let sha256 = HEXLOWER.encode(&digest.finalize());
    disk.rename(&mut held, &sha256).map_err(|_| disk_fails())?;
    let content = Arc::new(FileContent {
        file: held,
        size,
        sha256,
    });
    let rows = rows(&name, Arc::clone(&content), disk.clone()).await?;
    Ok(Upload {
        name,
        content,
        rows,
    })
}

/// The rows of a file whose name tells that it has some.
async fn rows(
    name: &str,
    content: Arc<FileContent>,
    disk: Disk,
) -> Result<Option<FileRows>, Failed> {
    let Some(format) = Format::of(name) else {
        return Ok(None);
    };
    let read = tokio::task::spawn_blocking(move || {
        let file = content.file.open()?;
        ingest::ingest(file, format, &disk)
    });
    match read.await {
        Ok(Ok(segment)) => Ok(segment.map(|segment| FileRows {
            format,
            segment: Arc::new(segment),
        })),
        Ok(Err(Rejected::File(why))) => Err(invalid(format!("{name}: {why}"))),
        Ok(Err(Rejected::Disk(_))) => Err(disk_fails()),
        // The reader of Parquet panics at some files that lie about themselves.
        Err(_) => {
            let format = format.as_str();
            Err(invalid(format!("{name}: is no {format} that can be read")))
        }
    }
}

/// The name of `filename*`, which every character fits in, else of `filename`.
fn file_name(field: &Field<'_>) -> Option<String> {
    let disposition = field.headers().get(header::CONTENT_DISPOSITION)?;
    let text = String::from_utf8_lossy(disposition.as_bytes());
    let extended = text.split(';').find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        let (charset, rest) = value.trim().split_once('\'')?;
        let (_, encoded) = rest.split_once('\'')?;
        (name.trim().eq_ignore_ascii_case("filename*") && charset.eq_ignore_ascii_case("utf-8"))
            .then(|| percent_decode_str(encoded).decode_utf8_lossy().into_owned())
    });
    extended.or_else(|| field.file_name().map(ToOwned::to_owned))
}

fn broken_form(error: &multer::Error) -> Failed {
    if let multer::Error::StreamReadFailed(why) = error {
        return match why.downcast_ref() {
            Some(StreamError::TooMuchAround) => {
                invalid("the form has too much around its files".into())
            }
            _ => Failed::Broken,
        };
    }
    invalid("the form is broken".into())
}

fn invalid(why: String) -> Failed {
    Failed::Told(Answer::invalid(vec![why]))
}

fn disk_fails() -> Failed {
    Failed::Told(Answer::disk_fails())
}
