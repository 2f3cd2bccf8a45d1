//! Every feature flag is documented where the docs of the crate take it from, and is off unless it is named; every dependency of
//! the default build has its reason in ARCHITECTURE.md.

#[test]
fn every_feature_has_a_line_of_documentation_and_only_tls_is_on_by_default() {
    let text = include_str!("../../Cargo.toml");
    let manifest: toml::Table = text.parse().expect("a manifest");
    let features = manifest["features"].as_table().expect("features");
    let default = features["default"].as_array().expect("a list");
    assert_eq!(default, &[toml::Value::from("rustls")]);
    let lines: Vec<&str> = text.lines().collect();
    assert!(features.len() > 3);
    for feature in features.keys().filter(|name| *name != "default") {
        let at = lines
            .iter()
            .position(|line| line.starts_with(&format!("{feature} = [")))
            .expect(feature);
        assert!(
            lines[at - 1].starts_with("## "),
            "write what `{feature}` brings in a line above it that begins with ##"
        );
    }
}

#[test]
fn every_dependency_of_the_default_build_is_listed_with_its_reason() {
    let manifest: toml::Table = include_str!("../../Cargo.toml")
        .parse()
        .expect("a manifest");
    let listed = include_str!("../../../../ARCHITECTURE.md")
        .split_once("## What the SDK's default build depends on")
        .and_then(|(_, rest)| rest.split_once("\n\n`"))
        .expect("the table")
        .0;
    let names: Vec<&str> = listed
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.split(" | ").next())
        .flat_map(|crates| crates.split([',', ' ', '(', ')']))
        .collect();
    let unix = &manifest["target"]["cfg(unix)"]["dependencies"];
    let all = [&manifest["dependencies"], unix];
    let all = all.iter().filter_map(|table| table.as_table()).flatten();
    let default: Vec<&str> = all
        .filter(|(_, about)| about.get("optional").is_none())
        .map(|(name, _)| name.as_str())
        .collect();
    assert_eq!(default.len(), 19, "{default:?}");
    for name in default {
        assert!(
            names.contains(&name),
            "say in ARCHITECTURE.md what {name} is for"
        );
    }
}
