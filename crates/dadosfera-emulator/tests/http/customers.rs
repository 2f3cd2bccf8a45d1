//! Customers see only themselves; whoever administers the platform sees all.

use reqwest::Method;
use serde_json::{Value, json};

use crate::caller::World;

fn acme() -> Value {
    json!({
        "id": "acme_corp", "name": "acme_corp", "tier": "STANDARD", "scheduleLimit": "hourly",
        "modules": ["catalog", "pipelines"], "links": [{}],
    })
}

async fn as_root(world: &mut World) {
    world.token = world
        .token_of("root@platform.example", "platform-root-password")
        .await;
}

#[tokio::test]
async fn a_user_sees_their_own_customer_as_a_sign_in_shows_it() {
    let world = World::ana().await;
    let (_, signed_in) = world
        .sign_in("ana@acme.example", "acme-ana-password", None)
        .await;
    assert_eq!(signed_in["customer"], acme());
    assert_eq!(world.get("/customers/current").await, (200, acme()));
    assert_eq!(world.get("/customers/acme_corp").await, (200, acme()));
    assert_eq!(
        world.get("/customers").await,
        (200, json!({"customers": [acme()]}))
    );
    for id in ["globex", "nobody"] {
        let expected = json!({"statusCode": 404, "message": format!("Customer with id {id} not found"), "error": "Not Found"});
        let path = format!("/customers/{id}");
        assert_eq!(world.get(&path).await, (404, expected.clone()));
        assert_eq!(
            world.patch(&path, json!({"tier": 1})).await,
            (404, expected)
        );
    }
}

#[tokio::test]
async fn a_platform_administrator_sees_and_changes_every_customer() {
    let mut world = World::ana().await;
    as_root(&mut world).await;
    let (_, list) = world.get("/customers").await;
    let names: Vec<_> = list["customers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|customer| customer["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["acme_corp", "dadosfera", "globex"]);
    assert_eq!(world.get("/customers/current").await.1["name"], "dadosfera");
    let (status, customer) = world
        .patch("/customers/globex", json!({"scheduleLimit": "daily"}))
        .await;
    assert_eq!((status, &customer["scheduleLimit"]), (200, &json!("daily")));
    let (status, key) = world.post("/api-key", json!({"permissions": [19]})).await;
    assert_eq!(status, 201);
    let headers = [("x-api-key", key["key"].as_str().unwrap())];
    let (_, list) = world.call(Method::GET, "/customers", &headers, None).await;
    assert_eq!(list["customers"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_patch_changes_what_it_names_and_refuses_what_no_customer_has() {
    let world = World::ana().await;
    let path = "/customers/acme_corp";
    let (status, customer) = world
        .patch(path, json!({"name": "acme_inc", "modules": ["catalog"]}))
        .await;
    assert_eq!(status, 200);
    assert_eq!(
        customer,
        json!({
            "id": "acme_corp", "name": "acme_inc", "tier": "STANDARD", "scheduleLimit": "hourly",
            "modules": ["catalog"], "links": [{}],
        })
    );
    for (body, why) in [
        (json!({"id": "x"}), "property id should not exist"),
        (json!({"name": ""}), "name should not be empty"),
        (json!({"name": "globex"}), "name is taken"),
        (json!({"tier": null}), "tier must be a string"),
        (
            json!({"modules": [1]}),
            "each value in modules must be a string",
        ),
    ] {
        let (status, answer) = world.patch(path, body).await;
        assert_eq!((status, &answer["message"]), (400, &json!([why])));
    }
    assert_eq!(world.get(path).await, (200, customer));
}

#[tokio::test]
async fn a_customer_is_changed_only_with_the_permission_for_it() {
    let mut world = World::ana().await;
    world.token = world
        .token_of("vera@acme.example", "acme-vera-password")
        .await;
    assert_eq!(world.get("/customers/current").await.0, 200);
    assert_eq!(world.patch("/customers/acme_corp", json!({})).await.0, 403);
    world.token = world
        .token_of("carla@acme.example", "acme-carla-password")
        .await;
    assert_eq!(world.get("/customers").await.0, 403);
}
