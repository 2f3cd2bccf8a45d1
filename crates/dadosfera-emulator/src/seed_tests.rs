//! Seeds that make a world, and what is said of those that do not.

use super::*;

#[test]
fn the_default_seed_makes_a_world() {
    let world = Seed::default().build(DateTime::UNIX_EPOCH).unwrap();
    assert!(
        world
            .users
            .totp_now("mfa@acme.example", DateTime::UNIX_EPOCH)
            .is_some()
    );
    assert!(world.pipelines.list("acme_corp").is_empty());
    assert!(Seed::from_json("{}").is_ok());
}

#[test]
fn a_wrong_seed_names_its_field() {
    for (text, field) in [
        (r#"{"#, "the document"),
        (r#"{"usrs": []}"#, "usrs"),
        (r#"{"starts_at": "9999-01-01T00:00:00Z"}"#, "starts_at"),
        (
            r#"{"options": {"run_duration": "x"}}"#,
            "options.run_duration",
        ),
        (
            r#"{"users": [{"username": "a", "password": "b", "group": "Boss", "customer": "globex"}]}"#,
            "users[0].group",
        ),
        (
            r#"{"users": [{"username": "a", "password": "b", "group": "Viewer", "customer": "x"}]}"#,
            "users[0].customer",
        ),
        (
            r#"{"users": [{"username": "a", "password": "b", "group": "Viewer", "customer": "globex", "totp_secret": "1"}]}"#,
            "users[0].totp_secret",
        ),
        (
            r#"{"customers": [{"name": "a"}, {"name": "a"}], "users": []}"#,
            "customers[1]",
        ),
        (
            r#"{"pipelines": [{"owner": "x", "pipeline": {}}]}"#,
            "pipelines[0].owner",
        ),
        (
            r#"{"pipelines": [{"owner": "ana@acme.example", "pipeline": {}}]}"#,
            "pipelines[0].pipeline",
        ),
        (
            r#"{"assets": [{"owner": "x", "asset": {}}]}"#,
            "assets[0].owner",
        ),
        (
            r#"{"assets": [{"owner": "ana@acme.example", "asset": {}}]}"#,
            "assets[0].asset",
        ),
        (
            r#"{"assets": [{"owner": "ana@acme.example", "users": ["bob@globex.example"],
                "asset": {"display_name": "x", "data_asset_type": "dataset"}}]}"#,
            "assets[0].users[0]",
        ),
        (r#"{} {}"#, "the document"),
    ] {
        let error = Seed::from_json(text).err().unwrap();
        assert_eq!(error.field(), field, "{text}: {error}");
    }
}

#[test]
fn debug_shows_no_secret() {
    let text = format!("{:?}", Seed::default());
    assert!(!text.contains("acme-ana-password") && !text.contains("JBSWY"));
}

#[test]
fn the_seed_of_the_readme_makes_a_world() {
    let readme = include_str!("../README.md");
    let example = readme.split("```json\n").nth(1).unwrap();
    let seed = Seed::from_json(example.split("```").next().unwrap()).unwrap();
    let world = seed.build(DateTime::UNIX_EPOCH).unwrap();
    assert_eq!(world.pipelines.list("initech").len(), 1);
}
