//! Files: uploaded and downloaded as streams, so that none is ever whole in memory. The upload's route is reported by
//! third parties, the others are inferred.

use std::fmt;
use std::path::Path;
use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use dadosfera_raw::{ClientInfo as _, Multipart, types};
use futures::{Stream, StreamExt};
use reqwest::multipart::{Form, Part};

use crate::call::Call;
use crate::client::Client;
use crate::error::{Error, ErrorKind};

/// A download that brings nothing for this long is given up.
const IDLE: Duration = Duration::from_secs(60);

/// The customer's files; from [`Client::storage`].
#[derive(Debug, Clone, Copy)]
pub struct Storage<'a> {
    client: &'a Client,
}

/// A file that is coming in.
pub struct Download {
    call: Call,
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

impl Storage<'_> {
    /// The files and folders right below a folder, such as `/raw/x`.
    ///
    /// # Errors
    /// [`ErrorKind::Forbidden`] without the permission `import-file:view`.
    pub async fn list(&self, folder: &str) -> Result<types::FolderAnswer, Error> {
        let call = self.client.call("list_files");
        let answer = call.raw().list_files(Some(folder)).await;
        call.finish(answer).await
    }

    /// Uploads bytes as a file of this name.
    ///
    /// # Errors
    /// [`ErrorKind::BadRequest`] where it calls itself a table and is none; nothing is stored then.
    pub async fn upload_bytes(
        &self,
        folder: &str,
        name: impl Into<String>,
        content: impl Into<Bytes>,
    ) -> Result<types::UploadedFile, Error> {
        let content: Bytes = content.into();
        let length = content.len() as u64;
        self.upload(folder, name.into(), content.into(), length)
            .await
    }

    /// Uploads a file of this machine, streamed from the disk.
    ///
    /// ```no_run
    /// # async fn run(client: dadosfera::Client) -> Result<(), dadosfera::Error> {
    /// let stored = client.storage().upload_file("/raw/shop", "orders.csv").await?;
    /// println!("{} bytes, dataset {:?}", stored.size, stored.dataset_id);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] for what is no file; nothing is sent then. Otherwise as of
    /// [`upload_bytes`](Self::upload_bytes).
    pub async fn upload_file(
        &self,
        folder: &str,
        path: impl AsRef<Path>,
    ) -> Result<types::UploadedFile, Error> {
        let path = path.as_ref();
        let refuse = |why: String| {
            Error::invalid_input(
                format!("{} cannot be uploaded: {why}", path.display()),
                "pass the path of a file that can be read",
            )
            .of("upload_files")
        };
        let name = path.file_name().and_then(|name| name.to_str());
        let Some(name) = name else {
            return Err(refuse("it has no file name in Unicode".to_owned()));
        };
        let file = tokio::fs::File::open(path)
            .await
            .map_err(|error| refuse(error.to_string()))?;
        let about = file
            .metadata()
            .await
            .map_err(|error| refuse(error.to_string()))?;
        if !about.is_file() {
            return Err(refuse("it is no file".to_owned()));
        }
        self.upload(folder, name.to_owned(), file.into(), about.len())
            .await
    }

    async fn upload(
        &self,
        folder: &str,
        name: String,
        content: reqwest::Body,
        length: u64,
    ) -> Result<types::UploadedFile, Error> {
        let call = self.client.call("upload_files");
        let part = Part::stream_with_length(content, length).file_name(name);
        let form = Form::new().part("file", part);
        let form = Multipart::new(call.raw().client(), form).map_err(|error| {
            call.failed(
                Error::invalid_input("the form cannot be encoded", "give the file a plain name")
                    .with_source(error),
            )
        })?;
        let answer = call
            .raw()
            .upload_files(
                folder,
                form.content_length.as_deref(),
                &form.content_type,
                form.body,
            )
            .await;
        let stored = match call.finish(answer).await? {
            types::UploadAnswer::UploadedFile(file) => Some(file),
            types::UploadAnswer::Array(files) => files.into_iter().next(),
        };
        stored.ok_or_else(|| {
            Error::new(ErrorKind::UnexpectedAnswer, "the answer tells of no file")
                .of("upload_files")
                .next("list the folder to see whether it was stored")
        })
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

    async fn fetch(&self, path: &str, range: Option<String>) -> Result<Download, Error> {
        let call = self.client.call("download_file");
        match call.raw().download_file(path, range.as_deref()).await {
            Ok(answer) => Ok(Download {
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
        let answer = call.raw().delete_file(path).await;
        call.finish_empty(answer)
    }
}

impl Download {
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
