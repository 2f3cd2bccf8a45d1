//! Users: what a list tells, invitations, and what ends with a user.

use reqwest::Method;
use serde_json::{Value, json};

use crate::caller::World;

fn new(username: &str) -> Value {
    json!({"username": username, "name": "A New User", "group": "Viewer"})
}

async fn id_of(world: &World, username: &str) -> String {
    let (status, answer) = world.get("/users").await;
    assert_eq!(status, 200);
    let users = answer["users"].as_array().unwrap();
    let user = users
        .iter()
        .find(|user| user["username"] == username)
        .unwrap();
    user["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_list_shows_the_customers_users_and_when_each_signed_in() {
    let world = World::ana().await;
    let headers = [
        ("authorization", world.token.as_str()),
        ("dadosfera-user", "ana@acme.example"),
    ];
    let (status, answer) = world.call(Method::GET, "/users", &headers, None).await;
    assert_eq!(status, 200);
    let users = answer["users"].as_array().unwrap();
    let names: Vec<_> = users
        .iter()
        .map(|user| user["username"].as_str().unwrap())
        .collect();
    assert_eq!(
        names,
        [
            "ana@acme.example",
            "carla@acme.example",
            "disabled@acme.example",
            "mfa@acme.example",
            "rita@acme.example",
            "vera@acme.example",
        ]
    );
    assert!(users[0]["lastLogin"].is_string() && users[1]["lastLogin"].is_null());
    assert_eq!(users[4]["group"], "User Admin");
    assert_eq!(users[0].as_object().unwrap().len(), 6);
}

#[tokio::test]
async fn users_are_invited_all_or_none() {
    let world = World::ana().await;
    let body = json!({"users": [new("new@acme.example"), new("other@acme.example")]});
    let (status, answer) = world.post("/users", body).await;
    assert_eq!(status, 201);
    let first = &answer["users"][0];
    assert_eq!(
        (&first["username"], &first["group"], &first["lastLogin"]),
        (&json!("new@acme.example"), &json!("Viewer"), &Value::Null)
    );
    for taken in ["new@acme.example", "bob@globex.example"] {
        let body = json!({"users": [new("third@acme.example"), new(taken)]});
        assert_eq!(
            world.post("/users", body).await,
            (
                409,
                json!({"statusCode": 409, "message": format!("Users already exist: {taken}"), "error": "Conflict"})
            )
        );
    }
    let (_, list) = world.get("/users").await;
    assert_eq!(list["users"].as_array().unwrap().len(), 8);
    assert_eq!(world.sign_in("new@acme.example", "", None).await.0, 401);
}

#[tokio::test]
async fn at_most_fifty_are_invited_at_once_and_each_that_does_not_fit_is_told() {
    let world = World::ana().await;
    let many = |count: usize| -> Value {
        let users = (0..count).map(|number| new(&format!("u{number}@acme.example")));
        json!({ "users": users.collect::<Vec<_>>() })
    };
    let (status, answer) = world.post("/users", many(51)).await;
    assert_eq!(
        (status, &answer["message"]),
        (400, &json!(["users must contain no more than 50 elements"]))
    );
    assert_eq!(world.post("/users", many(50)).await.0, 201);
    let bad =
        json!({"users": [1, {"username": "ab", "name": "", "group": "Boss"}, {"username": 1}]});
    let (status, answer) = world.post("/users", bad).await;
    assert_eq!(status, 400);
    assert_eq!(
        answer["message"],
        json!([
            "users.0 must be an object",
            "users.1.username must be longer than or equal to 3 characters",
            "users.1.name should not be empty",
            "users.1.group must be one of the following values: Super Admin, Data Admin, Data Assets Manager, Viewer, \
             User Admin, Contact Support",
            "users.2.username must be a string",
            "users.2.name must be a string",
            "users.2.group must be a string",
        ])
    );
    for body in [json!({}), json!({"users": {}}), json!({"users": []})] {
        assert_eq!(world.post("/users", body).await.0, 400);
    }
}

#[tokio::test]
async fn with_a_user_their_tokens_and_keys_end() {
    let world = World::ana().await;
    let (_, rita) = world
        .sign_in("rita@acme.example", "acme-rita-password", None)
        .await;
    let token = rita["tokens"]["accessToken"].as_str().unwrap();
    let (status, key) = world
        .post_as(token, "/api-key", json!({"permissions": [16]}))
        .await;
    assert_eq!(status, 201);
    let headers = [("x-api-key", key["key"].as_str().unwrap())];
    assert_eq!(
        world.call(Method::GET, "/users", &headers, None).await.0,
        200
    );
    let path = format!("/users/{}", rita["user"]["id"].as_str().unwrap());
    assert_eq!(world.delete(&path).await.0, 204);
    assert_eq!(world.get_as(token, "/users").await.0, 401);
    assert_eq!(
        world.call(Method::GET, "/users", &headers, None).await.0,
        401
    );
    let refresh =
        json!({"refreshToken": rita["tokens"]["refreshToken"], "customerName": "acme_corp"});
    assert_eq!(
        world
            .post_as("", "/auth/refresh-access-token", refresh)
            .await
            .0,
        401
    );
    assert_eq!(world.get("/api-key").await.1, json!([]));
    assert_eq!(world.delete(&path).await.0, 404);
}

#[tokio::test]
async fn nobody_deletes_themselves_or_another_customers_user() {
    let world = World::ana().await;
    let ana = id_of(&world, "ana@acme.example").await;
    assert_eq!(
        world.delete(&format!("/users/{ana}")).await,
        (
            400,
            json!({"statusCode": 400, "message": "A user cannot delete themselves", "error": "Bad Request"})
        )
    );
    let (_, bob) = world
        .sign_in("bob@globex.example", "globex-bob-password", None)
        .await;
    let bob = bob["user"]["id"].as_str().unwrap();
    let (status, answer) = world.delete(&format!("/users/{bob}")).await;
    assert_eq!(
        (status, &answer["message"]),
        (404, &json!(format!("User with id {bob} not found")))
    );
}

#[tokio::test]
async fn a_viewer_reaches_no_users() {
    let mut world = World::ana().await;
    world.token = world
        .token_of("vera@acme.example", "acme-vera-password")
        .await;
    assert_eq!(world.get("/users").await.0, 403);
    assert_eq!(world.post("/users", json!({"users": []})).await.0, 403);
    assert_eq!(world.delete("/users/x").await.0, 403);
}
