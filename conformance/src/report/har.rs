//! HAR 1.2: the requests and answers of the findings, without secrets, for browsers and other tools.

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

use super::view::View;
use crate::explore::Shown;

/// The report as HAR; `began` is when the run did.
#[must_use]
pub fn to_har(view: &View, began: DateTime<Utc>) -> Value {
    let entries: Vec<Value> = view
        .findings
        .iter()
        .flat_map(|finding| {
            finding
                .exchanges
                .iter()
                .map(move |exchange| entry(exchange, &finding.name, began))
        })
        .collect();
    json!({
        "log": {
            "version": "1.2",
            "creator": { "name": "conformance", "version": env!("CARGO_PKG_VERSION") },
            "comment": "the requests of the findings; secrets are replaced by $NAMES",
            "entries": entries,
        },
    })
}

fn entry(shown: &Shown, finding: &str, began: DateTime<Utc>) -> Value {
    #[expect(clippy::cast_possible_truncation, reason = "a run takes minutes")]
    let after = chrono::Duration::microseconds((shown.began * 1000.0) as i64);
    let pairs = |headers: &[(String, String)]| -> Vec<Value> {
        headers
            .iter()
            .map(|(name, value)| json!({ "name": name, "value": value }))
            .collect()
    };
    let media_type = |headers: &[(String, String)]| {
        headers
            .iter()
            .find(|(name, _)| name == "content-type")
            .map_or(String::new(), |(_, value)| value.clone())
    };
    let query: Vec<Value> = reqwest::Url::parse(&shown.url)
        .map(|url| {
            url.query_pairs()
                .map(|(name, value)| json!({ "name": name, "value": value }))
                .collect()
        })
        .unwrap_or_default();
    let mut request = json!({
        "method": shown.method,
        "url": shown.url,
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": pairs(&shown.request_headers),
        "queryString": query,
        "headersSize": -1,
        "bodySize": shown.request_body.as_ref().map_or(0, String::len),
    });
    if let Some(body) = &shown.request_body {
        request["postData"] =
            json!({ "mimeType": media_type(&shown.request_headers), "text": body });
    }
    json!({
        "startedDateTime": (began + after).to_rfc3339_opts(SecondsFormat::Millis, true),
        "time": shown.took,
        "request": request,
        "response": {
            "status": shown.status.unwrap_or(0),
            "statusText": "",
            "httpVersion": "HTTP/1.1",
            "cookies": [],
            "headers": pairs(&shown.headers),
            "content": { "size": shown.body.len(), "mimeType": media_type(&shown.headers), "text": shown.body },
            "redirectURL": "",
            "headersSize": -1,
            "bodySize": -1,
        },
        "cache": {},
        "timings": { "send": 0, "wait": shown.took, "receive": 0 },
        "comment": finding,
    })
}
