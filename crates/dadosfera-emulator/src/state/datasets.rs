//! The datasets that uploads made: list, get, add, delete.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use crate::state::files::FileRows;

/// The rows of one file, under an id.
#[derive(Debug, Clone)]
pub(crate) struct Dataset {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) path: String,
    pub(crate) rows: FileRows,
    pub(crate) created_at: DateTime<Utc>,
}

/// All datasets; a customer's are in the order in which they were made.
#[derive(Debug, Default)]
pub(crate) struct Datasets {
    by_customer: BTreeMap<String, Vec<Dataset>>,
}

impl Datasets {
    pub(crate) fn list(&self, customer_id: &str) -> &[Dataset] {
        self.by_customer.get(customer_id).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn get(&self, customer_id: &str, id: &str) -> Option<&Dataset> {
        self.list(customer_id)
            .iter()
            .find(|dataset| dataset.id == id)
    }

    pub(crate) fn add(&mut self, customer_id: &str, dataset: Dataset) {
        self.by_customer
            .entry(customer_id.to_owned())
            .or_default()
            .push(dataset);
    }

    pub(crate) fn delete(&mut self, customer_id: &str, id: &str) -> Option<Dataset> {
        let datasets = self.by_customer.get_mut(customer_id)?;
        let place = datasets.iter().position(|dataset| dataset.id == id)?;
        Some(datasets.remove(place))
    }
}
