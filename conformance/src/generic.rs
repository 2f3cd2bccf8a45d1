//! The engine let loose on the emulator: the description and its actors, and no law of Maestro's.
//!
//! What it reports wrongly, since no schema tells it, is listed with its reason in `generic/expected.toml`; an entry that
//! no seed needs is a finding itself.

use std::time::Duration;

use dadosfera_emulator::{Emulator, Options};

use crate::explore::{
    Actors, ActorsError, Effort, Ending, Expected, Exploration, ExploreError, Found, KnownError,
    Limits, Settings, explore,
};
use crate::people::{Actor, People};
use crate::suite::DESCRIPTION;

const ACTORS: &str = include_str!("../generic/actors.toml");
const EXPECTED: &str = include_str!("../generic/expected.toml");

/// Why the engine could not be let loose.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GenericError {
    /// The emulator did not start.
    #[error("the emulator: {0}")]
    Emulator(String),
    /// The exploration did not begin.
    #[error(transparent)]
    Explore(#[from] ExploreError),
    /// The actors are not as they must be.
    #[error(transparent)]
    Actors(#[from] ActorsError),
    /// The expected failures are not as they must be.
    #[error(transparent)]
    Known(#[from] KnownError),
}

/// How the engine is let loose.
#[derive(Debug, Clone)]
pub struct GenericSettings {
    /// How much is tried; its seed is the first.
    pub effort: Effort,
    /// How many seeds.
    pub count: u64,
    /// Only this scenario.
    pub only: Option<String>,
}

/// What came of it.
#[derive(Debug)]
pub struct Generic {
    /// One exploration for each seed.
    pub explorations: Vec<Exploration>,
    /// The expected failures that no seed saw.
    pub unneeded: Vec<String>,
}

impl Generic {
    /// How it ends in all: the worst of its explorations, and a finding where an expected failure is no longer needed.
    #[must_use]
    pub fn ending(&self) -> Ending {
        let ends = self
            .explorations
            .iter()
            .map(|exploration| exploration.ending);
        let worst = ends.max_by_key(|ending| ending.code());
        match worst {
            Some(Ending::Clean) if !self.unneeded.is_empty() => Ending::Found,
            Some(ending) => ending,
            None => Ending::Incomplete,
        }
    }
}

/// Explores one emulator for each seed.
///
/// # Errors
/// Where an emulator does not start, or what is built in is not as it must be.
pub async fn run(settings: &GenericSettings) -> Result<Generic, GenericError> {
    let mut explorations = Vec::new();
    let first = settings.effort.seed;
    for seed in first..first.saturating_add(settings.count) {
        explorations.push(one(seed, settings).await?);
    }
    let mut unneeded = Vec::new();
    if let Some((first, rest)) = explorations.split_first() {
        let gone = |it: &Exploration, entry: &String| it.no_longer.contains(entry);
        let everywhere = |entry: &&String| rest.iter().all(|it| gone(it, entry));
        unneeded = first.no_longer.iter().filter(everywhere).cloned().collect();
    }
    Ok(Generic {
        explorations,
        unneeded,
    })
}

async fn one(seed: u64, asked: &GenericSettings) -> Result<Exploration, GenericError> {
    // Where sources disagree, the description allows both; the emulator that fits it asks for less.
    let options = Options {
        refresh_requires_customer_name: false,
        ..Options::default()
    };
    // Tokens must outlive the run, and nothing that it makes is to begin by itself.
    let emulator = Emulator::builder()
        .options(options)
        .hold_clock()
        .start()
        .await
        .map_err(|error| GenericError::Emulator(error.to_string()))?;
    let settings = Settings {
        document: DESCRIPTION.to_owned(),
        base_url: emulator.base_url().to_owned(),
        actors: Actors::parse(ACTORS, true)?,
        effort: Effort {
            seed,
            ..asked.effort.clone()
        },
        limits: Limits {
            requests: 100_000,
            time: Duration::from_secs(600),
            timeout: Duration::from_secs(30),
            per_second: None,
            writes: true,
        },
        shrink: 32,
        only: asked.only.clone(),
        until: None,
        expected: Expected::parse(EXPECTED)?,
        keeping: None,
    };
    let people = People::of_the_emulator();
    let password = |variable: &str| {
        let actor = match variable {
            "ADMIN_PASSWORD" => Actor::Admin,
            "STRANGER_PASSWORD" => Actor::Stranger,
            _ => return None,
        };
        people.get(actor).map(|person| person.password.clone())
    };
    let mut explored = explore(&settings, &password).await?;
    // An entry that this seed did not need may be needed by another.
    if explored.ending == Ending::Found && !explored.found.iter().any(Found::fails) {
        explored.ending = Ending::Clean;
    }
    Ok(explored)
}
