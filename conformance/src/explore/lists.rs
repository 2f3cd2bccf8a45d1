//! The step about a list: it is walked to its end and held against the model.

use std::collections::BTreeSet;

use serde_json::Value;

use super::api::{same, text_of};
use super::pages::{ask_page, next_cursor};
use super::perform::Performer;
use super::resources::Listing;
use super::scenario::{Handle, Scenario, Step};
use super::wire::Halt;
use crate::engine::{Answer, Operation};

/// Lists with more pages than this are not walked to their end.
const MOST_PAGES: usize = 40;

/// What a walk saw.
struct Walk {
    ids: Vec<String>,
    items: Vec<Value>,
    /// The totals that its pages named.
    totals: Vec<u64>,
    last: Option<Answer>,
    complete: bool,
}

/// Which list is walked.
pub(super) struct Which<'a> {
    by: usize,
    resource: usize,
    parent: Option<Handle>,
    limit: Option<u64>,
    filter: Option<&'a (String, Value)>,
}

impl Performer<'_> {
    /// Notes what is there before the first step, for every list that the scenario reads.
    pub(super) async fn look_before(&mut self, scenario: &Scenario) -> Result<(), Halt> {
        for step in &scenario.steps {
            let Step::List {
                by,
                resource,
                parent: None,
                ..
            } = step
            else {
                continue;
            };
            if self.world.before.contains_key(&(*by, *resource)) {
                continue;
            }
            let which = Which {
                by: *by,
                resource: *resource,
                parent: None,
                limit: None,
                filter: None,
            };
            let walk = self.walk(&which).await?;
            let ids = walk
                .filter(|walk| walk.complete)
                .map(|walk| walk.ids.into_iter().collect());
            self.world.before.insert((*by, *resource), ids);
        }
        Ok(())
    }

    async fn walk(&mut self, which: &Which<'_>) -> Result<Option<Walk>, Halt> {
        let api = self.api;
        let listed = self
            .resource(which.resource)
            .and_then(|resource| resource.list.clone());
        let Some((id, listing)) = listed else {
            return Ok(None);
        };
        let Some(operation) = api.operation(&id) else {
            return Ok(None);
        };
        let ids = match which.parent {
            Some(parent) if !self.world.is_reachable(parent) => return Ok(None),
            Some(parent) => self.world.ids(api, parent),
            None => Vec::new(),
        };
        let mut walk = Walk {
            ids: Vec::new(),
            items: Vec::new(),
            totals: Vec::new(),
            last: None,
            complete: false,
        };
        let size = listing
            .paging
            .as_ref()
            .map(|paging| which.limit.unwrap_or(paging.most).min(paging.most));
        let mut next: Option<String> = None;
        for page in 0..MOST_PAGES as u64 {
            let mut call = api.call(operation, &ids, None);
            call.sign = api.speakers[which.by].sign();
            if let Some((name, value)) = which.filter {
                call.query.push((name.clone(), text_of(value)));
            }
            if let (Some(paging), Some(size)) = (&listing.paging, size) {
                ask_page(&mut call, paging, size, page, next.as_deref());
            }
            let Some(answer) = self.send(call).await? else {
                return Ok(None);
            };
            let held = self.page(operation, &listing, &answer, &mut walk);
            let Some(held) = held else { return Ok(None) };
            let cursor = listing
                .paging
                .as_ref()
                .and_then(|paging| next_cursor(paging, &answer.json()));
            walk.last = Some(answer);
            walk.complete = match (size, cursor) {
                (None, _) => true,
                (Some(_), Some(cursor)) => {
                    next = cursor;
                    next.is_none()
                }
                (Some(size), None) => held < size,
            };
            if walk.complete {
                break;
            }
        }
        Ok(Some(walk))
    }

    /// Takes a page in; how many items it held, or nothing where it is no page.
    fn page(
        &mut self,
        operation: &Operation,
        listing: &Listing,
        answer: &Answer,
        walk: &mut Walk,
    ) -> Option<u64> {
        if answer.status != 200 {
            self.check(
                "input.valid-refused",
                !matches!(answer.status, 400 | 422),
                "query",
                "a list",
                answer,
            );
            return None;
        }
        let body = answer.json();
        let items = body.pointer(&listing.items)?.as_array()?.clone();
        for item in &items {
            if let Some(id) = item.pointer(&listing.id) {
                walk.ids.push(text_of(id));
            }
        }
        walk.totals.extend(
            listing
                .total
                .as_ref()
                .and_then(|pointer| body.pointer(pointer)?.as_u64()),
        );
        let held = items.len() as u64;
        walk.items.extend(items);
        self.wire.coverage().tally(&operation.id, "list.repeats");
        Some(held)
    }

    pub(super) async fn list(
        &mut self,
        by: usize,
        resource: usize,
        parent: Option<Handle>,
        limit: Option<u64>,
        filter: Option<&(String, Value)>,
    ) -> Result<(), Halt> {
        // Many things were there before: pages of one would be many.
        let before = self
            .world
            .before
            .get(&(by, resource))
            .and_then(|ids| ids.as_ref().map(BTreeSet::len))
            .unwrap_or(0);
        let limit = limit.map(|limit| limit.max(before as u64 / 12 + 1));
        let which = Which {
            by,
            resource,
            parent,
            limit,
            filter,
        };
        let Some(walk) = self.walk(&which).await? else {
            return Ok(());
        };
        let Some(answer) = walk.last.clone() else {
            return Ok(());
        };
        if let Some(filter) = filter {
            self.filtered(&which, filter, &walk, &answer);
            return Ok(());
        }
        self.whole(&which, &walk, &answer);
        Ok(())
    }

    fn filtered(
        &mut self,
        which: &Which<'_>,
        filter: &(String, Value),
        walk: &Walk,
        answer: &Answer,
    ) {
        let (name, value) = filter;
        let others = walk
            .items
            .iter()
            .filter(|item| {
                item.get(name)
                    .is_some_and(|got| !same(&Value::Null, &Value::Null, value, got))
            })
            .count();
        let place = format!("query {name}");
        let expected = format!("only what has {name} = {value}");
        let got = || format!("{others} of {} items with another {name}", walk.items.len());
        self.check_value(
            "list.filter-ignored",
            others == 0,
            &place,
            &expected,
            answer,
            got,
        );
        if !walk.complete {
            return;
        }
        let expected = self
            .world
            .expected(self.api, which.by, which.resource, which.parent);
        let missing: Vec<&String> = expected
            .live
            .iter()
            .filter(|(_, model)| {
                model
                    .get(name)
                    .is_some_and(|held| same(&Value::Null, &Value::Null, value, held))
            })
            .map(|(id, _)| id)
            .filter(|id| !walk.ids.contains(id))
            .collect();
        let got = || format!("nothing with the ids {missing:?}");
        self.check_value(
            "list.misses-created",
            missing.is_empty(),
            &place,
            "everything that fits",
            answer,
            got,
        );
    }

    fn whole(&mut self, which: &Which<'_>, walk: &Walk, answer: &Answer) {
        let expected = self
            .world
            .expected(self.api, which.by, which.resource, which.parent);
        let key = (which.by, which.resource, which.parent);
        let seen: BTreeSet<&String> = walk.ids.iter().collect();
        let paged = which.limit.is_some();
        let pages = which.limit.map_or("all at once".to_owned(), |limit| {
            format!("{limit} to a page")
        });
        let repeated = walk.ids.len() - seen.len();
        let code = if paged && self.world.whole.contains_key(&key) {
            "list.pages-repeat"
        } else {
            "list.repeats"
        };
        let got = || format!("{repeated} of {} items repeat, {pages}", walk.ids.len());
        self.check_value(code, repeated == 0, "items", "each thing once", answer, got);
        let foreign = expected
            .foreign
            .iter()
            .filter(|id| seen.contains(id))
            .count();
        let got = || format!("{foreign} things of another tenant");
        self.check_value(
            "auth.foreign-listed",
            foreign == 0,
            "items",
            "nothing of another tenant",
            answer,
            got,
        );
        let dead = expected.dead.iter().filter(|id| seen.contains(id)).count();
        let got = || format!("{dead} things that were deleted");
        self.check_value(
            "list.holds-deleted",
            dead == 0,
            "items",
            "nothing that was deleted",
            answer,
            got,
        );
        if !walk.complete {
            return;
        }
        let missing: Vec<&String> = expected
            .live
            .keys()
            .filter(|id| !seen.contains(id))
            .collect();
        let known_whole = self.world.whole.get(&key).cloned();
        let in_whole = |id: &&String| {
            known_whole
                .as_ref()
                .is_some_and(|whole| whole.contains(*id))
        };
        let dropped = known_whole
            .iter()
            .flatten()
            .filter(|id| !seen.contains(id) && !expected.dead.contains(*id))
            .count();
        let absent = missing.iter().filter(|id| !in_whole(id)).count();
        let got = || format!("{absent} things that were created are not there, {pages}");
        self.check_value(
            "list.misses-created",
            absent == 0,
            "items",
            "everything that was created",
            answer,
            got,
        );
        if paged {
            let got = || format!("{dropped} things of the whole list are on no page, {pages}");
            self.check_value(
                "list.pages-drop",
                dropped == 0,
                "items",
                "everything on some page",
                answer,
                got,
            );
        } else {
            self.world
                .whole
                .insert(key, walk.ids.iter().cloned().collect());
        }
        self.unknown(which, walk, &seen, answer);
        let before = match which.parent {
            Some(_) => Some(0),
            None => self
                .world
                .before
                .get(&(which.by, which.resource))
                .and_then(|ids| ids.as_ref().map(BTreeSet::len)),
        };
        let counted = before.map_or(walk.ids.len(), |before| before + expected.live.len()) as u64;
        // What a refused write left, or a list hides, is a finding of its own; a total that counts it is right.
        let right = [counted, walk.ids.len() as u64, seen.len() as u64];
        if let Some(wrong) = walk.totals.iter().find(|total| !right.contains(total)) {
            self.check_value(
                "list.total",
                false,
                "total",
                &counted.to_string(),
                answer,
                || format!("{wrong}, {pages}"),
            );
        } else if !walk.totals.is_empty() {
            self.check_value("list.total", true, "total", "", answer, String::new);
        }
    }

    /// What nobody made, and was not there before, was left by a write that was refused.
    fn unknown(
        &mut self,
        which: &Which<'_>,
        walk: &Walk,
        seen: &BTreeSet<&String>,
        answer: &Answer,
    ) {
        if self.world.refused == 0 {
            return;
        }
        let before = match which.parent {
            Some(_) => BTreeSet::new(),
            None => match self.world.before.get(&(which.by, which.resource)) {
                Some(Some(before)) => before.clone(),
                _ => return,
            },
        };
        let ours = |id: &str| {
            self.world
                .things
                .values()
                .any(|thing| thing.resource == which.resource && thing.id == id)
        };
        let left = seen
            .iter()
            .filter(|id| !before.contains(**id) && !ours(id))
            .count();
        let got = || {
            format!(
                "{left} things that no success made, among {}",
                walk.ids.len()
            )
        };
        let expected = "only what was there before, and what was created";
        self.check_value(
            "law.failed-write-left-trace",
            left == 0,
            "items",
            expected,
            answer,
            got,
        );
    }
}
