//! The text of a document as a tree, in which nothing is lost: a key that stands twice is refused, and a merge key of YAML 1.1
//! is carried out.

use std::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// Reads YAML, of which JSON is a part. JSON is read as JSON first, since YAML readers differ on its rarer escapes.
pub(crate) fn tree(text: &str) -> Result<Value, String> {
    let text = text.trim_start_matches('\u{feff}');
    if text.trim_start().starts_with('{') {
        let mut reader = serde_json::Deserializer::from_str(text);
        let read = Whole.deserialize(&mut reader);
        let read = read.and_then(|value| reader.end().map(|()| value));
        return match read {
            Ok(value) => Ok(value),
            // A flow mapping of YAML begins in the same way.
            Err(error) if error.is_syntax() => yaml(text).map_err(|_| error.to_string()),
            Err(error) => Err(error.to_string()),
        };
    }
    yaml(text)
}

fn yaml(text: &str) -> Result<Value, String> {
    Whole
        .deserialize(yaml_serde::Deserializer::from_str(text))
        .map_err(|error| error.to_string())
}

/// A value with all that is in it.
struct Whole;

impl<'de> DeserializeSeed<'de> for Whole {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Whole {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value of JSON")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        self.deserialize(deserializer)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(Whole)? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some(Key(key)) = members.next_key()? {
            if map.contains_key(&key) {
                return Err(A::Error::custom(format!(
                    "the key {key:?} stands twice; one of the two would be lost"
                )));
            }
            let value = members.next_value_seed(Whole)?;
            map.insert(key, value);
        }
        if let Some(merged) = map.remove("<<") {
            let merged = match merged {
                Value::Array(list) => list,
                one => vec![one],
            };
            for more in merged {
                let Value::Object(more) = more else {
                    return Err(A::Error::custom(
                        "a merge key `<<` is given something that is no map",
                    ));
                };
                for (key, value) in more {
                    map.entry(key).or_insert(value);
                }
            }
        }
        Ok(Value::Object(map))
    }
}

/// A key, whose text counts: `200` is one too.
struct Key(String);

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn json_and_yaml_are_read_with_all_that_is_in_them() {
        for text in [
            "\u{feff}{\"a\": [1, -2, 1.5, true, null, \"\\u00e9\\/\"], \"b\": {}}",
            "a: [1, -2, 1.5, true, null, é/]\nb: {}\n",
            "{a: [1, -2, 1.5, true, ~, 'é/'], b: {}}",
        ] {
            assert_eq!(
                tree(text).unwrap(),
                json!({ "a": [1, -2, 1.5, true, null, "é/"], "b": {} }),
                "{text}"
            );
        }
        assert_eq!(
            tree("200: a\n'404': b").unwrap(),
            json!({ "200": "a", "404": "b" })
        );
    }

    #[test]
    fn a_key_that_stands_twice_is_refused_with_its_line() {
        for text in [
            "{\"paths\": {\n\"/x\": {}, \"/x\": {}}}",
            "paths:\n  /x: {}\n  /x: {}\n",
            "paths: {200: 1,\n '200': 2}",
        ] {
            let error = tree(text).unwrap_err();
            assert!(
                error.contains("stands twice") && error.contains("line "),
                "{text}: {error}"
            );
        }
    }

    #[test]
    fn a_merge_key_is_carried_out_and_what_stands_beside_it_wins() {
        let text = "base: &base {a: 1, b: 2}\nmore: &more {c: 3}\none: {<<: *base, b: 7}\ntwo:\n  <<: [*base, *more]\n";
        let tree = tree(text).unwrap();
        assert_eq!(tree["one"], json!({ "a": 1, "b": 7 }));
        assert_eq!(tree["two"], json!({ "a": 1, "b": 2, "c": 3 }));
        let error = super::tree("one: {<<: 7}").unwrap_err();
        assert!(error.contains("no map"), "{error}");
    }
}
