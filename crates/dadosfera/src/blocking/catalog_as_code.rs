//! The catalog as code, for those who wait.

use std::path::Path;

use super::Catalog;
use crate::manifest::{Applied, ApplyOptions, CatalogPlan, Manifest};
use crate::{DataAssetId, Error, types};

impl Catalog<'_> {
    /// Compares the catalog with a manifest. Nothing is written.
    ///
    /// # Errors
    /// As of [`Catalog::plan`](crate::Catalog::plan).
    pub fn plan(&self, manifest: &Manifest) -> Result<CatalogPlan, Error> {
        self.engine.run(self.inner.plan(manifest))?
    }

    /// Makes the catalog as a plan says. An empty plan writes nothing.
    ///
    /// # Errors
    /// As of [`Catalog::apply`](crate::Catalog::apply).
    pub fn apply(&self, plan: &CatalogPlan, options: &ApplyOptions) -> Result<Applied, Error> {
        self.engine.run(self.inner.apply(plan, options))?
    }

    /// Makes an asset what a backup says it was.
    ///
    /// # Errors
    /// As of [`Catalog::restore`](crate::Catalog::restore).
    pub fn restore(&self, backup: impl AsRef<Path>) -> Result<DataAssetId, Error> {
        self.engine.run(self.inner.restore(backup))?
    }

    /// Writes an asset's documentation from markdown.
    ///
    /// # Errors
    /// As of [`Catalog::set_docs_from_markdown`](crate::Catalog::set_docs_from_markdown).
    pub fn set_docs_from_markdown(
        &self,
        id: impl TryInto<DataAssetId, Error: Into<Error>>,
        asset_type: &types::DocsAssetType,
        markdown: &str,
    ) -> Result<types::SetDocsAnswer, Error> {
        let written = self.inner.set_docs_from_markdown(id, asset_type, markdown);
        self.engine.run(written)?
    }
}
