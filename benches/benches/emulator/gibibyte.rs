//! A file of 1 GiB on its way to the emulator and back, and how much memory that takes at most.

use std::time::Instant;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::load::Client;
use crate::server::{Server, Subject};
use crate::{Scene, mebibytes};

const PIECE: usize = 256 * 1024;

/// Uploads, downloads, compares.
pub(crate) fn run(scene: &Scene) {
    let pieces = if scene.size.timed { 4096 } else { 4 };
    let server = Server::start(Subject::Emulator, None);
    let before = server.memory("VmHWM");
    let (sent, came) = scene.runtime.block_on(async {
        let token = Client::connect(&server).await.sign_in().await;
        let started = Instant::now();
        upload(&server.address, &token, pieces).await;
        let sent = started.elapsed();
        let started = Instant::now();
        download(&server.address, &token, pieces).await;
        (sent, started.elapsed())
    });
    let size = mebibytes((pieces * PIECE) as u64);
    println!(
        "gibibyte   {size:.0} MiB up in {:.1} s and back in {:.1} s, byte for byte; at most {:.1} MiB resident ({:.1} before)",
        sent.as_secs_f64(),
        came.as_secs_f64(),
        mebibytes(server.memory("VmHWM")),
        mebibytes(before)
    );
}

/// A piece of the file: no two are the same.
fn piece(number: usize) -> Vec<u8> {
    let mut state = number as u64 + 1;
    let words = std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    });
    words.take(PIECE / 8).flatten().collect()
}

async fn upload(address: &str, token: &str, pieces: usize) {
    let head = "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"big.bin\"\r\n\r\n";
    let tail = "\r\n--x--\r\n";
    let length = head.len() + pieces * PIECE + tail.len();
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    let request = format!(
        "POST /storage-explorer/storage/upload/batch?folderPath=/ HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\
         authorization: {token}\r\ncontent-type: multipart/form-data; boundary=x\r\ncontent-length: {length}\r\n\r\n{head}"
    );
    stream
        .write_all(request.as_bytes())
        .await
        .expect("a server");
    for number in 0..pieces {
        stream.write_all(&piece(number)).await.expect("a server");
    }
    stream.write_all(tail.as_bytes()).await.expect("a server");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
}

async fn download(address: &str, token: &str, pieces: usize) {
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    let request = format!(
        "GET /storage-explorer/storage/download?path=/big.bin HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: {token}\r\n\r\n"
    );
    stream
        .write_all(request.as_bytes())
        .await
        .expect("a server");
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.expect("a head"));
    }
    assert!(head.starts_with(b"HTTP/1.1 200"));
    let mut came = vec![0; PIECE];
    for number in 0..pieces {
        stream.read_exact(&mut came).await.expect("a piece");
        assert!(came == piece(number), "piece {number} came back otherwise");
    }
    assert_eq!(stream.read(&mut came).await.expect("the end"), 0);
}
