//! How much memory a large file takes: one of 1 GiB goes up and comes down again, and the peak of this process is printed
//! after each. The emulator runs in the same process, so that the peak is the sum of both sides.
//!
//! `cargo run --release -p dadosfera --example large_file [MiB]` needs three times the file's size on the disk for
//! temporary files.
#![expect(clippy::print_stdout, reason = "an example talks to its reader")]

use std::error::Error;
use std::io::Write as _;

use dadosfera::testing::{Emulator, Options};
use dadosfera::{Client, DownloadOptions, Upload};

const MIB: u64 = 1024 * 1024;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let size = match std::env::args().nth(1) {
        Some(text) => text.parse::<u64>()? * MIB,
        None => 1024 * MIB,
    };
    let options = Options {
        max_upload_bytes: size,
        ..Options::default()
    };
    let emulator = Emulator::builder().options(options).start().await?;
    let client = Client::builder()
        .base_url(emulator.base_url())
        .password("ana@acme.example", "acme-ana-password")
        .build()?;
    let folder = tempfile::tempdir()?;
    let (source, target) = (folder.path().join("a.bin"), folder.path().join("b.bin"));
    write(&source, size)?;
    println!("before           peak {}", peak());

    let upload = Upload::path(&source).largest(size);
    client.storage().upload("/large", upload).await?;
    println!("{:>5} MiB up     peak {}", size / MIB, peak());

    let options = DownloadOptions::new();
    let storage = client.storage();
    let got = storage
        .download_to("/large/a.bin", &target, &options)
        .await?;
    println!("{:>5} MiB down   peak {}", got.size / MIB, peak());
    Ok(())
}

/// A file whose blocks differ, so that nothing on the way can make it small.
fn write(path: &std::path::Path, size: u64) -> std::io::Result<()> {
    let mut file = std::io::BufWriter::new(std::fs::File::create(path)?);
    for block in 0..size / MIB {
        let mut bytes = vec![0; usize::try_from(MIB).unwrap_or_default()];
        for (at, byte) in (0_u64..).zip(&mut bytes) {
            let mixed = (at ^ block).wrapping_mul(0x9E37_79B9_7F4A_7C15);
            *byte = mixed.to_be_bytes()[1];
        }
        file.write_all(&bytes)?;
    }
    file.flush()
}

/// The most memory that this process had at once, as Linux tells it.
fn peak() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.map_or_else(
        || "unknown on this system".to_owned(),
        |it| it.trim().to_owned(),
    )
}
