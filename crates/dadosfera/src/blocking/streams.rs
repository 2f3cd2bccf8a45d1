//! Streams as iterators.

use super::engine::Engine;
use crate::{Error, Position, types};

/// A list as an iterator over its items; [`Items`](crate::Items) says how it ends and where it goes on.
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
