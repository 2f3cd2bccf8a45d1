//! What of a manifest is not so yet: read from the catalog, compared, and shown as a diff. Nothing is written here.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use dadosfera_raw::types::{self, DataAssetType};
use dadosfera_raw::{Maybe, op};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use serde::Serialize;

use super::diff::{self, Difference};
use super::document::{Manifest, ManifestAsset};
use crate::error::{Error, ErrorKind};
use crate::id::DataAssetId;
use crate::resources::catalog::{Catalog, CatalogQuery};

pub(crate) const OPERATION: &str = "plan_catalog";
/// How many assets are read at the same time.
const AT_ONCE: usize = 8;

/// What has to be done so that the catalog is as a manifest says. Its text is a diff for people; it serialises for programs.
///
/// ```
/// # dadosfera::__example!(client => {
/// use dadosfera::manifest::{AssetPlan, CatalogPlan, Manifest, PlannedAction, PlannedChange};
///
/// let text = "version = 1\n\n[[asset]]\nname = \"Orders\"\ntype = \"dataset\"\ntags = [\"gold\"]\n";
/// let plan: CatalogPlan = client.catalog().plan(&Manifest::parse(text, "catalog.toml", None)?).await?;
/// assert_eq!(plan.count(PlannedAction::Create), 1);
/// assert!(plan.permissions().contains("catalog:create"));
/// client.check_plan(plan.operations()).await?.allowed()?;
/// for AssetPlan { name, changes, .. } in &plan.assets {
///     for PlannedChange { field, before, after, .. } in changes {
///         println!("{name}: {field} from {before:?} to {after:?}");
///     }
/// }
/// # });
/// ```
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct CatalogPlan {
    /// The assets of the manifest, in its order.
    pub assets: Vec<AssetPlan>,
}

/// What has to be done to one asset.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct AssetPlan {
    /// Its name in the manifest.
    pub name: String,
    /// Its type in the manifest.
    pub data_asset_type: DataAssetType,
    /// Its id in the catalog, where it is there.
    pub id: Option<String>,
    /// Where the manifest speaks of it, such as `catalog.toml:12`.
    pub place: String,
    /// What has to be done.
    pub action: PlannedAction,
    /// Which fields change; none where nothing has to be done.
    pub changes: Vec<PlannedChange>,
    #[serde(skip)]
    pub(crate) wanted: ManifestAsset,
    #[serde(skip)]
    pub(crate) current: Option<Current>,
}

/// What has to be done to an asset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum PlannedAction {
    /// It is not there.
    Create,
    /// It is there and differs.
    Change,
    /// It is as the manifest says.
    Nothing,
}

/// A field that changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct PlannedChange {
    /// The field of the manifest; docs are compared as HTML.
    pub field: &'static str,
    /// What it is.
    pub before: Option<String>,
    /// What it will be.
    pub after: Option<String>,
}

/// An asset as it is now.
#[derive(Debug, Clone)]
pub(crate) struct Current {
    pub(crate) asset: types::DataAsset,
    /// Read only where the manifest says what they have to be.
    pub(crate) docs: Option<String>,
}

impl CatalogPlan {
    /// Whether there is nothing to do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count(PlannedAction::Nothing) == self.assets.len()
    }

    /// How many assets this has to be done to.
    #[must_use]
    pub fn count(&self, action: PlannedAction) -> usize {
        self.assets
            .iter()
            .filter(|asset| asset.action == action)
            .count()
    }

    /// The operations that doing it takes, beside reading the catalog: what
    /// [`check_plan`](crate::Client::check_plan) can be asked before anything is changed.
    #[must_use]
    pub fn operations(&self) -> BTreeSet<&'static str> {
        let mut needed = BTreeSet::new();
        for asset in &self.assets {
            if asset.action == PlannedAction::Create {
                needed.insert("create_data_asset");
            }
            for change in &asset.changes {
                match change.field {
                    "docs" => needed.insert("set_data_asset_docs"),
                    "certification" => needed.insert("set_certification_status"),
                    _ if asset.action == PlannedAction::Change => {
                        needed.insert("update_data_asset")
                    }
                    _ => false,
                };
            }
        }
        needed
    }

    /// The permissions that those operations need, as the table of operations says.
    #[must_use]
    pub fn permissions(&self) -> BTreeSet<&'static str> {
        let operations = self.operations().into_iter();
        operations.filter_map(|id| op(id)?.permission).collect()
    }
}

impl Catalog<'_> {
    /// Compares the catalog with a manifest. Nothing is written.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let emulator = dadosfera_emulator::Emulator::start().await?;
    /// # let client = dadosfera::Client::builder()
    /// #     .base_url(emulator.base_url()).password("ana@acme.example", "acme-ana-password").build()?;
    /// use dadosfera::manifest::{ApplyOptions, Manifest};
    ///
    /// let manifest = "version = 1\n\n[[asset]]\nname = \"Orders\"\ntype = \"dataset\"\ndocs = \"# Orders\"\n";
    /// let manifest = Manifest::parse(manifest, "catalog.toml", None)?;
    /// let plan = client.catalog().plan(&manifest).await?;
    /// assert!(plan.to_string().ends_with("1 to create, 0 to change, 0 as they are\n"));
    /// client.catalog().apply(&plan, &ApplyOptions::new()).await?;
    /// assert!(client.catalog().plan(&manifest).await?.is_empty());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`] where two assets have the name and the type of one of the manifest, with their ids;
    /// [`ErrorKind::NotFound`] for an id that is not there; both with the line of the manifest.
    pub async fn plan(&self, manifest: &Manifest) -> Result<CatalogPlan, Error> {
        let by_name = if manifest.assets().iter().any(|asset| asset.id.is_none()) {
            self.ids_by_name().await?
        } else {
            BTreeMap::new()
        };
        let mut found = Vec::with_capacity(manifest.assets().len());
        let mut taken: BTreeMap<String, &ManifestAsset> = BTreeMap::new();
        for asset in manifest.assets() {
            let place = format!("{}:{}", manifest.origin(), asset.line);
            let id = match &asset.id {
                Some(id) => Some(id.as_str().to_owned()),
                None => only(asset, &by_name, &place)?,
            };
            if let Some(id) = &id
                && let Some(other) = taken.insert(id.clone(), asset)
            {
                return Err(Error::new(
                    ErrorKind::Conflict,
                    format!(
                        "{place}: `{}` is the asset of line {}",
                        asset.name, other.line
                    ),
                )
                .of(OPERATION)
                .next("say each asset once"));
            }
            found.push((asset, id, place));
        }
        let plans = stream::iter(found).map(|(asset, id, place)| async move {
            let current = match &id {
                Some(id) => Some(
                    self.current(id, asset)
                        .await
                        .map_err(|error| at(error, &place))?,
                ),
                None => None,
            };
            Ok::<_, Error>(AssetPlan::new(asset, current, place))
        });
        let assets = plans.buffered(AT_ONCE).try_collect().await?;
        Ok(CatalogPlan { assets })
    }

    /// The ids of all assets by type and name.
    pub(crate) async fn ids_by_name(
        &self,
    ) -> Result<BTreeMap<(String, String), Vec<String>>, Error> {
        let mut by_name: BTreeMap<_, Vec<String>> = BTreeMap::new();
        let mut assets = std::pin::pin!(self.stream(CatalogQuery::default()));
        while let Some(asset) = assets.try_next().await? {
            let key = (asset.data_asset_type.to_string(), asset.display_name);
            let ids = by_name.entry(key).or_default();
            // A page that shifts shows an asset twice.
            if !ids.contains(&asset.id) {
                ids.push(asset.id);
            }
        }
        Ok(by_name)
    }

    /// An asset as it is now, with what the manifest speaks of.
    pub(crate) async fn current(&self, id: &str, wanted: &ManifestAsset) -> Result<Current, Error> {
        let id = DataAssetId::new(id)?;
        let asset = self.get(&id).await?;
        let docs = match wanted.docs {
            Some(_) => Some(self.docs(&id).await?),
            None => None,
        };
        Ok(Current { asset, docs })
    }
}

impl AssetPlan {
    pub(crate) fn new(wanted: &ManifestAsset, current: Option<Current>, place: String) -> Self {
        let changes = changes(wanted, current.as_ref());
        let action = match (&current, changes.is_empty()) {
            (None, _) => PlannedAction::Create,
            (Some(_), true) => PlannedAction::Nothing,
            (Some(_), false) => PlannedAction::Change,
        };
        Self {
            name: wanted.name.clone(),
            data_asset_type: wanted.data_asset_type.clone(),
            id: current.as_ref().map(|current| current.asset.id.clone()),
            place,
            action,
            changes,
            wanted: wanted.clone(),
            current,
        }
    }
}

/// The fields that differ, in the order of the manifest's own list.
pub(crate) fn changes(wanted: &ManifestAsset, current: Option<&Current>) -> Vec<PlannedChange> {
    let asset = current.map(|current| &current.asset);
    let mut changes = Vec::new();
    let mut compare = |field, before: Option<String>, after: Option<String>| {
        let filled = |text: Option<String>| text.filter(|text| !text.is_empty());
        let (before, after) = (filled(before), filled(after));
        if before != after {
            changes.push(PlannedChange {
                field,
                before,
                after,
            });
        }
    };
    let is_there = asset.is_some();
    compare(
        "name",
        asset.map(|asset| asset.display_name.clone()),
        is_there.then(|| wanted.name.clone()),
    );
    compare(
        "type",
        asset.map(|asset| asset.data_asset_type.to_string()),
        is_there.then(|| wanted.data_asset_type.to_string()),
    );
    let value = |field: fn(&types::DataAsset) -> &Maybe<String>| match asset.map(field) {
        Some(Maybe::Value(text)) => Some(text.clone()),
        _ => None,
    };
    if let Some(text) = &wanted.description {
        compare(
            "description",
            value(|it| &it.description),
            Some(text.clone()),
        );
    }
    if let Some(tags) = &wanted.tags {
        let shown = |tags: &[String]| {
            let sorted: BTreeSet<&str> = tags.iter().map(String::as_str).collect();
            Some(sorted.into_iter().collect::<Vec<_>>().join(", "))
        };
        let before = asset
            .and_then(|asset| asset.tags.as_deref())
            .unwrap_or_default();
        compare("tags", shown(before), shown(tags));
    }
    if let Some(text) = &wanted.location {
        compare("location", value(|it| &it.location), Some(text.clone()));
    }
    if let Some(text) = &wanted.external_url {
        compare(
            "external_url",
            value(|it| &it.external_url),
            Some(text.clone()),
        );
    }
    if let Some(url) = &wanted.embed_url {
        let before = asset.and_then(|asset| asset.embed.as_ref());
        compare(
            "embed_url",
            before.map(|embed| embed.url.clone()),
            Some(url.clone()),
        );
    }
    if let Some(status) = &wanted.certification {
        compare(
            "certification",
            value(|it| &it.certification_status),
            status.clone(),
        );
    }
    if let Some(html) = &wanted.docs {
        let before = current
            .and_then(|current| current.docs.clone())
            .unwrap_or_default();
        if plain(&before) != plain(html) {
            compare("docs", Some(before), Some(html.clone()));
        }
    }
    changes
}

/// HTML without what an editor changes without changing anything.
fn plain(html: &str) -> String {
    let html = html
        .replace("&nbsp;", " ")
        .replace("&quot;", "\"")
        .replace("<br/>", "<br>");
    let html = if html.trim() == "<p><br></p>" {
        ""
    } else {
        html.trim()
    };
    html.replace("&#39;", "'")
}

fn only(
    asset: &ManifestAsset,
    by_name: &BTreeMap<(String, String), Vec<String>>,
    place: &str,
) -> Result<Option<String>, Error> {
    let key = (asset.data_asset_type.to_string(), asset.name.clone());
    match by_name.get(&key).map(Vec::as_slice) {
        None | Some([]) => Ok(None),
        Some([id]) => Ok(Some(id.clone())),
        Some(ids) => Err(Error::new(
            ErrorKind::Conflict,
            format!(
                "{place}: {} {}s are called `{}`",
                ids.len(),
                asset.data_asset_type,
                asset.name
            ),
        )
        .of(OPERATION)
        .next(format!(
            "say which one is meant by its id: {}",
            ids.join(" or ")
        ))),
    }
}

fn at(error: Error, place: &str) -> Error {
    if error.kind() == ErrorKind::NotFound {
        return Error::new(
            ErrorKind::NotFound,
            format!("{place}: there is no asset of this id"),
        )
        .of(OPERATION)
        .next("take the id out to have the asset made, or write the right one")
        .with_source(error);
    }
    error
}

impl fmt::Display for CatalogPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for asset in &self.assets {
            asset.fmt(f)?;
        }
        writeln!(
            f,
            "{} to create, {} to change, {} as they are",
            self.count(PlannedAction::Create),
            self.count(PlannedAction::Change),
            self.count(PlannedAction::Nothing)
        )
    }
}

impl fmt::Display for AssetPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = match self.action {
            PlannedAction::Nothing => return Ok(()),
            PlannedAction::Create => '+',
            PlannedAction::Change => '~',
        };
        write!(f, "{sign} {} `{}`", self.data_asset_type, self.name)?;
        match &self.id {
            Some(id) => writeln!(f, " ({id}, {})", self.place)?,
            None => writeln!(f, " ({})", self.place)?,
        }
        for change in &self.changes {
            change.fmt(f)?;
        }
        Ok(())
    }
}

impl fmt::Display for PlannedChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let none = || "(none)".to_owned();
        let is_long = self.field == "docs"
            || [&self.before, &self.after]
                .into_iter()
                .flatten()
                .any(|text| text.contains('\n'));
        if !is_long {
            return match (&self.before, &self.after) {
                (None, Some(after)) => writeln!(f, "    {}: {after}", self.field),
                (before, after) => writeln!(
                    f,
                    "    {}: {} -> {}",
                    self.field,
                    before.clone().unwrap_or_else(none),
                    after.clone().unwrap_or_else(none)
                ),
            };
        }
        writeln!(f, "    {}:", self.field)?;
        let text = |side: &Option<String>| match side {
            Some(text) if self.field == "docs" => diff::blocks(text),
            Some(text) => text.clone(),
            None => String::new(),
        };
        let (before, after) = (text(&self.before), text(&self.after));
        let found = diff::lines(&before, &after);
        let mut same = 0;
        for difference in found {
            match difference {
                Difference::Same(_) => same += 1,
                Difference::Gone(line) => writeln!(f, "      - {line}")?,
                Difference::New(line) => writeln!(f, "      + {line}")?,
            }
        }
        if same > 0 {
            writeln!(f, "      ({same} lines as they are)")?;
        }
        Ok(())
    }
}
