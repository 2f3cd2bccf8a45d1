//! What a run knows before its first step: the document's resources, who speaks, and how a request for an operation is made.

use serde_json::Value;

use super::actors::Scheme;
use super::resources::Resource;
use super::samples::uuid;
use super::shape::flat;
use super::values::smallest;
use crate::engine::{Call, Document, Operation, Parameter, Sign};

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
    pub(crate) fn operation(&self, id: &str) -> Option<&Operation> {
        self.document.operation(id)
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
        match (body, self.body_schema(operation)) {
            (Some(body), _) => call.with_json(body),
            (None, Some(schema)) => call.with_json(&smallest(root, schema)),
            (None, None) => call,
        }
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

/// Whether two values say the same: numbers by their size, times by their instant.
pub(crate) fn same(sent: &Value, got: &Value) -> bool {
    match (sent, got) {
        (Value::Number(a), Value::Number(b)) => a.as_f64() == b.as_f64(),
        (Value::String(a), Value::String(b)) => {
            let instant = |text: &str| chrono::DateTime::parse_from_rfc3339(text).ok();
            a == b || instant(a).is_some_and(|a| instant(b) == Some(a))
        }
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        // A server may show more of an object than was sent.
        (Value::Object(a), Value::Object(b)) => a
            .iter()
            .all(|(name, a)| b.get(name).is_some_and(|b| same(a, b))),
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
        assert!(same(&json!(1), &json!(1.0)) && !same(&json!(1), &json!("1")));
        assert!(same(
            &json!("2026-01-01T00:00:00Z"),
            &json!("2026-01-01T01:00:00.000+01:00")
        ));
        assert!(same(&json!({ "a": [1] }), &json!({ "a": [1.0], "b": 2 })));
        assert!(!same(&json!({ "a": [1] }), &json!({ "a": [1, 2] })));
    }
}
