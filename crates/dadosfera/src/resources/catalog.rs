//! The catalog: assets, their documentation, certification, columns and rows.
//!
//! Traps of the API that are kept from callers: `limit` yields an empty list and is never sent, page 0 is refused, and
//! `total` may be a number or a text, and may count too many or too few, so that a list ends at an empty page.

use dadosfera_raw::types;

use crate::client::Client;
use crate::error::Error;
use crate::id::DataAssetId;
use crate::input;
use crate::pages::{self, Items};

/// How many assets a page of [`Catalog::stream`] holds, where the query does not say.
const PAGE: u32 = 100;

/// The catalog; from [`Client::catalog`].
#[derive(Debug, Clone, Copy)]
pub struct Catalog<'a> {
    client: &'a Client,
}

/// Which assets, in which order. The default is the server's: ten, by name, descending.
#[derive(Debug, Clone, Default)]
pub struct CatalogQuery {
    /// The page, counted from 1.
    pub page: Option<u32>,
    /// How many on a page.
    pub size: Option<u32>,
    /// Ascending or descending.
    pub order: Option<types::SortOrder>,
    /// By name or by time of creation.
    pub sort_by: Option<types::CatalogSortKey>,
    /// Only what holds these words.
    pub search: Option<String>,
    /// Only of this type.
    pub data_asset_type: Option<types::DataAssetType>,
    /// Only what this pipeline made.
    pub pipeline_id: Option<String>,
}

/// One page of the catalog.
///
/// ```
/// # dadosfera::__example!(client, asset: orders => {
/// use dadosfera::{CatalogPage, CatalogQuery};
///
/// let CatalogPage { assets, total, .. } = client.catalog().list(&CatalogQuery::default()).await?;
/// println!("{} of {total:?}", assets.len());
/// # });
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct CatalogPage {
    /// The assets.
    pub assets: Vec<types::DataAsset>,
    /// How many there are in all, as far as the API knows.
    pub total: Option<u64>,
}

/// Which rows of a table asset.
#[derive(Debug, Clone, Default)]
pub struct PreviewQuery {
    /// How many rows at most.
    pub limit: Option<u32>,
    /// How many rows to skip.
    pub offset: Option<u32>,
    /// Only these columns.
    pub columns: Vec<String>,
}

impl Client {
    /// The catalog.
    #[must_use]
    pub const fn catalog(&self) -> Catalog<'_> {
        Catalog { client: self }
    }
}

impl Catalog<'_> {
    /// One page.
    ///
    /// ```
    /// # dadosfera::__example!(client => {
    /// use dadosfera::CatalogQuery;
    ///
    /// let page = client.catalog().list(&CatalogQuery { size: Some(20), ..CatalogQuery::default() }).await?;
    /// println!("{} of {:?}", page.assets.len(), page.total);
    /// # });
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) for page or size 0;
    /// [`ErrorKind::Forbidden`](crate::ErrorKind::Forbidden) without the permission `GET /catalog`.
    pub async fn list(&self, query: &CatalogQuery) -> Result<CatalogPage, Error> {
        pages::checked("list_catalog", query.page, query.size)?;
        let call = self.client.call("list_catalog");
        let answer = call
            .raw()
            .list_catalog(
                query.data_asset_type.as_ref(),
                query.order,
                query.page.map(i64::from),
                query.pipeline_id.as_deref(),
                query.search.as_deref(),
                query.size.map(i64::from),
                query.sort_by,
            )
            .await;
        let page = call.finish(answer).await?;
        let total = match page.total {
            types::Total::Int64(total) => u64::try_from(total).ok(),
            types::Total::String(total) => total.trim().parse().ok(),
        };
        Ok(CatalogPage {
            assets: page.data_assets,
            total,
        })
    }

    /// Every asset of the query as a stream, page by page from the query's page on, up to an empty page. A page has a
    /// hundred unless the query says otherwise.
    ///
    /// ```
    /// # dadosfera::__example!(client => {
    /// use futures::TryStreamExt as _;
    ///
    /// let query = dadosfera::CatalogQuery { search: Some("orders".into()), ..Default::default() };
    /// let names: Vec<String> = client.catalog().stream(query).map_ok(|asset| asset.display_name).try_collect().await?;
    /// # });
    /// ```
    pub fn stream(&self, query: CatalogQuery) -> Items<types::DataAsset> {
        let client = self.client.clone();
        let (first, size) = (query.page.unwrap_or(1), query.size.unwrap_or(PAGE));
        Items::paged(
            "list_catalog",
            first,
            size,
            |asset| asset.id.as_str(),
            move |page| {
                let client = client.clone();
                let query = CatalogQuery {
                    page: Some(page),
                    size: Some(size),
                    ..query.clone()
                };
                async move { Ok(client.catalog().list(&query).await?.assets) }
            },
        )
    }

    /// One asset, with what only the detail shows.
    ///
    /// ```
    /// # dadosfera::__example!(client, asset: orders => {
    /// let asset = client.catalog().get(&orders).await?;
    /// println!("{} {}", asset.display_name, asset.data_asset_type);
    /// # });
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) where there is none of this id, or it is not for this user.
    pub async fn get(
        &self,
        id: impl TryInto<DataAssetId, Error: Into<Error>>,
    ) -> Result<types::DataAsset, Error> {
        let call = self.client.call("get_data_asset");
        let id: DataAssetId = call.id(id)?;
        let answer = call.raw().get_data_asset(id.as_str()).await;
        Ok(call.finish(answer).await?.data_asset)
    }

    /// Creates an asset. There is no de-duplication: twice the same makes two.
    ///
    /// ```
    /// # dadosfera::__example!(client => {
    /// use dadosfera::types::{CreateDataAssetRequest, DataAssetType};
    ///
    /// let id = client
    ///     .catalog()
    ///     .create(&CreateDataAssetRequest {
    ///         data_asset_type: DataAssetType::Dataset,
    ///         description: Some("orders of the shop".into()),
    ///         display_name: "Orders".into(),
    ///         embed: None,
    ///         external_url: None,
    ///         location: None,
    ///         name: None,
    ///         tags: Some(vec!["sales".into()]),
    ///     })
    ///     .await?;
    /// # });
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Forbidden`](crate::ErrorKind::Forbidden) without the permission `catalog:create`;
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) for an empty name, a tag twice, or an address that is
    /// none; nothing is sent then.
    pub async fn create(
        &self,
        asset: &types::CreateDataAssetRequest,
    ) -> Result<DataAssetId, Error> {
        let call = self.client.call("create_data_asset");
        check_new(asset).map_err(|error| call.failed(error))?;
        let answer = call.raw().create_data_asset(asset).await;
        let made = call.finish(answer).await?;
        DataAssetId::new(made.data_asset.id)
    }

    /// Changes an asset; what is left out stays.
    ///
    /// ```
    /// # dadosfera::__example!(client, asset: orders => {
    /// use dadosfera::types::UpdateDataAssetRequest;
    ///
    /// let changes = UpdateDataAssetRequest {
    ///     comment: None,
    ///     data_asset_type: None,
    ///     description: Some("orders of the shop, without returns".into()),
    ///     display_name: None,
    ///     embed: None,
    ///     external_url: None,
    ///     location: None,
    ///     tags: None,
    /// };
    /// client.catalog().update(&orders, &changes).await?;
    /// # });
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Forbidden`](crate::ErrorKind::Forbidden) without the permission `catalog:edit`.
    pub async fn update(
        &self,
        id: impl TryInto<DataAssetId, Error: Into<Error>>,
        changes: &types::UpdateDataAssetRequest,
    ) -> Result<types::DataAsset, Error> {
        let call = self.client.call("update_data_asset");
        let id: DataAssetId = call.id(id)?;
        if let Some(name) = &changes.display_name {
            input::name("display_name", name).map_err(|error| call.failed(error))?;
        }
        check(
            changes.tags.as_deref(),
            changes.external_url.as_deref(),
            changes.embed.as_ref(),
        )
        .map_err(|error| call.failed(error))?;
        let answer = call.raw().update_data_asset(id.as_str(), changes).await;
        Ok(call.finish(answer).await?.data_asset)
    }

    /// Deletes an asset.
    ///
    /// ```
    /// # dadosfera::__example!(client, asset: orders => {
    /// client.catalog().delete(&orders).await?;
    /// # });
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Forbidden`](crate::ErrorKind::Forbidden) without the permission `catalog:delete`.
    pub async fn delete(
        &self,
        id: impl TryInto<DataAssetId, Error: Into<Error>>,
    ) -> Result<(), Error> {
        let call = self.client.call("delete_data_asset");
        let id: DataAssetId = call.id(id)?;
        let answer = call.raw().delete_data_asset(id.as_str()).await;
        call.finish_empty(answer)
    }

    /// An asset's documentation, as HTML of the Quill 1.3 dialect.
    ///
    /// ```
    /// # dadosfera::__example!(client, asset: orders => {
    /// println!("{}", client.catalog().docs(&orders).await?);
    /// # });
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) where there is none of this id.
    pub async fn docs(
        &self,
        id: impl TryInto<DataAssetId, Error: Into<Error>>,
    ) -> Result<String, Error> {
        let call = self.client.call("get_data_asset_docs");
        let id: DataAssetId = call.id(id)?;
        let answer = call.raw().get_data_asset_docs(id.as_str()).await;
        Ok(call.finish(answer).await?.docs)
    }

    /// Writes an asset's documentation. Markdown shows as running text; write HTML.
    ///
    /// ```
    /// # dadosfera::__example!(client, asset: orders => {
    /// use dadosfera::types::DocsAssetType;
    ///
    /// client.catalog().set_docs(&orders, &DocsAssetType::Dataset, "<p>Orders of the shop.</p>").await?;
    /// assert_eq!(client.catalog().docs(&orders).await?, "<p>Orders of the shop.</p>");
    /// # });
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Forbidden`](crate::ErrorKind::Forbidden) without the permission `catalog:edit`.
    pub async fn set_docs(
        &self,
        id: impl TryInto<DataAssetId, Error: Into<Error>>,
        asset_type: &types::DocsAssetType,
        html: impl Into<String>,
    ) -> Result<types::SetDocsAnswer, Error> {
        let body = types::DataAssetDocs { docs: html.into() };
        let call = self.client.call("set_data_asset_docs");
        let id: DataAssetId = call.id(id)?;
        let answer = call
            .raw()
            .set_data_asset_docs(id.as_str(), Some(*asset_type), &body)
            .await;
        call.finish(answer).await
    }

    /// Writes an asset's documentation from markdown; [`markdown_to_docs`](crate::markdown_to_docs) says what becomes of it.
    ///
    /// ```
    /// # dadosfera::__example!(client, asset: orders => {
    /// use dadosfera::types::DocsAssetType;
    ///
    /// let markdown = "# Orders\n\nOne row for *each* order.";
    /// client.catalog().set_docs_from_markdown(&orders, &DocsAssetType::Dataset, markdown).await?;
    /// assert_eq!(client.catalog().docs(&orders).await?, "<h1>Orders</h1><p>One row for <em>each</em> order.</p>");
    /// # });
    /// ```
    ///
    /// # Errors
    /// As of [`set_docs`](Self::set_docs).
    #[cfg(feature = "manifest")]
    pub async fn set_docs_from_markdown(
        &self,
        id: impl TryInto<DataAssetId, Error: Into<Error>>,
        asset_type: &types::DocsAssetType,
        markdown: &str,
    ) -> Result<types::SetDocsAnswer, Error> {
        let html = crate::markdown::markdown_to_docs(markdown);
        self.set_docs(id, asset_type, html).await
    }

    /// Certifies an asset (`approved`), or takes the certification back (`None`).
    ///
    /// ```
    /// # dadosfera::__example!(client, asset: orders => {
    /// client.catalog().set_certification(&orders, Some("approved")).await?;
    /// # });
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::BadRequest`](crate::ErrorKind::BadRequest) where the API refuses it.
    pub async fn set_certification(
        &self,
        id: impl TryInto<DataAssetId, Error: Into<Error>>,
        status: Option<&str>,
    ) -> Result<types::DataAsset, Error> {
        let body = types::SetCertificationRequest {
            certification_status: status.map(str::to_owned),
        };
        let call = self.client.call("set_certification_status");
        let id: DataAssetId = call.id(id)?;
        let answer = call
            .raw()
            .set_certification_status(id.as_str(), &body)
            .await;
        Ok(call.finish(answer).await?.data_asset)
    }

    /// The columns of a table asset, with statistics and samples.
    ///
    /// ```
    /// # dadosfera::__example!(client, landed: orders => {
    /// for column in client.catalog().columns(&orders).await? {
    ///     println!("{}", column.name);
    /// }
    /// # });
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) where there is none of this id.
    pub async fn columns(
        &self,
        id: impl TryInto<DataAssetId, Error: Into<Error>>,
    ) -> Result<Vec<types::ColumnMetadata>, Error> {
        let call = self.client.call("get_columns_metadata");
        let id: DataAssetId = call.id(id)?;
        let answer = call
            .raw()
            .get_columns_metadata(id.as_str(), Some(true), Some(true))
            .await;
        Ok(call.finish(answer).await?.columns)
    }

    /// A few rows of a table asset.
    ///
    /// ```
    /// # dadosfera::__example!(client, landed: orders => {
    /// use dadosfera::PreviewQuery;
    ///
    /// let preview = client.catalog().preview(&orders, &PreviewQuery { limit: Some(5), ..PreviewQuery::default() }).await?;
    /// println!("{}", preview.columns.join(", "));
    /// # });
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) where there is none of this id.
    pub async fn preview(
        &self,
        id: impl TryInto<DataAssetId, Error: Into<Error>>,
        query: &PreviewQuery,
    ) -> Result<types::PreviewAnswer, Error> {
        let columns = (!query.columns.is_empty()).then(|| query.columns.join(","));
        let call = self.client.call("get_data_preview");
        let id: DataAssetId = call.id(id)?;
        let answer = call
            .raw()
            .get_data_preview(
                id.as_str(),
                columns.as_deref(),
                query.limit.map(i64::from),
                query.offset.map(i64::from),
            )
            .await;
        call.finish(answer).await
    }

    pub(crate) const fn client(&self) -> &Client {
        self.client
    }
}

/// What no server could make an asset of.
pub(crate) fn check_new(asset: &types::CreateDataAssetRequest) -> Result<(), Error> {
    input::name("display_name", &asset.display_name)?;
    input::name("data_asset_type", asset.data_asset_type.as_str())?;
    check(
        asset.tags.as_deref(),
        asset.external_url.as_deref(),
        asset.embed.as_ref(),
    )
}

fn check(
    tags: Option<&[String]>,
    external_url: Option<&str>,
    embed: Option<&types::Embed>,
) -> Result<(), Error> {
    // No tags is a choice, and an empty list says it.
    if let Some(tags) = tags.filter(|tags| !tags.is_empty()) {
        input::names("tags", tags, "")?;
    }
    // An empty address takes back the one that is there.
    if let Some(url) = external_url.filter(|url| !url.is_empty()) {
        input::address("external_url", url)?;
    }
    embed.map_or(Ok(()), |embed| input::address("embed.url", &embed.url))
}
