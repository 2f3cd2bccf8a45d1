//! Cleaning up on a host that others use: what the ledger says is left is deleted, newest first; what it is not sure of is
//! looked up by its name.

use serde_json::Value;

use super::api::{Api, header, set, text_of};
use super::guard::path_ids;
use super::naming::name_field;
use super::pages::items;
use super::wire::Wire;
use crate::engine::Thing;

/// What a clean-up did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Swept {
    /// How much it removed.
    pub removed: usize,
    /// What it could not remove, each with the reason.
    pub left: Vec<String>,
}

/// Removes all that the ledger says is left.
pub(crate) async fn sweep(api: &Api, wire: &Wire) -> Swept {
    let mut swept = Swept::default();
    let Some(guard) = wire.guard() else {
        return swept;
    };
    let unsettled = guard.keeping().lock().unsettled();
    for (number, intent) in unsettled {
        if let Err(why) = look_up(api, wire, number, &intent.operation, &intent.names).await {
            swept.left.push(why);
        }
    }
    let mut left = guard.keeping().lock().left();
    left.dedup();
    for thing in left {
        match remove(api, wire, &thing).await {
            Ok(was_there) => {
                swept.removed += usize::from(was_there);
                let noted = guard.keeping().lock().gone(&thing.remove, &thing.id);
                if let Err(error) = noted {
                    swept.left.push(error.to_string());
                }
            }
            Err(why) => swept.left.push(why),
        }
    }
    swept
}

/// Notes what an intent made, where its outcome was not heard: what has its name.
async fn look_up(
    api: &Api,
    wire: &Wire,
    number: u64,
    operation: &str,
    names: &[String],
) -> Result<(), String> {
    let Some(guard) = wire.guard() else {
        return Ok(());
    };
    let lost = |why: &str| {
        format!(
            "{operation} may have made something {why}: look for it at the host, and begin a new ledger"
        )
    };
    let made = api.operation(operation).zip(api.made_by(operation));
    let Some((create, resource)) = made else {
        return Err(lost("and the document does not know it any more"));
    };
    let [path, name] = names else {
        return Err(lost("that has no name to find it by"));
    };
    let known = &api.resources[resource];
    let listed = known
        .list
        .as_ref()
        .and_then(|(id, listing)| Some((api.operation(id)?, listing)));
    let (Some((list, listing)), Some(field), Some(remove)) =
        (listed, name_field(api, create), &known.delete)
    else {
        return Err(lost(&format!("named {name}, and no list shows it")));
    };
    let mut ids = path_ids(create, path);
    for by in 0..api.speakers.len() {
        let found = items(api, wire, list, listing, &ids, by).await;
        let ours: Vec<&Value> = found
            .iter()
            .filter(|item| item[field.as_str()] == name.as_str())
            .collect();
        for item in &ours {
            let Some(id) = item.pointer(&listing.id).map(text_of) else {
                continue;
            };
            ids.push((
                known.id_parameter().unwrap_or_default().to_owned(),
                id.clone(),
            ));
            let path = api.operation(remove).map(|delete| delete.render(&ids));
            ids.pop();
            guard.own(&id);
            guard
                .keeping()
                .lock()
                .made(number, remove, &path.unwrap_or_default())
                .map_err(|error| error.to_string())?;
        }
        if !ours.is_empty() {
            break;
        }
    }
    let settled = guard.keeping().lock().settle(number);
    settled.map_err(|error| error.to_string())
}

/// Deletes one thing: whether it was there, or why it is left.
async fn remove(api: &Api, wire: &Wire, thing: &Thing) -> Result<bool, String> {
    let Some(operation) = api.operation(&thing.remove) else {
        return Err(format!(
            "{}: the document has no {}",
            thing.id, thing.remove
        ));
    };
    let mut last = format!("{}: nobody could delete it", thing.id);
    let (mut missing, mut refused) = (0, 0);
    for speaker in &api.speakers {
        let mut call = api.call(operation, &[], None);
        call.path.clone_from(&thing.id);
        if let Some(parameter) = header(operation, "if-match") {
            set(&mut call, parameter, &Value::from("*"));
        }
        call.sign = speaker.sign();
        match wire.send_beyond_budget(api, call).await {
            Ok(exchange) => match exchange.answer {
                Ok(answer) if (200..300).contains(&answer.status) => return Ok(true),
                Ok(answer) if matches!(answer.status, 404 | 410) => missing += 1,
                // Who may not delete did not make it either.
                Ok(answer) if matches!(answer.status, 401 | 403) => refused += 1,
                Ok(answer) => {
                    last = format!(
                        "{} of {} answered {}",
                        thing.remove, thing.id, answer.status
                    );
                }
                Err(why) => last = format!("{} of {}: {why}", thing.remove, thing.id),
            },
            Err(halt) => last = format!("{} of {}: {halt:?}", thing.remove, thing.id),
        }
    }
    if missing > 0 && missing + refused == api.speakers.len() {
        Ok(false)
    } else {
        Err(last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ids_of_a_path_are_those_of_its_template() {
        let document = crate::engine::Document::parse(
            "openapi: 3.0.3\npaths: {'/a/{x}/b': {post: {operationId: make, responses: {}}}}",
        )
        .unwrap();
        let create = document.operation("make").unwrap();
        let call = crate::engine::Call::new(create, &[("x".into(), "1 2".into())]);
        assert_eq!(path_ids(create, &call.path), [("x".into(), "1 2".into())]);
    }
}
