//! Regen as a person runs it: what it takes, what it refuses and with which words, and what `--check` names.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::path::{Path, PathBuf};
use std::process::Command;

/// A document with one operation, `read_thing`, into which a test writes what it is about.
fn document(path_item: &str, schemas: &str) -> String {
    format!(
        "openapi: 3.0.3\n\
         info: {{title: Small, version: 0.1.0}}\n\
         tags: [{{name: things}}]\n\
         paths:\n{path_item}\n\
         components:\n  schemas:\n    Thing:\n      type: object\n      required: [name]\n      properties: {{name: {{type: string}}}}\n{schemas}\n"
    )
}

const MARKS: &str = "tags: [things], summary: Reads a thing, x-evidence: inferred, x-source: a test, x-since: 0.1.0, x-idempotent: true";
const OK: &str = "'200': {description: A thing., content: {application/json: {schema: {$ref: '#/components/schemas/Thing'}}}}";

/// One operation with extra keys.
fn operation(extra: &str) -> String {
    format!("  /thing: {{get: {{operationId: read_thing, {MARKS}, {extra} responses: {{{OK}}}}}}}")
}

/// One operation whose 200 has this schema.
fn answering(schema: &str) -> String {
    format!(
        "  /thing: {{get: {{operationId: read_thing, {MARKS}, responses: {{'200': {{description: A thing., content: {{application/json: {{schema: {schema}}}}}}}}}}}}}"
    )
}

/// A folder of this test's own, emptied.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// Runs `regen-document` over the text: Ok(what it said) or Err(what it complained).
fn regen(folder: &Path, text: &str, check: bool) -> Result<String, String> {
    std::fs::write(folder.join("small.yaml"), text).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    command
        .current_dir(folder)
        .args(["regen-document", "--from", "small.yaml", "--out", "."]);
    if check {
        command.arg("--check");
    }
    let output = command.output().unwrap();
    if output.status.success() {
        Ok(String::from_utf8(output.stdout).unwrap())
    } else {
        Err(String::from_utf8(output.stderr).unwrap())
    }
}

#[test]
fn what_would_come_out_wrong_is_refused_with_the_place_and_the_remedy() {
    let parameter = |parameter: &str| operation(&format!("parameters: [{parameter}],"));
    let rows: Vec<(&str, String, String, &str, &str)> = vec![
        ("cookie", parameter("{name: c, in: cookie, schema: {type: string}}"), String::new(), "read_thing, parameter c", "send a header"),
        ("deep", parameter("{name: f, in: query, style: deepObject, schema: {type: object}}"), String::new(), "read_thing, parameter f", "use form"),
        ("explode", parameter("{name: ids, in: query, explode: false, schema: {type: array, items: {type: string}}}"), String::new(), "read_thing, parameter ids", "make it a string"),
        ("header array", parameter("{name: ids, in: header, schema: {type: array, items: {type: string}}}"), String::new(), "read_thing, parameter ids", "make it a string"),
        ("header time", parameter("{name: since, in: header, schema: {type: string, format: date-time}}"), String::new(), "read_thing, parameter since", "make it a plain string"),
        ("content", parameter("{name: q, in: query, content: {application/json: {schema: {type: string}}}}"), String::new(), "read_thing, parameter q", "give it a schema"),
        ("two media", operation("requestBody: {required: true, content: {application/json: {schema: {type: string}}, text/plain: {schema: {type: string}}}},"), String::new(), "read_thing, request body", "describe the one that the client sends"),
        ("multipart", operation("requestBody: {required: true, content: {multipart/form-data: {schema: {type: string}}}},"), String::new(), "read_thing, request body", "use application/json"),
        ("optional body", operation("requestBody: {content: {application/json: {schema: {type: string}}}},"), String::new(), "read_thing, request body", "set required: true"),
        ("any of", answering("{anyOf: [{type: string}, {type: integer}]}"), String::new(), "read_thing, answer 200", "use oneOf"),
        ("not", answering("{not: {type: string}}"), String::new(), "read_thing, answer 200", "describe what is allowed"),
        ("discriminator", answering("{oneOf: [{$ref: '#/components/schemas/Thing'}], discriminator: {propertyName: kind}}"), String::new(), "read_thing, answer 200", "required properties differ"),
        ("overlap", answering("{oneOf: [{$ref: '#/components/schemas/Thing'}, {$ref: '#/components/schemas/Other'}]}"), "    Other: {type: object, required: [name], properties: {name: {type: string}, more: {type: string}}}".to_owned(), "Thing and Other overlap", "close the smaller one"),
        ("enum", answering("{type: string, enum: [asc, ASC]}"), String::new(), "\"asc\" and \"ASC\"", "use a plain string"),
        ("types", answering("{type: [string, 'null']}"), String::new(), "read_thing, answer 200", "nullable: true"),
        ("fields", operation(""), "    Other: {type: object, properties: {aB: {type: string}, a_b: {type: string}}}".to_owned(), "the properties aB and a_b", "rename one"),
        ("names", operation(""), "    thing: {type: string}".to_owned(), "the same type name as Thing", "rename one"),
        ("reserved", operation("").replace("read_thing", "exec"), String::new(), "exec: the generated client has a method", "another operationId"),
        ("no id", operation("").replace("operationId: read_thing,", ""), String::new(), "GET /thing: it has no operationId", "add one"),
        ("camel", operation("").replace("read_thing", "readThing"), String::new(), "readThing: the operationId is not in snake_case", "write read_thing"),
        ("no evidence", operation("").replace("x-evidence: inferred,", ""), String::new(), "read_thing: x-evidence is missing", "documented"),
        ("no success", operation("").replace("'200'", "'400'"), String::new(), "read_thing: it has no 2xx answer", "describe what success"),
        ("template", operation("").replace("/thing:", "/thing/{id}:"), String::new(), "the path parameter id stands in the path or in the parameters", "declare it"),
        ("dangling", answering("{$ref: '#/components/schemas/Nothing'}"), String::new(), "#/components/schemas/Nothing", "add the component"),
        ("external", answering("{$ref: 'other.yaml#/Thing'}"), String::new(), "other.yaml#/Thing", "copy the definition"),
        ("example", operation("").replace("schema: {$ref: '#/components/schemas/Thing'}", "schema: {$ref: '#/components/schemas/Thing'}, example: {name: 7}"), String::new(), "read_thing, answer 200, example example", "mend the example"),
        ("open enum", operation(""), "    Other: {type: string, x-extensible-enum: [a, A]}".to_owned(), "\"A\" makes no variant name", "leave it out"),
    ];
    for (name, paths, schemas, place, remedy) in rows {
        let folder = folder(&format!("refused-{}", name.replace(' ', "-")));
        let complaint = match regen(&folder, &document(&paths, &schemas), false) {
            Err(complaint) => complaint,
            Ok(said) => panic!("{name}: it was taken: {said}"),
        };
        assert!(
            complaint.contains(place),
            "{name}: no {place:?} in {complaint}"
        );
        assert!(
            complaint.contains(remedy),
            "{name}: no {remedy:?} in {complaint}"
        );
        let left: Vec<_> = std::fs::read_dir(&folder).unwrap().collect();
        assert_eq!(left.len(), 1, "{name}: nothing half-done stays behind");
    }
}

#[test]
fn what_is_no_document_is_refused_by_name() {
    let folder = folder("no-document");
    let complaint = regen(&folder, "paths: [", false).unwrap_err();
    assert!(
        complaint.contains("small.yaml: this is no YAML or JSON document"),
        "{complaint}"
    );
    let complaint = regen(
        &folder,
        &document(&operation(""), "").replace("3.0.3", "3.1.0"),
        false,
    )
    .unwrap_err();
    assert!(
        complaint.contains("\"3.1.0\"; bring it down to 3.0.3"),
        "{complaint}"
    );
}

#[test]
fn what_the_generator_cannot_take_is_blamed_on_a_schema() {
    let folder = folder("blame");
    // The default does not fit: nothing before the generator looks at it.
    let schemas = "    Other: {type: object, properties: {count: {type: integer, default: many}}}";
    let complaint = regen(&folder, &document(&operation(""), schemas), false).unwrap_err();
    assert!(
        complaint.contains("schema Other: the generator cannot take it"),
        "{complaint}"
    );
    assert!(!complaint.contains("schema Thing"), "{complaint}");
}

#[test]
fn the_same_input_gives_the_same_bytes_and_a_changed_field_is_named() {
    let (one, two) = (folder("bytes-1"), folder("bytes-2"));
    let text = document(&operation(""), "");
    regen(&one, &text, false).unwrap();
    regen(&two, &text, false).unwrap();
    let files = [
        "generated.rs",
        "ops.rs",
        "normalized.json",
        "normalize-report.txt",
    ];
    for file in files {
        let read = |folder: &Path| std::fs::read_to_string(folder.join(file)).unwrap();
        assert_eq!(read(&one), read(&two), "{file}");
        assert!(!read(&one).is_empty(), "{file}");
    }
    regen(&one, &text, true).unwrap();
    let changed = text.replace("{name: {type: string}}", "{name: {type: integer}}");
    let complaint = regen(&one, &changed, true).unwrap_err();
    assert!(
        complaint.contains(
            "/components/schemas/Thing/properties/name/type was \"string\", is \"integer\""
        ),
        "{complaint}"
    );
    assert!(complaint.contains("run `cargo xtask regen`"), "{complaint}");
    for file in files {
        let read = |folder: &Path| std::fs::read_to_string(folder.join(file)).unwrap();
        assert_eq!(read(&one), read(&two), "{file}: a check wrote");
    }
}
