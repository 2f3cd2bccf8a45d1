//! `cargo xtask fuzz`: random descriptions, valid and nearly valid, made from a grammar. Each is refused in words or makes
//! code that parses; a sample of the code is compiled. A panic, a hang, or code that does not parse is a failure, with the
//! seed that makes the description again.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use serde_json::{Map, Value, json};

use super::corpus::{client, dispatch};
use super::document::Document;
use super::generate::Worker;
use crate::command::Step;

/// What became of the descriptions.
#[derive(Debug, Default)]
struct Tally {
    taken: usize,
    refused: usize,
    /// Refused by the generator itself: known faults that no step before it sees.
    generator: usize,
    failures: Vec<String>,
    sample: Vec<(String, String)>,
}

pub(crate) fn run(root: &Path, count: u64, seed: u64, compile: usize) -> Result<String, String> {
    if count == 1 {
        crate::say::say(&format!("{:#}", description(seed)));
    }
    let half = count / 2;
    let ranges = [seed..seed + half, seed + half..seed + count];
    let tallies: Vec<Tally> = std::thread::scope(|scope| {
        let workers: Vec<_> = ranges
            .into_iter()
            .map(|range| {
                let builder = std::thread::Builder::new().stack_size(8 << 20);
                builder.spawn_scoped(scope, move || each(range, compile.div_ceil(2)))
            })
            .collect();
        workers
            .into_iter()
            .filter_map(|worker| worker.ok()?.join().ok())
            .collect()
    });
    let mut whole = Tally::default();
    for tally in tallies {
        whole.taken += tally.taken;
        whole.refused += tally.refused;
        whole.generator += tally.generator;
        whole.failures.extend(tally.failures);
        whole.sample.extend(tally.sample);
    }
    let tried = whole.taken + whole.refused + whole.generator + whole.failures.len();
    if tried as u64 != count {
        whole
            .failures
            .push(format!("only {tried} of {count} were tried"));
    }
    if !whole.failures.is_empty() {
        whole.failures.truncate(20);
        return Err(format!(
            "fuzz, from seed {seed}: {} descriptions fail:\n  {}",
            whole.failures.len(),
            whole.failures.join("\n  ")
        ));
    }
    build(root, &whole.sample)?;
    Ok(format!(
        "fuzz: {count} descriptions from seed {seed}: {} taken, {} refused in words, {} refused by the generator in words; {} compiled",
        whole.taken,
        whole.refused,
        whole.generator,
        whole.sample.len()
    ))
}

fn each(seeds: std::ops::Range<u64>, compile: usize) -> Tally {
    let mut tally = Tally::default();
    let mut worker = Worker::default();
    for seed in seeds {
        let text = description(seed).to_string();
        let module = format!("seed_{seed}");
        let made = catch_unwind(AssertUnwindSafe(|| {
            Document::parse(&text, "random")
                .and_then(|document| client(document, &module, Some(&mut worker)))
        }));
        match made {
            Err(_) => tally.failures.push(format!("seed {seed}: it panics")),
            Ok(Ok(source)) => {
                tally.taken += 1;
                if tally.sample.len() < compile {
                    tally.sample.push((module, source));
                }
            }
            Ok(Err(complaint)) if complaint.contains("the generator cannot take it") => {
                tally.generator += 1;
            }
            Ok(Err(complaint))
                if complaint.contains("the pass over the generated code failed")
                    || complaint.contains("does not parse") =>
            {
                tally.failures.push(format!("seed {seed}: {complaint}"));
            }
            Ok(Err(_)) => tally.refused += 1,
        }
    }
    tally
}

fn build(root: &Path, sample: &[(String, String)]) -> Result<(), String> {
    if sample.is_empty() {
        return Ok(());
    }
    let folder = root.join("target/corpus");
    std::fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
    let path = folder.join("sample.rs");
    std::fs::write(&path, dispatch(sample))
        .map_err(|error| format!("{}: {error}", path.display()))?;
    Step::new(
        "sample",
        "cargo check --quiet --locked -p regen-corpus --features rows --lib",
        "the module names the seed; `cargo xtask fuzz --seed N --count 1` makes its description again",
    )
    .with("REGEN_ROWS", path.display().to_string())
    .run(root)
}

/// Numbers that follow from a seed (SplitMix64), and the schemas that the description has.
struct Dice(u64, Vec<&'static str>);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end.max(1)
    }

    fn in_ten(&mut self, chances: u64) -> bool {
        self.below(10) < chances
    }

    /// One in a hundred or so: something that a document must not hold.
    fn slip(&mut self) -> bool {
        self.below(120) == 0
    }

    /// A schema that there is, but for a slip.
    fn reference(&mut self) -> Value {
        let index = self.below(self.1.len() as u64) as usize;
        let name = if self.slip() {
            "Nothing"
        } else {
            self.1[index]
        };
        json!({ "$ref": format!("#/components/schemas/{name}") })
    }

    fn pick<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words[self.below(words.len() as u64) as usize]
    }
}

const NAMES: [&str; 24] = [
    "id",
    "name",
    "Name",
    "page_size",
    "pageSize",
    "type",
    "self",
    "größe",
    "a-b",
    "a.b",
    "2fa",
    "",
    "kind",
    "body",
    "url",
    "request",
    "X-Trace",
    "value",
    "extra",
    "items",
    "Self",
    "$ref-ish",
    "with space",
    "info",
];
const SCHEMAS: [&str; 9] = [
    "Thing",
    "thing",
    "Node",
    "Kind",
    "Option",
    "api.v1.User",
    "HTTPError",
    "2Fa",
    "Self",
];
const PLACES: [&str; 5] = ["path", "query", "header", "cookie", "body"];
const STYLES: [&str; 7] = [
    "form",
    "simple",
    "deepObject",
    "pipeDelimited",
    "spaceDelimited",
    "label",
    "matrix",
];
const MEDIA: [&str; 10] = [
    "application/json",
    "application/problem+json",
    "text/plain",
    "application/octet-stream",
    "multipart/form-data",
    "application/x-www-form-urlencoded",
    "image/png",
    "*/*",
    "application/json; charset=utf-8",
    "text/csv",
];
const STATUSES: [&str; 12] = [
    "200", "201", "204", "2XX", "302", "400", "404", "422", "4XX", "500", "5XX", "default",
];
const FORMATS: [&str; 14] = [
    "date-time",
    "date",
    "uuid",
    "password",
    "byte",
    "binary",
    "int32",
    "int64",
    "uint8",
    "float",
    "double",
    "ipv4",
    "email",
    "odd",
];

/// The description of a seed.
fn description(seed: u64) -> Value {
    let mut dice = Dice(seed, Vec::new());
    let newer = dice.in_ten(3);
    let mut schemas = Map::new();
    let first = dice.below(SCHEMAS.len() as u64) as usize;
    for offset in 0..=dice.below(4) as usize {
        dice.1.push(SCHEMAS[(first + offset) % SCHEMAS.len()]);
    }
    for name in dice.1.clone() {
        schemas.insert(name.to_owned(), schema(&mut dice, 3, newer));
    }
    let mut paths = Map::new();
    for index in 0..=dice.below(3) {
        let mut path = format!("/{}", dice.pick(&["x", "things", "a b", "ü", "x.y"]));
        if dice.in_ten(4) {
            path.push_str(&format!("/{{{}}}", dice.pick(&NAMES)));
        }
        if index > 0 {
            path.push_str(&index.to_string());
        }
        let method = dice.pick(&[
            "get", "post", "put", "patch", "delete", "head", "options", "trace",
        ]);
        let made = operation(&mut dice, newer);
        paths.insert(path, json!({ method: made }));
    }
    let mut document = json!({
        "openapi": if dice.slip() { "3.9.9" } else if newer { "3.1.0" } else { "3.0.3" },
        "info": { "title": "Random", "version": dice.pick(&["1.0.0", "", "ü\n1"]) },
        "paths": paths,
        "components": { "schemas": schemas },
    });
    if dice.slip() {
        document["paths"] = json!([]);
    }
    document
}

fn operation(dice: &mut Dice, newer: bool) -> Value {
    let mut made = json!({});
    if !dice.in_ten(1) {
        made["operationId"] = json!(dice.pick(&[
            "x",
            "getX",
            "get_x",
            "new",
            "UsersController_findAll",
            "match",
            "exec",
            "größe",
            "y"
        ]));
    }
    if dice.in_ten(7) {
        let parameters: Vec<Value> = (0..dice.below(4)).map(|_| parameter(dice, newer)).collect();
        made["parameters"] = json!(parameters);
    }
    if dice.in_ten(5) {
        made["requestBody"] = json!({ "content": content(dice, newer) });
        if dice.in_ten(6) {
            made["requestBody"]["required"] = json!(true);
        }
    }
    let mut responses = Map::new();
    for _ in 0..=dice.below(4) {
        let mut response =
            json!({ "description": dice.pick(&["", "a", "```\ncode", "<b> [x]", "    indented"]) });
        if dice.in_ten(6) {
            response["content"] = content(dice, newer);
        }
        let status = if dice.slip() {
            "20"
        } else {
            dice.pick(&STATUSES)
        };
        responses.insert(status.to_owned(), response);
    }
    made["responses"] = Value::Object(responses);
    if dice.in_ten(1) {
        made["deprecated"] = json!(true);
    }
    made
}

fn parameter(dice: &mut Dice, newer: bool) -> Value {
    if dice.slip() {
        return json!({ "$ref": "#/components/parameters/Nothing" });
    }
    let place = if dice.slip() {
        "body"
    } else {
        PLACES[dice.below(4) as usize]
    };
    let mut made =
        json!({ "name": dice.pick(&NAMES), "in": place, "schema": schema(dice, 1, newer) });
    if place == "path" || dice.in_ten(3) {
        made["required"] = json!(true);
    }
    if dice.in_ten(1) {
        made["style"] = json!(dice.pick(&STYLES));
    }
    if dice.in_ten(2) {
        made["explode"] = json!(dice.in_ten(5));
    }
    if dice.in_ten(1) {
        made["content"] = json!({ "application/json": { "schema": made["schema"] } });
    }
    made
}

fn content(dice: &mut Dice, newer: bool) -> Value {
    let mut made = Map::new();
    for _ in 0..=dice.below(2) {
        let media_type = if dice.in_ten(6) {
            "application/json"
        } else {
            dice.pick(&MEDIA)
        };
        let media = if dice.in_ten(1) {
            json!({})
        } else {
            json!({ "schema": schema(dice, 2, newer) })
        };
        made.insert(media_type.to_owned(), media);
    }
    Value::Object(made)
}

fn schema(dice: &mut Dice, depth: u64, newer: bool) -> Value {
    if dice.slip() {
        let wrong = ["nonsense", "null", "file"];
        return json!({ "type": dice.pick(&wrong) });
    }
    let deeper = depth.saturating_sub(1);
    let mut made = match dice.below(if depth == 0 { 6 } else { 13 }) {
        0 | 1 => text(dice),
        2 => json!({ "type": "integer", "format": dice.pick(&FORMATS) }),
        3 => json!({ "type": dice.pick(&["number", "boolean", "integer"]) }),
        4 => return dice.reference(),
        5 => json!({}),
        6 => json!({ "type": "array", "items": schema(dice, deeper, newer) }),
        7..=9 => object(dice, deeper, newer),
        10 => json!({ "type": "object", "additionalProperties": schema(dice, deeper, newer) }),
        11 => {
            let parts: Vec<Value> = (0..=dice.below(2))
                .map(|_| schema(dice, deeper, newer))
                .collect();
            let mut made = json!({ dice.pick(&["oneOf", "anyOf", "allOf"]): parts });
            if dice.in_ten(2) {
                made["discriminator"] = json!({ "propertyName": "kind" });
            }
            if dice.in_ten(2) {
                made["properties"] = json!({ "kind": { "type": "string" } });
            }
            made
        }
        _ => {
            json!({ "allOf": [dice.reference(), object(dice, deeper, newer)] })
        }
    };
    if newer && dice.in_ten(2) && made.get("type").is_some_and(Value::is_string) {
        made["type"] = json!([made["type"], "null"]);
    } else if dice.in_ten(2) {
        made["nullable"] = json!(true);
    }
    for (key, value) in [
        ("readOnly", json!(true)),
        ("writeOnly", json!(true)),
        ("deprecated", json!(true)),
        ("default", json!("x")),
        ("minimum", json!(1)),
        ("x-any", json!([1])),
        ("description", json!("    code\n[link] <tag>")),
    ] {
        if dice.below(25) == 0 {
            made[key] = value;
        }
    }
    made
}

fn text(dice: &mut Dice) -> Value {
    let mut made = json!({ "type": "string" });
    match dice.below(6) {
        0 => made["enum"] = json!(["a", "b"]),
        1 => made["enum"] = json!(["asc", "ASC", "<", ""]),
        2 => made["x-extensible-enum"] = json!(["k", "K"]),
        3 | 4 => made["format"] = json!(dice.pick(&FORMATS)),
        _ => made["pattern"] = json!(dice.pick(&["^a$", "(", ""])),
    }
    made
}

fn object(dice: &mut Dice, depth: u64, newer: bool) -> Value {
    let mut properties = Map::new();
    let mut required = Vec::new();
    for _ in 0..dice.below(5) {
        let name = dice.pick(&NAMES);
        properties.insert(name.to_owned(), schema(dice, depth, newer));
        if dice.in_ten(4) {
            required.push(name);
        }
    }
    let mut made = json!({ "type": "object", "properties": properties });
    if !required.is_empty() {
        made["required"] = json!(required);
    }
    match dice.below(6) {
        0 => made["additionalProperties"] = json!(false),
        1 => made["additionalProperties"] = json!(true),
        2 => made["additionalProperties"] = schema(dice, depth.min(1), newer),
        _ => {}
    }
    made
}
