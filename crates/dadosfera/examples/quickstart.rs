//! The first minute with the SDK: sign in with a second factor, create a pipeline, run it, wait, read its runs.
//!
//! `cargo run -p dadosfera --example quickstart` does it against an emulator that it starts itself, so it needs no account.
#![expect(clippy::print_stdout, reason = "an example talks to its reader")]

use std::error::Error;
use std::time::Duration;

use dadosfera::{Client, NewJdbcJob, NewPipeline, WaitOptions};
use dadosfera_emulator::{Emulator, Options};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    // A run takes a second here; in production leave out the base URL, and there is nothing to start.
    let options = Options {
        run_duration: Duration::from_secs(1),
        ..Options::default()
    };
    let emulator = Emulator::builder().options(options).start().await?;
    println!("1. an emulator listens on {}", emulator.base_url());

    let client = Client::builder()
        .base_url(emulator.base_url())
        .password("mfa@acme.example", "acme-mfa-password")
        .totp_secret("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")
        .build()?;
    let who = client.session().sign_in().await?;
    println!(
        "2. signed in for {} with {} permissions",
        who.customer.name,
        who.permissions.len()
    );

    let orders = NewJdbcJob::new(
        "postgresql",
        "public",
        "orders",
        "1763991009206_kvpd3364_postgresql-1.0.0",
    )
    .columns(["id", "total", "updated_at"])
    .incremental("updated_at", "timestamp");
    let pipeline = client
        .pipelines()
        .create(NewPipeline::new("Orders").job(orders))
        .await?;
    println!("3. created the pipeline {pipeline}");

    let started = client.pipeline(&pipeline).execute().await?;
    println!("4. started the execution {}", started.run_id());

    let options = WaitOptions::new().limit(Duration::from_secs(60));
    let run = started.wait_with(options).await?;
    println!(
        "5. the run {} ended: {}",
        run.pipeline_run_id, run.last_status
    );

    for run in client.runs(&pipeline).list().await? {
        println!(
            "6. on record: {} {} from {} to {}",
            run.pipeline_run_id, run.last_status, run.created_at, run.updated_at
        );
    }
    Ok(())
}
