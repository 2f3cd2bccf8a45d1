//! Before a host that others use: no write leaves that would make something without a name of ours, or touch what the run did
//! not make; and a line is on the disk before each create leaves.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;

use super::api::{Api, absent, created_id};
use super::naming::name_field;
use crate::engine::{Answer, Call, Ledger, LedgerError, Operation};

/// An id that is no shorter is one that nobody has by chance.
const UNLIKELY: usize = 16;

/// What is made, where it is noted, and how it is called.
#[derive(Debug, Clone)]
pub struct Keeping {
    /// Where everything that is made is noted before it is.
    pub ledger: Arc<Mutex<Ledger>>,
    /// What each name begins with.
    pub prefix: String,
}

/// Gives leave for writes.
pub(crate) struct Guard {
    keeping: Keeping,
    /// The ids of what the run made, as they stand in paths.
    ours: Mutex<BTreeSet<String>>,
}

impl Keeping {
    pub(crate) fn lock(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Guard {
    pub(crate) fn new(keeping: Keeping) -> Self {
        let made = keeping.lock().things().to_vec();
        let ours = made.iter().filter_map(|thing| last_id(&thing.id));
        Self {
            ours: Mutex::new(ours.collect()),
            keeping,
        }
    }

    pub(crate) fn prefix(&self) -> &str {
        &self.keeping.prefix
    }

    pub(crate) fn keeping(&self) -> &Keeping {
        &self.keeping
    }

    /// Takes an id for one of ours: what was looked up by our name.
    pub(crate) fn own(&self, id: &str) {
        self.ours().insert(id.to_owned());
    }

    /// Gives leave for one write, with the number of its intent where it makes something.
    ///
    /// # Errors
    /// With the reason why it is kept back.
    pub(crate) fn ask(&self, api: &Api, call: &Call) -> Result<Option<u64>, Refusal> {
        let operation = described(api, call);
        let made = operation.and_then(|operation| api.made_by(&operation.id));
        match (operation, made) {
            (Some(operation), Some(resource)) => self.make(api, call, operation, resource),
            _ if self.is_about_ours(api, call) => Ok(None),
            _ => Err(Refusal::Kept(
                "it names nothing that the run made".to_owned(),
            )),
        }
    }

    /// Hears what came of it.
    ///
    /// # Errors
    /// Where it cannot be noted.
    pub(crate) fn heard(
        &self,
        api: &Api,
        ticket: Option<u64>,
        call: &Call,
        answer: &Answer,
    ) -> Result<(), LedgerError> {
        let Some(operation) = described(api, call) else {
            return Ok(());
        };
        let succeeded = (200..300).contains(&answer.status);
        if let Some(number) = ticket {
            let resource = api
                .made_by(&operation.id)
                .map(|index| &api.resources[index]);
            let create = resource.and_then(|resource| Some((resource, resource.create.as_ref()?)));
            if let (true, Some((resource, (_, pointer)))) = (succeeded, create) {
                // Without an id it is looked up by its name at the end.
                let (Some(id), Some(remove)) = (created_id(answer, pointer), &resource.delete)
                else {
                    return Ok(());
                };
                let mut ids = path_ids(operation, &call.path);
                ids.push((
                    resource.id_parameter().unwrap_or_default().to_owned(),
                    id.clone(),
                ));
                let path = api.operation(remove).map(|delete| delete.render(&ids));
                self.own(&id);
                self.keeping
                    .lock()
                    .made(number, remove, &path.unwrap_or_default())?;
            }
            // A server that fails may have made it all the same.
            if answer.status < 500 {
                self.keeping.lock().settle(number)?;
            }
        } else if succeeded && operation.method == "DELETE" {
            self.keeping.lock().gone(&operation.id, &call.path)?;
        }
        Ok(())
    }

    fn make(
        &self,
        api: &Api,
        call: &Call,
        operation: &Operation,
        resource: usize,
    ) -> Result<Option<u64>, Refusal> {
        let kept = |why: String| Err(Refusal::Kept(why));
        if api.resources[resource].delete.is_none() {
            return kept("what it would make could not be deleted again".to_owned());
        }
        let foreign = path_ids(operation, &call.path)
            .into_iter()
            .find(|(_, id)| !self.is_ours(id));
        if let Some((_, id)) = foreign {
            return kept(format!(
                "it would make something in {id}, which the run did not make"
            ));
        }
        let mut names = vec![call.path.clone()];
        if let Some(field) = name_field(api, operation) {
            let body: Value = call
                .body
                .as_deref()
                .and_then(|body| serde_json::from_slice(body).ok())
                .unwrap_or_default();
            match body[field.as_str()].as_str() {
                Some(name) if name.starts_with(self.prefix()) => names.push(name.to_owned()),
                _ => {
                    return kept(format!(
                        "it would make something whose {field} does not begin with {:?}",
                        self.prefix()
                    ));
                }
            }
        }
        let number = self.keeping.lock().intend(&operation.id, &names);
        number.map(Some).map_err(Refusal::Ledger)
    }

    /// Whether each id in the path of a call is of something that the run made.
    fn is_about_ours(&self, api: &Api, call: &Call) -> bool {
        let segments: Vec<&str> = call.path.split('/').collect();
        let fits = |template: &str| {
            let parts: Vec<&str> = template.split('/').collect();
            parts.len() <= segments.len()
                && parts
                    .iter()
                    .zip(&segments)
                    .all(|(part, got)| part.starts_with('{') || part == got)
        };
        let ours = |segment: &str| self.is_ours(&decoded(segment));
        let items = api.resources.iter().filter_map(|it| it.item.as_ref());
        let about = items.into_iter().any(|(template, _)| {
            fits(template)
                && template
                    .split('/')
                    .zip(&segments)
                    .filter(|(part, _)| part.starts_with('{'))
                    .all(|(_, got)| ours(got))
        });
        let all = described(api, call).is_none_or(|operation| {
            path_ids(operation, &call.path)
                .iter()
                .all(|(_, id)| self.is_ours(id))
        });
        about && all
    }

    /// Whether an id is of something that the run made, or made up beside it so that nobody has it.
    fn is_ours(&self, id: &str) -> bool {
        let ours = self.ours();
        let made_up = |known: &String| known.len() >= UNLIKELY && absent(known) == id;
        ours.contains(id) || ours.iter().any(made_up)
    }

    fn ours(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.ours.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Why a write does not leave.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// It is not ours to send.
    Kept(String),
    /// It could not be noted first.
    Ledger(LedgerError),
}

fn described<'a>(api: &'a Api, call: &Call) -> Option<&'a Operation> {
    match &call.operation {
        Some(id) => api.operation(id),
        None => api.document.matching(&call.method, &call.path),
    }
}

/// The ids in a path, by the names that the operation's template gives them.
pub(crate) fn path_ids(operation: &Operation, path: &str) -> Vec<(String, String)> {
    let named = operation.path.split('/').zip(path.split('/'));
    named
        .filter_map(|(part, got)| {
            let name = part.strip_prefix('{')?.strip_suffix('}')?;
            Some((name.to_owned(), decoded(got)))
        })
        .collect()
}

fn last_id(path: &str) -> Option<String> {
    let last = path.rsplit('/').next()?;
    (!last.is_empty()).then(|| decoded(last))
}

fn decoded(segment: &str) -> String {
    percent_encoding::percent_decode_str(segment)
        .decode_utf8_lossy()
        .into_owned()
}
