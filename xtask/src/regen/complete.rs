//! What makes the description of the API whole: reasons for what is inferred, examples, and the errors that each server gives.
//!
//! These rules are for the API itself; a description of somebody else's may be as short as it likes.

use serde_json::Value;

use super::document::{Document, Operation, entries, text};
use super::lint;
use super::problem::Problem;

/// Everything that is left open.
pub(crate) fn lint(document: &Document) -> Vec<Problem> {
    let mut problems = Vec::new();
    match document.operations() {
        Ok(operations) => {
            for operation in &operations {
                reasons(operation, &mut problems);
                examples(document, operation, &mut problems);
                refusals(document, operation, &mut problems);
            }
        }
        Err(problem) => problems.push(problem),
    }
    problems
}

/// An inferred operation says why it has its shape, and one whose success is inferred says what is open.
fn reasons(operation: &Operation<'_>, problems: &mut Vec<Problem>) {
    let name = operation.name();
    let inferred = text(operation.value, "x-evidence") == Some("inferred");
    let shape = text(operation.value, "x-shape").is_some_and(|line| !line.trim().is_empty());
    if inferred && !shape {
        problems.push(Problem::new(
            &name,
            "it is inferred and does not say why it has this shape",
            "add x-shape, a line that names the neighbour or the standard that it follows",
        ));
    }
    if !inferred && operation.value.get("x-shape").is_some() {
        problems.push(Problem::new(
            &name,
            "it is not inferred and has x-shape",
            "say in x-disputed what its source leaves open",
        ));
    }
    let disputed = operation.value.get("x-disputed").and_then(Value::as_array);
    let open = entries(operation.value.get("responses")).any(|(status, answer)| {
        status.starts_with('2') && text(answer, "x-evidence") == Some("inferred")
    });
    if !inferred && open && disputed.is_none_or(Vec::is_empty) {
        problems.push(Problem::new(
            name,
            "its success is inferred, and x-disputed does not say so",
            "say there what the source leaves open",
        ));
    }
}

/// Each body and each success with a body has an example.
fn examples(document: &Document, operation: &Operation<'_>, problems: &mut Vec<Problem>) {
    let name = operation.name();
    let body = operation.value.get("requestBody");
    let body = body.map(|body| (format!("{name}, request body"), body));
    let successes = entries(operation.value.get("responses"))
        .filter(|(status, _)| status.starts_with('2'))
        .map(|(status, answer)| (format!("{name}, answer {status}"), answer));
    for (place, holder) in body.into_iter().chain(successes) {
        let Ok(holder) = document.resolve(holder) else {
            continue;
        };
        for (media_type, media) in entries(holder.get("content")) {
            if media.get("example").is_none() && entries(media.get("examples")).next().is_none() {
                problems.push(Problem::new(
                    &place,
                    format!("{media_type} has no example"),
                    "add one, or refer to one of components/examples",
                ));
            }
        }
    }
}

/// What takes credentials, a body or an id can refuse them.
fn refusals(document: &Document, operation: &Operation<'_>, problems: &mut Vec<Problem>) {
    let by_id = operation.path.contains('{');
    let with_body = operation.value.get("requestBody").is_some();
    let by_whom = lint::authenticated(document, operation.value);
    for (applies, why, statuses) in [
        (by_whom, "needs credentials", &["401", "403"][..]),
        (with_body, "takes a body", &["400", "413", "415"]),
        (by_id, "names a thing by its id", &["404"]),
    ] {
        for status in statuses {
            let told = operation.value["responses"].get(status).is_some();
            if applies && !told {
                problems.push(Problem::new(
                    operation.name(),
                    format!("it {why} and has no answer {status}"),
                    "describe how it refuses",
                ));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The problems of the API's own description once `before` of it is `after`, as one text.
    fn with(before: &str, after: &str) -> String {
        let text = include_str!("../../../openapi/maestro.yaml");
        assert!(text.contains(before), "nothing to replace: {before}");
        let text = text.replacen(before, after, 1);
        let document = Document::parse(&text, "maestro.yaml").unwrap();
        let problems: Vec<String> = lint(&document).iter().map(ToString::to_string).collect();
        problems.join("\n")
    }

    #[test]
    fn the_description_is_whole() {
        assert_eq!(with("openapi: 3.0.3", "openapi: 3.0.3"), "");
    }

    #[test]
    fn each_gap_is_told_with_its_place() {
        let id_only = "x-shape: that of the framework's standard health module";
        for (before, after, said) in [
            (id_only, "x-gone: shape", "get_health: it is inferred and"),
            (id_only, "x-shape: ' '", "get_health: it is inferred and"),
            (
                "x-source: captured answers\n",
                "x-source: captured answers\n      x-shape: ours\n",
                "create_data_asset: it is not inferred and has x-shape",
            ),
            (
                "      x-disputed:\n        - The answers are inferred from the pipeline's memory operation.\n",
                "",
                "update_job_memory: its success is inferred",
            ),
            (
                "            examples:\n              one:\n                value: {users: [{username",
                "            x-gone:\n              one:\n                value: {users: [{username",
                "create_users, request body: application/json has no example",
            ),
            (
                "'404':\n          description: No such key.",
                "'410':\n          description: No such key.",
                "delete_api_key: it names a thing by its id and has no answer 404",
            ),
        ] {
            let found = with(before, after);
            assert!(found.starts_with(said), "{before}: {found}");
        }
    }

    #[test]
    fn what_a_drifting_host_makes_conformance_propose_keeps_the_rules_and_can_be_generated() {
        let overlay = include_str!("../../../conformance/fixtures/drift.overlay.yaml");
        let overlay = openapi_overlay::Overlay::parse(overlay).unwrap();
        assert!(overlay.actions().len() >= 5);
        let text = include_str!("../../../openapi/maestro.yaml");
        let patched = overlay.patch(text).unwrap();
        let document = Document::parse(&patched, "patched.yaml").unwrap();
        let mut problems = lint::lint(&document);
        problems.extend(lint(&document));
        let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
        assert_eq!(problems, [] as [String; 0]);
        let refused = super::super::normalised(document).err().unwrap_or_default();
        let refused: Vec<String> = refused.iter().map(ToString::to_string).collect();
        assert_eq!(refused, [] as [String; 0]);
    }
}
