//! The plugins that a connection can be of, and the config that each takes.
//!
//! Rules: PostgreSQL's and S3's fields are those of the documented forms; the other databases take PostgreSQL's, and
//! HubSpot's is ours. Without TLS a database is reached through a registered VPN only. A field that no plugin names is
//! refused, `null` is no value, and no text about a field repeats its value.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::state::hosts;
use crate::state::secret::Secret;

/// A JSON object, as configs come in and are shown.
pub(crate) type Fields = Map<String, Value>;

/// The one version of every plugin.
pub(crate) const VERSION: &str = "1.0.0";

/// The `network` without a VPN.
const DIRECT: &str = "direct";

const ENCODINGS: &[&str] = &[
    "UTF-8",
    "ISO-8859-1",
    "US-ASCII",
    "UTF-16BE",
    "UTF-16",
    "UTF-16LE",
];

/// A plugin.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Plugin {
    pub(crate) name: &'static str,
    pub(crate) auth: Auth,
    fields: &'static [Field],
}

/// How a connection comes to its secrets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Auth {
    /// Somebody fills them in.
    Form,
    /// Somebody consents, and an authorisation server hands them out.
    OAuth,
}

/// A valid config, its secrets apart from what may be shown.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Config {
    shown: Fields,
    secrets: BTreeMap<&'static str, Secret>,
}

#[derive(Debug, PartialEq, Eq)]
struct Field {
    name: &'static str,
    title: &'static str,
    kind: Kind,
    required: bool,
    secret: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Characters(usize),
    OneOf(&'static [&'static str]),
    Flag,
    Host,
    Port,
    Network,
}

const fn required(name: &'static str, title: &'static str, kind: Kind) -> Field {
    Field {
        name,
        title,
        kind,
        required: true,
        secret: false,
    }
}

const fn optional(name: &'static str, title: &'static str, kind: Kind) -> Field {
    Field {
        required: false,
        ..required(name, title, kind)
    }
}

const fn secret(name: &'static str, title: &'static str, kind: Kind) -> Field {
    Field {
        secret: true,
        ..required(name, title, kind)
    }
}

const DATABASE: &[Field] = &[
    required("endpoint", "IPv4 address or DNS name", Kind::Host),
    required("port", "Port", Kind::Port),
    optional(
        "network",
        "`direct` (the default), or the name of a registered VPN",
        Kind::Network,
    ),
    optional(
        "tls",
        "Whether to use TLS (the default); mandatory when direct",
        Kind::Flag,
    ),
    required("user", "User", Kind::Text),
    secret("password", "Password", Kind::Text),
    required("database", "Database", Kind::Text),
];

const S3: &[Field] = &[
    required("access_key_id", "Access key id", Kind::Characters(20)),
    secret(
        "secret_access_key",
        "Secret access key",
        Kind::Characters(40),
    ),
    required(
        "file_type",
        "File type",
        Kind::OneOf(&["CSV", "JSON", "Parquet"]),
    ),
    required("bucket", "Bucket", Kind::Text),
    required("key", "Key", Kind::Text),
    optional("separator", "Separator of a CSV file", Kind::Characters(1)),
    optional("encoding", "Encoding", Kind::OneOf(ENCODINGS)),
    optional(
        "header",
        "Whether a CSV file begins with a header",
        Kind::Flag,
    ),
];

const HUBSPOT: &[Field] = &[secret(
    "access_token",
    "Access token of a private app",
    Kind::Text,
)];

const fn form(name: &'static str, fields: &'static [Field]) -> Plugin {
    Plugin {
        name,
        auth: Auth::Form,
        fields,
    }
}

/// Every plugin there is.
pub(crate) static PLUGINS: &[Plugin] = &[
    form("postgresql", DATABASE),
    form("mysql", DATABASE),
    form("oracle", DATABASE),
    form("sqlserver", DATABASE),
    form("s3", S3),
    form("mongodb", DATABASE),
    Plugin {
        name: "google-sheets",
        auth: Auth::OAuth,
        fields: &[],
    },
    form("hubspot", HUBSPOT),
];

/// The plugin of this name; the error lists those that there are.
pub(crate) fn named(name: &str) -> Result<&'static Plugin, String> {
    let known = PLUGINS.iter().find(|plugin| plugin.name == name);
    known.ok_or_else(|| {
        let names: Vec<&str> = PLUGINS.iter().map(|plugin| plugin.name).collect();
        format!("plugin must be one of {}", names.join(", "))
    })
}

impl Auth {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Form => "form",
            Self::OAuth => "oauth",
        }
    }
}

impl Plugin {
    /// The config that `sent` makes of `current`: what is left out stays, secrets too, and `null` takes a value away.
    /// The error has one text for each thing that is wrong.
    pub(crate) fn configure(
        &self,
        current: &Config,
        sent: &Fields,
        vpns: &[String],
    ) -> Result<Config, Vec<String>> {
        let mut wrong = self.unknown(sent);
        let mut config = current.clone();
        for field in self.fields {
            if let Some(value) = sent.get(field.name) {
                config.remove(field.name);
                if !value.is_null() {
                    match field.kind.check(value, vpns) {
                        Ok(()) => config.put(field, value),
                        Err(why) => {
                            wrong.push(format!("config.{} {why}", field.name));
                            continue;
                        }
                    }
                }
            }
            if field.required && !config.has(field.name) {
                wrong.push(format!("config.{} is required", field.name));
            }
        }
        if let Err(why) = config.check_tls() {
            wrong.push(why);
        }
        if wrong.is_empty() {
            Ok(config)
        } else {
            Err(wrong)
        }
    }

    /// Tries to connect, in a world without networks: a host of `unreachable.example` never answers, all others do.
    /// What is wrong by now, such as a VPN that is no longer registered, fails too.
    pub(crate) fn test(&self, config: &Config, vpns: &[String]) -> Result<(), String> {
        let mut shown = config.shown.clone();
        shown.retain(|name, _| self.fields.iter().any(|field| field.name == name));
        self.configure(config, &shown, vpns)
            .map_err(|wrong| wrong.join("; "))?;
        match config.text("endpoint") {
            Some(host) if is_unreachable(host) => Err(format!(
                "could not reach {}: the connection timed out",
                self.name
            )),
            _ => Ok(()),
        }
    }

    /// The config's JSON Schema.
    pub(crate) fn schema(&self) -> Value {
        let properties: Fields = self
            .fields
            .iter()
            .map(|field| (field.name.to_owned(), field.schema()))
            .collect();
        let required: Vec<&str> = self
            .fields
            .iter()
            .filter(|field| field.required)
            .map(|field| field.name)
            .collect();
        let mut schema = json!({
            "type": "object",
            "properties": properties,
            "required": required,
            "additionalProperties": false,
        });
        if self.fields.iter().any(|field| field.kind == Kind::Network) {
            // Without a network it is direct, and then this `if` holds too.
            schema["if"] = json!({ "properties": { "network": { "const": DIRECT } } });
            schema["then"] = json!({ "properties": { "tls": { "const": true } } });
        }
        schema
    }

    fn unknown(&self, sent: &Fields) -> Vec<String> {
        sent.keys()
            .filter(|name| self.fields.iter().all(|field| field.name != *name))
            .map(|name| format!("config.{name} is no field of {}", self.name))
            .collect()
    }
}

impl Config {
    /// What an OAuth connection has: whose account it is, and the token that stands for the consent.
    pub(crate) fn consented(account: &str, refresh_token: Secret) -> Self {
        Self {
            shown: [("account".to_owned(), json!(account))]
                .into_iter()
                .collect(),
            secrets: [("refresh_token", refresh_token)].into(),
        }
    }

    /// All of it but the secrets.
    pub(crate) fn shown(&self) -> &Fields {
        &self.shown
    }

    /// Takes every secret away, which only a mutation does.
    pub(crate) fn forget_secrets(&mut self) {
        self.secrets.clear();
    }

    fn has(&self, name: &str) -> bool {
        self.shown.contains_key(name) || self.secrets.contains_key(name)
    }

    fn remove(&mut self, name: &str) {
        self.shown.remove(name);
        self.secrets.remove(name);
    }

    fn put(&mut self, field: &Field, value: &Value) {
        match value {
            Value::String(text) if field.secret => {
                self.secrets.insert(field.name, Secret::new(text));
            }
            _ => {
                self.shown.insert(field.name.to_owned(), value.clone());
            }
        }
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.shown.get(name).and_then(Value::as_str)
    }

    fn check_tls(&self) -> Result<(), String> {
        let direct = self.text("network").is_none_or(|network| network == DIRECT);
        if direct && self.shown.get("tls") == Some(&Value::Bool(false)) {
            Err("config.tls must be true when config.network is direct".into())
        } else {
            Ok(())
        }
    }
}

impl Kind {
    fn check(self, value: &Value, vpns: &[String]) -> Result<(), String> {
        if self == Self::Flag {
            return if value.is_boolean() {
                Ok(())
            } else {
                Err("must be a boolean".into())
            };
        }
        if self == Self::Port {
            return match value.as_u64() {
                Some(1..=65535) => Ok(()),
                _ => Err("must be an integer from 1 to 65535".into()),
            };
        }
        let text = value.as_str().ok_or("must be a string")?;
        match self {
            Self::Characters(length) if text.chars().count() != length => {
                let plural = if length == 1 { "" } else { "s" };
                Err(format!("must have exactly {length} character{plural}"))
            }
            Self::OneOf(known) if !known.contains(&text) => {
                Err(format!("must be one of {}", known.join(", ")))
            }
            Self::Host if !hosts::is_ipv4_or_dns_name(text) => {
                Err("must be an IPv4 address or a DNS name".into())
            }
            Self::Network if text != DIRECT && vpns.iter().all(|vpn| vpn != text) => {
                Err("must be direct or the name of a registered VPN".into())
            }
            Self::Text if text.trim().is_empty() => Err("must not be empty".into()),
            _ => Ok(()),
        }
    }

    fn schema(self) -> Value {
        match self {
            Self::Text | Self::Network => json!({ "type": "string", "minLength": 1 }),
            Self::Characters(length) => {
                json!({ "type": "string", "minLength": length, "maxLength": length })
            }
            Self::OneOf(known) => json!({ "type": "string", "enum": known }),
            Self::Flag => json!({ "type": "boolean" }),
            Self::Host => {
                json!({ "type": "string", "anyOf": [{ "format": "ipv4" }, { "format": "hostname" }] })
            }
            Self::Port => json!({ "type": "integer", "minimum": 1, "maximum": 65535 }),
        }
    }
}

impl Field {
    fn schema(&self) -> Value {
        let mut schema = self.kind.schema();
        schema["title"] = json!(self.title);
        if self.secret {
            schema["writeOnly"] = json!(true);
        }
        schema
    }
}

fn is_unreachable(host: &str) -> bool {
    let host = host.to_ascii_lowercase();
    host == "unreachable.example" || host.ends_with(".unreachable.example")
}

#[cfg(test)]
#[path = "plugins_tests.rs"]
mod tests;
