//! The first minute with the SDK: sign in with a second factor, upload a file, create a pipeline over it, run it, wait, and
//! read its runs, the table that it landed in, and the asset in the catalog.
//!
//! `cargo run -p dadosfera --example quickstart` does it against an emulator that it starts itself, so it needs no account.
#![expect(clippy::print_stdout, reason = "an example talks to its reader")]

use std::error::Error;
use std::time::Duration;

use dadosfera::{CatalogQuery, Client, NewFileJob, NewPipeline, PreviewQuery, WaitOptions};
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

    let orders = "id,total,placed_at\n1,9.50,2026-11-01\n2,12.00,2026-11-02\n";
    let stored = client
        .storage()
        .upload_bytes("/raw/shop", "orders.csv", orders)
        .await?;
    println!("3. uploaded {} ({} bytes)", stored.file_name, stored.size);

    let job = NewFileJob::new("storage", "/raw/shop/orders.csv", "shop", "orders").full_table();
    let pipeline = client
        .pipelines()
        .create(NewPipeline::new("Orders").job(job))
        .await?;
    println!("4. created the pipeline {pipeline}");

    let started = client.pipeline(&pipeline).execute().await?;
    println!("5. started the execution {}", started.run_id());

    let options = WaitOptions::new().limit(Duration::from_secs(60));
    let run = started.wait_with(options).await?;
    println!(
        "6. the run {} ended: {}",
        run.pipeline_run_id, run.last_status
    );

    for run in client.runs(&pipeline).list().await? {
        println!(
            "7. on record: {} {} from {} to {}",
            run.pipeline_run_id, run.last_status, run.created_at, run.updated_at
        );
    }

    let landed = CatalogQuery {
        pipeline_id: Some(pipeline.to_string()),
        ..CatalogQuery::default()
    };
    for asset in client.catalog().list(&landed).await?.assets {
        println!("8. in the catalog: {}", asset.display_name);
        let preview = client
            .catalog()
            .preview(asset.id.as_str(), &PreviewQuery::default())
            .await?;
        println!("9. its columns: {}", preview.columns.join(", "));
        for row in preview.rows {
            println!("   {}", serde_json::Value::Object(row));
        }
    }
    Ok(())
}
