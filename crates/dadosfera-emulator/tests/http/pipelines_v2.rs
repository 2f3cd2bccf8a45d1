//! The older routes, as the vendor's own Python package calls them.

use serde_json::{Value, json};

use crate::caller::{World, orders};

async fn names(world: &World, query: &str) -> Vec<String> {
    let (status, body) = world.get(&format!("/pipelinesv2{query}")).await;
    assert_eq!(status, 200, "{query}: {body}");
    let pipelines = body["pipelines"].as_array().unwrap();
    pipelines
        .iter()
        .map(|pipeline| pipeline["display_name"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn pages_follow_the_order_that_is_asked_for() {
    let world = World::ana().await;
    for name in ["b", "c", "a"] {
        world.advance(1);
        let body = orders(&format!("id_{name}"), name, Value::Null);
        assert_eq!(world.post("/platform/pipeline", body).await.0, 201);
    }
    let library = "?size=500&page=1&order=asc&sort_by=display_name";
    assert_eq!(names(&world, library).await, ["a", "b", "c"]);
    assert_eq!(names(&world, "").await, ["a", "b", "c"]);
    assert_eq!(names(&world, "?order=desc").await, ["c", "b", "a"]);
    assert_eq!(names(&world, "?sort_by=created_at").await, ["b", "c", "a"]);
    assert_eq!(names(&world, "?size=2&page=1").await, ["a", "b"]);
    assert_eq!(names(&world, "?size=2&page=2").await, ["c"]);
    assert!(names(&world, "?size=2&page=3").await.is_empty());
    assert_eq!(names(&world, "?size=99999999999999999999").await.len(), 3);
    assert!(
        names(
            &world,
            "?size=18446744073709551615&page=18446744073709551615"
        )
        .await
        .is_empty()
    );
    for query in [
        "?size=0",
        "?size=-1",
        "?page=x",
        "?order=up",
        "?sort_by=color",
    ] {
        assert_eq!(
            world.get(&format!("/pipelinesv2{query}")).await.0,
            400,
            "{query}"
        );
    }
}

#[tokio::test]
async fn status_lists_runs_and_paths_match_in_any_case() {
    let world = World::ana().await;
    let body = orders("test_pipeline_12345", "Test", json!("@once"));
    assert_eq!(world.post("/platform/pipeline", body).await.0, 201);
    world.advance(30);
    let (status, body) = world.get("/pipelinesV2/test-pipeline-12345/STATUS").await;
    assert_eq!(
        (status, &body["status"][0]["status"]),
        (200, &json!("SUCCESS"))
    );
    assert_eq!(
        world.get("/pipelinesv2/no_such/status").await,
        (
            404,
            json!({"statusCode": 404, "message": "Pipeline with id no_such not found", "error": "Not Found"})
        )
    );
    let (status, log) = world
        .get("/pipelinesV2/download-logs?pipeline_id=test_pipeline_12345")
        .await;
    assert_eq!(status, 200);
    assert!(log.as_str().unwrap().contains("SUCCESS: no error"), "{log}");
    assert_eq!(world.get("/pipelinesv2/download-logs").await.0, 400);
    assert_eq!(
        world
            .get("/pipelinesv2/download-logs?pipeline_id=x")
            .await
            .0,
        404
    );
}
