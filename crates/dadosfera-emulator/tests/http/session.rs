//! One session that calls every operation, as bytes: dates, headers, ids and signatures too.

use std::path::Path;

use dadosfera_emulator::{Builder, Emulator, Seed};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::caller::{ORDERS, orders};

/// Who sends the session, and keeps what came back.
pub(crate) struct Session {
    emulator: Option<Emulator>,
    builder: Builder,
    /// Whether the emulator is stopped and started again before each request.
    restarts: bool,
    token: String,
    pub(crate) bytes: String,
    /// What was not answered with a success, and the head of each answer.
    pub(crate) refused: Vec<String>,
}

/// A world that is the same each time, in memory or in a directory.
pub(crate) fn builder(data_dir: Option<&Path>) -> Builder {
    let seed = r#"{"seed": 42, "starts_at": "2025-06-01T12:00:00Z",
        "options": {"rotate_refresh_tokens": true, "single_use_refresh_tokens": true}}"#;
    let builder = Emulator::builder()
        .seed(Seed::from_json(seed).unwrap())
        .hold_clock();
    match data_dir {
        Some(directory) => builder.data_dir(directory),
        None => builder,
    }
}

impl Session {
    pub(crate) async fn start(builder: Builder, restarts: bool) -> Self {
        Self {
            emulator: Some(builder.clone().start().await.unwrap()),
            builder,
            restarts,
            token: String::new(),
            bytes: String::new(),
            refused: Vec::new(),
        }
    }

    pub(crate) fn emulator(&self) -> &Emulator {
        self.emulator.as_ref().unwrap()
    }

    pub(crate) fn token(&self) -> &str {
        &self.token
    }

    pub(crate) async fn stop(mut self) {
        self.emulator.take().unwrap().stop().await;
    }

    /// Everything that can be asked for, in an order in which it makes sense.
    pub(crate) async fn whole(mut self) -> Self {
        self.people().await;
        self.pipelines().await;
        self.connections().await;
        self.files().await;
        self.catalog().await;
        self.goodbye().await;
        self
    }

    async fn people(&mut self) {
        self.sign_in("ana@acme.example", "wrong", None).await;
        let signed_in = self
            .sign_in("ana@acme.example", "acme-ana-password", None)
            .await;
        self.token = text(&signed_in["tokens"]["accessToken"]);
        let code = self.emulator().totp_now("mfa@acme.example").unwrap();
        let code = Some(code.as_str());
        self.sign_in("mfa@acme.example", "acme-mfa-password", code)
            .await;
        self.sign_in("mfa@acme.example", "acme-mfa-password", code)
            .await;
        let refresh = json!({"refreshToken": signed_in["tokens"]["refreshToken"], "customerName": "acme_corp"});
        self.post("/auth/refresh-access-token", refresh.clone())
            .await;
        self.post("/auth/refresh-access-token", refresh).await;
        self.get("/permissions").await;
        let made = self.post("/api-key", json!({"permissions": [1, 34]})).await;
        self.get("/api-key").await;
        let other = self.post("/api-key", json!({"permissions": [1]})).await;
        let id = text(&made["id"]);
        let path = format!("/api-key/{id}");
        self.delete(&path).await;
        assert!(other.is_object());
        let users = json!({"users": [
            {"username": "new@acme.example", "name": "New", "group": "Viewer"},
            {"username": "old@acme.example", "name": "Old", "group": "Viewer"},
        ]});
        self.post("/users", users).await;
        let listed = self.get("/users").await.to_string();
        let listed: Value = serde_json::from_str(&listed).unwrap();
        let users = listed["users"].as_array().or(listed.as_array()).unwrap();
        let old = users
            .iter()
            .find(|user| user["username"] == "old@acme.example");
        let path = format!("/users/{}", text(&old.unwrap()["id"]));
        self.delete(&path).await;
        self.get("/customers").await;
        self.get("/customers/current").await;
        self.get("/customers/acme_corp").await;
        self.call("PATCH", "/customers/acme_corp", json!({"tier": "GOLD"}))
            .await;
        self.get("/health").await;
    }

    async fn pipelines(&mut self) {
        let id = json!({"pipeline_id": ORDERS});
        let create = orders(ORDERS, "Orders", json!("*/5 * * * *"));
        self.post("/platform/pipeline", create).await;
        self.post("/platform/pipeline/execute", id.clone()).await;
        self.advance(600);
        let runs = self
            .get(&format!("/platform/pipeline/{ORDERS}/pipeline_run"))
            .await;
        let run = text(&runs[0]["pipeline_run_id"]);
        self.get(&format!("/platform/pipeline/{ORDERS}/pipeline_run/{run}"))
            .await;
        self.get("/platform/pipelines").await;
        self.get(&format!("/platform/pipeline/{ORDERS}")).await;
        self.post("/platform/pipeline/pause", id.clone()).await;
        self.advance(600);
        self.post("/platform/pipeline/unpause", id).await;
        self.call(
            "PATCH",
            &format!("/platform/pipeline/{ORDERS}"),
            json!({"description": "x"}),
        )
        .await;
        let memory = json!({"amount": 512});
        self.call(
            "PUT",
            &format!("/platform/pipeline/{ORDERS}/memory"),
            memory.clone(),
        )
        .await;
        let job = format!("{ORDERS}-0");
        self.get(&format!("/platform/jobs/jdbc/{job}")).await;
        self.call(
            "PUT",
            &format!("/platform/jobs/jdbc/{job}/sync-mode"),
            json!({"target_load_type": "full_load"}),
        )
        .await;
        self.call(
            "PATCH",
            &format!("/platform/jobs/{job}/input"),
            json!({"table_name": "other"}),
        )
        .await;
        self.post(&format!("/platform/jobs/{job}/reset-state"), json!({}))
            .await;
        self.call("PUT", &format!("/platform/jobs/{job}/memory"), memory)
            .await;
        self.get("/pipelinesv2").await;
        self.get(&format!("/pipelinesv2/{ORDERS}/status")).await;
        self.get(&format!(
            "/pipelinesv2/download-logs?pipeline_id={ORDERS}&pipeline_run_id={run}"
        ))
        .await;
    }

    async fn connections(&mut self) {
        self.get("/connections/plugins").await;
        let crm =
            json!({"name": "crm", "plugin": "hubspot", "config": {"access_token": "pat-na1-x"}});
        let made = self.post("/connections", crm).await;
        let path = format!("/connections/{}", text(&made["id"]));
        self.get(&path).await;
        self.call("PUT", &path, json!({"name": "crm 2"})).await;
        self.post(&format!("{path}/test"), json!({})).await;
        let sheets =
            json!({"plugin": "google-sheets", "redirect_uri": "http://127.0.0.1:9000/callback"});
        let begun = self.post("/connections/oauth/authorize", sheets).await;
        let state = text(&begun["state"]);
        let consent = format!("/__emulator__/oauth/consent?state={state}&approve=1");
        self.call("GET", &consent, json!({})).await;
        let code = self.bytes.rsplit_once("code=").unwrap().1;
        let code = code.split('&').next().unwrap().to_owned();
        let callback = json!({"state": state, "code": code});
        self.post("/connections/oauth/callback", callback).await;
        self.get("/connections").await;
        self.delete(&path).await;
    }

    async fn files(&mut self) {
        self.upload("/raw", "a.csv", "id,name\n1,one\n2,two\n")
            .await;
        self.upload("/raw", "b.csv", "id,name\n3,three\n").await;
        self.upload("/raw", "c.bin", "same bytes").await;
        self.upload("/raw", "d.bin", "same bytes").await;
        self.get("/storage-explorer/storage?folderPath=/raw").await;
        self.get("/storage-explorer/storage/download?path=/raw/a.csv")
            .await;
        let load = |mode: Value| {
            let mut body = json!({"id": "files", "name": "Files", "cron": null, "jobs": [{
                "input": {"connector": "s3", "plugin": "s3", "source_bucket": "storage", "source_prefix": "/raw",
                    "table_schema": "shop", "table_name": "orders"},
                "transformations": [], "output": {"plugin": "dadosfera_snowflake"},
            }]});
            for (name, value) in mode.as_object().unwrap() {
                body["jobs"][0]["input"][name] = value.clone();
            }
            body
        };
        let qualify = json!({"load_type": "incremental_with_qualify", "primary_keys": ["id"],
            "incremental_column_name": "id"});
        self.post("/platform/pipeline", load(qualify)).await;
        let run = json!({"pipeline_id": "files"});
        self.post("/platform/pipeline/execute", run.clone()).await;
        self.advance(60);
        // A source that a run read, and that is gone when the journal is read again.
        self.upload("/raw", "b.csv", "id,name\n2,zwei\n4,vier\n")
            .await;
        self.post("/platform/pipeline/execute", run).await;
        self.advance(60);
        self.get("/storage-explorer/tables").await;
        self.delete("/storage-explorer/storage?path=/raw/d.bin")
            .await;
        let datasets = self.get("/storage-explorer/datasets").await;
        let dataset = |index: usize| text(&datasets["datasets"][index]["id"]);
        let first = dataset(0);
        self.get(&format!("/storage-explorer/datasets/{first}"))
            .await;
        let table = json!({"name": "mine", "columns": [{"name": "id", "type": "INTEGER"}, {"name": "name", "type": "VARCHAR"}]});
        let made = self.post("/storage-explorer/tables", table).await;
        let path = format!("/storage-explorer/tables/{}", text(&made["id"]));
        self.post(&format!("{path}/datasets"), json!({"datasetId": first}))
            .await;
        self.get(&path).await;
        self.delete(&path).await;
        self.delete(&format!("/storage-explorer/datasets/{first}"))
            .await;
    }

    async fn catalog(&mut self) {
        let listed = self.get("/catalog?sort_by=created_at&order=asc").await;
        let landed = text(&listed["data_assets"][0]["id"]);
        let path = format!("/catalog/data-asset/{landed}");
        self.get(&format!("{path}/columns-metadata?include_stats=true"))
            .await;
        self.get(&format!("{path}/preview")).await;
        let asset = json!({"display_name": "Orders", "data_asset_type": "dataset", "tags": ["a"]});
        let made = self.post("/catalog", asset).await;
        let path = format!("/catalog/data-asset/{}", text(&made["data_asset"]["id"]));
        self.call("PUT", &path, json!({"description": "all of them"}))
            .await;
        self.post(&format!("{path}/docs"), json!({"docs": "<b>x</b>"}))
            .await;
        self.get(&format!("{path}/docs")).await;
        let approved = json!({"certification_status": "approved"});
        self.call("PUT", &format!("{path}/certification-status"), approved)
            .await;
        self.get(&path).await;
        self.delete(&path).await;
        self.get("/catalog").await;
    }

    async fn goodbye(&mut self) {
        let path = format!("/platform/pipeline/{ORDERS}");
        self.delete(&path).await;
        self.get("/platform/pipelines").await;
        self.get("/storage-explorer/storage/download?path=/raw/c.bin")
            .await;
    }

    fn advance(&self, seconds: u64) {
        let clock = self.emulator().clock();
        clock.advance(std::time::Duration::from_secs(seconds));
    }

    async fn sign_in(&mut self, username: &str, password: &str, totp: Option<&str>) -> Value {
        let body = json!({"username": username, "password": password, "totp": totp});
        self.post("/auth/sign-in", body).await
    }

    async fn get(&mut self, path: &str) -> Value {
        self.call("GET", path, json!({})).await
    }

    async fn post(&mut self, path: &str, body: Value) -> Value {
        self.call("POST", path, body).await
    }

    async fn delete(&mut self, path: &str) -> Value {
        self.call("DELETE", path, json!({})).await
    }

    async fn call(&mut self, method: &str, path: &str, body: Value) -> Value {
        self.send(method, path, "application/json", &body.to_string())
            .await
    }

    async fn upload(&mut self, folder: &str, name: &str, content: &str) {
        let form = format!(
            "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\n{content}\r\n--x--\r\n"
        );
        let path = format!("/storage-explorer/storage/upload/batch?folderPath={folder}");
        self.send("POST", &path, "multipart/form-data; boundary=x", &form)
            .await;
    }

    async fn send(&mut self, method: &str, path: &str, media_type: &str, body: &str) -> Value {
        if self.restarts {
            self.emulator.take().unwrap().stop().await;
            self.emulator = Some(self.builder.clone().start().await.unwrap());
        }
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: {}\r\nCustomer_name: acme_corp\r\n\
             Content-Type: {media_type}\r\nContent-Length: {}\r\n\r\n{body}",
            self.token,
            body.len()
        );
        let address = self.emulator().base_url().trim_start_matches("http://");
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        self.bytes += &format!("\n== {method} {path}\n{answer}");
        if !answer.starts_with("HTTP/1.1 2") {
            let status = &answer["HTTP/1.1 ".len()..][..3];
            self.refused.push(format!("{status} {method} {path}"));
        }
        let (_, content) = answer.split_once("\r\n\r\n").unwrap();
        serde_json::from_str(content).unwrap_or_default()
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
