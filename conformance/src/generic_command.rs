//! The command `conformance generic`: the engine of `check` let loose on emulators of ours.

use clap::Args;

use crate::command::print;
use crate::explore::Effort;
use crate::generic::{GenericSettings, run};
use crate::report::{Output, View, Written, to_screen};
use crate::suite::DESCRIPTION;

/// What `generic` takes.
#[derive(Debug, Args)]
pub struct GenericArguments {
    /// The first seed.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// How many seeds, each with an emulator of its own.
    #[arg(long, value_name = "N", default_value_t = 1)]
    count: u64,
    /// Random bodies for each operation, after the boundaries.
    #[arg(long, value_name = "N", default_value_t = 4)]
    examples: usize,
    /// Random sequences.
    #[arg(long, value_name = "N", default_value_t = 8)]
    sequences: usize,
    /// Steps in a sequence.
    #[arg(long, value_name = "N", default_value_t = 16)]
    steps: usize,
    /// Only the scenario of this finding, as reports print it; give its seed too.
    #[arg(long, value_name = "FINDING")]
    replay: Option<String>,
    /// Also write a report of the last seed: html, json, junit, sarif, har or summary. May be given again.
    #[arg(long = "report", value_name = "KIND=FILE")]
    reports: Vec<Output>,
}

/// Runs `generic`; the exit code.
///
/// # Errors
/// Where an emulator does not start, or a report cannot be written.
pub async fn generic(arguments: &GenericArguments) -> Result<u8, String> {
    let only = match &arguments.replay {
        Some(finding) => Some(crate::check_command::scenario_of(finding)?),
        None => None,
    };
    let settings = GenericSettings {
        effort: Effort {
            seed: arguments.seed,
            examples: arguments.examples,
            sequences: arguments.sequences,
            steps: arguments.steps,
            oversize: 0,
        },
        count: arguments.count,
        only,
    };
    let began = chrono::Utc::now();
    let generic = run(&settings).await.map_err(|error| error.to_string())?;
    for explored in &generic.explorations {
        let mut view = View::from(explored);
        // What another seed needs is no gap of this one.
        view.gaps.retain(|gap| !gap.starts_with("expected, "));
        print(&explored.hide(&to_screen(&view)))?;
    }
    for entry in &generic.unneeded {
        print(&format!(
            "generic/expected.toml: no seed needed this entry, take it out: {entry}\n"
        ))?;
    }
    if let Some(explored) = generic.explorations.last() {
        let with = Written {
            document: DESCRIPTION,
            file: "openapi/maestro.yaml",
            began,
        };
        for report in &arguments.reports {
            report.write(&View::from(explored), &with, &|text| explored.hide(text))?;
        }
    }
    Ok(generic.ending().code())
}
