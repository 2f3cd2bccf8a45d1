//! Load over keep-alive connections, by raw sockets: what a client costs must not hide what the server does.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::millis;
use crate::server::Server;

/// One request, sent again and again on so many connections.
pub(crate) struct Load {
    address: String,
    signs_in: bool,
    path: String,
    body: Option<String>,
    connections: usize,
}

/// One connection.
pub(crate) struct Client {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// How long answers took.
pub(crate) struct Latency {
    sorted: Vec<Duration>,
}

impl Load {
    pub(crate) fn new(server: &Server, path: &str, connections: usize) -> Self {
        Self {
            address: server.address.clone(),
            signs_in: server.signs_in,
            path: path.to_owned(),
            body: None,
            connections,
        }
    }

    /// Sends this in place of nothing.
    pub(crate) fn post(&mut self, body: &str) {
        self.body = Some(body.to_owned());
    }

    /// Answers per second when each connection asks again at once; one round where no time is given.
    pub(crate) async fn all_out(&self, time: Duration) -> f64 {
        let request = self.request().await;
        let started = Instant::now();
        let answered = self
            .on_each(move |mut client| {
                let request = Arc::clone(&request);
                async move {
                    let mut answered = 0_u32;
                    while answered == 0 || started.elapsed() < time {
                        client.ask(&request).await;
                        answered += 1;
                    }
                    vec![answered]
                }
            })
            .await;
        f64::from(answered.iter().sum::<u32>()) / started.elapsed().as_secs_f64()
    }

    /// How long answers take at so many requests per second; each is counted from when it was due.
    pub(crate) async fn paced(&self, rate: u32, time: Duration) -> Latency {
        let request = self.request().await;
        let each = Duration::from_secs(self.connections as u64) / rate;
        let started = Instant::now();
        let times = self.on_each(move |mut client| {
            let request = Arc::clone(&request);
            async move {
                let mut times = Vec::new();
                let mut pace = tokio::time::interval(each);
                while times.is_empty() || started.elapsed() < time {
                    let due = pace.tick().await;
                    client.ask(&request).await;
                    times.push(due.elapsed());
                }
                times
            }
        });
        Latency::of(times.await)
    }

    /// How long each of so many answers takes, one after another.
    pub(crate) async fn one_by_one(&self, count: usize) -> Latency {
        let request = self.request().await;
        let mut client = Client::open(&self.address).await;
        let mut times = Vec::new();
        for _ in 0..count {
            let started = Instant::now();
            client.ask(&request).await;
            times.push(started.elapsed());
        }
        Latency::of(times)
    }

    /// Sends it so many times, all connections together.
    pub(crate) async fn exactly(&self, count: usize) {
        let request = self.request().await;
        let left = Arc::new(AtomicUsize::new(count));
        self.on_each(move |mut client| {
            let (request, left) = (Arc::clone(&request), Arc::clone(&left));
            async move {
                let one = |left: usize| left.checked_sub(1);
                while left
                    .fetch_update(Ordering::Relaxed, Ordering::Relaxed, one)
                    .is_ok()
                {
                    client.ask(&request).await;
                }
                Vec::<()>::new()
            }
        })
        .await;
    }

    async fn on_each<T: Send + 'static, F: Future<Output = Vec<T>> + Send + 'static>(
        &self,
        work: impl Fn(Client) -> F,
    ) -> Vec<T> {
        let mut clients = JoinSet::new();
        for _ in 0..self.connections {
            clients.spawn(work(Client::open(&self.address).await));
        }
        clients.join_all().await.into_iter().flatten().collect()
    }

    async fn request(&self) -> Arc<Vec<u8>> {
        let token = match self.signs_in {
            true => Client::open(&self.address).await.sign_in().await,
            false => "x".repeat(560),
        };
        let method = if self.body.is_some() { "POST" } else { "GET" };
        let body = self.body.as_deref().unwrap_or_default();
        let request = format!(
            "{method} {} HTTP/1.1\r\nhost: x\r\nauthorization: {token}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            self.path,
            body.len()
        );
        Arc::new(request.into_bytes())
    }
}

impl Client {
    pub(crate) async fn connect(server: &Server) -> Self {
        Self::open(&server.address).await
    }

    async fn open(address: &str) -> Self {
        let stream = TcpStream::connect(address).await.expect("a connection");
        stream.set_nodelay(true).expect("a connection");
        Self {
            stream,
            buffer: Vec::with_capacity(64 * 1024),
        }
    }

    pub(crate) async fn sign_in(&mut self) -> String {
        let body = r#"{"username": "ana@acme.example", "password": "acme-ana-password"}"#;
        let request = format!(
            "POST /auth/sign-in HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        let answer: Value =
            serde_json::from_slice(self.ask(request.as_bytes()).await).expect("JSON");
        let token = answer["tokens"]["accessToken"].as_str();
        token.expect("a token").to_owned()
    }

    /// The body of the answer, which must be a success with a length.
    async fn ask(&mut self, request: &[u8]) -> &[u8] {
        self.stream.write_all(request).await.expect("a server");
        self.buffer.clear();
        let body = loop {
            let read = self
                .stream
                .read_buf(&mut self.buffer)
                .await
                .expect("an answer");
            assert!(read > 0, "the connection closed");
            if let Some(range) = body_of(&self.buffer)
                && self.buffer.len() >= range.end
            {
                break range;
            }
        };
        assert!(
            self.buffer.starts_with(b"HTTP/1.1 20"),
            "{}",
            String::from_utf8_lossy(&self.buffer)
        );
        &self.buffer[body]
    }
}

/// Where the body of an answer lies, once its head is there.
fn body_of(answer: &[u8]) -> Option<std::ops::Range<usize>> {
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let head = std::str::from_utf8(&answer[..end]).expect("a head");
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        let is_length = name.eq_ignore_ascii_case("content-length");
        is_length.then(|| value.trim().parse::<usize>().expect("a length"))
    });
    Some(end..end + length.unwrap_or(0))
}

impl Latency {
    fn of(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        Self { sorted: times }
    }

    fn percentile(&self, percent: usize) -> f64 {
        let place = (self.sorted.len() * percent / 100).min(self.sorted.len().saturating_sub(1));
        self.sorted.get(place).copied().map_or(0.0, millis)
    }
}

impl fmt::Display for Latency {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.sorted.len();
        let (half, most) = (self.percentile(50), self.percentile(99));
        write!(out, "p50 {half:.2} ms, p99 {most:.2} ms of {count}")
    }
}
