//! `cargo xtask ci`: everything that must hold before a change lands, cheapest first, the tests last.
//!
//! The binaries are built once for the whole workspace and then run from the target folder: `cargo run -p` would resolve
//! other features for the same dependencies and build them again. For the same reason every step has all features (but the
//! corpus, which only its own step can build with all of its); two checks see to it that the SDK also compiles as it comes, and with nothing.

use std::path::Path;
use std::time::Instant;

use crate::command::Step;
use crate::{canary, description, regen, say::say, surface, tidy};

/// Programs that the steps need, with the command that installs each.
const NEEDS: [(&str, &str, &str); 5] = [
    (
        "cargo nextest --version",
        "cargo-nextest",
        "cargo install cargo-nextest --locked",
    ),
    (
        "cargo deny --version",
        "cargo-deny",
        "cargo install cargo-deny --locked",
    ),
    (
        "python3 --version",
        "python3",
        "install Python 3.10 or newer with its venv module",
    ),
    (
        "curl --version",
        "curl",
        "apt-get install curl: lines that reports print for it are tried with it",
    ),
    (
        "redis-server --version",
        "redis-server",
        "apt-get install redis-server, or another package of Redis 6 or newer",
    ),
];

pub(crate) fn run(root: &Path) -> Result<String, String> {
    for (probe, name, install) in NEEDS {
        if Step::new("probe", probe, "").output(root).is_err() {
            return Err(format!("ci needs {name}, which is not here; {install}"));
        }
    }
    let started = Instant::now();
    before_building(root)?;
    building(root)?;
    running(root)?;
    say(&format!(
        "\nci: everything but the tests passed in {} s",
        started.elapsed().as_secs()
    ));
    // The benches run here once each and untimed. The runner's own closing lines must come last, so nothing is said after.
    let line = "cargo nextest run --workspace --exclude regen-corpus --all-features --lib --bins --tests --benches --locked --no-fail-fast";
    let tests =
        Step::new("tests", line, "mend the test or the code").with_env("INSTA_UPDATE", "no");
    canary::forget(root);
    step_quietly(root, &tests)?;
    canary::check(root)?;
    Ok(String::new())
}

fn before_building(root: &Path) -> Result<(), String> {
    step(
        root,
        &Step::new("format", "cargo fmt --all --check", "run `cargo fmt --all`"),
    )?;
    inside("tidy", || tidy::run(root))?;
    inside("regen --check", || {
        regen::run(root, true, regen::Format::Text)
    })?;
    inside("api --check", || surface::run(root, true))?;
    inside("description", || description::run(root))?;
    step(
        root,
        &Step::new(
            "deny",
            "cargo deny check bans licenses sources",
            "look at deny.toml: each exception there has its reason",
        ),
    )
}

fn building(root: &Path) -> Result<(), String> {
    step(
        root,
        &Step::new(
            "lints",
            "cargo clippy --workspace --exclude regen-corpus --all-targets --all-features --locked -- -D warnings",
            "mend the lint, or expect it with a reason",
        ),
    )?;
    step(
        root,
        &Step::new(
            "the SDK without its features",
            "cargo check -p dadosfera --no-default-features --locked",
            "mend what only compiles with a feature",
        ),
    )?;
    step(
        root,
        &Step::new(
            "the SDK as it comes",
            "cargo check -p dadosfera --locked",
            "mend what only compiles with an optional feature",
        ),
    )?;
    step(
        root,
        &Step::new(
            "build",
            "cargo build --workspace --exclude regen-corpus --all-targets --all-features --locked",
            "mend the code",
        ),
    )?;
    step(
        root,
        &Step::new(
            "docs",
            "cargo doc --workspace --exclude regen-corpus --no-deps --all-features --locked",
            "mend the docs",
        )
        .with_env("RUSTDOCFLAGS", "-D warnings"),
    )?;
    // The generator runs in children of the program, and the build just replaced the one that runs us.
    step(
        root,
        &Step::new(
            "corpus",
            "target/debug/xtask corpus --check",
            "run `cargo xtask corpus` and read which row differs",
        ),
    )?;
    step(
        root,
        &Step::new(
            "fuzz",
            "target/debug/xtask fuzz --count 400 --seed 1 --compile 40",
            "run `cargo xtask fuzz` with this seed and read which description it is",
        ),
    )
}

fn running(root: &Path) -> Result<(), String> {
    step(
        root,
        &Step::new(
            "doc tests",
            "cargo test --workspace --exclude regen-corpus --doc --all-features --locked",
            "mend the example",
        ),
    )?;
    step(
        root,
        &Step::new(
            "quickstart",
            "target/debug/examples/quickstart",
            "run `cargo run -p dadosfera --example quickstart` and read which step fails",
        ),
    )?;
    step(
        root,
        &Step::new(
            "conformance",
            "target/debug/conformance run --target emulator",
            "run `cargo xtask conformance` and read the finding",
        ),
    )?;
    step(
        root,
        &Step::new(
            "conformance of ten seeds",
            "target/debug/conformance seeds --count 10",
            "run `cargo xtask conformance --seeds 10` and read the finding",
        ),
    )?;
    step(
        root,
        &Step::new(
            "conformance of the engine alone",
            "target/debug/conformance generic --count 3",
            "run `cargo xtask conformance --generic` and read the finding",
        ),
    )?;
    step(
        root,
        &Step::new(
            "mutants",
            "target/debug/conformance mutants",
            "run `cargo xtask conformance --mutants`: the law that is named there does not notice",
        ),
    )?;
    step(
        root,
        &Step::new(
            "the vendor's Python client",
            "target/debug/conformance interop",
            "run `cargo xtask interop` and read what it says",
        ),
    )?;
    step(
        root,
        &Step::new(
            "schemathesis",
            "target/debug/conformance schemathesis",
            "run `cargo xtask schemathesis` and read what it says",
        ),
    )
}

fn step(root: &Path, step: &Step) -> Result<(), String> {
    let started = Instant::now();
    step_quietly(root, step)?;
    say(&format!(
        "== {}: {:.1} s",
        step.name,
        started.elapsed().as_secs_f32()
    ));
    Ok(())
}

fn step_quietly(root: &Path, step: &Step) -> Result<(), String> {
    say(&format!("\n== {}: {}", step.name, step.line()));
    step.run(root)
}

fn inside(name: &str, chore: impl FnOnce() -> Result<String, String>) -> Result<(), String> {
    say(&format!("\n== {name}"));
    let said = chore()?;
    say(&said);
    Ok(())
}
