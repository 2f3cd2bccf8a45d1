//! Ensure: find by name, compare, create or update only what differs, and look before creating again.
//!
//! | what the API did | what is done |
//! |---|---|
//! | shows none of this name | create |
//! | shows one | compare, and update what differs |
//! | shows several | nothing: the error names their ids |
//! | answered the creation not at all, or with a failure that may have come too late | look twice, a second and then two later; create again only if there is still none |
//! | says that the name is taken | look again: it was us, or somebody faster |
//!
//! Rule: one client ensures one thing at a time, so that two tasks of it never make two.

use std::time::Duration;

use serde_json::{Map, Value};

use crate::client::Client;
use crate::error::{Error, ErrorKind};

/// How often a creation or an update is tried; each try is a call with its own retries.
const ROUNDS: u32 = 4;
/// The pauses before each look after an unknown outcome: a server may still be at it.
const LOOKS: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(2)];

/// What `ensure` found or made.
///
/// ```
/// # dadosfera::__example!(client => {
/// use dadosfera::{Done, NewJdbcJob, NewPipeline};
///
/// let job = NewJdbcJob::new("postgresql", "public", "orders", "1763991009206_kvpd3364_postgresql-1.0.0");
/// match client.pipelines().ensure(NewPipeline::new("Orders").job(job)).await?.done {
///     Done::Created => println!("it is new"),
///     Done::Updated(fields) => println!("changed: {}", fields.join(", ")),
///     _ => println!("it was so already"),
/// }
/// # });
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Ensured<I> {
    /// Its id.
    pub id: I,
    /// What was done.
    pub done: Done,
}

/// What `ensure` did.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Done {
    /// There was none, so it was made.
    Created,
    /// It differed in these fields, which were changed.
    Updated(Vec<String>),
    /// It was as wanted.
    Unchanged,
}

/// One kind of thing that can be ensured.
pub(crate) trait Target: Sync {
    type Id: Send;
    type Found: Send;

    /// What is there of this name.
    fn find(&self) -> impl Future<Output = Result<Option<Self::Found>, Error>> + Send;

    fn create(&self) -> impl Future<Output = Result<Self::Id, Error>> + Send;

    /// Compares what is there with what is wanted, and updates what differs.
    fn settle(
        &self,
        found: Self::Found,
    ) -> impl Future<Output = Result<Ensured<Self::Id>, Error>> + Send;
}

/// Does the table above.
pub(crate) async fn ensure<T: Target>(
    client: &Client,
    target: &T,
) -> Result<Ensured<T::Id>, Error> {
    let _one_at_a_time = client.ensuring().lock().await;
    let mut may_have_created = false;
    let mut found = target.find().await?;
    for round in 1.. {
        let failure = match found {
            Some(found) => match target.settle(found).await {
                Ok(settled) => return Ok(settled.told(may_have_created)),
                Err(error) => error,
            },
            None => match target.create().await {
                Ok(id) => {
                    return Ok(Ensured {
                        id,
                        done: Done::Created,
                    });
                }
                Err(error) => {
                    may_have_created |= is_unknown(&error);
                    error
                }
            },
        };
        let is_worth_a_look = is_unknown(&failure) || failure.kind() == ErrorKind::Conflict;
        if round >= ROUNDS || !is_worth_a_look || is_final(&failure) {
            return Err(failure);
        }
        found = look_again(client, target, &failure).await?;
    }
    Err(Error::new(ErrorKind::Timeout, "it was tried for ever"))
}

/// Looks until it is seen, or was not seen twice.
async fn look_again<T: Target>(
    client: &Client,
    target: &T,
    failure: &Error,
) -> Result<Option<T::Found>, Error> {
    let mut blind = None;
    for pause in LOOKS {
        let pause = failure
            .retry_after()
            .map_or(pause, |asked| asked.max(pause));
        client.clock().sleep(pause).await;
        match target.find().await {
            Ok(Some(found)) => return Ok(Some(found)),
            Ok(None) => blind = None,
            Err(error) if is_unknown(&error) => blind = Some(error),
            Err(error) => return Err(error),
        }
    }
    // Whoever could not look must not create: there may be one.
    match blind {
        Some(error) => Err(error.next(
            "whether it was created is not known, since the API could not be asked; ensure it again later",
        )),
        None => Ok(None),
    }
}

/// Whether the effect may have taken place, or may take place at another try.
fn is_unknown(error: &Error) -> bool {
    error.is_transient()
        || matches!(
            error.kind(),
            ErrorKind::Server | ErrorKind::UnexpectedAnswer
        )
}

/// A conflict that was found by comparing is no race.
fn is_final(error: &Error) -> bool {
    error.kind() == ErrorKind::Conflict && error.status().is_none()
}

impl<I> Ensured<I> {
    /// A thing that was made in an earlier try, whose answer was lost, was made all the same.
    fn told(mut self, may_have_created: bool) -> Self {
        if may_have_created && self.done == Done::Unchanged {
            self.done = Done::Created;
        }
        self
    }

    pub(crate) const fn unchanged(id: I) -> Self {
        Self {
            id,
            done: Done::Unchanged,
        }
    }
}

/// The one of these that was meant, or an error that names them all.
pub(crate) fn only_one<T>(
    mut matches: Vec<T>,
    noun: &str,
    name: &str,
    id: impl Fn(&T) -> &str,
) -> Result<Option<T>, Error> {
    if matches.len() > 1 {
        let ids: Vec<&str> = matches.iter().map(id).collect();
        return Err(conflict(
            format!(
                "{} {noun} are called `{name}`: {}",
                ids.len(),
                ids.join(", ")
            ),
            "delete or rename all but one, and ensure it again",
        ));
    }
    Ok(matches.pop())
}

/// What is there cannot become what is wanted.
pub(crate) fn conflict(what: impl Into<String>, next: impl Into<String>) -> Error {
    Error::new(ErrorKind::Conflict, what).next(next)
}

/// The fields of an object that are wanted and are not so. Null and nothing are the same.
pub(crate) fn differing(wanted: &Map<String, Value>, there: &Map<String, Value>) -> Vec<String> {
    wanted
        .iter()
        .filter(|(field, value)| there.get(*field).unwrap_or(&Value::Null) != *value)
        .map(|(field, _)| field.clone())
        .collect()
}

/// A value of ours as an object.
pub(crate) fn object(value: &impl serde::Serialize) -> Result<Map<String, Value>, Error> {
    match serde_json::to_value(value) {
        Ok(Value::Object(object)) => Ok(object),
        _ => Err(Error::invalid_input(
            "it cannot be written as a JSON object",
            "use maps with text keys, and numbers that JSON has",
        )),
    }
}
