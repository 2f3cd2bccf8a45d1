//! The store in keyrings that are real: the system's own, and the Secret Service of a desktop. Each test says so where there is
//! none, and fails there if `DADOSFERA_TEST_KEYRINGS` is `required`.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use std::time::Duration;

use dadosfera::{
    Client, Keyring, KeyringStore, Record, Secret, StoreError, StoreErrorKind, TokenStore,
};

use crate::stores::lists;
use crate::support::{ANA, World};

const SOON: Duration = Duration::from_secs(5);
/// Set for the part of a test that runs within a session of D-Bus.
const WITHIN: &str = "DADOSFERA_TEST_WITHIN_DBUS";
const REQUIRED: &str = "DADOSFERA_TEST_KEYRINGS";

fn not_run(why: &str) {
    let is_required = std::env::var(REQUIRED).is_ok_and(|it| it == "required");
    assert!(!is_required, "{why}");
    println!("not run: {why}");
}

/// Saves, reads back and clears a record of several pieces, and shares it between two sessions.
async fn keeps_what_it_is_given(world: &World, store: impl Fn() -> KeyringStore) {
    let one = store();
    let mut guard = one.lock(SOON).await.expect("free");
    for length in [4_000, 10, 2_600] {
        let long = "é😀x".repeat(length / 3);
        let mut record = Record::new("https://api.example");
        record.refresh_token = Some(long.as_str().into());
        record.generation = 1;
        guard.save(&record).await.expect("kept");
        let back = guard.load().await.expect("readable").expect("a record");
        assert_eq!(back.refresh_token.expect("kept").expose(), long);
    }
    guard.clear().await.expect("cleared");
    assert!(guard.load().await.expect("readable").is_none());
    guard.release().await.expect("released");
    for _ in 0..2 {
        let client: Client = world
            .builder()
            .password(ANA.0, ANA.1)
            .token_store(Arc::new(store()))
            .build()
            .expect("a client");
        lists(&client).await;
        let status = client.session().status().expect("a session");
        assert_eq!(status.store_degraded, None);
    }
    assert_eq!(
        (world.count("sign_in"), world.count("refresh_access_token")),
        (1, 1),
        "the second session goes on with the refresh token of the first"
    );
    let mut guard = one.lock(SOON).await.expect("free");
    guard.clear().await.expect("cleared");
    guard.release().await.expect("released");
}

#[tokio::test]
async fn the_systems_keyring_keeps_a_record() {
    let folder = tempfile::tempdir().expect("a folder");
    let lock = folder.path().join("state").join("keyring");
    let name = format!("dadosfera-test-{}", std::process::id());
    let store = || KeyringStore::new(name.as_str(), &lock);
    let mut guard = store().lock(SOON).await.expect("free");
    let probe = guard.save(&Record::new("https://api.example")).await;
    if let Err(error) = probe {
        // A container may forbid the calls.
        return not_run(&format!("the system's keyring takes nothing here: {error}"));
    }
    guard.release().await.expect("released");
    keeps_what_it_is_given(&World::new().await, store).await;
}

/// The Secret Service, by the program that the library of GNOME brings. Values go through its standard input and output.
#[derive(Debug)]
struct SecretService;

impl SecretService {
    fn ask(verb: &[&str], entry: &str, value: Option<&Secret>) -> Result<Output, StoreError> {
        let failed = |_| StoreError::new(StoreErrorKind::Unavailable, "secret-tool does not run");
        let mut child = Command::new("secret-tool")
            .args(verb)
            .args(["service", "dadosfera-test", "entry", entry])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(failed)?;
        let mut stdin = child.stdin.take().expect("piped");
        if let Some(value) = value {
            stdin.write_all(value.expose().as_bytes()).map_err(failed)?;
        }
        drop(stdin);
        child.wait_with_output().map_err(failed)
    }
}

impl Keyring for SecretService {
    fn place(&self) -> String {
        "the Secret Service".to_owned()
    }

    fn get(&self, entry: &str) -> Result<Option<Secret>, StoreError> {
        let output = Self::ask(&["lookup"], entry, None)?;
        if !output.stderr.is_empty() {
            return Err(StoreError::new(StoreErrorKind::Unavailable, "locked"));
        }
        let value = String::from_utf8(output.stdout).expect("text");
        Ok(output.status.success().then(|| Secret::from(value)))
    }

    fn set(&self, entry: &str, value: &Secret) -> Result<(), StoreError> {
        let output = Self::ask(&["store", "--label=dadosfera"], entry, Some(value))?;
        if output.status.success() {
            return Ok(());
        }
        Err(StoreError::new(StoreErrorKind::Unwritable, "not stored"))
    }

    fn remove(&self, entry: &str) -> Result<(), StoreError> {
        // It answers a failure where there is nothing to remove.
        Self::ask(&["clear"], entry, None).map(|_| ())
    }
}

#[test]
fn the_secret_service_of_a_desktop_keeps_a_record() {
    for (program, asked) in [
        ("dbus-run-session", "--version"),
        ("gnome-keyring-daemon", "--version"),
        ("secret-tool", "--version"),
    ] {
        let found = Command::new(program)
            .arg(asked)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        if found.is_err() {
            return not_run(&format!(
                "there is no {program}; apt-get install dbus gnome-keyring libsecret-tools"
            ));
        }
    }
    let home = tempfile::tempdir().expect("a folder");
    let output = within_dbus(home.path());
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && said.contains("1 passed"),
        "{said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let kept = home.path().join("data").join("keyrings");
    let is_used = std::fs::read_dir(&kept).is_ok_and(|mut files| files.next().is_some());
    assert!(is_used, "the daemon wrote its keyring");
}

/// Runs the part below in a session of D-Bus of its own, with a keyring of its own that is unlocked.
fn within_dbus(home: &Path) -> Output {
    let this = std::env::current_exe().expect("this binary");
    let script = "printf 'a password' | gnome-keyring-daemon --unlock --components=secrets > /dev/null && \
                  exec \"$0\" system_keyrings::within_a_session_of_dbus --exact --nocapture";
    Command::new("dbus-run-session")
        .args(["--", "sh", "-c", script])
        .arg(this)
        .env("HOME", home)
        .env("XDG_DATA_HOME", home.join("data"))
        .env("XDG_RUNTIME_DIR", home)
        .env(WITHIN, "1")
        .stdin(Stdio::null())
        .output()
        .expect("dbus-run-session runs")
}

/// Started by the test above.
#[tokio::test]
async fn within_a_session_of_dbus() {
    if std::env::var_os(WITHIN).is_none() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let lock = folder.path().join("state").join("keyring");
    let store = || KeyringStore::over(Arc::new(SecretService), "ana", &lock);
    keeps_what_it_is_given(&World::new().await, store).await;
}
