//! Downloads to a file: resumed by range, checked, and moved into place only when whole.
//!
//! Rule: what is loaded goes into a file beside the target that is named after the content's checksum, so that a download
//! which broke off, or whose process died, goes on from there, and never mixes two contents. The target is replaced in one
//! step, or not at all.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use dadosfera_raw::types;
use tokio::io::AsyncWriteExt as _;

use super::storage::Storage;
use super::storage_upload::{Transferred, Watch};
use super::{storage_local as local, storage_rules as rules};
use crate::error::{Error, ErrorKind};

const OPERATION: &str = "download_file";

/// How a file is downloaded. The default gives up after five connections in a row that brought nothing.
#[derive(Clone)]
pub struct DownloadOptions {
    attempts: u32,
    watch: Option<Watch>,
}

/// A file that was downloaded.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Downloaded {
    /// Where it is.
    pub path: PathBuf,
    /// Its size in bytes.
    pub size: u64,
    /// Its checksum in hexadecimal, as the listing says and the bytes prove.
    pub sha256: String,
    /// How many bytes of it an earlier download had left.
    pub resumed_from: u64,
}

impl Default for DownloadOptions {
    fn default() -> Self {
        Self {
            attempts: 5,
            watch: None,
        }
    }
}

impl DownloadOptions {
    /// The default.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How many connections in a row may bring nothing; at least one is made.
    #[must_use]
    pub const fn attempts(mut self, attempts: u32) -> Self {
        self.attempts = if attempts == 0 { 1 } else { attempts };
        self
    }

    /// Tells how far it is, after each piece.
    #[must_use]
    pub fn with_progress(mut self, watch: impl Fn(Transferred) + Send + Sync + 'static) -> Self {
        self.watch = Some(std::sync::Arc::new(watch));
        self
    }
}

impl Storage<'_> {
    /// Downloads a file to a file of this machine, which is replaced once the whole of it is there and its checksum is
    /// right.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let emulator = dadosfera_emulator::Emulator::start().await?;
    /// # let client = dadosfera::Client::builder()
    /// #     .base_url(emulator.base_url()).password("ana@acme.example", "acme-ana-password").build()?;
    /// # let folder = tempfile::tempdir()?;
    /// # let target = folder.path().join("orders.csv");
    /// use dadosfera::{DownloadOptions, Downloaded, Transferred, Upload};
    ///
    /// client.storage().upload("/raw", Upload::bytes("orders.csv", "id\n1\n")).await?;
    /// let options = DownloadOptions::new()
    ///     .attempts(3)
    ///     .with_progress(|it: Transferred| println!("{} of {}", it.done, it.total));
    /// let got: Downloaded = client.storage().download_to("/raw/orders.csv", &target, &options).await?;
    /// assert_eq!((got.size, std::fs::read_to_string(&target)?.as_str()), (5, "id\n1\n"));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] where there is no such file; [`ErrorKind::InvalidInput`] where the target is a folder;
    /// [`ErrorKind::File`] where it cannot be written; [`ErrorKind::UnexpectedAnswer`] where the bytes are not those of the
    /// checksum. What came stays beside the target in all cases but the last, and the next download goes on from there.
    pub async fn download_to(
        &self,
        path: &str,
        target: impl AsRef<Path>,
        options: &DownloadOptions,
    ) -> Result<Downloaded, Error> {
        let target = target.as_ref();
        let begun = self.prepare(path, target).await;
        let (file, part) = begun.map_err(of_download)?;
        let size = u64::try_from(file.size).unwrap_or_default();
        let resumed_from = match tokio::fs::metadata(&part).await {
            Ok(about) if about.len() <= size => about.len(),
            Ok(_) => {
                remove(&part).await?;
                0
            }
            Err(_) => 0,
        };
        let (mut done, mut left) = (resumed_from, options.attempts);
        // An empty file has no byte to ask for.
        if size == 0 {
            open(&part, 0).await?;
        }
        while done < size {
            let before = done;
            let outcome = self
                .load(path, &part, &mut done, size, options.watch.as_ref())
                .await;
            let Err(error) = outcome else {
                continue;
            };
            left = if done > before {
                options.attempts
            } else {
                left - 1
            };
            if !error.is_transient() || left == 0 {
                return Err(error);
            }
            let pause = error.retry_after().unwrap_or(Duration::from_secs(1));
            self.client().clock().sleep(pause).await;
        }
        let sha256 = local::sha256(part.clone()).await.map_err(of_download)?;
        if !sha256.eq_ignore_ascii_case(&file.sha256) {
            remove(&part).await?;
            return Err(Error::new(
                ErrorKind::UnexpectedAnswer,
                format!("the bytes of {path} are not those of its checksum"),
            )
            .of(OPERATION)
            .next("download it again: it may have been replaced meanwhile"));
        }
        tokio::fs::rename(&part, target)
            .await
            .map_err(|error| of_download(local::failed(target, "replaced", error)))?;
        Ok(Downloaded {
            path: target.to_owned(),
            size,
            sha256,
            resumed_from,
        })
    }

    /// What the file is, and where its bytes gather.
    async fn prepare(
        &self,
        path: &str,
        target: &Path,
    ) -> Result<(types::StoredFile, PathBuf), Error> {
        let (folder, name) = rules::file_path("path", path)?;
        if tokio::fs::metadata(target)
            .await
            .is_ok_and(|about| about.is_dir())
        {
            return Err(Error::invalid_field(
                "target",
                format_args!("{} is a folder", target.display()),
                "add the name of the file",
            ));
        }
        let target_name = local::name(target)?;
        let listed = self.list(&folder).await?;
        let file = listed.files.into_iter().find(|file| file.file_name == name);
        let Some(file) = file else {
            return Err(
                Error::new(ErrorKind::NotFound, format!("there is no file {path}"))
                    .next("list its folder to see what is there"),
            );
        };
        let key: String = file
            .sha256
            .chars()
            .filter(char::is_ascii_hexdigit)
            .collect();
        let key = key.get(..16).unwrap_or(&key).to_ascii_lowercase();
        let part = target.with_file_name(format!(".{target_name}.{key}.part"));
        Ok((file, part))
    }

    /// Loads from where the part ends to the end of the file, or to where the connection breaks.
    async fn load(
        &self,
        path: &str,
        part: &Path,
        done: &mut u64,
        size: u64,
        watch: Option<&Watch>,
    ) -> Result<(), Error> {
        let range = (*done > 0).then(|| format!("bytes={done}-"));
        let mut download = self.fetch(path, range).await?;
        if *done > 0 && !download.is_part() {
            // The server sends the whole: what is there is written over.
            *done = 0;
        }
        let mut file = open(part, *done).await?;
        let written = |error| of_download(local::failed(part, "written", error));
        let outcome = loop {
            match download.chunk().await {
                Ok(Some(bytes)) => {
                    file.write_all(&bytes).await.map_err(written)?;
                    *done += bytes.len() as u64;
                    if let Some(watch) = watch {
                        watch(Transferred {
                            done: *done,
                            total: size,
                        });
                    }
                }
                Ok(None) => break Ok(()),
                Err(error) => break Err(error),
            }
        };
        // Only what is on disk counts for the next attempt.
        file.flush().await.map_err(written)?;
        file.sync_all().await.map_err(written)?;
        outcome?;
        if *done == size {
            return Ok(());
        }
        if *done > size {
            drop(file);
            remove(part).await?;
        }
        Err(Error::new(
            ErrorKind::ConnectionLost,
            format!("{} of {size} bytes came", *done),
        )
        .of(OPERATION)
        .next("download it again: it goes on from there"))
    }
}

async fn open(part: &Path, from: u64) -> Result<tokio::fs::File, Error> {
    let failed = |error| of_download(local::failed(part, "written", error));
    let mut file = tokio::fs::OpenOptions::new()
        .create(true)
        .write(true)
        .truncate(false)
        .open(part)
        .await
        .map_err(failed)?;
    file.set_len(from).await.map_err(failed)?;
    tokio::io::AsyncSeekExt::seek(&mut file, std::io::SeekFrom::Start(from))
        .await
        .map_err(failed)?;
    Ok(file)
}

async fn remove(part: &Path) -> Result<(), Error> {
    match tokio::fs::remove_file(part).await {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(of_download(local::failed(part, "removed", error)))
        }
        _ => Ok(()),
    }
}

fn of_download(error: Error) -> Error {
    error.of_if_unknown(OPERATION)
}

impl fmt::Debug for DownloadOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DownloadOptions")
            .field("attempts", &self.attempts)
            .finish_non_exhaustive()
    }
}
