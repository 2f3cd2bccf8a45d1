//! Uploads of many files, a few at once.

use std::collections::HashSet;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures::{StreamExt as _, stream};

use super::storage::Storage;
use super::storage_upload::{Transferred, Upload, Uploaded, of_upload};
use super::{storage_local as local, storage_rules as rules};
use crate::error::Error;

type WatchMany = Arc<dyn Fn(&Path, Transferred) + Send + Sync>;

/// How many files are uploaded. The default is four at once, each sent whatever is there.
///
/// ```
/// # dadosfera::__example!(client => {
/// # let folder = tempfile::tempdir()?;
/// # let folder = folder.path();
/// # std::fs::create_dir(folder.join("2026"))?;
/// # for name in ["a.csv", "b.csv", "2026/c.csv"] { std::fs::write(folder.join(name), "id\n1\n")?; }
/// use dadosfera::{UploadMany, UploadedOne};
///
/// let options = UploadMany::new()
///     .at_once(8)
///     .largest(10_000_000_000)
///     .skip_if_there()
///     .with_progress(|path, it| println!("{} {} of {}", path.display(), it.done, it.total));
/// let files = [folder.join("a.csv"), folder.join("b.csv")];
/// client.storage().upload_many("/raw", files, &options).await?;
/// for UploadedOne { path, outcome, .. } in client.storage().upload_folder("/raw", folder, &options).await? {
///     println!("{}: {:?}", path.display(), outcome?);
/// }
/// # });
/// ```
#[derive(Clone)]
pub struct UploadMany {
    at_once: usize,
    skips: bool,
    largest: u64,
    watch: Option<WatchMany>,
}

/// What became of one of many.
#[derive(Debug)]
#[non_exhaustive]
pub struct UploadedOne {
    /// The file of this machine.
    pub path: PathBuf,
    /// What became of it.
    pub outcome: Result<Uploaded, Error>,
}

impl Default for UploadMany {
    fn default() -> Self {
        Self {
            at_once: 4,
            skips: false,
            largest: rules::LARGEST,
            watch: None,
        }
    }
}

impl UploadMany {
    /// The default.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How many go up at the same time; at least one does.
    #[must_use]
    pub const fn at_once(mut self, count: usize) -> Self {
        self.at_once = if count == 0 { 1 } else { count };
        self
    }

    /// As of [`Upload::skip_if_there`], with one question for each folder.
    #[must_use]
    pub const fn skip_if_there(mut self) -> Self {
        self.skips = true;
        self
    }

    /// As of [`Upload::largest`].
    #[must_use]
    pub const fn largest(mut self, bytes: u64) -> Self {
        self.largest = bytes;
        self
    }

    /// Tells how far each file is.
    #[must_use]
    pub fn with_progress(
        mut self,
        watch: impl Fn(&Path, Transferred) + Send + Sync + 'static,
    ) -> Self {
        self.watch = Some(Arc::new(watch));
        self
    }

    fn upload(&self, path: &Path) -> Upload {
        let mut upload = Upload::path(path).largest(self.largest);
        upload.skips = self.skips;
        if let Some(watch) = &self.watch {
            let (watch, path) = (Arc::clone(watch), path.to_owned());
            upload.watch = Some(Arc::new(move |transferred| watch(&path, transferred)));
        }
        upload
    }
}

impl Storage<'_> {
    /// Uploads many files into one folder, a few at once, and answers in the order in which they were given. One that fails
    /// does not stop the others.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) where two of them have the same name, so that one would
    /// replace the other, or where one cannot be uploaded at all; nothing is sent then.
    pub async fn upload_many<P: Into<PathBuf>>(
        &self,
        folder: &str,
        paths: impl IntoIterator<Item = P>,
        options: &UploadMany,
    ) -> Result<Vec<UploadedOne>, Error> {
        let folder = rules::folder("folderPath", folder).map_err(of_upload)?;
        let files = paths
            .into_iter()
            .map(|path| (path.into(), folder.clone()))
            .collect();
        self.upload_all(files, options).await
    }

    /// Uploads every file under a folder of this machine, with the folders between. Links are not followed.
    ///
    /// # Errors
    /// As of [`upload_many`](Self::upload_many).
    pub async fn upload_folder(
        &self,
        folder: &str,
        from: impl AsRef<Path>,
        options: &UploadMany,
    ) -> Result<Vec<UploadedOne>, Error> {
        let folder = rules::folder("folderPath", folder).map_err(of_upload)?;
        let root = folder.trim_end_matches('/');
        let mut files = Vec::new();
        for (path, below) in local::under(from.as_ref()).await.map_err(of_upload)? {
            let target = rules::folder("folderPath", &format!("{root}{below}/"));
            files.push((path, target.map_err(of_upload)?));
        }
        self.upload_all(files, options).await
    }

    async fn upload_all(
        &self,
        files: Vec<(PathBuf, String)>,
        options: &UploadMany,
    ) -> Result<Vec<UploadedOne>, Error> {
        let mut targets = HashSet::new();
        for (index, (path, folder)) in files.iter().enumerate() {
            let upload = options.upload(path);
            let name = upload.file_name().map_err(of_upload)?;
            upload.length().await.map_err(of_upload)?;
            if !targets.insert((folder.clone(), name)) {
                return Err(of_upload(Error::invalid_field(
                    format!("files[{index}]"),
                    format_args!(
                        "{} has the name of another, which it would replace",
                        path.display()
                    ),
                    "upload them into different folders, or rename one",
                )));
            }
        }
        let mut known = Vec::new();
        if options.skips {
            let folders: HashSet<&String> = files.iter().map(|(_, folder)| folder).collect();
            for folder in folders {
                known.extend(self.list(folder).await?.files);
            }
        }
        let known = &known;
        let uploads = stream::iter(files).map(|(path, folder)| async move {
            let upload = options.upload(&path);
            let outcome = self.upload_knowing(&folder, &upload, known).await;
            UploadedOne { path, outcome }
        });
        Ok(uploads.buffered(options.at_once).collect().await)
    }
}

impl fmt::Debug for UploadMany {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UploadMany")
            .field("at_once", &self.at_once)
            .field("skips", &self.skips)
            .finish_non_exhaustive()
    }
}
