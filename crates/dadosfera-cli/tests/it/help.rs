//! The help of every command, as a person reads it.

use std::collections::VecDeque;

use crate::command;

/// The commands of a help text, but those that are somebody else's.
fn commands(help: &str) -> Vec<String> {
    let lines = help
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| !line.is_empty());
    lines
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| !matches!(*name, "help" | "emulator"))
        .map(str::to_owned)
        .collect()
}

#[tokio::test]
async fn every_command_explains_itself() {
    let mut all = String::new();
    let mut open = VecDeque::from([Vec::<String>::new()]);
    while let Some(path) = open.pop_front() {
        let mut arguments: Vec<&str> = path.iter().map(String::as_str).collect();
        arguments.push("--help");
        let output = command(&arguments).output().await.unwrap();
        assert_eq!(output.status.code(), Some(0), "{path:?}");
        let help = String::from_utf8(output.stdout).unwrap();
        for name in commands(&help) {
            let mut below = path.clone();
            below.push(name);
            open.push_back(below);
        }
        // The options of all commands are shown once.
        let own: Vec<&str> = help
            .lines()
            .filter(|line| path.is_empty() || !is_global(line))
            .map(str::trim_end)
            .collect();
        let words = path.join(" ");
        all.push_str(&format!("$ dadosfera {words}\n{}\n\n", own.join("\n")));
    }
    insta::assert_snapshot!("help", all);
}

fn is_global(line: &str) -> bool {
    [
        "--profile",
        "--base-url",
        "--output <",
        "--json",
        "-h, --help",
    ]
    .iter()
    .any(|option| line.trim_start().starts_with(option))
}

#[tokio::test]
async fn a_shell_gets_its_completions() {
    for shell in ["bash", "zsh", "fish"] {
        let output = command(&["completions", shell]).output().await.unwrap();
        let script = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(0));
        assert!(
            script.contains("dadosfera") && script.contains("catalog"),
            "{shell}"
        );
    }
}
