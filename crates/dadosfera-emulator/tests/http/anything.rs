//! Requests at random for every operation: whatever comes, no answer is a 5xx that the API does not document, and what was
//! refused left no trace.
//!
//! `EMULATOR_SEED` names the first seed of a run; each failure prints the one that repeats it.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use reqwest::Method;
use serde_json::{Map, Value, json};

use crate::caller::{ORDERS, World};

const TEXTS: &[&str] = &[
    "",
    " ",
    "..",
    "../../etc/passwd",
    "%2e%2e%2f",
    "/raw/x",
    "/raw/../x",
    "a\\..\\b",
    "orders",
    ORDERS,
    "1b33ad2f_33d3_4837_9eeb_83c82c8b909d_0",
    "ação 🚀 e\u{301} \u{202e}",
    "\u{0}\u{1}\n",
    "-1",
    "18446744073709551616",
    "asc",
    "approved",
    "postgresql",
    "incremental",
    "@once",
    "0 0 31 2 *",
    "VARCHAR",
];
const NAMES: &[&str] = &[
    "id",
    "name",
    "jobs",
    "cron",
    "pipeline_id",
    "amount",
    "permissions",
    "users",
    "username",
    "password",
    "group",
    "config",
    "plugin",
    "status",
    "columns",
    "type",
    "schema",
    "datasetId",
    "display_name",
    "data_asset_type",
    "tags",
    "docs",
    "certification_status",
    "target_load_type",
    "force",
    "primary_keys",
    "state",
    "code",
    "redirect_uri",
    "refreshToken",
    "customerName",
    "input",
    "output",
    "connector",
    "path",
    "folderPath",
    "page",
    "size",
    "limit",
    "sort_by",
    "order",
    "search",
    "start_page",
    "no_such",
];

struct Chance(ChaCha8Rng);

impl Chance {
    fn below(&mut self, end: usize) -> usize {
        self.0.next_u32() as usize % end
    }

    fn of<'a>(&mut self, these: &[&'a str]) -> &'a str {
        these[self.below(these.len())]
    }

    fn value(&mut self, depth: usize) -> Value {
        match self.below(if depth == 0 { 7 } else { 9 }) {
            0 => Value::Null,
            1 => json!(self.below(2) == 0),
            2 => json!(self.0.next_u64()),
            3 => json!(-(i64::from(self.0.next_u32()))),
            4 => json!(1.5e300),
            5 | 6 => json!(self.of(TEXTS)),
            7 => (0..self.below(4)).map(|_| self.value(depth - 1)).collect(),
            _ => self.object(depth - 1),
        }
    }

    fn object(&mut self, depth: usize) -> Value {
        let fields = (0..self.below(6)).map(|_| {
            let name = self.of(NAMES).to_owned();
            (name, self.value(depth))
        });
        Value::Object(fields.collect::<Map<_, _>>())
    }

    fn body(&mut self) -> Vec<u8> {
        match self.below(10) {
            0 => Vec::new(),
            1 => (0..self.below(64)).map(|_| self.below(256) as u8).collect(),
            2 => self.value(3).to_string().into_bytes(),
            3 => {
                let whole = self.object(3).to_string();
                whole.into_bytes()[..1].to_vec()
            }
            _ => self.object(3).to_string().into_bytes(),
        }
    }

    fn path(&mut self, template: &str) -> String {
        let segments = template.split('/').map(|segment| {
            if segment.starts_with('{') {
                escaped(self.of(&TEXTS[2..]))
            } else {
                segment.to_owned()
            }
        });
        let path = segments.collect::<Vec<_>>().join("/");
        let query: Vec<String> = (0..self.below(4))
            .map(|_| format!("{}={}", self.of(NAMES), escaped(self.of(TEXTS))))
            .collect();
        format!("{path}?{}", query.join("&"))
    }
}

fn escaped(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// All that can be listed.
async fn everything(world: &World) -> Vec<Value> {
    let mut listed = Vec::new();
    for path in [
        "/platform/pipelines",
        "/connections",
        "/catalog?size=1000",
        "/users",
        "/api-key",
        "/customers/current",
        "/storage-explorer/storage",
        "/storage-explorer/datasets",
        "/storage-explorer/tables",
    ] {
        let (status, body) = world.get(path).await;
        assert_eq!(status, 200, "{path}");
        listed.push(body);
    }
    listed
}

/// The 5xx that the API documents.
fn documented(operation: &str, body: &str) -> bool {
    match operation {
        "create_api_key" => body.contains("Invalid permission IDs"),
        "update_data_asset" => body.contains("each tag must be a string"),
        _ => false,
    }
}

#[tokio::test]
async fn whatever_comes_is_answered_and_what_is_refused_leaves_no_trace() {
    let given = std::env::var("EMULATOR_SEED").ok();
    let first: u64 = given.and_then(|seed| seed.parse().ok()).unwrap_or(1);
    let mut refused = 0;
    for seed in first..first + 2 {
        let mut chance = Chance(ChaCha8Rng::seed_from_u64(seed));
        let world = World::ana().await;
        world.create_orders(Value::Null).await;
        for operation in dadosfera_raw::OPS {
            let before = everything(&world).await;
            let mut changed = false;
            for _ in 0..20 {
                let method = Method::from_bytes(operation.method.as_bytes()).unwrap();
                let path = chance.path(operation.path);
                let body = chance.body();
                let media_type = chance.of(&[
                    "application/json",
                    "application/json",
                    "application/json",
                    "text/plain",
                    "multipart/form-data; boundary=x",
                ]);
                let shown = format!(
                    "seed {seed}: {method} {path} {media_type} {}",
                    String::from_utf8_lossy(&body)
                );
                let request = world.http.request(method, world.url(&path));
                let answer = request
                    .header("authorization", &world.token)
                    .header("customer_name", "acme_corp")
                    .header("content-type", media_type)
                    .body(body)
                    .send()
                    .await;
                let answer = answer.unwrap_or_else(|error| panic!("{shown}: {error}"));
                let status = answer.status().as_u16();
                let text = answer.text().await.unwrap();
                assert!(
                    status < 500 || documented(operation.id, &text),
                    "{shown}: {status} {text}"
                );
                if status >= 400 {
                    refused += 1;
                    let body: Value = serde_json::from_str(&text)
                        .unwrap_or_else(|_| panic!("{shown}: {status} {text}"));
                    let told = ["detail", "msg", "message"]
                        .iter()
                        .any(|name| !body[*name].is_null());
                    assert!(told, "{shown}: {status} {text}");
                } else {
                    changed |= operation.method != "GET";
                }
            }
            if !changed {
                assert_eq!(
                    everything(&world).await,
                    before,
                    "seed {seed}: {}",
                    operation.id
                );
            }
        }
    }
    assert!(refused > 500, "only {refused} were refused");
}

#[tokio::test]
async fn names_of_every_kind_of_unicode_come_back_as_they_are() {
    let world = World::ana().await;
    for name in [
        "ação",
        "e\u{301}",
        "🚀👩‍👩‍👧",
        "\u{202e}rtl",
        "表",
        "\u{feff}x",
        "a\u{0}b",
        "𝒜",
    ] {
        let asset = json!({"display_name": name, "data_asset_type": "dataset"});
        let (status, made) = world.post("/catalog", asset).await;
        assert_eq!(status, 201, "{name:?}");
        let id = made["data_asset"]["id"].as_str().unwrap();
        let path = format!("/catalog/data-asset/{id}");
        assert_eq!(world.get(&path).await.1["data_asset"]["display_name"], name);
    }
}

#[tokio::test]
async fn pages_that_do_not_exist_are_refused_and_no_size_is_too_large() {
    let world = World::ana().await;
    for (path, expected) in [
        ("/catalog?page=-1", 400),
        ("/catalog?page=0", 400),
        ("/catalog?size=-5", 400),
        ("/catalog?size=99999999999999999999999", 200),
        ("/catalog?size=4294967295&page=4294967295", 200),
        ("/connections?start_page=-1", 400),
        ("/connections?size=0", 400),
        ("/pipelinesv2?page=-1", 400),
        ("/pipelinesv2?size=x", 400),
    ] {
        let (status, body) = world.get(path).await;
        assert_eq!(status, expected, "{path}: {body}");
    }
}

#[tokio::test]
async fn a_table_of_ten_thousand_columns_is_a_table_and_one_of_too_many_is_none() {
    let world = World::ana().await;
    let table = |name: &str, columns: usize| {
        let column = |number| json!({"name": format!("c{number}"), "type": "FLOAT"});
        let columns: Vec<Value> = (0..columns).map(column).collect();
        json!({"name": name, "columns": columns})
    };
    let tables = "/storage-explorer/tables";
    let (status, made) = world.post(tables, table("wide", 10_000)).await;
    assert_eq!(status, 201);
    assert_eq!(made["columns"].as_array().unwrap().len(), 10_000);
    let (status, refused) = world.post(tables, table("wider", 20_001)).await;
    assert_eq!(status, 400, "{refused}");
    assert_eq!(
        world.get(tables).await.1["tables"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}
