//! The half that knows Maestro: its laws, one file for each subject.
//!
//! A law is one `async fn` that acts in a world and checks what comes back. It goes on after a check that does not hold,
//! and stops only where what follows would make no sense, so that one known failure does not hide the next.

mod actions;
mod api_keys;
mod bodies;
mod body_limits;
mod cascades;
mod catalog;
mod catalog_views;
mod connections;
mod customers;
mod ids;
mod jobs;
mod language;
mod law;
mod permissions;
mod pipelines;
mod refresh;
mod runs;
mod sdk;
mod sign_in;
mod storage;
mod tenants;
mod things;
mod tokens;
mod uploads;
mod users;
mod valid_input;
mod writes;

pub use law::{Law, Need};

use crate::session::Session;
use crate::stage::Stop;
use crate::world::World;

/// Every law, in the order in which a run tries them.
pub fn all() -> impl Iterator<Item = &'static Law> {
    [
        valid_input::LAWS,
        sign_in::LAWS,
        tokens::LAWS,
        refresh::LAWS,
        api_keys::LAWS,
        permissions::LAWS,
        tenants::LAWS,
        ids::LAWS,
        pipelines::LAWS,
        runs::LAWS,
        jobs::LAWS,
        connections::LAWS,
        catalog::LAWS,
        catalog_views::LAWS,
        storage::LAWS,
        uploads::LAWS,
        users::LAWS,
        customers::LAWS,
        cascades::LAWS,
        writes::LAWS,
        body_limits::LAWS,
        language::LAWS,
        sdk::LAWS,
    ]
    .into_iter()
    .flatten()
}

/// The law with this name.
#[must_use]
pub fn law(id: &str) -> Option<&'static Law> {
    all().find(|law| law.id == id)
}

/// Makes a pipeline, executes it some times, and answers its id as answers spell it.
///
/// # Errors
/// Where a call does not succeed.
pub async fn pipeline_with_runs(
    world: &World<'_>,
    by: &Session,
    table: &str,
    executions: usize,
) -> Result<String, Stop> {
    let made = bodies::make(world, by, table).await?;
    for _ in 0..executions {
        bodies::execute(world, by, &made).await?;
    }
    Ok(made.answered())
}
