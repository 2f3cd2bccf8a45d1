//! Configs that each plugin takes, and what is said of those that it does not.

use super::*;

fn fields(value: &Value) -> Fields {
    value.as_object().unwrap().clone()
}

fn vpns() -> Vec<String> {
    vec!["acme-vpn".to_owned()]
}

fn configured(plugin: &str, sent: &Value) -> Result<Config, Vec<String>> {
    named(plugin)
        .unwrap()
        .configure(&Config::default(), &fields(sent), &vpns())
}

fn postgresql() -> Value {
    json!({
        "endpoint": "db.example.com", "port": 5432, "network": "direct", "tls": true,
        "user": "reader", "password": "a-pass-word", "database": "orders",
    })
}

fn s3() -> Value {
    json!({
        "access_key_id": "AKIAIOSFODNN7EXAMPLE",
        "secret_access_key": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        "file_type": "CSV", "bucket": "a-bucket", "key": "raw/orders", "separator": ";",
        "encoding": "UTF-8", "header": true,
    })
}

fn with(mut config: Value, name: &str, value: Value) -> Value {
    config[name] = value;
    config
}

#[test]
fn every_database_takes_the_form_of_postgresql() {
    for plugin in ["postgresql", "mysql", "oracle", "sqlserver", "mongodb"] {
        assert!(configured(plugin, &postgresql()).is_ok(), "{plugin}");
    }
}

#[test]
fn each_field_of_postgresql_is_held_to_its_rule() {
    let port = "config.port must be an integer from 1 to 65535";
    let host = "config.endpoint must be an IPv4 address or a DNS name";
    for (name, value, said) in [
        ("endpoint", json!("10.0.0.1"), None),
        ("endpoint", json!("10.0.0.256"), Some(host)),
        ("endpoint", json!("::1"), Some(host)),
        ("endpoint", json!(""), Some(host)),
        (
            "endpoint",
            json!(1),
            Some("config.endpoint must be a string"),
        ),
        ("endpoint", json!(null), Some("config.endpoint is required")),
        ("port", json!(1), None),
        ("port", json!(65535), None),
        ("port", json!(0), Some(port)),
        ("port", json!(65536), Some(port)),
        ("port", json!(-1), Some(port)),
        ("port", json!(1.5), Some(port)),
        ("port", json!("5432"), Some(port)),
        ("network", json!("acme-vpn"), None),
        ("network", json!(null), None),
        (
            "network",
            json!("globex-vpn"),
            Some("config.network must be direct or the name of a registered VPN"),
        ),
        ("tls", json!(null), None),
        (
            "tls",
            json!(false),
            Some("config.tls must be true when config.network is direct"),
        ),
        ("tls", json!("true"), Some("config.tls must be a boolean")),
        ("user", json!(" "), Some("config.user must not be empty")),
        ("password", json!(null), Some("config.password is required")),
        (
            "password",
            json!(["x"]),
            Some("config.password must be a string"),
        ),
        (
            "database",
            json!(""),
            Some("config.database must not be empty"),
        ),
        (
            "databse",
            json!("x"),
            Some("config.databse is no field of postgresql"),
        ),
    ] {
        let result = configured("postgresql", &with(postgresql(), name, value.clone()));
        let expected = said.map(|text| vec![text.to_owned()]);
        assert_eq!(result.err(), expected, "{name}: {value}");
    }
}

#[test]
fn tls_may_be_off_through_a_vpn_only() {
    let through = with(postgresql(), "network", json!("acme-vpn"));
    assert!(configured("postgresql", &with(through, "tls", json!(false))).is_ok());
    let mut silent = postgresql();
    silent.as_object_mut().unwrap().remove("network");
    assert!(configured("postgresql", &with(silent, "tls", json!(false))).is_err());
}

#[test]
fn each_field_of_s3_is_held_to_its_rule() {
    let encodings =
        "config.encoding must be one of UTF-8, ISO-8859-1, US-ASCII, UTF-16BE, UTF-16, UTF-16LE";
    let id = "config.access_key_id must have exactly 20 characters";
    let key = "config.secret_access_key must have exactly 40 characters";
    for (name, value, said) in [
        ("access_key_id", json!("A".repeat(20)), None),
        ("access_key_id", json!("A".repeat(19)), Some(id)),
        ("access_key_id", json!("A".repeat(21)), Some(id)),
        ("secret_access_key", json!("é".repeat(40)), None),
        ("secret_access_key", json!("s".repeat(39)), Some(key)),
        ("secret_access_key", json!("s".repeat(41)), Some(key)),
        ("file_type", json!("Parquet"), None),
        (
            "file_type",
            json!("XML"),
            Some("config.file_type must be one of CSV, JSON, Parquet"),
        ),
        ("separator", json!("\t"), None),
        (
            "separator",
            json!("||"),
            Some("config.separator must have exactly 1 character"),
        ),
        ("encoding", json!("UTF-16LE"), None),
        ("encoding", json!("latin1"), Some(encodings)),
        ("header", json!(null), None),
        (
            "header",
            json!("yes"),
            Some("config.header must be a boolean"),
        ),
        ("bucket", json!(""), Some("config.bucket must not be empty")),
        ("key", json!(null), Some("config.key is required")),
    ] {
        let result = configured("s3", &with(s3(), name, value.clone()));
        let expected = said.map(|text| vec![text.to_owned()]);
        assert_eq!(result.err(), expected, "{name}: {value}");
    }
}

#[test]
fn an_empty_config_is_told_everything_that_it_lacks() {
    assert_eq!(
        configured("postgresql", &json!({})).unwrap_err(),
        [
            "config.endpoint is required",
            "config.port is required",
            "config.user is required",
            "config.password is required",
            "config.database is required",
        ]
    );
}

#[test]
fn what_a_change_leaves_out_stays_secrets_too() {
    let plugin = named("postgresql").unwrap();
    let before = configured("postgresql", &postgresql()).unwrap();
    let sent = fields(&json!({"port": 5433, "tls": null}));
    let after = plugin.configure(&before, &sent, &vpns()).unwrap();
    assert_eq!(
        Value::Object(after.shown().clone()),
        json!({
            "endpoint": "db.example.com", "port": 5433, "network": "direct", "user": "reader", "database": "orders",
        })
    );
    assert_eq!(after.secrets, before.secrets);
    let sent = fields(&json!({"password": "another"}));
    let changed = plugin.configure(&before, &sent, &vpns()).unwrap();
    assert_eq!(changed.shown(), before.shown());
    assert!(changed.secrets["password"].is("another"));
    let sent = fields(&json!({"password": null}));
    assert!(plugin.configure(&before, &sent, &vpns()).is_err());
}

#[test]
fn secrets_are_neither_shown_nor_formatted_nor_told() {
    let text = "wJalrXUtnFEMI";
    let config = configured("s3", &s3()).unwrap();
    assert!(!format!("{config:?} {}", Value::Object(config.shown().clone())).contains(text));
    let short = with(s3(), "secret_access_key", json!(text));
    assert!(
        !configured("s3", &short)
            .unwrap_err()
            .concat()
            .contains(text)
    );
}

#[test]
fn a_test_fails_where_the_network_of_this_world_ends() {
    let plugin = named("postgresql").unwrap();
    for (host, reached) in [
        ("db.example.com", true),
        ("unreachable.example", false),
        ("DB.Unreachable.Example", false),
        ("notunreachable.example", true),
    ] {
        let config =
            configured("postgresql", &with(postgresql(), "endpoint", json!(host))).unwrap();
        assert_eq!(plugin.test(&config, &vpns()).is_ok(), reached, "{host}");
    }
    let through = with(postgresql(), "network", json!("acme-vpn"));
    let config = configured("postgresql", &through).unwrap();
    assert_eq!(
        plugin.test(&config, &[]),
        Err("config.network must be direct or the name of a registered VPN".to_owned())
    );
    assert!(plugin.test(&Config::default(), &vpns()).is_err());
}

#[test]
fn every_secret_is_write_only_in_its_schema() {
    let secrets: Vec<(&str, String)> = PLUGINS
        .iter()
        .flat_map(|plugin| {
            let schema = plugin.schema();
            let properties = schema["properties"].as_object().unwrap().clone();
            properties
                .into_iter()
                .filter(|(_, schema)| schema["writeOnly"] == true)
                .map(|(name, _)| (plugin.name, name))
        })
        .collect();
    let expected = [
        ("postgresql", "password"),
        ("mysql", "password"),
        ("oracle", "password"),
        ("sqlserver", "password"),
        ("s3", "secret_access_key"),
        ("mongodb", "password"),
        ("hubspot", "access_token"),
    ];
    assert_eq!(
        secrets,
        expected.map(|(plugin, name)| (plugin, name.to_owned()))
    );
}
