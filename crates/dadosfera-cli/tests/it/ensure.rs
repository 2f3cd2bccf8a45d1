//! What files describe is there once; and plans are checked before their first step.

use std::path::PathBuf;

use serde_json::Value;

use crate::{as_ana, command, emulator, said};

const PIPELINE: &str = r#"
name = "Orders"
cron = "0 6 * * *"

[[jobs]]
[jobs.input]
connector = "jdbc"
plugin = "postgresql"
table_schema = "public"
table_name = "orders"
load_type = "full_load"
auth_parameters = { auth_type = "connection_manager", config_id = "1763991009206_kvpd3364_postgresql-1.0.0" }
"#;
const CONNECTION: &str = r#"{"name": "shop", "plugin": "postgresql", "config": {"endpoint": "db.example.com",
    "port": 5432, "network": "direct", "user": "reader", "database": "orders"}}"#;
const ASSET: &str = "display_name = \"Orders\"\ndata_asset_type = \"dataset\"\ntags = [\"gold\"]\n";

struct Files(tempfile::TempDir);

impl Files {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn write(&self, name: &str, text: &str) -> String {
        let path: PathBuf = self.0.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }
}

#[tokio::test]
async fn a_pipeline_and_an_asset_of_a_file_are_created_then_left_alone_then_changed() {
    let (emulator, files) = (emulator().await, Files::new());
    for (noun, text, before, after, field) in [
        ("pipelines", PIPELINE, "0 6", "0 7", "cron"),
        ("catalog", ASSET, "gold", "silver", "tags"),
    ] {
        let file = files.write("wanted.toml", text);
        let ensure = [noun, "ensure", &file];
        let (code, out, err) = said(&as_ana(&emulator, &ensure).await);
        assert!(code == Some(0) && out.ends_with(" created\n"), "{out}{err}");
        let id = out.strip_suffix(" created\n").unwrap().to_owned();
        let (_, out, _) = said(&as_ana(&emulator, &ensure).await);
        assert_eq!(out, format!("{id} unchanged\n"));
        files.write("wanted.toml", &text.replace(before, after));
        let (_, out, _) = said(&as_ana(&emulator, &ensure).await);
        assert_eq!(out, format!("{id} updated: {field}\n"));
        let with_json = [&ensure[..], &["--json"]].concat();
        let (_, out, _) = said(&as_ana(&emulator, &with_json).await);
        let told: Value = serde_json::from_str(&out).unwrap();
        assert_eq!(
            (told["id"].as_str(), told["done"].as_str()),
            (Some(id.as_str()), Some("unchanged"))
        );
    }
    assert_eq!(emulator.count("create_pipeline"), 1);
    assert_eq!(emulator.count("create_data_asset"), 1);
}

#[tokio::test]
async fn a_connection_takes_its_secret_from_a_variable_and_shows_it_nowhere() {
    let (emulator, files) = (emulator().await, Files::new());
    let file = files.write("shop.json", CONNECTION);
    let ensure = |option: &str| {
        let mut run = command(&["connections", "ensure", &file, "--secret", option]);
        run.env("DADOSFERA_BASE_URL", emulator.base_url())
            .env("DADOSFERA_USERNAME", "ana@acme.example")
            .env("DADOSFERA_PASSWORD", "acme-ana-password")
            .env("SHOP_PASSWORD", "canary-of-the-shop");
        run
    };
    for end in [" created\n", " unchanged\n"] {
        let (code, out, err) = said(&ensure("password=SHOP_PASSWORD").output().await.unwrap());
        assert!(code == Some(0) && out.ends_with(end), "{out}{err}");
        assert!(!out.contains("canary") && !err.contains("canary"));
    }
    // Somebody gives the secret itself.
    for option in ["password=canary", "canary"] {
        let (code, _, err) = said(&ensure(option).output().await.unwrap());
        assert_eq!(code, Some(2), "{err}");
        assert!(!err.contains("canary"), "{err}");
    }
    assert_eq!(emulator.count("create_connection"), 1);
}

#[tokio::test]
async fn a_mistake_in_a_file_is_told_with_its_field_before_anything_is_sent() {
    let (emulator, files) = (emulator().await, Files::new());
    for (noun, name, text, expected) in [
        (
            "pipelines",
            "a.toml",
            "name = \"a\"\ncrom = \"@daily\"\njobs = []\n",
            "a.toml: crom is no field; known are cron, ",
        ),
        (
            "pipelines",
            "a.toml",
            "cron = \"@daily\"\n",
            "a.toml: name is missing",
        ),
        (
            "pipelines",
            "a.toml",
            "name = 7\n",
            "a.toml: name is no text",
        ),
        (
            "pipelines",
            "a.toml",
            "name = \"a\"\n[[jobs]\n",
            "a.toml is no TOML at line 2",
        ),
        (
            "pipelines",
            "a.json",
            "{\"name\": \"a\",}",
            "a.json is no JSON object at line 1, column 14",
        ),
        (
            "pipelines",
            "a.yaml",
            "name: a",
            "a.yaml is neither .toml nor .json",
        ),
        (
            "pipelines",
            "a.json",
            r#"{"name": "a", "jobs": [{"input": {"connector": "jdbc"}}]}"#,
            "jobs[0] is no job: missing field `plugin`",
        ),
        (
            "pipelines",
            "a.toml",
            &PIPELINE.replace("table_schema", "schema"),
            "jobs[0].input.schema is no field that is known; --unchecked",
        ),
        (
            "pipelines",
            "a.toml",
            &PIPELINE.replace("0 6 * * *", "every day"),
            "cron ",
        ),
        (
            "pipelines",
            "a.toml",
            &PIPELINE.replace("postgresql\"\n", "mongo\"\n"),
            "jobs[0].input.plugin",
        ),
        (
            "connections",
            "c.json",
            r#"{"name": "a", "plugin": "mysql", "config": "canary"}"#,
            "c.json: config is no table",
        ),
        (
            "catalog",
            "d.toml",
            "display_name = \"a\"\n",
            "d.toml: data_asset_type is missing",
        ),
        (
            "catalog",
            "d.toml",
            &format!("{ASSET}owner = \"me\"\n"),
            "d.toml: owner is no field",
        ),
    ] {
        let file = files.write(name, text);
        let (code, out, err) = said(&as_ana(&emulator, &[noun, "ensure", &file]).await);
        assert_eq!((code, out.as_str()), (Some(2), ""), "{err}");
        assert!(
            err.contains(expected) && !err.contains("canary"),
            "{expected}: {err}"
        );
    }
    let (code, _, err) = said(&as_ana(&emulator, &["catalog", "ensure", "none.toml"]).await);
    assert!(
        code == Some(2) && err.contains("none.toml cannot be read"),
        "{err}"
    );
    assert_eq!(emulator.requests().len(), 0);
}

#[tokio::test]
async fn a_plan_that_is_not_allowed_is_told_before_its_first_step() {
    let (emulator, files) = (emulator().await, Files::new());
    let as_vera = async |arguments: &[&str]| {
        let mut run = command(arguments);
        run.env("DADOSFERA_BASE_URL", emulator.base_url())
            .env("DADOSFERA_USERNAME", "vera@acme.example")
            .env("DADOSFERA_PASSWORD", "acme-vera-password");
        said(&run.output().await.unwrap())
    };
    let can = ["can", "list_pipelines", "create_pipeline"];
    let (code, out, err) = as_vera(&can).await;
    assert_eq!(
        (code, out.as_str()),
        (Some(1), "create_pipeline needs POST /pipelines\n")
    );
    assert!(err.contains("ask an administrator"), "{err}");
    let (code, out, _) = said(&as_ana(&emulator, &can).await);
    assert_eq!((code, out.as_str()), (Some(0), "all of it is allowed\n"));
    let (_, _, err) = said(&as_ana(&emulator, &["can", "create_pipelines"]).await);
    assert!(err.contains("there are create_pipeline, "), "{err}");
    let (code, _, err) = said(&as_ana(&emulator, &["can", "pipeline_create"]).await);
    assert!(
        code == Some(2) && err.contains("there are create_pipeline, "),
        "{err}"
    );

    let manifest = "version = 1\n\n[[asset]]\nname = \"Orders\"\ntype = \"dataset\"\n";
    let file = files.write("catalog.toml", manifest);
    let (code, _, err) = as_vera(&["catalog", "plan", &file]).await;
    assert!(
        code == Some(0) && err.contains("needs `catalog:create`"),
        "{err}"
    );
    let (code, _, err) = as_vera(&["catalog", "apply", &file]).await;
    assert!(code == Some(1) && err.contains("nothing was done"), "{err}");
    assert_eq!(emulator.count("create_data_asset"), 0);
}
