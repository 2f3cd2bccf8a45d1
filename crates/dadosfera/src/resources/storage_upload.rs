//! Uploads: from a path, bytes or a stream, with progress, and skipping what is there.
//!
//! Rules: a body is streamed, so that no file is whole in memory, and its length is known before it starts. A file that can
//! be read again is sent again after a failure that may pass, but not after a time limit; before that the folder is asked
//! whether it arrived. A stream is sent once.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use dadosfera_raw::{Part, types};
use data_encoding::HEXLOWER;
use futures::{Stream, StreamExt as _, stream};
use sha2::{Digest as _, Sha256};

use super::storage::Storage;
use super::{storage_local as local, storage_rules as rules};
use crate::error::{Error, ErrorKind};

/// How often a file that can be read again is sent.
const ATTEMPTS: u32 = 3;
/// The pause before it is sent again; twice as long the next time.
const PAUSE: Duration = Duration::from_secs(1);

/// How far a transfer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Transferred {
    /// Bytes so far.
    pub done: u64,
    /// Bytes in all.
    pub total: u64,
}

/// Who is told how far a transfer is.
pub(crate) type Watch = Arc<dyn Fn(Transferred) + Send + Sync>;

type Pieces = Pin<Box<dyn Stream<Item = io::Result<Bytes>> + Send>>;

/// A file to upload.
///
/// ```
/// use dadosfera::{Transferred, Upload};
///
/// let file = Upload::path("orders.csv").name("orders-2026.csv").largest(10_000_000_000).skip_if_there();
/// let bytes = Upload::bytes("orders.csv", "id,total\n1,9.50\n")
///     .with_progress(|it: Transferred| println!("{} of {}", it.done, it.total));
/// let pieces = futures::stream::iter(["id\n", "1\n"].map(|piece| Ok(piece.into())));
/// let stream = Upload::stream("orders.csv", 5, pieces);
/// ```
pub struct Upload {
    name: Option<String>,
    content: Content,
    largest: u64,
    pub(crate) skips: bool,
    pub(crate) watch: Option<Watch>,
}

enum Content {
    Bytes(Bytes),
    Path(PathBuf),
    /// Taken out by the one attempt that there is.
    Stream(u64, Mutex<Option<Pieces>>),
}

/// What became of an upload.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Uploaded {
    /// It was stored.
    Stored(types::UploadedFile),
    /// A file of this name, size and checksum was there, so nothing was sent.
    WasThere(types::StoredFile),
}

impl Upload {
    /// A file of this machine, under its own name.
    #[must_use]
    pub fn path(path: impl Into<PathBuf>) -> Self {
        Self::new(None, Content::Path(path.into()))
    }

    /// Bytes, as a file of this name.
    #[must_use]
    pub fn bytes(name: impl Into<String>, content: impl Into<Bytes>) -> Self {
        Self::new(Some(name.into()), Content::Bytes(content.into()))
    }

    /// A stream of a known length, as a file of this name. It can be read once only, so it is neither sent again nor
    /// skipped.
    #[must_use]
    pub fn stream(
        name: impl Into<String>,
        length: u64,
        content: impl Stream<Item = io::Result<Bytes>> + Send + 'static,
    ) -> Self {
        let content = Content::Stream(length, Mutex::new(Some(Box::pin(content))));
        Self::new(Some(name.into()), content)
    }

    fn new(name: Option<String>, content: Content) -> Self {
        Self {
            name,
            content,
            largest: rules::LARGEST,
            skips: false,
            watch: None,
        }
    }

    /// Another name than its own.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Sends nothing where a file of this name, size and checksum is there: an upload of many that broke off goes on where
    /// it was.
    #[must_use]
    pub const fn skip_if_there(mut self) -> Self {
        self.skips = true;
        self
    }

    /// The largest size in bytes that is sent: 250 MB unless set, as an import in the web application takes (reported).
    #[must_use]
    pub const fn largest(mut self, bytes: u64) -> Self {
        self.largest = bytes;
        self
    }

    /// Tells how far it is, after each piece. It starts from 0 again where the file is sent again.
    #[must_use]
    pub fn with_progress(mut self, watch: impl Fn(Transferred) + Send + Sync + 'static) -> Self {
        self.watch = Some(Arc::new(watch));
        self
    }

    pub(crate) fn file_name(&self) -> Result<String, Error> {
        let name = match (&self.name, &self.content) {
            (Some(name), _) => name.clone(),
            (None, Content::Path(path)) => local::name(path)?,
            (None, _) => String::new(),
        };
        rules::file_name("file", &name)?;
        Ok(name)
    }

    pub(crate) async fn length(&self) -> Result<u64, Error> {
        let length = match &self.content {
            Content::Bytes(bytes) => bytes.len() as u64,
            Content::Path(path) => local::length(path).await?,
            Content::Stream(length, _) => *length,
        };
        rules::size("file", length, self.largest)?;
        Ok(length)
    }

    async fn sha256(&self) -> Result<Option<String>, Error> {
        Ok(match &self.content {
            Content::Bytes(bytes) => Some(HEXLOWER.encode(&Sha256::digest(bytes))),
            Content::Path(path) => Some(local::sha256(path.clone()).await?),
            Content::Stream(..) => None,
        })
    }

    async fn pieces(&self) -> Result<Pieces, Error> {
        Ok(match &self.content {
            Content::Bytes(bytes) => Box::pin(stream::iter([Ok(bytes.clone())])),
            Content::Path(path) => Box::pin(local::pieces(path).await?),
            Content::Stream(_, pieces) => pieces
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .take()
                .ok_or_else(|| {
                    Error::invalid_input(
                        "the stream was read already",
                        "make another upload for another attempt",
                    )
                })?,
        })
    }

    const fn can_be_sent_again(&self) -> bool {
        !matches!(self.content, Content::Stream(..))
    }
}

impl Storage<'_> {
    /// Uploads a file into a folder, such as `/raw/shop`. The same name in the same folder is replaced (inferred).
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let emulator = dadosfera_emulator::Emulator::start().await?;
    /// # let client = dadosfera::Client::builder()
    /// #     .base_url(emulator.base_url()).password("ana@acme.example", "acme-ana-password").build()?;
    /// use dadosfera::{Upload, Uploaded};
    ///
    /// let orders = || Upload::bytes("orders.csv", "id,total\n1,9.50\n").skip_if_there();
    /// let first = client.storage().upload("/raw/shop", orders()).await?;
    /// let second = client.storage().upload("/raw/shop", orders()).await?;
    /// assert!(matches!((first, second), (Uploaded::Stored(_), Uploaded::WasThere(_))));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] for a name, a size or a path that cannot be, and [`ErrorKind::File`] for a file that
    /// cannot be read; nothing is sent then. [`ErrorKind::BadRequest`] where it calls itself a table and is none.
    pub async fn upload(&self, folder: &str, upload: Upload) -> Result<Uploaded, Error> {
        let folder = rules::folder("folderPath", folder).map_err(of_upload)?;
        let known = if upload.skips && upload.can_be_sent_again() {
            upload.file_name().map_err(of_upload)?;
            upload.length().await.map_err(of_upload)?;
            self.list(&folder).await?.files
        } else {
            Vec::new()
        };
        self.upload_knowing(&folder, &upload, &known).await
    }

    pub(crate) async fn upload_knowing(
        &self,
        folder: &str,
        upload: &Upload,
        known: &[types::StoredFile],
    ) -> Result<Uploaded, Error> {
        let name = upload.file_name().map_err(of_upload)?;
        let length = upload.length().await.map_err(of_upload)?;
        if let Some(file) = same(folder, &name, length, upload, known).await? {
            return Ok(Uploaded::WasThere(file));
        }
        let mut attempt = 1;
        loop {
            let error = match self.send_once(folder, &name, length, upload).await {
                Ok(stored) => return Ok(Uploaded::Stored(stored)),
                Err(error) => error,
            };
            // A time limit that passed is the caller's answer; sending again would multiply it.
            let may_pass = error.is_transient() && error.kind() != ErrorKind::Timeout;
            let again = upload.can_be_sent_again() && may_pass && attempt < ATTEMPTS;
            if !again {
                return Err(error);
            }
            let pause = error.retry_after().unwrap_or(PAUSE * (1 << (attempt - 1)));
            self.client().clock().sleep(pause).await;
            attempt += 1;
            // It may have arrived all the same.
            if error.kind() == ErrorKind::ConnectionLost
                && let Ok(listed) = self.list(folder).await
                && let Some(file) = same(folder, &name, length, upload, &listed.files).await?
            {
                return Ok(Uploaded::WasThere(file));
            }
        }
    }

    async fn send_once(
        &self,
        folder: &str,
        name: &str,
        length: u64,
        upload: &Upload,
    ) -> Result<types::UploadedFile, Error> {
        let call = self.client().call("upload_files");
        let fault = Arc::<Mutex<Option<io::Error>>>::default();
        let pieces = upload.pieces().await.map_err(|error| call.failed(error))?;
        let watch = upload.watch.clone();
        let content = measured(pieces, length, watch, Arc::clone(&fault));
        let content = reqwest::Body::wrap_stream(content);
        let form = types::UploadFilesForm {
            file: vec![Part::stream(name, content, Some(length))],
        };
        let answer = call.raw().upload_files(form, folder).await;
        let stored = match call.finish(answer).await {
            Ok(types::UploadAnswer::UploadedFile(file)) => Some(file),
            Ok(types::UploadAnswer::Array(files)) => files.into_iter().next(),
            Err(error) => {
                // That the body ended early is our own news, whatever the connection says of it.
                let fault = fault.lock().unwrap_or_else(PoisonError::into_inner).take();
                return Err(fault.map_or(error, |fault| {
                    of_upload(local::failed(Path::new(name), "read", fault))
                }));
            }
        };
        stored.ok_or_else(|| {
            Error::new(ErrorKind::UnexpectedAnswer, "the answer tells of no file")
                .of("upload_files")
                .next("list the folder to see whether it was stored")
        })
    }
}

/// The file that is there already, if it is the same.
async fn same(
    folder: &str,
    name: &str,
    length: u64,
    upload: &Upload,
    known: &[types::StoredFile],
) -> Result<Option<types::StoredFile>, Error> {
    let there = known.iter().find(|file| {
        file.folder_path == folder
            && file.file_name == name
            && u64::try_from(file.size).is_ok_and(|size| size == length)
    });
    let Some(there) = there else {
        return Ok(None);
    };
    let ours = upload.sha256().await.map_err(of_upload)?;
    let is_same = ours.is_some_and(|ours| ours.eq_ignore_ascii_case(&there.sha256));
    Ok(is_same.then(|| there.clone()))
}

/// Counts what goes by; content that is not as long as was said becomes an error in its place.
fn measured(
    pieces: Pieces,
    length: u64,
    watch: Option<Watch>,
    fault: Arc<Mutex<Option<io::Error>>>,
) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static {
    stream::unfold((pieces, 0_u64, false), move |(mut pieces, done, over)| {
        let (watch, fault) = (watch.clone(), Arc::clone(&fault));
        async move {
            if over {
                return None;
            }
            let end = |error: io::Error| {
                let told = io::Error::new(error.kind(), "the content cannot be read");
                *fault.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                Err(told)
            };
            match pieces.next().await {
                Some(Ok(piece)) => {
                    let done = done + piece.len() as u64;
                    if done > length {
                        let error = io::Error::other(format!("it is longer than {length} bytes"));
                        return Some((end(error), (pieces, done, true)));
                    }
                    if let Some(watch) = watch {
                        watch(Transferred {
                            done,
                            total: length,
                        });
                    }
                    Some((Ok(piece), (pieces, done, false)))
                }
                Some(Err(error)) => Some((end(error), (pieces, done, true))),
                None if done < length => {
                    let error = io::Error::other(format!("it ends after {done} of {length} bytes"));
                    Some((end(error), (pieces, done, true)))
                }
                None => None,
            }
        }
    })
}

pub(crate) fn of_upload(error: Error) -> Error {
    error.of_if_unknown("upload_files")
}

impl fmt::Debug for Upload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upload")
            .field("name", &self.name)
            .field("skips", &self.skips)
            .finish_non_exhaustive()
    }
}
