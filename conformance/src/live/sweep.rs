//! Cleaning up: what the ledger says is left is removed, newest first; what it is not sure of is looked up by its name.

use serde_json::Value;

use crate::people::Actor;
use crate::session::Session;
use crate::stage::Stop;
use crate::world::World;

use super::keeper::Housekeeper;
use super::made::{Lookup, maker, normal, texts};

/// Who may have made something, in the order in which they try to remove it.
const CLEANERS: [Actor; 2] = [Actor::Admin, Actor::Stranger];
/// How many a page of a list holds, and how many pages are looked through.
const PAGE: (&str, u32) = ("100", 200);

/// What a sweep did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Swept {
    /// How much it removed.
    pub removed: usize,
    /// What it could not remove, each with the reason.
    pub left: Vec<String>,
}

/// Removes all that the ledger says is left.
///
/// # Errors
/// Where nobody can sign in, the server does not answer, or the ledger cannot be written.
pub(crate) async fn sweep(world: &World<'_>, keeper: &Housekeeper) -> Result<Swept, Stop> {
    let mut swept = Swept::default();
    let (unsettled, left) = keeper.with(|ledger| (ledger.unsettled(), ledger.left()));
    if unsettled.is_empty() && left.is_empty() {
        return Ok(swept);
    }
    let mut people = vec![world.sign_in(Actor::Admin).await?];
    for other in CLEANERS.into_iter().skip(1) {
        if world.person(other).is_ok() {
            people.push(world.sign_in(other).await?);
        }
    }
    for (number, intent) in unsettled {
        let lookup = maker(&intent.operation).and_then(|maker| maker.lookup.as_ref());
        let Some(lookup) = lookup else {
            swept.left.push(format!(
                "{} may have made something that has no name to find it by: look for it at the host, and begin a new ledger",
                intent.operation
            ));
            continue;
        };
        for name in &intent.names {
            if intent.operation == "upload_files" {
                keeper
                    .found(number, "delete_file", name)
                    .map_err(Stop::Incomplete)?;
            }
            if intent.operation == "create_pipeline" {
                keeper
                    .found(number, lookup.remove, name)
                    .map_err(Stop::Incomplete)?;
                continue;
            }
            for person in &people {
                for id in find(world, person, lookup, name).await? {
                    keeper
                        .found(number, lookup.remove, &id)
                        .map_err(Stop::Incomplete)?;
                }
            }
        }
        keeper
            .with(|ledger| ledger.settle(number))
            .map_err(|error| Stop::Incomplete(error.to_string()))?;
    }
    for thing in keeper.with(|ledger| ledger.left()) {
        match remove(world, &people, &thing.remove, &thing.id).await? {
            Ok(removed) => {
                swept.removed += usize::from(removed);
                keeper
                    .with(|ledger| ledger.gone(&thing.remove, &thing.id))
                    .map_err(|error| Stop::Incomplete(error.to_string()))?;
            }
            Err(status) => swept.left.push(format!(
                "{} of {} answered {status}",
                thing.remove, thing.id
            )),
        }
    }
    Ok(swept)
}

/// The ids of what has a name.
async fn find(
    world: &World<'_>,
    by: &Session,
    lookup: &Lookup,
    wanted: &str,
) -> Result<Vec<String>, Stop> {
    let mut found: Vec<String> = Vec::new();
    let mut before = Value::Null;
    let (size, pages) = PAGE;
    for number in 0..pages {
        let mut call = world.call(lookup.operation).by(by);
        if let Some(search) = lookup.search {
            call = call.query(search, wanted);
        }
        if let Some((page, first)) = lookup.page {
            let page_number = (first + number).to_string();
            call = call.query("size", size).query(page, &page_number);
        }
        let got = call.send().await?;
        if got.answer.status != 200 {
            return Err(Stop::Incomplete(format!(
                "{} answered {}, so what is left cannot be found",
                lookup.operation, got.answer.status
            )));
        }
        let body = got.json();
        let list = body.pointer(lookup.list).cloned().unwrap_or_default();
        for entry in list.as_array().into_iter().flatten() {
            if entry[lookup.name]
                .as_str()
                .is_some_and(|it| normal(it) == normal(wanted))
            {
                found.extend(texts(entry, "/id"));
            }
        }
        let last = list.as_array().is_none_or(Vec::is_empty) || list == before;
        if lookup.page.is_none() || !found.is_empty() || last {
            break;
        }
        before = list;
    }
    found.sort();
    found.dedup();
    Ok(found)
}

/// Removes one thing: whether it was there, or the status that says that it is left.
async fn remove(
    world: &World<'_>,
    people: &[Session],
    operation: &str,
    id: &str,
) -> Result<Result<bool, u16>, Stop> {
    let known = world
        .operations()
        .iter()
        .find(|known| known.id == operation);
    let parameter = known.and_then(|known| known.path_parameters.first());
    let mut last = Ok(false);
    for person in people {
        let call = match parameter {
            Some(parameter) => world.call(operation).path(parameter, id),
            None => world.call(operation).query("path", id),
        };
        let call = call.header("customer_name", &person.customer_name);
        let status = call.by(person).send().await?.answer.status;
        match status {
            200..300 => return Ok(Ok(true)),
            404 => {}
            // Another customer's person is refused where the first one found nothing.
            403 if last.is_ok()
                && people.len() > 1
                && person.customer_name != people[0].customer_name => {}
            other => last = Err(other),
        }
    }
    Ok(last)
}
