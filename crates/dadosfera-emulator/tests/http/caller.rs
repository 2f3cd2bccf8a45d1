//! Somebody who calls an emulator: signed in or not, and plain about what comes back.

use dadosfera_emulator::{Builder, Emulator, Fault};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The pipeline of the documentation.
pub(crate) const ORDERS: &str = "1b33ad2f-33d3-4837-9eeb-83c82c8b909d";

/// An emulator with a held clock, and one caller.
pub(crate) struct World {
    pub(crate) emulator: Emulator,
    pub(crate) http: reqwest::Client,
    pub(crate) token: String,
}

impl World {
    /// Ana, who may do everything, at a clock that stands.
    pub(crate) async fn ana() -> Self {
        Self::start(Emulator::builder().hold_clock()).await
    }

    pub(crate) async fn start(builder: Builder) -> Self {
        let mut world = Self {
            emulator: builder.start().await.unwrap(),
            http: reqwest::Client::new(),
            token: String::new(),
        };
        world.token = world
            .token_of("ana@acme.example", "acme-ana-password")
            .await;
        world
    }

    pub(crate) async fn token_of(&self, username: &str, password: &str) -> String {
        let answer = self.sign_in(username, password, None).await;
        let token = answer.1["tokens"]["accessToken"].as_str();
        token.unwrap().to_owned()
    }

    pub(crate) async fn sign_in(
        &self,
        username: &str,
        password: &str,
        totp: Option<&str>,
    ) -> (u16, Value) {
        let body = json!({ "username": username, "password": password, "totp": totp });
        self.post_as("", "/auth/sign-in", body).await
    }

    /// Calls as the one who is signed in.
    pub(crate) async fn get(&self, path: &str) -> (u16, Value) {
        self.call(Method::GET, path, &[("authorization", &self.token)], None)
            .await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        self.post_as(&self.token, path, body).await
    }

    pub(crate) async fn patch(&self, path: &str, body: Value) -> (u16, Value) {
        self.call(
            Method::PATCH,
            path,
            &[("authorization", &self.token)],
            Some(body),
        )
        .await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> (u16, Value) {
        self.call(
            Method::PUT,
            path,
            &[("authorization", &self.token)],
            Some(body),
        )
        .await
    }

    /// Deletes with the header that pipelines need.
    pub(crate) async fn delete(&self, path: &str) -> (u16, Value) {
        let headers = [
            ("authorization", self.token.as_str()),
            ("customer_name", "acme_corp"),
        ];
        self.call(Method::DELETE, path, &headers, None).await
    }

    pub(crate) async fn get_as(&self, token: &str, path: &str) -> (u16, Value) {
        self.call(Method::GET, path, &[("authorization", token)], None)
            .await
    }

    pub(crate) async fn post_as(&self, token: &str, path: &str, body: Value) -> (u16, Value) {
        let headers = [("authorization", token)];
        let headers = if token.is_empty() {
            &headers[..0]
        } else {
            &headers[..]
        };
        self.call(Method::POST, path, headers, Some(body)).await
    }

    pub(crate) async fn call(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<Value>,
    ) -> (u16, Value) {
        let mut request = self.http.request(method, self.url(path));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        let text = answer.text().await.unwrap();
        // What is no JSON is shown as a string.
        (
            status,
            serde_json::from_str(&text).unwrap_or(Value::String(text)),
        )
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.emulator.base_url())
    }

    pub(crate) async fn create_orders(&self, cron: Value) {
        let (status, _) = self
            .post("/platform/pipeline", orders(ORDERS, "Orders", cron))
            .await;
        assert_eq!(status, 201);
    }

    pub(crate) fn fault(&self, fault: Fault) {
        self.emulator.inject(fault).unwrap();
    }

    pub(crate) fn advance(&self, seconds: u64) {
        let clock = self.emulator.clock();
        clock.advance(std::time::Duration::from_secs(seconds));
    }

    /// Sends these very bytes, which no HTTP client would, and reads until the connection closes.
    pub(crate) async fn raw(&self, request: &str) -> String {
        let address = self.emulator.base_url().trim_start_matches("http://");
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        String::from_utf8_lossy(&answer).into_owned()
    }
}

/// A pipeline of one JDBC job.
pub(crate) fn orders(id: &str, name: &str, cron: Value) -> Value {
    let mut body = json!({
        "id": id,
        "name": name,
        "description": "Pipeline to sync orders from PostgreSQL",
        "jobs": [{
            "input": {
                "connector": "jdbc",
                "plugin": "postgresql",
                "table_schema": "public",
                "table_name": "orders",
                "column_include_list": ["id", "customer_id"],
                "load_type": "incremental",
                "incremental_column_name": "updated_at",
                "incremental_column_type": "timestamp with time zone",
                "auth_parameters": {
                    "auth_type": "connection_manager",
                    "config_id": "1701234567890_abc123_postgresql-1.0.0",
                },
            },
            "transformations": [],
            "output": {"plugin": "dadosfera_snowflake"},
        }],
    });
    body["cron"] = cron;
    body
}
