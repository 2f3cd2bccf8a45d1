//! What an asset was before it was changed, kept as a file.
//!
//! Rule: a backup is named after the asset and its own content, and is never written over. So the first state outlives any
//! number of interrupted and repeated runs, and the same state is kept once.

use std::path::{Path, PathBuf};

use dadosfera_raw::types::DataAsset;
use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::error::{Error, ErrorKind};

/// What a backup holds.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Backup {
    pub(crate) asset: DataAsset,
    pub(crate) docs: String,
}

impl Backup {
    /// Writes it into a folder, which is made where it is not there.
    pub(crate) async fn write(&self, folder: &Path) -> Result<PathBuf, Error> {
        let failed = |path: &Path, error: std::io::Error| {
            Error::new(
                ErrorKind::File,
                format!("{} cannot be written: {error}", path.display()),
            )
            .next("name another folder for the backups; nothing was changed")
            .with_source(error)
        };
        let text = serde_json::to_vec_pretty(self).map_err(|error| {
            Error::new(ErrorKind::File, "the backup cannot be written as JSON").with_source(error)
        })?;
        let digest = HEXLOWER.encode(&Sha256::digest(&text));
        let name = format!("{}.{}.json", self.asset.id, &digest[..12]);
        let path = folder.join(&name);
        tokio::fs::create_dir_all(folder)
            .await
            .map_err(|error| failed(folder, error))?;
        if tokio::fs::try_exists(&path).await.unwrap_or(false) {
            return Ok(path);
        }
        // Half a backup must not pass for a whole one.
        let part = folder.join(format!(".{name}.part"));
        tokio::fs::write(&part, &text)
            .await
            .map_err(|error| failed(&part, error))?;
        tokio::fs::rename(&part, &path)
            .await
            .map_err(|error| failed(&path, error))?;
        Ok(path)
    }

    pub(crate) async fn read(path: &Path) -> Result<Self, Error> {
        let text = tokio::fs::read(path).await.map_err(|error| {
            Error::new(
                ErrorKind::File,
                format!("{} cannot be read: {error}", path.display()),
            )
            .next("pass the path of a backup")
            .with_source(error)
        })?;
        serde_json::from_slice(&text).map_err(|error| {
            Error::invalid_input(
                format!("{} is no backup: {error}", path.display()),
                "pass a file that apply wrote",
            )
        })
    }
}
