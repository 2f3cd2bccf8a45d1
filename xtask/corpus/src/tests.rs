//! Every call of the corpus over a socket: the request as it was sent, and the answer as it was read.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Map, Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

#[derive(Deserialize)]
struct Call {
    row: String,
    operation: String,
    arguments: Value,
    sent: Option<Sent>,
    answer: Answer,
    got: Map<String, Value>,
}

#[derive(Deserialize)]
struct Sent {
    request: String,
    headers: Map<String, Value>,
    body: Option<Value>,
}

#[derive(Deserialize)]
struct Answer {
    status: u16,
    headers: Map<String, Value>,
    body: Option<Value>,
}

/// What came over the socket.
struct Request {
    line: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Request {
    /// The request with a boundary that is the same in every run.
    fn with_plain_boundary(mut self) -> Self {
        let boundary = self
            .headers
            .iter()
            .find_map(|(_, value)| value.split_once("boundary="))
            .map(|(_, boundary)| boundary.to_owned());
        if let Some(boundary) = boundary.filter(|boundary| boundary.len() > 20) {
            for (_, value) in &mut self.headers {
                *value = value.replace(&boundary, "B");
            }
            let body = String::from_utf8_lossy(&self.body).replace(&boundary, "B");
            self.body = body.into_bytes();
        }
        self
    }
}

#[test]
fn every_row_behaves_on_the_wire_as_its_document_says() {
    let calls: Vec<Call> = serde_json::from_str(include_str!(env!("REGEN_CALLS"))).unwrap();
    assert!(!calls.is_empty());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let mut failures = Vec::new();
    for (index, call) in calls.iter().enumerate() {
        let outcome = runtime
            .block_on(async { tokio::time::timeout(Duration::from_secs(20), run(call)).await });
        let found = outcome.unwrap_or_else(|_| vec!["it hangs".to_owned()]);
        for failure in found {
            failures.push(format!(
                "{} (call {index}, {}): {failure}",
                call.row, call.operation
            ));
        }
    }
    assert!(
        failures.is_empty(),
        "{} of {} calls:\n{}",
        failures.len(),
        calls.len(),
        failures.join("\n")
    );
    println!("{} calls", calls.len());
}

async fn run(call: &Call) -> Vec<String> {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}/", listener.local_addr().unwrap());
    let answer = answer(&call.answer);
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let request = read(&mut stream).await;
        stream.write_all(&answer).await.unwrap();
        stream.shutdown().await.unwrap();
        request
    });
    let http = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap();
    let got = crate::rows::call(&call.row, &base, http, &call.operation, &call.arguments).await;
    let mut failures = differences(&call.got, &got);
    match &call.sent {
        Some(sent)
            if !failures.is_empty()
                && !server.is_finished()
                && got.get("error") == Some(&json!("refused")) =>
        {
            server.abort();
            failures.push(format!("nothing was sent, expected {}", sent.request));
        }
        Some(sent) => {
            let request = server.await.unwrap().with_plain_boundary();
            failures.extend(misread(sent, &request));
        }
        None => {
            if server.is_finished() {
                failures.push("something was sent".to_owned());
            }
            server.abort();
        }
    }
    failures
}

fn answer(answer: &Answer) -> Vec<u8> {
    let body = match &answer.body {
        None => String::new(),
        Some(Value::String(text)) if answer.headers.contains_key("content-type") => text.clone(),
        Some(value) => value.to_string(),
    };
    let mut text = format!("HTTP/1.1 {} X\r\nconnection: close\r\n", answer.status);
    if answer.status != 204 {
        text.push_str(&format!("content-length: {}\r\n", body.len()));
    }
    for (name, value) in &answer.headers {
        text.push_str(&format!("{name}: {}\r\n", value.as_str().unwrap()));
    }
    if answer.body.is_some() && !answer.headers.contains_key("content-type") {
        text.push_str("content-type: application/json\r\n");
    }
    text.push_str("\r\n");
    text.push_str(&body);
    text.into_bytes()
}

async fn read(stream: &mut TcpStream) -> Request {
    let mut bytes = Vec::new();
    let mut part = [0; 4096];
    let head = loop {
        if let Some(end) = find(&bytes, b"\r\n\r\n") {
            break end;
        }
        let count = stream.read(&mut part).await.unwrap();
        assert!(count > 0, "the request ends in its head");
        bytes.extend_from_slice(&part[..count]);
    };
    let text = String::from_utf8_lossy(&bytes[..head]).into_owned();
    let mut lines = text.split("\r\n");
    let line = lines.next().unwrap().to_owned();
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let of = |name: &str| {
        headers
            .iter()
            .find(|(own, _)| own == name)
            .map(|(_, value)| value.clone())
    };
    let mut body = bytes.split_off(head + 4);
    let chunked = of("transfer-encoding").is_some_and(|value| value.contains("chunked"));
    let length: usize = of("content-length").map_or(0, |value| value.parse().unwrap());
    while if chunked {
        find(&body, b"0\r\n\r\n").is_none()
    } else {
        body.len() < length
    } {
        let count = stream.read(&mut part).await.unwrap();
        assert!(count > 0, "the request ends in its body");
        body.extend_from_slice(&part[..count]);
    }
    Request {
        line,
        headers,
        body: if chunked { joined(&body) } else { body },
    }
}

/// A body without the lengths of its chunks.
fn joined(mut rest: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    while let Some(end) = find(rest, b"\r\n") {
        let length = std::str::from_utf8(&rest[..end]).unwrap();
        let length = usize::from_str_radix(length, 16).unwrap();
        if length == 0 {
            break;
        }
        let start = end + 2;
        body.extend_from_slice(&rest[start..start + length]);
        rest = &rest[start + length + 2..];
    }
    body
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes
        .windows(wanted.len())
        .position(|window| window == wanted)
}

pub(crate) fn differences(expected: &Map<String, Value>, got: &Value) -> Vec<String> {
    let mut found = Vec::new();
    for (key, wanted) in expected {
        let is = got.get(key).unwrap_or(&Value::Null);
        let fits = match (key.as_str(), wanted) {
            ("debug" | "message", Value::String(part)) => {
                is.as_str().is_some_and(|text| text.contains(part.as_str()))
            }
            ("hidden", Value::String(part)) => !got
                .to_string()
                .replace(&got["value"].to_string(), "")
                .contains(part.as_str()),
            ("headers", Value::Object(wanted)) => wanted
                .iter()
                .all(|(name, value)| is.get(name) == Some(value)),
            _ => is == wanted,
        };
        if !fits {
            found.push(format!("{key}: expected {wanted}, got {is} in {got}"));
        }
    }
    if !expected.contains_key("error") && got.get("error").is_some() {
        found.push(format!("it failed: {got}"));
    }
    found
}

fn misread(sent: &Sent, request: &Request) -> Vec<String> {
    let mut found = Vec::new();
    let line = request
        .line
        .strip_suffix(" HTTP/1.1")
        .unwrap_or(&request.line);
    if line != sent.request {
        found.push(format!("expected {:?}, sent {line:?}", sent.request));
    }
    for (name, wanted) in &sent.headers {
        let is: Vec<&str> = request
            .headers
            .iter()
            .filter(|(own, _)| own == name)
            .map(|(_, value)| value.as_str())
            .collect();
        let fits = match wanted {
            Value::Null => is.is_empty(),
            Value::String(text) => is == [text.as_str()],
            other => json!(is) == *other,
        };
        if !fits {
            found.push(format!("header {name}: expected {wanted}, sent {is:?}"));
        }
    }
    if let Some(wanted) = &sent.body {
        let text = String::from_utf8_lossy(&request.body);
        let fits = match wanted {
            // A string that is sent as JSON stands in quotes.
            Value::String(plain) if text != plain.as_str() => {
                serde_json::from_str::<Value>(&text).ok().as_ref() == Some(wanted)
            }
            Value::String(_) => true,
            Value::Null => text.is_empty(),
            wanted => serde_json::from_str::<Value>(&text).ok().as_ref() == Some(wanted),
        };
        if !fits {
            found.push(format!("body: expected {wanted}, sent {text:?}"));
        }
    }
    found
}
