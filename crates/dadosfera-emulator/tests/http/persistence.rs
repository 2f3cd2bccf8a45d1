//! A data directory: what outlives the process, and what is refused.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use dadosfera_emulator::{DataDirError, Emulator, Seed, StartError};
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};

use crate::session::{Session, builder};

/// An emulator in a process of its own, which dies by SIGKILL.
struct Process {
    child: Child,
    url: String,
    _stdout: BufReader<ChildStdout>,
}

impl Process {
    fn start(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut first = String::new();
        stdout.read_line(&mut first).unwrap();
        let url = first
            .split_whitespace()
            .find(|word| word.starts_with("http://"));
        Self {
            url: url.unwrap().to_owned(),
            child,
            _stdout: stdout,
        }
    }

    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn emulator(directory: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dadosfera-emulator"));
    command.arg("--data-dir").arg(directory);
    command
}

async fn token(http: &reqwest::Client, url: &str) -> String {
    let body = json!({"username": "ana@acme.example", "password": "acme-ana-password"});
    let answer = http.post(format!("{url}/auth/sign-in")).json(&body);
    let answer: Value = answer.send().await.unwrap().json().await.unwrap();
    answer["tokens"]["accessToken"].as_str().unwrap().to_owned()
}

/// Every file below a folder with its bytes; a lock that is there all the time is none of them.
fn tree(root: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(root).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.insert(path.display().to_string(), Vec::new());
            found.extend(tree(&path));
        } else if path.file_name().unwrap() != "lock" {
            found.insert(path.display().to_string(), fs::read(&path).unwrap());
        }
    }
    found
}

#[tokio::test]
async fn a_session_with_a_restart_before_each_request_is_byte_for_byte_the_one_without() {
    let parent = tempfile::tempdir().unwrap();
    let directory = parent.path().join("data");
    let in_memory = Session::start(builder(None), false).await.whole().await;
    let on_disk = Session::start(builder(Some(&directory)), true).await;
    let on_disk = on_disk.whole().await;
    assert_eq!(in_memory.bytes, on_disk.bytes);
}

/// What the writers of the test below were told.
#[derive(Clone, Default)]
struct Acknowledged {
    /// Assets by id, with their names.
    assets: BTreeMap<String, String>,
    deleted: Vec<String>,
    /// Files by name, with their bytes.
    files: BTreeMap<String, Vec<u8>>,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_outlives_a_kill_at_any_moment() {
    const ROUNDS: usize = 5;
    const WRITERS: u64 = 6;
    let seed = fastrand::u64(..);
    println!("seed {seed}");
    let mut chance = fastrand::Rng::with_seed(seed);
    let parent = tempfile::tempdir().unwrap();
    let directory = parent.path().join("data");
    let http = reqwest::Client::new();
    let told = Arc::new(Mutex::new(Acknowledged::default()));
    let mut process = Process::start(emulator(&directory));
    let token = token(&http, &process.url).await;
    for round in 0..ROUNDS {
        let writers: Vec<_> = (0..WRITERS)
            .map(|_| {
                let chance = chance.fork();
                tokio::spawn(write(
                    http.clone(),
                    process.url.clone(),
                    token.clone(),
                    chance,
                    Arc::clone(&told),
                ))
            })
            .collect();
        tokio::time::sleep(Duration::from_millis(chance.u64(100..700))).await;
        process.kill();
        for writer in writers {
            writer.await.unwrap();
        }
        process = Process::start(emulator(&directory));
        let told = told.lock().unwrap().clone();
        check(&http, &process.url, &token, &told).await;
        assert!(!told.assets.is_empty(), "round {round} wrote nothing");
    }
    let told = told.lock().unwrap();
    assert!(!told.files.is_empty() && !told.deleted.is_empty());
    let names = fs::read_dir(directory.join("files")).unwrap();
    for name in names.map(|entry| entry.unwrap().file_name()) {
        assert!(!name.to_string_lossy().starts_with("incoming"), "{name:?}");
    }
    assert_eq!(
        fs::metadata(&directory).unwrap().permissions().mode() & 0o777,
        0o700
    );
    let journal = fs::metadata(directory.join("journal.redb")).unwrap();
    assert_eq!(journal.permissions().mode() & 0o777, 0o600);
}

/// Writes until nobody answers, and notes what was acknowledged.
async fn write(
    http: reqwest::Client,
    url: String,
    token: String,
    mut chance: fastrand::Rng,
    told: Arc<Mutex<Acknowledged>>,
) {
    loop {
        let name = format!("n{}", chance.u64(..));
        let done = match chance.u8(0..4) {
            0 => {
                let size = chance.usize(0..200_000);
                let bytes: Vec<u8> = std::iter::repeat_with(|| chance.u8(..))
                    .take(size)
                    .collect();
                let part = Part::bytes(bytes.clone()).file_name(name.clone());
                let sent = http
                    .post(format!(
                        "{url}/storage-explorer/storage/upload/batch?folderPath=/f"
                    ))
                    .header("authorization", &token)
                    .multipart(Form::new().part("file", part))
                    .send()
                    .await;
                sent.map(|answer| {
                    assert_eq!(answer.status(), 201);
                    told.lock().unwrap().files.insert(name, bytes);
                })
            }
            1 => {
                let victim = told.lock().unwrap().assets.pop_first();
                let Some((id, _)) = victim else { continue };
                let sent = http
                    .delete(format!("{url}/catalog/data-asset/{id}"))
                    .header("authorization", &token)
                    .send()
                    .await;
                // Whether a deletion without an answer happened, nobody knows: then nothing is asked of it.
                sent.map(|answer| {
                    assert_eq!(answer.status(), 200);
                    told.lock().unwrap().deleted.push(id);
                })
            }
            _ => {
                let sent = http
                    .post(format!("{url}/catalog"))
                    .header("authorization", &token)
                    .json(&json!({"display_name": name, "data_asset_type": "dataset"}))
                    .send()
                    .await;
                match sent {
                    Ok(answer) => answer.json::<Value>().await.map(|body| {
                        let id = body["data_asset"]["id"].as_str().unwrap().to_owned();
                        told.lock().unwrap().assets.insert(id, name);
                    }),
                    Err(error) => Err(error),
                }
            }
        };
        if done.is_err() {
            return;
        }
    }
}

async fn check(http: &reqwest::Client, url: &str, token: &str, told: &Acknowledged) {
    let get = async |path: String| {
        let request = http.get(format!("{url}{path}"));
        request.header("authorization", token).send().await.unwrap()
    };
    for (id, name) in &told.assets {
        let answer = get(format!("/catalog/data-asset/{id}")).await;
        assert_eq!(answer.status(), 200, "{id} was acknowledged");
        let asset: Value = answer.json().await.unwrap();
        assert_eq!(asset["data_asset"]["display_name"], **name);
    }
    for id in &told.deleted {
        let answer = get(format!("/catalog/data-asset/{id}")).await;
        assert_eq!(
            answer.status(),
            404,
            "the deletion of {id} was acknowledged"
        );
    }
    for (name, bytes) in &told.files {
        let answer = get(format!("/storage-explorer/storage/download?path=/f/{name}")).await;
        assert_eq!(answer.status(), 200, "{name} was acknowledged");
        assert!(
            answer.bytes().await.unwrap() == **bytes,
            "{name} came back otherwise"
        );
    }
}

async fn refused(builder: dadosfera_emulator::Builder) -> DataDirError {
    let why = builder.start().await.err().unwrap();
    let StartError::DataDir(why) = why else {
        unreachable!("{why}");
    };
    why
}

#[tokio::test]
async fn a_directory_in_use_of_others_or_of_another_seed_is_refused_and_left_alone() {
    let parent = tempfile::tempdir().unwrap();
    let directory = parent.path().join("data");
    let begin = || Emulator::builder().data_dir(&directory);
    let emulator = begin().start().await.unwrap();
    let in_use = refused(begin()).await;
    assert!(matches!(in_use, DataDirError::InUse { .. }), "{in_use}");
    emulator.stop().await;
    let before = tree(&directory);

    let other = Seed::from_json(r#"{"seed": 7}"#).unwrap();
    let other = refused(begin().seed(other)).await;
    assert!(matches!(other, DataDirError::OtherSeed { .. }), "{other}");
    fs::set_permissions(&directory, fs::Permissions::from_mode(0o750)).unwrap();
    let open = refused(begin()).await;
    assert!(open.to_string().contains("chmod go-rwx"), "{open}");
    fs::set_permissions(&directory, fs::Permissions::from_mode(0o700)).unwrap();
    assert!(tree(&directory) == before);

    let strange = parent.path().join("strange");
    fs::create_dir(&strange).unwrap();
    fs::set_permissions(&strange, fs::Permissions::from_mode(0o700)).unwrap();
    fs::write(strange.join("thesis.txt"), "mine").unwrap();
    let not_ours = refused(Emulator::builder().data_dir(&strange)).await;
    assert!(
        matches!(not_ours, DataDirError::NotOurs { .. }),
        "{not_ours}"
    );
    assert_eq!(tree(&strange).len(), 1);
    let file = refused(Emulator::builder().data_dir(strange.join("thesis.txt"))).await;
    assert!(!file.to_string().is_empty());
    assert!(begin().start().await.is_ok());
}

async fn pipelines(url: &str, token: &str) -> String {
    let request = reqwest::Client::new().get(format!("{url}/platform/pipelines"));
    let answer = request.header("authorization", token).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    answer.text().await.unwrap()
}

#[tokio::test]
async fn a_damaged_directory_is_refused_and_left_alone() {
    let seed = fastrand::u64(..);
    println!("seed {seed}");
    let mut chance = fastrand::Rng::with_seed(seed);
    let parent = tempfile::tempdir().unwrap();
    let directory = parent.path().join("data");
    let whole = Session::start(builder(Some(&directory)), false).await;
    let whole = whole.whole().await;
    let token = whole.token().to_owned();
    let expected = pipelines(whole.emulator().base_url(), &token).await;
    whole.stop().await;
    let journal = directory.join("journal.redb");
    let good = fs::read(&journal).unwrap();
    let used: Vec<usize> = (0..good.len()).filter(|place| good[*place] != 0).collect();
    let mut refusals = 0;
    for _ in 0..40 {
        let mut bad = good.clone();
        match chance.u8(0..3) {
            0 => bad.truncate(chance.usize(0..good.len() / 2)),
            1 => bad[used[chance.usize(0..used.len())]] ^= 1 << chance.u8(0..8),
            _ => {
                let start = used[chance.usize(0..used.len())];
                let end = good.len().min(start + 5000);
                bad[start..end].fill(0xa5);
            }
        }
        fs::write(&journal, &bad).unwrap();
        let before = tree(&directory);
        match builder(Some(&directory)).start().await {
            // A byte that nothing reads may be any byte; then nothing was lost either.
            Ok(emulator) => {
                assert_eq!(pipelines(emulator.base_url(), &token).await, expected);
                emulator.stop().await;
            }
            Err(error) => {
                refusals += 1;
                assert!(error.to_string().contains("damaged"), "{error}");
                assert!(tree(&directory) == before, "{error}");
            }
        }
        fs::write(&journal, &good).unwrap();
    }
    assert!(refusals >= 10, "{refusals} of 40");
    let file = fs::read_dir(directory.join("files")).unwrap().next();
    fs::write(file.unwrap().unwrap().path(), "cut").unwrap();
    let damaged = refused(builder(Some(&directory))).await;
    assert!(
        damaged.to_string().contains(" has 3 bytes in place of "),
        "{damaged}"
    );
}

#[tokio::test]
async fn a_write_that_finds_the_disk_full_is_told_and_did_not_happen() {
    let parent = tempfile::tempdir().unwrap();
    let directory = parent.path().join("data");
    let http = reqwest::Client::new();
    // A limit on the length of files is what a full disk looks like to one process alone.
    let mut limited = Command::new("bash");
    let script = "trap '' XFSZ; ulimit -f 3000; exec \"$0\" \"$@\"";
    let plain = emulator(&directory);
    limited
        .args(["-c", script])
        .arg(plain.get_program())
        .args(plain.get_args());
    let process = Process::start(limited);
    let token = token(&http, &process.url).await;
    let create = async |url: &str, name: String| {
        let description = "x".repeat(100_000);
        let body =
            json!({"display_name": name, "data_asset_type": "dataset", "description": description});
        let request = http
            .post(format!("{url}/catalog"))
            .header("authorization", &token);
        request.json(&body).send().await.unwrap()
    };
    let mut made = 0_u64;
    let refusal = loop {
        let answer = create(&process.url, format!("asset {made}")).await;
        match answer.status().as_u16() {
            201 => made += 1,
            _ => break answer,
        }
    };
    assert_eq!(refusal.status(), 503);
    let why = refusal.text().await.unwrap();
    assert!(
        why.contains("the emulator's journal cannot be written, so nothing was changed: "),
        "{why}"
    );
    assert_eq!(create(&process.url, "again".into()).await.status(), 503);
    let total = async |url: &str| {
        let request = http
            .get(format!("{url}/catalog"))
            .header("authorization", &token);
        let listed: Value = request.send().await.unwrap().json().await.unwrap();
        listed["total"].as_u64().unwrap()
    };
    assert_eq!(total(&process.url).await, made);
    process.kill();
    let process = Process::start(emulator(&directory));
    assert_eq!(total(&process.url).await, made);
    assert_eq!(
        create(&process.url, "there is room".into()).await.status(),
        201
    );
}
