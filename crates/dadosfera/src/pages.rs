//! Lists as streams of their items.
//!
//! Rules: a list ends at an empty page, and nowhere else; `total` is not asked, since it counts too many or too few. An item
//! is handed out once, whatever pages it is on: pages shift while a list is read. A page that brings nothing new may have
//! been pushed back whole; two of them in a row end the list, as from a server that does not know `page`. After an error
//! nothing more comes; the position says where to go on.

use std::collections::{HashSet, VecDeque};
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::str::FromStr;
use std::task::{Context, Poll, ready};

use futures::Stream;

use crate::error::Error;

/// Gets one page, counted from 1.
type Fetch<T> = Box<dyn Fn(u32) -> Page<T> + Send + Sync>;
type Page<T> = Pin<Box<dyn Future<Output = Result<Vec<T>, Error>> + Send>>;

/// A list as a stream of its items, which asks for a page when the one before it is used up.
///
/// ```
/// # dadosfera::__example!(client => {
/// let mut assets = client.catalog().stream(dadosfera::CatalogQuery::default());
/// while let Some(asset) = assets.next().await {
///     println!("{}", asset?.display_name);
/// }
/// # });
/// ```
#[must_use = "a stream asks for nothing until it is polled"]
pub struct Items<T> {
    operation: &'static str,
    fetch: Fetch<T>,
    key: fn(&T) -> &str,
    /// How many items a page was asked to have; 0 for a list that is one page.
    size: u32,
    under_way: Option<Page<T>>,
    /// What was fetched and not handed out.
    queue: VecDeque<T>,
    /// The page that was fetched last, or is fetched next where none was.
    page: u32,
    has_fetched: bool,
    /// The item that was handed out last, and the page that it was on.
    last: Option<(u32, String)>,
    /// Where an earlier stream stopped, until that item is found.
    resumed_after: Option<String>,
    seen: HashSet<String>,
    was_barren: bool,
    is_over: bool,
}

/// A list as a stream of its pages; from [`Items::pages`].
#[must_use = "a stream asks for nothing until it is polled"]
#[derive(Debug)]
pub struct Pages<T>(Items<T>);

/// Where in a list a stream stands: a text to keep, and to go on from in another process.
///
/// ```
/// # dadosfera::__example!(client => {
/// use dadosfera::CatalogQuery;
///
/// let mut assets = client.catalog().stream(CatalogQuery::default());
/// assets.next().await;
/// let kept = assets.position().to_string();
/// // Later, elsewhere:
/// let mut rest = client.catalog().stream(CatalogQuery::default()).resume(&kept.parse()?)?;
/// # });
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    operation: String,
    size: u32,
    page: u32,
    last: Option<String>,
}

impl<T> Items<T> {
    /// A list of pages, from `first` on.
    pub(crate) fn paged<F>(
        operation: &'static str,
        first: u32,
        size: u32,
        key: fn(&T) -> &str,
        fetch: impl Fn(u32) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Result<Vec<T>, Error>> + Send + 'static,
    {
        Self {
            operation,
            fetch: Box::new(move |page| Box::pin(fetch(page))),
            key,
            size,
            under_way: None,
            queue: VecDeque::new(),
            page: first,
            has_fetched: false,
            last: None,
            resumed_after: None,
            seen: HashSet::new(),
            was_barren: false,
            is_over: false,
        }
    }

    /// A list that the API answers whole.
    pub(crate) fn whole<F>(
        operation: &'static str,
        key: fn(&T) -> &str,
        fetch: impl Fn() -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Result<Vec<T>, Error>> + Send + 'static,
    {
        Self::paged(operation, 1, 0, key, move |_| fetch())
    }

    /// Where it stands: after the item that was handed out last.
    #[must_use]
    pub fn position(&self) -> Position {
        let (page, last) = match &self.last {
            Some((page, last)) => (*page, Some(last.clone())),
            None => (self.page, self.resumed_after.clone()),
        };
        Position {
            operation: self.operation.to_owned(),
            size: self.size,
            page,
            last,
        }
    }

    /// Goes on where another stream of the same list stood. Nothing is missed where items were added meanwhile, and nothing
    /// where as many as a page went away; where the item that it stopped at is no longer on its page, some come again.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) for a position of another list, or of pages of another size.
    pub fn resume(mut self, position: &Position) -> Result<Self, Error> {
        if position.operation != self.operation || position.size != self.size {
            return Err(Error::invalid_input(
                format!(
                    "the position is one of `{}` with pages of {}, and this is `{}` with pages of {}",
                    position.operation, position.size, self.operation, self.size
                ),
                "resume the same list with the same page size",
            )
            .of(self.operation));
        }
        self.page = position.page;
        self.resumed_after.clone_from(&position.last);
        Ok(self)
    }

    /// The list page by page.
    ///
    /// ```
    /// # dadosfera::__example!(client => {
    /// let mut pages = client.catalog().stream(dadosfera::CatalogQuery::default()).pages();
    /// while let Some(page) = pages.next().await {
    ///     println!("{} assets", page?.len());
    /// }
    /// # });
    /// ```
    pub const fn pages(self) -> Pages<T> {
        Pages(self)
    }

    /// Takes a page that came.
    fn take(&mut self, items: Vec<T>) {
        self.has_fetched = true;
        let is_whole = self.size == 0;
        let key = self.key;
        if let Some(after) = self.resumed_after.take() {
            let found = items.iter().position(|item| key(item) == after);
            if found.is_none() && self.page > 1 {
                // The list moved while nobody looked: the item may be one page nearer to the start now.
                self.page -= 1;
                self.has_fetched = false;
                return;
            }
            let known = found.map_or(0, |index| index + 1);
            self.seen
                .extend(items[..known].iter().map(|item| key(item).to_owned()));
            self.last = Some((self.page, after));
        }
        if items.is_empty() {
            self.is_over = true;
            return;
        }
        let seen = &mut self.seen;
        self.queue.extend(
            items
                .into_iter()
                .filter(|item| seen.insert(key(item).to_owned())),
        );
        let is_barren = self.queue.is_empty();
        self.is_over = is_whole || (is_barren && self.was_barren);
        self.was_barren = is_barren;
    }

    /// Completes once something is there to hand out, or nothing more will come.
    fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        while self.queue.is_empty() && !self.is_over {
            let under_way = match &mut self.under_way {
                Some(under_way) => under_way,
                none => {
                    if self.has_fetched {
                        self.page = self.page.saturating_add(1);
                    }
                    none.insert((self.fetch)(self.page))
                }
            };
            let page = ready!(under_way.as_mut().poll(cx));
            self.under_way = None;
            match page {
                Ok(items) => self.take(items),
                Err(error) => {
                    // The page is to be asked for again by whoever resumes.
                    if self.has_fetched {
                        self.page -= 1;
                    }
                    self.is_over = true;
                    return Poll::Ready(Err(error));
                }
            }
        }
        Poll::Ready(Ok(()))
    }

    fn hand_out(&mut self) -> Option<T> {
        let item = self.queue.pop_front()?;
        self.last = Some((self.page, (self.key)(&item).to_owned()));
        Some(item)
    }
}

impl<T: Unpin> Items<T> {
    /// The next item, or nothing at the end. Dropping the future loses nothing.
    pub async fn next(&mut self) -> Option<Result<T, Error>> {
        poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }

    /// Every item that is left.
    ///
    /// ```
    /// # dadosfera::__example!(client => {
    /// let assets = client.catalog().stream(dadosfera::CatalogQuery::default()).collect_all().await?;
    /// # });
    /// ```
    ///
    /// # Errors
    /// The first error of a page; what came before it is dropped, so read item by item to keep it.
    pub async fn collect_all(mut self) -> Result<Vec<T>, Error> {
        let mut items = Vec::new();
        while let Some(item) = self.next().await {
            items.push(item?);
        }
        Ok(items)
    }
}

impl<T: Unpin> Pages<T> {
    /// The next page, never an empty one, or nothing at the end. Dropping the future loses nothing.
    pub async fn next(&mut self) -> Option<Result<Vec<T>, Error>> {
        poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }
}

impl<T> Pages<T> {
    /// Where it stands: after the page that was handed out last.
    #[must_use]
    pub fn position(&self) -> Position {
        self.0.position()
    }
}

impl<T: Unpin> Stream for Items<T> {
    type Item = Result<T, Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        match ready!(this.poll_fill(cx)) {
            Ok(()) => Poll::Ready(this.hand_out().map(Ok)),
            Err(error) => Poll::Ready(Some(Err(error))),
        }
    }
}

impl<T: Unpin> Stream for Pages<T> {
    type Item = Result<Vec<T>, Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let items = &mut self.get_mut().0;
        match ready!(items.poll_fill(cx)) {
            Ok(()) => {
                let page: Vec<T> = std::iter::from_fn(|| items.hand_out()).collect();
                Poll::Ready((!page.is_empty()).then_some(Ok(page)))
            }
            Err(error) => Poll::Ready(Some(Err(error))),
        }
    }
}

impl<T> fmt::Debug for Items<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Items")
            .field("position", &self.position())
            .finish_non_exhaustive()
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.operation, self.size, self.page)?;
        match &self.last {
            Some(last) => write!(f, "/{last}"),
            None => Ok(()),
        }
    }
}

impl FromStr for Position {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let mut parts = text.splitn(4, '/');
        let (operation, size, page) = (parts.next(), parts.next(), parts.next());
        let last = parts.next().map(str::to_owned);
        let number = |text: Option<&str>| text.and_then(|text| text.parse().ok());
        match (operation, number(size), number(page)) {
            (Some(operation), Some(size), Some(page)) if !operation.is_empty() && page > 0 => {
                Ok(Self {
                    operation: operation.to_owned(),
                    size,
                    page,
                    last,
                })
            }
            _ => Err(Error::invalid_input(
                "the text is no position in a list",
                "pass what a position's to_string() made",
            )),
        }
    }
}

/// Checks what a caller says of pages: the API counts from 1, and takes 0 for a mistake.
pub(crate) fn checked(
    operation: &'static str,
    page: Option<u32>,
    size: Option<u32>,
) -> Result<(), Error> {
    for (field, value) in [("page", page), ("size", size)] {
        if value == Some(0) {
            return Err(Error::invalid_input(
                format!("`{field}` is 0, and the API counts from 1"),
                "leave it out for the default",
            )
            .of(operation));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
