//! A clean emulator under many seeds: a law that breaks there is wrong itself, or holds by luck.

use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::engine::{Contract, Document, DocumentError};
use crate::suite::{DESCRIPTION, Report, Settings, Suite};
use crate::target::Target;

/// Runs every law against clean emulators, once a seed from 1 on, some runs at once; the reports come in the order of the
/// seeds.
///
/// # Errors
/// Where the built-in description is none.
pub async fn run(seeds: u64, jobs: usize) -> Result<Vec<Report>, DocumentError> {
    let contract = Arc::new(Contract::new(Document::parse(DESCRIPTION)?));
    let places = Arc::new(Semaphore::new(jobs.max(1)));
    let mut tasks = JoinSet::new();
    for seed in 1..=seeds {
        let (contract, places) = (Arc::clone(&contract), Arc::clone(&places));
        tasks.spawn(async move {
            // The semaphore is never closed, so there is always a place in the end.
            let _place = places.acquire().await;
            let settings = Settings {
                target: Target::emulator(),
                seed,
                filter: None,
            };
            Suite::of(contract, settings).run().await
        });
    }
    let mut reports = Vec::new();
    while let Some(Ok(report)) = tasks.join_next().await {
        reports.push(report);
    }
    reports.sort_by_key(|report| report.seed);
    Ok(reports)
}
