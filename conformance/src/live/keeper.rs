//! The housekeeper of a live host: no write leaves that would make something without a name of ours, or touch what the run
//! did not make.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::engine::{Answer, Call, Keeper, Ledger, LedgerError, Operation, Thing};

use super::NEVER;
use super::made::{decoded, is_ours, json, maker, named, normal};

/// Writes that change nothing that anybody would see.
const HARMLESS: [&str; 3] = ["sign_in", "refresh_access_token", "authorize_connection"];
/// Ids by which the documentation names what is not there.
const OF_NOTHING: [&str; 2] = ["invalid-job-id", "invalid-pipeline-id"];
/// How much of an id that the run made up makes a name unique.
const MARK: usize = 8;

/// Keeps the ledger, and the ids that are ours.
#[derive(Debug)]
pub struct Housekeeper {
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    ledger: Ledger,
    /// Ids that the run made up or was given for what it made, in one spelling.
    ours: BTreeSet<String>,
    /// The beginnings of the ids that it made up.
    marks: BTreeSet<String>,
}

impl Housekeeper {
    /// The housekeeper of a ledger; what the ledger names is ours.
    #[must_use]
    pub fn new(ledger: Ledger) -> Self {
        let ours = ledger.things().iter().map(|it| normal(&it.id)).collect();
        Self {
            inner: Mutex::new(Inner {
                ledger,
                ours,
                marks: BTreeSet::new(),
            }),
        }
    }

    /// Takes an id for ours: one that the run made up, so that nothing of others has it.
    pub(crate) fn own(&self, id: &str) {
        let mut inner = self.lock();
        let id = normal(id);
        inner.marks.insert(id.chars().take(MARK).collect());
        inner.ours.insert(id);
    }

    /// Does something with the ledger.
    pub(crate) fn with<T>(&self, act: impl FnOnce(&mut Ledger) -> T) -> T {
        act(&mut self.lock().ledger)
    }

    /// Notes that something that was looked up is what an intent made.
    ///
    /// # Errors
    /// Where it does not get to the disk.
    pub(crate) fn found(&self, number: u64, remove: &str, id: &str) -> Result<(), String> {
        let mut inner = self.lock();
        inner.ours.insert(normal(id));
        inner
            .ledger
            .made(number, remove, id)
            .map_err(|error| error.to_string())
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// Whether an id is ours; that of a job is that of its pipeline and a number.
    fn owns(&self, id: &str) -> bool {
        let id = normal(id);
        let owned = |id: &str| self.ours.contains(id);
        let of_a_job = id.rsplit_once('-').is_some_and(|(pipeline, number)| {
            number.bytes().all(|byte| byte.is_ascii_digit()) && owned(pipeline)
        });
        owned(&id)
            || of_a_job
            || OF_NOTHING.contains(&id.as_str())
            || (is_ours(&id) && id.split('/').any(owned))
    }

    /// Whether a name is ours alone.
    fn is_unique(&self, name: &str) -> bool {
        let name = normal(name);
        self.marks.iter().any(|mark| name.contains(mark.as_str()))
    }

    fn make(&mut self, call: &Call, operation: &str) -> Result<Option<u64>, String> {
        let Some(maker) = maker(operation) else {
            return Ok(None);
        };
        let mut names = maker.names(call);
        if let Some(other) = names.iter().find(|name| !is_ours(name)) {
            return Err(format!(
                "it would make {other:?}, whose name does not begin with `conformance-`"
            ));
        }
        let id = (operation == "create_pipeline")
            .then(|| json(call)["id"].as_str().map(str::to_owned))
            .flatten();
        if let Some(id) = &id
            && !self.owns(id)
        {
            return Err(format!(
                "it would make {id}, an id that the run did not make up"
            ));
        }
        let unique = names.iter().all(|name| self.is_unique(name));
        if !maker.is_nameless() && id.is_none() && (names.is_empty() || !unique) {
            return Err("it would make something without a name of this run's own".to_owned());
        }
        // A pipeline is found by the id that was made up for it, whatever its name.
        if let Some(id) = id {
            names = vec![id];
        }
        self.ledger
            .intend(operation, &names)
            .map(Some)
            .map_err(|error| error.to_string())
    }
}

impl Keeper for Housekeeper {
    fn may(&self, operation: &str) -> bool {
        !NEVER.contains(&operation)
    }

    fn ask(&self, call: &Call, operation: Option<&Operation>) -> Result<Option<u64>, String> {
        let mut inner = self.lock();
        let Some(known) = operation else {
            let ours = call.path.split('/').any(|part| inner.owns(&decoded(part)));
            return if ours {
                Ok(None)
            } else {
                Err(
                    "the description does not know it, and it names nothing that the run made"
                        .into(),
                )
            };
        };
        if HARMLESS.contains(&known.id.as_str()) {
            return Ok(None);
        }
        if maker(&known.id).is_some() {
            return inner.make(call, &known.id);
        }
        let named = named(call, operation);
        if named.is_empty() {
            return Err("it names nothing that the run made".to_owned());
        }
        match named.iter().find(|id| !inner.owns(id)) {
            Some(other) => Err(format!("the run did not make {other}")),
            None => Ok(None),
        }
    }

    fn heard(
        &self,
        ticket: Option<u64>,
        answer: &Answer,
        operation: Option<&Operation>,
    ) -> Result<(), String> {
        let Some(known) = operation else {
            return Ok(());
        };
        let inner = &mut *self.lock();
        let why = |error: LedgerError| error.to_string();
        let succeeded = (200..300).contains(&answer.status);
        if let (Some(number), Some(maker)) = (ticket, maker(&known.id)) {
            let made = if succeeded {
                maker.made(answer)
            } else {
                Vec::new()
            };
            for (remove, id) in &made {
                inner.ours.insert(normal(id));
                inner.ledger.made(number, remove, id).map_err(why)?;
            }
            // A server that fails may have made it all the same; what has no name cannot be looked for, so its word is taken.
            let refused = (300..500).contains(&answer.status) || maker.is_nameless() && !succeeded;
            if !made.is_empty() || refused {
                inner.ledger.settle(number).map_err(why)?;
            }
            return Ok(());
        }
        if succeeded && known.id.starts_with("delete_") {
            for id in named(&answer.call, operation) {
                let same =
                    |thing: &Thing| thing.remove == known.id && normal(&thing.id) == normal(&id);
                for thing in inner.ledger.left().iter().filter(|thing| same(thing)) {
                    inner.ledger.gone(&thing.remove, &thing.id).map_err(why)?;
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Document;
    use crate::suite::DESCRIPTION;
    use serde_json::json;

    const OURS: &str = "0a1b2c3d-0000-4000-8000-000000000000";

    fn ask(
        operation: &str,
        path: &[(&str, &str)],
        body: &serde_json::Value,
    ) -> Result<Option<u64>, String> {
        let document = Document::parse(DESCRIPTION).unwrap();
        let keeper = Housekeeper::new(Ledger::in_memory("http://h"));
        keeper.own(OURS);
        let operation = document.operation(operation).unwrap();
        let path: Vec<_> = path
            .iter()
            .map(|(k, v)| ((*k).into(), (*v).into()))
            .collect();
        keeper.ask(
            &Call::new(operation, &path).with_json(body),
            Some(operation),
        )
    }

    #[test]
    fn what_is_made_has_a_name_of_ours_that_no_other_run_has() {
        let connection = |name: &str| ask("create_connection", &[], &json!({ "name": name }));
        assert_eq!(connection("conformance-0a1b2c3d-x"), Ok(Some(1)));
        assert!(
            connection("orders-0a1b2c3d")
                .unwrap_err()
                .contains("begin with")
        );
        assert!(
            connection("conformance-x")
                .unwrap_err()
                .contains("of this run's own")
        );
        assert!(ask("create_connection", &[], &json!({})).is_err());
        let pipeline = |id: &str| {
            ask(
                "create_pipeline",
                &[],
                &json!({ "id": id, "name": "conformance-x" }),
            )
        };
        assert_eq!(pipeline(&OURS.to_uppercase()), Ok(Some(1)));
        assert!(
            pipeline("7b8b3399-b8c0-4fc5-9116-142cd9f4e7ae")
                .unwrap_err()
                .contains("did not make up")
        );
    }

    #[test]
    fn what_is_changed_or_deleted_is_what_the_run_made() {
        let job = format!("{}_0", OURS.replace('-', "_"));
        assert_eq!(
            ask("update_job_memory", &[("jobId", &job)], &json!({})),
            Ok(None)
        );
        assert_eq!(
            ask("pause_pipeline", &[], &json!({ "pipeline_id": OURS })),
            Ok(None)
        );
        for (operation, path, body) in [
            (
                "delete_pipeline",
                vec![("pipelineId", "7b8b3399-b8c0-4fc5-9116-142cd9f4e7ae")],
                json!({}),
            ),
            (
                "pause_pipeline",
                vec![],
                json!({ "pipeline_id": "7b8b3399" }),
            ),
            ("pause_pipeline", vec![], json!({})),
            ("delete_file", vec![], json!({})),
            ("delete_user", vec![("userId", "1")], json!({})),
        ] {
            assert!(ask(operation, &path, &body).is_err(), "{operation}");
        }
    }
}
