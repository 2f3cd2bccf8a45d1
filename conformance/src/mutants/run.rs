//! Running the mutants: each against the law that is to notice it, or, if asked, against all.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::engine::{Contract, Document, DocumentError};
use crate::suite::{self, DESCRIPTION, Suite};
use crate::target::Target;

use super::table::{MUTANTS, Mutant};

/// What to run.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Decides every id.
    pub seed: u64,
    /// Only mutants whose name contains this.
    pub filter: Option<String>,
    /// Every law against each mutant, to see what else notices it.
    pub full: bool,
    /// How many run at once.
    pub jobs: usize,
}

/// What became of a mutant.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// What was expected to notice it did.
    Killed,
    /// Something else noticed it, and what was expected to did not.
    KilledByAnother,
    /// Nothing noticed it.
    Survived,
}

/// A mutant's row of the table.
#[derive(Debug, Clone)]
pub struct Row {
    /// The mutant.
    pub mutant: &'static Mutant,
    /// What became of it.
    pub outcome: Outcome,
    /// Everything that noticed it.
    pub noticed_by: BTreeSet<String>,
    /// How long it took.
    pub took: Duration,
    /// How many requests were sent.
    pub requests: usize,
}

/// Runs the mutants; the rows come in the order of the table.
///
/// # Errors
/// Where the built-in description is none.
pub async fn run(settings: &Settings) -> Result<Vec<Row>, DocumentError> {
    let contract = Arc::new(Contract::new(Document::parse(DESCRIPTION)?));
    let places = Arc::new(Semaphore::new(settings.jobs.max(1)));
    let wanted = settings.filter.clone().unwrap_or_default();
    let mut tasks = JoinSet::new();
    for (number, mutant) in MUTANTS.iter().enumerate() {
        if mutant.mutation.name().contains(&wanted) {
            let (places, settings) = (Arc::clone(&places), settings.clone());
            let contract = Arc::clone(&contract);
            tasks.spawn(async move {
                // The semaphore is never closed, so there is always a place in the end.
                let _place = places.acquire().await;
                (number, try_mutant(mutant, contract, &settings).await)
            });
        }
    }
    let mut rows = Vec::new();
    while let Some(Ok((number, row))) = tasks.join_next().await {
        rows.push((number, row));
    }
    rows.sort_by_key(|(number, _)| *number);
    Ok(rows.into_iter().map(|(_, row)| row).collect())
}

async fn try_mutant(mutant: &'static Mutant, contract: Arc<Contract>, settings: &Settings) -> Row {
    let started = Instant::now();
    let suite = Suite::of(
        contract,
        suite::Settings {
            target: Target::Emulator {
                mutation: Some(mutant.mutation),
            },
            seed: settings.seed,
            filter: (!settings.full).then(|| mutant.law.to_owned()),
        },
    );
    let laws: Vec<_> = suite
        .laws()
        .filter(|law| settings.full || law.id == mutant.law)
        .collect();
    let mut rows = Vec::new();
    for law in laws {
        rows.push(suite.try_law(law).await);
    }
    let report = suite.report(rows);
    let noticed_by: BTreeSet<String> = report
        .findings
        .iter()
        .map(|finding| finding.code.name().to_owned())
        .collect();
    let outcome = if noticed_by.contains(mutant.by) {
        Outcome::Killed
    } else if noticed_by.is_empty() {
        Outcome::Survived
    } else {
        Outcome::KilledByAnother
    };
    Row {
        mutant,
        outcome,
        noticed_by,
        took: started.elapsed(),
        requests: report.requests,
    }
}

#[cfg(test)]
mod tests {
    use dadosfera_emulator::Mutation;

    use super::*;

    const fn row(law: &'static str, by: &'static str) -> Mutant {
        let mutation = Mutation::BearerAccepted;
        Mutant { mutation, law, by }
    }

    static RIGHT: Mutant = row("auth.bare-token", "auth.bare-token");
    static OF_ANOTHER: Mutant = row("auth.bare-token", "auth.token-life");
    static UNNOTICED: Mutant = row("users.bulk", "users.bulk");

    #[tokio::test]
    async fn a_mutant_that_only_another_check_notices_is_not_killed() {
        let contract = Arc::new(Contract::new(Document::parse(DESCRIPTION).unwrap()));
        let settings = Settings {
            seed: 0,
            filter: None,
            full: false,
            jobs: 1,
        };
        for (mutant, outcome) in [
            (&RIGHT, Outcome::Killed),
            (&OF_ANOTHER, Outcome::KilledByAnother),
            (&UNNOTICED, Outcome::Survived),
        ] {
            let row = try_mutant(mutant, Arc::clone(&contract), &settings).await;
            assert_eq!(row.outcome, outcome, "{:?}", row.noticed_by);
        }
    }
}
