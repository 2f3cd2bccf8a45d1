//! API keys: shown once, masked, limited, deleted, and unseen by other customers.

use reqwest::Method;
use serde_json::{Value, json};

use crate::caller::World;

#[tokio::test]
async fn a_key_is_shown_once_and_masked_ever_after() {
    let world = World::ana().await;
    let (status, created) = world
        .post("/api-key", json!({"permissions": [34, 1, 34]}))
        .await;
    assert_eq!(status, 201);
    let key = created["key"].as_str().unwrap();
    assert_eq!(key.len(), 48);
    assert_eq!(
        created["permissions"],
        json!([{"id": 34, "name": ""}, {"id": 1, "name": ""}])
    );
    let (_, listed) = world.get("/api-key").await;
    assert_eq!(
        listed,
        json!([{
            "permissions": [{"id": 34, "name": ""}, {"id": 1, "name": ""}],
            "id": created["id"],
            "key_mask": format!("{}{}", &key[..9], "*".repeat(39)),
            "created_at": created["created_at"],
        }])
    );
}

#[tokio::test]
async fn a_key_reaches_what_its_permissions_name_until_it_is_deleted() {
    let world = World::ana().await;
    world.create_orders(Value::Null).await;
    let (_, created) = world.post("/api-key", json!({"permissions": [1]})).await;
    let key = created["key"].as_str().unwrap();
    let call =
        async |method, path, body| world.call(method, path, &[("x-api-key", key)], body).await;
    let (status, pipelines) = call(Method::GET, "/platform/pipelines", None).await;
    assert_eq!((status, pipelines.as_array().unwrap().len()), (200, 1));
    assert_eq!(
        call(Method::POST, "/platform/pipeline", Some(json!({})))
            .await
            .0,
        403
    );
    assert_eq!(call(Method::GET, "/api-key", None).await.0, 403);
    let path = format!("/api-key/{}", created["id"].as_str().unwrap());
    assert_eq!(world.delete(&path).await, (204, json!("")));
    assert_eq!(call(Method::GET, "/platform/pipelines", None).await.0, 401);
    assert_eq!(
        world.delete(&path).await,
        (
            404,
            json!({
                "error": "API Key not found",
                "message": format!("API Key with ID {} was not found", created["id"].as_str().unwrap()),
            })
        )
    );
}

#[tokio::test]
async fn ids_that_are_no_permissions_are_the_documented_500_and_make_no_key() {
    let world = World::ana().await;
    // samples/create_api_key.500.json
    assert_eq!(
        world.post("/api-key", json!({"permissions": [0]})).await,
        (
            500,
            json!({
                "statusCode": 500,
                "message": "An unknown error occurred. If the error persists, please contact support",
                "error": "Oops... Unable to perform your action",
                "code": "UNKNOWN",
                "details": "Invalid permission IDs: 0",
            })
        )
    );
    for wrong in [
        json!({}),
        json!({"permissions": "1"}),
        json!({"permissions": [1.5]}),
        json!({"permissions": ["1"]}),
    ] {
        assert_eq!(
            world.post("/api-key", wrong.clone()).await.0,
            400,
            "{wrong}"
        );
    }
    assert_eq!(world.get("/api-key").await.1, json!([]));
}

#[tokio::test]
async fn another_customers_keys_look_like_none() {
    let world = World::ana().await;
    let (_, created) = world.post("/api-key", json!({"permissions": [1]})).await;
    let bob = world
        .token_of("bob@globex.example", "globex-bob-password")
        .await;
    assert_eq!(world.get_as(&bob, "/api-key").await.1, json!([]));
    let path = format!("/api-key/{}", created["id"].as_str().unwrap());
    let headers = [("authorization", bob.as_str())];
    assert_eq!(
        world.call(Method::DELETE, &path, &headers, None).await.0,
        404
    );
    assert_eq!(world.get("/api-key").await.1.as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn permissions_are_listed_for_those_who_manage_keys() {
    let world = World::ana().await;
    let rita = world
        .token_of("rita@acme.example", "acme-rita-password")
        .await;
    let (status, listed) = world.get_as(&rita, "/permissions").await;
    assert_eq!(status, 200);
    let listed = listed.as_array().unwrap();
    assert!(listed.contains(&json!({"id": 34, "name": "catalog:create"})));
    assert!(listed.contains(&json!({"id": 1, "name": "GET /pipelines"})));
    assert_eq!(world.get_as(&rita, "/platform/pipelines").await.0, 403);
}
