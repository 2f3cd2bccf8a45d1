//! Making the catalog as a plan says.
//!
//! Rules: what is to be changed is backed up before the first write. Each asset is read again right before it is changed,
//! and left alone where somebody else changed it since the plan. After a creation whose answer was lost it is looked for
//! before anything else, so that it is not made twice. A run that broke off is gone on with by planning and applying again.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use dadosfera_raw::Maybe;
use dadosfera_raw::types::{self, DataAssetType, DocsAssetType};

use super::backup::Backup;
use super::plan::{AssetPlan, CatalogPlan, Current, PlannedAction, PlannedChange, changes};
use crate::error::{Error, ErrorKind};
use crate::id::DataAssetId;
use crate::resources::catalog::Catalog;

const OPERATION: &str = "apply_catalog";

type Watch = Arc<dyn Fn(&ApplyStep) + Send + Sync>;

/// How a plan is applied. The default backs up nothing.
#[derive(Clone, Default)]
pub struct ApplyOptions {
    backup: Option<PathBuf>,
    watch: Option<Watch>,
}

/// An asset that was created or changed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ApplyStep {
    /// How many assets of the plan are done.
    pub done: usize,
    /// How many had something to do.
    pub total: usize,
    /// Its name.
    pub name: String,
    /// Its id.
    pub id: DataAssetId,
    /// What was done.
    pub action: PlannedAction,
}

/// What was done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Applied {
    /// How many assets were created.
    pub created: usize,
    /// How many were changed.
    pub changed: usize,
    /// Where what was changed is kept as it was.
    pub backups: Vec<PathBuf>,
}

impl ApplyOptions {
    /// The default.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Keeps each asset that is changed as it was, as a JSON file in this folder, which is made where it is not there.
    /// [`Catalog::restore`] reads such files.
    #[must_use]
    pub fn backup(mut self, folder: impl Into<PathBuf>) -> Self {
        self.backup = Some(folder.into());
        self
    }

    /// Tells of each asset that is done.
    #[must_use]
    pub fn with_progress(mut self, watch: impl Fn(&ApplyStep) + Send + Sync + 'static) -> Self {
        self.watch = Some(Arc::new(watch));
        self
    }
}

impl Catalog<'_> {
    /// Makes the catalog as a plan says. An empty plan writes nothing.
    ///
    /// It stops at the first failure, and says how far it came. What is done is done: plan and apply again to go on.
    ///
    /// ```
    /// # dadosfera::__example!(client => {
    /// use dadosfera::manifest::{Applied, ApplyOptions, ApplyStep, Manifest};
    ///
    /// # let folder = tempfile::tempdir()?;
    /// # let folder = folder.path();
    /// let options = ApplyOptions::new()
    ///     .backup(folder)
    ///     .with_progress(|step: &ApplyStep| println!("{}/{} {} {}", step.done, step.total, step.name, step.id));
    /// let mut applied = Applied::default();
    /// for words in ["orders", "orders of the shop"] {
    ///     let text = format!("version = 1\n\n[[asset]]\nname = \"Orders\"\ntype = \"dataset\"\ndescription = \"{words}\"\n");
    ///     let plan = client.catalog().plan(&Manifest::parse(&text, "catalog.toml", None)?).await?;
    ///     applied = client.catalog().apply(&plan, &options).await?;
    /// }
    /// assert_eq!((applied.created, applied.changed), (0, 1));
    ///
    /// let orders = client.catalog().restore(&applied.backups[0]).await?;
    /// assert_eq!(client.catalog().get(&orders).await?.description.into_option().as_deref(), Some("orders"));
    /// # });
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`] for an asset that was changed since the plan, [`ErrorKind::File`] where a backup cannot be
    /// written (nothing is changed then), and those of creating and changing an asset.
    pub async fn apply(
        &self,
        plan: &CatalogPlan,
        options: &ApplyOptions,
    ) -> Result<Applied, Error> {
        let mut applied = Applied::default();
        self.check_absent(plan).await?;
        if let Some(folder) = &options.backup {
            applied.backups = self.back_up(plan, folder).await?;
        }
        let todo = || {
            let assets = plan.assets.iter();
            assets.filter(|asset| asset.action != PlannedAction::Nothing)
        };
        let total = todo().count();
        for (done, asset) in todo().enumerate() {
            let id = self
                .apply_one(asset)
                .await
                .map_err(|error| interrupted(error, asset, done, total))?;
            match asset.action {
                PlannedAction::Create => applied.created += 1,
                _ => applied.changed += 1,
            }
            if let Some(watch) = &options.watch {
                watch(&ApplyStep {
                    done: done + 1,
                    total,
                    name: asset.name.clone(),
                    id,
                    action: asset.action,
                });
            }
        }
        Ok(applied)
    }

    /// Makes an asset what a backup says it was: all that can be written of it, and its docs. The asset has to be there
    /// still.
    ///
    /// # Errors
    /// [`ErrorKind::File`] and [`ErrorKind::InvalidInput`] for a file that cannot be read or is no backup, and those of
    /// changing an asset.
    pub async fn restore(&self, backup: impl AsRef<Path>) -> Result<DataAssetId, Error> {
        let Backup { asset, docs } = Backup::read(backup.as_ref())
            .await
            .map_err(|error| error.of("restore_catalog"))?;
        let id = DataAssetId::new(&asset.id)?;
        let text = |value: &Maybe<String>| match value {
            Maybe::Value(text) => text.clone(),
            _ => String::new(),
        };
        let request = types::UpdateDataAssetRequest {
            comment: None,
            data_asset_type: Some(asset.data_asset_type.clone()),
            description: Some(text(&asset.description)),
            display_name: Some(asset.display_name.clone()),
            embed: asset.embed.clone(),
            external_url: Some(text(&asset.external_url)),
            location: Some(text(&asset.location)),
            tags: Some(asset.tags.clone().unwrap_or_default()),
        };
        self.update(&id, &request).await?;
        self.set_docs(&id, &docs_type(&asset.data_asset_type), docs)
            .await?;
        let status = match &asset.certification_status {
            Maybe::Value(status) => Some(status.as_str()),
            _ => None,
        };
        self.set_certification(&id, status).await?;
        Ok(id)
    }

    /// What is to be created must not be there: somebody may have made it since the plan.
    async fn check_absent(&self, plan: &CatalogPlan) -> Result<(), Error> {
        if plan.count(PlannedAction::Create) == 0 {
            return Ok(());
        }
        let there = self.ids_by_name().await?;
        for planned in &plan.assets {
            if planned.action == PlannedAction::Create
                && let Some(ids) = there.get(&key_of(planned))
            {
                return Err(Error::new(
                    ErrorKind::Conflict,
                    format!(
                        "the asset `{}` was made since the plan, as {}",
                        planned.name,
                        ids.join(" and ")
                    ),
                )
                .of(OPERATION)
                .next("plan again"));
            }
        }
        Ok(())
    }

    async fn back_up(&self, plan: &CatalogPlan, folder: &Path) -> Result<Vec<PathBuf>, Error> {
        let mut written = Vec::new();
        for planned in &plan.assets {
            let Some(current) = planned
                .current
                .as_ref()
                .filter(|_| planned.action == PlannedAction::Change)
            else {
                continue;
            };
            let docs = match &current.docs {
                Some(docs) => docs.clone(),
                None => self.docs(current.asset.id.as_str()).await?,
            };
            let backup = Backup {
                asset: current.asset.clone(),
                docs,
            };
            let path = backup.write(folder).await;
            written.push(path.map_err(|error| error.of(OPERATION))?);
        }
        Ok(written)
    }

    async fn apply_one(&self, planned: &AssetPlan) -> Result<DataAssetId, Error> {
        let wanted = &planned.wanted;
        let Some(known) = &planned.current else {
            let id = self.create_once(planned).await?;
            // What a creation leaves out (tags get lost, docs are no part of it) is a change of what is there now.
            let current = self.current(id.as_str(), wanted).await?;
            self.write(&id, planned, &changes(wanted, Some(&current)))
                .await?;
            return Ok(id);
        };
        let id = DataAssetId::new(&known.asset.id)?;
        let current = self.current(id.as_str(), wanted).await?;
        let now = changes(wanted, Some(&current));
        if has_changed(known, &current) && !now.is_empty() && now != planned.changes {
            return Err(Error::new(
                ErrorKind::Conflict,
                format!("the asset `{}` was changed since the plan", planned.name),
            )
            .of(OPERATION)
            .next("plan again, and look at the difference"));
        }
        self.write(&id, planned, &now).await?;
        Ok(id)
    }

    async fn write(
        &self,
        id: &DataAssetId,
        planned: &AssetPlan,
        changes: &[PlannedChange],
    ) -> Result<(), Error> {
        let wanted = &planned.wanted;
        let differs = |field: &str| changes.iter().any(|change| change.field == field);
        let request = types::UpdateDataAssetRequest {
            comment: None,
            data_asset_type: differs("type").then(|| wanted.data_asset_type.clone()),
            description: wanted
                .description
                .clone()
                .filter(|_| differs("description")),
            display_name: differs("name").then(|| wanted.name.clone()),
            embed: embed(wanted.embed_url.as_ref().filter(|_| differs("embed_url"))),
            external_url: wanted
                .external_url
                .clone()
                .filter(|_| differs("external_url")),
            location: wanted.location.clone().filter(|_| differs("location")),
            tags: wanted.tags.clone().filter(|_| differs("tags")),
        };
        let is_part_of_it =
            |change: &PlannedChange| !matches!(change.field, "docs" | "certification");
        if changes.iter().any(is_part_of_it) {
            self.update(id, &request).await?;
        }
        if let Some(html) = wanted.docs.as_ref().filter(|_| differs("docs")) {
            let kind = docs_type(&wanted.data_asset_type);
            self.set_docs(id, &kind, html.as_str()).await?;
        }
        if let Some(status) = wanted
            .certification
            .as_ref()
            .filter(|_| differs("certification"))
        {
            self.set_certification(id, status.as_deref()).await?;
        }
        Ok(())
    }

    /// Creates an asset, and looks for it where the answer was lost.
    async fn create_once(&self, planned: &AssetPlan) -> Result<DataAssetId, Error> {
        let wanted = &planned.wanted;
        let request = types::CreateDataAssetRequest {
            data_asset_type: wanted.data_asset_type.clone(),
            description: wanted.description.clone(),
            display_name: wanted.name.clone(),
            embed: embed(wanted.embed_url.as_ref()),
            external_url: wanted.external_url.clone(),
            location: wanted.location.clone(),
            name: Some(wanted.name.clone()),
            tags: wanted.tags.clone(),
        };
        match self.create(&request).await {
            Err(error)
                if matches!(
                    error.kind(),
                    ErrorKind::ConnectionLost
                        | ErrorKind::Timeout
                        | ErrorKind::UnexpectedAnswer
                        | ErrorKind::Server
                ) =>
            {
                let key = key_of(planned);
                let mut found = self.ids_by_name().await?.remove(&key).unwrap_or_default();
                match found.pop() {
                    Some(id) => DataAssetId::new(id),
                    None => Err(error),
                }
            }
            made => made,
        }
    }
}

/// Whether anything that can be written differs.
fn has_changed(before: &Current, now: &Current) -> bool {
    let shown = |current: &Current| {
        let it = &current.asset;
        serde_json::json!([
            it.display_name,
            it.data_asset_type,
            it.description,
            it.tags,
            it.location,
            it.external_url,
            it.embed,
            it.certification_status,
            current.docs,
        ])
    };
    shown(before) != shown(now)
}

fn key_of(planned: &AssetPlan) -> (String, String) {
    let wanted = &planned.wanted;
    (wanted.data_asset_type.to_string(), wanted.name.clone())
}

fn embed(url: Option<&String>) -> Option<types::Embed> {
    url.map(|url| types::Embed { url: url.clone() })
}

fn docs_type(kind: &DataAssetType) -> DocsAssetType {
    match kind {
        DataAssetType::Dataapp => DocsAssetType::Dataapp,
        _ => DocsAssetType::Dataset,
    }
}

fn interrupted(error: Error, asset: &AssetPlan, done: usize, total: usize) -> Error {
    error
        .preceded_by(&format!(
            "{done} of {total} done, then `{}` ({}) failed: ",
            asset.name, asset.place
        ))
        .next("plan and apply again to go on")
}

impl fmt::Debug for ApplyOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApplyOptions")
            .field("backup", &self.backup)
            .finish_non_exhaustive()
    }
}
