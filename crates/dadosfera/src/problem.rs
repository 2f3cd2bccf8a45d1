//! What the body of a failed request says, in whichever of the API's five shapes it is written.
//!
//! | shape | example | read as |
//! |---|---|---|
//! | 1 | `{"detail": "…"}` | message |
//! | 2 | `{"detail": {"exception_type": "PipelinePaused", "traceback": "…"}}` | code, message |
//! | 3 | `{"msg": "Unauthorized"}` | message |
//! | 4 | `{"message": "…", "statusCode": 400}` | message |
//! | 5 | `{"statusCode": 403, "message": "…" or […], "error": "…", "code": "AUTH.FORBIDDEN", "details": "…"}` | code, message, details |
//!
//! A proxy may answer HTML, some other text, or nothing. No body, whatever its bytes, fails to be read.

use serde_json::Value;

/// Longer messages are cut: an error is read by people.
const LONGEST: usize = 500;

/// What was understood of an error's body.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) form: Form,
    /// The API's code, or the name of its exception.
    pub(crate) code: Option<String>,
    /// The API's message for people, one line.
    pub(crate) message: Option<String>,
}

/// What kind of body it was.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Form {
    /// One of the five shapes.
    Maestro,
    /// JSON, but none of the shapes.
    OtherJson,
    Html,
    OtherText,
    #[default]
    Empty,
}

impl Problem {
    /// Reads a body; `content_type` only helps to tell HTML from other text.
    pub(crate) fn read(content_type: Option<&str>, body: &[u8]) -> Self {
        if body.iter().all(u8::is_ascii_whitespace) {
            return Self::default();
        }
        match serde_json::from_slice::<Value>(body) {
            Ok(value) => Self::from_json(&value),
            Err(_) if is_html(content_type, body) => Self {
                form: Form::Html,
                ..Self::default()
            },
            Err(_) => Self {
                form: Form::OtherText,
                ..Self::default()
            },
        }
    }

    fn from_json(value: &Value) -> Self {
        let (code, message) = match value.get("detail") {
            Some(Value::Object(exception)) => (
                exception.get("exception_type").and_then(line),
                exception.get("traceback").and_then(line),
            ),
            Some(detail) => (None, line(detail)),
            None => (value.get("code").and_then(line), envelope_message(value)),
        };
        let form = if code.is_some() || message.is_some() {
            Form::Maestro
        } else {
            Form::OtherJson
        };
        Self {
            form,
            code,
            message,
        }
    }
}

/// The message of shapes 3, 4 and 5, with the details of shape 5.
fn envelope_message(value: &Value) -> Option<String> {
    let message = ["message", "msg", "error"]
        .iter()
        .find_map(|key| value.get(key).and_then(line));
    let details = value.get("details").and_then(line);
    match (message, details) {
        (Some(message), Some(details)) => Some(format!("{message} ({details})")),
        (message, details) => message.or(details),
    }
}

/// A text, or several joined, as one printable line of bounded length.
fn line(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Array(parts) => parts
            .iter()
            .filter_map(Value::as_str)
            .collect::<Vec<_>>()
            .join(", "),
        _ => return None,
    };
    let mut line: String = text
        .trim()
        .chars()
        .take(LONGEST)
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    if text.trim().chars().nth(LONGEST).is_some() {
        line.push('…');
    }
    (!line.is_empty()).then_some(line)
}

/// Whether a body that is no JSON is a page for people.
fn is_html(content_type: Option<&str>, body: &[u8]) -> bool {
    content_type.is_some_and(|it| it.to_ascii_lowercase().contains("html"))
        || body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'<')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(body: &str) -> (Form, Option<String>, Option<String>) {
        let problem = Problem::read(Some("application/json"), body.as_bytes());
        (problem.form, problem.code, problem.message)
    }

    fn maestro(code: Option<&str>, message: &str) -> (Form, Option<String>, Option<String>) {
        (
            Form::Maestro,
            code.map(str::to_owned),
            Some(message.to_owned()),
        )
    }

    #[test]
    fn shape_1_is_a_detail() {
        assert_eq!(
            read(r#"{"detail": "pipeline_id is required"}"#),
            maestro(None, "pipeline_id is required")
        );
    }

    #[test]
    fn shape_2_names_an_exception() {
        let body = r#"{"detail": {"status": false, "exception_type": "PipelineNotFound",
            "traceback": "Pipeline with id x not found", "data": null}}"#;
        assert_eq!(
            read(body),
            maestro(Some("PipelineNotFound"), "Pipeline with id x not found")
        );
    }

    #[test]
    fn shape_3_is_one_word() {
        assert_eq!(
            read(r#"{"msg": "Unauthorized"}"#),
            maestro(None, "Unauthorized")
        );
    }

    #[test]
    fn shape_4_is_a_message_with_a_status() {
        let body = r#"{"message": "Memory limit exceeded. Maximum allowed: 12000MB (12GB)", "statusCode": 400}"#;
        assert_eq!(
            read(body),
            maestro(
                None,
                "Memory limit exceeded. Maximum allowed: 12000MB (12GB)"
            )
        );
    }

    #[test]
    fn shape_5_is_the_envelope() {
        let body = r#"{"statusCode": 403, "message": "Você não tem permissões suficientes para realizar essa operação",
            "error": "Não autorizado", "code": "AUTH.FORBIDDEN"}"#;
        assert_eq!(
            read(body),
            maestro(
                Some("AUTH.FORBIDDEN"),
                "Você não tem permissões suficientes para realizar essa operação"
            )
        );
    }

    #[test]
    fn details_and_lists_of_messages_are_kept() {
        let unknown = r#"{"statusCode": 500, "message": "x", "error": "y", "code": "UNKNOWN", "details": "Invalid permission IDs: 0"}"#;
        assert_eq!(
            read(unknown),
            maestro(Some("UNKNOWN"), "x (Invalid permission IDs: 0)")
        );
        let several = r#"{"statusCode": 400, "message": ["username must be a string", "password must be a string"], "error": "Bad Request"}"#;
        assert_eq!(
            read(several),
            maestro(None, "username must be a string, password must be a string")
        );
    }

    #[test]
    fn what_a_proxy_says_is_told_apart_and_never_repeated() {
        assert_eq!(
            Problem::read(Some("text/html"), b"<html>502</html>").form,
            Form::Html
        );
        assert_eq!(Problem::read(None, b"  <!DOCTYPE html>").form, Form::Html);
        assert_eq!(
            Problem::read(Some("text/plain"), b"upstream error").form,
            Form::OtherText
        );
        assert_eq!(Problem::read(None, b" \n").form, Form::Empty);
        assert_eq!(read("[1, 2]").0, Form::OtherJson);
        assert_eq!(read(r#"{"detail": 3}"#).0, Form::OtherJson);
    }

    #[test]
    fn a_message_is_one_line_of_bounded_length() {
        let problem = Problem::read(
            None,
            format!(r#"{{"detail": "a\nb{}"}}"#, "é".repeat(900)).as_bytes(),
        );
        let message = problem.message.unwrap_or_default();
        assert!(
            message.starts_with("a bé") && message.ends_with('…'),
            "{message}"
        );
        assert_eq!(message.chars().count(), LONGEST + 1);
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn no_bytes_fail_to_be_read(content_type in ".*", body in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = Problem::read(Some(&content_type), &body);
        }

        #[test]
        fn no_json_in_these_places_fails_to_be_read(text in ".*", key in "detail|message|msg|code|error|details|exception_type") {
            let body = serde_json::json!({ &key: { &key: text }, "detail": [text, 1] }).to_string();
            let _ = Problem::read(None, body.as_bytes());
        }
    }
}
