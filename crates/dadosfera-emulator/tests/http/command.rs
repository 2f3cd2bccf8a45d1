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
async fn a_mutation_is_told_where_it_starts_and_in_its_status_and_breaks_its_rule() {
    let child = command()
        .args(["--mutation", "bearer-accepted"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut running = Running(child);
    let mut stdout = BufReader::new(running.0.stdout.take().unwrap());
    let mut said = String::new();
    while !said.contains("Users:") {
        stdout.read_line(&mut said).unwrap();
    }
    assert!(
        said.contains("NOT THE API: the mutation bearer-accepted is on"),
        "{said}"
    );
    let url = said
        .split_whitespace()
        .find(|word| word.starts_with("http://"))
        .unwrap();
    let status = reqwest::get(format!("{url}/__emulator__/")).await.unwrap();
    let status: serde_json::Value = status.json().await.unwrap();
    assert_eq!(status["mutation"]["name"], "bearer-accepted");
    let sign_in =
        serde_json::json!({"username": "ana@acme.example", "password": "acme-ana-password"});
    let http = reqwest::Client::new();
    let answer = http.post(format!("{url}/auth/sign-in")).json(&sign_in);
    let answer: serde_json::Value = answer.send().await.unwrap().json().await.unwrap();
    let bearer = answer["tokens"]["accessToken"].as_str().unwrap();
    let read = http
        .get(format!("{url}/platform/pipelines"))
        .bearer_auth(bearer);
    assert_eq!(read.send().await.unwrap().status(), 200);
}

#[test]
fn mutations_are_listed_and_an_unknown_one_is_told() {
    let output = command().arg("--list-mutations").output().unwrap();
    let listed = String::from_utf8(output.stdout).unwrap();
    assert_eq!(
        listed.lines().count(),
        dadosfera_emulator::Mutation::ALL.len()
    );
    assert!(listed.contains("bearer-accepted"), "{listed}");
    let error = refused(&["--mutation", "none-such"]);
    assert_eq!(
        error,
        "error: there is no mutation \"none-such\"; --list-mutations lists those that there are\n"
    );
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
