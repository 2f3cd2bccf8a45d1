//! The binary: what it says when it starts, and when it cannot.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use dadosfera_emulator::Emulator;

/// Ends its process when the test ends, however it ends.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn command() -> Command {
    Command::new(env!("CARGO_BIN_EXE_dadosfera-emulator"))
}

fn refused(arguments: &[&str]) -> String {
    let output = command().args(arguments).output().unwrap();
    assert!(!output.status.success(), "{arguments:?}");
    String::from_utf8(output.stderr).unwrap()
}

#[tokio::test]
async fn it_prints_where_it_listens_and_serves_there() {
    let child = command()
        .arg("--hold-clock")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut running = Running(child);
    let mut first = String::new();
    // Kept until the end: a command that cannot write its greeting ends.
    let mut stdout = BufReader::new(running.0.stdout.take().unwrap());
    stdout.read_line(&mut first).unwrap();
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
    let error = refused(&["--port", port]);
    assert_eq!(
        error,
        format!(
            "error: port {port} is taken; choose another with --port, or any free one with --port 0\n"
        )
    );
    let error = refused(&["--seed", "no/such/file.json"]);
    assert!(
        error.starts_with("error: cannot read the seed file no/such/file.json: "),
        "{error}"
    );
    let seed = std::env::temp_dir().join(format!("dadosfera-emulator-{}.json", std::process::id()));
    std::fs::write(&seed, r#"{"users": [{"username": 1}]}"#).unwrap();
    let error = refused(&["--seed", seed.to_str().unwrap()]);
    std::fs::remove_file(&seed).unwrap();
    assert!(
        error.contains("is wrong at users[0].username: invalid type"),
        "{error}"
    );
    assert!(refused(&["--port", "x"]).contains("--help"));
}
