//! The checker can fire: hand-made wrong answers, each with the finding that it must give.

#![expect(clippy::unwrap_used, reason = "helpers of tests may panic as tests do")]

use std::sync::Arc;

use axum::http::{HeaderMap, HeaderValue};
use dadosfera_conformance::engine::{
    Call, Client, Code, Document, Finding, Guard, Severity, Shared, Taint, curl,
};
use dadosfera_conformance::front::{Behind, BoxFuture, Front, Reply};
use dadosfera_conformance::session;
use dadosfera_conformance::suite::DESCRIPTION;

/// Always answers the same.
struct Canned(Reply);

impl Behind for Canned {
    fn serve(&self, _: Call) -> BoxFuture<'_, Result<Reply, String>> {
        Box::pin(async { Ok(self.0.clone()) })
    }
}

fn reply(status: u16, media_type: &str, body: &str) -> Reply {
    let mut headers = HeaderMap::new();
    if !media_type.is_empty() {
        headers.insert("content-type", HeaderValue::from_str(media_type).unwrap());
    }
    Reply {
        status,
        headers,
        body: body.as_bytes().to_vec(),
    }
}

async fn findings_by(description: &str, operation: &str, reply: Reply) -> Vec<Finding> {
    let front = Front::start(Arc::new(Canned(reply))).await.unwrap();
    let shared = Arc::new(Shared::new(Document::parse(description).unwrap()));
    let (base_url, taint) = (front.base_url(), Arc::new(Taint::default()));
    let client = Client::new(
        base_url,
        "http://shown",
        Guard::Open,
        "a.law",
        Arc::clone(&shared),
        taint,
    )
    .unwrap();
    let operation = shared.contract.document().operation(operation).unwrap();
    let parameters = [("pipelineId".to_owned(), "p".to_owned())];
    let mut call = Call::new(operation, &parameters);
    call.sign = session::token("a-token-that-is-secret");
    client.send(&call).await.unwrap();
    shared.recorder.findings()
}

async fn findings(operation: &str, reply: Reply) -> Vec<Finding> {
    findings_by(DESCRIPTION, operation, reply).await
}

/// The one finding, of this kind at this place.
async fn gives(operation: &str, wrong: Reply, code: Code, place: &str) -> Finding {
    let found = findings(operation, wrong).await;
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!(
        (found[0].code.clone(), found[0].place.as_str()),
        (code, place),
        "{found:#?}"
    );
    assert_eq!(found[0].operation, operation);
    assert_eq!(found[0].law, "a.law");
    found[0].clone()
}

const RUN: &str = r#"{"id": 45, "pipeline_run_id": "e7c9", "pipeline_id": "1b33", "last_status": "SUCCESS",
    "created_at": "2024-01-15T10:30:00.000Z", "updated_at": "2024-01-15T10:45:23.000Z", "trace": null}"#;
const JSON: &str = "application/json";

fn runs(run: &str) -> Reply {
    reply(200, JSON, &format!("[{run}]"))
}

#[tokio::test]
async fn a_right_answer_gives_no_finding() {
    assert_eq!(findings("list_pipeline_runs", runs(RUN)).await, []);
    let with_charset = reply(200, "Application/JSON; charset=utf-8", "[]");
    assert_eq!(findings("list_pipeline_runs", with_charset).await, []);
}

#[tokio::test]
async fn a_status_that_is_not_listed_is_found() {
    let found = gives(
        "list_pipelines",
        reply(418, JSON, "{}"),
        Code::StatusNotListed,
        "status of /platform/pipelines",
    )
    .await;
    assert!(
        found.got.starts_with("418") && found.expected.contains("200"),
        "{found:?}"
    );
}

#[tokio::test]
async fn html_is_found_under_its_own_name_and_under_that_of_json() {
    let html = "<html><body>502 Bad Gateway</body></html>";
    gives(
        "list_pipelines",
        reply(200, "text/html", html),
        Code::ContentTypeNotListed,
        "200",
    )
    .await;
    gives(
        "list_pipelines",
        reply(200, JSON, html),
        Code::BodyUnreadable,
        "200",
    )
    .await;
}

#[tokio::test]
async fn a_body_without_a_media_type_is_found() {
    gives(
        "list_pipelines",
        reply(200, "", "[]"),
        Code::ContentTypeMissing,
        "200",
    )
    .await;
}

#[tokio::test]
async fn half_a_body_and_no_body_are_found() {
    gives(
        "list_pipelines",
        reply(200, JSON, "[{\"id\": 1"),
        Code::BodyUnreadable,
        "200",
    )
    .await;
    gives(
        "list_pipelines",
        reply(200, JSON, ""),
        Code::BodyUnreadable,
        "200",
    )
    .await;
}

#[tokio::test]
async fn a_body_where_none_is_listed_is_found() {
    // HTTP itself forbids a body with 204, so a description is needed that lists another status without one.
    let description = "
openapi: 3.0.3
paths:
  /x:
    get: {operationId: get_x, responses: {'200': {description: nothing}}}
";
    let found = findings_by(description, "get_x", reply(200, JSON, "{}")).await;
    assert_eq!(found[0].code, Code::BodyUnexpected);
}

#[tokio::test]
async fn a_missing_field_is_found_once_for_all_items() {
    let without = RUN.replace(r#""last_status": "SUCCESS","#, "");
    let wrong = reply(200, JSON, &format!("[{without}, {without}]"));
    let found = gives("list_pipeline_runs", wrong, Code::BodyMismatch, "200 /*").await;
    assert_eq!(found.count, 2);
    assert!(found.expected.contains("last_status"), "{found:?}");
}

#[tokio::test]
async fn a_wrong_type_and_a_wrong_null_are_found() {
    let text_for_number = RUN.replace("\"id\": 45", "\"id\": \"45\"");
    let found = gives(
        "list_pipeline_runs",
        runs(&text_for_number),
        Code::BodyMismatch,
        "200 /*/id",
    )
    .await;
    assert_eq!(found.got, "\"45\"");
    let null = RUN.replace("\"SUCCESS\"", "null");
    gives(
        "list_pipeline_runs",
        runs(&null),
        Code::BodyMismatch,
        "200 /*/last_status",
    )
    .await;
}

#[tokio::test]
async fn a_time_that_is_none_is_found() {
    let wrong = RUN.replace("2024-01-15T10:30:00.000Z", "15/01/2024 10:30");
    let found = gives(
        "list_pipeline_runs",
        runs(&wrong),
        Code::BodyMismatch,
        "200 /*/created_at",
    )
    .await;
    assert!(found.expected.contains("date-time"), "{found:?}");
}

#[tokio::test]
async fn an_error_in_the_shape_of_another_is_found() {
    let wrong = reply(404, JSON, r#"{"detail": "not found"}"#);
    gives("get_pipeline", wrong, Code::BodyMismatch, "404 /detail").await;
    // Where several shapes are listed, each of them will do, and none of the others.
    let wrong = reply(400, JSON, r#"{"msg": "no"}"#);
    let found = gives("execute_pipeline", wrong, Code::BodyMismatch, "400").await;
    assert!(found.expected.contains("one of 2 schemas"), "{found:?}");
}

#[tokio::test]
async fn a_new_field_and_a_new_word_are_warnings() {
    let more = RUN
        .replace("\"id\": 45", "\"id\": 45, \"duration\": 12")
        .replace("SUCCESS", "SKIPPED");
    let found = findings("list_pipeline_runs", runs(&more)).await;
    let seen: Vec<(&str, &str)> = found
        .iter()
        .map(|found| (found.code.name(), found.place.as_str()))
        .collect();
    assert_eq!(
        seen,
        [
            ("drift.undeclared-field", "200 /*/duration"),
            ("drift.undeclared-value", "200 /*/last_status")
        ]
    );
    assert!(
        found
            .iter()
            .all(|found| found.severity == Severity::Warning)
    );
}

#[tokio::test]
async fn a_header_that_must_be_there_is_missed_and_a_wrong_one_is_found() {
    let description = "
openapi: 3.0.3
paths:
  /x:
    get:
      operationId: get_x
      responses:
        '204':
          description: done
          headers: {X-Left: {required: true, schema: {type: integer, minimum: 1}}}
";
    let missing = findings_by(description, "get_x", reply(204, "", "")).await;
    assert_eq!(
        (missing[0].code.clone(), missing[0].place.as_str()),
        (Code::HeaderMissing, "204 header x-left")
    );
    let mut wrong = reply(204, "", "");
    wrong
        .headers
        .insert("x-left", HeaderValue::from_static("0"));
    assert_eq!(
        findings_by(description, "get_x", wrong.clone()).await[0].code,
        Code::HeaderMismatch
    );
    wrong
        .headers
        .insert("x-left", HeaderValue::from_static("1"));
    assert_eq!(findings_by(description, "get_x", wrong).await, []);
}

#[tokio::test]
async fn a_secret_that_we_sent_is_found_where_it_comes_back_and_is_not_shown() {
    let echo = r#"{"statusCode": 401, "message": "a-token-that-is-secret is wrong", "error": "x"}"#;
    let found = gives(
        "list_pipelines",
        reply(401, JSON, echo),
        Code::SecretShown,
        "401",
    )
    .await;
    assert_eq!(found.got, "$TOKEN");
    assert!(
        !format!("{found:?}").contains("that-is-secret"),
        "{found:?}"
    );
}

#[tokio::test]
async fn a_long_value_is_shortened_after_its_secret_is_hidden() {
    // The secret would be cut in the middle, and the rest of it not be recognised.
    let echo = format!("\"{}a-token-that-is-secret\"", "x".repeat(228));
    let found = findings("list_pipelines", reply(200, JSON, &echo)).await;
    assert!(
        found.iter().all(|found| !found.got.contains("a-tok")),
        "{found:#?}"
    );
}

/// The arguments of a line, as a shell splits them.
#[cfg(unix)]
fn arguments(line: &str, variables: &str) -> Vec<String> {
    let script = format!(
        "{variables}\ncurl() {{ for word in \"$@\"; do printf '%s\\n' \"$word\"; done; }}\n{line}"
    );
    let output = std::process::Command::new("sh")
        .args(["-c", &script])
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(str::to_owned)
        .collect()
}

#[cfg(unix)]
#[test]
fn a_curl_line_runs_as_printed_once_its_variables_are_set() {
    let taint = Taint::default();
    taint.learn("tok'en-\"1234", "TOKEN");
    let mut call = Call::undescribed("PATCH", "/platform/pipeline/a%20b")
        .with_json(&serde_json::json!({ "name": "it's `a` $name \\ \"x\"" }));
    call.query.push(("a".to_owned(), "1 & 2".to_owned()));
    call.sign = session::token("tok'en-\"1234");
    let line = curl(&call, "http://127.0.0.1:1", &taint);
    assert!(!line.contains("1234"), "{line}");
    let expected = [
        "-sS",
        "-X",
        "PATCH",
        "-H",
        "content-type: application/json",
        "-H",
        "authorization: tok'en-\"1234",
        "--data",
        r#"{"name":"it's `a` $name \\ \"x\""}"#,
        "http://127.0.0.1:1/platform/pipeline/a%20b?a=1+%26+2",
    ];
    assert_eq!(arguments(&line, "TOKEN=\"tok'en-\\\"1234\""), expected);
}

#[test]
fn every_schema_of_the_description_compiles() {
    let shared = Shared::new(Document::parse(DESCRIPTION).unwrap());
    shared.contract.compile_all().unwrap();
}
