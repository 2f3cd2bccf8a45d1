//! The catalogs of all customers: list, get, create, update, delete, then documentation, certification and what pipelines
//! land.
//!
//! Rules: the same name twice makes two assets; an asset that its viewer may not see is an absent one.
//! A catalog is large, so an index answers what a list asks.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use crate::mutations::{Mutation, Mutations};
use crate::state::catalog_index::{Index, Listing};
use crate::state::chance::Chance;
use crate::state::data_asset::{
    AssetUser, DataAsset, DataAssetChanges, LandedTable, NewDataAsset, Viewer,
};

/// All catalogs.
#[derive(Debug, Default)]
pub(crate) struct Catalogs {
    by_customer: BTreeMap<String, Catalog>,
    mutations: Mutations,
}

/// One page, and how many assets there are on all of them.
#[derive(Debug)]
pub(crate) struct Page<'a> {
    pub(crate) assets: Vec<&'a DataAsset>,
    pub(crate) total: usize,
}

/// The asset is not there, or not for this viewer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NotFound;

/// One customer's assets, each at the place of its number. A place is not used again.
#[derive(Debug, Default)]
struct Catalog {
    assets: Vec<Option<Box<DataAsset>>>,
    index: Index,
}

impl Catalogs {
    /// Nothing yet; mutations take rules of it away.
    pub(crate) fn new(mutations: Mutations) -> Self {
        Self {
            mutations,
            ..Self::default()
        }
    }

    pub(crate) fn list(&self, viewer: Viewer<'_>, listing: Listing<'_>) -> Page<'_> {
        let mut page = match self.by_customer.get(viewer.customer_id) {
            Some(catalog) => catalog.list(viewer, listing, self.mutations),
            None => Page {
                assets: Vec::new(),
                total: 0,
            },
        };
        if self.mutations.has(Mutation::TotalCountsAllCustomers) {
            let all = self.by_customer.values();
            page.total = all.map(|catalog| catalog.index.len()).sum();
        }
        page
    }

    pub(crate) fn get(&self, viewer: Viewer<'_>, id: &str) -> Result<&DataAsset, NotFound> {
        if self.mutations.has(Mutation::ForeignAssetIsRead) {
            let mut all = self.by_customer.values();
            let found = all.find_map(|catalog| catalog.asset(id));
            return found.ok_or(NotFound);
        }
        self.by_customer
            .get(viewer.customer_id)
            .and_then(|catalog| catalog.asset(id))
            .filter(|asset| asset.is_visible_to(viewer))
            .ok_or(NotFound)
    }

    /// The id of the asset whose older numeric id, `nimbus_id`, this is.
    pub(crate) fn id_of(&self, customer_id: &str, text: &str) -> Option<&str> {
        let catalog = self.by_customer.get(customer_id)?;
        let place = text.parse::<usize>().ok()?.checked_sub(1)?;
        Some(&*catalog.at(place)?.id)
    }

    pub(crate) fn create(
        &mut self,
        customer_id: &str,
        maker: AssetUser,
        new: NewDataAsset,
        now: DateTime<Utc>,
        chance: &mut Chance,
    ) -> &DataAsset {
        let catalog = self.of(customer_id);
        catalog.add(maker, new, None, now, chance)
    }

    pub(crate) fn update(
        &mut self,
        viewer: Viewer<'_>,
        id: &str,
        changes: DataAssetChanges,
        now: DateTime<Utc>,
    ) -> Result<&DataAsset, NotFound> {
        self.change(viewer, id, |asset| asset.change(changes, now))
    }

    pub(crate) fn delete(&mut self, viewer: Viewer<'_>, id: &str) -> Result<(), NotFound> {
        self.get(viewer, id)?;
        self.of(viewer.customer_id).remove(id);
        Ok(())
    }

    pub(crate) fn set_docs(
        &mut self,
        viewer: Viewer<'_>,
        id: &str,
        docs: &str,
        now: DateTime<Utc>,
    ) -> Result<&DataAsset, NotFound> {
        self.change(viewer, id, |asset| {
            docs.clone_into(&mut asset.docs);
            asset.updated_at = now;
        })
    }

    pub(crate) fn set_certification(
        &mut self,
        viewer: Viewer<'_>,
        id: &str,
        status: Option<&str>,
        now: DateTime<Utc>,
    ) -> Result<&DataAsset, NotFound> {
        self.change(viewer, id, |asset| {
            asset.certification_status = status.map(Into::into);
            asset.updated_at = now;
        })
    }

    /// Makes the asset of a table that a pipeline landed, or says that it landed again: what people wrote stays.
    /// A new asset has the table's name, unless `new` says what it has.
    pub(crate) fn upsert_from_pipeline(
        &mut self,
        customer_id: &str,
        maker: AssetUser,
        table: LandedTable,
        new: Option<NewDataAsset>,
        now: DateTime<Utc>,
        chance: &mut Chance,
    ) {
        let catalog = self.of(customer_id);
        if let Some(place) = catalog.index.by_table(&table) {
            catalog.change(place, |asset| asset.updated_at = now);
            return;
        }
        let new = new.unwrap_or_else(|| NewDataAsset {
            display_name: table.table_name.clone(),
            data_asset_type: "table".into(),
            ..NewDataAsset::default()
        });
        catalog.add(maker, new, Some(table), now, chance);
    }

    fn of(&mut self, customer_id: &str) -> &mut Catalog {
        self.by_customer.entry(customer_id.to_owned()).or_default()
    }

    fn change(
        &mut self,
        viewer: Viewer<'_>,
        id: &str,
        change: impl FnOnce(&mut DataAsset),
    ) -> Result<&DataAsset, NotFound> {
        self.get(viewer, id)?;
        let catalog = self.of(viewer.customer_id);
        let place = catalog.index.by_id(id).ok_or(NotFound)?;
        catalog.change(place, change).ok_or(NotFound)
    }
}

impl Catalog {
    fn asset(&self, id: &str) -> Option<&DataAsset> {
        self.at(self.index.by_id(id)?)
    }

    fn at(&self, place: usize) -> Option<&DataAsset> {
        self.assets.get(place)?.as_deref()
    }

    fn list(&self, viewer: Viewer<'_>, listing: Listing<'_>, mutations: Mutations) -> Page<'_> {
        let (places, total) = self.index.page(viewer, listing, mutations);
        let assets = places.into_iter().filter_map(|place| self.at(place));
        Page {
            assets: assets.collect(),
            total,
        }
    }

    fn add(
        &mut self,
        maker: AssetUser,
        new: NewDataAsset,
        table: Option<LandedTable>,
        now: DateTime<Utc>,
        chance: &mut Chance,
    ) -> &DataAsset {
        let place = self.assets.len();
        let id = chance.uuid().to_string();
        let mut asset = DataAsset::new(id, place + 1, maker, new, now);
        asset.table = table;
        self.index.insert(place, &asset);
        self.assets.push(None);
        self.assets[place].insert(Box::new(asset))
    }

    fn change(&mut self, place: usize, change: impl FnOnce(&mut DataAsset)) -> Option<&DataAsset> {
        let asset = self.assets.get_mut(place)?.as_deref_mut()?;
        self.index.remove(place, asset);
        change(asset);
        self.index.insert(place, asset);
        Some(asset)
    }

    fn remove(&mut self, id: &str) {
        let place = self.index.by_id(id);
        if let Some(place) = place
            && let Some(asset) = self.assets[place].take()
        {
            self.index.remove(place, &asset);
        }
    }
}

#[cfg(test)]
#[path = "catalog_tests.rs"]
mod tests;
