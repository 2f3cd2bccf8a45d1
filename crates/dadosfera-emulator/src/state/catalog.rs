//! The catalogs of all customers: list, get, create, update, delete, then documentation, certification and what pipelines
//! land.
//!
//! Rules: the same name twice makes two assets; an asset that its viewer may not see is an absent one.
//! A catalog is large, so each keeps its assets in both orders of a list: a page costs what it shows and skips, and only a
//! filter looks at every asset.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use memchr::memmem::Finder;

use crate::mutations::{Mutation, Mutations};
use crate::state::chance::Chance;
use crate::state::data_asset::{
    AssetUser, DataAsset, DataAssetChanges, LandedTable, NewDataAsset, Viewer,
};
use crate::state::ids;

/// All catalogs.
#[derive(Debug, Default)]
pub(crate) struct Catalogs {
    by_customer: BTreeMap<String, Catalog>,
    mutations: Mutations,
}

/// What to list.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Listing<'a> {
    pub(crate) filter: Filter<'a>,
    pub(crate) sort: SortKey,
    pub(crate) descending: bool,
    /// How many to leave out before the page.
    pub(crate) skip: usize,
    pub(crate) take: usize,
}

/// Which assets; what is left out leaves none out.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Filter<'a> {
    /// A part of the name or the description, in any case.
    pub(crate) search: Option<&'a str>,
    pub(crate) data_asset_type: Option<&'a str>,
    pub(crate) pipeline_id: Option<&'a str>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SortKey {
    DisplayName,
    CreatedAt,
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

/// One customer's assets. An index holds places in `assets`; a place is not used again, and no index holds one whose
/// asset was deleted.
#[derive(Debug, Default)]
struct Catalog {
    assets: Vec<Entry>,
    by_id: BTreeMap<String, usize>,
    by_name: BTreeSet<(String, usize)>,
    by_time: BTreeSet<(DateTime<Utc>, usize)>,
    by_table: BTreeMap<LandedTable, usize>,
}

/// An asset with what a search reads of it.
#[derive(Debug)]
struct Entry {
    asset: DataAsset,
    folded_name: String,
    folded_description: String,
}

/// A filter, ready to be held against every asset.
struct Wanted<'a> {
    /// One searcher for all of them: making it anew costs more than most texts are long.
    search: Option<Finder<'static>>,
    data_asset_type: Option<&'a str>,
    pipeline_id: Option<String>,
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
            page.total = all.map(|catalog| catalog.by_id.len()).sum();
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
        let asset = &catalog.assets.get(place)?.asset;
        catalog.by_id.contains_key(&asset.id).then_some(&*asset.id)
    }

    pub(crate) fn create(
        &mut self,
        customer_id: &str,
        maker: AssetUser,
        new: NewDataAsset,
        now: DateTime<Utc>,
        chance: &mut Chance,
    ) -> &mut DataAsset {
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
    ) -> &mut DataAsset {
        let catalog = self.of(customer_id);
        if let Some(place) = catalog.by_table.get(&table).copied() {
            let asset = &mut catalog.assets[place].asset;
            asset.updated_at = now;
            return asset;
        }
        let new = new.unwrap_or_else(|| NewDataAsset {
            display_name: table.table_name.clone(),
            data_asset_type: "table".into(),
            ..NewDataAsset::default()
        });
        catalog.add(maker, new, Some(table), now, chance)
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
        let place = *catalog.by_id.get(id).ok_or(NotFound)?;
        Ok(catalog.change(place, change))
    }
}

impl Catalog {
    fn asset(&self, id: &str) -> Option<&DataAsset> {
        Some(&self.assets[*self.by_id.get(id)?].asset)
    }

    fn list(&self, viewer: Viewer<'_>, listing: Listing<'_>, mutations: Mutations) -> Page<'_> {
        let places: Box<dyn DoubleEndedIterator<Item = usize>> = match listing.sort {
            SortKey::DisplayName => Box::new(self.by_name.iter().map(|(_, place)| *place)),
            SortKey::CreatedAt => Box::new(self.by_time.iter().map(|(_, place)| *place)),
        };
        let places: Box<dyn Iterator<Item = usize>> = if listing.descending {
            Box::new(places.rev())
        } else {
            places
        };
        let entries = places.map(|place| &self.assets[place]);
        let page = listing.skip..listing.skip.saturating_add(listing.take);
        if viewer.sees_all() && listing.filter.is_none() {
            let shown = entries.skip(listing.skip).take(listing.take);
            return Page {
                assets: shown.map(|entry| &entry.asset).collect(),
                total: self.by_id.len(),
            };
        }
        let wanted = listing.filter.prepare(mutations);
        let mut total = 0;
        let mut assets = Vec::new();
        for entry in entries {
            if entry.asset.is_visible_to(viewer) && wanted.matches(entry) {
                if page.contains(&total) {
                    assets.push(&entry.asset);
                }
                total += 1;
            }
        }
        Page { assets, total }
    }

    fn add(
        &mut self,
        maker: AssetUser,
        new: NewDataAsset,
        table: Option<LandedTable>,
        now: DateTime<Utc>,
        chance: &mut Chance,
    ) -> &mut DataAsset {
        let place = self.assets.len();
        let id = chance.uuid().to_string();
        let mut asset = DataAsset::new(id, place + 1, maker, new, now);
        asset.table = table;
        self.by_id.insert(asset.id.clone(), place);
        self.by_time.insert((asset.created_at, place));
        if let Some(table) = &asset.table {
            self.by_table.insert(table.clone(), place);
        }
        let entry = Entry::new(asset);
        self.by_name.insert((entry.folded_name.clone(), place));
        self.assets.push(entry);
        &mut self.assets[place].asset
    }

    fn change(&mut self, place: usize, change: impl FnOnce(&mut DataAsset)) -> &DataAsset {
        let entry = &mut self.assets[place];
        let before = std::mem::take(&mut entry.folded_name);
        change(&mut entry.asset);
        entry.fold();
        if entry.folded_name != before {
            self.by_name.remove(&(before, place));
            self.by_name.insert((entry.folded_name.clone(), place));
        }
        &entry.asset
    }

    fn remove(&mut self, id: &str) {
        let Some(place) = self.by_id.remove(id) else {
            return;
        };
        let entry = &mut self.assets[place];
        let name = std::mem::take(&mut entry.folded_name);
        self.by_name.remove(&(name, place));
        self.by_time.remove(&(entry.asset.created_at, place));
        if let Some(table) = &entry.asset.table {
            self.by_table.remove(table);
        }
        // Nothing reads it again, so its largest texts can go.
        entry.folded_description = String::new();
        entry.asset.docs = String::new();
        entry.asset.description = None;
    }
}

impl Entry {
    fn new(asset: DataAsset) -> Self {
        let mut entry = Self {
            asset,
            folded_name: String::new(),
            folded_description: String::new(),
        };
        entry.fold();
        entry
    }

    fn fold(&mut self) {
        self.folded_name = self.asset.display_name.to_lowercase();
        let description = self.asset.description.as_deref();
        self.folded_description = description.unwrap_or_default().to_lowercase();
    }
}

impl<'a> Filter<'a> {
    fn is_none(&self) -> bool {
        self.search.is_none() && self.data_asset_type.is_none() && self.pipeline_id.is_none()
    }

    fn prepare(&self, mutations: Mutations) -> Wanted<'a> {
        let fold = |text: &str| {
            if mutations.has(Mutation::SearchIsExact) {
                text.to_owned()
            } else {
                text.to_lowercase()
            }
        };
        Wanted {
            search: self
                .search
                .map(|text| Finder::new(&fold(text)).into_owned()),
            data_asset_type: self
                .data_asset_type
                .filter(|_| !mutations.has(Mutation::TypeIsNotFiltered)),
            pipeline_id: self.pipeline_id.map(ids::canonical),
        }
    }
}

impl Wanted<'_> {
    fn matches(&self, entry: &Entry) -> bool {
        let asset = &entry.asset;
        self.data_asset_type
            .is_none_or(|wanted| asset.data_asset_type == wanted)
            && self.pipeline_id.as_ref().is_none_or(|wanted| {
                let table = asset.table.as_ref();
                table.is_some_and(|table| table.pipeline_id == *wanted)
            })
            && self.search.as_ref().is_none_or(|text| {
                let texts = [&entry.folded_name, &entry.folded_description];
                texts
                    .iter()
                    .any(|folded| text.find(folded.as_bytes()).is_some())
            })
    }
}

#[cfg(test)]
#[path = "catalog_tests.rs"]
mod tests;
