//! A provider as small as can be, on a thread of its own: it signs nothing, so a year of tokens is a matter of seconds.
//!
//! Its refresh tokens rotate and work once. A replay is counted, and revokes the family.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use dadosfera::{Client, ClientBuilder, Clock, Sleep};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};

/// The life of an access token, and of a refresh token.
pub(crate) const LIFE: Duration = Duration::from_secs(30 * 60);
const REFRESH_LIFE: Duration = Duration::from_secs(24 * 3600);

/// What the provider answers instead of tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// 503.
    Down,
    /// 429 with this many seconds of `Retry-After`.
    Throttled(u64),
}

/// Time that moves when it is told to, or slept through.
#[derive(Debug, Default)]
pub(crate) struct Time {
    milliseconds: AtomicU64,
}

impl Time {
    pub(crate) fn now(&self) -> Duration {
        Duration::from_millis(self.milliseconds.load(Ordering::SeqCst))
    }

    pub(crate) fn pass(&self, duration: Duration) {
        let milliseconds = u64::try_from(duration.as_millis()).expect("a short time");
        self.milliseconds.fetch_add(milliseconds, Ordering::SeqCst);
    }
}

/// A client's clocks over that time.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    pub(crate) time: Arc<Time>,
    /// How long the monotonic clock stood still, in milliseconds.
    pub(crate) suspended: AtomicU64,
    /// By how many milliseconds the wall clock is ahead, plus an hour, so that it is never negative.
    pub(crate) ahead: AtomicU64,
}

impl Clock for Watch {
    fn monotonic(&self) -> Duration {
        self.time.now() - Duration::from_millis(self.suspended.load(Ordering::SeqCst))
    }

    fn wall(&self) -> SystemTime {
        let ahead = Duration::from_millis(self.ahead.load(Ordering::SeqCst));
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000) + self.time.now() + ahead
    }

    fn sleep(&self, duration: Duration) -> Sleep {
        self.time.pass(duration);
        Box::pin(tokio::task::yield_now())
    }
}

/// The provider.
pub(crate) struct Idp {
    pub(crate) base_url: String,
    pub(crate) watch: Arc<Watch>,
    state: Arc<State>,
    runtime: Option<Runtime>,
}

#[derive(Default)]
struct State {
    time: Arc<Time>,
    trouble: Mutex<Option<Trouble>>,
    latency: Mutex<Duration>,
    sign_ins: AtomicUsize,
    refreshes: AtomicUsize,
    family: Mutex<Family>,
}

#[derive(Default)]
struct Family {
    made: u64,
    /// The refresh token that works, with the time of its making.
    valid: Option<(u64, Duration)>,
    replays: usize,
}

impl Idp {
    pub(crate) fn start() -> Self {
        let time = Arc::<Time>::default();
        let state = Arc::new(State {
            time: Arc::clone(&time),
            ..State::default()
        });
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime");
        let listener = runtime
            .block_on(TcpListener::bind("127.0.0.1:0"))
            .expect("a port");
        let base_url = format!("http://{}", listener.local_addr().expect("bound"));
        let served = Arc::clone(&state);
        runtime.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&served)));
            }
        });
        Self {
            base_url,
            watch: Arc::new(Watch {
                time,
                ..Watch::default()
            }),
            state,
            runtime: Some(runtime),
        }
    }

    pub(crate) fn builder(&self) -> ClientBuilder {
        Client::builder()
            .base_url(&self.base_url)
            .password("ana@acme.example", "her password")
            .clock(Arc::clone(&self.watch) as Arc<dyn Clock>)
    }

    pub(crate) fn client(&self) -> Client {
        self.builder().build().expect("a client")
    }

    pub(crate) fn pass(&self, duration: Duration) {
        self.state.time.pass(duration);
    }

    pub(crate) fn set_trouble(&self, trouble: Option<Trouble>) {
        *self.state.trouble.lock().expect("unpoisoned") = trouble;
    }

    /// How long it thinks about each request, in real time.
    pub(crate) fn set_latency(&self, latency: Duration) {
        *self.state.latency.lock().expect("unpoisoned") = latency;
    }

    /// Sign-ins and refreshes that arrived.
    pub(crate) fn asked(&self) -> (usize, usize) {
        (
            self.state.sign_ins.load(Ordering::SeqCst),
            self.state.refreshes.load(Ordering::SeqCst),
        )
    }

    pub(crate) fn replays(&self) -> usize {
        self.state.family.lock().expect("unpoisoned").replays
    }
}

impl Drop for Idp {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Requests of one connection, one after the other, until it closes.
async fn serve(stream: TcpStream, state: Arc<State>) {
    let mut stream = BufReader::new(stream);
    while let Some((line, body)) = request(&mut stream).await {
        let latency = *state.latency.lock().expect("unpoisoned");
        if !latency.is_zero() {
            tokio::time::sleep(latency).await;
        }
        let answer = state.answer(&line, &body);
        if stream.write_all(answer.as_bytes()).await.is_err() {
            break;
        }
    }
}

async fn request(stream: &mut BufReader<TcpStream>) -> Option<(String, String)> {
    let mut line = String::new();
    if stream.read_line(&mut line).await.ok()? == 0 {
        return None;
    }
    let mut length = 0;
    loop {
        let mut header = String::new();
        stream.read_line(&mut header).await.ok()?;
        if header.trim().is_empty() {
            break;
        }
        if let Some(value) = header.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    Some((line, String::from_utf8(body).ok()?))
}

impl State {
    fn answer(&self, line: &str, body: &str) -> String {
        let is_refresh = line.contains("/auth/refresh");
        let count = if is_refresh {
            &self.refreshes
        } else {
            &self.sign_ins
        };
        count.fetch_add(1, Ordering::SeqCst);
        match *self.trouble.lock().expect("unpoisoned") {
            Some(Trouble::Down) => {
                return answer("503 Service Unavailable", "", r#"{"message":"down"}"#);
            }
            Some(Trouble::Throttled(seconds)) => {
                let header = format!("retry-after: {seconds}\r\n");
                return answer(
                    "429 Too Many Requests",
                    &header,
                    r#"{"message":"slow down"}"#,
                );
            }
            None => {}
        }
        let now = self.time.now();
        let mut family = self.family.lock().expect("unpoisoned");
        if is_refresh {
            let held = family.valid.filter(|(token, made)| {
                body.contains(&format!("\"r{token}\"")) && now - *made < REFRESH_LIFE
            });
            if held.is_none() {
                let is_over = family
                    .valid
                    .is_some_and(|(_, made)| now - made >= REFRESH_LIFE);
                family.replays += usize::from(!is_over);
                family.valid = None;
                return answer(
                    "401 Unauthorized",
                    "",
                    r#"{"statusCode":401,"message":"Unauthorized"}"#,
                );
            }
        }
        family.made += 1;
        let made = family.made;
        family.valid = Some((made, now));
        drop(family);
        let tokens = format!(r#""tokens":{{"accessToken":"a{made}","refreshToken":"r{made}"}}"#);
        let body = if is_refresh {
            format!("{{{tokens}}}")
        } else {
            format!(
                r#"{{{tokens},"permissions":[],"mfaStatus":"none","customer":{{"id":"c","name":"acme_corp"}}}}"#
            )
        };
        answer("200 OK", "", &body)
    }
}

fn answer(status: &str, headers: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\n{headers}content-length: {}\r\n\r\n{body}",
        body.len()
    )
}
