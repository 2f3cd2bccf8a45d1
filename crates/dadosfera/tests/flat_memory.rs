//! A large file goes up and comes down in little memory. A target of its own, since the peak is that of the process; the
//! emulator runs in it too, so that the peak is the sum of both sides. `examples/large_file.rs` does it with 1 GiB.

#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests may fail a test, but the lint knows only functions marked as tests"
)]

use std::io::Write as _;
use std::path::Path;

use dadosfera::testing::{Emulator, Options};
use dadosfera::{Client, DownloadOptions, Upload};

const MIB: u64 = 1024 * 1024;
const SIZE: u64 = 64 * MIB;
/// Far less than the file, and more than what the first calls of a process take.
const MOST: u64 = 16 * MIB;

#[tokio::test]
async fn a_file_of_64_mib_takes_a_fraction_of_its_size_in_memory() {
    let options = Options {
        max_upload_bytes: SIZE,
        ..Options::default()
    };
    let emulator = Emulator::builder().options(options).start().await.unwrap();
    let client = Client::builder()
        .base_url(emulator.base_url())
        .password("ana@acme.example", "acme-ana-password")
        .build()
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (source, target) = (folder.path().join("a.bin"), folder.path().join("b.bin"));
    write(&source);
    client.pipelines().list().await.unwrap();
    let before = peak();
    let upload = Upload::path(&source).largest(SIZE);
    client.storage().upload("/large", upload).await.unwrap();
    let options = DownloadOptions::new();
    let storage = client.storage();
    let got = storage.download_to("/large/a.bin", &target, &options).await;
    assert_eq!(got.unwrap().size, SIZE);
    let grown = peak() - before;
    assert!(grown < MOST, "{grown} bytes more at the peak");
}

/// A file whose blocks differ, so that nothing on the way can make it small.
fn write(path: &Path) {
    let mut file = std::fs::File::create(path).unwrap();
    for block in 0..SIZE / MIB {
        let bytes: Vec<u8> = (0..MIB)
            .map(|at| {
                (at ^ block)
                    .wrapping_mul(0x9E37_79B9_7F4A_7C15)
                    .to_be_bytes()[1]
            })
            .collect();
        file.write_all(&bytes).unwrap();
    }
}

/// The most bytes that this process had at once.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.unwrap().trim().strip_suffix(" kB").unwrap();
    kib.parse::<u64>().unwrap() * 1024
}
