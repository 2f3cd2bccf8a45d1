//! All that changes what an emulator knows, and the one place where it happens: the same changes at the same times, from
//! the same seed, make the same world.

use chrono::{DateTime, Utc};

use crate::answer::Answer;
use crate::api::Api;
use crate::dispatch;
use crate::intent::Intent;
use crate::options::Options;

/// One change.
pub(crate) enum Change {
    /// What a request of the API asked for.
    Request(Box<Intent>),
    /// Somebody answered the page of the authorisation server.
    Consent { state: String, approved: bool },
    /// A token dies before its time.
    Expire(String),
    /// The emulator behaves otherwise from now on.
    Options(Box<Options>),
    /// Time passed, and something happened by itself.
    Time,
}

/// Makes a change at a time; before it happens what happens by itself until then.
pub(crate) fn apply(api: &mut Api, change: Change, at: DateTime<Utc>) -> Answer {
    let now = api.world.catch_up(at);
    let answer = match change {
        Change::Request(intent) => dispatch::run(api, *intent, now),
        Change::Consent { state, approved } => {
            let world = &mut api.world;
            let location = if approved {
                world.authorizations.approve(&state, now, &mut world.chance)
            } else {
                world.authorizations.deny(&state, now)
            };
            Answer::sent_back(location.as_deref())
        }
        Change::Expire(expiring) => {
            api.tokens.expire(expiring);
            Answer::no_content()
        }
        Change::Options(options) => {
            api.set_options(*options);
            Answer::no_content()
        }
        Change::Time => Answer::no_content(),
    };
    api.world.note_due();
    answer
}
