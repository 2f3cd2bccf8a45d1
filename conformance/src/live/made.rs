//! What Maestro's operations make: under which names, what removes it, and how it is found again.

use serde_json::Value;

use crate::engine::{Answer, Call, Operation};

/// What names of ours begin with, in lower case.
const BEGINNINGS: [&str; 3] = ["conformance-", "conformance_", "/conformance/"];

/// An operation that makes something.
#[derive(Debug)]
pub(super) struct Maker {
    pub(super) operation: &'static str,
    /// Where its body names what it makes; an upload's names are its paths.
    name: &'static str,
    /// Where its answer has the ids, and what removes each.
    made: &'static [(&'static str, &'static str)],
    /// How what it made is found by its name.
    pub(super) lookup: Option<Lookup>,
}

/// How something is found by its name.
#[derive(Debug)]
pub(super) struct Lookup {
    pub(super) operation: &'static str,
    /// The parameter that takes the name, where there is one.
    pub(super) search: Option<&'static str>,
    /// The parameter that counts pages, and its first.
    pub(super) page: Option<(&'static str, u32)>,
    /// Where the answer has the list.
    pub(super) list: &'static str,
    /// The field that holds the name.
    pub(super) name: &'static str,
    pub(super) remove: &'static str,
}

pub(super) const MAKERS: [Maker; 7] = [
    Maker {
        operation: "create_pipeline",
        name: "/name",
        made: &[("/data/pipeline_id", "delete_pipeline")],
        lookup: Some(Lookup {
            operation: "list_pipelines",
            search: None,
            page: None,
            list: "",
            name: "name",
            remove: "delete_pipeline",
        }),
    },
    Maker {
        operation: "create_connection",
        name: "/name",
        made: &[("/id", "delete_connection")],
        lookup: Some(Lookup {
            operation: "list_connections",
            search: Some("name"),
            page: Some(("start_page", 1)),
            list: "/connections",
            name: "name",
            remove: "delete_connection",
        }),
    },
    Maker {
        operation: "create_data_asset",
        name: "/name",
        made: &[("/data_asset/id", "delete_data_asset")],
        lookup: Some(Lookup {
            operation: "list_catalog",
            search: Some("search"),
            page: Some(("page", 1)),
            list: "/data_assets",
            name: "name",
            remove: "delete_data_asset",
        }),
    },
    Maker {
        operation: "create_table",
        name: "/name",
        made: &[("/id", "delete_table")],
        lookup: Some(Lookup {
            operation: "list_tables",
            search: None,
            page: None,
            list: "/tables",
            name: "name",
            remove: "delete_table",
        }),
    },
    Maker {
        operation: "create_users",
        name: "/users/*/username",
        made: &[("/users/*/id", "delete_user")],
        lookup: Some(Lookup {
            operation: "list_users",
            search: None,
            page: None,
            list: "/users",
            name: "username",
            remove: "delete_user",
        }),
    },
    Maker {
        operation: "upload_files",
        name: "",
        made: &[("/datasetId", "delete_dataset")],
        lookup: Some(Lookup {
            operation: "list_datasets",
            search: None,
            page: None,
            list: "/datasets",
            name: "path",
            remove: "delete_dataset",
        }),
    },
    // A key has no name, so one whose id was not heard is not found again.
    Maker {
        operation: "create_api_key",
        name: "",
        made: &[("/id", "delete_api_key")],
        lookup: None,
    },
];

/// How an operation makes something, if it does.
pub(super) fn maker(operation: &str) -> Option<&'static Maker> {
    MAKERS.iter().find(|maker| maker.operation == operation)
}

/// Whether a name is one of ours.
pub(super) fn is_ours(name: &str) -> bool {
    let name = name.to_lowercase();
    BEGINNINGS
        .iter()
        .any(|beginning| name.starts_with(beginning))
}

/// One spelling for all of an id.
pub(super) fn normal(id: &str) -> String {
    id.to_lowercase().replace('_', "-")
}

impl Maker {
    /// Whether what it makes has no name.
    pub(super) fn is_nameless(&self) -> bool {
        self.operation == "create_api_key"
    }

    /// The names in a call.
    pub(super) fn names(&self, call: &Call) -> Vec<String> {
        if self.operation == "upload_files" {
            return paths(call);
        }
        let body = json(call);
        let mut names = texts(&body, self.name);
        if self.operation == "create_data_asset" && names.is_empty() {
            names = texts(&body, "/display_name");
        }
        names
    }

    /// What its answer says that it made: what removes each, and its id.
    pub(super) fn made(&self, answer: &Answer) -> Vec<(&'static str, String)> {
        let body = answer.json();
        let mut made = Vec::new();
        if self.operation == "upload_files" {
            made.extend(
                paths(&answer.call)
                    .into_iter()
                    .map(|it| ("delete_file", it)),
            );
        }
        for (place, remove) in self.made {
            made.extend(texts(&body, place).into_iter().map(|id| (*remove, id)));
        }
        made
    }
}

/// The ids that a write names: in its path, its query and its body.
pub(super) fn named(call: &Call, operation: Option<&Operation>) -> Vec<String> {
    let Some(operation) = operation else {
        return Vec::new();
    };
    let template = operation.path.split('/');
    let mut named: Vec<String> = template
        .zip(call.path.split('/'))
        .filter(|(template, _)| template.starts_with('{'))
        .map(|(_, value)| decoded(value))
        .collect();
    if operation.id == "delete_file" {
        let paths = call.query.iter().filter(|(name, _)| name == "path");
        named.extend(paths.map(|(_, value)| value.clone()));
    }
    if named.is_empty() {
        named.extend(texts(&json(call), "/pipeline_id"));
    }
    named
}

/// A segment of a path as it was before it was encoded.
pub(super) fn decoded(segment: &str) -> String {
    percent_encoding::percent_decode_str(segment)
        .decode_utf8_lossy()
        .into_owned()
}

pub(super) fn json(call: &Call) -> Value {
    call.body
        .as_deref()
        .and_then(|body| serde_json::from_slice(body).ok())
        .unwrap_or(Value::Null)
}

/// The texts at a JSON pointer in which `*` stands for every element.
pub(super) fn texts(value: &Value, pointer: &str) -> Vec<String> {
    let found = match pointer.split_once("/*") {
        Some((list, rest)) => {
            let list = value.pointer(list).and_then(Value::as_array);
            let list = list.into_iter().flatten();
            return list.flat_map(|element| texts(element, rest)).collect();
        }
        None => value.pointer(pointer),
    };
    let text = found.and_then(Value::as_str).filter(|it| !it.is_empty());
    text.map(str::to_owned).into_iter().collect()
}

/// The paths that an upload stores.
fn paths(call: &Call) -> Vec<String> {
    let folder = call.query.iter().find(|(name, _)| name == "folderPath");
    let folder = folder.map_or("", |(_, folder)| folder.trim_end_matches('/'));
    let body = String::from_utf8_lossy(call.body.as_deref().unwrap_or_default()).into_owned();
    body.split("filename=\"")
        .skip(1)
        .filter_map(|rest| rest.split_once('"'))
        .map(|(name, _)| format!("{folder}/{name}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_name_of_ours_is_one_in_whatever_case_and_no_other_is() {
        for ours in [
            "conformance-a",
            "CONFORMANCE-A 1",
            "conformance_t",
            "/conformance/x/rows.csv",
        ] {
            assert!(is_ours(ours), "{ours}");
        }
        for other in [
            "",
            "conformance",
            "orders",
            "/raw/conformance/x",
            "my conformance-a",
        ] {
            assert!(!is_ours(other), "{other}");
        }
    }

    #[test]
    fn the_names_of_a_call_are_those_that_its_things_will_have() {
        let mut call = Call::undescribed("POST", "/users")
            .with_json(&json!({ "users": [{ "username": "a" }, { "username": "b" }, {}] }));
        let users = maker("create_users").unwrap();
        assert_eq!(users.names(&call), ["a", "b"]);
        call.query = vec![("folderPath".into(), "/conformance/x/".into())];
        call.body =
            Some(b"--b\r\nx: form-data; name=\"file\"; filename=\"rows.csv\"\r\n\r\n1".to_vec());
        let upload = maker("upload_files").unwrap();
        assert_eq!(upload.names(&call), ["/conformance/x/rows.csv"]);
    }
}
