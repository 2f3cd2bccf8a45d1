//! What is refused before the network: one table of inputs, each with the field that is told and the operation.

use dadosfera::types::{
    ColumnType, CreateConnectionRequest, CreateDataAssetRequest, CreateTableRequest, LoadType,
    NewUser, TableColumn, UserGroup,
};
use dadosfera::{
    Client, DownloadOptions, Error, ErrorKind, NewFileJob, NewJdbcJob, NewMongoJob, NewPipeline,
    NewSingerJob, PipelineId, PipelinePatch, SyncMode, TableFromFile, Upload, UploadMany,
};

use crate::outloud::Fails as _;
use crate::support::{World, asset};

const CONNECTION: &str = "1763991009206_kvpd3364_postgresql-1.0.0";

fn orders() -> NewJdbcJob {
    NewJdbcJob::new("postgresql", "public", "orders", CONNECTION)
}

fn table(name: &str, columns: &[(&str, &str)]) -> CreateTableRequest {
    CreateTableRequest {
        name: name.to_owned(),
        description: None,
        schema: None,
        columns: columns
            .iter()
            .map(|(name, kind)| TableColumn {
                name: (*name).to_owned(),
                type_: ColumnType::from(*kind),
                description: None,
            })
            .collect(),
    }
}

fn user(username: &str) -> NewUser {
    NewUser {
        username: username.to_owned(),
        name: "Eva".to_owned(),
        group: UserGroup::Viewer,
    }
}

async fn create(client: &Client, pipeline: NewPipeline) -> Error {
    let made = client.pipelines().create(pipeline).await;
    made.map(drop).fails("refused")
}

#[tokio::test]
async fn each_input_that_no_server_could_accept_is_refused_with_its_field_and_nothing_is_sent() {
    let world = World::new().await;
    let client = &world.ana();
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("orders.csv");
    std::fs::write(&file, "id\n1\n").expect("written");
    let same = folder.path().join("sub");
    std::fs::create_dir(&same).expect("made");
    std::fs::write(same.join("orders.csv"), "id\n1\n").expect("written");
    let id = &PipelineId::random();
    let long = "x".repeat(256);
    let (jobs, storage, tables) = (client.jobs(), client.storage(), client.tables());
    let pipeline = |name: &str| NewPipeline::new(name).job(orders());
    let no_keys: [&str; 0] = [];
    let bytes = || Upload::bytes("a.csv", "id\n");

    #[rustfmt::skip]
    let refused = [
        ("name", "create_pipeline", create(client, pipeline(" ")).await),
        ("name", "create_pipeline", create(client, pipeline(&long)).await),
        ("name", "create_pipeline", create(client, pipeline("a\nb")).await),
        ("cron", "create_pipeline", create(client, pipeline("P").cron("every day")).await),
        ("jobs", "create_pipeline", create(client, NewPipeline::new("P")).await),
        ("jobs[1].input.connector", "create_pipeline",
            create(client, pipeline("P").job(NewSingerJob::new("hubspot", "contacts", "c"))).await),
        ("jobs[0].input.plugin", "create_pipeline",
            create(client, NewPipeline::new("P").job(NewJdbcJob::new("db2", "s", "t", "c"))).await),
        ("jobs[0].input.table_schema", "create_pipeline",
            create(client, NewPipeline::new("P").job(NewJdbcJob::new("mysql", "", "t", "c"))).await),
        ("jobs[1].input.table_name", "create_pipeline",
            create(client, pipeline("P").job(NewJdbcJob::new("mysql", "s", "", "c"))).await),
        ("jobs[0].input.auth_parameters.config_id", "create_pipeline",
            create(client, NewPipeline::new("P").job(NewJdbcJob::new("mysql", "s", "t", ""))).await),
        ("jobs[0].input.column_include_list", "create_pipeline",
            create(client, NewPipeline::new("P").job(orders().columns(no_keys))).await),
        ("jobs[0].input.column_include_list[1]", "create_pipeline",
            create(client, NewPipeline::new("P").job(orders().columns(["id", "id"]))).await),
        ("jobs[0].input.incremental_column_name", "create_pipeline",
            create(client, NewPipeline::new("P").job(orders().incremental("", "date"))).await),
        ("jobs[0].input.incremental_column_type", "create_pipeline",
            create(client, NewPipeline::new("P").job(orders().incremental("at", "datetime"))).await),
        ("jobs[0].input.primary_keys", "create_pipeline",
            create(client, NewPipeline::new("P").job(orders().incremental_with_qualify("at", "date", no_keys))).await),
        ("jobs[0].input.source_prefix", "create_pipeline",
            create(client, NewPipeline::new("P").job(NewFileJob::new("storage", "", "s", "t"))).await),
        ("jobs[0].input.source_bucket", "create_pipeline",
            create(client, NewPipeline::new("P").job(NewFileJob::new("", "/a", "s", "t"))).await),
        ("jobs[0].input.table_name", "create_pipeline",
            create(client, NewPipeline::new("P").job(NewMongoJob::new("shop", "", "c"))).await),
        ("cron", "update_pipeline",
            client.pipelines().update(id, &PipelinePatch::new().cron("61 * * * *")).await.fails("refused")),
        ("name", "update_pipeline",
            client.pipelines().update(id, &PipelinePatch::new().name("")).await.fails("refused")),
        ("amount", "update_pipeline_memory", client.pipeline(id).set_memory(12_001).await.fails("refused")),
        ("amount", "update_pipeline_memory", client.pipeline(id).set_memory(0).await.fails("refused")),
        ("amount", "update_job_memory", jobs.set_memory(id.job(0), 12_001).await.fails("refused")),
        ("primary_keys", "update_job_sync_mode",
            jobs.set_sync_mode(id.job(0), &SyncMode::incremental_with_qualify("at", "date", no_keys)).await.map(drop).fails("refused")),
        ("incremental_column_name", "update_job_sync_mode",
            jobs.set_sync_mode(id.job(0), &SyncMode::incremental("", "date")).await.map(drop).fails("refused")),
        ("name", "create_table", tables.create(&table("", &[("id", "INTEGER")])).await.map(drop).fails("refused")),
        ("columns", "create_table", tables.create(&table("T", &[])).await.map(drop).fails("refused")),
        ("columns[0]", "create_table", tables.create(&table("T", &[("", "INTEGER")])).await.map(drop).fails("refused")),
        ("columns[1]", "create_table", tables.create(&table("T", &[("a", "FLOAT"), ("a", "FLOAT")])).await.map(drop).fails("refused")),
        ("columns[0].type", "create_table", tables.create(&table("T", &[("id", "")])).await.map(drop).fails("refused")),
        ("name", "create_table", tables.from_file(TableFromFile::new("", "/raw", bytes())).await.map(drop).fails("refused")),
        ("display_name", "create_data_asset", client.catalog().create(&asset("")).await.map(drop).fails("refused")),
        ("tags[1]", "create_data_asset",
            client.catalog().create(&CreateDataAssetRequest { tags: Some(vec!["a".into(), "a".into()]), ..asset("A") }).await.map(drop).fails("refused")),
        ("external_url", "create_data_asset",
            client.catalog().create(&CreateDataAssetRequest { external_url: Some("example.com".into()), ..asset("A") }).await.map(drop).fails("refused")),
        ("name", "create_pipeline",
            client.pipelines().ensure(NewPipeline::new(" ").job(orders())).await.map(drop).fails("refused")),
        ("plugin", "create_connection",
            client.connections().ensure(&CreateConnectionRequest { name: "a".into(), plugin: String::new(), config: serde_json::Map::new().into() }).await.map(drop).fails("refused")),
        ("display_name", "create_data_asset",
            client.catalog().ensure(&asset("")).await.map(drop).fails("refused")),
        ("name", "create_connection",
            client.connections().create(&CreateConnectionRequest { name: String::new(), plugin: "mysql".into(), config: serde_json::Map::new().into() }).await.map(drop).fails("refused")),
        ("users", "create_users", client.users().create(vec![]).await.map(drop).fails("refused")),
        ("users[1].username", "create_users", client.users().create(vec![user("eva@acme.example"), user("")]).await.map(drop).fails("refused")),
        ("folderPath", "upload_files", storage.upload("raw", bytes()).await.map(drop).fails("refused")),
        ("folderPath", "upload_files", storage.upload("/raw/../x", bytes()).await.map(drop).fails("refused")),
        ("file", "upload_files", storage.upload("/raw", Upload::bytes("a/b.csv", "id\n")).await.map(drop).fails("refused")),
        ("file", "upload_files", storage.upload("/raw", Upload::bytes(&long, "id\n")).await.map(drop).fails("refused")),
        ("file", "upload_files", storage.upload("/raw", bytes().largest(2)).await.map(drop).fails("refused")),
        ("file", "upload_files",
            storage.upload("/raw", Upload::stream("a", 250_000_001, futures::stream::empty())).await.map(drop).fails("refused")),
        ("path", "upload_files", storage.upload("/raw", Upload::path(folder.path())).await.map(drop).fails("refused")),
        ("files[1]", "upload_files",
            storage.upload_many("/raw", [file.clone(), same.join("orders.csv")], &UploadMany::new()).await.map(drop).fails("refused")),
        ("folderPath", "list_files", storage.list("raw").await.map(drop).fails("refused")),
        ("path", "download_file", storage.download("/raw/").await.map(drop).fails("refused")),
        ("path", "delete_file", storage.delete("orders.csv").await.fails("refused")),
        ("target", "download_file",
            storage.download_to("/raw/a.csv", folder.path(), &DownloadOptions::new()).await.map(drop).fails("refused")),
    ];
    for (index, (field, operation, error)) in refused.iter().enumerate() {
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{index}: {error}");
        assert_eq!(error.field(), Some(*field), "{index}: {error}");
        assert_eq!(error.operation(), Some(*operation), "{index}: {error}");
        // What to do next stands behind the semicolon.
        assert!(error.to_string().contains("; "), "{index}: {error}");
    }
    let error = storage
        .upload("/raw", Upload::path(folder.path().join("none.csv")))
        .await
        .fails("not there");
    assert_eq!(
        (error.kind(), error.operation()),
        (ErrorKind::File, Some("upload_files"))
    );
    assert!(world.emulator.requests().is_empty());
}

#[tokio::test]
async fn what_the_server_refuses_keeps_its_own_message_and_code() {
    let world = World::new().await;
    let client = world.ana();
    // What this version would refuse, the server may be asked to judge.
    let unchecked = NewPipeline::new("P")
        .job(NewJdbcJob::new("db2", "s", "t", CONNECTION))
        .unchecked();
    let error = create(&client, unchecked).await;
    assert_eq!(
        (error.kind(), error.status(), error.field()),
        (ErrorKind::BadRequest, Some(400), None)
    );
    assert!(
        error
            .api_message()
            .is_some_and(|said| said.contains("plugin of jdbc must be one of")),
        "{error}"
    );
    let error = client.pipeline("nope").execute().await.fails("none");
    assert_eq!(
        (error.kind(), error.code(), error.api_message()),
        (
            ErrorKind::NotFound,
            Some("PipelineNotFound"),
            Some("Pipeline with id nope not found")
        )
    );
}

#[tokio::test]
async fn a_change_of_the_sync_mode_says_what_becomes_of_the_state_before_it_is_made() {
    let world = World::new().await;
    let client = world.ana();
    let pipeline = client
        .pipelines()
        .create(NewPipeline::new("Orders").job(orders()))
        .await
        .expect("created");
    let job = pipeline.job(0);
    let incremental = || SyncMode::incremental("at", "timestamp");
    let qualified = || SyncMode::incremental_with_qualify("at", "timestamp", ["id"]);
    for (mode, from, state) in [
        (incremental(), LoadType::FullLoad, "initialized"),
        (qualified(), LoadType::Incremental, "preserved"),
        (incremental(), LoadType::IncrementalWithQualify, "preserved"),
        (SyncMode::full_load(), LoadType::Incremental, "reset"),
        (qualified(), LoadType::FullLoad, "initialized"),
        (
            SyncMode::full_load(),
            LoadType::IncrementalWithQualify,
            "reset",
        ),
    ] {
        let changes = world.count("update_job_sync_mode");
        let plan = client
            .jobs()
            .plan_sync_mode(&job, &mode)
            .await
            .expect("read");
        assert_eq!(plan.from, from);
        assert_eq!(
            plan.state.as_ref().map(|state| state.as_str()),
            Some(state),
            "{plan}"
        );
        assert_eq!(world.count("update_job_sync_mode"), changes);
        let done = client.jobs().set_sync_mode(&job, &mode).await.expect("set");
        assert_eq!(done.state.as_str(), state);
    }
    let error = client
        .jobs()
        .plan_sync_mode(&job, &SyncMode::incremental("at", "datetime"))
        .await
        .fails("PostgreSQL has no such type");
    assert_eq!(error.field(), Some("incremental_column_type"));
}
