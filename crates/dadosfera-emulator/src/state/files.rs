//! The files of all customers: list, get, put, delete.
//!
//! Rules (ours): the same name in the same folder replaces; a folder is there as long as it holds a file; two files of
//! the same content are one on disk.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::disk::DiskFile;
use crate::rows::ingest::Format;
use crate::rows::segment::Segment;
use crate::state::file_path;

/// Bytes on disk, and what they are.
#[derive(Debug)]
pub(crate) struct FileContent {
    pub(crate) file: DiskFile,
    pub(crate) size: u64,
    /// In hexadecimal.
    pub(crate) sha256: String,
}

/// A file that arrived whole, and the rows that it holds, if it holds any.
#[derive(Debug, Clone)]
pub(crate) struct Upload {
    pub(crate) name: String,
    pub(crate) content: Arc<FileContent>,
    pub(crate) rows: Option<FileRows>,
}

/// The rows of a file.
#[derive(Debug, Clone)]
pub(crate) struct FileRows {
    pub(crate) format: Format,
    pub(crate) segment: Arc<Segment>,
}

/// A file in storage.
#[derive(Debug, Clone)]
pub(crate) struct StoredFile {
    pub(crate) path: String,
    pub(crate) content: Arc<FileContent>,
    pub(crate) rows: Option<FileRows>,
    pub(crate) dataset_id: Option<String>,
    pub(crate) updated_at: DateTime<Utc>,
}

/// What lies right in a folder.
#[derive(Debug)]
pub(crate) struct Listing<'a> {
    pub(crate) folders: Vec<String>,
    pub(crate) files: Vec<&'a StoredFile>,
}

/// All files.
#[derive(Debug, Default)]
pub(crate) struct Files {
    by_customer: BTreeMap<String, BTreeMap<String, StoredFile>>,
    /// Each content that a path names, and how many do.
    contents: HashMap<String, (Arc<FileContent>, usize)>,
}

impl StoredFile {
    pub(crate) fn folder(&self) -> &str {
        file_path::split(&self.path).0
    }

    pub(crate) fn name(&self) -> &str {
        file_path::split(&self.path).1
    }
}

impl Files {
    pub(crate) fn list(&self, customer_id: &str, folder: &str) -> Listing<'_> {
        let mut folders = BTreeSet::new();
        let mut files = Vec::new();
        let prefix = file_path::join(folder, "");
        for file in self.under(customer_id, &prefix) {
            match file.path[prefix.len()..].split_once('/') {
                Some((first, _)) => {
                    folders.insert(format!("{prefix}{first}"));
                }
                None => files.push(file),
            }
        }
        Listing {
            folders: folders.into_iter().collect(),
            files,
        }
    }

    pub(crate) fn get(&self, customer_id: &str, path: &str) -> Option<&StoredFile> {
        self.by_customer.get(customer_id)?.get(path)
    }

    /// The files whose path begins with this, in the order of their paths.
    pub(crate) fn under<'a>(
        &'a self,
        customer_id: &str,
        prefix: &str,
    ) -> impl Iterator<Item = &'a StoredFile> + use<'a> {
        let prefix = prefix.to_owned();
        let files = self.by_customer.get(customer_id).into_iter();
        let first = prefix.clone();
        files
            .flat_map(move |files| files.range(first.clone()..))
            .map(|(_, file)| file)
            .take_while(move |file| file.path.starts_with(&prefix))
    }

    /// Puts a file in its place, and gives back the one that was there.
    pub(crate) fn put(&mut self, customer_id: &str, mut file: StoredFile) -> Option<StoredFile> {
        file.content = self.share(file.content);
        let replaced = self
            .by_customer
            .entry(customer_id.to_owned())
            .or_default()
            .insert(file.path.clone(), file);
        if let Some(replaced) = &replaced {
            self.release(&replaced.content.sha256);
        }
        replaced
    }

    pub(crate) fn delete(&mut self, customer_id: &str, path: &str) -> Option<StoredFile> {
        let deleted = self.by_customer.get_mut(customer_id)?.remove(path)?;
        self.release(&deleted.content.sha256);
        Some(deleted)
    }

    /// Takes the dataset off the file that it was made from.
    pub(crate) fn forget_dataset(&mut self, customer_id: &str, path: &str, dataset_id: &str) {
        let files = self.by_customer.get_mut(customer_id);
        if let Some(file) = files.and_then(|files| files.get_mut(path))
            && file.dataset_id.as_deref() == Some(dataset_id)
        {
            file.dataset_id = None;
        }
    }

    /// The one content of these bytes. Who else reads it does not count, so that the same requests keep the same file.
    fn share(&mut self, content: Arc<FileContent>) -> Arc<FileContent> {
        let sha256 = content.sha256.clone();
        let (shared, paths) = self.contents.entry(sha256).or_insert((content, 0));
        *paths += 1;
        Arc::clone(shared)
    }

    fn release(&mut self, sha256: &str) {
        if let Some((_, paths)) = self.contents.get_mut(sha256) {
            *paths -= 1;
            if *paths == 0 {
                self.contents.remove(sha256);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::Disk;

    fn file(disk: &Disk, path: &str, sha256: &str) -> StoredFile {
        StoredFile {
            path: path.into(),
            content: Arc::new(FileContent {
                file: disk.create("content").unwrap().0,
                size: 1,
                sha256: sha256.into(),
            }),
            rows: None,
            dataset_id: None,
            updated_at: DateTime::UNIX_EPOCH,
        }
    }

    #[test]
    fn a_folder_lists_what_lies_right_in_it() {
        let disk = Disk::default();
        let mut files = Files::default();
        for path in ["/a", "/raw/b", "/raw/x/c", "/raw/x/y/d", "/rawer/e"] {
            files.put("acme", file(&disk, path, path));
        }
        let listed = |folder: &str| {
            let listing = files.list("acme", folder);
            let files: Vec<_> = listing.files.iter().map(|file| file.path.clone()).collect();
            (listing.folders, files)
        };
        let texts = |texts: &[&str]| -> Vec<String> { texts.iter().map(|t| (*t).into()).collect() };
        assert_eq!(listed("/"), (texts(&["/raw", "/rawer"]), texts(&["/a"])));
        assert_eq!(listed("/raw"), (texts(&["/raw/x"]), texts(&["/raw/b"])));
        assert_eq!(listed("/nope"), (vec![], vec![]));
        assert!(files.list("globex", "/").files.is_empty());
    }

    #[test]
    fn equal_contents_are_one_file_that_goes_with_the_last_path() {
        let disk = Disk::default();
        let mut files = Files::default();
        files.put("acme", file(&disk, "/a", "1"));
        files.put("globex", file(&disk, "/b", "1"));
        assert_eq!(disk.count(), 1);
        files.delete("acme", "/a");
        assert_eq!(disk.count(), 1);
        files.put("globex", file(&disk, "/b", "2"));
        assert_eq!(disk.count(), 1);
        files.delete("globex", "/b");
        assert_eq!(disk.count(), 0);
    }
}
