//! Tokens that outlive the command, and where its credentials come from.

use std::process::Stdio;

use crate::{as_ana, command, emulator, said};

#[tokio::test]
async fn a_token_store_is_shared_by_the_runs_of_the_command() {
    let emulator = emulator().await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state").join("session.json");
    let run = |with_password: bool| {
        let mut run = command(&["pipelines", "list"]);
        run.env("DADOSFERA_BASE_URL", emulator.base_url())
            .env("DADOSFERA_TOKEN_STORE", &path);
        if with_password {
            run.env("DADOSFERA_USERNAME", "ana@acme.example")
                .env("DADOSFERA_PASSWORD", "acme-ana-password");
        }
        run
    };
    for with_password in [true, true, false] {
        let (code, _, err) = said(&run(with_password).output().await.unwrap());
        assert_eq!(code, Some(0), "{err}");
    }
    assert_eq!(emulator.count("sign_in"), 1);
}

#[cfg(unix)]
#[tokio::test]
async fn a_disk_that_is_full_costs_the_store_and_not_the_call() {
    let emulator = emulator().await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state").join("session.json");
    // No file may grow any more, and who tries gets an error instead of a signal.
    let script = "trap '' XFSZ; ulimit -f 0; exec \"$0\" pipelines list";
    let output = tokio::process::Command::new("/bin/sh")
        .args(["-c", script, env!("CARGO_BIN_EXE_dadosfera")])
        .env_clear()
        .env("XDG_CONFIG_HOME", env!("CARGO_TARGET_TMPDIR"))
        .env("DADOSFERA_BASE_URL", emulator.base_url())
        .env("DADOSFERA_USERNAME", "ana@acme.example")
        .env("DADOSFERA_PASSWORD", "acme-ana-password")
        .env("DADOSFERA_TOKEN_STORE", &path)
        .stdin(Stdio::null())
        .output()
        .await
        .unwrap();
    let (code, _, err) = said(&output);
    assert_eq!(code, Some(0), "{err}");
    let left: Vec<_> = std::fs::read_dir(path.parent().unwrap())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(left, ["session.json.lock"], "no half record is left");
}

#[tokio::test]
async fn whoami_explains_where_credentials_come_from_and_sends_nothing() {
    let emulator = emulator().await;
    let (code, out, err) = said(&as_ana(&emulator, &["whoami", "--explain"]).await);
    assert_eq!(code, Some(0), "{err}");
    assert_eq!(
        out,
        "identity: password\npassword: from DADOSFERA_PASSWORD\nuser name: from DADOSFERA_USERNAME\nbase URL: from DADOSFERA_BASE_URL\n"
    );
    let (_, out, _) = said(&as_ana(&emulator, &["--json", "whoami", "--explain"]).await);
    let told: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(told["values"][0]["used"], "DADOSFERA_PASSWORD");
    assert!(!out.contains("acme-ana-password"), "{out}");
    assert!(emulator.requests().is_empty());
}
