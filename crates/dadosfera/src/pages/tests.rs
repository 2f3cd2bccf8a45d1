//! Servers that lie about their pages, as functions.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use proptest::prelude::*;

use super::*;
use crate::error::ErrorKind;

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime")
        .block_on(future)
}

/// A list whose pages a function makes, and how often it was asked.
fn list(
    pages: impl Fn(u32) -> Vec<u32> + Send + Sync + 'static,
) -> (Items<String>, Arc<AtomicU32>) {
    let asked = Arc::new(AtomicU32::new(0));
    let counter = Arc::clone(&asked);
    let items = Items::paged("list_catalog", 1, 3, String::as_str, move |page| {
        counter.fetch_add(1, Ordering::Relaxed);
        let page = pages(page).into_iter().map(|it| it.to_string()).collect();
        async move { Ok(page) }
    });
    (items, asked)
}

fn all(items: Items<String>) -> Vec<u32> {
    let items = run(items.collect_all()).expect("no error");
    items
        .iter()
        .map(|it| it.parse().expect("a number"))
        .collect()
}

fn three(page: u32, of: u32) -> Vec<u32> {
    (0..of).skip(3 * (page as usize - 1)).take(3).collect()
}

#[test]
fn a_list_ends_at_its_empty_page() {
    for length in [0, 1, 3, 4, 9] {
        let (items, asked) = list(move |page| three(page, length));
        assert_eq!(all(items), (0..length).collect::<Vec<_>>());
        assert_eq!(asked.load(Ordering::Relaxed), length.div_ceil(3) + 1);
    }
}

#[test]
fn a_server_that_does_not_know_pages_is_asked_three_times() {
    let (items, asked) = list(|_| vec![1, 2, 3]);
    assert_eq!(all(items), [1, 2, 3]);
    assert_eq!(asked.load(Ordering::Relaxed), 3);
}

#[test]
fn a_server_that_repeats_its_last_page_for_ever_is_left() {
    let (items, asked) = list(|page| three(page.min(3), 9));
    assert_eq!(all(items), (0..9).collect::<Vec<_>>());
    assert_eq!(asked.load(Ordering::Relaxed), 5);
}

#[test]
fn a_server_whose_pages_go_round_is_left() {
    let (items, asked) = list(|page| three((page - 1) % 3 + 1, 9));
    assert_eq!(all(items), (0..9).collect::<Vec<_>>());
    assert_eq!(asked.load(Ordering::Relaxed), 5);
}

#[test]
fn a_page_that_was_pushed_back_whole_does_not_end_the_list() {
    // Three new items came to the front after the first page was read.
    let (items, _) = list(|page| match page {
        1 => vec![1, 2, 3],
        page => three(page, 9).into_iter().map(|it| it + 1 - 3).collect(),
    });
    assert_eq!(all(items), [1, 2, 3, 4, 5, 6]);
}

#[test]
fn a_server_that_gives_less_than_asked_for_is_read_to_its_end() {
    let (items, _) = list(|page| (0..7).skip(2 * (page as usize - 1)).take(2).collect());
    assert_eq!(all(items), (0..7).collect::<Vec<_>>());
}

#[test]
fn an_error_ends_the_stream_and_its_page_is_asked_for_again() {
    let fails = |page: u32, fails: bool| async move {
        if page == 2 && fails {
            return Err(Error::new(ErrorKind::Server, "down"));
        }
        Ok(three(page, 5).iter().map(u32::to_string).collect())
    };
    let mut broken = Items::paged("list_catalog", 1, 3, String::as_str, move |page| {
        fails(page, true)
    });
    let mut got = Vec::new();
    let error = loop {
        match run(broken.next()) {
            Some(Ok(item)) => got.push(item),
            Some(Err(error)) => break error,
            None => panic!("an error was due"),
        }
    };
    assert_eq!((got.len(), error.kind()), (3, ErrorKind::Server));
    assert!(run(broken.next()).is_none());
    let mended = Items::paged("list_catalog", 1, 3, String::as_str, move |page| {
        fails(page, false)
    });
    let rest = mended.resume(&broken.position()).expect("the same list");
    assert_eq!(all(rest), [3, 4]);
}

#[test]
fn pages_come_whole_and_never_empty() {
    let (items, _) = list(|page| three(page, 7));
    let mut pages = items.pages();
    let mut sizes = Vec::new();
    while let Some(page) = run(pages.next()) {
        sizes.push(page.expect("no error").len());
    }
    assert_eq!(sizes, [3, 3, 1]);
}

#[test]
fn a_whole_list_is_asked_for_once() {
    let asked = Arc::new(AtomicU32::new(0));
    let counter = Arc::clone(&asked);
    let items = Items::whole("list_pipelines", String::as_str, move || {
        counter.fetch_add(1, Ordering::Relaxed);
        async { Ok(vec!["1".to_owned(), "2".to_owned()]) }
    });
    assert_eq!(all(items), [1, 2]);
    assert_eq!(asked.load(Ordering::Relaxed), 1);
}

#[test]
fn a_position_of_another_list_or_size_or_no_position_is_refused() {
    let (items, _) = list(|page| three(page, 7));
    let other: Position = "list_pipelines/3/1".parse().expect("a position");
    let error = items.resume(&other).expect_err("another list");
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    let (items, _) = list(|page| three(page, 7));
    let larger: Position = "list_catalog/100/1".parse().expect("a position");
    items.resume(&larger).expect_err("other pages");
    for text in [
        "",
        "list_catalog",
        "list_catalog/3",
        "list_catalog/3/0",
        "//1",
        "a/b/c",
    ] {
        text.parse::<Position>().expect_err(text);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_stream_goes_on_wherever_it_was_left(length in 0_u32..20, taken in 0_usize..20) {
        let (mut first, _) = list(move |page| three(page, length));
        let mut got = Vec::new();
        for _ in 0..taken {
            if let Some(item) = run(first.next()) {
                got.push(item.expect("no error").parse::<u32>().expect("a number"));
            }
        }
        let kept = first.position().to_string();
        let (second, _) = list(move |page| three(page, length));
        got.extend(all(second.resume(&kept.parse().expect("a position")).expect("the same list")));
        prop_assert_eq!(got, (0..length).collect::<Vec<_>>());
    }

    #[test]
    fn nothing_is_missed_where_items_came_or_up_to_a_page_of_them_went(
        length in 0_u32..20, taken in 0_usize..20, gone in 0_usize..3, came in 0_u32..7,
    ) {
        let (mut first, _) = list(move |page| three(page, length));
        let mut got = Vec::new();
        for _ in 0..taken {
            if let Some(item) = run(first.next()) {
                got.push(item.expect("no error").parse::<u32>().expect("a number"));
            }
        }
        let gone = gone.min(got.len());
        // Those at the front went, and others came to the front.
        let now: Vec<u32> = (1000..1000 + came).chain(gone as u32..length).collect();
        let (second, _) = list(move |page| now.iter().copied().skip(3 * (page as usize - 1)).take(3).collect());
        got.extend(all(second.resume(&first.position()).expect("the same list")));
        for item in gone as u32..length {
            prop_assert!(got.contains(&item), "{} of {:?}", item, got);
        }
    }
}
