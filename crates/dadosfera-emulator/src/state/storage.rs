//! Storage: files, the datasets that they became, and tables, and how one follows from the other.
//!
//! Rules (ours): a dataset goes with its file, when that is deleted or replaced; what a table took from it stays. A
//! dataset that is deleted leaves its file.

use chrono::{DateTime, Utc};

use crate::disk::Disk;
use crate::state::chance::Chance;
use crate::state::datasets::{Dataset, Datasets};
use crate::state::file_path;
use crate::state::files::{Files, StoredFile, Upload};
use crate::state::tables::Tables;

/// All that is stored.
#[derive(Debug, Default)]
pub(crate) struct Storage {
    pub(crate) disk: Disk,
    pub(crate) files: Files,
    pub(crate) datasets: Datasets,
    pub(crate) tables: Tables,
}

impl Storage {
    /// Stores a file in a folder, and makes a dataset of its rows.
    pub(crate) fn store(
        &mut self,
        customer_id: &str,
        folder: &str,
        upload: Upload,
        now: DateTime<Utc>,
        chance: &mut Chance,
    ) -> StoredFile {
        let path = file_path::join(folder, &upload.name);
        let dataset = upload.rows.clone().map(|rows| Dataset {
            id: chance.uuid().to_string(),
            name: upload.name,
            path: path.clone(),
            rows,
            created_at: now,
        });
        let file = StoredFile {
            path,
            content: upload.content,
            rows: upload.rows,
            dataset_id: dataset.as_ref().map(|dataset| dataset.id.clone()),
            updated_at: now,
        };
        let replaced = self.files.put(customer_id, file.clone());
        self.drop_dataset(customer_id, replaced);
        if let Some(dataset) = dataset {
            self.datasets.add(customer_id, dataset);
        }
        file
    }

    pub(crate) fn delete_file(&mut self, customer_id: &str, path: &str) -> bool {
        let deleted = self.files.delete(customer_id, path);
        let was_there = deleted.is_some();
        self.drop_dataset(customer_id, deleted);
        was_there
    }

    pub(crate) fn delete_dataset(&mut self, customer_id: &str, id: &str) -> bool {
        let Some(dataset) = self.datasets.delete(customer_id, id) else {
            return false;
        };
        self.files.forget_dataset(customer_id, &dataset.path, id);
        true
    }

    fn drop_dataset(&mut self, customer_id: &str, file: Option<StoredFile>) {
        if let Some(id) = file.and_then(|file| file.dataset_id) {
            self.datasets.delete(customer_id, &id);
        }
    }
}
