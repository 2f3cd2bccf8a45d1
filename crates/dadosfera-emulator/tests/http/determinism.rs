//! The same seed, the same held clock and the same requests give the same bytes.

use dadosfera_emulator::{Emulator, Seed};
use serde_json::json;

use crate::caller::{ORDERS, World, orders};

/// All bytes of a session with everything in it that chance or time could touch: dates and headers too.
async fn session() -> String {
    let seed = Seed::from_json(r#"{"seed": 42, "starts_at": "2025-06-01T12:00:00Z"}"#).unwrap();
    let world = World::start(Emulator::builder().seed(seed).hold_clock()).await;
    let mut bytes = String::new();
    let send = async |method: &str, path: &str, body: serde_json::Value| {
        let body = body.to_string();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: {}\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n{body}",
            world.token,
            body.len()
        );
        world.raw(&request).await
    };
    let sign_in = json!({"username": "ana@acme.example", "password": "acme-ana-password"});
    bytes += &send("POST", "/auth/sign-in", sign_in).await;
    bytes += &send("POST", "/api-key", json!({"permissions": [1, 34]})).await;
    bytes += &send(
        "POST",
        "/platform/pipeline",
        orders(ORDERS, "Orders", json!("*/5 * * * *")),
    )
    .await;
    bytes += &send(
        "POST",
        "/platform/pipeline/execute",
        json!({"pipeline_id": ORDERS}),
    )
    .await;
    world.advance(900);
    bytes += &send(
        "GET",
        &format!("/platform/pipeline/{ORDERS}/pipeline_run"),
        json!({}),
    )
    .await;
    bytes += &send("GET", "/platform/pipelines", json!({})).await;
    let crm = json!({"name": "crm", "plugin": "hubspot", "config": {"access_token": "pat-na1-x"}});
    bytes += &send("POST", "/connections", crm).await;
    let sheets =
        json!({"plugin": "google-sheets", "redirect_uri": "http://127.0.0.1:9000/callback"});
    bytes += &send("POST", "/connections/oauth/authorize", sheets).await;
    let asset = json!({"display_name": "Orders", "data_asset_type": "dataset"});
    bytes += &send("POST", "/catalog", asset).await;
    bytes += &send("GET", "/catalog", json!({})).await;
    let user = json!({"username": "new@acme.example", "name": "New", "group": "Viewer"});
    bytes += &send("POST", "/users", json!({"users": [user]})).await;
    let form = "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.csv\"\r\n\r\nid\n1\n\r\n--x--\r\n";
    let upload = format!(
        "POST /storage-explorer/storage/upload/batch?folderPath=/raw HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\
         Authorization: {}\r\nContent-Type: multipart/form-data; boundary=x\r\nContent-Length: {}\r\n\r\n{form}",
        world.token,
        form.len()
    );
    bytes += &world.raw(&upload).await;
    bytes += &send("GET", "/storage-explorer/datasets", json!({})).await;
    bytes += &send(
        "GET",
        "/storage-explorer/storage/download?path=/raw/a.csv",
        json!({}),
    )
    .await;
    bytes
}

#[tokio::test]
async fn the_same_seed_clock_and_requests_give_the_same_bytes() {
    let (one, two) = (session().await, session().await);
    assert!(
        one.contains("pipeline_run_id")
            && one.contains("ddf_")
            && one.contains("_hubspot-1.0.0")
            && one.contains("\"data_assets\":[{")
            && one.contains("new@acme.example")
            && one.contains("\"datasets\":[{")
            && one.ends_with("\r\n\r\nid\n1\n")
            && one.contains("http://x/__emulator__/oauth/consent?state=")
            && one.contains("date: Sun, 01 Jun 2025 12:15:00 GMT")
    );
    assert_eq!(one, two);
}
