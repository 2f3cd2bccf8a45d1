//! What a run knows before its first step: the document's resources, who speaks, and how a request for an operation is made.

use std::collections::BTreeMap;

use serde_json::Value;

use super::actors::Scheme;
use super::resources::{Resource, success_schema, wrapper};
use super::samples::uuid;
use super::shape::flat;
use super::values::{fullest, smallest};
use crate::engine::{
    Answer, Call, Contract, Direction, Document, Operation, Parameter, Sign, entries,
};

/// One who speaks, signed in.
#[derive(Debug, Clone)]
pub(crate) struct Speaker {
    pub(crate) name: String,
    pub(crate) tenant: String,
    pub(crate) scopes: Option<Vec<String>>,
    pub(crate) scheme: Scheme,
    /// Empty where nobody signs in.
    pub(crate) token: String,
    pub(crate) variable: String,
}

/// The document's resources and who speaks.
#[derive(Debug)]
pub(crate) struct Api {
    pub(crate) document: Document,
    pub(crate) resources: Vec<Resource>,
    pub(crate) speakers: Vec<Speaker>,
    bases: BTreeMap<String, Base>,
}

/// The bodies of an operation that its other bodies vary.
#[derive(Debug, Clone)]
pub(crate) struct Base {
    /// As little as there is: what the document shows as its example, or else what its schema requires.
    pub(crate) small: Value,
    /// With every optional field.
    pub(crate) full: Value,
    /// Whether it is an example: then the document may know rules that its schema does not say.
    pub(crate) is_example: bool,
}

impl Speaker {
    pub(crate) fn sign(&self) -> Sign {
        if self.token.is_empty() {
            Sign::none()
        } else {
            self.scheme.sign(&self.token, &self.variable)
        }
    }

    /// Whether its credentials are good for an operation, as far as the document says.
    pub(crate) fn may(&self, operation: &Operation) -> bool {
        let Some(scopes) = &self.scopes else {
            return true;
        };
        operation
            .scopes()
            .iter()
            .all(|needed| scopes.iter().any(|scope| scope == needed))
    }
}

impl Api {
    pub(crate) fn new(document: Document, resources: Vec<Resource>, contract: &Contract) -> Self {
        let mut api = Self {
            resources,
            speakers: Vec::new(),
            bases: BTreeMap::new(),
            document,
        };
        for operation in api.document.operations() {
            if let Some(schema) = api.body_schema(operation) {
                let base = base(&api.document.root, operation, schema, contract);
                api.bases.insert(operation.id.clone(), base);
            }
        }
        api
    }

    /// What the JSON bodies of an operation are made from.
    pub(crate) fn base(&self, operation: &Operation) -> Option<&Base> {
        self.bases.get(&operation.id)
    }

    /// The resource that an operation makes things of.
    pub(crate) fn made_by(&self, id: &str) -> Option<usize> {
        let is = |it: &Resource| it.create.as_ref().is_some_and(|(create, _)| create == id);
        self.resources.iter().position(is)
    }

    /// Whether a request of the operation can be made: what is no JSON is not generated.
    pub(crate) fn can_be_made(&self, operation: &Operation) -> bool {
        !operation.body_required || self.body_schema(operation).is_some()
    }

    pub(crate) fn operation(&self, id: &str) -> Option<&Operation> {
        self.document.operation(id)
    }

    /// Where an answer about a thing holds the thing itself, and its schema there.
    pub(crate) fn inside(&self, operation: &Operation, resource: usize) -> (String, Value) {
        let root = &self.document.root;
        let parameter = self.resources[resource].id_parameter();
        let outer = wrapper(root, operation, parameter);
        let mut schema = success_schema(operation).map_or(Value::Null, |it| flat(root, it));
        for name in outer.split('/').skip(1) {
            schema = flat(root, &schema["properties"][name]);
        }
        (outer, schema)
    }

    /// The schema of an operation's JSON body.
    pub(crate) fn body_schema<'a>(&self, operation: &'a Operation) -> Option<&'a Value> {
        operation
            .request
            .iter()
            .find(|(media, _)| media.contains("json"))
            .map(|(_, schema)| schema)
    }

    /// A field that a request of the operation may hold.
    pub(crate) fn request_field(&self, operation: &Operation, name: &str) -> Option<Value> {
        let schema = flat(&self.document.root, self.body_schema(operation)?);
        Some(flat(
            &self.document.root,
            schema.get("properties")?.get(name)?,
        ))
    }

    /// Every field that a request of the operation may hold, with its schema.
    pub(crate) fn request_fields(&self, operation: &Operation) -> Vec<(String, Value)> {
        let Some(schema) = self.body_schema(operation) else {
            return Vec::new();
        };
        let root = &self.document.root;
        let schema = flat(root, schema);
        entries(schema.get("properties"))
            .map(|(name, field)| (name.to_owned(), flat(root, field)))
            .collect()
    }

    /// A request with what the operation requires, and nothing else; `ids` fill the path.
    pub(crate) fn call(
        &self,
        operation: &Operation,
        ids: &[(String, String)],
        body: Option<&Value>,
    ) -> Call {
        let root = &self.document.root;
        let mut in_path = ids.to_vec();
        for parameter in operation
            .parameters
            .iter()
            .filter(|parameter| parameter.place == "path")
        {
            if !in_path.iter().any(|(name, _)| *name == parameter.name) {
                in_path.push((
                    parameter.name.clone(),
                    text_of(&smallest(root, &parameter.schema)),
                ));
            }
        }
        let mut call = Call::new(operation, &in_path);
        for parameter in operation
            .parameters
            .iter()
            .filter(|parameter| parameter.required)
        {
            set(&mut call, parameter, &smallest(root, &parameter.schema));
        }
        match (body, self.base(operation)) {
            (Some(body), _) => call.with_json(body),
            (None, Some(base)) => call.with_json(&base.small),
            (None, None) => call,
        }
    }
}

fn base(root: &Value, operation: &Operation, schema: &Value, contract: &Contract) -> Base {
    let is_valid = |value: &Value| {
        contract
            .schema(schema, Direction::Request)
            .is_ok_and(|schema| schema.broken(value).is_empty())
    };
    let full = fullest(root, schema);
    let example = operation.examples.iter().find(|example| is_valid(example));
    let Some(example) = example else {
        return Base {
            small: smallest(root, schema),
            full,
            is_example: false,
        };
    };
    let mut whole = full;
    lay_over(&mut whole, example);
    Base {
        small: example.clone(),
        full: if is_valid(&whole) {
            whole
        } else {
            example.clone()
        },
        is_example: true,
    }
}

/// Puts the fields of one object over those of another.
fn lay_over(below: &mut Value, above: &Value) {
    match (below.as_object_mut(), above.is_object()) {
        (Some(fields), true) => {
            for (name, value) in entries(Some(above)) {
                lay_over(fields.entry(name.to_owned()).or_insert(Value::Null), value);
            }
        }
        _ => *below = above.clone(),
    }
}

/// The header parameter of an operation with this name.
pub(crate) fn header<'a>(operation: &'a Operation, name: &str) -> Option<&'a Parameter> {
    operation
        .parameters
        .iter()
        .find(|parameter| parameter.place == "header" && parameter.name.eq_ignore_ascii_case(name))
}

/// Sets a parameter of the query or a header; null takes it out.
pub(crate) fn set(call: &mut Call, parameter: &Parameter, value: &Value) {
    let list = match parameter.place.as_str() {
        "query" => &mut call.query,
        "header" => &mut call.headers,
        _ => return,
    };
    list.retain(|(name, _)| !name.eq_ignore_ascii_case(&parameter.name));
    match value {
        Value::Null => {}
        // `style: form` with `explode`, OpenAPI's default for a query.
        Value::Array(items) => list.extend(
            items
                .iter()
                .map(|item| (parameter.name.clone(), text_of(item))),
        ),
        value => list.push((parameter.name.clone(), text_of(value))),
    }
}

/// A value as the text of a parameter.
pub(crate) fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// The id in an answer to a create: in its body, or at the end of its Location.
pub(crate) fn created_id(answer: &Answer, pointer: &str) -> Option<String> {
    match answer.json().pointer(pointer) {
        Some(Value::String(id)) if !id.is_empty() => Some(id.clone()),
        Some(Value::Number(id)) => Some(id.to_string()),
        _ => answer
            .header("location")?
            .rsplit('/')
            .next()
            .filter(|id| !id.is_empty())
            .map(str::to_owned),
    }
}

/// An id of the same make that is not there: a UUID for a UUID, a large number for a number, else a text of the same length.
pub(crate) fn absent(id: &str) -> String {
    if id.len() == 36 && id.matches('-').count() == 4 {
        return uuid(0x0dec_0de0_dec0_de0d_ec0d_e0de_c0de_0dec);
    }
    if id.bytes().all(|byte| byte.is_ascii_digit()) {
        return "987654321".to_owned();
    }
    id.chars()
        .map(|c| match c {
            'a'..='y' | 'A'..='Y' | '0'..='8' => char::from_u32(c as u32 + 1).unwrap_or(c),
            'z' => 'a',
            'Z' => 'A',
            '9' => '0',
            other => other,
        })
        .collect()
}

/// Whether a field is never shown, or not as it was sent.
pub(crate) fn is_secret(field: &Value) -> bool {
    field["format"] == "password" || field["writeOnly"] == true || field["x-secret"] == true
}

/// Whether what is shown says what was sent: numbers by their size, times by their instant.
///
/// A host may show more of an object than was sent, and none of a field that the schema of what it shows does not know.
pub(crate) fn same(root: &Value, schema: &Value, sent: &Value, got: &Value) -> bool {
    let schema = flat(root, schema);
    match (sent, got) {
        (Value::Number(a), Value::Number(b)) => a.as_f64() == b.as_f64(),
        (Value::String(a), Value::String(b)) => {
            let instant = |text: &str| chrono::DateTime::parse_from_rfc3339(text).ok();
            a == b || instant(a).is_some_and(|a| instant(b) == Some(a))
        }
        (Value::Array(a), Value::Array(b)) => {
            let alike = |(a, b)| same(root, &schema["items"], a, b);
            a.len() == b.len() && a.iter().zip(b).all(alike)
        }
        (Value::Object(a), Value::Object(b)) => a.iter().all(|(name, a)| {
            let fields = &schema["properties"];
            match b.get(name) {
                Some(b) => same(root, &fields[name], a, b),
                None => fields.is_object() && fields.get(name).is_none(),
            }
        }),
        // What was named by its id may be shown with more of it.
        (Value::Number(_) | Value::String(_), Value::Object(b)) => {
            let id = b.get("id");
            id.is_some_and(|id| same(root, &Value::Null, sent, id))
        }
        (a, b) => a == b,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_absent_id_is_of_the_same_make() {
        assert_eq!(absent("7b0f3a52-5c1d-4e9a-8f60-2d4c1b9a7e33").len(), 36);
        assert_eq!(absent("17"), "987654321");
        assert_eq!(absent("prj_a9Z"), "qsk_b0A");
    }

    #[test]
    fn values_are_compared_by_what_they_say() {
        let same = |sent: &Value, got: &Value| same(&json!({}), &Value::Null, sent, got);
        assert!(same(&json!(1), &json!(1.0)) && !same(&json!(1), &json!("1")));
        assert!(same(
            &json!("2026-01-01T00:00:00Z"),
            &json!("2026-01-01T01:00:00.000+01:00")
        ));
        assert!(same(&json!({ "a": [1] }), &json!({ "a": [1.0], "b": 2 })));
        assert!(!same(&json!({ "a": [1] }), &json!({ "a": [1, 2] })));
    }

    #[test]
    fn what_is_shown_may_lack_what_its_schema_does_not_know() {
        let root = json!({});
        let knows = |names: &[&str]| {
            let fields: serde_json::Map<String, Value> = names
                .iter()
                .map(|it| ((*it).to_owned(), json!({})))
                .collect();
            json!({ "type": "array", "items": { "properties": fields } })
        };
        let (sent, got) = (json!([{ "a": 1, "b": 2 }]), json!([{ "a": 1 }]));
        assert!(same(&root, &knows(&["a"]), &sent, &got));
        assert!(!same(&root, &knows(&["a", "b"]), &sent, &got));
        assert!(same(
            &root,
            &Value::Null,
            &json!([3]),
            &json!([{ "id": 3, "name": "x" }])
        ));
    }
}
