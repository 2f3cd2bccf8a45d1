//! The grammar of random descriptions: everything that OpenAPI 3.0 and 3.1 can say and people do say, in combination.
//!
//! Seven in ten descriptions are valid. The others slip here and there, or have a value or two spoilt.

use serde_json::{Map, Value, json};

use crate::regen::dice::Dice;

const NAMES: [&str; 23] = [
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
/// Names that a header or a cookie can have.
const TOKENS: [&str; 9] = [
    "X-Trace", "x_id", "If-Match", "sid", "type", "self", "a.b", "Range", "value",
];
/// Names that a path's template can hold.
const SEGMENTS: [&str; 9] = [
    "id", "Name", "pageSize", "type", "self", "a-b", "url", "value", "info",
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
const MEDIA: [&str; 11] = [
    "application/json",
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
const TEXTS: [&str; 12] = [
    "date-time",
    "date",
    "uuid",
    "password",
    "byte",
    "binary",
    "ipv4",
    "ipv6",
    "email",
    "uri",
    "odd",
    "hostname",
];
const NUMBERS: [&str; 8] = [
    "int32", "int64", "uint8", "uint64", "int16", "float", "double", "odd",
];
const WORDS: [&[&str]; 6] = [
    &["a", "b"],
    &["asc", "ASC", "<", ""],
    &["self", "Self", "1", "+1", "-1"],
    &["k"],
    &["größe", "maße"],
    &["Unknown", "unknown", "a b"],
];
const PROSE: [&str; 6] = [
    "",
    "a",
    "```\ncode",
    "<b> [x]",
    "    indented",
    "> ```\n> let x\n> ```\n\n- a\n\n      b",
];

/// The description of a seed.
pub(super) fn description(seed: u64) -> Value {
    let mut dice = Dice::new(seed);
    dice.careless = dice.in_ten(2);
    let newer = dice.in_ten(3);
    let mut grammar = Grammar {
        newer,
        names: Vec::new(),
        objects: Vec::new(),
        made: 0,
        dice,
    };
    let document = grammar.document();
    let mut document = document;
    if grammar.dice.in_ten(1) {
        for _ in 0..=grammar.dice.below(2) {
            grammar.dice.spoil(&mut document);
        }
    }
    document
}

struct Grammar {
    dice: Dice,
    newer: bool,
    /// The named schemas.
    names: Vec<&'static str>,
    /// Those of them that are plain objects and stand already: what others can extend and choose from.
    objects: Vec<&'static str>,
    /// How many names were made that no other property has.
    made: usize,
}

impl Grammar {
    fn document(&mut self) -> Value {
        let first = self.dice.below(SCHEMAS.len());
        for offset in 0..=self.dice.below(4) {
            self.names.push(SCHEMAS[(first + offset) % SCHEMAS.len()]);
        }
        let mut schemas = Map::new();
        for name in self.names.clone() {
            let schema = self.component();
            if schema["properties"].is_object() && schema.get("allOf").is_none() {
                self.objects.push(name);
            }
            schemas.insert(name.to_owned(), schema);
        }
        let mut paths = Map::new();
        for index in 0..=self.dice.below(3) {
            let mut path = format!(
                "/{}{index}",
                self.dice.pick(&["x", "things", "a b", "ü", "x.y"])
            );
            let segment = self.dice.in_ten(4).then(|| {
                let name = if self.dice.slip() {
                    ""
                } else {
                    self.dice.pick(&SEGMENTS)
                };
                path.push_str(&format!("/{{{name}}}"));
                name
            });
            let method = self.dice.pick(&[
                "get", "get", "post", "post", "put", "patch", "delete", "head", "options", "trace",
            ]);
            let operation = self.operation(segment);
            paths.insert(path, json!({ method: operation }));
        }
        let version = match (self.dice.slip(), self.newer) {
            (true, _) => "3.9.9",
            (_, true) => "3.1.0",
            (_, false) => "3.0.3",
        };
        let mut document = json!({
            "openapi": version,
            "info": { "title": "Random", "version": self.dice.pick(&["1.0.0", "", "ü\n1"]) },
            "paths": paths,
            "components": { "schemas": schemas },
        });
        if self.newer && self.dice.in_ten(1) {
            document["webhooks"] =
                json!({ "w": { "post": { "responses": { "200": { "description": "" } } } } });
        }
        document
    }

    /// A named schema: an object more often than not.
    fn component(&mut self) -> Value {
        match self.dice.below(10) {
            0..=5 => self.object(2),
            6 if !self.objects.is_empty() => self.extension(2),
            7 if self.objects.len() > 1 => self.choice(),
            8 => self.text(),
            _ => self.schema(2),
        }
    }

    fn operation(&mut self, segment: Option<&str>) -> Value {
        let mut made = json!({});
        if !self.dice.in_ten(1) {
            made["operationId"] = json!(self.dice.pick(&[
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
        let mut parameters = Vec::new();
        if let Some(name) = segment
            && !self.dice.in_ten(1)
        {
            parameters.push(self.parameter("path", name));
        }
        for name in self.dice.some(&NAMES, 3) {
            parameters.push(self.parameter("query", name));
        }
        if self.dice.in_ten(3) {
            for name in self.dice.some(&TOKENS, 2) {
                let place = self.dice.pick(&["header", "cookie"]);
                parameters.push(self.parameter(place, name));
            }
        }
        if self.dice.slip() {
            let wrong = self.dice.pick(&["path", "body", "header"]);
            parameters.push(self.parameter(wrong, ""));
            parameters.push(json!({ "$ref": "#/components/parameters/Nothing" }));
        }
        if !parameters.is_empty() {
            made["parameters"] = json!(parameters);
        }
        if self.dice.in_ten(5) {
            made["requestBody"] = json!({ "content": self.content(true) });
            if self.dice.in_ten(6) {
                made["requestBody"]["required"] = json!(true);
            }
        }
        let mut responses = Map::new();
        for _ in 0..=self.dice.below(4) {
            let mut response = json!({ "description": self.dice.pick(&PROSE) });
            if self.dice.in_ten(6) {
                response["content"] = self.content(false);
            }
            if self.dice.in_ten(1) {
                response["headers"] = json!({ "X-Total": { "schema": { "type": "integer" } } });
            }
            let status = if self.dice.slip() {
                "20"
            } else {
                self.dice.pick(&STATUSES)
            };
            responses.insert(status.to_owned(), response);
        }
        made["responses"] = Value::Object(responses);
        for (key, value) in [
            ("deprecated", json!(true)),
            ("summary", json!("<b> `x`")),
            ("description", json!(self.dice.pick(&PROSE))),
            ("security", json!([{ "key": [] }])),
            ("servers", json!([{ "url": "https://other.invalid" }])),
        ] {
            if self.dice.in_ten(1) {
                made[key] = value;
            }
        }
        made
    }

    fn parameter(&mut self, place: &str, name: &str) -> Value {
        let mut made = json!({ "name": name, "in": place });
        if place == "path" || self.dice.in_ten(3) {
            made["required"] = json!(true);
        }
        if place != "path" && self.dice.in_ten(1) {
            made["content"] = json!({ "application/json": { "schema": self.schema(1) } });
            return made;
        }
        let kind = self.dice.below(10);
        made["schema"] = match kind {
            0..=5 => self.scalar(),
            6 | 7 => json!({ "type": "array", "items": self.scalar() }),
            8 if place != "cookie" => self.flat(),
            _ => json!({ "type": self.dice.pick(&["string", "integer"]) }),
        };
        let style = match (place, kind) {
            ("path", _) => self.dice.pick(&["simple", "label", "matrix"]),
            ("query", 6 | 7) => self.dice.pick(&["form", "spaceDelimited", "pipeDelimited"]),
            ("query", 8) => self.dice.pick(&["form", "deepObject"]),
            ("query" | "cookie", _) => "form",
            _ => "simple",
        };
        if self.dice.slip() {
            made["style"] = json!("deepObject");
        } else if self.dice.in_ten(4) {
            made["style"] = json!(style);
        }
        if self.dice.in_ten(2) {
            made["explode"] = json!(self.dice.in_ten(5));
        }
        if self.dice.in_ten(1) {
            made["deprecated"] = json!(true);
        }
        if self.dice.in_ten(1) {
            made["description"] = json!(self.dice.pick(&PROSE));
        }
        made
    }

    fn content(&mut self, sent: bool) -> Value {
        let mut made = Map::new();
        for _ in 0..=self.dice.below(2) {
            let media_type = self.dice.pick(&MEDIA);
            let mut media = json!({});
            if !self.dice.in_ten(1) || media_type.contains("form") {
                media["schema"] = match media_type {
                    _ if self.dice.slip() => self.schema(2),
                    "multipart/form-data" if sent => self.form(),
                    "application/x-www-form-urlencoded" if sent => self.flat(),
                    "text/plain" | "text/csv" => json!({ "type": "string" }),
                    "application/octet-stream" | "image/png" => {
                        json!({ "type": "string", "format": "binary" })
                    }
                    _ => self.schema(2),
                };
            }
            if media_type == "multipart/form-data" && sent && self.dice.in_ten(5) {
                let names: Vec<String> = media["schema"]["properties"]
                    .as_object()
                    .into_iter()
                    .flat_map(Map::keys)
                    .cloned()
                    .collect();
                for name in names {
                    let kind = self.dice.pick(&[
                        "application/json",
                        "text/plain",
                        "image/png, image/*",
                        "text/csv; charset=utf-8",
                    ]);
                    if self.dice.in_ten(4) {
                        media["encoding"][name.as_str()] = json!({ "contentType": kind });
                    }
                }
            }
            made.insert(media_type.to_owned(), media);
        }
        Value::Object(made)
    }

    /// A form with files.
    fn form(&mut self) -> Value {
        let file = json!({ "type": "string", "format": "binary" });
        let mut made = self.object(1);
        for name in self.dice.some(&["file", "files", "value", "größe"], 3) {
            made["properties"][name] = if name == "files" {
                json!({ "type": "array", "items": file })
            } else {
                file.clone()
            };
        }
        made
    }

    /// An object of scalars and lists of scalars.
    fn flat(&mut self) -> Value {
        let mut properties = Map::new();
        for name in self.dice.some(&NAMES, 4) {
            let mut schema = self.scalar();
            if self.dice.in_ten(3) {
                schema = json!({ "type": "array", "items": schema });
            }
            properties.insert(name.to_owned(), schema);
        }
        json!({ "type": "object", "properties": properties })
    }

    fn schema(&mut self, depth: usize) -> Value {
        if self.dice.slip() {
            return match self.dice.below(5) {
                0 => json!({ "$ref": "#/components/schemas/Nothing" }),
                1 => json!({ "allOf": [self.scalar(), self.object(1), self.reference()] }),
                2 => json!({ "oneOf": [] }),
                _ => json!({ "type": self.dice.pick(&["nonsense", "null", "file"]) }),
            };
        }
        let deeper = depth.saturating_sub(1);
        let mut made = match self.dice.below(if depth == 0 { 6 } else { 14 }) {
            0..=3 => self.scalar(),
            4 => return self.reference(),
            5 => json!({}),
            6 | 7 => json!({ "type": "array", "items": self.schema(deeper) }),
            8 | 9 => self.object(deeper),
            10 => json!({ "type": "object", "additionalProperties": self.schema(deeper) }),
            11 => {
                let key = self.dice.pick(&["oneOf", "anyOf"]);
                let parts: Vec<Value> = (0..=self.dice.below(2))
                    .map(|_| self.schema(deeper))
                    .collect();
                json!({ key: parts })
            }
            12 if self.objects.len() > 1 => self.choice(),
            _ if !self.objects.is_empty() => self.extension(deeper),
            _ => self.object(deeper),
        };
        self.notes(&mut made);
        made
    }

    /// What can stand beside anything.
    fn notes(&mut self, made: &mut Value) {
        let typed = made.get("type").is_some_and(Value::is_string);
        if self.newer && typed && self.dice.in_ten(2) {
            made["type"] = json!([made["type"], "null"]);
        } else if self.dice.in_ten(2) {
            made["nullable"] = json!(true);
        }
        let prose = self.dice.pick(&PROSE);
        for (key, value) in [
            ("readOnly", json!(true)),
            ("writeOnly", json!(true)),
            ("deprecated", json!(true)),
            ("x-any", json!([1])),
            ("description", json!(prose)),
            ("title", json!("A title")),
        ] {
            if self.dice.below(25) == 0 {
                made[key] = value;
            }
        }
    }

    fn reference(&mut self) -> Value {
        let index = self.dice.below(self.names.len());
        json!({ "$ref": format!("#/components/schemas/{}", self.names[index]) })
    }

    /// A reference to an object that stands already.
    fn earlier(&mut self) -> (&'static str, Value) {
        let index = self.dice.below(self.objects.len());
        let name = self.objects[index];
        (
            name,
            json!({ "$ref": format!("#/components/schemas/{name}") }),
        )
    }

    /// An object that extends another by properties of its own.
    fn extension(&mut self, depth: usize) -> Value {
        let (_, base) = self.earlier();
        let mut properties = Map::new();
        for _ in 0..=self.dice.below(2) {
            self.made += 1;
            let name = format!("own{}", self.made);
            properties.insert(name, self.schema(depth));
        }
        json!({ "allOf": [base, { "type": "object", "properties": properties }] })
    }

    /// A choice between objects, most often told by a discriminator.
    fn choice(&mut self) -> Value {
        let mut parts = Vec::new();
        let mut mapping = Map::new();
        for word in ["one", "two", "three"] {
            let (_, part) = self.earlier();
            if !parts.contains(&part) {
                mapping.insert(word.to_owned(), part["$ref"].clone());
                parts.push(part);
            }
        }
        let mut made = json!({ self.dice.pick(&["oneOf", "anyOf"]): parts });
        if self.dice.in_ten(6) {
            made["discriminator"] = json!({ "propertyName": "tag" });
            if self.dice.in_ten(5) {
                made["discriminator"]["mapping"] = Value::Object(mapping);
            }
        }
        made
    }

    fn scalar(&mut self) -> Value {
        let mut made = match self.dice.below(6) {
            0..=2 => return self.text(),
            3 => json!({ "type": "integer", "format": self.dice.pick(&NUMBERS[..5]) }),
            4 => json!({ "type": "number", "format": self.dice.pick(&NUMBERS[5..]) }),
            _ => json!({ "type": self.dice.pick(&["boolean", "integer", "number"]) }),
        };
        if self.dice.in_ten(1) {
            made["default"] = match made["type"].as_str() {
                _ if self.dice.slip() => json!("many"),
                Some("boolean") => json!(true),
                Some("integer") => json!(5),
                _ => json!(0.5),
            };
        }
        if self.dice.in_ten(1) && made["type"] != "boolean" {
            made["minimum"] = json!(1);
            if self.newer {
                made["exclusiveMaximum"] = json!(90);
            } else {
                made["multipleOf"] = json!(2);
            }
        }
        made
    }

    fn text(&mut self) -> Value {
        let mut made = json!({ "type": "string" });
        let words = WORDS[self.dice.below(WORDS.len())];
        match self.dice.below(9) {
            0 | 1 => made["enum"] = json!(words),
            2 => made["x-extensible-enum"] = json!(words),
            3 | 4 => made["format"] = json!(self.dice.pick(&TEXTS)),
            5 => made["pattern"] = json!(self.dice.pick(&["^a$", "(", ""])),
            6 => {
                made["minLength"] = json!(1);
                made["maxLength"] = json!(20);
            }
            7 if self.newer => {
                made = json!({ "const": words[0] });
                return made;
            }
            _ => {}
        }
        if self.dice.in_ten(1) && made.get("format").is_none() {
            made["default"] = if self.dice.slip() {
                json!(5)
            } else {
                json!(words[0])
            };
        }
        made
    }

    fn object(&mut self, depth: usize) -> Value {
        let mut properties = Map::new();
        let mut required = Vec::new();
        for name in self.dice.some(&NAMES, 5) {
            properties.insert(name.to_owned(), self.schema(depth.saturating_sub(1)));
            if self.dice.in_ten(4) {
                required.push(name);
            }
        }
        let mut made = json!({ "type": "object", "properties": properties });
        if !required.is_empty() {
            made["required"] = json!(required);
        }
        if self.dice.slip() {
            made["properties"][""] = json!({ "type": "string" });
        }
        match self.dice.below(7) {
            0 => made["additionalProperties"] = json!(false),
            1 => made["additionalProperties"] = json!(true),
            2 => made["additionalProperties"] = self.schema(depth.min(1).saturating_sub(1)),
            _ => {}
        }
        made
    }
}
