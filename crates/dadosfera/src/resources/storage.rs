//! Files: uploaded and downloaded as streams, so that none is ever whole in memory. The upload's route is reported by
//! third parties, the others are inferred.

use std::fmt;
use std::path::Path;
use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use dadosfera_raw::types;
use futures::{Stream, StreamExt};
use reqwest::StatusCode;

use super::storage_rules as rules;
use super::storage_upload::{Upload, Uploaded};
use crate::call::Call;
use crate::client::Client;
use crate::error::{Error, ErrorKind};
use crate::pages::Items;

/// A download that brings nothing for this long is given up.
const IDLE: Duration = Duration::from_secs(60);

/// The customer's files; from [`Client::storage`].
///
/// ```
/// # dadosfera::__example!(client => {
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("customers.csv");
/// let storage = client.storage();
/// storage.upload_bytes("/raw/shop", "orders.csv", "id\n1\n2\n").await?;
/// std::fs::write(&path, "id\n7\n")?;
/// storage.upload_file("/raw/shop", &path).await?;
/// for file in storage.list("/raw/shop").await?.files {
///     println!("{} {} bytes", file.path, file.size);
/// }
/// storage.delete("/raw/shop/customers.csv").await?;
/// # });
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Storage<'a> {
    client: &'a Client,
}

/// A file that is coming in.
///
/// ```
/// # dadosfera::__example!(client => {
/// # client.storage().upload_bytes("/raw/shop", "orders.csv", "id\n1\n2\n").await?;
/// use dadosfera::Download;
///
/// let mut download: Download = client.storage().download("/raw/shop/orders.csv").await?;
/// println!("{:?} bytes", download.length());
/// let mut content = Vec::new();
/// while let Some(bytes) = download.chunk().await? {
///     content.extend_from_slice(&bytes);
/// }
/// assert_eq!(content, b"id\n1\n2\n");
///
/// let mut part = client.storage().download_range("/raw/shop/orders.csv", "3-4").await?;
/// assert_eq!(part.chunk().await?.as_deref(), Some(&b"1\n"[..]));
/// # });
/// ```
pub struct Download {
    call: Call,
    is_part: bool,
    length: Option<u64>,
    stream: Pin<Box<dyn Stream<Item = reqwest::Result<Bytes>> + Send + Sync>>,
}

impl Client {
    /// The customer's files.
    #[must_use]
    pub const fn storage(&self) -> Storage<'_> {
        Storage { client: self }
    }
}

impl<'a> Storage<'a> {
    pub(crate) const fn client(&self) -> &'a Client {
        self.client
    }

    /// The files and folders right below a folder, such as `/raw/x`.
    ///
    /// # Errors
    /// [`ErrorKind::Forbidden`] without the permission `import-file:view`; [`ErrorKind::InvalidInput`] for a folder that
    /// cannot be.
    pub async fn list(&self, folder: &str) -> Result<types::FolderAnswer, Error> {
        let call = self.client.call("list_files");
        let folder = rules::folder("folderPath", folder).map_err(|error| call.failed(error))?;
        let answer = call.raw().list_files(Some(&folder)).await;
        call.finish(answer).await
    }

    /// The files right below a folder as a stream; the API has no pages here.
    ///
    /// ```
    /// # dadosfera::__example!(client => {
    /// # client.storage().upload_bytes("/raw/shop", "orders.csv", "id\n1\n2\n").await?;
    /// let mut files = client.storage().stream("/raw/shop");
    /// while let Some(file) = files.next().await {
    ///     println!("{}", file?.path);
    /// }
    /// # });
    /// ```
    pub fn stream(&self, folder: impl Into<String>) -> Items<types::StoredFile> {
        let (client, folder) = (self.client.clone(), folder.into());
        Items::whole(
            "list_files",
            |it| it.path.as_str(),
            move || {
                let (client, folder) = (client.clone(), folder.clone());
                async move { Ok(client.storage().list(&folder).await?.files) }
            },
        )
    }

    /// Uploads bytes as a file of this name.
    ///
    /// # Errors
    /// As of [`upload`](Self::upload).
    pub async fn upload_bytes(
        &self,
        folder: &str,
        name: impl Into<String>,
        content: impl Into<Bytes>,
    ) -> Result<types::UploadedFile, Error> {
        self.stored(folder, Upload::bytes(name, content)).await
    }

    /// Uploads a file of this machine, streamed from the disk.
    ///
    /// # Errors
    /// As of [`upload`](Self::upload).
    pub async fn upload_file(
        &self,
        folder: &str,
        path: impl AsRef<Path>,
    ) -> Result<types::UploadedFile, Error> {
        self.stored(folder, Upload::path(path.as_ref())).await
    }

    async fn stored(&self, folder: &str, upload: Upload) -> Result<types::UploadedFile, Error> {
        match self.upload(folder, upload).await? {
            Uploaded::Stored(file) => Ok(file),
            // The answer was lost, and the file has arrived.
            Uploaded::WasThere(file) => Ok(types::UploadedFile {
                dataset_id: file.dataset_id,
                file_name: file.file_name,
                folder_path: file.folder_path,
                size: file.size,
                status: types::UploadStatus::Uploaded,
                extra: serde_json::Map::new(),
            }),
        }
    }

    /// Begins to download a file.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] where there is no such file.
    pub async fn download(&self, path: &str) -> Result<Download, Error> {
        self.fetch(path, None).await
    }

    /// Begins to download a part of a file: `bytes` is a range as HTTP writes it, such as `0-1023`, `1024-` or `-512`.
    ///
    /// # Errors
    /// [`ErrorKind::BadRequest`] for a range that the file does not have.
    pub async fn download_range(&self, path: &str, bytes: &str) -> Result<Download, Error> {
        self.fetch(path, Some(format!("bytes={bytes}"))).await
    }

    pub(crate) async fn fetch(&self, path: &str, range: Option<String>) -> Result<Download, Error> {
        let call = self.client.call("download_file");
        rules::file_path("path", path).map_err(|error| call.failed(error))?;
        match call.raw().download_file(path, None, range.as_deref()).await {
            Ok(answer) => Ok(Download {
                is_part: answer.status() == StatusCode::PARTIAL_CONTENT,
                length: answer.content_length(),
                stream: answer.into_inner_stream(),
                call,
            }),
            Err(error) => Err(call.failed(error.into())),
        }
    }

    /// Deletes a file. The dataset that it became goes with it.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] where there is no such file.
    pub async fn delete(&self, path: &str) -> Result<(), Error> {
        let call = self.client.call("delete_file");
        rules::file_path("path", path).map_err(|error| call.failed(error))?;
        let answer = call.raw().delete_file(path).await;
        call.finish_empty(answer)
    }
}

impl Download {
    /// Whether it is the part that was asked for, and not the whole file.
    pub(crate) const fn is_part(&self) -> bool {
        self.is_part
    }

    /// How many bytes it has, where the server said so.
    #[must_use]
    pub const fn length(&self) -> Option<u64> {
        self.length
    }

    /// The next bytes, or nothing at the end.
    ///
    /// # Errors
    /// [`ErrorKind::ConnectionLost`] where it broke off, [`ErrorKind::Timeout`] where nothing came for a minute.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, Error> {
        match tokio::time::timeout(IDLE, self.stream.next()).await {
            Ok(None) => Ok(None),
            Ok(Some(Ok(chunk))) => Ok(Some(chunk)),
            Ok(Some(Err(error))) => {
                let error = dadosfera_raw::Error::<()>::ResponseBodyError(error);
                Err(self.call.failed(error.into()))
            }
            Err(_) => Err(self.call.failed(
                Error::new(ErrorKind::Timeout, "nothing came for a minute")
                    .next("ask for the rest with download_range(..)"),
            )),
        }
    }
}

impl fmt::Debug for Download {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Download")
            .field("length", &self.length)
            .finish_non_exhaustive()
    }
}
