//! An emulator whose clock stands still, a client on the same clock, and servers that answer anything.

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use dadosfera::types::{CreateDataAssetRequest, DataAssetType};
use dadosfera::{
    Client, ClientBuilder, Clock, NewJdbcJob, NewPipeline, PipelineId, SessionEvent,
    SessionObserver, Sleep,
};
use dadosfera_emulator::{Emulator, Fault, FaultEffect, Options};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::outloud;

pub(crate) const ANA: (&str, &str) = ("ana@acme.example", "acme-ana-password");
pub(crate) const VERA: (&str, &str) = ("vera@acme.example", "acme-vera-password");
pub(crate) const MFA: (&str, &str) = ("mfa@acme.example", "acme-mfa-password");
pub(crate) const TOTP_SECRET: &str = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP";

/// The emulator's clock as the SDK's: to sleep is to move it.
#[derive(Debug, Clone)]
pub(crate) struct TestClock {
    emulator: dadosfera_emulator::Clock,
    start: SystemTime,
    sleeps: Arc<Mutex<Vec<Duration>>>,
}

impl TestClock {
    pub(crate) fn of(emulator: &Emulator) -> Self {
        let clock = emulator.clock();
        Self {
            start: clock.now().into(),
            emulator: clock,
            sleeps: Arc::default(),
        }
    }

    /// Lets time pass without a sleep.
    pub(crate) fn pass(&self, duration: Duration) {
        self.emulator.advance(duration);
    }

    /// Lets time pass until the time of day is a multiple of this many whole seconds.
    pub(crate) fn align(&self, to: Duration) {
        let since = self
            .wall()
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default();
        let over = since.as_secs() % to.as_secs();
        self.pass(Duration::from_secs((to.as_secs() - over) % to.as_secs()));
    }

    /// What was slept through so far.
    pub(crate) fn sleeps(&self) -> Vec<Duration> {
        self.sleeps.lock().expect("unpoisoned").clone()
    }
}

impl Clock for TestClock {
    fn monotonic(&self) -> Duration {
        self.wall().duration_since(self.start).unwrap_or_default()
    }

    fn wall(&self) -> SystemTime {
        self.emulator.now().into()
    }

    fn sleep(&self, duration: Duration) -> Sleep {
        let this = self.clone();
        Box::pin(async move {
            this.sleeps.lock().expect("unpoisoned").push(duration);
            this.emulator.advance(duration);
            tokio::task::yield_now().await;
        })
    }
}

/// Prints what a session tells.
#[derive(Debug)]
struct Printed;

impl SessionObserver for Printed {
    fn event(&self, event: &SessionEvent) {
        println!("{event:?}");
    }
}

/// An emulator with a held clock, and that clock for the SDK.
pub(crate) struct World {
    pub(crate) emulator: Emulator,
    pub(crate) clock: TestClock,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(Options::default()).await
    }

    pub(crate) async fn with(options: Options) -> Self {
        outloud::on();
        let emulator = Emulator::builder()
            .hold_clock()
            .options(options)
            .start()
            .await
            .expect("an emulator");
        let clock = TestClock::of(&emulator);
        Self { emulator, clock }
    }

    /// Whose API gives a new refresh token with each refresh, and takes each once.
    pub(crate) async fn rotating() -> Self {
        Self::with(Options {
            rotate_refresh_tokens: true,
            single_use_refresh_tokens: true,
            ..Options::default()
        })
        .await
    }

    /// A builder for this emulator on its clock.
    pub(crate) fn builder(&self) -> ClientBuilder {
        Client::builder()
            .base_url(self.emulator.base_url())
            .clock(Arc::new(self.clock.clone()))
    }

    pub(crate) fn client(&self, (username, password): (&str, &str)) -> Client {
        self.builder()
            .password(username, password)
            .session_observer(Arc::new(Printed))
            .build()
            .inspect(|client| println!("{client:?} {:?}", client.session()))
            .expect("a client")
    }

    pub(crate) fn ana(&self) -> Client {
        self.client(ANA)
    }

    pub(crate) fn count(&self, operation: &str) -> usize {
        self.emulator.count(operation)
    }

    pub(crate) fn advance(&self, minutes: u64) {
        self.emulator
            .clock()
            .advance(Duration::from_secs(minutes * 60));
    }

    /// Like [`fail`](Self::fail), once the operation was asked for this often.
    pub(crate) fn fail_after(
        &self,
        operation: &'static str,
        after: u32,
        times: u32,
        effect: FaultEffect,
    ) {
        let fault = Fault::on(operation, effect).after(after).times(times);
        self.emulator
            .inject(fault)
            .expect("a fault that can happen");
    }

    pub(crate) fn fail(&self, operation: &'static str, times: u32, effect: FaultEffect) {
        let fault = Fault::on(operation, effect).times(times);
        self.emulator
            .inject(fault)
            .expect("a fault that can happen");
    }

    /// Waits in real time until an operation was asked for this often: for what happens beside a call.
    pub(crate) async fn eventually(&self, operation: &str, count: usize) {
        for _ in 0..500 {
            if self.count(operation) >= count {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert_eq!(self.count(operation), count, "{operation}");
    }
}

/// A pipeline with one job that reads this table.
pub(crate) fn new_pipeline(name: &str, table: &str) -> NewPipeline {
    NewPipeline::new(name).job(
        NewJdbcJob::new(
            "postgresql",
            "public",
            table,
            "1763991009206_kvpd3364_postgresql-1.0.0",
        )
        .columns(["id"]),
    )
}

pub(crate) async fn a_pipeline(client: &Client) -> PipelineId {
    client
        .pipelines()
        .create(new_pipeline("Orders", "orders"))
        .await
        .expect("created")
}

/// A server that answers each connection with these bytes and closes it.
pub(crate) struct Raw {
    pub(crate) base_url: String,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Raw {
    /// `answer` makes the bytes from the text of the request.
    pub(crate) async fn start(answer: impl Fn(&str) -> Vec<u8> + Send + Sync + 'static) -> Self {
        Self::serve(answer, true).await
    }

    /// Like [`start`](Self::start), but it never closes a connection.
    pub(crate) async fn open_ended(
        answer: impl Fn(&str) -> Vec<u8> + Send + Sync + 'static,
    ) -> Self {
        Self::serve(answer, false).await
    }

    /// Takes requests and answers nothing.
    pub(crate) async fn silent() -> Self {
        Self::serve(|_| Vec::new(), false).await
    }

    async fn serve(answer: impl Fn(&str) -> Vec<u8> + Send + Sync + 'static, closes: bool) -> Self {
        outloud::on();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let base_url = format!("http://{}", listener.local_addr().expect("bound"));
        let requests = Arc::<Mutex<Vec<String>>>::default();
        let record = Arc::clone(&requests);
        let answer = Arc::new(answer);
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let (record, answer) = (Arc::clone(&record), Arc::clone(&answer));
                tokio::spawn(async move {
                    let request = read_request(&mut stream).await;
                    let bytes = answer(&request);
                    // A part of the path says how long the server thinks about it.
                    let slow = request.starts_with("GET /platform/pipeline/slow");
                    record.lock().expect("unpoisoned").push(request);
                    if slow {
                        tokio::time::sleep(Duration::from_millis(300)).await;
                    }
                    let _ = stream.write_all(&bytes).await;
                    if closes {
                        let _ = stream.shutdown().await;
                    } else {
                        // The other side ends it.
                        let _ = stream.read(&mut [0; 1]).await;
                    }
                });
            }
        });
        Self { base_url, requests }
    }

    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().expect("unpoisoned").clone()
    }

    /// A client with an API key, so that every request is one call.
    pub(crate) fn client(&self) -> Client {
        Client::builder()
            .base_url(&self.base_url)
            .api_key("ddf_canary-key")
            .build()
            .expect("a client")
    }
}

pub(crate) async fn read_request(stream: &mut tokio::net::TcpStream) -> String {
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some(end) = text.find("\r\n\r\n") {
            let length = text.lines().find_map(|line| {
                line.to_ascii_lowercase()
                    .strip_prefix("content-length: ")?
                    .parse::<usize>()
                    .ok()
            });
            if bytes.len() >= end + 4 + length.unwrap_or(0) {
                return text;
            }
        }
        match stream.read(&mut chunk).await {
            Ok(0) | Err(_) => return text,
            Ok(read) => bytes.extend_from_slice(&chunk[..read]),
        }
    }
}

/// A whole HTTP answer.
pub(crate) fn http(status: &str, headers: &str, body: &str) -> Vec<u8> {
    format!(
        "HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {}\r\n{headers}\r\n{body}",
        body.len()
    )
    .into_bytes()
}

pub(crate) fn json(status: &str, body: &str) -> Vec<u8> {
    http(status, "content-type: application/json\r\n", body)
}

/// A dataset of which nothing is said but its name.
pub(crate) fn asset(name: &str) -> CreateDataAssetRequest {
    CreateDataAssetRequest {
        display_name: name.to_owned(),
        data_asset_type: DataAssetType::Dataset,
        description: None,
        embed: None,
        external_url: None,
        location: None,
        name: None,
        tags: None,
    }
}
