//! Connections: made, changed, tried and deleted, with their secrets inside.

use dadosfera_emulator::{Emulator, Seed};
use reqwest::Method;
use serde_json::{Value, json};

use crate::caller::{ORDERS, World, orders};

const SECRET: &str = "a-pass-word-nobody-sees";

async fn ana() -> World {
    let seed = Seed::from_json(r#"{"starts_at": "2025-11-24T13:30:09.206Z"}"#).unwrap();
    World::start(Emulator::builder().seed(seed)).await
}

fn orders_database() -> Value {
    json!({
        "name": "orders",
        "plugin": "postgresql",
        "config": {
            "endpoint": "db.example.com", "port": 5432, "network": "direct",
            "user": "reader", "password": SECRET, "database": "orders",
        },
    })
}

async fn create(world: &World) -> (String, Value) {
    let (status, made) = world.post("/connections", orders_database()).await;
    assert_eq!(status, 201, "{made}");
    (made["id"].as_str().unwrap().to_owned(), made)
}

fn invalid(messages: &[&str]) -> (u16, Value) {
    (
        400,
        json!({"statusCode": 400, "message": messages, "error": "Bad Request"}),
    )
}

fn not_found(id: &str) -> (u16, Value) {
    (
        404,
        json!({"statusCode": 404, "message": format!("Connection with id {id} not found"), "error": "Not Found"}),
    )
}

#[tokio::test]
async fn a_connection_is_made_read_changed_and_deleted_and_never_shows_its_secret() {
    let world = World::ana().await;
    let (id, made) = create(&world).await;
    let path = format!("/connections/{id}");
    assert!(id.ends_with("_postgresql-1.0.0"));
    assert_eq!(
        made,
        json!({
            "id": id, "name": "orders", "plugin": "postgresql", "type": "postgresql", "status": "active",
            "config": {
                "endpoint": "db.example.com", "port": 5432, "network": "direct", "user": "reader", "database": "orders",
            },
            "created_at": made["created_at"], "updated_at": made["created_at"],
        })
    );
    assert_eq!(world.get(&path).await, (200, made.clone()));
    assert_eq!(
        world.get("/connections").await,
        (200, json!({"connections": [made]}))
    );
    world.advance(60);
    let (status, changed) = world
        .put(&path, json!({"name": "orders of the new shop", "status": "inactive", "config": {"port": 6432}}))
        .await;
    assert_eq!(status, 200);
    assert_eq!(
        (
            &changed["name"],
            &changed["status"],
            &changed["config"]["port"],
            &changed["config"]["user"]
        ),
        (
            &json!("orders of the new shop"),
            &json!("inactive"),
            &json!(6432),
            &json!("reader")
        )
    );
    assert!(changed["updated_at"].as_str() > changed["created_at"].as_str());
    // The password that no change mentioned is still there, or this would fail.
    let tested = world.post(&format!("{path}/test"), json!({})).await;
    assert_eq!(
        tested,
        (200, json!({"status": "ok", "detail": "connected"}))
    );
    assert_eq!(world.delete(&path).await, (204, json!("")));
    assert_eq!(world.delete(&path).await, not_found(&id));
    assert_eq!(world.get(&path).await, not_found(&id));
    assert_eq!(world.put(&path, json!({})).await, not_found(&id));
    assert_eq!(
        world.post(&format!("{path}/test"), json!({})).await,
        not_found(&id)
    );
    let secret = json!({"plugin": "postgresql", "name": "x", "config": {"password": SECRET, "port": SECRET, "tls": SECRET}});
    for (_, told) in [
        (0, made),
        (0, changed),
        world.post("/connections", secret).await,
        (0, json!(format!("{:?}", world.emulator.requests()))),
    ] {
        assert!(!told.to_string().contains(SECRET), "{told}");
    }
}

#[tokio::test]
async fn a_list_is_filtered_and_paged() {
    let world = World::ana().await;
    let (orders, _) = create(&world).await;
    let token = json!({"access_token": "pat-na1-x"});
    for name in ["crm", "crm of sales"] {
        let body = json!({"name": name, "plugin": "hubspot", "config": token});
        assert_eq!(world.post("/connections", body).await.0, 201);
    }
    world
        .put(
            &format!("/connections/{orders}"),
            json!({"status": "inactive"}),
        )
        .await;
    for (query, names) in [
        ("", vec!["orders", "crm", "crm of sales"]),
        (
            "?size=50&start_page=1",
            vec!["orders", "crm", "crm of sales"],
        ),
        ("?size=2", vec!["orders", "crm"]),
        ("?size=2&start_page=2", vec!["crm of sales"]),
        ("?size=2&start_page=3", vec![]),
        (
            "?size=99999999999999999999&start_page=99999999999999999999",
            vec![],
        ),
        ("?type=hubspot", vec!["crm", "crm of sales"]),
        ("?type=nothing", vec![]),
        ("?status=active&type=&name=", vec!["crm", "crm of sales"]),
        ("?status=inactive", vec!["orders"]),
        ("?name=crm", vec!["crm"]),
        ("?name=crm+of%20sales", vec!["crm of sales"]),
        ("?connection_id=x", vec![]),
        (&format!("?connection_id={orders}"), vec!["orders"]),
    ] {
        let (status, answer) = world.get(&format!("/connections{query}")).await;
        assert_eq!(status, 200, "{query}");
        let listed = answer["connections"].as_array().unwrap();
        let listed: Vec<&str> = listed.iter().map(|c| c["name"].as_str().unwrap()).collect();
        assert_eq!(listed, names, "{query}");
    }
    assert_eq!(
        world
            .get("/connections?size=0&start_page=-1&status=on")
            .await,
        invalid(&[
            "size must be a positive integer",
            "start_page must be a positive integer",
            "status must be one of active, inactive",
        ])
    );
    for query in ["size=x", "size=", "size=1.5", "start_page=0"] {
        assert_eq!(
            world.get(&format!("/connections?{query}")).await.0,
            400,
            "{query}"
        );
    }
}

#[tokio::test]
async fn what_does_not_fit_is_told_field_by_field_and_makes_nothing() {
    let world = World::ana().await;
    let plugins = "plugin must be one of postgresql, mysql, oracle, sqlserver, s3, mongodb, google-sheets, hubspot";
    for (body, messages) in [
        (
            json!({}),
            vec![
                "name is required",
                "plugin is required",
                "config is required",
            ],
        ),
        (
            json!({"name": 1, "plugin": "access", "config": []}),
            vec!["name must be a string", plugins, "config must be an object"],
        ),
        (
            json!({"name": "x", "plugin": "mysql", "config": {"endpoint": "a b", "port": 0, "user": "u", "password": "p", "database": "d", "host": "h"}}),
            vec![
                "config.host is no field of mysql",
                "config.endpoint must be an IPv4 address or a DNS name",
                "config.port must be an integer from 1 to 65535",
            ],
        ),
        (
            json!({"name": "x", "plugin": "google-sheets", "config": {}}),
            vec![
                "plugin google-sheets connects by OAuth: begin with POST /connections/oauth/authorize",
            ],
        ),
    ] {
        assert_eq!(
            world.post("/connections", body.clone()).await,
            invalid(&messages),
            "{body}"
        );
    }
    assert_eq!(
        world.get("/connections").await.1,
        json!({"connections": []})
    );
    let (id, made) = create(&world).await;
    let path = format!("/connections/{id}");
    for (body, message) in [
        (json!({"name": null}), "name is required"),
        (
            json!({"status": "on"}),
            "status must be one of active, inactive",
        ),
        (json!({"config": null}), "config is required"),
        (
            json!({"config": {"tls": false}}),
            "config.tls must be true when config.network is direct",
        ),
        (
            json!({"config": {"network": "globex-vpn"}}),
            "config.network must be direct or the name of a registered VPN",
        ),
        (
            json!({"config": {"password": null}}),
            "config.password is required",
        ),
        (json!({"plugin": "mysql"}), "plugin cannot be changed"),
    ] {
        assert_eq!(
            world.put(&path, body.clone()).await,
            invalid(&[message]),
            "{body}"
        );
    }
    assert_eq!(world.get(&path).await.1, made);
    let vpn = json!({"config": {"network": "acme-vpn", "tls": false}});
    assert_eq!(world.put(&path, vpn).await.0, 200);
    assert_eq!(
        world.post("/connections", orders_database()).await,
        (
            409,
            json!({"statusCode": 409, "message": "Connection with name orders already exists", "error": "Conflict"})
        )
    );
}

#[tokio::test]
async fn a_connection_in_use_names_its_pipelines_and_stays() {
    let world = World::ana().await;
    let (id, _) = create(&world).await;
    let mut pipeline = orders(ORDERS, "Orders", Value::Null);
    pipeline["jobs"][0]["input"]["auth_parameters"]["config_id"] = json!(id);
    assert_eq!(world.post("/platform/pipeline", pipeline).await.0, 201);
    let path = format!("/connections/{id}");
    assert_eq!(
        world.delete(&path).await,
        (
            409,
            json!({
                "statusCode": 409,
                "message": format!("Connection with id {id} is in use"),
                "error": "Conflict",
                "details": "Used by the pipelines Orders (1b33ad2f_33d3_4837_9eeb_83c82c8b909d)",
            })
        )
    );
    world.delete(&format!("/platform/pipeline/{ORDERS}")).await;
    assert_eq!(world.delete(&path).await.0, 204);
}

#[tokio::test]
async fn a_host_that_never_answers_fails_the_test_and_not_the_request() {
    let world = World::ana().await;
    let (id, _) = create(&world).await;
    let path = format!("/connections/{id}");
    let far = json!({"config": {"endpoint": "unreachable.example"}});
    assert_eq!(world.put(&path, far).await.0, 200);
    assert_eq!(
        world.post(&format!("{path}/test"), json!({})).await,
        (
            200,
            json!({"status": "failed", "detail": "could not reach postgresql: the connection timed out"})
        )
    );
}

#[tokio::test]
async fn permissions_and_customers_are_kept_apart() {
    let world = World::ana().await;
    let (id, _) = create(&world).await;
    let path = format!("/connections/{id}");
    let vera = world
        .token_of("vera@acme.example", "acme-vera-password")
        .await;
    assert_eq!(world.get_as(&vera, "/connections").await.0, 403);
    assert_eq!(
        world
            .post_as(&vera, "/connections", orders_database())
            .await
            .0,
        403
    );
    assert_eq!(world.get_as("", "/connections/plugins").await.0, 401);
    let bob = world
        .token_of("bob@globex.example", "globex-bob-password")
        .await;
    let headers = [("authorization", bob.as_str())];
    for (method, path) in [
        (Method::GET, path.clone()),
        (Method::PUT, path.clone()),
        (Method::DELETE, path.clone()),
        (Method::POST, format!("{path}/test")),
    ] {
        let answer = world.call(method, &path, &headers, Some(json!({}))).await;
        assert_eq!(answer, not_found(&id));
    }
    assert_eq!(
        world.get_as(&bob, "/connections").await.1,
        json!({"connections": []})
    );
    assert_eq!(
        world
            .post_as(&bob, "/connections", orders_database())
            .await
            .0,
        201
    );
}

#[tokio::test]
async fn plugins_describe_their_configs_and_mark_their_secrets() {
    let world = World::ana().await;
    let (status, answer) = world.get("/connections/plugins").await;
    assert_eq!(status, 200);
    let plugins = answer["plugins"].as_array().unwrap();
    let listed: Vec<_> = plugins
        .iter()
        .map(|p| {
            (
                p["plugin"].as_str().unwrap(),
                p["version"].as_str().unwrap(),
                p["auth_type"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        listed,
        [
            ("postgresql", "1.0.0", "form"),
            ("mysql", "1.0.0", "form"),
            ("oracle", "1.0.0", "form"),
            ("sqlserver", "1.0.0", "form"),
            ("s3", "1.0.0", "form"),
            ("mongodb", "1.0.0", "form"),
            ("google-sheets", "1.0.0", "oauth"),
            ("hubspot", "1.0.0", "form"),
        ]
    );
    let s3 = &plugins[4]["config_schema"];
    assert_eq!(
        s3["properties"]["secret_access_key"],
        json!({"type": "string", "minLength": 40, "maxLength": 40, "title": "Secret access key", "writeOnly": true})
    );
    assert_eq!(
        s3["required"],
        json!([
            "access_key_id",
            "secret_access_key",
            "file_type",
            "bucket",
            "key"
        ])
    );
    assert_eq!(s3["additionalProperties"], false);
}

#[tokio::test]
async fn an_id_carries_the_virtual_time_that_it_was_made_at() {
    let world = ana().await;
    let (id, made) = create(&world).await;
    let millis: u64 = id.split('_').next().unwrap().parse().unwrap();
    assert!(
        (1_763_991_009_206..1_763_991_100_000).contains(&millis),
        "{id}"
    );
    assert!(
        made["created_at"]
            .as_str()
            .unwrap()
            .starts_with("2025-11-24T13:3")
    );
}
