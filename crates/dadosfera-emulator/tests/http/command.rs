//! The binary: what it says when it starts, and when it cannot.

use std::process::Stdio;

use dadosfera_emulator::Emulator;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dadosfera-emulator"));
    command.kill_on_drop(true);
    command
}

async fn refused(arguments: &[&str]) -> String {
    let output = command().args(arguments).output().await.unwrap();
    assert!(!output.status.success(), "{arguments:?}");
    String::from_utf8(output.stderr).unwrap()
}

#[tokio::test]
async fn it_prints_where_it_listens_and_serves_there() {
    let mut child = command()
        .arg("--hold-clock")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let first = lines.next_line().await.unwrap().unwrap();
    let url = first
        .split_whitespace()
        .find(|word| word.starts_with("http://"))
        .unwrap();
    let clock = reqwest::get(format!("{url}/__emulator__/clock"))
        .await
        .unwrap();
    assert!(clock.text().await.unwrap().contains("\"held\":true"));
}

#[tokio::test]
async fn a_taken_port_and_a_wrong_seed_are_told_and_end_it() {
    let emulator = Emulator::start().await.unwrap();
    let port = emulator.base_url().rsplit(':').next().unwrap();
    let error = refused(&["--port", port]).await;
    assert_eq!(
        error,
        format!(
            "error: port {port} is taken; choose another with --port, or any free one with --port 0\n"
        )
    );
    let error = refused(&["--seed", "no/such/file.json"]).await;
    assert!(
        error.starts_with("error: cannot read the seed file no/such/file.json: "),
        "{error}"
    );
    let seed = std::env::temp_dir().join(format!("dadosfera-emulator-{}.json", std::process::id()));
    std::fs::write(&seed, r#"{"users": [{"username": 1}]}"#).unwrap();
    let error = refused(&["--seed", seed.to_str().unwrap()]).await;
    std::fs::remove_file(&seed).unwrap();
    assert!(
        error.contains("is wrong at users[0].username: invalid type"),
        "{error}"
    );
    assert!(refused(&["--port", "x"]).await.contains("--help"));
}
