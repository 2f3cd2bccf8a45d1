//! How long a regen takes and how much memory, beside the stock generator over the same document in the same run.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::regen::{STOCK, large};

/// Where the table is kept.
pub(super) const TABLE: &str = "benches/regen.md";
/// What was asked for.
const OPERATIONS: usize = 600;
const ROUNDS: usize = 5;
const MEBIBYTE: u64 = 1 << 20;

/// What a run of a program took.
struct Taken {
    time: Duration,
    /// The most memory that it and its children held, in bytes, where the system tells.
    peak: Option<u64>,
}

/// Measures, and answers the page.
pub(super) fn table(root: &Path) -> Result<String, String> {
    let folder = root.join("target/bench-regen");
    fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let document = folder.join("large.json");
    fs::write(&document, large::description(OPERATIONS, 1).to_string())
        .map_err(|error| format!("{}: {error}", document.display()))?;
    let from = document.display().to_string();
    let out = folder.display().to_string();
    let own: &[&str] = &["regen", "--check"];
    let ours: &[&str] = &["regen-document", "--from", &from, "--out", &out];
    let stock: &[&str] = &[STOCK, &from, &out];
    let mut taken: [Vec<Taken>; 3] = Default::default();
    // In turns, so that whatever else the machine does falls on all alike.
    for _ in 0..ROUNDS {
        for (arguments, all) in [own, ours, stock].into_iter().zip(&mut taken) {
            all.push(run(root, arguments)?);
        }
    }
    let [own, ours, stock] = taken.map(|all| best(&all));
    let mut page =
        format!("| regen | best of {ROUNDS} | most memory | asked for |\n|---|---|---|---|\n");
    let memory = |taken: &Taken| match taken.peak {
        Some(bytes) => format!("{} MiB", bytes / MEBIBYTE),
        None => "not told by this system".to_owned(),
    };
    for (name, taken, asked) in [
        ("our description, warm", &own, "under 1 s".to_owned()),
        (
            "a document of 600 operations",
            &ours,
            "under 10 s and 2 GiB".to_owned(),
        ),
        (
            "the same, stock progenitor 0.15.1, formatted",
            &stock,
            format!(
                "ours takes {:.1} times as long",
                ours.time.as_secs_f64() / stock.time.as_secs_f64()
            ),
        ),
    ] {
        // Writing to a String cannot fail.
        let _ = writeln!(
            page,
            "| {name} | {:.2} s | {} | {asked} |",
            taken.time.as_secs_f64(),
            memory(taken)
        );
    }
    let profile = if cfg!(debug_assertions) {
        "dev, as `cargo xtask` runs it"
    } else {
        "release"
    };
    let _ = writeln!(
        page,
        "\nProfile: {profile}. Every run is a process of its own."
    );
    Ok(page)
}

fn best(all: &[Taken]) -> Taken {
    Taken {
        time: all.iter().map(|taken| taken.time).min().unwrap_or_default(),
        peak: all.iter().filter_map(|taken| taken.peak).max(),
    }
}

fn run(root: &Path, arguments: &[&str]) -> Result<Taken, String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let started = Instant::now();
    let mut child = Command::new(program)
        .args(arguments)
        .current_dir(root)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .map_err(|error| format!("the run did not start: {error}"))?;
    let peak = watched(&mut child)?;
    let status = child.wait().map_err(|error| error.to_string())?;
    if !status.success() {
        return Err(format!(
            "`cargo xtask {}` failed ({status})",
            arguments.join(" ")
        ));
    }
    Ok(Taken {
        time: started.elapsed(),
        peak,
    })
}

/// Looks at the high-water marks of a process and its children until it ends. A mark only rises, so the last look counts.
fn watched(child: &mut Child) -> Result<Option<u64>, String> {
    let mut marks = std::collections::BTreeMap::new();
    while child
        .try_wait()
        .map_err(|error| error.to_string())?
        .is_none()
    {
        let mut waiting = vec![child.id()];
        while let Some(process) = waiting.pop() {
            if let Some(mark) = high_water(process) {
                marks.insert(process, mark);
            }
            waiting.extend(children(process));
        }
        std::thread::sleep(Duration::from_millis(4));
    }
    Ok((!marks.is_empty()).then(|| marks.values().sum()))
}

fn high_water(process: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kibibytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kibibytes * 1024)
}

fn children(process: u32) -> Vec<u32> {
    let Ok(tasks) = fs::read_dir(format!("/proc/{process}/task")) else {
        return Vec::new();
    };
    tasks
        .flatten()
        .filter_map(|task| fs::read_to_string(task.path().join("children")).ok())
        .flat_map(|listed| {
            listed
                .split_whitespace()
                .filter_map(|id| id.parse().ok())
                .collect::<Vec<u32>>()
        })
        .collect()
}
