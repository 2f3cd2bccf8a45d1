//! What the examples in the docs share: an emulator, somebody who is signed in, and something to look at.
//!
//! It is expanded in doc tests only, which have every feature, so the emulator stays a dependency of tests.

/// Runs an example of the docs against an emulator.
#[doc(hidden)]
#[macro_export]
macro_rules! __example {
    ($client:ident => $body:block) => {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime")
            .block_on(async {
                // The clock stands still, so that no example waits for a run.
                let platform = dadosfera::testing::Platform::start().await?;
                let $client = platform.client()?;
                $body
                Ok::<(), Box<dyn std::error::Error>>(())
            })
            .expect("the example runs")
    };
    ($client:ident, pipeline: $name:ident => $body:block) => {
        $crate::__example!($client => {
            let job = dadosfera::NewJdbcJob::new(
                "postgresql", "public", "orders", "1763991009206_kvpd3364_postgresql-1.0.0",
            );
            let $name = $client.pipelines().create(dadosfera::NewPipeline::new("Orders").job(job.columns(["id"]))).await?;
            $body
        })
    };
    ($client:ident, asset: $name:ident => $body:block) => {
        $crate::__example!($client => {
            let asset = serde_json::json!({"display_name": "Orders", "data_asset_type": "dataset"});
            let $name = $client.catalog().create(&serde_json::from_value(asset)?).await?;
            $body
        })
    };
    ($client:ident, landed: $name:ident => $body:block) => {
        $crate::__example!($client => {
            $client.storage().upload_bytes("/raw/shop", "orders.csv", "id\n1\n2\n").await?;
            let job = dadosfera::NewFileJob::new("storage", "/raw/shop/orders.csv", "shop", "orders").full_table();
            let pipeline = $client.pipelines().create(dadosfera::NewPipeline::new("Orders").job(job)).await?;
            $client.pipeline(&pipeline).execute().await?.wait().await?;
            let query = dadosfera::CatalogQuery { pipeline_id: Some(pipeline.to_string()), ..Default::default() };
            let $name = $client.catalog().list(&query).await?.assets.remove(0).id;
            $body
        })
    };
    ($client:ident, connection: $name:ident => $body:block) => {
        $crate::__example!($client => {
            let connection = serde_json::json!({"name": "orders", "plugin": "postgresql", "config": {
                "endpoint": "db.example.com", "port": 5432, "network": "direct",
                "user": "reader", "password": "from a vault", "database": "orders",
            }});
            let $name = $client.connections().create(&serde_json::from_value(connection)?).await?.id;
            $body
        })
    };
    ($client:ident, table: $name:ident => $body:block) => {
        $crate::__example!($client => {
            let table = serde_json::json!({"name": "orders", "schema": "shop", "columns": [
                {"name": "id", "type": "INTEGER"},
            ]});
            let $name = $client.tables().create(&serde_json::from_value(table)?).await?.id;
            $body
        })
    };
    ($client:ident, dataset: $name:ident => $body:block) => {
        $crate::__example!($client => {
            let stored = $client.storage().upload_bytes("/raw/shop", "orders.csv", "id\n1\n2\n").await?;
            let $name = stored.dataset_id.ok_or("no dataset")?;
            $body
        })
    };
}
