//! Uploads that are refused or break off: the folder that files lie in is as empty afterwards as it was before.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;
use dadosfera_emulator::{Emulator, Options};
use futures::stream;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::caller::World;

const UPLOAD: &str = "/storage-explorer/storage/upload/batch?folderPath=/raw";
const LISTING: &str = "/storage-explorer/storage?folderPath=/";

/// An emulator that keeps its files in a folder of this test's own.
struct Kept {
    world: World,
    directory: TempDir,
}

impl Kept {
    async fn start(options: Options) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let builder = Emulator::builder()
            .options(options)
            .data_dir(directory.path().join("data"));
        Self {
            world: World::start(builder).await,
            directory,
        }
    }

    fn root(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    async fn upload(&self, form: Form) -> (u16, Value) {
        let request = self.world.http.post(self.world.url(UPLOAD));
        let request = request.header("authorization", &self.world.token);
        let answer = request.multipart(form).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    /// Waits until nothing lies there but these many files: whoever hangs up is not told when the emulator noticed.
    async fn holds_files(&self, expected: usize) {
        for _ in 0..600 {
            if files(&self.root()).len() == expected {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert_eq!(files(&self.root()).len(), expected);
    }

    async fn is_empty(&self) {
        self.holds_files(0).await;
        let (_, listing) = self.world.get(LISTING).await;
        assert_eq!(
            listing,
            json!({"folderPath": "/", "folders": [], "files": []})
        );
        let (_, datasets) = self.world.get("/storage-explorer/datasets").await;
        assert_eq!(datasets, json!({"datasets": []}));
    }
}

/// Every file below a folder but the journal and its lock.
fn files(root: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(root).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap();
        if path.is_dir() {
            found.extend(files(&path));
        } else if name != "lock" && name != "journal.redb" {
            found.push(path);
        }
    }
    found
}

fn part(name: &str, bytes: &[u8]) -> Part {
    Part::bytes(bytes.to_vec()).file_name(name.to_owned())
}

/// A file of so many bytes that nobody holds as a whole: one piece of them is sent again and again.
fn generated(size: u64, told: bool) -> Part {
    const PIECE: u64 = 256 * 1024;
    let piece = Bytes::from(vec![b'x'; 256 * 1024]);
    let pieces = stream::unfold((size, piece), |(left, piece)| async move {
        let next = piece.slice(..usize::try_from(left.min(PIECE)).unwrap_or(0));
        (left > 0).then(|| {
            (
                Ok::<_, std::io::Error>(next),
                (left - left.min(PIECE), piece),
            )
        })
    });
    let body = reqwest::Body::wrap_stream(pieces);
    let part = if told {
        Part::stream_with_length(body, size)
    } else {
        Part::stream(body)
    };
    part.file_name("large.bin")
}

fn too_large() -> (u16, Value) {
    let body = json!({"statusCode": 413, "message": "request entity too large", "error": "Payload Too Large"});
    (413, body)
}

#[tokio::test]
async fn refused_uploads_leave_no_file_behind() {
    let kept = Kept::start(Options {
        max_upload_bytes: 100_000,
        ..Options::default()
    })
    .await;
    let good = || part("good.csv", b"id,total\n1,9.90\n");
    for (what, form, status) in [
        (
            "one byte too many",
            Form::new().part("file", part("a.bin", &[b'x'; 100_001])),
            413,
        ),
        (
            "one byte too many after a good file",
            Form::new()
                .part("file", good())
                .part("file", part("a.csv", &[b'x'; 100_001])),
            413,
        ),
        (
            "another field after a good file",
            Form::new().part("file", good()).text("other", "text"),
            400,
        ),
        (
            "a name that is a path",
            Form::new()
                .part("file", good())
                .part("file", part("../a", b"x")),
            400,
        ),
        (
            "a broken CSV after a good one",
            Form::new()
                .part("file", good())
                .part("file", part("bad.csv", b"a,b\n1,2,3\n")),
            400,
        ),
        (
            "broken JSON lines",
            Form::new().part("file", part("bad.jsonl", b"{\"a\": 1}\n{\"a\": ")),
            400,
        ),
        (
            "no Parquet",
            Form::new().part("file", part("bad.parquet", b"PAR1 nothing PAR1")),
            400,
        ),
    ] {
        let (answered, body) = kept.upload(form).await;
        assert_eq!(answered, status, "{what}: {body}");
        assert_eq!(files(&kept.root()), Vec::<PathBuf>::new(), "{what}");
    }
    kept.is_empty().await;
    let (status, _) = kept.upload(Form::new().part("file", good())).await;
    assert_eq!(status, 201);
    // The file and its rows: what is kept would be seen.
    assert_eq!(files(&kept.root()).len(), 2);
}

#[tokio::test]
async fn uploads_that_break_off_leave_no_file_behind() {
    let kept = Kept::start(Options::default()).await;
    let head = format!(
        "POST {UPLOAD} HTTP/1.1\r\nHost: x\r\nAuthorization: {}\r\nContent-Length: 9999999\r\n\
         Content-Type: multipart/form-data; boundary=x\r\n\r\n--x\r\nContent-Disposition: form-data; \
         name=\"file\"; filename=\"a.csv\"\r\n\r\n",
        kept.world.token
    );
    let whole = "id,total\n1,9.90\n\r\n--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"b.csv\"\r\n\r\n";
    let address = kept.world.emulator.base_url();
    let address = address.trim_start_matches("http://");
    for (what, rest, while_it_lasts) in [
        ("before its first byte", String::new(), 1),
        ("within a file", "id,total\n".repeat(50_000), 1),
        ("after a file and its rows", format!("{whole}id\n"), 3),
        (
            "within a boundary",
            "id,total\n1,9.90\n\r\n--".to_owned(),
            1,
        ),
    ] {
        println!("breaks off {what}");
        let mut stream = TcpStream::connect(address).await.unwrap();
        let sent = format!("{head}{rest}");
        stream.write_all(sent.as_bytes()).await.unwrap();
        kept.holds_files(while_it_lasts).await;
        drop(stream);
        kept.is_empty().await;
    }
}

#[tokio::test]
async fn a_file_of_250_mb_and_one_byte_is_refused_and_leaves_nothing() {
    let kept = Kept::start(Options::default()).await;
    for told in [true, false] {
        let form = Form::new().part("file", generated(250_000_001, told));
        assert_eq!(kept.upload(form).await, too_large(), "length told: {told}");
        assert_eq!(files(&kept.root()), Vec::<PathBuf>::new());
    }
    kept.is_empty().await;
}
