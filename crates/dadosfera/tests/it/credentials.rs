//! Where a client's credentials come from: the chain of code, environment, profile and store, and its report.

use dadosfera::{Client, ClientBuilder, CredentialsReport, Environment};
use dadosfera_emulator::Options;
use tempfile::TempDir;

use crate::stores::lists;
use crate::support::{ANA, World};

/// A profile `default` with everything that a profile can hold.
struct Files(TempDir);

impl Files {
    fn new(config: &str, secrets: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, text) in [("config.toml", config), ("secrets.toml", secrets)] {
            let path = folder.path().join(name);
            std::fs::write(&path, text).expect("written");
            #[cfg(unix)]
            {
                use std::os::unix::fs::PermissionsExt as _;
                let mode = std::fs::Permissions::from_mode(0o600);
                std::fs::set_permissions(&path, mode).expect("changed");
            }
        }
        Self(folder)
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).display().to_string()
    }

    fn environment(&self, more: &[(&str, &str)]) -> Environment {
        let files = [
            ("DADOSFERA_CONFIG_FILE".to_owned(), self.path("config.toml")),
            (
                "DADOSFERA_SECRETS_FILE".to_owned(),
                self.path("secrets.toml"),
            ),
        ];
        let more = more
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Environment::fixed(files.into_iter().chain(more))
    }
}

fn report(builder: ClientBuilder) -> CredentialsReport {
    let client = builder.build().expect("a client");
    let report = client.credentials_report().clone();
    let shown = format!("{report} {report:?}");
    assert!(!shown.contains("canary"), "{shown}");
    report
}

#[test]
fn the_report_names_each_source_and_why_others_were_passed_over() {
    let files = Files::new(
        "[profile.default]\nusername = \"vera@acme.example\"\nbase_url = \"https://profile.example\"\ntoken_store = \"/p\"\n",
        "[profile.default]\npassword = \"canary-profile\"\ntotp_secret = \"GEZDGNBVGY3TQOJQ\"\n",
    );
    let environment = files.environment(&[
        ("DADOSFERA_PASSWORD", "canary-environment"),
        ("DADOSFERA_TOKEN_STORE", "/e"),
        ("DADOSFERA_USERNAME", "ana@acme.example"),
    ]);
    let report = report(
        Client::builder()
            .base_url("https://code.example")
            .environment(environment),
    );
    assert_eq!(
        report.to_string(),
        "identity: password\n\
         password: from DADOSFERA_PASSWORD\n  \
           not password of the profile `default`: credentials come from one source, and DADOSFERA_PASSWORD goes before it\n\
         user name: from DADOSFERA_USERNAME\n  \
           not username of the profile `default`: DADOSFERA_USERNAME goes before it\n\
         one-time secret: none is used\n  \
           not totp_secret of the profile `default`: it is of another user\n\
         token store: from DADOSFERA_TOKEN_STORE\n  \
           not token_store of the profile `default`: DADOSFERA_TOKEN_STORE goes before it\n\
         base URL: from base_url(..)\n  \
           not base_url of the profile `default`: base_url(..) goes before it\n"
    );
}

#[test]
fn each_kind_of_identity_is_told() {
    let plain = |pairs: &[(&str, &str)]| {
        let files = Files::new("", "");
        report(Client::builder().environment(files.environment(pairs)))
    };
    let key = plain(&[
        ("DADOSFERA_API_KEY", "canary"),
        ("DADOSFERA_USERNAME", "ana"),
        ("DADOSFERA_TOKEN_STORE", "/e"),
    ]);
    assert_eq!(key.identity, "api key");
    assert_eq!(key.values[1].used, None);
    assert_eq!(key.values[1].passed_over[0].why, "an API key needs none");
    let both = plain(&[
        ("DADOSFERA_REFRESH_TOKEN", "canary"),
        ("DADOSFERA_PASSWORD", "canary"),
        ("DADOSFERA_USERNAME", "ana"),
    ]);
    assert_eq!(both.identity, "refresh token, then password");
    let token = plain(&[("DADOSFERA_REFRESH_TOKEN", "canary")]);
    assert_eq!(token.identity, "refresh token");
    let store = plain(&[("DADOSFERA_TOKEN_STORE", "/e")]);
    assert_eq!(store.identity, "token store");
    let nobody = report(Client::builder().api_key("canary").anonymous());
    assert_eq!(nobody.identity, "nobody");
    assert_eq!(
        nobody.values[0].passed_over[0].why,
        "the client is anonymous"
    );
}

#[tokio::test]
async fn a_store_that_the_environment_names_resumes_without_a_password() {
    let world = World::with(Options::default()).await;
    let files = Files::new("", "");
    let path = files.path("state/session.json");
    let store = ("DADOSFERA_TOKEN_STORE", path.as_str());
    let first = world
        .builder()
        .environment(files.environment(&[store]))
        .password(ANA.0, ANA.1)
        .build()
        .expect("a client");
    lists(&first).await;
    let resumed = world
        .builder()
        .environment(files.environment(&[store]))
        .build()
        .expect("the store is the last source");
    assert_eq!(resumed.credentials_report().identity, "token store");
    lists(&resumed).await;
    assert_eq!(world.count("sign_in"), 1);
}

#[tokio::test]
async fn a_store_of_the_code_goes_before_one_of_the_environment() {
    let world = World::new().await;
    let files = Files::new("", "");
    let path = files.path("state/session.json");
    let client = world
        .builder()
        .environment(files.environment(&[("DADOSFERA_TOKEN_STORE", &path)]))
        .password(ANA.0, ANA.1)
        .token_store(std::sync::Arc::new(dadosfera::MemoryStore::new()))
        .build()
        .expect("a client");
    lists(&client).await;
    assert!(!std::path::Path::new(&path).exists());
    let report = client.credentials_report().to_string();
    let told = "token store: from token_store(..)\n  not DADOSFERA_TOKEN_STORE: token_store(..) goes before it\n";
    assert!(report.contains(told), "{report}");
}
