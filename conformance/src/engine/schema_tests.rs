//! How OpenAPI's own words are judged.

use super::*;

fn schema(schema: &Value, direction: Direction) -> Schema {
    let document = json!({"components": {"schemas": {
        "Thing": {
            "type": "object", "required": ["id", "secret"],
            "properties": {
                "id": {"type": "string", "format": "uuid"},
                "secret": {"type": "string", "format": "password", "writeOnly": true},
                "kind": {"type": "string", "x-extensible-enum": ["a", "b"]},
                "note": {"type": "string", "nullable": true, "enum": ["x"]},
                "open": {"type": "object", "additionalProperties": true},
                "map": {"type": "object", "additionalProperties": {"$ref": "#/components/schemas/Leaf"}},
                "count": {"type": "integer", "format": "int32"},
            },
        },
        "Leaf": {"type": "object", "properties": {"token": {"type": "string", "format": "password"}}},
    }}});
    Schema::compile(&document, schema, direction).unwrap()
}

fn thing(direction: Direction) -> Schema {
    schema(&json!({"$ref": "#/components/schemas/Thing"}), direction)
}

const ID: &str = "9488a4e8-a0e1-7046-f441-1c5fa95a9966";

#[test]
fn nullable_beside_an_enum_takes_null() {
    assert_eq!(
        thing(Direction::Answer).mismatches(&json!({"id": ID, "note": null})),
        []
    );
    let wrong = thing(Direction::Answer).mismatches(&json!({"id": ID, "note": "y"}));
    assert_eq!(wrong[0].pointer, "/note");
}

#[test]
fn a_write_only_field_is_required_on_the_way_in_and_refused_on_the_way_out() {
    let sent = json!({"id": ID, "secret": "s"});
    assert_eq!(thing(Direction::Request).mismatches(&sent), []);
    assert_eq!(
        thing(Direction::Request)
            .mismatches(&json!({"id": ID}))
            .len(),
        1
    );
    assert_eq!(thing(Direction::Answer).mismatches(&json!({"id": ID})), []);
    assert_eq!(
        thing(Direction::Answer).mismatches(&sent)[0].pointer,
        "/secret"
    );
}

#[test]
fn formats_are_judged_for_texts_and_for_numbers() {
    let wrong =
        thing(Direction::Answer).mismatches(&json!({"id": "1", "count": 3_000_000_000_u64}));
    let places: Vec<&str> = wrong.iter().map(|wrong| wrong.pointer.as_str()).collect();
    assert_eq!(places.len(), 2);
    assert!(places.contains(&"/id") && places.contains(&"/count"));
}

#[test]
fn undeclared_fields_and_values_are_remarked_and_declared_openness_is_not() {
    let value = json!({
        "id": ID, "kind": "c", "new": 1, "open": {"any": 1}, "map": {"k": {"token": "t", "x/y": 1}},
    });
    let mut marks = thing(Direction::Answer).marks(&value);
    marks.sort_by(|one, other| one.pointer.cmp(&other.pointer));
    let expected = [
        (
            "/kind",
            MarkKind::UndeclaredValue(vec!["a".into(), "b".into()]),
        ),
        ("/map/k/token", MarkKind::Secret("t".into())),
        ("/map/k/x~1y", MarkKind::UndeclaredField),
        ("/new", MarkKind::UndeclaredField),
    ];
    let got: Vec<(&str, MarkKind)> = marks
        .iter()
        .map(|mark| (mark.pointer.as_str(), mark.kind.clone()))
        .collect();
    assert_eq!(got, expected);
}

#[test]
fn only_the_branch_that_fits_speaks() {
    let choice = schema(
        &json!({"oneOf": [
            {"type": "object", "required": ["a"], "properties": {"a": {"type": "string"}}, "additionalProperties": false},
            {"type": "object", "required": ["b"], "properties": {"b": {"type": "string"}}},
        ]}),
        Direction::Answer,
    );
    assert_eq!(choice.marks(&json!({"a": "1"})), []);
    assert_eq!(choice.marks(&json!({"b": "1", "c": 2}))[0].pointer, "/c");
    let wrong = choice.mismatches(&json!({"b": 1}));
    assert!(wrong[0].expected.contains("one of 2 schemas"), "{wrong:?}");
}
