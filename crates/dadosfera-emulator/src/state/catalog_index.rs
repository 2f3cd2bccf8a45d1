//! What a list of a catalog asks of its assets, kept so that no list looks at every asset.
//!
//! Each asset has a place, a number that is not used again. What a list wants becomes a mark at each place; the page is
//! then the marked places in the list's order.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use crate::mutations::{Mutation, Mutations};
use crate::state::catalog_texts::Texts;
use crate::state::data_asset::{DataAsset, LandedTable, Viewer};
use crate::state::ids;

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

/// The places of one customer's assets, by whatever a list can ask for.
#[derive(Debug, Default)]
pub(crate) struct Index {
    by_id: BTreeMap<String, usize>,
    by_name: Order,
    by_time: Order,
    by_table: BTreeMap<LandedTable, usize>,
    by_type: BTreeMap<String, BTreeSet<usize>>,
    by_user: BTreeMap<String, BTreeSet<usize>>,
    /// Names and descriptions in small letters.
    texts: Texts,
    times: Vec<DateTime<Utc>>,
}

/// Places in the order of a list, in one piece of memory: a page deep within it is reached by a walk, and the nodes of a
/// tree would have to be waited for one by one.
#[derive(Debug, Default)]
struct Order(Vec<usize>);

/// Which places: all, or the marked ones.
enum Marks {
    All,
    Some(Vec<bool>),
}

impl Index {
    pub(crate) fn insert(&mut self, place: usize, asset: &DataAsset) {
        let name = asset.display_name.to_lowercase();
        let description = asset.description.as_deref().unwrap_or_default();
        self.texts
            .insert(place, &[&name, &description.to_lowercase()]);
        if self.times.len() <= place {
            self.times.resize(place + 1, asset.created_at);
        }
        self.times[place] = asset.created_at;
        let (texts, times) = (&self.texts, &self.times);
        self.by_name
            .insert(place, |place| (texts.first(place), place));
        self.by_time.insert(place, |place| (times[place], place));
        self.by_id.insert(asset.id.clone(), place);
        if let Some(table) = &asset.table {
            self.by_table.insert(table.clone(), place);
        }
        let kind = self.by_type.entry(asset.data_asset_type.clone());
        kind.or_default().insert(place);
        for user in &asset.users {
            let seen = self.by_user.entry(user.id.clone());
            seen.or_default().insert(place);
        }
    }

    /// Takes an asset out; it must be as it was when it was put in.
    pub(crate) fn remove(&mut self, place: usize, asset: &DataAsset) {
        let (texts, times) = (&self.texts, &self.times);
        self.by_name
            .remove(place, |place| (texts.first(place), place));
        self.by_time.remove(place, |place| (times[place], place));
        self.texts.remove(place);
        self.by_id.remove(&asset.id);
        if let Some(table) = &asset.table {
            self.by_table.remove(table);
        }
        take(&mut self.by_type, &asset.data_asset_type, place);
        for user in &asset.users {
            take(&mut self.by_user, &user.id, place);
        }
    }

    pub(crate) fn by_id(&self, id: &str) -> Option<usize> {
        self.by_id.get(id).copied()
    }

    pub(crate) fn by_table(&self, table: &LandedTable) -> Option<usize> {
        self.by_table.get(table).copied()
    }

    pub(crate) fn len(&self) -> usize {
        self.by_id.len()
    }

    /// The places of a page, and how many there are on all pages.
    pub(crate) fn page(
        &self,
        viewer: Viewer<'_>,
        listing: Listing<'_>,
        mutations: Mutations,
    ) -> (Vec<usize>, usize) {
        let marks = self.marks(viewer, listing.filter, mutations);
        match listing.sort {
            SortKey::DisplayName => self.by_name.cut(listing, &marks),
            SortKey::CreatedAt => self.by_time.cut(listing, &marks),
        }
    }

    fn marks(&self, viewer: Viewer<'_>, filter: Filter<'_>, mutations: Mutations) -> Marks {
        let mut marks = Marks::All;
        if !viewer.sees_all() {
            let own = self.by_user.get(viewer.user_id).into_iter().flatten();
            marks.keep(self.places(own.chain(self.by_table.values())));
        }
        if let Some(wanted) = filter.data_asset_type
            && !mutations.has(Mutation::TypeIsNotFiltered)
        {
            marks.keep(self.places(self.by_type.get(wanted).into_iter().flatten()));
        }
        if let Some(wanted) = filter.pipeline_id {
            let wanted = ids::canonical(wanted);
            let first = LandedTable {
                pipeline_id: wanted.clone(),
                table_schema: String::new(),
                table_name: String::new(),
            };
            let tables = self.by_table.range(first..);
            let landed = tables.take_while(|(table, _)| table.pipeline_id == wanted);
            marks.keep(self.places(landed.map(|(_, place)| place)));
        }
        if let Some(wanted) = filter.search {
            marks.keep(if mutations.has(Mutation::SearchIsExact) {
                self.texts.find(wanted)
            } else {
                self.texts.find(&wanted.to_lowercase())
            });
        }
        marks
    }

    fn places<'a>(&self, places: impl Iterator<Item = &'a usize>) -> Vec<bool> {
        let mut marks = vec![false; self.texts.places()];
        for place in places {
            marks[*place] = true;
        }
        marks
    }
}

impl Marks {
    fn keep(&mut self, marked: Vec<bool>) {
        match self {
            Self::All => *self = Self::Some(marked),
            Self::Some(kept) => {
                for (kept, marked) in kept.iter_mut().zip(marked) {
                    *kept &= marked;
                }
            }
        }
    }
}

fn take(sets: &mut BTreeMap<String, BTreeSet<usize>>, name: &str, place: usize) {
    if let Some(set) = sets.get_mut(name) {
        set.remove(&place);
        if set.is_empty() {
            sets.remove(name);
        }
    }
}

impl Order {
    /// Puts a place in; the keys of all places order them.
    fn insert<K: Ord>(&mut self, place: usize, key: impl Fn(usize) -> K) {
        let at = self.0.partition_point(|other| key(*other) < key(place));
        self.0.insert(at, place);
    }

    /// Takes a place out, by the key that it was put in with.
    fn remove<K: Ord>(&mut self, place: usize, key: impl Fn(usize) -> K) {
        if let Ok(at) = self
            .0
            .binary_search_by_key(&key(place), |other| key(*other))
        {
            self.0.remove(at);
        }
    }

    /// The page of those places that are marked, counted from whichever end is nearer, and how many are marked.
    fn cut(&self, listing: Listing<'_>, marks: &Marks) -> (Vec<usize>, usize) {
        let total = match marks {
            Marks::All => self.0.len(),
            Marks::Some(marks) => marks.iter().filter(|marked| **marked).count(),
        };
        let marked = |place: &usize| match marks {
            Marks::All => true,
            Marks::Some(marks) => marks[*place],
        };
        let first = listing.skip.min(total);
        let last = first.saturating_add(listing.take).min(total);
        let (before, after) = if listing.descending {
            (total - last, first)
        } else {
            (first, total - last)
        };
        let places = self.0.iter().copied().filter(marked);
        let mut page: Vec<usize> = if before <= after {
            places.skip(before).take(last - first).collect()
        } else {
            places.rev().skip(after).take(last - first).collect()
        };
        if listing.descending == (before <= after) {
            page.reverse();
        }
        (page, total)
    }
}
