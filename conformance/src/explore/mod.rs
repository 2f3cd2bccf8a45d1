//! The engine on its own: any OpenAPI 3.0 document and a base URL, explored. It knows nothing of Maestro.
//!
//! A plan follows from the document, the actors and a seed: scenarios that are lists of steps. Each is performed against the
//! host and held against the document and a reference model; what is found is repeated, shortened and reported.

mod actors;
mod api;
mod broken;
mod checks;
mod coverage;
mod ending;
mod found;
mod guard;
mod items;
mod known;
mod lists;
mod naming;
mod pages;
mod perform;
mod plan;
mod requests;
mod resources;
mod run;
mod samples;
mod scenario;
mod shape;
mod shrink;
mod sign_in;
mod sweep;
mod values;
mod wire;
mod world;

pub use actors::{Actor, Actors, ActorsError, Scheme, SignInStep};
pub use checks::{CHECKS, Check, check};
pub use coverage::{Constraint, Coverage};
pub use ending::{Ending, ExploreError};
pub use found::{Found, Shown, Verdict};
pub use guard::Keeping;
pub use known::{Expected, KnownError};
pub use plan::Effort;
pub use resources::{Listing, Next, Paging, Resource, resources};
pub use run::{Exploration, Settings, clean, explore};
pub use scenario::{Expect, Handle, Request, Scenario, Sent, Step, Who, Why};
pub use sweep::Swept;
pub use wire::{Halt, Limits};
