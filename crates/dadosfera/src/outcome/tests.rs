//! What each status and each body comes to.

use proptest::prelude::*;
use reqwest::header::HeaderValue;

use super::*;

fn op(id: &str) -> &'static Op {
    raw::op(id).expect("an operation")
}

fn json() -> HeaderMap {
    HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("application/json"))])
}

fn failure(operation: &str, status: u16, body: &str) -> Failure {
    let status = StatusCode::from_u16(status).expect("a status");
    of_status(
        op(operation),
        status,
        &json(),
        body.as_bytes(),
        SystemTime::UNIX_EPOCH,
    )
}

#[test]
fn a_missing_permission_is_named() {
    let body = r#"{"statusCode": 403, "message": "Não", "error": "Não autorizado", "code": "AUTH.FORBIDDEN"}"#;
    let error = failure("create_pipeline", 403, body).error;
    assert_eq!(
        (error.kind(), error.code()),
        (ErrorKind::Forbidden, Some("AUTH.FORBIDDEN"))
    );
    assert!(
        error
            .to_string()
            .contains("create_pipeline: the permission `POST /pipelines` is missing"),
        "{error}"
    );
}

#[test]
fn statuses_map_to_kinds_and_to_what_may_be_tried_again() {
    for (status, kind, retry, is_transient) in [
        (400, ErrorKind::BadRequest, Retry::Never, false),
        (401, ErrorKind::Unauthorized, Retry::WithOtherToken, false),
        (403, ErrorKind::Forbidden, Retry::Never, false),
        (404, ErrorKind::NotFound, Retry::Never, false),
        (408, ErrorKind::Timeout, Retry::IfIdempotent, true),
        (409, ErrorKind::Conflict, Retry::Never, false),
        (413, ErrorKind::BadRequest, Retry::Never, false),
        (429, ErrorKind::RateLimited, Retry::Always, true),
        (500, ErrorKind::Server, Retry::Never, false),
        (502, ErrorKind::Server, Retry::IfIdempotent, true),
        (503, ErrorKind::Server, Retry::IfIdempotent, true),
        (504, ErrorKind::Server, Retry::IfIdempotent, true),
        (302, ErrorKind::UnexpectedAnswer, Retry::Never, false),
    ] {
        let failure = failure("list_pipelines", status, r#"{"detail": "x"}"#);
        let error = &failure.error;
        assert_eq!(
            (error.kind(), failure.retry, error.is_transient()),
            (kind, retry, is_transient),
            "{status}"
        );
        assert_eq!(
            (error.status(), error.operation()),
            (Some(status), Some("list_pipelines"))
        );
    }
}

#[test]
fn a_sign_in_is_not_tried_with_another_token() {
    assert_eq!(failure("sign_in", 401, "{}").retry, Retry::Never);
}

#[test]
fn a_page_of_a_proxy_is_no_missing_pipeline() {
    let error = failure("get_pipeline", 404, "<html>canary</html>").error;
    assert_eq!(
        (error.kind(), error.status()),
        (ErrorKind::UnexpectedAnswer, Some(404))
    );
    assert!(
        error.to_string().contains("HTML") && !error.to_string().contains("canary"),
        "{error}"
    );
    assert_eq!(
        failure("get_pipeline", 502, "<html>").error.kind(),
        ErrorKind::Server
    );
}

#[test]
fn an_unknown_route_points_at_the_base_url() {
    let body =
        r#"{"statusCode": 404, "message": "Cannot GET /platform/pipelines", "error": "Not Found"}"#;
    let error = failure("list_pipelines", 404, body).error;
    assert!(
        error
            .to_string()
            .contains("the server knows no GET /platform/pipelines"),
        "{error}"
    );
    assert!(error.to_string().contains("base URL"), "{error}");
}

#[test]
fn an_empty_body_still_has_a_status_and_words() {
    let error = failure("list_pipelines", 500, "").error;
    assert_eq!(
        (error.kind(), error.status(), error.api_message()),
        (ErrorKind::Server, Some(500), None)
    );
}

#[test]
fn half_a_body_is_told_from_a_foreign_one() {
    let check = |body: &str| {
        let failure = check_success(
            op("list_pipelines"),
            StatusCode::OK,
            &json(),
            body.as_bytes(),
        )
        .expect_err(body);
        assert_eq!(
            (failure.error.kind(), failure.error.status()),
            (ErrorKind::UnexpectedAnswer, Some(200))
        );
        failure
    };
    let torn = check(r#"[{"id": 1, "na"#);
    assert!(
        torn.error.to_string().contains("cut short"),
        "{}",
        torn.error
    );
    assert_eq!(torn.retry, Retry::IfIdempotent);
    assert!(check("<!DOCTYPE html>").error.to_string().contains("HTML"));
    assert!(check("OK").error.to_string().contains("not JSON"));
}

#[test]
fn a_carried_error_comes_out_whole() {
    let response = carry(Error::new(ErrorKind::Connect, "refused").of("list_pipelines"));
    assert_eq!(response.status().as_u16(), CARRIER);
    let error = Error::from(raw::Error::<()>::UnexpectedResponse(response));
    assert_eq!(
        (error.kind(), error.operation()),
        (ErrorKind::Connect, Some("list_pipelines"))
    );
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_answer_fails_to_be_understood(status in 100_u16..999, body in prop::collection::vec(any::<u8>(), 0..200)) {
        let code = StatusCode::from_u16(status).expect("in range");
        for op in raw::OPS {
            let failure = of_status(op, code, &HeaderMap::new(), &body, SystemTime::UNIX_EPOCH);
            prop_assert_eq!(failure.error.status(), Some(status));
            prop_assert_eq!(failure.error.operation(), Some(op.id));
            let _ = check_success(op, code, &HeaderMap::new(), &body);
        }
    }
}
