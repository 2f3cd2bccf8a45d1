//! How a list is walked page by page.

use serde_json::Value;

use super::api::{Api, text_of};
use super::resources::{Listing, Next, Paging};
use super::wire::Wire;
use crate::engine::{Call, Operation};

/// A clean-up looks through no more pages than this.
const MOST_PAGES: u64 = 200;

/// Asks for one page: its number from 0, or the cursor that the page before named.
pub(crate) fn ask_page(
    call: &mut Call,
    paging: &Paging,
    size: u64,
    page: u64,
    cursor: Option<&str>,
) {
    call.query.retain(|(name, _)| *name != paging.limit);
    call.query.push((paging.limit.clone(), size.to_string()));
    match &paging.next {
        Next::Offset(name) if page > 0 => {
            call.query.push((name.clone(), (page * size).to_string()));
        }
        Next::Page(name, first) => call.query.push((name.clone(), (first + page).to_string())),
        Next::Cursor(name, _) => call
            .query
            .extend(cursor.map(|cursor| (name.clone(), cursor.to_owned()))),
        Next::Offset(_) => {}
    }
}

/// The cursor that a page names, or nothing where it is the last; nothing at all where pages have no cursors.
pub(crate) fn next_cursor(paging: &Paging, body: &Value) -> Option<Option<String>> {
    let Next::Cursor(_, pointer) = &paging.next else {
        return None;
    };
    let cursor = body.pointer(pointer).map(text_of);
    Some(cursor.filter(|cursor| !cursor.is_empty() && cursor != "null"))
}

/// Every item of a list, as far as it can be read; whatever the budget.
pub(crate) async fn items(
    api: &Api,
    wire: &Wire,
    operation: &Operation,
    listing: &Listing,
    ids: &[(String, String)],
    by: usize,
) -> Vec<Value> {
    let mut all = Vec::new();
    let mut cursor: Option<String> = None;
    for page in 0..MOST_PAGES {
        let mut call = api.call(operation, ids, None);
        call.sign = api.speakers[by].sign();
        if let Some(paging) = &listing.paging {
            ask_page(&mut call, paging, paging.most, page, cursor.as_deref());
        }
        let Ok(exchange) = wire.send_beyond_budget(api, call).await else {
            break;
        };
        let body = exchange.answer.map_or(Value::Null, |answer| answer.json());
        let Some(held) = body.pointer(&listing.items).and_then(Value::as_array) else {
            break;
        };
        all.extend(held.iter().cloned());
        let Some(paging) = &listing.paging else { break };
        match next_cursor(paging, &body) {
            Some(Some(next)) => cursor = Some(next),
            Some(None) => break,
            None if held.is_empty() => break,
            None => {}
        }
    }
    all
}
