//! The older routes for pipelines that the vendor's web application and Python package use. Little of them is proven, so
//! what they answer is mostly kept as it came. [`Pipelines`](crate::Pipelines) is the documented way.

use dadosfera_raw::types;
use futures::TryStreamExt;

use crate::client::Client;
use crate::error::Error;
use crate::id::PipelineId;
use crate::pages::{self, Items};

/// How many pipelines a page has, where nobody says; what the vendor's library asks for.
const PAGE: u32 = 500;

/// The older routes; from [`Client::pipelines_v2`].
#[derive(Debug, Clone, Copy)]
pub struct PipelinesV2<'a> {
    client: &'a Client,
}

/// Which part of the list, and in which order. The default is the server's.
#[derive(Debug, Clone, Default)]
pub struct PageOptions {
    /// Counted from 1.
    pub page: Option<u32>,
    /// How many on a page; the Python package asks for 500.
    pub size: Option<u32>,
    /// Ascending or descending.
    pub order: Option<types::SortOrder>,
    /// A field, such as `display_name`.
    pub sort_by: Option<String>,
}

impl Client {
    /// The older routes for pipelines.
    #[must_use]
    pub const fn pipelines_v2(&self) -> PipelinesV2<'_> {
        PipelinesV2 { client: self }
    }
}

impl PipelinesV2<'_> {
    /// A page of pipelines, of which only the id is proven.
    ///
    /// ```
    /// # dadosfera::__example!(client, pipeline: orders => {
    /// use dadosfera::PageOptions;
    ///
    /// for pipeline in client.pipelines_v2().list(&PageOptions::default()).await? {
    ///     println!("{}", pipeline.id);
    /// }
    /// # });
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Forbidden`](crate::ErrorKind::Forbidden) without the permission `GET /pipelines`.
    pub async fn list(&self, page: &PageOptions) -> Result<Vec<types::PipelineV2>, Error> {
        pages::checked("list_pipelines_v2", page.page, page.size)?;
        let call = self.client.call("list_pipelines_v2");
        let (number, size) = (page.page.map(i64::from), page.size.map(i64::from));
        let answer = call
            .raw()
            .list_pipelines_v2(page.order, number, size, page.sort_by.as_deref())
            .await;
        Ok(call.finish(answer).await?.pipelines)
    }

    /// Every pipeline as a stream, page by page from the given page on, up to an empty page.
    ///
    /// ```
    /// # dadosfera::__example!(client, pipeline: orders => {
    /// use dadosfera::PageOptions;
    ///
    /// let all = client.pipelines_v2().stream(PageOptions::default()).collect_all().await?;
    /// assert_eq!(all.len(), 1);
    /// # });
    /// ```
    pub fn stream(&self, options: PageOptions) -> Items<types::PipelineV2> {
        let client = self.client.clone();
        let (first, size) = (options.page.unwrap_or(1), options.size.unwrap_or(PAGE));
        Items::paged(
            "list_pipelines_v2",
            first,
            size,
            |pipeline| pipeline.id.as_str(),
            move |page| {
                let client = client.clone();
                let options = PageOptions {
                    page: Some(page),
                    size: Some(size),
                    ..options.clone()
                };
                async move { client.pipelines_v2().list(&options).await }
            },
        )
    }

    /// A pipeline's execution history as the web application reads it.
    ///
    /// ```
    /// # dadosfera::__example!(client, pipeline: orders => {
    /// for run in client.pipelines_v2().status(&orders).await? {
    ///     println!("{:?}", run.status);
    /// }
    /// # });
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) where the customer has none of this id.
    pub async fn status(
        &self,
        id: impl TryInto<PipelineId, Error: Into<Error>>,
    ) -> Result<Vec<types::PipelineV2Status>, Error> {
        let call = self.client.call("get_pipeline_v2_status");
        let id: PipelineId = call.id(id)?;
        let answer = call.raw().get_pipeline_v2_status(id.as_str()).await;
        Ok(call.finish(answer).await?.status)
    }

    /// The log of a pipeline's latest run, as text. Only the path of this route is known; the rest is inferred.
    ///
    /// ```
    /// # dadosfera::__example!(client, pipeline: orders => {
    /// client.pipeline(&orders).execute().await?.wait().await?;
    /// println!("{}", client.pipelines_v2().download_logs(&orders).await?);
    /// # });
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) where the customer has none of this id.
    pub async fn download_logs(
        &self,
        id: impl TryInto<PipelineId, Error: Into<Error>>,
    ) -> Result<String, Error> {
        let call = self.client.call("download_pipeline_logs");
        let id: PipelineId = call.id(id)?;
        let stream = match call.raw().download_pipeline_logs(id.as_str()).await {
            Ok(answer) => answer.into_inner_stream(),
            Err(error) => return Err(call.failed(error.into())),
        };
        let chunks: Vec<_> = stream.try_collect().await.map_err(|error| {
            let error = dadosfera_raw::Error::<()>::ResponseBodyError(error);
            call.failed(error.into())
        })?;
        Ok(String::from_utf8_lossy(&chunks.concat()).into_owned())
    }
}
