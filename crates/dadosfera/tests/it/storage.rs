//! Uploads and downloads that break off, go on, and never leave half a file behind.

use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use dadosfera::{DownloadOptions, ErrorKind, TableFromFile, Upload, UploadMany, Uploaded};
use dadosfera_emulator::{FaultEffect, Options};
use futures::stream;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpListener;
use tokio::sync::Barrier;

use crate::outloud::Fails as _;
use crate::support::{World, json, read_request};

/// Bytes that compress badly and differ from place to place.
fn content(length: usize) -> Vec<u8> {
    (0..length)
        .map(|at| {
            (at as u64)
                .wrapping_mul(0x9E37_79B9_7F4A_7C15)
                .to_be_bytes()[2]
        })
        .collect()
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).expect("readable");
    let mut names: Vec<String> = entries
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .into_string()
                .expect("Unicode")
        })
        .collect();
    names.sort();
    names
}

#[tokio::test]
async fn a_path_bytes_and_a_stream_arrive_alike_and_tell_how_far_they_are() {
    let world = World::new().await;
    let client = world.ana();
    let folder = tempfile::tempdir().expect("a folder");
    let body = content(1_000_000);
    let path = folder.path().join("a.bin");
    std::fs::write(&path, &body).expect("written");
    let pieces: Vec<io::Result<Bytes>> = body
        .chunks(9_999)
        .map(|piece| Ok(Bytes::copy_from_slice(piece)))
        .collect();
    for (name, upload) in [
        ("a.bin", Upload::path(&path)),
        ("b.bin", Upload::bytes("b.bin", body.clone())),
        (
            "c.bin",
            Upload::stream("c.bin", 1_000_000, stream::iter(pieces)),
        ),
    ] {
        let last = Arc::new(AtomicU64::new(0));
        let seen = Arc::clone(&last);
        let upload = upload.with_progress(move |transferred| {
            assert_eq!(transferred.total, 1_000_000);
            assert!(transferred.done > seen.swap(transferred.done, Ordering::Relaxed));
        });
        let stored = client.storage().upload("/raw", upload).await.expect(name);
        assert!(matches!(stored, Uploaded::Stored(file) if file.size == 1_000_000));
        assert_eq!(last.load(Ordering::Relaxed), 1_000_000, "{name}");
        let target = folder.path().join("back");
        let got = client
            .storage()
            .download_to(&format!("/raw/{name}"), &target, &DownloadOptions::new())
            .await
            .expect(name);
        assert_eq!((got.size, got.resumed_from), (1_000_000, 0));
        assert!(std::fs::read(&target).expect("there") == body, "{name}");
    }
    assert_eq!(names(folder.path()), ["a.bin", "back"]);
}

#[tokio::test]
async fn content_that_is_not_as_long_as_was_said_is_told_as_that() {
    let world = World::new().await;
    let client = world.ana();
    for (length, told) in [
        (2, "is longer than 2 bytes"),
        (5, "ends after 3 of 5 bytes"),
    ] {
        let upload = Upload::stream(
            "a.txt",
            length,
            stream::iter([Ok(Bytes::from_static(b"abc"))]),
        );
        let error = client.storage().upload("/raw", upload).await.fails(told);
        assert_eq!(error.kind(), ErrorKind::File, "{error}");
        assert!(error.to_string().contains(told), "{error}");
    }
    assert!(
        client
            .storage()
            .list("/raw")
            .await
            .expect("listed")
            .files
            .is_empty()
    );
}

#[tokio::test]
async fn an_upload_whose_answer_was_lost_is_not_sent_again_and_one_that_was_not_begun_is() {
    let world = World::new().await;
    let client = world.ana();
    world.fail("upload_files", 1, FaultEffect::DropAfter);
    let stored = client
        .storage()
        .upload("/raw", Upload::bytes("a.csv", "id\n1\n"))
        .await
        .expect("found");
    assert!(matches!(stored, Uploaded::WasThere(_)));
    assert_eq!(world.count("upload_files"), 1);

    world.fail("upload_files", 2, FaultEffect::DropBefore);
    client
        .storage()
        .upload("/raw", Upload::bytes("b.csv", "id\n1\n"))
        .await
        .expect("sent again");
    assert_eq!(world.count("upload_files"), 4);

    world.fail("upload_files", 1, FaultEffect::DropBefore);
    let once = Upload::stream("c.txt", 1, stream::iter([Ok(Bytes::from_static(b"c"))]));
    let error = client
        .storage()
        .upload("/raw", once)
        .await
        .fails("sent once");
    assert_eq!(error.kind(), ErrorKind::ConnectionLost, "{error}");
    assert_eq!(world.count("upload_files"), 5);
}

#[tokio::test]
async fn as_many_uploads_as_were_told_go_up_at_once_and_no_more() {
    const AT_ONCE: usize = 4;
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let base_url = format!("http://{}", listener.local_addr().expect("bound"));
    let most = Arc::new(AtomicUsize::new(0));
    let (seen, now) = (Arc::clone(&most), Arc::new(AtomicUsize::new(0)));
    // Nobody is answered before four have asked, so that three at once would wait for ever.
    let together = Arc::new(Barrier::new(AT_ONCE));
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let (seen, now) = (Arc::clone(&seen), Arc::clone(&now));
            let together = Arc::clone(&together);
            tokio::spawn(async move {
                read_request(&mut stream).await;
                seen.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                together.wait().await;
                now.fetch_sub(1, Ordering::SeqCst);
                let stored =
                    r#"{"fileName": "a", "folderPath": "/raw", "status": "uploaded", "size": 1}"#;
                let _ = stream.write_all(&json("200 OK", stored)).await;
            });
        }
    });
    let client = dadosfera::Client::builder()
        .base_url(base_url)
        .api_key("ddf_a");
    let client = client.build().expect("a client");
    let folder = tempfile::tempdir().expect("a folder");
    let files: Vec<_> = (0..3 * AT_ONCE)
        .map(|number| folder.path().join(format!("{number}.txt")))
        .collect();
    for file in &files {
        std::fs::write(file, "a").expect("written");
    }
    let options = UploadMany::new().at_once(AT_ONCE);
    let storage = client.storage();
    let uploads = storage.upload_many("/raw", files, &options);
    let uploaded = tokio::time::timeout(Duration::from_secs(60), uploads).await;
    let uploaded = uploaded.expect("four at once").expect("begun");
    assert!(
        uploaded.iter().all(|one| one.outcome.is_ok()),
        "{uploaded:?}"
    );
    assert_eq!(most.load(Ordering::SeqCst), AT_ONCE);
}

#[tokio::test]
async fn an_upload_of_many_goes_on_where_it_broke_off() {
    let world = World::new().await;
    let client = world.ana();
    let folder = tempfile::tempdir().expect("a folder");
    for below in ["", "x", "x/y"] {
        let below = folder.path().join(below);
        std::fs::create_dir_all(&below).expect("made");
        for number in 0..4 {
            std::fs::write(below.join(format!("{number}.txt")), format!("{number}"))
                .expect("written");
        }
    }
    let options = UploadMany::new().at_once(3).skip_if_there();
    // Two files fail for good, the others arrive all the same.
    world.fail("upload_files", 2, FaultEffect::Status(400));
    let first = client
        .storage()
        .upload_folder("/raw", folder.path(), &options)
        .await
        .expect("begun");
    assert_eq!(first.len(), 12);
    assert_eq!(first.iter().filter(|one| one.outcome.is_err()).count(), 2);
    let sent = world.count("upload_files");
    assert_eq!(sent, 12);

    std::fs::write(folder.path().join("0.txt"), "another").expect("written");
    let told = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&told);
    let watched = options.clone().with_progress(move |_, _| {
        count.fetch_add(1, Ordering::Relaxed);
    });
    let second = client
        .storage()
        .upload_folder("/raw/", folder.path(), &watched)
        .await
        .expect("begun");
    let failed_or_changed = if first[0].outcome.is_ok() { 3 } else { 2 };
    assert_eq!(world.count("upload_files") - sent, failed_or_changed);
    assert_eq!(told.load(Ordering::Relaxed), failed_or_changed);
    assert!(second.iter().all(|one| one.outcome.is_ok()));
    let deep = client.storage().list("/raw/x/y").await.expect("listed");
    assert_eq!(deep.files.len(), 4);

    let third = client
        .storage()
        .upload_folder("/raw", folder.path(), &options)
        .await
        .expect("begun");
    assert!(
        third
            .iter()
            .all(|one| matches!(one.outcome, Ok(Uploaded::WasThere(_))))
    );
}

#[tokio::test]
async fn a_download_that_breaks_off_goes_on_in_the_same_call_and_in_the_next() {
    let world = World::new().await;
    let client = world.ana();
    let folder = tempfile::tempdir().expect("a folder");
    let target = folder.path().join("a.bin");
    let body = content(3_000_000);
    client
        .storage()
        .upload("/raw", Upload::bytes("a.bin", body.clone()))
        .await
        .expect("stored");
    std::fs::write(&target, "old").expect("written");

    // In the same call.
    world.fail("download_file", 2, FaultEffect::Truncate);
    let options = DownloadOptions::new();
    let got = client
        .storage()
        .download_to("/raw/a.bin", &target, &options)
        .await
        .expect("whole");
    assert_eq!((got.size, got.resumed_from), (3_000_000, 0));
    assert_eq!(world.count("download_file"), 3);
    assert!(std::fs::read(&target).expect("there") == body);

    // In the next call, as after a crash: the old file stays until the new one is whole.
    std::fs::write(&target, "old").expect("written");
    world.fail("download_file", 1, FaultEffect::Truncate);
    let once = DownloadOptions::new().attempts(1);
    world.fail("download_file", 1, FaultEffect::Status(500));
    let error = client
        .storage()
        .download_to("/raw/a.bin", &target, &once)
        .await
        .map(drop);
    // The first connection brought something, so another is made; that one ends it.
    let error = error.fails("gave up");
    assert_eq!(error.status(), Some(500), "{error}");
    assert_eq!(std::fs::read_to_string(&target).expect("there"), "old");
    let left = names(folder.path());
    assert!(
        left.len() == 2 && left[0].starts_with(".a.bin.") && left[0].ends_with(".part"),
        "{left:?}"
    );

    let least = Arc::new(Mutex::new(u64::MAX));
    let seen = Arc::clone(&least);
    let watched = DownloadOptions::new().with_progress(move |transferred| {
        let mut least = seen.lock().expect("unpoisoned");
        *least = transferred.done.min(*least);
    });
    let got = client
        .storage()
        .download_to("/raw/a.bin", &target, &watched)
        .await
        .expect("whole");
    assert!(got.resumed_from > 0, "{got:?}");
    assert!(*least.lock().expect("unpoisoned") > got.resumed_from);
    assert!(std::fs::read(&target).expect("there") == body);
    assert_eq!(names(folder.path()), ["a.bin"]);
}

#[tokio::test]
async fn what_is_left_of_another_content_is_not_gone_on_with_and_damage_is_found() {
    let world = World::new().await;
    let client = world.ana();
    let folder = tempfile::tempdir().expect("a folder");
    let target = folder.path().join("a.bin");
    let options = DownloadOptions::new();
    let storage = client.storage();
    let upload = |body: Vec<u8>| storage.upload("/raw", Upload::bytes("a.bin", body));
    upload(content(400_000)).await.expect("stored");
    world.fail("download_file", 1, FaultEffect::Truncate);
    world.fail("download_file", 1, FaultEffect::Status(400));
    client
        .storage()
        .download_to("/raw/a.bin", &target, &options)
        .await
        .fails("broke off");
    // The file is replaced by another of the same length.
    let other: Vec<u8> = content(400_000).into_iter().map(|byte| !byte).collect();
    upload(other.clone()).await.expect("stored");
    let got = client
        .storage()
        .download_to("/raw/a.bin", &target, &options)
        .await
        .expect("whole");
    assert_eq!(got.resumed_from, 0);
    assert!(std::fs::read(&target).expect("there") == other);

    // Damage on our own disk.
    world.fail("download_file", 1, FaultEffect::Truncate);
    world.fail("download_file", 1, FaultEffect::Status(400));
    client
        .storage()
        .download_to("/raw/a.bin", &target, &options)
        .await
        .fails("broke off");
    let part = names(folder.path())
        .into_iter()
        .find(|name| name.contains(&got.sha256[..16]))
        .expect("a part");
    let part = folder.path().join(part);
    let mut bytes = std::fs::read(&part).expect("there");
    bytes[0] ^= 1;
    std::fs::write(&part, bytes).expect("written");
    let error = client
        .storage()
        .download_to("/raw/a.bin", &target, &options)
        .await
        .fails("damaged");
    assert_eq!(error.kind(), ErrorKind::UnexpectedAnswer, "{error}");
    assert!(!part.exists(), "what is damaged is not gone on with");
    client
        .storage()
        .download_to("/raw/a.bin", &target, &options)
        .await
        .expect("whole");
}

#[tokio::test]
async fn an_empty_file_and_one_that_is_not_there() {
    let world = World::new().await;
    let client = world.ana();
    let folder = tempfile::tempdir().expect("a folder");
    let target = folder.path().join("empty");
    client
        .storage()
        .upload("/raw", Upload::bytes("empty", ""))
        .await
        .expect("stored");
    let got = client
        .storage()
        .download_to("/raw/empty", &target, &DownloadOptions::new())
        .await
        .expect("whole");
    assert_eq!(
        (got.size, std::fs::read(&target).expect("there").len()),
        (0, 0)
    );
    let error = client
        .storage()
        .download_to(
            "/raw/none",
            folder.path().join("none"),
            &DownloadOptions::new(),
        )
        .await
        .fails("none");
    assert_eq!(
        (error.kind(), error.operation()),
        (ErrorKind::NotFound, Some("download_file"))
    );
    assert_eq!(names(folder.path()), ["empty"]);
}

#[tokio::test]
async fn a_table_from_a_file_is_whole_or_not_there() {
    let world = World::with(Options {
        max_upload_bytes: 1_000,
        ..Options::default()
    })
    .await;
    let client = world.ana();
    let wanted = |name: &str| {
        TableFromFile::new(
            name,
            "/raw",
            Upload::bytes("orders.csv", "id,total\n1,9.50\n2,12.00\n"),
        )
    };
    let table = client
        .tables()
        .from_file(wanted("ORDERS").schema("SHOP").description("of the shop"))
        .await
        .expect("made");
    assert_eq!((table.rows, table.schema.as_str()), (2, "SHOP"));
    let taken = client
        .tables()
        .from_file(wanted("ORDERS").schema("SHOP"))
        .await
        .fails("taken");
    assert_eq!(taken.kind(), ErrorKind::Conflict);

    let mut other = table.columns.clone();
    other[0].name = "another".to_owned();
    let error = client
        .tables()
        .from_file(wanted("MISFIT").columns(other))
        .await
        .fails("no such column");
    assert_eq!(
        (error.kind(), error.operation()),
        (ErrorKind::BadRequest, Some("add_table_dataset"))
    );
    let names: Vec<String> = client
        .tables()
        .list()
        .await
        .expect("listed")
        .into_iter()
        .map(|table| table.name)
        .collect();
    assert_eq!(
        names,
        ["ORDERS"],
        "the table that could not be filled is gone"
    );

    let text = TableFromFile::new("NOTES", "/raw", Upload::bytes("notes.txt", "no table"));
    let error = client.tables().from_file(text).await.fails("no dataset");
    assert!(error.to_string().contains("is no dataset"), "{error}");
}
