//! The client of a document as a framework writes it, mended by repairs, against a server that behaves as it was meant.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::tests::differences;

#[derive(Deserialize)]
struct Kiosk {
    server: String,
    calls: Vec<Call>,
}

#[derive(Deserialize)]
struct Call {
    operation: String,
    #[serde(default)]
    args: Map<String, Value>,
    /// Whether the token of the last sign-in is shown.
    #[serde(default = "yes")]
    signed: bool,
    got: Map<String, Value>,
}

fn yes() -> bool {
    true
}

/// A running server, ended with the test.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to end.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn every_operation_of_the_kiosk_is_called_and_answers_as_its_mended_document_says() {
    let kiosk: Kiosk = serde_json::from_str(include_str!(env!("REGEN_KIOSK"))).unwrap();
    assert!(!kiosk.calls.is_empty());
    let mut server = Server(
        Command::new("python3")
            .args([&kiosk.server, "--port", "0"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap(),
    );
    let mut port = String::new();
    BufReader::new(server.0.stdout.take().unwrap())
        .read_line(&mut port)
        .unwrap();
    let base = format!("http://127.0.0.1:{}", port.trim());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let mut token = String::new();
    let mut failures = Vec::new();
    for (index, call) in kiosk.calls.iter().enumerate() {
        let http = client(if call.signed { &token } else { "" });
        let arguments = Value::Object(call.args.clone());
        let got = runtime.block_on(crate::rows::call(
            "kiosk",
            &base,
            http,
            &call.operation,
            &arguments,
        ));
        if let Some(shown) = got["value"]["accessToken"].as_str() {
            token = shown.to_owned();
        }
        for failure in differences(&call.got, &got) {
            failures.push(format!("call {index}, {}: {failure}", call.operation));
        }
    }
    assert!(
        failures.is_empty(),
        "{} of {} calls:\n{}",
        failures.len(),
        kiosk.calls.len(),
        failures.join("\n")
    );
}

fn client(token: &str) -> reqwest::Client {
    let mut headers = reqwest::header::HeaderMap::new();
    if !token.is_empty() {
        let value = format!("Bearer {token}").parse().unwrap();
        headers.insert(reqwest::header::AUTHORIZATION, value);
    }
    reqwest::Client::builder()
        .no_proxy()
        .default_headers(headers)
        .build()
        .unwrap()
}
