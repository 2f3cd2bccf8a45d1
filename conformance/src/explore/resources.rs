//! What a document is about: its resources, inferred from its paths, its links and the names of its fields.
//!
//! `/things` with a POST or a GET beside `/things/{thing}` is a resource, and so is a POST with a link to an item's path.
//! What a create answers names the id that the item's path takes: by a link, by the parameter's name, or by the field `id`.
//! Where `/thing` has no list, `/things` may be it.

use serde_json::Value;

use super::shape::{flat, kind};
use crate::engine::{Document, Operation, entries};

/// One kind of thing that a host keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource {
    /// The path of the collection.
    pub collection: String,
    /// The path of one item, and the parameter that names it.
    pub item: Option<(String, String)>,
    /// The resource in whose items the collection lies, and the parameter of that.
    pub parent: Option<usize>,
    /// The operation that makes one, and where its answer holds the id.
    pub create: Option<(String, String)>,
    /// The operation that lists them, and how.
    pub list: Option<(String, Listing)>,
    /// The operation that reads one.
    pub read: Option<String>,
    /// The operation that changes some fields of one (PATCH).
    pub update: Option<String>,
    /// The operation that replaces one (PUT).
    pub replace: Option<String>,
    /// The operation that deletes one.
    pub delete: Option<String>,
}

/// How a list is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// Where its answer holds the items, as a pointer.
    pub items: String,
    /// Where an item holds its id, as a pointer.
    pub id: String,
    /// Where the answer holds how many there are.
    pub total: Option<String>,
    /// How it is paged.
    pub paging: Option<Paging>,
    /// The query parameters that are named like a field of the items.
    pub filters: Vec<String>,
}

/// How a list is paged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paging {
    /// The parameter for how many items a page holds.
    pub limit: String,
    /// The most that it may be.
    pub most: u64,
    /// What names the next page.
    pub next: Next,
}

/// What names the next page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Next {
    /// A parameter for how many items come before.
    Offset(String),
    /// A parameter for the number of the page, and the first number.
    Page(String, u64),
    /// A parameter for a cursor, and where an answer holds the next one.
    Cursor(String, String),
}

const LIMITS: [&str; 7] = [
    "limit",
    "page_size",
    "pagesize",
    "per_page",
    "perpage",
    "size",
    "page_limit",
];
const OFFSETS: [&str; 4] = ["offset", "skip", "start", "from"];
const PAGES: [&str; 3] = ["page", "page_number", "pagenumber"];
const CURSORS: [&str; 6] = [
    "cursor",
    "after",
    "page_token",
    "pagetoken",
    "starting_after",
    "next_token",
];
const NEXTS: [&str; 7] = [
    "next_cursor",
    "nextcursor",
    "next",
    "next_page_token",
    "nextpagetoken",
    "next_token",
    "cursor",
];
const TOTALS: [&str; 6] = [
    "total",
    "count",
    "total_count",
    "totalcount",
    "total_items",
    "totalitems",
];

/// The resources of a document, parents before children.
#[must_use]
pub fn resources(document: &Document) -> Vec<Resource> {
    let mut collections: Vec<&str> = Vec::new();
    for operation in document.operations() {
        let path = operation.path.as_str();
        let collection = match split_item(path) {
            Some((collection, _)) => collection,
            None => path,
        };
        if !collections.contains(&collection) && is_collection(document, collection) {
            collections.push(collection);
        }
    }
    collections.sort_by_key(|path| (path.matches('/').count(), (*path).to_owned()));
    let mut found: Vec<Resource> = Vec::new();
    for collection in collections {
        let resource = resource(document, collection, &found);
        if resource.create.is_some() || resource.list.is_some() {
            found.push(resource);
        }
    }
    found
}

impl Resource {
    /// The operation that changes an item: PATCH before PUT.
    #[must_use]
    pub fn change(&self) -> Option<&str> {
        self.update.as_deref().or(self.replace.as_deref())
    }

    /// The parameter that names an item.
    #[must_use]
    pub fn id_parameter(&self) -> Option<&str> {
        self.item.as_ref().map(|(_, parameter)| parameter.as_str())
    }
}

fn split_item(path: &str) -> Option<(&str, &str)> {
    let (before, last) = path.rsplit_once('/')?;
    let parameter = last.strip_prefix('{')?.strip_suffix('}')?;
    (!before.is_empty()).then_some((before, parameter))
}

fn is_collection(document: &Document, path: &str) -> bool {
    if split_item(path).is_some() {
        return false;
    }
    let at = |method| {
        document
            .operations()
            .iter()
            .any(|operation| operation.path == path && operation.method == method)
    };
    (at("GET") || at("POST")) && item_of(document, path).is_some()
}

/// The path of an item of a collection and the parameter that names it: below the collection, or where a link of its create leads.
fn item_of(document: &Document, collection: &str) -> Option<(String, String)> {
    let operations = document.operations();
    let item = |operation: &Operation| {
        split_item(&operation.path).map(|(before, name)| {
            (
                before == collection,
                operation.path.clone(),
                name.to_owned(),
            )
        })
    };
    let below = operations
        .iter()
        .filter_map(item)
        .find(|(is_below, ..)| *is_below);
    let linked = || {
        operations
            .iter()
            .filter(|operation| operation.path == collection && operation.method == "POST")
            .flat_map(links)
            .filter_map(|link| item(document.operation(link["operationId"].as_str()?)?))
            .next()
    };
    below.or_else(linked).map(|(_, path, name)| (path, name))
}

/// The links of an operation's successes.
fn links(operation: &Operation) -> impl Iterator<Item = &Value> {
    operation
        .responses
        .iter()
        .filter(|(status, _)| status.starts_with('2'))
        .flat_map(|(_, answer)| answer.links.values())
}

fn resource(document: &Document, collection: &str, before: &[Resource]) -> Resource {
    let at = |method: &str, path: &str| {
        document
            .operations()
            .iter()
            .find(|operation| operation.method == method && operation.path == path)
    };
    let item = item_of(document, collection);
    let parameter = item
        .as_ref()
        .map(|(_, name)| name.as_str())
        .unwrap_or_default();
    let item_path = item
        .as_ref()
        .map(|(path, _)| path.as_str())
        .unwrap_or_default();
    let id_of = |method: &str| at(method, item_path).map(|operation| operation.id.clone());
    let create = at("POST", collection).and_then(|operation| {
        Some((
            operation.id.clone(),
            created_id(document, operation, parameter)?,
        ))
    });
    let plural = format!("{collection}s");
    let list = at("GET", collection).or_else(|| at("GET", &plural));
    let list = list.and_then(|operation| {
        Some((
            operation.id.clone(),
            listing(document, operation, parameter)?,
        ))
    });
    let parent = before.iter().rposition(|other| {
        other.item.as_ref().is_some_and(|(path, _)| {
            collection
                .strip_prefix(path.as_str())
                .is_some_and(|rest| rest.starts_with('/'))
        })
    });
    Resource {
        collection: collection.to_owned(),
        parent,
        create,
        list,
        read: id_of("GET"),
        update: id_of("PATCH"),
        replace: id_of("PUT"),
        delete: id_of("DELETE"),
        item,
    }
}

/// The schema of an operation's first success that has one.
pub(crate) fn success_schema(operation: &Operation) -> Option<&Value> {
    operation
        .responses
        .iter()
        .filter(|(status, _)| status.starts_with('2'))
        .find_map(|(_, response)| {
            response
                .content
                .iter()
                .find(|(media, _)| media.contains("json"))
                .map(|(_, schema)| schema)
        })
}

fn created_id(document: &Document, operation: &Operation, parameter: &str) -> Option<String> {
    for link in links(operation) {
        let expression = link["parameters"][parameter].as_str().unwrap_or_default();
        if let Some(pointer) = expression.strip_prefix("$response.body#") {
            return Some(pointer.to_owned());
        }
    }
    id_pointer(&document.root, success_schema(operation)?, parameter)
}

/// Where a schema holds the id: at its top or, as in `{data: {id}}`, one level down.
fn id_pointer(root: &Value, schema: &Value, parameter: &str) -> Option<String> {
    id_in(root, schema, parameter).or_else(|| {
        entries(flat(root, schema).get("properties"))
            .find_map(|(name, field)| Some(format!("/{name}{}", id_in(root, field, parameter)?)))
    })
}

/// Where the success of an operation holds the thing itself: empty for the whole body, or the pointer of its wrapper.
pub(crate) fn wrapper(root: &Value, operation: &Operation, parameter: Option<&str>) -> String {
    let found = success_schema(operation)
        .zip(parameter)
        .and_then(|(schema, parameter)| id_pointer(root, schema, parameter));
    let outer = found
        .as_deref()
        .and_then(|pointer| pointer.rsplit_once('/'));
    outer.map_or_else(String::new, |(wrapper, _)| wrapper.to_owned())
}

fn id_in(root: &Value, schema: &Value, parameter: &str) -> Option<String> {
    let schema = flat(root, schema);
    let plain = |name: &str| name.to_ascii_lowercase().replace(['_', '-'], "");
    let wanted = plain(parameter);
    let fields: Vec<&str> = entries(schema.get("properties"))
        .map(|(name, _)| name)
        .collect();
    let by = |wanted: &str| {
        fields
            .iter()
            .find(|name| plain(name) == wanted)
            .map(|name| format!("/{name}"))
    };
    by(&wanted)
        .or_else(|| by("id"))
        .or_else(|| by("uuid"))
        .or_else(|| {
            // `/things/{name}`: what the parameter calls the field, without its noun.
            fields
                .iter()
                .find(|name| wanted.ends_with(&plain(name)) && name.len() > 2)
                .map(|name| format!("/{name}"))
        })
}

fn listing(document: &Document, operation: &Operation, parameter: &str) -> Option<Listing> {
    let root = &document.root;
    let schema = flat(root, success_schema(operation)?);
    let (items, item_schema) = if kind(&schema) == "array" {
        (String::new(), schema.get("items")?.clone())
    } else {
        entries(schema.get("properties")).find_map(|(name, field)| {
            let field = flat(root, field);
            let item = field.get("items")?;
            id_in(root, item, parameter)?;
            Some((format!("/{name}"), item.clone()))
        })?
    };
    let id = id_in(root, &item_schema, parameter)?;
    let item_schema = flat(root, &item_schema);
    let is_field = |name: &str| item_schema["properties"].get(name).is_some();
    let query = || {
        operation
            .parameters
            .iter()
            .filter(|parameter| parameter.place == "query")
    };
    Some(Listing {
        items,
        id,
        total: field_named(root, &schema, &TOTALS),
        paging: paging(root, operation, &schema),
        filters: query()
            .filter(|parameter| is_field(&parameter.name))
            .map(|parameter| parameter.name.clone())
            .collect(),
    })
}

fn paging(root: &Value, operation: &Operation, schema: &Value) -> Option<Paging> {
    let named = |names: &[&str]| {
        operation
            .parameters
            .iter()
            .filter(|parameter| parameter.place == "query")
            .find(|parameter| names.contains(&parameter.name.to_ascii_lowercase().as_str()))
    };
    let limit = named(&LIMITS)?;
    let next = if let Some(offset) = named(&OFFSETS) {
        Next::Offset(offset.name.clone())
    } else if let Some(page) = named(&PAGES) {
        let schema = flat(root, &page.schema);
        let first = schema["minimum"]
            .as_u64()
            .or_else(|| schema["default"].as_u64())
            .unwrap_or(1);
        Next::Page(page.name.clone(), first)
    } else {
        Next::Cursor(
            named(&CURSORS)?.name.clone(),
            field_named(root, schema, &NEXTS)?,
        )
    };
    let most = flat(root, &limit.schema)["maximum"].as_u64().unwrap_or(100);
    Some(Paging {
        limit: limit.name.clone(),
        most,
        next,
    })
}

/// A field by one of its usual names, at the top or one level down.
fn field_named(root: &Value, schema: &Value, names: &[&str]) -> Option<String> {
    let is = |name: &str| names.contains(&name.to_ascii_lowercase().as_str());
    if let Some((name, _)) = entries(schema.get("properties")).find(|(name, _)| is(name)) {
        return Some(format!("/{name}"));
    }
    entries(schema.get("properties")).find_map(|(outer, field)| {
        let field = flat(root, field);
        let inner = entries(field.get("properties"))
            .find(|(name, _)| is(name))?
            .0
            .to_owned();
        Some(format!("/{outer}/{inner}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHELF: &str = include_str!("../../fixtures/shelf/shelf.yaml");

    #[test]
    fn the_resources_of_the_shelf_are_found() {
        let found = resources(&Document::parse(SHELF).unwrap());
        let collections: Vec<&str> = found
            .iter()
            .map(|resource| resource.collection.as_str())
            .collect();
        assert_eq!(
            collections,
            ["/keys", "/projects", "/projects/{projectId}/tasks"]
        );
        let (keys, projects, tasks) = (&found[0], &found[1], &found[2]);
        assert_eq!(
            projects.create,
            Some(("create_project".to_owned(), "/id".to_owned()))
        );
        assert_eq!(projects.change(), Some("update_project"));
        let (_, listing) = projects.list.as_ref().unwrap();
        assert_eq!(
            (listing.items.as_str(), listing.total.as_deref()),
            ("/items", Some("/total"))
        );
        assert_eq!(listing.filters, ["state"]);
        assert_eq!(
            listing.paging,
            Some(Paging {
                limit: "limit".into(),
                most: 50,
                next: Next::Offset("offset".into())
            })
        );
        assert_eq!(tasks.parent, Some(1));
        assert_eq!(
            (keys.read.as_deref(), keys.delete.as_deref()),
            (None, Some("delete_key"))
        );
    }

    #[test]
    fn an_id_is_found_by_a_link_a_name_or_a_wrapper() {
        let find = |answer: &str| {
            let text = format!(
                "openapi: 3.0.3\npaths:\n  /things:\n    post: {{operationId: make, responses: {{'201': {answer}}}}}\n  \
                 /things/{{thingId}}: {{get: {{operationId: read, responses: {{}}}}}}\n"
            );
            resources(&Document::parse(&text).unwrap())
                .first()
                .and_then(|found| found.create.clone())
                .map(|(_, id)| id)
        };
        let body =
            |schema: &str| format!("{{content: {{application/json: {{schema: {schema}}}}}}}");
        assert_eq!(
            find(&body("{properties: {thing_id: {}, id: {}}}")).as_deref(),
            Some("/thing_id")
        );
        assert_eq!(
            find(&body("{properties: {name: {}, id: {}}}")).as_deref(),
            Some("/id")
        );
        assert_eq!(
            find(&body("{properties: {data: {properties: {id: {}}}}}")).as_deref(),
            Some("/data/id")
        );
        let linked =
            "{links: {read: {operationId: read, parameters: {thingId: '$response.body#/x/y'}}}}";
        assert_eq!(find(linked).as_deref(), Some("/x/y"));
        assert_eq!(find(&body("{properties: {other: {}}}")), None);
    }
}
