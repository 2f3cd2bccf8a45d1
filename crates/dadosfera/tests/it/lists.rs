//! Every list of the API as a stream, and what servers say of their pages that is not so.

use std::collections::HashSet;

use dadosfera::{CatalogQuery, Client, ConnectionQuery, ErrorKind, Items, PageOptions, types};
use dadosfera_emulator::{FaultEffect, Options};
use futures::TryStreamExt as _;

use crate::outloud::Fails as _;
use crate::support::{Raw, World, a_pipeline, json, new_pipeline};

/// A catalog of `length` assets in pages of `size`, whatever is asked for, that says `total`.
async fn catalog(length: u32, size: u32, total: &'static str) -> Raw {
    Raw::start(move |request| {
        let page: u32 = request
            .split(['?', '&', ' '])
            .find_map(|it| it.strip_prefix("page="))
            .and_then(|it| it.parse().ok())
            .unwrap_or(1);
        let assets: Vec<String> = (0..length)
            .skip((size * (page - 1)) as usize)
            .take(size as usize)
            .map(|id| {
                format!(r#"{{"id": "{id}", "display_name": "a", "data_asset_type": "dataset"}}"#)
            })
            .collect();
        let body = format!(
            r#"{{"data_assets": [{}], "total": {total}}}"#,
            assets.join(",")
        );
        json("200 OK", &body)
    })
    .await
}

fn assets(client: &Client) -> Items<types::DataAsset> {
    client.catalog().stream(CatalogQuery {
        size: Some(3),
        ..CatalogQuery::default()
    })
}

#[tokio::test]
async fn a_total_that_counts_too_many_or_too_few_changes_nothing() {
    for total in ["0", "2", "7", "9999", "-1", r#""7""#, r#""many""#] {
        let server = catalog(7, 3, total).await;
        let all = assets(&server.client()).collect_all().await.expect(total);
        assert_eq!(all.len(), 7, "{total}");
        assert_eq!(server.requests().len(), 4, "{total}");
    }
}

#[tokio::test]
async fn a_server_that_gives_smaller_pages_than_asked_for_is_read_to_its_end() {
    let server = catalog(7, 2, "7").await;
    let all = assets(&server.client()).collect_all().await.expect("all");
    assert_eq!(all.len(), 7);
}

#[tokio::test]
async fn no_list_sends_a_trap() {
    let world = World::new().await;
    let client = world.ana();
    assets(&client).collect_all().await.expect("assets");
    let connections = client.connections().stream(ConnectionQuery::default());
    connections.collect_all().await.expect("connections");
    for request in world.emulator.requests() {
        let said = format!("{request:?}");
        assert!(
            !said.contains("limit=") && !said.contains("page=0") && !said.contains("size=0"),
            "{said}"
        );
    }
    let zero = CatalogQuery {
        page: Some(0),
        ..CatalogQuery::default()
    };
    let sent = world.emulator.requests().len();
    let mut stream = client.catalog().stream(zero);
    let error = stream.next().await.expect("an error").fails("page 0");
    assert_eq!(
        (error.kind(), error.operation()),
        (ErrorKind::InvalidInput, Some("list_catalog"))
    );
    assert!(stream.next().await.is_none());
    assert_eq!(world.emulator.requests().len(), sent);
}

#[tokio::test]
async fn a_catalog_that_overcounts_in_text_is_read_to_its_end() {
    let world = World::with(Options {
        total_as_string: true,
        total_overcounts: 5,
        ..Options::default()
    })
    .await;
    let client = world.ana();
    let mut made = HashSet::new();
    for number in 0..7 {
        let request: types::CreateDataAssetRequest = serde_json::from_value(serde_json::json!({
            "display_name": format!("asset {number}"), "data_asset_type": "dataset",
        }))
        .expect("a request");
        let id = client.catalog().create(&request).await.expect("made");
        made.insert(id.to_string());
    }
    let all: Vec<types::DataAsset> = assets(&client).try_collect().await.expect("all");
    let ids: HashSet<String> = all.iter().map(|asset| asset.id.clone()).collect();
    assert!(ids.is_superset(&made));
    assert_eq!(ids.len(), all.len(), "each once");
}

#[tokio::test]
async fn a_stream_that_broke_goes_on_from_its_position_in_another_client() {
    let world = World::new().await;
    let client = world.ana();
    for number in 0..7 {
        let name = format!("Pipeline {number}");
        client
            .pipelines()
            .create(new_pipeline(&name, "orders"))
            .await
            .expect("made");
    }
    let options = PageOptions {
        size: Some(2),
        ..PageOptions::default()
    };
    let mut first = client.pipelines_v2().stream(options.clone());
    let mut ids = Vec::new();
    for _ in 0..4 {
        ids.push(first.next().await.expect("more").expect("a pipeline").id);
    }
    world.fail("list_pipelines_v2", 1, FaultEffect::Status(500));
    first.next().await.expect("an error").fails("500");
    let kept = first.position().to_string();
    let rest = world
        .ana()
        .pipelines_v2()
        .stream(options)
        .resume(&kept.parse().expect("a position"))
        .expect("the same list");
    ids.extend(
        rest.map_ok(|it| it.id)
            .try_collect::<Vec<_>>()
            .await
            .expect("the rest"),
    );
    assert_eq!(ids.len(), 7);
    assert_eq!(ids.iter().collect::<HashSet<_>>().len(), 7);
}

#[tokio::test]
async fn every_list_has_a_stream_that_holds_what_the_list_holds() {
    let world = World::new().await;
    let client = world.ana();
    let pipeline = a_pipeline(&client).await;
    let started = client.pipeline(&pipeline).execute().await.expect("started");
    started.wait().await.expect("ended");
    client
        .api_keys()
        .create(["GET /catalog"])
        .await
        .expect("made");
    client
        .storage()
        .upload_bytes("/raw", "a.csv", "a\n1\n")
        .await
        .expect("stored");
    macro_rules! same {
        ($handle:expr, $key:expr) => {
            let (list, stream) = ($handle.list().await, $handle.stream().collect_all().await);
            let list: Vec<_> = list.expect("a list").into_iter().map($key).collect();
            let stream: Vec<_> = stream.expect("a stream").into_iter().map($key).collect();
            assert!(!stream.is_empty() || list.is_empty());
            assert_eq!(list, stream);
        };
    }
    same!(client.pipelines(), |it: types::PipelineSummary| it
        .pipeline_id);
    same!(client.runs(&pipeline), |it: types::PipelineRun| it
        .pipeline_run_id);
    same!(client.users(), |it: types::User| it.id);
    same!(client.api_keys(), |it: types::ApiKey| it.id);
    same!(client.permissions(), |it: types::Permission| it.name);
    same!(client.customers(), |it: types::Customer| it.id);
    same!(client.tables(), |it: types::Table| it.id);
    same!(client.datasets(), |it: types::Dataset| it.id);
    let listed = client.storage().list("/raw").await.expect("a list").files;
    let files = client.storage().stream("/raw").collect_all().await;
    let paths = |files: Vec<types::StoredFile>| -> Vec<String> {
        files.into_iter().map(|it| it.path).collect()
    };
    assert_eq!(paths(files.expect("a stream")), paths(listed));
    let error = client.storage().stream("raw").next().await;
    let error = error.expect("an error").fails("no folder");
    assert_eq!(error.field(), Some("folderPath"));
}
