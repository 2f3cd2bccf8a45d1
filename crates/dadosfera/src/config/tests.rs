//! The rules of precedence, and each fault of a configuration.

use std::path::Path;

use super::*;
use crate::error::ErrorKind;

fn environment<const N: usize>(pairs: [(&str, &str); N]) -> (Source, Settings) {
    let settings = Settings::from_environment(&Environment::fixed(pairs)).expect("readable");
    (Source::Environment, settings)
}

fn code(settings: Settings) -> (Source, Settings) {
    (Source::Code, settings)
}

fn resolve(sources: &[(Source, Settings)]) -> Result<Config, Error> {
    Config::resolve(sources, Flags::default())
}

fn fault(sources: &[(Source, Settings)]) -> String {
    let error = resolve(sources).expect_err("a fault");
    assert_eq!(error.kind(), ErrorKind::Config);
    error.to_string()
}

/// A folder with the two files in it.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new(config: &str, secrets: &str) -> Self {
        let folder = Self(tempfile::tempdir().expect("a folder"));
        std::fs::write(folder.0.path().join("config.toml"), config).expect("written");
        std::fs::write(folder.0.path().join("secrets.toml"), secrets).expect("written");
        folder.allow(0o600);
        folder
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).display().to_string()
    }

    #[cfg(unix)]
    fn allow(&self, mode: u32) {
        use std::os::unix::fs::PermissionsExt;
        let permissions = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(self.path("secrets.toml"), permissions).expect("changed");
    }

    #[cfg(not(unix))]
    fn allow(&self, _mode: u32) {}

    fn profile(&self, name: &str) -> Result<Option<Settings>, Error> {
        let environment = Environment::fixed([
            ("DADOSFERA_CONFIG_FILE", self.path("config.toml")),
            ("DADOSFERA_SECRETS_FILE", self.path("secrets.toml")),
        ]);
        Files::locate(&environment)?.profile(name, true)
    }

    fn fault(&self, name: &str) -> String {
        self.profile(name).expect_err("a fault").to_string()
    }
}

#[test]
fn code_goes_before_the_environment_and_the_environment_before_the_profile() {
    let profile = Settings {
        base_url: Some("https://profile.example".to_owned()),
        language: Some("pt-br".to_owned()),
        customer_name: Some("profile".to_owned()),
        ..Settings::default()
    };
    let config = resolve(&[
        code(Settings {
            base_url: Some("https://code.example/".to_owned()),
            ..Settings::default()
        }),
        environment([
            ("DADOSFERA_BASE_URL", "https://env.example"),
            ("DADOSFERA_LANG", "EN-us"),
            ("DADOSFERA_API_KEY", "k"),
        ]),
        (Source::Profile("p".to_owned()), profile),
    ])
    .expect("good");
    assert_eq!(config.base_url.as_str(), "https://code.example");
    assert_eq!(config.language, Some("en-us"));
    assert_eq!(config.customer_name.as_deref(), Some("profile"));
}

#[test]
fn the_default_server_is_production() {
    let config = resolve(&[environment([("DADOSFERA_API_KEY", "k")])]).expect("good");
    assert_eq!(config.base_url.as_str(), "https://maestro.dadosfera.ai");
}

#[test]
fn an_api_key_beside_a_password_is_refused_and_both_are_named() {
    let said = fault(&[environment([
        ("DADOSFERA_API_KEY", "canary"),
        ("DADOSFERA_PASSWORD", "canary"),
        ("DADOSFERA_USERNAME", "ana"),
    ])]);
    assert!(
        said.contains("DADOSFERA_API_KEY and DADOSFERA_PASSWORD are both set"),
        "{said}"
    );
    assert!(!said.contains("canary"));
    let said = fault(&[code(Settings {
        api_key: Some("k".into()),
        refresh_token: Some("r".into()),
        ..Settings::default()
    })]);
    assert!(
        said.contains("api_key(..) and refresh_token(..) are both set"),
        "{said}"
    );
}

#[test]
fn a_key_in_the_code_outweighs_a_password_in_the_environment() {
    let config = resolve(&[
        code(Settings {
            api_key: Some("k".into()),
            ..Settings::default()
        }),
        environment([("DADOSFERA_PASSWORD", "p"), ("DADOSFERA_USERNAME", "ana")]),
    ])
    .expect("good");
    assert!(matches!(config.credentials, Credentials::ApiKey(_)));
}

#[test]
fn missing_credentials_are_named_with_where_to_put_them() {
    let said = fault(&[]);
    assert!(
        said.contains("no credentials are set") && said.contains("DADOSFERA_API_KEY"),
        "{said}"
    );
    let said = fault(&[environment([("DADOSFERA_USERNAME", "ana")])]);
    assert!(
        said.contains("a user name is set, but no password"),
        "{said}"
    );
    let said = fault(&[environment([("DADOSFERA_PASSWORD", "canary")])]);
    assert!(
        said.contains("DADOSFERA_PASSWORD is set without a user name") && !said.contains("canary"),
        "{said}"
    );
}

#[test]
fn nobody_can_ask_for_nothing_but_health() {
    let flags = Flags {
        anonymous: true,
        ..Flags::default()
    };
    assert!(matches!(
        Config::resolve(&[], flags).expect("good").credentials,
        Credentials::None
    ));
}

#[test]
fn a_second_factor_counts_for_its_own_user_only() {
    let profile = |username: &str| {
        let settings = Settings {
            username: Some(username.to_owned()),
            totp_secret: Some("JBSWY3DPEHPK3PXP".into()),
            ..Settings::default()
        };
        (Source::Profile("p".to_owned()), settings)
    };
    let totp = |username: &str| {
        let sources = [
            environment([("DADOSFERA_USERNAME", "ana"), ("DADOSFERA_PASSWORD", "p")]),
            profile(username),
        ];
        match resolve(&sources).expect("good").credentials {
            Credentials::User {
                password: Some(password),
                ..
            } => password.totp.is_some(),
            other => panic!("{other:?}"),
        }
    };
    assert!(totp("ana"));
    assert!(!totp("bob"));
}

#[test]
fn a_one_time_code_is_six_digits() {
    assert_eq!(
        one_time_code(&"123 456".into()).expect("a code").expose(),
        "123456"
    );
    let error = one_time_code(&"canary".into()).expect_err("no code");
    assert!(error.to_string().contains("six digits") && !error.to_string().contains("canary"));
}

#[test]
fn an_unknown_language_is_refused_with_the_known_ones() {
    let said = fault(&[environment([
        ("DADOSFERA_LANG", "fr"),
        ("DADOSFERA_API_KEY", "k"),
    ])]);
    assert!(
        said.contains("`fr`") && said.contains("pt-br or en-us"),
        "{said}"
    );
}

#[test]
fn a_profile_takes_settings_and_secrets_from_their_files() {
    let folder = Folder::new(
        "[profile.dev]\nbase_url = \"https://maestro.stg.dadosfera.ai\"\nusername = \"ana\"\ntimeout_seconds = 5\n",
        "[profile.dev]\npassword = \"p\"\ntotp_secret = \"JBSWY3DPEHPK3PXP\"\n",
    );
    let settings = folder.profile("dev").expect("good").expect("there");
    let config = resolve(&[(Source::Profile("dev".to_owned()), settings)]).expect("good");
    assert_eq!(config.base_url.as_str(), "https://maestro.stg.dadosfera.ai");
    assert_eq!(config.timeout, Duration::from_secs(5));
    assert!(matches!(
        config.credentials,
        Credentials::User {
            password: Some(_),
            ..
        }
    ));
}

#[test]
fn an_unknown_profile_is_refused_with_the_known_ones() {
    let folder = Folder::new(
        "[profile.dev]\nusername = \"ana\"\n",
        "[profile.prod]\npassword = \"p\"\n",
    );
    let said = folder.fault("staging");
    assert!(
        said.contains("there is no profile `staging`") && said.contains("known are dev, prod"),
        "{said}"
    );
}

#[cfg(unix)]
#[test]
fn a_secrets_file_that_others_can_read_or_change_is_refused_with_what_mends_it() {
    let folder = Folder::new("", "[profile.dev]\npassword = \"canary\"\n");
    for mode in [0o644, 0o640, 0o620, 0o604, 0o666] {
        folder.allow(mode);
        let said = folder.fault("dev");
        assert!(said.contains(&format!("(mode {mode:o})")), "{said}");
        assert!(
            said.contains(&format!("chmod 600 {}", folder.path("secrets.toml"))),
            "{said}"
        );
    }
    folder.allow(0o400);
    assert!(folder.profile("dev").is_ok());
}

#[test]
fn a_secrets_file_that_cannot_be_read_is_named() {
    let folder = Folder::new("[profile.dev]\nusername = \"ana\"\n", "");
    std::fs::remove_file(folder.path("secrets.toml")).expect("removed");
    std::fs::create_dir(folder.path("secrets.toml")).expect("made");
    set_private(Path::new(&folder.path("secrets.toml")));
    let said = folder.fault("dev");
    assert!(said.contains("secrets.toml cannot be read"), "{said}");
}

#[cfg(unix)]
fn set_private(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o700)).expect("changed");
}

#[cfg(not(unix))]
fn set_private(_path: &Path) {}

#[test]
fn a_secret_among_the_settings_is_refused() {
    for key in ["password", "totp_secret", "refresh_token", "api_key"] {
        let said = Folder::new(&format!("[profile.dev]\n{key} = \"canary\"\n"), "").fault("dev");
        assert!(
            said.contains(&format!("`{key}`")) && said.contains("move it to secrets.toml"),
            "{said}"
        );
        assert!(!said.contains("canary"));
    }
}

#[test]
fn an_unknown_key_is_named() {
    let said = Folder::new("[profile.dev]\nbase_ulr = \"x\"\n", "").fault("dev");
    assert!(
        said.contains("`base_ulr`") && said.contains("base_url"),
        "{said}"
    );
    let said = Folder::new("base_url = \"x\"\n", "").fault("dev");
    assert!(said.contains("unknown key `base_url`"), "{said}");
    let said = Folder::new("", "[profile.dev]\nusername = \"x\"\n").fault("dev");
    assert!(
        said.contains("`username`") && said.contains("password"),
        "{said}"
    );
}

#[test]
fn a_broken_file_is_named_by_its_line_and_not_quoted() {
    let said = Folder::new("", "[profile.dev]\npassword = canary\n").fault("dev");
    assert!(
        said.contains("not valid TOML at line 2") && !said.contains("canary"),
        "{said}"
    );
}

#[test]
fn debug_shows_no_secret() {
    let config = resolve(&[environment([
        ("DADOSFERA_USERNAME", "ana"),
        ("DADOSFERA_PASSWORD", "canary-password"),
        ("DADOSFERA_TOTP_SECRET", "CANARYAA"),
        ("DADOSFERA_REFRESH_TOKEN", "canary-refresh"),
    ])])
    .expect("good");
    let shown = format!("{config:?}").to_lowercase();
    assert!(!shown.contains("canary"), "{shown}");
}
