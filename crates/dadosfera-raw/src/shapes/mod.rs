//! Tests of what regen makes of shapes that the API does not have today (`xtask/shapes/shapes.yaml`).
//!
//! The stock generator panics on each of them; here their types decode what a server would send, with its status.

#[rustfmt::skip]
#[expect(
    clippy::allow_attributes,
    clippy::allow_attributes_without_reason,
    unreachable_pub,
    unused_mut,
    unused_qualifications,
    reason = "generated code is not held to the style of written code"
)]
#[allow(dead_code, reason = "an expectation of it on a module never counts as met")]
mod generated;
#[rustfmt::skip]
#[expect(unreachable_pub, reason = "the table of the real API is public")]
mod ops;

use std::sync::{Arc, Mutex};

use progenitor_client::{ClientHooks, ClientInfo, Error, OperationInfo};
use serde_json::{Value, json};

use self::generated::{Client, types};
use crate::{BoxFuture, Inner, Maybe, Op, Transport};

impl ClientHooks<Inner> for Client {
    async fn exec(
        &self,
        request: reqwest::Request,
        info: &OperationInfo,
    ) -> reqwest::Result<reqwest::Response> {
        let op = ops::OPS.iter().find(|op| op.id == info.operation_id);
        crate::hooks::send(self.client(), self.inner(), request, op).await
    }
}

/// Answers every request with one status and body, and keeps the last body sent.
#[derive(Clone)]
struct Canned {
    status: u16,
    body: &'static str,
    sent: Arc<Mutex<Option<Value>>>,
    headers: Arc<Mutex<reqwest::header::HeaderMap>>,
}

impl Transport for Canned {
    fn call<'a>(
        &'a self,
        _http: &'a reqwest::Client,
        request: reqwest::Request,
        _op: &'static Op,
    ) -> BoxFuture<'a, reqwest::Result<reqwest::Response>> {
        *self.headers.lock().unwrap() = request.headers().clone();
        let body = request.body().and_then(reqwest::Body::as_bytes);
        *self.sent.lock().unwrap() = body.map(|bytes| serde_json::from_slice(bytes).unwrap());
        let response = http::Response::builder()
            .status(self.status)
            .body(self.body);
        Box::pin(async { Ok(response.unwrap().into()) })
    }
}

fn answering(status: u16, body: &'static str) -> (Client, Canned) {
    let canned = Canned {
        status,
        body,
        sent: Arc::default(),
        headers: Arc::default(),
    };
    let client = Client::new_with_client(
        "http://host.invalid",
        reqwest::Client::new(),
        Inner::new(canned.clone()),
    );
    (client, canned)
}

#[tokio::test]
async fn a_default_answer_is_the_type_of_every_error() {
    let (client, _) = answering(200, r#"{"name":"a"}"#);
    assert_eq!(client.default_error().await.unwrap().into_inner().name, "a");
    for status in [404, 503] {
        let (client, _) = answering(status, r#"{"title":"no"}"#);
        match client.default_error().await {
            Err(Error::ErrorResponse(trouble)) => {
                assert_eq!(
                    (trouble.status().as_u16(), trouble.title.as_str()),
                    (status, "no")
                );
            }
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn two_successes_decode_as_what_they_are() {
    let (client, _) = answering(200, r#"{"name":"a"}"#);
    let thing = client.two_successes().await.unwrap();
    assert!(
        matches!(&*thing, types::TwoSuccessesSuccess::Thing(thing) if thing.name == "a"),
        "{thing:?}"
    );
    let (client, _) = answering(201, r#"{"receipt":7}"#);
    let receipt = client.two_successes().await.unwrap();
    assert_eq!(receipt.status(), 201);
    assert!(
        matches!(&*receipt, types::TwoSuccessesSuccess::Receipt(receipt) if receipt.receipt == 7),
        "{receipt:?}"
    );
}

#[tokio::test]
async fn an_empty_success_is_none() {
    let (client, _) = answering(200, r#"{"name":"a"}"#);
    assert!(
        client
            .maybe_empty("1")
            .await
            .unwrap()
            .into_inner()
            .is_some()
    );
    let (client, _) = answering(204, "");
    assert!(
        client
            .maybe_empty("1")
            .await
            .unwrap()
            .into_inner()
            .is_none()
    );
}

#[tokio::test]
async fn an_error_without_a_body_keeps_its_status() {
    let (client, _) = answering(404, "");
    let error = client.maybe_empty("1").await.unwrap_err();
    assert!(matches!(error, Error::UnexpectedResponse(_)), "{error:?}");
    assert_eq!(error.status().map(|status| status.as_u16()), Some(404));
}

#[tokio::test]
async fn two_errors_decode_as_what_they_are() {
    let body = types::TwoErrorsRequest {
        name: "a".into(),
        note: Maybe::Null,
        tags: Some(vec![]),
    };
    let (client, canned) = answering(200, r#"{"done":true}"#);
    assert!(client.two_errors(&body).await.unwrap().done);
    assert_eq!(
        *canned.sent.lock().unwrap(),
        Some(json!({"name": "a", "note": null, "tags": []}))
    );
    let (client, _) = answering(400, r#"{"fields":["name"]}"#);
    match client.two_errors(&body).await {
        Err(Error::ErrorResponse(error)) => assert!(
            matches!(&*error, types::TwoErrorsError::TwoErrors400Answer(wrong) if wrong.fields == ["name"]),
            "{error:?}"
        ),
        other => panic!("{other:?}"),
    }
    let (client, _) = answering(422, r#"{"title":"no"}"#);
    match client.two_errors(&body).await {
        Err(Error::ErrorResponse(error)) => {
            assert!(
                matches!(&*error, types::TwoErrorsError::Trouble(_)),
                "{error:?}"
            );
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_left_out_is_not_sent() {
    let body = types::TwoErrorsRequest {
        name: "a".into(),
        note: Maybe::Absent,
        tags: None,
    };
    let sent = serde_json::to_value(&body).unwrap();
    assert_eq!(sent, json!({"name": "a"}));
    let back: types::TwoErrorsRequest = serde_json::from_value(sent).unwrap();
    assert!(back.note.is_absent() && back.tags.is_none());
}

#[tokio::test]
async fn a_form_is_sent_with_its_boundary_and_its_length() {
    let (client, canned) = answering(201, r#"{"name":"a"}"#);
    let pieces = futures::stream::iter([Ok::<_, std::io::Error>("1,"), Ok("2")]);
    let content = reqwest::Body::wrap_stream(pieces);
    let form = types::UploadFilesForm {
        file: vec![crate::Part::stream("a.csv", content, Some(3))],
    };
    assert!(format!("{form:?}").contains(r#"name: "a.csv""#), "{form:?}");
    let thing = client.upload_files(form).await.unwrap();
    assert_eq!(thing.name, "a");
    let headers = canned.headers.lock().unwrap();
    let all = |name: &str| {
        headers
            .get_all(name)
            .iter()
            .map(|value| value.to_str().unwrap())
            .collect::<Vec<_>>()
    };
    let [media_type] = all("content-type")[..] else {
        panic!("{:?}", all("content-type"));
    };
    let boundary = media_type
        .strip_prefix("multipart/form-data; boundary=")
        .unwrap();
    let sent = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.csv\"\r\n\
         Content-Type: application/octet-stream\r\n\r\n1,2\r\n--{boundary}--\r\n"
    );
    assert_eq!(all("content-length"), [sent.len().to_string()]);
}

#[tokio::test]
async fn a_download_is_a_stream_for_the_whole_and_for_a_part() {
    use futures::TryStreamExt as _;
    for status in [200, 206] {
        let (client, canned) = answering(status, "bytes");
        let file = client.download_file(Some("bytes=0-4")).await.unwrap();
        assert_eq!(file.status().as_u16(), status);
        let bytes: Vec<_> = file.into_inner_stream().try_collect().await.unwrap();
        assert_eq!(bytes.concat(), b"bytes");
        assert_eq!(canned.headers.lock().unwrap()["range"], "bytes=0-4");
    }
    let (client, _) = answering(416, r#"{"title":"no"}"#);
    let error = client.download_file(Some("bytes=9-")).await.err().unwrap();
    assert!(
        matches!(error, Error::ErrorResponse(ref trouble) if trouble.title == "no"),
        "{error:?}"
    );
}
