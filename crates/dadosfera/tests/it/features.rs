//! Every feature flag is documented where users look.

#[test]
fn the_docs_of_the_crate_name_every_feature() {
    let manifest: toml::Table = include_str!("../../Cargo.toml")
        .parse()
        .expect("a manifest");
    let docs = include_str!("../../src/lib.rs");
    let features = manifest["features"].as_table().expect("features");
    let default = features["default"].as_array().expect("a list");
    assert!(features.len() > 3);
    for feature in features.keys().filter(|name| *name != "default") {
        let is_default = default.iter().any(|it| it.as_str() == Some(feature));
        let row = format!(
            "//! | `{feature}` | {} |",
            if is_default { "yes" } else { "no" }
        );
        assert!(docs.contains(&row), "write a row that begins with {row}");
    }
}
