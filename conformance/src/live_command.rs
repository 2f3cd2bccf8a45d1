//! What `run` takes for a live host, and the command `conformance clean`.

use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

use clap::Args;

use crate::command::print;
use crate::engine::Limits;
use crate::live::{Ledger, Profile};
use crate::people::{Actor, People};
use crate::suite::{DESCRIPTION, Outcome, Settings, Suite};
use crate::target::Target;

/// What `run` takes for a live host.
#[derive(Debug, Args)]
pub(crate) struct LiveArguments {
    /// Where what is made is noted, so that `conformance clean` finds it after a crash. Only with --write.
    #[arg(long, value_name = "FILE", default_value = "conformance-ledger.jsonl")]
    ledger: PathBuf,
    /// Who signs in: a profile of the SDK, in place of CONFORMANCE_USERNAME and its like.
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
    /// Requests at most; what cleans up is not counted against it.
    #[arg(long, value_name = "N")]
    max_requests: Option<usize>,
    /// Requests a second at most.
    #[arg(long, value_name = "N")]
    rate: Option<NonZeroU32>,
}

impl LiveArguments {
    /// The target of a run: an emulator as it is, or a host with its ledger and limits.
    pub(crate) fn target(&self, text: &str, write: bool, seed: u64) -> Result<Target, String> {
        let people = people(self.profile.as_deref(), text)?;
        let target = Target::parse(text, write, people).map_err(|error| error.to_string())?;
        let Target::Live { base_url, .. } = &target else {
            return Ok(target);
        };
        let ledger = if write {
            let ledger = Ledger::begin(&self.ledger, base_url, &seed.to_string())
                .map_err(|error| error.to_string())?;
            if !ledger.is_clean() {
                let file = self.ledger.display();
                return Err(format!(
                    "{file} says that an earlier run left something; run `conformance clean --ledger {file}` first"
                ));
            }
            ledger
        } else {
            Ledger::in_memory(base_url)
        };
        let limits = Limits {
            requests: self.max_requests,
            per_second: self.rate,
        };
        Ok(target.kept_by(ledger, limits))
    }
}

/// Removes what a ledger says is left.
pub(crate) async fn clean(
    file: &Path,
    target: Option<&str>,
    profile: Option<&str>,
) -> Result<u8, String> {
    let wanted = target.map(|url| url.trim_end_matches('/'));
    let ledger = Ledger::open(file, wanted).map_err(|error| error.to_string())?;
    let host = ledger.host().to_owned();
    if host.is_empty() {
        return Err(format!("the ledger {} is empty", file.display()));
    }
    if ledger.run().starts_with("check ") {
        return Err(format!(
            "the ledger {} is of `check`: give the --document that it was given, and --actors or --sign",
            file.display()
        ));
    }
    let people = people(profile, &host)?;
    let target = Target::parse(&host, true, people).map_err(|error| error.to_string())?;
    let settings = Settings {
        target: target.kept_by(ledger, Limits::default()),
        seed: 0,
        filter: None,
    };
    let suite = Suite::new(DESCRIPTION, settings).map_err(|error| error.to_string())?;
    let outcome = match suite.clean().await {
        Ok(swept) => {
            let left: Vec<String> = swept
                .left
                .iter()
                .map(|it| format!("left: {it}\n"))
                .collect();
            print(&format!(
                "{host}: {} removed, {} left\n{}",
                swept.removed,
                left.len(),
                left.join("")
            ))?;
            if left.is_empty() {
                Outcome::Clean
            } else {
                Outcome::Incomplete
            }
        }
        Err(why) => {
            print(&format!("{host}: not cleaned: {why}\n"))?;
            Outcome::Incomplete
        }
    };
    Ok(outcome.code())
}

/// Who signs in: those of the environment, and in the first place the one of a profile.
fn people(profile: Option<&str>, host: &str) -> Result<People, String> {
    let variable = |name: &str| std::env::var(name).ok();
    let people = People::of_the_environment(variable);
    let Some(name) = profile else {
        return Ok(people);
    };
    let profile = Profile::read(name, variable).map_err(|error| error.to_string())?;
    match &profile.base_url {
        Some(theirs) if theirs.trim_end_matches('/') != host.trim_end_matches('/') => Err(format!(
            "the profile `{name}` is for {theirs}, and its password is not sent to {host}"
        )),
        _ => Ok(people.with(Actor::Admin, profile.person)),
    }
}
