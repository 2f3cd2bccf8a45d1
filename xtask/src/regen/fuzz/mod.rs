//! `cargo xtask fuzz`: random descriptions, valid and nearly valid, made from a grammar. Each is refused in words or makes
//! code that parses; a sample of the code is compiled. A panic, a hang, or code that does not parse is a failure, with the
//! seed that makes the description again; so is a grammar of which too little is taken to try much.

mod grammar;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use self::grammar::description;
use super::corpus::{client, dispatch};
use super::document::Document;
use super::generate::{SILENT, Worker};
use crate::command::Step;

/// The least that must be taken, in a hundred.
const TAKEN: usize = 60;

/// What became of the descriptions.
#[derive(Debug, Default)]
struct Tally {
    taken: usize,
    refused: usize,
    /// Refused by the generator itself: known faults that no step before it sees.
    generator: usize,
    /// What was complained of, without the places: how often, and the first seed.
    reasons: BTreeMap<String, (usize, u64)>,
    failures: Vec<String>,
    sample: Vec<(String, String)>,
}

pub(crate) fn run(root: &Path, count: u64, seed: u64, compile: usize) -> Result<String, String> {
    if count == 1 {
        crate::say::say(&format!("{:#}", description(seed)));
    }
    let half = count / 2;
    let ranges = [seed..seed + half, seed + half..seed + count];
    let tallies: Vec<Tally> = std::thread::scope(|scope| {
        let workers: Vec<_> = ranges
            .into_iter()
            .map(|range| {
                let builder = std::thread::Builder::new().stack_size(8 << 20);
                builder.spawn_scoped(scope, move || each(range, compile.div_ceil(2)))
            })
            .collect();
        workers
            .into_iter()
            .filter_map(|worker| worker.ok()?.join().ok())
            .collect()
    });
    let mut whole = Tally::default();
    for tally in tallies {
        whole.taken += tally.taken;
        whole.refused += tally.refused;
        whole.generator += tally.generator;
        whole.failures.extend(tally.failures);
        whole.sample.extend(tally.sample);
        for (reason, (times, seed)) in tally.reasons {
            whole.reasons.entry(reason).or_insert((0, seed)).0 += times;
        }
    }
    let tried = whole.taken + whole.refused + whole.generator + whole.failures.len();
    if tried as u64 != count {
        whole
            .failures
            .push(format!("only {tried} of {count} were tried"));
    }
    if !whole.failures.is_empty() {
        let found = whole.failures.len();
        whole.failures.truncate(20);
        return Err(format!(
            "fuzz, from seed {seed}: {found} descriptions fail:\n  {}",
            whole.failures.join("\n  ")
        ));
    }
    let said = format!(
        "fuzz: {count} descriptions from seed {seed}: {} taken, {} refused in words, {} refused by the generator in words; {} compiled\n\
         refused most often for:{}",
        whole.taken,
        whole.refused,
        whole.generator,
        whole.sample.len(),
        most(&whole.reasons, 12),
    );
    if tried >= 100 && whole.taken * 100 < tried * TAKEN {
        return Err(format!(
            "{said}\nless than {TAKEN} % are taken: mend the grammar, or take what it makes"
        ));
    }
    build(root, &whole.sample)?;
    Ok(said)
}

fn most(reasons: &BTreeMap<String, (usize, u64)>, limit: usize) -> String {
    let mut sorted: Vec<(&String, &(usize, u64))> = reasons.iter().collect();
    sorted.sort_by_key(|(reason, (times, _))| (std::cmp::Reverse(*times), *reason));
    sorted
        .iter()
        .take(limit)
        .map(|(reason, (times, seed))| format!("\n  {times:>5} {reason} (seed {seed})"))
        .collect()
}

fn each(seeds: std::ops::Range<u64>, compile: usize) -> Tally {
    let mut tally = Tally::default();
    let mut worker = Worker::default();
    // The sample is spread over the whole range.
    let apart = (seeds.end - seeds.start) / (compile as u64).max(1);
    let mut next = seeds.start;
    for seed in seeds {
        let text = description(seed).to_string();
        let module = format!("seed_{seed}");
        let made = catch_unwind(AssertUnwindSafe(|| {
            Document::parse(&text, "random")
                .and_then(|document| client(document, &module, Some(&mut worker)))
        }));
        let complaint = match made {
            Err(_) => {
                tally.failures.push(format!("seed {seed}: it panics"));
                continue;
            }
            Ok(Ok(source)) => {
                tally.taken += 1;
                if seed >= next && tally.sample.len() < compile {
                    next += apart;
                    tally.sample.push((module, source));
                }
                continue;
            }
            Ok(Err(complaint)) => complaint,
        };
        let ours = [
            "the pass over the generated code failed",
            "does not parse",
            SILENT,
        ];
        if ours.iter().any(|words| complaint.contains(words)) {
            tally.failures.push(format!("seed {seed}: {complaint}"));
            continue;
        }
        if complaint.contains("the generator cannot take it") {
            tally.generator += 1;
        } else {
            tally.refused += 1;
        }
        for reason in reasons(&complaint) {
            tally.reasons.entry(reason).or_insert((0, seed)).0 += 1;
        }
    }
    tally
}

/// The lines of a complaint without place, names and remedy.
fn reasons(complaint: &str) -> std::collections::BTreeSet<String> {
    let lines: Vec<&str> = complaint.lines().collect();
    let told = if lines.len() > 1 { &lines[1..] } else { &lines };
    told.iter()
        .filter_map(|line| {
            let (_, what) = line.split_once(": ").unwrap_or(("", line));
            let what = what.rsplit_once("; ").map_or(what, |(what, _)| what);
            let plain: Vec<String> = what
                .split_whitespace()
                .map(|word| {
                    if word.contains(['"', '{', '/', '#', '['])
                        || word.chars().any(char::is_numeric)
                    {
                        "…".to_owned()
                    } else {
                        word.to_owned()
                    }
                })
                .collect();
            let short: String = plain.join(" ").chars().take(90).collect();
            (!short.is_empty()).then_some(short)
        })
        .collect()
}

fn build(root: &Path, sample: &[(String, String)]) -> Result<(), String> {
    if sample.is_empty() {
        return Ok(());
    }
    let folder = root.join("target/corpus");
    std::fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
    let path = folder.join("sample.rs");
    std::fs::write(&path, dispatch(sample))
        .map_err(|error| format!("{}: {error}", path.display()))?;
    Step::new(
        "sample",
        "cargo check --quiet --locked -p regen-corpus --features rows --lib",
        "the module names the seed; `cargo xtask fuzz --seed N --count 1` makes its description again",
    )
    .with("REGEN_ROWS", path.display().to_string())
    .run(root)
}
