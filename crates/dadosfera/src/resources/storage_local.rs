//! Files of this machine, as uploads and downloads need them: checked, hashed, and read piece by piece.

use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use bytes::{Bytes, BytesMut};
use data_encoding::HEXLOWER;
use futures::{Stream, stream};
use sha2::{Digest as _, Sha256};
use tokio::io::AsyncReadExt as _;

use crate::error::{Error, ErrorKind};

/// How much of a file is in memory at once.
const PIECE: usize = 256 * 1024;

/// Something went wrong with a file of this machine.
pub(crate) fn failed(path: &Path, doing: &str, error: io::Error) -> Error {
    let next = match error.kind() {
        io::ErrorKind::NotFound => "check the path",
        io::ErrorKind::PermissionDenied => "check who may use it",
        io::ErrorKind::StorageFull => "make room on the disk; what was loaded is kept",
        _ => "look at the disk that it lies on",
    };
    let what = format!("{} cannot be {doing}: {error}", path.display());
    Error::new(ErrorKind::File, what)
        .next(next)
        .with_source(error)
}

/// The length of what has to be a file that can be uploaded.
pub(crate) async fn length(path: &Path) -> Result<u64, Error> {
    let about = tokio::fs::metadata(path)
        .await
        .map_err(|error| failed(path, "read", error))?;
    if about.is_dir() {
        return Err(Error::invalid_field(
            "path",
            format_args!("{} is a folder", path.display()),
            "pass a file, or upload the folder with upload_folder(..)",
        ));
    }
    if !about.is_file() {
        return Err(Error::invalid_field(
            "path",
            format_args!("{} is no plain file", path.display()),
            "pass a file, or its content as a stream of known length",
        ));
    }
    Ok(about.len())
}

/// The name of a file, which has to be Unicode.
pub(crate) fn name(path: &Path) -> Result<String, Error> {
    let name = path.file_name().and_then(|name| name.to_str());
    name.map(str::to_owned).ok_or_else(|| {
        Error::invalid_field(
            "path",
            format_args!("{} has no file name in Unicode", path.display()),
            "give the upload a name with name(..)",
        )
    })
}

/// The SHA-256 of a file in hexadecimal, computed beside the runtime's threads.
pub(crate) async fn sha256(path: PathBuf) -> Result<String, Error> {
    let digest = {
        let path = path.clone();
        tokio::task::spawn_blocking(move || hash(&path)).await
    };
    match digest {
        Ok(Ok(digest)) => Ok(digest),
        Ok(Err(error)) => Err(failed(&path, "read", error)),
        Err(error) => Err(failed(&path, "read", io::Error::other(error))),
    }
}

fn hash(path: &Path) -> io::Result<String> {
    let mut file = std::fs::File::open(path)?;
    let mut piece = vec![0; PIECE];
    let mut hasher = Sha256::new();
    loop {
        match file.read(&mut piece)? {
            0 => return Ok(HEXLOWER.encode(&hasher.finalize())),
            read => hasher.update(&piece[..read]),
        }
    }
}

/// A file's bytes, in pieces.
pub(crate) async fn pieces(
    path: &Path,
) -> Result<impl Stream<Item = io::Result<Bytes>> + use<>, Error> {
    let file = tokio::fs::File::open(path)
        .await
        .map_err(|error| failed(path, "read", error))?;
    let piece = BytesMut::with_capacity(PIECE);
    Ok(stream::try_unfold(
        (file, piece),
        |(mut file, mut piece)| async move {
            piece.reserve(PIECE);
            match file.read_buf(&mut piece).await? {
                0 => Ok(None),
                _ => {
                    let bytes = piece.split().freeze();
                    Ok(Some((bytes, (file, piece))))
                }
            }
        },
    ))
}

/// The plain files under a folder, each with the folders between, in the order of their paths. Links are not followed.
pub(crate) async fn under(folder: &Path) -> Result<Vec<(PathBuf, String)>, Error> {
    let mut found = Vec::new();
    let mut open = vec![(folder.to_owned(), String::new())];
    while let Some((path, below)) = open.pop() {
        let mut entries = tokio::fs::read_dir(&path)
            .await
            .map_err(|error| failed(&path, "read", error))?;
        while let Some(entry) = entries
            .next_entry()
            .await
            .map_err(|error| failed(&path, "read", error))?
        {
            let kind = entry
                .file_type()
                .await
                .map_err(|error| failed(&entry.path(), "read", error))?;
            if kind.is_dir() {
                let name = name(&entry.path())?;
                open.push((entry.path(), format!("{below}/{name}")));
            } else if kind.is_file() {
                found.push((entry.path(), below.clone()));
            }
        }
    }
    found.sort();
    Ok(found)
}
