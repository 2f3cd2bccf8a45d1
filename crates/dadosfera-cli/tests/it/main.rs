//! The command as a shell sees it: what it prints, where, and how it ends.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test may panic and print"
)]

mod ensure;
mod help;
mod resources;
mod stores;

use std::process::{Output, Stdio};
use std::time::Duration;

use dadosfera_emulator::{Emulator, Options};
use tokio::process::Command;

/// A folder without a profile, so that the files of whoever runs the tests stay out.
pub(crate) fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dadosfera"));
    command
        .args(arguments)
        .env_clear()
        .env("XDG_CONFIG_HOME", env!("CARGO_TARGET_TMPDIR"))
        .stdin(Stdio::null());
    command
}

/// Runs it as Ana, against an emulator.
pub(crate) async fn as_ana(emulator: &Emulator, arguments: &[&str]) -> Output {
    command(arguments)
        .env("DADOSFERA_BASE_URL", emulator.base_url())
        .env("DADOSFERA_USERNAME", "ana@acme.example")
        .env("DADOSFERA_PASSWORD", "acme-ana-password")
        .output()
        .await
        .unwrap()
}

pub(crate) async fn emulator() -> Emulator {
    let options = Options {
        run_duration: Duration::from_millis(100),
        ..Options::default()
    };
    Emulator::builder().options(options).start().await.unwrap()
}

/// Printed too: ci looks for secrets in it.
pub(crate) fn said(output: &Output) -> (Option<i32>, String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    println!("{}{}", text(&output.stdout), text(&output.stderr));
    (
        output.status.code(),
        text(&output.stdout),
        text(&output.stderr),
    )
}

const CREATE: [&str; 12] = [
    "pipelines",
    "create",
    "--name",
    "Orders",
    "--plugin",
    "postgresql",
    "--schema",
    "public",
    "--table",
    "orders",
    "--connection",
    "1763991009206_kvpd3364_postgresql-1.0.0",
];

#[tokio::test]
async fn a_pipeline_is_created_run_and_deleted() {
    let emulator = emulator().await;
    let (code, id, _) = said(&as_ana(&emulator, &CREATE).await);
    assert_eq!(code, Some(0));
    let id = id.strip_suffix(" created\n").unwrap();

    let (code, ended, _) = said(&as_ana(&emulator, &["pipelines", "run", id, "--wait"]).await);
    assert_eq!(code, Some(0));
    assert!(ended.ends_with("ended: SUCCESS\n"), "{ended}");

    let (_, runs, _) = said(&as_ana(&emulator, &["runs", "list", id]).await);
    assert!(runs.starts_with("RUN "), "{runs}");
    assert_eq!(runs.lines().count(), 2, "{runs}");

    let (code, deleted, _) = said(&as_ana(&emulator, &["pipelines", "delete", id]).await);
    assert_eq!((code, deleted), (Some(0), format!("{id} deleted\n")));
    let (code, none, _) = said(&as_ana(&emulator, &["pipelines", "list", "--json"]).await);
    assert_eq!((code, none.as_str()), (Some(0), "[]\n"));
}

#[tokio::test]
async fn a_failed_run_ends_with_its_trace_and_a_code_of_its_own() {
    let emulator = emulator().await;
    let broken = CREATE.map(|word| {
        if word == "orders" {
            "orders_broken"
        } else {
            word
        }
    });
    let (_, id, _) = said(&as_ana(&emulator, &broken).await);
    let id = id.strip_suffix(" created\n").unwrap();
    let (code, out, err) = said(&as_ana(&emulator, &["pipelines", "run", id, "--wait"]).await);
    assert_eq!((code, out.as_str()), (Some(3), ""));
    assert!(
        err.contains("Connection timeout to source database"),
        "{err}"
    );
}

#[tokio::test]
async fn wrong_usage_and_refusals_have_codes_of_their_own() {
    let emulator = emulator().await;
    let (code, out, err) = said(&command(&["whoami"]).output().await.unwrap());
    assert_eq!((code, out.as_str()), (Some(2), ""));
    assert!(err.contains("DADOSFERA_USERNAME"), "{err}");

    let (code, _, err) = said(&as_ana(&emulator, &["pipelines", "get", "../x"]).await);
    assert_eq!(code, Some(2), "{err}");
    let (code, _, err) = said(&as_ana(&emulator, &["pipelines", "get", "nope"]).await);
    assert_eq!(code, Some(1), "{err}");
    assert!(err.contains("Pipeline with id nope not found"), "{err}");
    assert_eq!(emulator.count("get_pipeline"), 1, "a bad id is never sent");
}

#[tokio::test]
async fn a_key_is_shown_once_and_no_password_is_an_argument() {
    let emulator = emulator().await;
    let create = ["api-keys", "create", "--permission", "GET /pipelines"];
    let (_, key, _) = said(&as_ana(&emulator, &create).await);
    assert!(key.starts_with("ddf_"), "{key}");
    let (_, listed, _) = said(&as_ana(&emulator, &["api-keys", "list"]).await);
    assert!(!listed.contains(key.trim()), "{listed}");
    let with_key = command(&["pipelines", "list"])
        .env("DADOSFERA_BASE_URL", emulator.base_url())
        .env("DADOSFERA_API_KEY", key.trim())
        .output()
        .await
        .unwrap();
    assert_eq!(with_key.status.code(), Some(0));
    let (_, help, _) = said(&command(&["--help"]).output().await.unwrap());
    assert!(
        !help.contains("--password") && !help.contains("--api-key "),
        "{help}"
    );
}
