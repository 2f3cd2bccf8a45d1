//! What a law is: a name that stays, one sentence, the source that it rests on, and how it is tried.

use crate::front::BoxFuture;
use crate::people::{Actor, People};
use crate::stage::{Stage, Stop};
use crate::target::Target;

/// A rule of Maestro that a server can keep or break.
#[derive(Debug)]
pub struct Law {
    /// The name, such as `auth.token-life`; it never changes.
    pub id: &'static str,
    /// The rule, in one sentence.
    pub says: &'static str,
    /// What the rule rests on: the section of the facts, and how strong it is.
    pub source: &'static str,
    /// What a target must have for it to be tried.
    pub needs: &'static [Need],
    /// Tries it.
    pub check: for<'a> fn(&'a Stage) -> BoxFuture<'a, Result<(), Stop>>,
}

/// What a target must have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Need {
    /// A clock that is held and moved.
    HeldClock,
    /// Behaviour that can be chosen: an emulator.
    Options,
    /// It provokes refusals that a live server would count against an account.
    Provocation,
    /// It writes.
    Writes,
    /// Somebody.
    Somebody(Actor),
}

impl Law {
    /// Why it cannot be tried on a target.
    #[must_use]
    pub fn obstacle(&self, target: &Target) -> Option<String> {
        let Target::Live { people, write, .. } = target else {
            return None;
        };
        self.needs
            .iter()
            .find_map(|need| need.obstacle(people, *write))
    }
}

impl Need {
    fn obstacle(self, people: &People, write: bool) -> Option<String> {
        match self {
            Self::HeldClock => Some("a live clock cannot be held".to_owned()),
            Self::Options => Some("a live server cannot be told to behave otherwise".to_owned()),
            Self::Provocation => {
                Some("on a live server it would count against an account".to_owned())
            }
            Self::Writes if write => None,
            Self::Writes => {
                Some("it writes, and this run only reads; --write allows it".to_owned())
            }
            Self::Somebody(actor) if people.get(actor).is_some() => None,
            Self::Somebody(actor) => Some(match actor.variables() {
                Some(prefix) => format!("{prefix}_USERNAME and {prefix}_PASSWORD are not set"),
                None => format!("no variable names a {actor:?}"),
            }),
        }
    }
}
