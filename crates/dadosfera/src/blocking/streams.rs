//! Streams as iterators.

use super::engine::Engine;
use crate::{Error, Position, types};

/// A list as an iterator over its items; [`Items`](crate::Items) says how it ends and where it goes on.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let runtime = tokio::runtime::Runtime::new()?;
/// # let platform = runtime.block_on(dadosfera::testing::Platform::start())?;
/// # let client = platform.builder().password("ana@acme.example", "acme-ana-password").build_blocking()?;
/// use dadosfera::CatalogQuery;
/// use dadosfera::blocking::{Items, Pages};
///
/// let asset = serde_json::json!({"display_name": "Orders", "data_asset_type": "dataset"});
/// client.catalog().create(&serde_json::from_value(asset)?)?;
/// let mut assets: Items<_> = client.catalog().stream(CatalogQuery::default());
/// while let Some(asset) = assets.next() {
///     println!("{}", asset?.display_name);
/// }
/// let kept = assets.position();
/// let rest: Pages<_> = client.catalog().stream(CatalogQuery::default()).resume(&kept)?.pages();
/// assert_eq!(rest.count(), 0);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use = "an iterator asks for nothing until it is used"]
pub struct Items<T> {
    pub(super) inner: crate::Items<T>,
    pub(super) engine: Engine,
}

/// A list as an iterator over its pages; from [`Items::pages`].
#[derive(Debug)]
#[must_use = "an iterator asks for nothing until it is used"]
pub struct Pages<T> {
    inner: crate::Pages<T>,
    engine: Engine,
}

/// The states of a run as an iterator; see [`RunHandle::states`](crate::RunHandle::states).
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let runtime = tokio::runtime::Runtime::new()?;
/// # let platform = runtime.block_on(dadosfera::testing::Platform::start())?;
/// # let client = platform.builder().password("ana@acme.example", "acme-ana-password").build_blocking()?;
/// use dadosfera::blocking::RunStates;
/// use dadosfera::{NewJdbcJob, NewPipeline, WaitOptions};
///
/// let orders = NewJdbcJob::new("postgresql", "public", "orders", "1763991009206_kvpd3364_postgresql-1.0.0");
/// let pipeline = client.pipelines().create(NewPipeline::new("Orders").job(orders))?;
/// let states: RunStates = client.pipeline(&pipeline).execute()?.states(WaitOptions::new());
/// for run in states {
///     println!("{}", run?.last_status);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use = "an iterator asks for nothing until it is used"]
pub struct RunStates {
    pub(super) inner: crate::RunStates,
    pub(super) engine: Engine,
}

impl<T> Items<T> {
    /// Where it stands: after the item that was handed out last.
    #[must_use]
    pub fn position(&self) -> Position {
        self.inner.position()
    }

    /// Goes on where another iterator or stream of the same list stood.
    ///
    /// # Errors
    /// As of [`Items::resume`](crate::Items::resume).
    pub fn resume(self, position: &Position) -> Result<Self, Error> {
        let inner = self.inner.resume(position)?;
        Ok(Self {
            inner,
            engine: self.engine,
        })
    }

    /// The list page by page.
    pub fn pages(self) -> Pages<T> {
        Pages {
            inner: self.inner.pages(),
            engine: self.engine,
        }
    }
}

impl<T: Unpin> Iterator for Items<T> {
    type Item = Result<T, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        self.engine
            .run(self.inner.next())
            .unwrap_or_else(|error| Some(Err(error)))
    }
}

impl<T: Unpin> Iterator for Pages<T> {
    type Item = Result<Vec<T>, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        self.engine
            .run(self.inner.next())
            .unwrap_or_else(|error| Some(Err(error)))
    }
}

impl Iterator for RunStates {
    type Item = Result<types::PipelineRun, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        self.engine
            .run(self.inner.next())
            .unwrap_or_else(|error| Some(Err(error)))
    }
}
