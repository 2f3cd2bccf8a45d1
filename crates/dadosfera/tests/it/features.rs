//! Every feature flag is documented where the docs of the crate take it from, and is off unless it is named.

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
